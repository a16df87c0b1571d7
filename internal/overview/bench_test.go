// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package overview

import (
	"encoding/json"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
)

// What the largest cluster has that is measured.
const (
	manyNodes = 5000
	manyPods  = 50_000
)

// numbered is a pod as real ones are: with a name and a UID of usual length, and
// labels that it has in common with others.
func numbered(n int, phase string) Pod {
	p := Pod{
		UID:       types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)),
		Namespace: fmt.Sprintf("team-%d", n%20), Name: fmt.Sprintf("checkout-%09x-%05x", n*7919, n), Phase: phase,
		CPU: 250, Memory: 256 << 20, Labels: map[string]string{"app": fmt.Sprint("app-", n%200), "pod-template-hash": fmt.Sprint(n % 500)},
	}
	if phase != PhasePending {
		p.NodeName = fmt.Sprintf("node-%04d", n%manyNodes)
	}
	return p
}

func large() *Cluster {
	c := NewCluster("00000000-0000-4000-8000-000000000000", Limits{})
	for n := range manyNodes {
		name := fmt.Sprintf("node-%04d", n)
		c.SetNode(types.UID("u-"+name), Node{
			Name: name, Kind: KindSimNode, Zone: "zone-a", Ready: true, Allocatable: Amounts{CPU: 16000, Memory: 64 << 30, Pods: 110},
			Labels: map[string]string{"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": "zone-a", "node.kubernetes.io/instance-type": "sim.16"},
		})
	}
	for n := range manyPods {
		c.SetPod(numbered(n, PhaseRunning))
	}
	return c
}

// processor returns the time that the processor spent on this process so far: on a
// machine that others use too, the time that passes says little.
func processor(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// perOperation reports what the processor spent on each operation since.
func perOperation(b *testing.B, since time.Duration) time.Duration {
	each := (processor(b) - since) / time.Duration(b.N)
	b.ReportMetric(float64(each.Nanoseconds()), "cpu-ns/op")
	return each
}

// BenchmarkSnapshot builds and encodes a snapshot of 50,000 pods on 5,000 nodes.
func BenchmarkSnapshot(b *testing.B) {
	c := large()
	begun := processor(b)
	for b.Loop() {
		body, err := json.Marshal(c.Snapshot())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(body)), "bytes")
	}
	perOperation(b, begun)
}

// BenchmarkSecond is what one second costs in which 100 pods are created, bound,
// run, and as many go, in four deltas that are encoded.
func BenchmarkSecond(b *testing.B) {
	c := large()
	bytes, next := 0, manyPods
	begun := processor(b)
	for b.Loop() {
		bytes = 0
		for range 4 {
			from := c.Sequence()
			for range 25 {
				for _, phase := range []string{PhasePending, PhaseStarting, PhaseRunning} {
					c.SetPod(numbered(next, phase))
				}
				c.SetPod(numbered(next-manyPods, PhaseTerminating))
				c.DeletePod(numbered(next-manyPods, PhaseTerminating).UID)
				next++
			}
			delta, ok := c.Delta(c.Epoch(), from)
			if !ok {
				b.Fatal("no delta")
			}
			body, err := json.Marshal(delta)
			if err != nil {
				b.Fatal(err)
			}
			bytes += len(body)
		}
	}
	b.ReportMetric(float64(bytes), "bytes/s")
	b.ReportMetric(100*perOperation(b, begun).Seconds(), "%core")
}

// traces of a pod, made once: making them would cost more than taking them.
var traces = way(simPod("", ""), simPod("", ""))

func traceOf(object evidence.Object, n int) evidence.Entry {
	entry := traces[n]
	if entry.Spans == nil {
		entry.Object = object
	}
	return entry
}

// BenchmarkRecorded is what one trace costs on its way to the journal.
func BenchmarkRecorded(b *testing.B) {
	l := NewLatencies(0)
	pods, begun := 0, processor(b)
	for n := 0; b.Loop(); n++ {
		if n%len(traces) == 0 {
			pods++
		}
		entry := traceOf(simPod(fmt.Sprint(pods), fmt.Sprint("u-", pods)), n%len(traces))
		l.Recorded(&entry)
	}
	perOperation(b, begun)
}

// BenchmarkLatency sums up as many pods as are kept.
func BenchmarkLatency(b *testing.B) {
	l := NewLatencies(0)
	for n := range DefaultMaxJourneys {
		for _, entry := range way(simPod(fmt.Sprint(n), fmt.Sprint("u-", n)), simPod(fmt.Sprint(n), "")) {
			l.Recorded(&entry)
		}
	}
	begun := processor(b)
	for b.Loop() {
		if l.Latency().Pods != DefaultMaxJourneys {
			b.Fatal("pods are missing")
		}
	}
	perOperation(b, begun)
}

// maxBytesPerPod is what a pod may take in memory.
const maxBytesPerPod = 400

func TestMemoryPerPod(t *testing.T) {
	memory := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	c := NewCluster("e", Limits{})
	before := memory()
	for n := range manyPods {
		c.SetPod(numbered(n, PhaseRunning))
	}
	perPod := int64(memory()-before) / manyPods
	t.Logf("%d bytes per pod, with the nodes that only the pods name", perPod)
	if perPod > maxBytesPerPod {
		t.Errorf("%d bytes per pod, want at most %d", perPod, maxBytesPerPod)
	}
	runtime.KeepAlive(c)
}
