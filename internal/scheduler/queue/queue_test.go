// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeunschedulable"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/queuesort"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/schedulinggates"
	"github.com/glassplane/glassplane/test/wrappers"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newQueue(t testing.TB, c clock.WithTicker) *Queue {
	t.Helper()
	fit, err := noderesources.NewFit(noderesources.FitArgs{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := framework.NewProfile("s", 0, framework.WeightedPlugin{Plugin: queuesort.New()},
		framework.WeightedPlugin{Plugin: schedulinggates.New()}, framework.WeightedPlugin{Plugin: fit},
		framework.WeightedPlugin{Plugin: nodeunschedulable.New()})
	if err != nil {
		t.Fatal(err)
	}
	return New(c, map[string]*framework.Profile{"s": p})
}

func pod(name string) *wrappers.PodWrapper {
	return wrappers.MakePod().Name(name).SchedulerName("s").Req("cpu", "1")
}

func info(w *wrappers.PodWrapper) *framework.PodInfo { return framework.NewPodInfo(w.Obj()) }

func pop(t testing.TB, q *Queue) *framework.QueuedPodInfo {
	t.Helper()
	p, err := q.Pop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantLengths(t *testing.T, q *Queue, want Lengths) {
	t.Helper()
	if got := q.Lengths(); got != want {
		t.Errorf("lengths %+v, want %+v", got, want)
	}
}

var (
	byFit    = Rejection{UnschedulablePlugins: sets.New(noderesources.FitName)}
	nodeAdd  = framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add}
	bigNode  = wrappers.MakeNode().Name("big").Capacity("cpu", "8", "memory", "8Gi").Obj()
	tinyNode = wrappers.MakeNode().Name("tiny").Capacity("cpu", "100m").Obj()
)

func TestPopOrder(t *testing.T) {
	c := clocktesting.NewFakeClock(start)
	q := newQueue(t, c)
	for _, p := range []*wrappers.PodWrapper{pod("low-1"), pod("high").Priority(10), pod("low-2")} {
		q.Set(info(p), c.Now())
		c.Step(time.Millisecond)
	}
	for _, want := range []string{"high", "low-1", "low-2"} {
		if got := pop(t, q).Pod.Name; got != want {
			t.Errorf("popped %s, want %s", got, want)
		}
	}
	wantLengths(t, q, Lengths{InFlight: 3})
}

func TestEventsMoveOnlyPodsTheyCouldHelp(t *testing.T) {
	tests := map[string]struct {
		rejection      Rejection
		event          framework.ClusterEvent
		oldObj, newObj any
		want           Lengths
	}{
		"a node with room":              {byFit, nodeAdd, nil, bigNode, Lengths{Backoff: 1}},
		"a node without room":           {byFit, nodeAdd, nil, tinyNode, Lengths{Unschedulable: 1}},
		"an event that no plugin wants": {byFit, framework.ClusterEvent{Resource: framework.Node, ActionType: framework.UpdateNodeLabel}, bigNode, bigNode, Lengths{Unschedulable: 1}},
		"a pod that left a node":        {byFit, framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: framework.Delete}, pod("x").Node("n").Obj(), nil, Lengths{Backoff: 1}},
		"an event for another plugin": {
			Rejection{UnschedulablePlugins: sets.New(nodeunschedulable.Name)},
			framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: framework.Delete}, pod("x").Node("n").Obj(), nil, Lengths{Unschedulable: 1},
		},
		"a pod that no plugin rejected": {Rejection{}, nodeAdd, nil, tinyNode, Lengths{Backoff: 1}},
		"a pending pod does not back off": {
			Rejection{UnschedulablePlugins: sets.New(noderesources.FitName), PendingPlugins: sets.New(noderesources.FitName)},
			nodeAdd, nil, bigNode, Lengths{Active: 1},
		},
		"an object of an unknown type queues, so that no pod is forgotten": {byFit, nodeAdd, nil, "?", Lengths{Backoff: 1}},
	}
	for name, test := range tests {
		t.Run("waiting/"+name, func(t *testing.T) {
			q := newQueue(t, clocktesting.NewFakeClock(start))
			q.Set(info(pod("p")), start)
			p := pop(t, q)
			if q.Requeue(p, test.rejection) == nil {
				t.Fatal("not requeued")
			}
			wantLengths(t, q, Lengths{Unschedulable: 1})
			q.Move(test.event, test.oldObj, test.newObj)
			wantLengths(t, q, test.want)
		})
		t.Run("in flight/"+name, func(t *testing.T) {
			q := newQueue(t, clocktesting.NewFakeClock(start))
			q.Set(info(pod("p")), start)
			p := pop(t, q)
			q.Move(test.event, test.oldObj, test.newObj)
			q.Requeue(p, test.rejection)
			wantLengths(t, q, test.want)
			if len(q.events) != 0 {
				t.Errorf("%d events are kept although nothing is in flight", len(q.events))
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	for failures, want := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second} {
		if got := backoffDuration(failures); got != want {
			t.Errorf("after %d failures %s, want %s", failures, got, want)
		}
	}
	if got := backoffDuration(1000); got != MaxBackoff {
		t.Errorf("after 1000 failures %s, want %s", got, MaxBackoff)
	}
}

func TestErrorsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, clock.RealClock{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go q.Run(ctx)
		q.Set(info(pod("p")), time.Now())
		begin := time.Now()
		for attempt := 1; attempt <= 3; attempt++ {
			p := pop(t, q)
			if p.Attempts != attempt {
				t.Errorf("attempt %d, want %d", p.Attempts, attempt)
			}
			q.Requeue(p, Rejection{Error: true})
		}
		// The third attempt follows backoffs of 1 s and 2 s, to the flush interval.
		if took := time.Since(begin); took < 3*time.Second || took > 5*time.Second {
			t.Errorf("three attempts took %s", took)
		}
	})
}

func TestBackoffIsUsedWhereNothingElseIsToDo(t *testing.T) {
	q := newQueue(t, clocktesting.NewFakeClock(start))
	q.Set(info(pod("p")), start)
	q.Requeue(pop(t, q), byFit)
	q.Move(nodeAdd, nil, bigNode)
	q.Set(info(pod("new")), start)
	if got := pop(t, q).Pod.Name; got != "new" {
		t.Errorf("popped %s before the active pod", got)
	}
	if got := pop(t, q).Pod.Name; got != "p" {
		t.Errorf("popped %s, want p out of its backoff", got)
	}
}

func TestFlushUnschedulable(t *testing.T) {
	c := clocktesting.NewFakeClock(start)
	q := newQueue(t, c)
	q.Set(info(pod("p")), start)
	q.Set(info(pod("gated").Gate("g")), start)
	q.Requeue(pop(t, q), byFit)
	c.Step(MaxInUnschedulable)
	q.FlushUnschedulable()
	wantLengths(t, q, Lengths{Unschedulable: 1, Gated: 1})
	c.Step(time.Second)
	q.FlushUnschedulable()
	wantLengths(t, q, Lengths{Active: 1, Gated: 1})
}

func TestGates(t *testing.T) {
	q := newQueue(t, clocktesting.NewFakeClock(start))
	gated := q.Set(info(pod("p").Gate("one", "two")), start)
	if gated == nil || gated.GatingMessage != "waiting for scheduling gates: [one two]" {
		t.Fatalf("gated: %+v", gated)
	}
	if gated = q.Set(info(pod("p").Gate("two")), start); gated == nil || gated.GatingMessage != "waiting for scheduling gates: [two]" {
		t.Errorf("still gated: %+v", gated)
	}
	wantLengths(t, q, Lengths{Gated: 1})
	q.Move(nodeAdd, nil, bigNode)
	wantLengths(t, q, Lengths{Gated: 1})
	if gated = q.Set(info(pod("p")), start); gated != nil {
		t.Errorf("gated without gates: %+v", gated)
	}
	wantLengths(t, q, Lengths{Active: 1})
}

func TestInFlight(t *testing.T) {
	t.Run("a pod that is deleted does not come back", func(t *testing.T) {
		q := newQueue(t, clocktesting.NewFakeClock(start))
		q.Set(info(pod("p")), start)
		p := pop(t, q)
		q.Delete(p.UID())
		if q.Requeue(p, byFit) != nil || q.Has(p.UID()) {
			t.Error("a deleted pod came back")
		}
		wantLengths(t, q, Lengths{})
	})
	t.Run("the newest version comes back", func(t *testing.T) {
		q := newQueue(t, clocktesting.NewFakeClock(start))
		version := func(v, label string) *framework.PodInfo {
			p := pod("p").Label("v", label).Obj()
			p.ResourceVersion = v
			return framework.NewPodInfo(p)
		}
		q.Set(version("5", "old"), start)
		p := pop(t, q)
		q.Refresh(version("9", "new"), start)
		q.Set(version("7", "late"), start)
		if q.Requeue(p, byFit); p.Pod.Labels["v"] != "new" {
			t.Errorf("version %s came back", p.Pod.ResourceVersion)
		}
	})
	t.Run("dropped events count as if they helped", func(t *testing.T) {
		q := newQueue(t, clocktesting.NewFakeClock(start))
		q.Set(info(pod("p")), start)
		p := pop(t, q)
		for range maxInFlightEvents + 3 {
			q.Move(nodeAdd, nil, tinyNode)
		}
		if got := q.DroppedEvents(); got != 3 {
			t.Errorf("%d events dropped, want 3", got)
		}
		q.Requeue(p, byFit)
		wantLengths(t, q, Lengths{Backoff: 1})
	})
}

func TestPopEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, clock.RealClock{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := q.Pop(ctx)
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	const pods = 300
	q := newQueue(t, clock.RealClock{})
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	placed := make(chan string, pods)
	for range 4 {
		done.Go(func() {
			for {
				p, err := q.Pop(ctx)
				if err != nil {
					return
				}
				if p.Attempts == 1 {
					q.Requeue(p, byFit)
					continue
				}
				q.Done(p.UID())
				placed <- p.Pod.Name
			}
		})
	}
	done.Go(func() {
		for i := range pods {
			q.Set(info(pod(fmt.Sprintf("p%d", i))), time.Now())
		}
	})
	seen := sets.New[string]()
	for len(seen) < pods {
		q.Move(nodeAdd, nil, bigNode)
		select {
		case name := <-placed:
			if seen.Has(name) {
				t.Errorf("pod %s was placed twice", name)
			}
			seen.Insert(name)
		default:
		}
	}
	cancel()
	done.Wait()
	wantLengths(t, q, Lengths{})
}

func TestPodChanges(t *testing.T) {
	base := func() *wrappers.PodWrapper { return pod("p") }
	tests := map[string]struct {
		before, after *wrappers.PodWrapper
		want          framework.ActionType
	}{
		"label":      {base(), base().Label("a", "b"), framework.UpdatePodLabel},
		"scale down": {base(), base().Req("cpu", "500m"), framework.UpdatePodScaleDown},
		"scale up":   {base(), base().Req("cpu", "2"), framework.UpdateOther},
		"toleration": {base(), base().Toleration(corev1.Toleration{Key: "k"}), framework.UpdatePodToleration},
		"gates":      {base().Gate("g"), base(), framework.UpdatePodSchedulingGatesEliminated},
		"one gate":   {base().Gate("g", "h"), base().Gate("h"), framework.UpdateOther},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := PodChanges(test.before.Obj(), test.after.Obj(), framework.TargetPod)
			if len(got) != 1 || got[0].ActionType != test.want || got[0].Resource != framework.TargetPod {
				t.Errorf("got %+v, want %d", got, test.want)
			}
		})
	}
}

func TestWokenBy(t *testing.T) {
	clk := clocktesting.NewFakeClock(start)
	q := newQueue(t, clk)
	q.Set(info(pod("p")), start)
	p := pop(t, q)
	if p.WokenBy != nil {
		t.Errorf("a new pod was woken by %+v", p.WokenBy)
	}
	r := q.Requeue(p, byFit)
	if diff := cmp.Diff(&evidence.Requeued{Queue: "unschedulable", At: start}, r); diff != "" {
		t.Errorf("requeued (-want +got):\n%s", diff)
	}
	clk.Step(20 * time.Second)
	q.Move(nodeAdd, nil, bigNode)
	p = pop(t, q)
	want := &evidence.Wake{Event: "Node/Add", Object: bigNode.Name, Plugin: noderesources.FitName, At: clk.Now()}
	if diff := cmp.Diff(want, p.WokenBy); diff != "" {
		t.Errorf("woken by (-want +got):\n%s", diff)
	}
	if r = q.Requeue(p, Rejection{Error: true}); r.Queue != "backoff" || r.BackoffEnds == nil || !r.BackoffEnds.Equal(clk.Now().Add(InitialBackoff)) {
		t.Errorf("requeued to %+v, want the backoff of a second", r)
	}
	clk.Step(2 * time.Second)
	q.FlushBackoff()
	if p = pop(t, q); p.WokenBy == nil || p.WokenBy.Event != evidence.EventBackoffComplete {
		t.Errorf("woken by %+v, want the end of the backoff", p.WokenBy)
	}
	q.Requeue(p, byFit)
	clk.Step(MaxInUnschedulable + time.Second)
	q.FlushUnschedulable()
	if p = pop(t, q); p.WokenBy == nil || p.WokenBy.Event != evidence.EventUnschedulableTimeout {
		t.Errorf("woken by %+v, want the flush", p.WokenBy)
	}
}
