// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumebinding"
)

func forPods(t testing.TB) *framework.Profile {
	t.Helper()
	list, err := plugins.ForPods()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := framework.NewProfile(corev1.DefaultSchedulerName, 0, list...)
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

// TestVolumes checks that a real cluster's volumes decide, and that the decision
// names them, for the pod and after a node is changed.
func TestVolumes(t *testing.T) {
	c := NewCluster(Objects{
		Nodes: []*corev1.Node{plugintest.MakeNode("a").Zone("z1").Obj(), plugintest.MakeNode("b").Zone("z2").Obj()},
		StorageObjects: framework.StorageObjects{
			PersistentVolumeClaims: []corev1.PersistentVolumeClaim{
				plugintest.MakeClaim("data", "", plugintest.BoundTo("v")), plugintest.MakeClaim("loose", "now"),
			},
			PersistentVolumes: []corev1.PersistentVolume{plugintest.MakeVolume("v", "", plugintest.InZone("z1"))},
			StorageClasses:    []storagev1.StorageClass{plugintest.MakeClass("now", "csi.example.com", true)},
		},
	})
	predict := func(snapshot framework.Snapshot, pod *corev1.Pod) evidence.Decision {
		what, err := c.Case(pod, forPods(t))
		if err != nil {
			t.Fatal(err)
		}
		what.Snapshot = snapshot
		return what.Predict(time.Time{}, 1)
	}
	objection := func(d evidence.Decision, node string) []evidence.PluginVerdict {
		for _, n := range d.Nodes {
			if n.Name == node {
				return Objections(n)
			}
		}
		return nil
	}
	elsewhere := []evidence.PluginVerdict{{
		Plugin: volumebinding.Name, Code: "UnschedulableAndUnresolvable", Reasons: []string{volumebinding.ErrReasonNodeConflict},
		Objects: []evidence.ObjectReference{{Kind: "PersistentVolume", Name: "v", Detail: "node affinity: topology.kubernetes.io/zone In [z1]"}},
	}}

	d := predict(c, plugintest.MakePod("p").Claim("data").Obj())
	if d.Node != "a" {
		t.Errorf("node %q, want a", d.Node)
	}
	if diff := cmp.Diff(elsewhere, objection(d, "b")); diff != "" {
		t.Errorf("objections (-want +got):\n%s", diff)
	}

	moved := framework.NewNodeInfo()
	moved.SetNode(plugintest.MakeNode("a").Zone("z3").Obj())
	d = predict(withNode(c, moved), plugintest.MakePod("p").Claim("data").Obj())
	if diff := cmp.Diff(elsewhere, objection(d, "a")); diff != "" || d.Node != "" {
		t.Errorf("in another zone: node %q, objections (-want +got):\n%s", d.Node, diff)
	}

	d = predict(c, plugintest.MakePod("p").Claim("loose").Obj())
	want := &evidence.PluginVerdict{
		Plugin: volumebinding.Name, Code: "UnschedulableAndUnresolvable", Reasons: []string{"pod has unbound immediate PersistentVolumeClaims"},
		Objects: []evidence.ObjectReference{{
			Kind: "PersistentVolumeClaim", Namespace: "default", Name: "loose", Detail: "unbound, its StorageClass now binds immediately",
		}},
	}
	if diff := cmp.Diff(want, d.PreFilter); diff != "" {
		t.Errorf("PreFilter (-want +got):\n%s", diff)
	}
	const message = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
	if d.Message != message {
		t.Errorf("message %q, want %q", d.Message, message)
	}
}

// BenchmarkVolumes shows what the plugins for volumes cost a pod without any, and
// one with a bound and an unbound claim, on 1,000 nodes of 10 pods.
func BenchmarkVolumes(b *testing.B) {
	o := Objects{StorageObjects: framework.StorageObjects{
		PersistentVolumeClaims: []corev1.PersistentVolumeClaim{plugintest.MakeClaim("bound", "", plugintest.BoundTo("v")), plugintest.MakeClaim("unbound", "later")},
		PersistentVolumes:      []corev1.PersistentVolume{plugintest.MakeVolume("v", "", plugintest.InZone("z1"))},
		StorageClasses:         []storagev1.StorageClass{plugintest.MakeClass("later", "csi.example.com", false)},
	}}
	for n := range 1000 {
		name := fmt.Sprint("n", n)
		o.Nodes = append(o.Nodes, plugintest.MakeNode(name).Zone(fmt.Sprint("z", n%3)).Obj())
		for p := range 10 {
			o.Pods = append(o.Pods, plugintest.MakePod(fmt.Sprint(name, "-", p)).On(name).Obj())
		}
	}
	simulated, err := plugins.DefaultProfile(corev1.DefaultSchedulerName)
	if err != nil {
		b.Fatal(err)
	}
	cluster := NewCluster(o)
	for _, bc := range []struct {
		name    string
		profile *framework.Profile
		pod     *plugintest.Pod
	}{
		{"no volumes, simulated", simulated, plugintest.MakePod("p")},
		{"no volumes", forPods(b), plugintest.MakePod("p")},
		{"two claims", forPods(b), plugintest.MakePod("p").Claim("bound", "unbound")},
	} {
		b.Run(bc.name, func(b *testing.B) {
			what, err := cluster.Case(bc.pod.Obj(), bc.profile)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if what.Predict(time.Time{}, 1).Node == "" {
					b.Fatal("no node")
				}
			}
		})
	}
}
