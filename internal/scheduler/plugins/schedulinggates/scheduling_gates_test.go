// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package schedulinggates

import (
	"testing"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func TestPreEnqueue(t *testing.T) {
	tests := map[string]struct {
		gates []string
		want  string
	}{
		"none": {nil, ""},
		"one":  {[]string{"a"}, "waiting for scheduling gates: [a]"},
		"two":  {[]string{"a", "b"}, "waiting for scheduling gates: [a b]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := New().PreEnqueue(wrappers.MakePod().Gate(test.gates...).Obj())
			if s.Message() != test.want || test.want != "" && s.Code() != framework.UnschedulableAndUnresolvable {
				t.Errorf("got %s %q, want %q", s.Code(), s.Message(), test.want)
			}
		})
	}
}
