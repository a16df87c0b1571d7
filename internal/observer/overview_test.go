// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/record"
)

func delivered(name, node, phase string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"nodeName": node}, "status": map[string]any{"phase": phase},
	}}
	o.SetNamespace("ns")
	o.SetName(name)
	o.SetUID(types.UID("u-" + name))
	return o
}

func TestOverviewOfWhatWatchesDeliver(t *testing.T) {
	o := newTest().Overview()
	o.partOf = func(r schema.GroupResource) evidence.SourceState {
		return evidence.SourceState{Available: r != nodes, Reason: "watch " + r.String() + ": forbidden"}
	}
	o.Observed(simNodes, delivered("n1", "", ""), true)
	o.Observed(simPods, delivered("a", "n1", "Running"), true)
	o.Observed(pods, delivered("b", "n1", "Running"), true)
	o.Observed(schema.GroupResource{Resource: "walkthroughs"}, delivered("c", "", ""), true)

	s := o.Snapshot(t.Context())
	if len(s.Pods.ID) != 2 || s.Pods.Real[0] != 0 || s.Pods.Real[1] != 1 {
		t.Errorf("pods %+v", s.Pods)
	}
	if len(s.Nodes) != 2 || s.Nodes[0].Kind != overview.KindSimNode || s.Nodes[1].Kind != overview.KindNode || !s.Nodes[1].Unseen {
		t.Errorf("nodes %+v", s.Nodes)
	}
	if len(s.Unavailable) != 1 || s.Unavailable[0] != "watch nodes: forbidden" {
		t.Errorf("unavailable %q", s.Unavailable)
	}
	if s.Queues.Available || s.Queues.Reason == "" || !s.CollectedAt.Time.Equal(at(5000)) {
		t.Errorf("queues %+v, collected at %v", s.Queues, s.CollectedAt)
	}

	o.Observed(simPods, delivered("a", "n1", "Succeeded"), false)
	o.Gone(pods, "u-b")
	o.Gone(simNodes, "u-n1")
	d, ok := o.Delta(t.Context(), s.Epoch, s.Sequence)
	if !ok || len(d.Changed.ID) != 1 || len(d.Removed) != 1 || len(d.Nodes) != 1 || len(d.NodesRemoved) != 1 || len(d.Unavailable) != 1 {
		t.Errorf("delta %+v", d)
	}
	if _, ok := o.Delta(t.Context(), "another", s.Sequence); ok {
		t.Error("a delta of another epoch")
	}
	if found := o.Pods(overview.Filter{Search: "ns/a"}, 10); found.Total != 1 {
		t.Errorf("found %+v", found)
	}
}

func TestOverviewOfWhatIsRecorded(t *testing.T) {
	o := newTest()
	clock := o.clock.(*clocktesting.FakeClock)
	o.sources = []Source{
		fakeSource{state: evidence.SourceState{Source: evidence.SourceAudit, Available: true}},
		fakeSource{state: evidence.SourceState{Source: evidence.SourceSpan, Reason: "tracing is off"}},
	}
	// Another machine's clock is ahead: the request counts as of now.
	entry := audited(5000, "id-1", "create", 201)
	entry.Object.UID, entry.Audit.User, entry.Audit.StageAt = "u-1", "jane", at(9000)
	o.appender().Append(entry)
	clock.Step(time.Second)

	if o.journal.Stats().Entries != 1 {
		t.Error("the entry is not in the journal")
	}
	rates := o.Overview().Snapshot(t.Context()).Rates
	if !rates.Available || len(rates.Components) != 1 || rates.Components[0].Writes != 0.1 {
		t.Errorf("rates %+v", rates)
	}
	latency := o.Overview().Latency()
	for _, h := range latency.Hops {
		want := map[string]int{"admission": 1}[h.ID]
		if h.Count != want {
			t.Errorf("%s has %d pods", h.ID, h.Count)
		}
		if h.ID == "etcd" && h.Unavailable != "tracing is off" || h.ID == "admission" && h.Unavailable != "" {
			t.Errorf("%s: %q", h.ID, h.Unavailable)
		}
	}
	if latency.Pods != 1 {
		t.Errorf("%d pods", latency.Pods)
	}
	o.sources[0] = fakeSource{state: evidence.SourceState{Source: evidence.SourceAudit, Reason: "no such file"}}
	if rates := o.Overview().Snapshot(t.Context()).Rates; rates.Available || !strings.Contains(rates.Reason, "no such file") {
		t.Errorf("rates %+v", rates)
	}
}

// BenchmarkAppend compares the journal alone with the journal that the overview
// listens to, with the answers to creates, which cost it most.
func BenchmarkAppend(b *testing.B) {
	for name, appender := range map[string]func(*Observer) record.Appender{
		"journal alone":     func(o *Observer) record.Appender { return o.journal },
		"with the overview": func(o *Observer) record.Appender { return o.appender() },
	} {
		b.Run(name, func(b *testing.B) {
			to := appender(newTest())
			for n := 0; b.Loop(); n++ {
				entry := audited(5000, fmt.Sprint("id-", n), "create", 201)
				entry.Object.Name, entry.Object.UID = fmt.Sprint("p-", n), types.UID(fmt.Sprint("u-", n))
				to.Append(entry)
			}
		})
	}
}
