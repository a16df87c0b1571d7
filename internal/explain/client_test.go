// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/evidence"
)

// TestAddClient adds what a client says of its create, and of the watch that
// showed the pod running.
func TestAddClient(t *testing.T) {
	record := scenarios["fits-no-wait"]()
	record.Entries = record.Entries[:len(record.Entries):len(record.Entries)]
	trace := Explain(record)
	at := record.Entries[0].Time
	sent := raw(map[string]any{"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimPod", "metadata": map[string]any{"name": "mypod", "namespace": "default"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "mypod", "image": "nginx"}}}})
	answer := raw(map[string]any{"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimPod", "metadata": map[string]any{"name": "mypod", "namespace": "default"},
		"spec": map[string]any{"restartPolicy": "Always", "containers": []any{map[string]any{"name": "mypod", "image": "nginx"}}}})
	got := AddClient(trace, evidence.Client{AuditID: trace.AuditID, SentAt: at.Add(-time.Millisecond), AnsweredAt: at.Add(5 * time.Millisecond), Code: 201,
		Line: "simpod.sim.glassplane.dev/mypod created", Object: sent, Answer: answer})
	got = AddClient(got, evidence.Client{AuditID: "another", SentAt: at, AnsweredAt: at.Add(time.Second), Code: 200, Line: "simpod.sim.glassplane.dev/mypod is running"})

	if d := cmp.Diff(&PrintedLine{Line: "simpod.sim.glassplane.dev/mypod created\nsimpod.sim.glassplane.dev/mypod is running", Observed: true}, got.Printed); d != "" {
		t.Errorf("printed (-want +got):\n%s", d)
	}
	for step, want := range map[int32]string{2: "1 field was added or changed, such as spec.restartPolicy.", 8: "The client printed: simpod.sim.glassplane.dev/mypod created\nThe client printed:"} {
		if s := got.Step(step); !strings.Contains(s.Effect, want) || strings.Contains(s.Effect, decodedOnly) {
			t.Errorf("step %d says %q, want %q in it", step, s.Effect, want)
		}
	}
	if n := len(got.Step(1).Evidence) - len(trace.Step(1).Evidence); n != 1 {
		t.Errorf("%d pieces of evidence more in step 1, want 1", n)
	}
	if !strings.Contains(got.Transcript, "The client printed: simpod.sim.glassplane.dev/mypod is running") {
		t.Errorf("the transcript is not retold: %s", got.Transcript)
	}
	if trace.Printed.Observed || strings.Contains(trace.Step(8).Effect, "The client printed") {
		t.Error("the trace that was given has changed")
	}
}
