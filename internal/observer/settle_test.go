// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"slices"
	"testing"

	"github.com/glassplane/glassplane/internal/assemble"
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

// TestAgreeOnRealPods goes through what a Pod's life leaves in the audit log:
// some requests make revisions that their answers do not name.
func TestAgreeOnRealPods(t *testing.T) {
	real := evidence.Object{Resource: "pods", Namespace: "ns", Name: "web", UID: "u-1"}
	state := func(revision int64) evidence.Entry {
		e := stored(int(revision), "u-1", 100, revision)
		e.Object = real
		return e
	}
	gone := func(revision int64) evidence.Entry {
		e := removed(int(revision), "u-1", revision)
		e.Object = real
		return e
	}
	request := func(verb, subresource string, revision int64) evidence.Entry {
		e := audited(1, verb+subresource, verb, 200)
		e.Object, e.Audit.Subresource, e.Revision = real, subresource, revision
		return e
	}
	created := []evidence.Entry{state(100), request("create", "", 100)}
	tests := map[string]struct {
		entries []evidence.Entry
		want    bool
	}{
		"created":                {nil, true},
		"bound, log is late":     {[]evidence.Entry{state(101)}, false},
		"bound":                  {[]evidence.Entry{state(101), request("create", "binding", 0)}, true},
		"status, log is late":    {[]evidence.Entry{state(101), request("create", "binding", 0), state(102)}, false},
		"status":                 {[]evidence.Entry{state(101), request("create", "binding", 0), state(102), request("patch", "status", 102)}, true},
		"evicted, log is late":   {[]evidence.Entry{state(101), state(102)}, false},
		"evicted":                {[]evidence.Entry{state(101), state(102), request("create", "eviction", 0)}, true},
		"removed by the kubelet": {[]evidence.Entry{state(101), gone(102), request("delete", "", 102)}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found := assemble.Selection{Subject: real, Entries: slices.Concat(created, test.entries)}
			if got := newTest().agree(found); got != test.want {
				t.Errorf("agree is %v, want %v", got, test.want)
			}
		})
	}
}
