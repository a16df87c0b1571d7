// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

// version returns a pod whose status names a node, or none.
func version(name string, priority int32, node string) *framework.PodInfo {
	return framework.NewPodInfo(wrappers.MakePod().Name(name).Priority(priority).NominatedNode(node).Obj())
}

func TestNominator(t *testing.T) {
	tests := map[string]struct {
		steps func(n *nominator)
		want  map[string]string
	}{
		"nothing": {func(*nominator) {}, nil},
		"nominated in this process": {func(n *nominator) {
			n.add(version("p", 0, ""), "a")
		}, map[string]string{"a": "p"}},
		"nominated elsewhere on the second attempt": {func(n *nominator) {
			n.add(version("p", 0, ""), "a")
			n.add(version("p", 0, "a"), "b")
		}, map[string]string{"b": "p"}},
		"known by the watch": {func(n *nominator) {
			n.observe(version("p", 0, "a"), "")
		}, map[string]string{"a": "p"}},
		"a version from before the nomination does not end it": {func(n *nominator) {
			n.add(version("p", 0, ""), "a")
			n.observe(version("p", 0, ""), "")
		}, map[string]string{"a": "p"}},
		"somebody ended it": {func(n *nominator) {
			n.observe(version("p", 0, "a"), "")
			n.observe(version("p", 0, ""), "a")
		}, nil},
		"the pod is gone": {func(n *nominator) {
			n.add(version("p", 0, ""), "a")
			n.add(version("q", 0, ""), "a")
			n.remove("p")
			n.remove("unknown")
		}, map[string]string{"a": "q"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNominator()
			test.steps(n)
			var got map[string]string
			for node, pods := range n.byNode() {
				if got == nil {
					got = map[string]string{}
				}
				got[node] = strings.Join(podNames(pods), " ")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("pods by node (-want +got):\n%s", diff)
			}
		})
	}
}

func podNames(pods []*framework.PodInfo) []string {
	var out []string
	for _, p := range pods {
		out = append(out, p.Pod.Name)
	}
	slices.Sort(out)
	return out
}

func TestNominatorKnowsTheLessImportant(t *testing.T) {
	n := newNominator()
	for name, priority := range map[string]int32{"low": 1, "same": 5, "high": 9} {
		n.add(version(name, priority, ""), "a")
	}
	n.add(version("elsewhere", 1, ""), "b")
	before := n.byNode()
	if got, want := podNames(n.lessImportant("a", 5)), []string{"low"}; !slices.Equal(got, want) {
		t.Errorf("less important: %v, want %v", got, want)
	}
	n.remove(types.UID("low"))
	if len(before["a"]) != 3 {
		t.Error("what was read before has changed")
	}
}
