// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"testing"

	"github.com/glassplane/glassplane/internal/evidence"
)

func TestAnswered(t *testing.T) {
	event := func(id, verb, stage string) evidence.Entry {
		return evidence.Entry{Audit: &evidence.Audit{AuditID: id, Verb: verb, Stage: stage}}
	}
	tests := map[string]struct {
		entries []evidence.Entry
		want    bool
	}{
		"nothing":        {nil, true},
		"only received":  {[]evidence.Entry{event("a", "create", "RequestReceived")}, false},
		"answered":       {[]evidence.Entry{event("a", "create", "RequestReceived"), event("a", "create", "ResponseComplete")}, true},
		"out of order":   {[]evidence.Entry{event("a", "create", "ResponseComplete"), event("a", "create", "RequestReceived")}, true},
		"another's end":  {[]evidence.Entry{event("a", "create", "RequestReceived"), event("b", "patch", "ResponseComplete")}, false},
		"panic":          {[]evidence.Entry{event("a", "create", "RequestReceived"), event("a", "create", "Panic")}, true},
		"an open watch":  {[]evidence.Entry{event("w", "watch", "RequestReceived")}, true},
		"other evidence": {[]evidence.Entry{{Etcd: &evidence.Etcd{}}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answered(test.entries); got != test.want {
				t.Errorf("answered is %v; want %v", got, test.want)
			}
		})
	}
}
