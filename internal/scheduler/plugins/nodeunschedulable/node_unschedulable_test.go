// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeunschedulable

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

var tolerates = corev1.Toleration{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}

func TestFilter(t *testing.T) {
	tests := map[string]struct {
		pod  *wrappers.PodWrapper
		node *wrappers.NodeWrapper
		want string
	}{
		"schedulable":             {wrappers.MakePod(), wrappers.MakeNode(), ""},
		"cordoned":                {wrappers.MakePod(), wrappers.MakeNode().Unschedulable(), ErrReasonUnschedulable},
		"cordoned, tolerated":     {wrappers.MakePod().Toleration(tolerates), wrappers.MakeNode().Unschedulable(), ""},
		"another is tolerated":    {wrappers.MakePod().Toleration(corev1.Toleration{Key: "k", Operator: corev1.TolerationOpExists}), wrappers.MakeNode().Unschedulable(), ErrReasonUnschedulable},
		"everything is tolerated": {wrappers.MakePod().Toleration(corev1.Toleration{Operator: corev1.TolerationOpExists}), wrappers.MakeNode().Unschedulable(), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := framework.NewNodeInfo()
			node.SetNode(test.node.Name("n").Obj())
			s := New().Filter(nil, framework.NewPodInfo(test.pod.Obj()), node)
			if s.Message() != test.want || test.want != "" && s.Code() != framework.UnschedulableAndUnresolvable {
				t.Errorf("got %s %q, want %q", s.Code(), s.Message(), test.want)
			}
		})
	}
}

func TestHints(t *testing.T) {
	cordoned, open := wrappers.MakeNode().Name("n").Unschedulable().Obj(), wrappers.MakeNode().Name("n").Obj()
	node := map[string]struct {
		before, after any
		want          framework.QueueingHint
	}{
		"added open":     {nil, open, framework.Queue},
		"added cordoned": {nil, cordoned, framework.QueueSkip},
		"uncordoned":     {cordoned, open, framework.Queue},
		"was open":       {open, open, framework.QueueSkip},
		"cordoned":       {open, cordoned, framework.QueueSkip},
	}
	for name, test := range node {
		t.Run(name, func(t *testing.T) {
			if got, err := afterNodeChange(wrappers.MakePod().Obj(), test.before, test.after); got != test.want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
	if got, _ := afterTolerationChange(nil, wrappers.MakePod().Obj(), wrappers.MakePod().Toleration(tolerates).Obj()); got != framework.Queue {
		t.Error("the toleration does not queue")
	}
	if got, _ := afterTolerationChange(nil, wrappers.MakePod().Obj(), wrappers.MakePod().Obj()); got != framework.QueueSkip {
		t.Error("no toleration queues")
	}
	if got, err := afterNodeChange(nil, nil, "?"); got != framework.Queue || err == nil {
		t.Errorf("an unknown object: %v, %v", got, err)
	}
}
