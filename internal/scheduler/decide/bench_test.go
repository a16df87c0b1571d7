// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"fmt"
	"testing"

	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/test/wrappers"
)

// BenchmarkDecidePlain filters and scores every node for a plain pod. Two pods
// are already on each node, and the zones are three.
func BenchmarkDecidePlain(b *testing.B) {
	for _, nodes := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			in := benchInput(b, nodes)
			b.ReportAllocs()
			for b.Loop() {
				if r := Decide(in); r.Node == "" || r.NodesFeasible != nodes {
					b.Fatalf("node %q, %d feasible: %v", r.Node, r.NodesFeasible, r.Status.Reasons())
				}
			}
		})
	}
}

// BenchmarkDecideAndFill is the same with the verdicts of 20 nodes expanded, as
// the live scheduler does.
func BenchmarkDecideAndFill(b *testing.B) {
	in := benchInput(b, 5000)
	b.ReportAllocs()
	for b.Loop() {
		var d framework.Decision
		Decide(in).Fill(&d, 20)
	}
}

// BenchmarkDecideUnschedulable rejects every node.
func BenchmarkDecideUnschedulable(b *testing.B) {
	in := benchInput(b, 5000)
	in.Pod = framework.NewPodInfo(wrappers.MakePod().Name("p").Req("cpu", "64").Obj())
	b.ReportAllocs()
	for b.Loop() {
		if r := Decide(in); r.Node != "" {
			b.Fatal(r.Node)
		}
	}
}

func benchInput(b *testing.B, nodes int) Input {
	b.Helper()
	list, err := plugins.Default()
	if err != nil {
		b.Fatal(err)
	}
	profile, err := framework.NewProfile("glassplane-scheduler", 100, list...)
	if err != nil {
		b.Fatal(err)
	}
	c := cache.New()
	for i := range nodes {
		name := fmt.Sprintf("node-%05d", i)
		c.SetNode(wrappers.MakeNode().Name(name).Zone(fmt.Sprintf("zone-%d", i%3)).
			Capacity("cpu", "32", "memory", "128Gi", "ephemeral-storage", "500Gi").Obj())
		for j := range 2 {
			c.SetPod(framework.NewPodInfo(wrappers.MakePod().Name(fmt.Sprintf("%s-%d", name, j)).
				Req("cpu", fmt.Sprintf("%dm", 100+i%700), "memory", "1Gi").Node(name).Obj()))
		}
	}
	snapshot := cache.NewSnapshot()
	c.UpdateSnapshot(snapshot)
	return Input{
		Snapshot: snapshot, Profile: profile, Workspace: &Workspace{}, Seed: 1,
		Pod: framework.NewPodInfo(wrappers.MakePod().Name("p").Req("cpu", "500m", "memory", "512Mi").Obj()),
	}
}
