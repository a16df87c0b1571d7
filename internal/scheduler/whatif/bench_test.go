// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// BenchmarkSuggest searches in clusters in which each node is full, for a pod
// with several things to give up.
func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			var nodes []*corev1.Node
			for i := range n {
				nodes = append(nodes, node(fmt.Sprint("n", i)).Label("zone", fmt.Sprint(i%10)).Taint("team", fmt.Sprint(i%3), corev1.TaintEffectNoSchedule).Obj())
			}
			c := caseOf(b, pod().Label("app", "web").Req("cpu", "64", "memory", "1Gi").Spread(spread("zone", 1)).NodeSelector("disk", "ssd").Obj(), nodes)
			b.ReportAllocs()
			var checks int
			for b.Loop() {
				checks = Suggest(c, 5).Checks
			}
			b.ReportMetric(float64(checks), "decisions/op")
		})
	}
}
