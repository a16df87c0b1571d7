// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
)

func TestState(t *testing.T) {
	c := clocktesting.NewFakeClock(start)
	q := newQueue(t, c)
	q.Set(info(pod("low").Priority(1)), start)
	q.Set(info(pod("high").Priority(9)), start)
	q.Set(info(pod("gated").Gate("example.com/quota")), start)
	for range 2 {
		c.Step(time.Second)
		p := pop(t, q)
		q.Requeue(p, Rejection{UnschedulablePlugins: sets.New("NodeResourcesFit", "NodeUnschedulable")})
	}
	q.Set(info(pod("failed")), start)
	q.Requeue(pop(t, q), Rejection{Error: true})
	q.Set(info(pod("flying")), start)
	pop(t, q)
	q.Set(info(pod("next")), start)
	now := c.Now()
	c.Step(time.Second)

	change := "a change: node added or its allocatable changed; node added or its taints changed; pod on a node deleted; pod on a node its requests lowered; the pod itself a toleration added; the pod itself its requests lowered"
	rejected := func(name string, place int, at time.Time, priority int32) evidence.Waiting {
		return evidence.Waiting{
			Namespace: "default", Name: name, UID: types.UID(name), Queue: "unschedulable", Place: place, Since: at, Attempts: 1, Priority: priority,
			For: change, Plugins: []string{"NodeResourcesFit", "NodeUnschedulable"}, TriedBy: new(at.Add(5*time.Minute + 31*time.Second)),
		}
	}
	want := evidence.Queue{
		At: c.Now(), Active: 1, Backoff: 1, Unschedulable: 2, Gated: 1, InFlight: 1,
		Waiting: []evidence.Waiting{
			{Namespace: "default", Name: "next", UID: "next", Queue: "active", Place: 1, Since: now, For: "its turn"},
			{
				Namespace: "default", Name: "failed", UID: "failed", Queue: "backoff", Place: 1, Since: now, Attempts: 1, For: "the end of its backoff after an error",
				BackoffEnds: new(now.Add(time.Second)), TriedBy: new(now.Add(2 * time.Second)),
			},
			rejected("high", 1, start.Add(time.Second), 9),
			rejected("low", 2, start.Add(2*time.Second), 1),
			{Namespace: "default", Name: "gated", UID: "gated", Queue: "gated", Place: 1, Since: start, For: "waiting for scheduling gates: [example.com/quota]", Plugins: []string{"SchedulingGates"}},
		},
	}
	if diff := cmp.Diff(want, q.State()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

func TestStateIsBounded(t *testing.T) {
	tests := map[string]struct {
		active, gated         int
		wantActive, wantGated int
	}{
		"all fit":                   {150, 50, 150, 50},
		"each has its share":        {1000, 1000, 150, 50},
		"what others do not need":   {1000, 10, 190, 10},
		"what the first ones leave": {10, 1000, 10, 190},
		"only one":                  {1000, 0, 200, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			q := newQueue(t, clocktesting.NewFakeClock(start))
			for i := range tc.active {
				q.Set(info(pod(fmt.Sprintf("active-%d", i)).Priority(int32(i))), start)
			}
			for i := range tc.gated {
				q.Set(info(pod(fmt.Sprintf("gated-%d", i)).Gate("g")), start)
			}
			state := q.State()
			got := map[string]int{}
			for _, w := range state.Waiting {
				if got[w.Queue]++; w.Place != got[w.Queue] {
					t.Errorf("%s is at place %d, want %d", w.Name, w.Place, got[w.Queue])
				}
				if want := int32(tc.active - w.Place); w.Queue == "active" && w.Priority != want {
					t.Errorf("place %d has priority %d, want %d", w.Place, w.Priority, want)
				}
			}
			want := map[string]int{}
			if tc.wantActive > 0 {
				want["active"] = tc.wantActive
			}
			if tc.wantGated > 0 {
				want["gated"] = tc.wantGated
			}
			if diff := cmp.Diff(want, got); diff != "" || state.Active != tc.active || state.Gated != tc.gated {
				t.Errorf("%d active, %d gated; shown (-want +got):\n%s", state.Active, state.Gated, diff)
			}
		})
	}
}

func BenchmarkState(b *testing.B) {
	q := newQueue(b, clocktesting.NewFakeClock(start))
	for i := range 50_000 {
		q.Set(info(pod(fmt.Sprint(i)).Priority(int32(i*7919%50_000))), start)
	}
	for range 25_000 {
		q.Requeue(pop(b, q), Rejection{UnschedulablePlugins: sets.New("NodeResourcesFit")})
	}
	for b.Loop() {
		q.State()
	}
}
