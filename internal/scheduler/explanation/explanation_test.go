// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
)

var decidedAt = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func decision(change func(*evidence.Decision)) evidence.Decision {
	d := evidence.Decision{Pod: evidence.PodReference{Namespace: "default", Name: "web"}, Attempt: 1, Profile: "glassplane-scheduler",
		PoppedAt: decidedAt, DecidedAt: decidedAt.Add(350 * time.Microsecond), Seed: 7}
	change(&d)
	return d
}

func fits(name string, rank int, total int64) evidence.NodeVerdict {
	return evidence.NodeVerdict{Name: name, Feasible: true, Rank: rank, Total: total,
		Filters: []evidence.PluginVerdict{{Plugin: "NodeResourcesFit", Code: "Success"}},
		Scores: []evidence.PluginScore{{Plugin: "NodeResourcesFit", Raw: total / 2, Normalized: total / 2, Weight: 1, Weighted: total / 2},
			{Plugin: "TaintToleration", Raw: 0, Normalized: total / 6, Weight: 3, Weighted: total / 2}}}
}

func rejects(name, plugin, reason string) evidence.NodeVerdict {
	return evidence.NodeVerdict{Name: name, Filters: []evidence.PluginVerdict{
		{Plugin: plugin, Code: "Unschedulable", Reasons: []string{reason}}, {Plugin: "NodePorts", Code: "Skip"}, {Plugin: "NodeName", Code: "Success"},
	}}
}

func pendingDecision() evidence.Decision {
	return decision(func(d *evidence.Decision) {
		d.Nodes = []evidence.NodeVerdict{rejects("node-a", "NodeResourcesFit", "Insufficient cpu")}
		d.NodesTotal, d.NodesEvaluated, d.Message = 1, 1, "0/1 nodes are available: 1 Insufficient cpu."
	})
}

func boundDecision() evidence.Decision {
	return decision(func(d *evidence.Decision) {
		d.Attempt, d.DecidedAt = 2, decidedAt.Add(time.Second)
		d.PoppedAt = d.DecidedAt
		d.Nodes = []evidence.NodeVerdict{fits("node-b", 1, 180), fits("node-c", 2, 120), rejects("node-a", "NodeResourcesFit", "Insufficient cpu")}
		d.NodesTotal, d.NodesEvaluated, d.NodesFeasible, d.Node = 3, 3, 2, "node-b"
		d.Bind = &evidence.BindOutcome{ResourceVersion: "219"}
	})
}

func manyDecision() evidence.Decision {
	return decision(func(d *evidence.Decision) {
		for i := range 300 {
			plugin, reason := "NodeResourcesFit", "Insufficient memory"
			if i%3 == 0 {
				plugin, reason = "TaintToleration", "node(s) had untolerated taint(s)"
			}
			d.Nodes = append(d.Nodes, rejects(fmt.Sprintf("node-%03d", i), plugin, reason))
		}
		d.NodesTotal, d.NodesEvaluated, d.NodesOmitted = 5000, 5000, 4700
		d.Message = "0/5000 nodes are available."
	})
}

func explained(t *testing.T, attempt int, decisions ...evidence.Decision) Explanation {
	t.Helper()
	e, err := New("default/web", decisions, attempt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNew(t *testing.T) {
	lost := decision(func(d *evidence.Decision) {
		d.Attempt, d.Node, d.DecidedAt = 3, "node-b", decidedAt.Add(2*time.Second)
		d.Bind = &evidence.BindOutcome{Error: "conflict"}
	})
	tests := map[string]struct {
		decisions []evidence.Decision
		attempt   int
		want      int // the attempt that is shown; 0 for none
		wantError string
	}{
		"the one that bound":         {decisions: []evidence.Decision{lost, boundDecision(), pendingDecision()}, want: 2},
		"else the last":              {decisions: []evidence.Decision{lost, pendingDecision()}, want: 3},
		"the one that is asked for":  {decisions: []evidence.Decision{lost, boundDecision(), pendingDecision()}, attempt: 1, want: 1},
		"one that is not recorded":   {decisions: []evidence.Decision{lost, pendingDecision()}, attempt: 7, wantError: "attempt 7 of pod default/web is not recorded: choose one of 1, 3"},
		"one where none is recorded": {attempt: 1, wantError: "no attempt is recorded"},
		"none":                       {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := New("default/web", tt.decisions, tt.attempt)
			if tt.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantError) {
					t.Fatalf("error is %v, want %q", err, tt.wantError)
				}
				return
			}
			got := 0
			if e.Decision != nil {
				got = e.Decision.Attempt
			}
			if err != nil || got != tt.want || len(e.Attempts) != len(tt.decisions) {
				t.Errorf("attempt %d of %d and error %v, want %d of %d", got, len(e.Attempts), err, tt.want, len(tt.decisions))
			}
			if shown := slices.IndexFunc(e.Attempts, func(a Attempt) bool { return a.Shown }); shown >= 0 && e.Attempts[shown].Attempt != tt.want {
				t.Errorf("attempt %d is marked", e.Attempts[shown].Attempt)
			}
		})
	}
}

func TestOnlyNode(t *testing.T) {
	whole := explained(t, 0, boundDecision())
	one, err := whole.OnlyNode("node-a")
	if err != nil || len(one.Decision.Nodes) != 1 || one.Decision.Nodes[0].Name != "node-a" || one.Decision.NodesOmitted != 2 {
		t.Errorf("explanation of node-a is %+v, error %v", one.Decision, err)
	}
	if len(whole.Decision.Nodes) != 3 {
		t.Error("the explanation of all nodes was changed")
	}
	if _, err := whole.OnlyNode("node-x"); err == nil || !strings.Contains(err.Error(), `node "node-x" was not considered`) {
		t.Errorf("error is %v", err)
	}
	many := NewDecision(manyDecision())
	if _, err := (Explanation{Pod: "default/web", Decision: &many}).OnlyNode("node-4999"); err == nil || !strings.Contains(err.Error(), "left out 4700") {
		t.Errorf("error is %v", err)
	}
	gated := decision(func(d *evidence.Decision) { d.PreFilter = &evidence.PluginVerdict{Plugin: "NodeAffinity"} })
	if _, err := explained(t, 0, gated).OnlyNode("node-a"); err != nil {
		t.Errorf("a plugin rejected the pod for all nodes, also this one, but the error is %v", err)
	}
}

func TestWait(t *testing.T) {
	profile, err := plugins.DefaultProfile("test")
	if err != nil {
		t.Fatal(err)
	}
	requeued := func(queue string, change func(*evidence.Decision)) *Wait {
		d := pendingDecision()
		d.RejectedBy = []string{"NodePorts"}
		d.Requeued = &evidence.Requeued{Queue: queue, At: decidedAt}
		change(&d)
		e := explained(t, 0, d)
		e.Wait.Describe(profile)
		return e.Wait
	}
	nothing := func(*evidence.Decision) {}
	ends := decidedAt.Add(4 * time.Second)
	tests := map[string]struct {
		wait     *Wait
		from, by time.Time
		// notWoken is what NotWoken says a second, a minute and six minutes later.
		notWoken [3]bool
	}{
		"for an event": {
			wait: requeued("unschedulable", nothing), from: decidedAt.Add(5 * time.Minute), by: decidedAt.Add(5*time.Minute + 30*time.Second),
			notWoken: [3]bool{false, true, false},
		},
		"for its backoff": {
			wait: requeued("backoff", func(d *evidence.Decision) { d.Requeued.BackoffEnds = &ends }), from: ends, by: ends.Add(time.Second),
		},
		"for its turn": {wait: requeued("active", nothing), from: decidedAt, by: decidedAt},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if !test.wait.TriedFrom.Equal(test.from) || !test.wait.TriedBy.Equal(test.by) {
				t.Errorf("tried from %s to %s, want %s to %s", test.wait.TriedFrom, test.wait.TriedBy, test.from, test.by)
			}
			for i, later := range []time.Duration{time.Second, time.Minute, 6 * time.Minute} {
				if got := test.wait.NotWoken(decidedAt, decidedAt.Add(later)); got != test.notWoken[i] {
					t.Errorf("NotWoken %s later: %t, want %t", later, got, test.notWoken[i])
				}
			}
			want := []PluginWait{{Plugin: "NodePorts", Events: []string{"node added", "pod on a node deleted"}}}
			if diff := cmp.Diff(want, test.wait.Plugins); diff != "" {
				t.Errorf("plugins (-want +got):\n%s", diff)
			}
		})
	}
	if w := explained(t, 0, pendingDecision()).Wait; w != nil {
		t.Errorf("where a pod waits that was not requeued: %+v", w)
	}
}

func TestStateOf(t *testing.T) {
	for outcome, want := range map[explain.Outcome]bool{
		explain.OutcomeDeleted: true, explain.OutcomeTerminating: true, explain.OutcomeSucceeded: true, explain.OutcomeFailed: true,
		explain.OutcomeRunning: false, explain.OutcomeScheduled: false, explain.OutcomeUnschedulable: false,
	} {
		got := StateOf(explain.Trace{Outcome: outcome, Reason: "because"})
		if (got != nil) != want || got != nil && (got.Outcome != outcome || got.Reason != "because") {
			t.Errorf("state of %s is %+v", outcome, got)
		}
	}
}

func TestPriorityOf(t *testing.T) {
	pod := &v1alpha1.SimPod{}
	pod.Spec.PriorityClassName = "high"
	if got, want := *PriorityOf(pod, 7), (Priority{Value: 7, Class: "high"}); got != want {
		t.Errorf("decided with %+v, want %+v", got, want)
	}
	pod.Spec.Priority = new(int32(800))
	if got, want := *PriorityOf(pod, 7), (Priority{Value: 800, Class: "high", Stored: true}); got != want {
		t.Errorf("stored %+v, want %+v", got, want)
	}
}
