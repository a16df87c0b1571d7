// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// capturedPod is the record of a Pod on a cluster of kubeadm.
func capturedPod(t *testing.T, name string) evidence.Record {
	t.Helper()
	return captured(t, filepath.Join("testdata", "captured", "pod-"+name+".record.json.gz"))
}

const (
	admin      = "kubernetes-admin"
	asStored   = "creates the object"
	bound      = "sets spec.nodeName to pods-control-plane"
	pending    = "writes the status (phase Pending)"
	running    = "writes the status (phase Running)"
	marked     = "marks the object for deletion"
	graceEnded = "changes metadata.deletionGracePeriodSeconds"
	gone       = "removes the key"
)

func told(record evidence.Record) *story.Story { return story.Tell(timeline.Of(record)) }

type deed struct{ by, did string }

// deedsOf lists who made the revisions. A kubelet writes a phase as often as
// something else changes: what repeats is left out.
func deedsOf(record evidence.Record) []deed {
	var deeds []deed
	tale := told(record)
	for _, r := range tale.Revisions {
		deeds = append(deeds, deed{r.Writer(), tale.Deed(r)})
	}
	return slices.Compact(deeds)
}

// TestPods checks who is said to have made each revision of real Pods, and how,
// at both levels of the audit log.
func TestPods(t *testing.T) {
	start := []deed{{admin, asStored}, {component.Scheduler, bound}}
	tests := []struct {
		name    string
		outcome Outcome
		steps   []int32
		deeds   []deed
	}{
		{"running", OutcomeRunning, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, running})},
		{"too-large", OutcomeUnschedulable, []int32{1, 2, 3, 4, 6, 7, 8},
			[]deed{{admin, asStored}, {component.Scheduler, "writes the status (phase Pending, PodScheduled False Unschedulable)"}}},
		{"no-image", OutcomeScheduled, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, "writes the status (phase Pending, ErrImagePull)"},
				deed{component.Kubelet, "writes the status (phase Pending, ImagePullBackOff)"})},
		{"deployment", OutcomeRunning, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			[]deed{{component.KubeManager, asStored}, {component.Scheduler, bound}, {component.Kubelet, pending}, {component.Kubelet, running}}},
		{"static", OutcomeRunning, []int32{1, 2, 3, 5, 6, 7, 8},
			[]deed{{component.Kubelet, asStored}, {component.Kubelet, pending}, {component.Kubelet, running}}},
		{"named-node", OutcomeRunning, []int32{1, 2, 3, 5, 6, 7, 8},
			[]deed{{admin, asStored}, {component.Kubelet, pending}, {component.Kubelet, running}}},
		{"gated", OutcomeSchedulingGated, []int32{1, 2, 3, 6, 7, 8}, []deed{{admin, asStored}}},
		{"applied", OutcomeRunning, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, running})},
		{"failed", OutcomeFailed, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, "writes the status (phase Failed)"})},
		{"debugged", OutcomeRunning, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, running},
				deed{admin, "changes spec.ephemeralContainers[debugger-tbpph]"}, deed{component.Kubelet, running})},
		{"resized", OutcomeRunning, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, running},
				deed{admin, "changes spec.containers[resized].resources.requests.cpu"}, deed{component.Kubelet, running})},
		{"deleted-pending", OutcomeDeleted, []int32{1, 2, 3, 4, 6, 7, 8},
			[]deed{{admin, asStored}, {component.Scheduler, "writes the status (phase Pending, PodScheduled False Unschedulable)"},
				{admin, marked}, {admin, gone}}},
		{"deleted", OutcomeDeleted, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, running}, deed{admin, marked},
				deed{component.Kubelet, running}, deed{component.Kubelet, "writes the status (phase Succeeded)"},
				deed{component.Kubelet, graceEnded}, deed{component.Kubelet, gone})},
		{"evicted", OutcomeDeleted, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			append(start, deed{component.Kubelet, pending}, deed{component.Kubelet, running},
				deed{admin, "writes the status (phase Running, DisruptionTarget EvictionByEvictionAPI) (to evict it)"}, deed{admin, marked + " (to evict it)"},
				deed{component.Kubelet, running}, deed{component.Kubelet, "writes the status (phase Succeeded)"},
				deed{component.Kubelet, graceEnded}, deed{component.Kubelet, gone})},
		{"job", OutcomeDeleted, []int32{1, 2, 3, 4, 5, 6, 7, 8},
			[]deed{{component.KubeManager, asStored}, {component.Scheduler, bound}, {component.Kubelet, pending}, {component.Kubelet, running},
				{component.Kubelet, "writes the status (phase Succeeded)"}, {component.KubeManager, "changes metadata.finalizers"},
				{component.KubeManager, marked}, {component.KubeManager, gone}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			record := capturedPod(t, tt.name)
			if d := cmp.Diff(tt.deeds, deedsOf(record), cmp.AllowUnexported(deed{})); d != "" {
				t.Errorf("revisions (-want +got):\n%s", d)
			}
			less := capturedPod(t, tt.name)
			metadata(&less)
			if d := cmp.Diff(tt.deeds, deedsOf(less), cmp.AllowUnexported(deed{})); d != "" {
				t.Errorf("revisions at level Metadata (-want +got):\n%s", d)
			}
			trace := Explain(record)
			if trace.Outcome != tt.outcome {
				t.Errorf("outcome %s, want %s", trace.Outcome, tt.outcome)
			}
			var steps []int32
			for _, s := range trace.Steps {
				steps = append(steps, s.Step)
			}
			slices.Sort(steps)
			if !slices.Equal(steps, tt.steps) {
				t.Errorf("steps %v, want %v", steps, tt.steps)
			}
			checkRealPod(t, trace)
		})
	}
}

// checkRealPod checks that nothing is said that is true of simulated pods only.
func checkRealPod(t *testing.T, trace Trace) {
	t.Helper()
	if s := trace.Step(5); s != nil && s.Component != component.Kubelet {
		t.Errorf("step 5 is done by %q", s.Component)
	}
	text := strings.ToLower(string(raw(trace)))
	for _, wrong := range []string{"simulated", "simpod", "what does the controller manager do", "controller manager sees", "keeps its finalizers"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the explanation of a real Pod says %q", wrong)
		}
	}
	if len(trace.Disagreements) > 0 {
		t.Errorf("sources that agree are said to disagree: %+v", trace.Disagreements)
	}
	for _, s := range trace.Sources {
		if why := followed.Of(trace.Subject).Silent[evidence.Source(s.Name)]; why != "" && (s.Available || s.Reason != why) {
			t.Errorf("source %s is said to be %+v", s.Name, s)
		}
	}
}

// metadata leaves what an audit log of level Metadata has.
func metadata(r *evidence.Record) {
	for i := range r.Entries {
		a := r.Entries[i].Audit
		if a == nil {
			continue
		}
		a.Level, a.RequestObject, a.ResponseObject, a.ResponseRevision, a.ResponseUID = "Metadata", nil, nil, 0, ""
		r.Entries[i].Revision, r.Entries[i].Object.UID = 0, ""
	}
}

// TestPodsWithLessEvidence takes sources away from real Pods: what is left is
// still told, and nothing is made up.
func TestPodsWithLessEvidence(t *testing.T) {
	without := func(source evidence.Source) func(*evidence.Record) {
		return func(r *evidence.Record) {
			r.Entries = slices.DeleteFunc(r.Entries, func(e evidence.Entry) bool { return e.Source == source })
			for i := range r.Sources {
				if r.Sources[i].Source == source {
					r.Sources[i].Available, r.Sources[i].Reason = false, "there is no access to it"
				}
			}
		}
	}
	encrypted := func(r *evidence.Record) {
		for i := range r.Entries {
			if e := r.Entries[i].Etcd; e != nil {
				e.Value, e.Unavailable = nil, "not available: encrypted at rest"
			}
		}
	}
	full := []string{admin, component.Scheduler, component.Kubelet, component.Kubelet, component.Kubelet}
	tests := []struct {
		name   string
		change func(*evidence.Record)
		want   []string
	}{
		{"everything", func(*evidence.Record) {}, full},
		{"no etcd", without(evidence.SourceEtcd), full},
		{"no watch", without(evidence.SourceWatch), full},
		{"values encrypted", encrypted, full},
		{"audit level Metadata", metadata, full},
		// managedFields name the managers; a bind leaves none.
		{"no audit log", without(evidence.SourceAudit), []string{"kubectl-run", "", component.Kubelet, component.Kubelet, component.Kubelet}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"evicted", "deleted", "deleted-pending", "job", "static"} {
				record := capturedPod(t, name)
				tt.change(&record)
				checkTrace(t, record, Explain(record))
			}
			record := capturedPod(t, "running")
			tt.change(&record)
			var writers []string
			for _, r := range told(record).Revisions {
				writers = append(writers, r.Writer())
			}
			if d := cmp.Diff(tt.want, writers); d != "" {
				t.Errorf("writers (-want +got):\n%s", d)
			}
			trace := Explain(record)
			checkTrace(t, record, trace)
			checkRealPod(t, trace)
			if trace.Outcome != OutcomeRunning || trace.Step(4) == nil || trace.Step(5) == nil {
				t.Errorf("outcome %s, steps %+v", trace.Outcome, trace.Steps)
			}
		})
	}
}

// TestDamagedPods explains records of real Pods of which entries are missing,
// out of order or damaged.
func TestDamagedPods(t *testing.T) {
	for _, name := range []string{"evicted", "deleted-pending", "static", "no-image"} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(8) {
				record := capturedPod(t, name)
				want := raw(Explain(record))
				shuffle(&record, seed)
				if got := raw(Explain(record)); string(got) != string(want) {
					t.Errorf("in the order of seed %d the explanation differs", seed)
				}
				record.Entries = record.Entries[seed:]
				damage(&record, seed)
				checkTrace(t, record, Explain(record))
			}
		})
	}
}

// TestWrittenDuringItsDeletion checks that a write which was made while a delete was
// under way is not told as what the delete did, where the write's own request is
// not in the record.
func TestWrittenDuringItsDeletion(t *testing.T) {
	record := capturedPod(t, "deleted-pending")
	for i := range record.Entries {
		if e := &record.Entries[i]; e.Audit != nil && e.Audit.Verb == "delete" {
			e.Audit.ReceivedAt = e.Audit.ReceivedAt.Add(-time.Hour)
		}
	}
	record.Entries = slices.DeleteFunc(record.Entries, func(e evidence.Entry) bool {
		return e.Audit != nil && e.Audit.Verb != "delete" && e.Audit.Verb != "create" // the scheduler's write
	})
	want := []deed{{admin, asStored}, {component.Scheduler, "writes the status (phase Pending, PodScheduled False Unschedulable)"}, {admin, marked}, {admin, gone}}
	if d := cmp.Diff(want, deedsOf(record), cmp.AllowUnexported(deed{})); d != "" {
		t.Errorf("revisions (-want +got):\n%s", d)
	}
}
