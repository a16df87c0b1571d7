// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/test/wrappers"
)

// newDefaultQueue has all plugins.
func newDefaultQueue(t testing.TB, c clock.WithTicker) *Queue {
	t.Helper()
	p, err := plugins.DefaultProfile("s")
	if err != nil {
		t.Fatal(err)
	}
	return New(c, map[string]*framework.Profile{"s": p})
}

// TestHintsOfAllPlugins says for each plugin what wakes the pods that it
// rejected, and what does not.
func TestHintsOfAllPlugins(t *testing.T) {
	event := func(resource framework.EventResource, action framework.ActionType) framework.ClusterEvent {
		return framework.ClusterEvent{Resource: resource, ActionType: action}
	}
	var (
		podAdd     = event(framework.AssignedPod, framework.Add)
		podDelete  = event(framework.AssignedPod, framework.Delete)
		podLabel   = event(framework.AssignedPod, framework.UpdatePodLabel)
		nodeLabel  = event(framework.Node, framework.UpdateNodeLabel)
		nodeTaint  = event(framework.Node, framework.UpdateNodeTaint)
		nodeDelete = event(framework.Node, framework.Delete)
		nsLabel    = event(framework.Namespace, framework.UpdateOther)

		plainNode = wrappers.MakeNode().Name("n").Capacity("cpu", "4", "memory", "8Gi")
		zoneNode  = wrappers.MakeNode().Name("n").Zone("z").Label(corev1.LabelHostname, "n").Capacity("cpu", "4", "memory", "8Gi")
		tainted   = wrappers.MakeNode().Name("n").Taint("k", "v", corev1.TaintEffectNoSchedule)
		cordoned  = wrappers.MakeNode().Name("n").Unschedulable()
		onNode    = func(app string) *wrappers.PodWrapper { return wrappers.MakePod().Name("o").Node("n").Label("app", app) }

		web    = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
		term   = corev1.PodAffinityTerm{LabelSelector: web, TopologyKey: corev1.LabelTopologyZone}
		teams  = corev1.PodAffinityTerm{LabelSelector: web, TopologyKey: corev1.LabelTopologyZone, NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}}
		spread = corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: web}

		near    = func() *wrappers.PodWrapper { return pod("p").PodAffinity(term) }
		far     = func() *wrappers.PodWrapper { return pod("p").PodAntiAffinity(term) }
		spreads = func() *wrappers.PodWrapper { return pod("p").Label("app", "web").Spread(spread) }
		inZone  = func() *wrappers.PodWrapper {
			return pod("p").NodeAffinity(wrappers.Expressions(wrappers.In(corev1.LabelTopologyZone, "z")))
		}
		port = func() *wrappers.PodWrapper { return pod("p").HostPort("", corev1.ProtocolTCP, 80) }
	)
	tests := []struct {
		plugin, what   string
		pod            *wrappers.PodWrapper
		event          framework.ClusterEvent
		oldObj, newObj any
		wakes          bool
	}{
		{"NodeName", "a new node", pod("p").Node("x"), nodeAdd, nil, plainNode.Obj(), true},
		{"NodeName", "another label", pod("p"), nodeLabel, plainNode.Obj(), zoneNode.Obj(), false},
		{"NodeUnschedulable", "a node is schedulable again", pod("p"), nodeTaint, cordoned.Obj(), plainNode.Obj(), true},
		{"NodeUnschedulable", "a new node that is not", pod("p"), nodeAdd, nil, cordoned.Obj(), false},
		{"TaintToleration", "a taint is gone", pod("p"), nodeTaint, tainted.Obj(), plainNode.Obj(), true},
		{"TaintToleration", "a new node with taints", pod("p"), nodeAdd, nil, tainted.Obj(), false},
		{"NodeAffinity", "a node comes into the zone", inZone(), nodeLabel, plainNode.Obj(), zoneNode.Obj(), true},
		{"NodeAffinity", "a new node elsewhere", inZone(), nodeAdd, nil, plainNode.Obj(), false},
		{"NodeAffinity", "a pod goes", inZone(), podDelete, onNode("web").Obj(), nil, false},
		{"NodePorts", "the port is free", port(), podDelete, onNode("web").HostPort("", corev1.ProtocolTCP, 80).Obj(), nil, true},
		{"NodePorts", "another port is free", port(), podDelete, onNode("web").HostPort("", corev1.ProtocolTCP, 81).Obj(), nil, false},
		{"NodeResourcesFit", "a large node", pod("p"), nodeAdd, nil, plainNode.Obj(), true},
		{"NodeResourcesFit", "a small node", pod("p"), nodeAdd, nil, tinyNode, false},
		{"NodeResourcesFit", "a pod goes", pod("p"), podDelete, onNode("web").Obj(), nil, true},
		{"PodTopologySpread", "a pod that counts goes", spreads(), podDelete, onNode("web").Obj(), nil, true},
		{"PodTopologySpread", "another pod goes", spreads(), podDelete, onNode("db").Obj(), nil, false},
		{"PodTopologySpread", "a node of a domain goes", spreads(), nodeDelete, zoneNode.Obj(), nil, true},
		{"PodTopologySpread", "a new node without a domain", spreads(), nodeAdd, nil, plainNode.Obj(), false},
		{"InterPodAffinity", "a pod to be close to", near(), podAdd, nil, onNode("web").Obj(), true},
		{"InterPodAffinity", "a pod becomes one", near(), podLabel, onNode("db").Obj(), onNode("web").Obj(), true},
		{"InterPodAffinity", "another pod", near(), podAdd, nil, onNode("db").Obj(), false},
		{"InterPodAffinity", "a pod to be far from goes", far(), podDelete, onNode("web").Obj(), nil, true},
		{"InterPodAffinity", "such a pod comes", far(), podAdd, nil, onNode("web").Obj(), false},
		{"InterPodAffinity", "a namespace is labelled", pod("p").PodAffinity(teams), nsLabel, &corev1.Namespace{}, &corev1.Namespace{}, true},
		{"InterPodAffinity", "a namespace is labelled that no term looks at", near(), nsLabel, &corev1.Namespace{}, &corev1.Namespace{}, false},
		{"SchedulingGates", "a new node", pod("p").Gate("g"), nodeAdd, nil, plainNode.Obj(), false},
	}
	woken, left := sets.New[string](), sets.New[string]()
	for _, test := range tests {
		t.Run(test.plugin+"/"+test.what, func(t *testing.T) {
			q := newDefaultQueue(t, clocktesting.NewFakeClock(start))
			if q.Set(info(test.pod), start) == nil {
				q.Requeue(pop(t, q), Rejection{UnschedulablePlugins: sets.New(test.plugin)})
			}
			q.Move(test.event, test.oldObj, test.newObj)
			if got := q.Lengths().Backoff == 1; got != test.wakes {
				t.Errorf("wakes: %t, want %t", got, test.wakes)
			}
		})
		if test.wakes {
			woken.Insert(test.plugin)
		} else {
			left.Insert(test.plugin)
		}
	}
	woken.Insert("SchedulingGates") // TestGates
	list, err := plugins.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if !canReject(p.Plugin) {
			continue
		}
		if _, ok := p.Plugin.(framework.EnqueueExtensions); !ok {
			t.Errorf("%s does not say which events can help", p.Name())
		}
		if !woken.Has(p.Name()) || !left.Has(p.Name()) {
			t.Errorf("%s needs a case that wakes and one that does not", p.Name())
		}
	}
}

// TestPluginsThatNeverRejectWaitForNothing keeps scoring plugins from making
// every event of interest.
func TestPluginsThatNeverRejectWaitForNothing(t *testing.T) {
	q := newDefaultQueue(t, clocktesting.NewFakeClock(start))
	q.Set(info(pod("p")), start)
	p := pop(t, q)
	q.Move(framework.ClusterEvent{Resource: framework.UnscheduledPod, ActionType: framework.Delete}, pod("x").Obj(), nil)
	if len(q.events) != 0 {
		t.Errorf("%d events are kept that no plugin waits for", len(q.events))
	}
	q.Requeue(p, byFit)
	wantLengths(t, q, Lengths{Unschedulable: 1})
}

// TestLowPriorityIsNotStarved has 200 important pods that never fit and that
// every event wakes, while pods without priority arrive. An attempt takes 10 ms.
func TestLowPriorityIsNotStarved(t *testing.T) {
	const important, unimportant = 200, 50
	c := clocktesting.NewFakeClock(start)
	q := newDefaultQueue(t, c)
	for i := range important {
		q.Set(info(pod(fmt.Sprint("high-", i)).Priority(1000)), c.Now())
	}
	left := unimportant
	var longest time.Duration
	for attempt := 0; left > 0 && c.Since(start) < time.Minute; attempt++ {
		if attempt%10 == 0 && attempt/10 < unimportant {
			q.Set(info(pod(fmt.Sprint("low-", attempt/10))), c.Now())
		}
		p := pop(t, q)
		c.Step(10 * time.Millisecond)
		if p.Priority == 0 {
			q.Done(p.UID())
			longest, left = max(longest, c.Since(p.QueuedAt)), left-1
			continue
		}
		q.Requeue(p, byFit)
		q.Move(nodeAdd, nil, bigNode)
		q.FlushBackoff()
	}
	if left > 0 {
		t.Errorf("%d pods were never tried", left)
	}
	// Each important pod comes first a few times, until its backoff is longer
	// than a round of all of them.
	if longest > 8*time.Second {
		t.Errorf("a pod waited %s", longest)
	}
	t.Logf("the longest wait was %s", longest)
}

// TestRunFlushes waits for the times at which pods move on their own.
func TestRunFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newDefaultQueue(t, clock.RealClock{})
		go q.Run(t.Context())
		q.Set(info(pod("p")), time.Now())
		begin := time.Now()
		q.Requeue(pop(t, q), byFit)
		pop(t, q)
		// No event came: after the longest wait, at the next flush.
		if waited := time.Since(begin); waited <= MaxInUnschedulable || waited > MaxInUnschedulable+FlushInterval {
			t.Errorf("waited %s", waited)
		}
	})
}
