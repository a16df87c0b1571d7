// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeports"
	"github.com/glassplane/glassplane/test/wrappers"
)

// awayFrom is a required anti-affinity to pods with the label.
func awayFrom(key, app string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
			}},
		}}
	}
}

func usesPort(port int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "ports", Ports: []corev1.ContainerPort{{HostPort: port}}})
	}
}

// made returns a pod on a node, or on none.
func made(name, node string, change func(*corev1.Pod)) *corev1.Pod {
	p := wrappers.MakePod().Name(name).UID(name).Label("app", name).Node(node).Obj()
	change(p)
	return p
}

func nothing(*corev1.Pod) {}

// TestVerdictsNameThePods: a verdict that is due to pods names them, wherever in
// the place they are, and also those that only wait for the node.
func TestVerdictsNameThePods(t *testing.T) {
	const zone = corev1.LabelTopologyZone
	nodes := []*corev1.Node{node("a1").Label(zone, "a").Obj(), node("a2").Label(zone, "a").Obj(), node("b1").Label(zone, "b").Obj()}
	tests := map[string]struct {
		pod       *corev1.Pod
		pods      []*corev1.Pod
		nominated map[string][]*corev1.Pod
		plugin    string
		want      map[string][]string
	}{
		"pods that want to be far from it": {
			pod: made("web", "", nothing), pods: []*corev1.Pod{made("guard", "a2", awayFrom(zone, "web")), made("other", "a1", nothing)},
			plugin: interpodaffinity.Name, want: map[string][]string{"a1": {"guard"}, "a2": {"guard"}},
		},
		"pods from which it wants to be far": {
			pod: made("web", "", awayFrom(zone, "db")), pods: []*corev1.Pod{made("db", "b1", nothing), made("other", "b1", nothing)},
			plugin: interpodaffinity.Name, want: map[string][]string{"b1": {"db"}},
		},
		"a pod that waits for the node": {
			pod: made("web", "", awayFrom(zone, "db")), nominated: map[string][]*corev1.Pod{"b1": {made("db", "", nothing)}},
			plugin: interpodaffinity.Name, want: map[string][]string{"b1": {"db"}},
		},
		"the pod that has the host port": {
			pod: made("web", "", usesPort(80)), pods: []*corev1.Pod{made("proxy", "a1", usesPort(80)), made("other", "a1", usesPort(81))},
			plugin: nodeports.Name, want: map[string][]string{"a1": {"proxy"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := caseOf(t, test.pod, nodes, test.pods...)
			for node, pods := range test.nominated {
				for _, p := range pods {
					c.Nominated = map[string][]*framework.PodInfo{node: append(c.Nominated[node], framework.NewPodInfo(p))}
				}
			}
			got := map[string][]string{}
			for _, n := range c.Predict(time.Time{}, 0).Nodes {
				for _, v := range n.Filters {
					for _, p := range v.Pods {
						if v.Plugin != test.plugin {
							t.Errorf("%s of node %s names pod %s", v.Plugin, n.Name, p.Name)
						}
						got[n.Name] = append(got[n.Name], p.Name)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("pods by node (-want +got):\n%s", diff)
			}
		})
	}
}
