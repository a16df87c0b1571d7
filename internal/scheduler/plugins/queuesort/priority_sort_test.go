// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queuesort

import (
	"testing"
	"time"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func TestLess(t *testing.T) {
	early := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	entry := func(priority int32, at time.Time) *framework.QueuedPodInfo {
		return &framework.QueuedPodInfo{PodInfo: framework.NewPodInfo(wrappers.MakePod().Priority(priority).Obj()), Timestamp: at}
	}
	tests := map[string]struct {
		a, b *framework.QueuedPodInfo
		want bool
	}{
		"more important":         {entry(2, early.Add(1)), entry(1, early), true},
		"less important":         {entry(1, early), entry(2, early.Add(1)), false},
		"equal, waits longer":    {entry(1, early), entry(1, early.Add(1)), true},
		"equal, waits as long":   {entry(1, early), entry(1, early), false},
		"negative is after zero": {entry(-1, early), entry(0, early.Add(1)), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := New().Less(test.a, test.b); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
