// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func complete() walkthrough {
	var w walkthrough
	for i := range wantSteps {
		w.Steps = append(w.Steps, step{
			Step: i + 1, Component: "API server", Action: "acts",
			Evidence: []evidence{{Source: "audit"}, {Source: "etcd"}},
		})
	}
	return w
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		change func(*walkthrough)
		want   string
	}{
		"complete": {
			change: func(*walkthrough) {},
		},
		"one source is enough for the first step": {
			change: func(w *walkthrough) { w.Steps[0].Evidence = []evidence{{Source: "client"}} },
		},
		"step missing": {
			change: func(w *walkthrough) { w.Steps = w.Steps[:7] },
			want:   "7 steps, want 8",
		},
		"steps swapped": {
			change: func(w *walkthrough) { w.Steps[3], w.Steps[4] = w.Steps[4], w.Steps[3] },
			want:   "step 5 comes at position 4",
		},
		"component missing": {
			change: func(w *walkthrough) { w.Steps[5].Component = "" },
			want:   "step 6 does not say which component did what",
		},
		"no evidence": {
			change: func(w *walkthrough) { w.Steps[7].Evidence = nil },
			want:   "step 8 has evidence from 0 of at least 1 sources",
		},
		"the same source twice": {
			change: func(w *walkthrough) { w.Steps[2].Evidence = []evidence{{Source: "etcd"}, {Source: "etcd"}} },
			want:   "step 3 has evidence from 1 of at least 2 sources",
		},
		"evidence without a source": {
			change: func(w *walkthrough) { w.Steps[1].Evidence = []evidence{{}} },
			want:   "step 2 has evidence from 0 of at least 1 sources",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := complete()
			test.change(&w)
			err := check(w)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("check() = %v, want no error", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("check() = %v, want an error with %q", err, test.want)
			}
		})
	}
}
