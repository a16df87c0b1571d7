// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"fmt"
	"testing"

	"github.com/glassplane/glassplane/test/wrappers"
)

// BenchmarkUpdateSnapshot shows that a change costs the same in clusters of any
// size: it brings a snapshot to the present after one pod was
// placed and one was removed, on nodes that have ten pods each.
func BenchmarkUpdateSnapshot(b *testing.B) {
	for _, nodes := range []int{100, 1000, 5000, 15000} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			c := New()
			name := func(i int) string { return fmt.Sprintf("node-%05d", i%nodes) }
			for i := range nodes {
				c.SetNode(wrappers.MakeNode().Name(name(i)).Zone(fmt.Sprintf("zone-%d", i%3)).Capacity("cpu", "32", "memory", "128Gi").Obj())
			}
			for i := range 10 * nodes {
				c.SetPod(pod(fmt.Sprint("p", i), name(i)))
			}
			s := NewSnapshot()
			c.UpdateSnapshot(s)
			placed := pod("new", "")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := c.AssumePod(placed, name(i*7)); err != nil {
					b.Fatal(err)
				}
				c.UpdateSnapshot(s)
				c.RemovePod(placed.Pod.UID)
			}
		})
	}
}
