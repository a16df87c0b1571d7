// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
	"github.com/glassplane/glassplane/test/golden"
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

func prediction(d evidence.Decision, suggestions *whatif.Suggestions) *explanation.Prediction {
	return &explanation.Prediction{
		ReadAt: decidedAt, ReadUntil: decidedAt.Add(time.Millisecond), Decision: explanation.NewDecision(d), BestNodes: explanation.BestNodes(d), Suggestions: suggestions,
		Lists: []whatif.List{{Resource: "simnodes", Items: 3, ResourceVersion: "12"}, {Resource: "services", Error: "forbidden"}},
	}
}

func explained(t *testing.T, attempt int, decisions ...evidence.Decision) explanation.Explanation {
	t.Helper()
	e, err := explanation.New("default/web", decisions, attempt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExplainText(t *testing.T) {
	equal := decision(func(d *evidence.Decision) {
		d.Nodes = []evidence.NodeVerdict{fits("node-b", 1, 180), fits("node-c", 1, 180), fits("node-d", 3, 90)}
		d.NodesTotal, d.NodesEvaluated, d.NodesFeasible, d.Node = 3, 3, 3, "node-b"
	})
	suggestions := &whatif.Suggestions{Checks: 12, Changes: []whatif.Change{
		{Kind: whatif.LowerRequest, Description: "lower the cpu request of container main from 64 to 4", NodesFeasible: 7, Nodes: []string{"node-a", "node-b"}},
		{Kind: whatif.Uncordon, Description: "uncordon node node-c", NodesFeasible: 1, Nodes: []string{"node-c"},
			Command: `kubectl patch simnode node-c --type=merge -p '{"spec":{"unschedulable":false}}'`},
	}}
	pendingNow := explained(t, 0, pendingDecision())
	pendingNow.Prediction = prediction(pendingDecision(), suggestions)
	helpless := explained(t, 0, pendingDecision())
	helpless.Prediction = prediction(pendingDecision(), &whatif.Suggestions{Checks: 30})
	many := explanation.NewDecision(manyDecision())
	var retries []evidence.Decision
	for i := range 40 {
		d := pendingDecision()
		d.Attempt, d.DecidedAt = i+1, decidedAt.Add(time.Duration(i)*time.Minute)
		retries = append(retries, d)
	}
	preempting := pendingDecision()
	preempting.NominatedNode, preempting.Priority = "node-a", 800
	preempting.Victims = []evidence.PodReference{{Namespace: "default", Name: "old"}}
	preempts := explained(t, 0, preempting)
	preempts.Priority = &explanation.Priority{Value: 800, Class: "high", Stored: true}
	repelled := decision(func(d *evidence.Decision) {
		d.Nodes = []evidence.NodeVerdict{rejects("node-a", "InterPodAffinity", "node(s) didn't satisfy existing pods anti-affinity rules")}
		d.Nodes[0].Filters[0].Pods = []evidence.PodReference{{Namespace: "case", Name: "guard"}}
		d.NodesTotal, d.NodesEvaluated, d.Message = 1, 1, "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules."
		d.RejectedBy = []string{"InterPodAffinity"}
		d.Requeued = &evidence.Requeued{Queue: "unschedulable", At: decidedAt}
	})
	fitsNow := decision(func(d *evidence.Decision) {
		d.Nodes = []evidence.NodeVerdict{fits("node-b", 1, 180)}
		d.NodesTotal, d.NodesEvaluated, d.NodesFeasible, d.Node = 2, 2, 1, "node-b"
	})
	waits := explained(t, 0, repelled)
	waits.Prediction = prediction(fitsNow, nil)
	waits.Prediction.ReadUntil = decidedAt.Add(time.Minute)
	profile, err := plugins.DefaultProfile("glassplane-scheduler")
	if err != nil {
		t.Fatal(err)
	}
	waits.Wait.Describe(profile)
	backoff := pendingDecision()
	backoff.Requeued = &evidence.Requeued{Queue: "backoff", At: decidedAt, BackoffEnds: new(decidedAt.Add(4 * time.Second))}
	backsOff := explained(t, 0, backoff)
	backsOff.Prediction = prediction(backoff, nil)
	backsOff.Prediction.ReadUntil = decidedAt.Add(time.Minute)
	woken := boundDecision()
	woken.NodesBest = 2
	woken.WokenBy = &evidence.Wake{Event: "AssignedPod/Delete", Object: "case/guard", Plugin: "InterPodAffinity"}
	third := pendingDecision()
	third.WokenBy = &evidence.Wake{Event: evidence.EventUnschedulableTimeout}
	gone := explained(t, 0, boundDecision())
	gone.State = &explanation.State{Outcome: "Terminating", Reason: "marked by admin; the finalizer example.com/hold keeps it until whoever set it takes it off"}
	tests := map[string]struct {
		explanation explanation.Explanation
		options     ExplainOptions
	}{
		"pending":     {explanation: explained(t, 0, pendingDecision())},
		"pending-now": {explanation: pendingNow},
		"helpless":    {explanation: helpless},
		"bound":       {explanation: explained(t, 0, boundDecision(), pendingDecision())},
		"first":       {explanation: explained(t, 1, boundDecision(), pendingDecision())},
		"wide":        {explanation: explained(t, 0, boundDecision()), options: ExplainOptions{Wide: true}},
		"many":        {explanation: explanation.Explanation{Pod: "default/web", Decision: &many}},
		"retries":     {explanation: explained(t, 0, retries...)},
		"preempts":    {explanation: preempts},
		"waits":       {explanation: waits},
		"backoff":     {explanation: backsOff},
		"woken":       {explanation: explained(t, 0, woken, third)},
		"terminating": {explanation: gone},
		"none":        {explanation: explained(t, 0)},
		"predicted":   {explanation: explanation.Explanation{Pod: "default/web", Prediction: prediction(equal, nil), Notes: []string{"Namespace default does not exist."}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := ExplainText(&got, tt.explanation, tt.options); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "explain-"+name+".golden"), got.String())
		})
	}
}

func TestAllNodesAreListedOneByOne(t *testing.T) {
	many := explanation.NewDecision(manyDecision())
	var got bytes.Buffer
	if err := ExplainText(&got, explanation.Explanation{Pod: "default/web", Decision: &many}, ExplainOptions{AllNodes: true}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(got.String(), "\nnode-"); n != 300 {
		t.Errorf("%d nodes are listed, want 300", n)
	}
}

func TestExplainJSONAndYAML(t *testing.T) {
	e := explained(t, 0, boundDecision(), pendingDecision())
	e.Prediction = prediction(pendingDecision(), &whatif.Suggestions{Checks: 3, Changes: []whatif.Change{{Kind: whatif.AddNode, Nodes: []string{"x"}}}})
	var asJSON, asYAML bytes.Buffer
	if err := ExplainJSON(&asJSON, e); err != nil {
		t.Fatal(err)
	}
	if err := ExplainYAML(&asYAML, e); err != nil {
		t.Fatal(err)
	}
	var fromJSON, fromYAML explanation.Explanation
	if err := json.Unmarshal(asJSON.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(asYAML.Bytes(), &fromYAML); err != nil {
		t.Fatal(err)
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".apply" }, cmp.Ignore())
	if diff := cmp.Diff(fromJSON, fromYAML, ignore); diff != "" {
		t.Errorf("JSON and YAML differ:\n%s", diff)
	}
	if fromJSON.Decision.Node != "node-b" || len(fromJSON.Decision.Rejections) != 1 || fromJSON.Prediction.Suggestions.Changes[0].Kind != whatif.AddNode {
		t.Errorf("what was written is %s", asJSON.String())
	}
}
