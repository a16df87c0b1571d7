// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

var decidedAt = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func decision(change func(*framework.Decision)) framework.Decision {
	d := framework.Decision{Pod: framework.PodReference{Namespace: "default", Name: "web"}, Attempt: 1, Profile: "glassplane-scheduler",
		PoppedAt: decidedAt, DecidedAt: decidedAt.Add(350 * time.Microsecond), Seed: 7}
	change(&d)
	return d
}

func fits(name string, rank int, total int64) framework.NodeVerdict {
	return framework.NodeVerdict{Name: name, Feasible: true, Rank: rank, Total: total,
		Filters: []framework.PluginVerdict{{Plugin: "NodeResourcesFit", Code: "Success"}},
		Scores: []framework.PluginScore{{Plugin: "NodeResourcesFit", Raw: total / 2, Normalized: total / 2, Weight: 1, Weighted: total / 2},
			{Plugin: "TaintToleration", Raw: 0, Normalized: total / 6, Weight: 3, Weighted: total / 2}}}
}

func rejects(name, plugin, reason string) framework.NodeVerdict {
	return framework.NodeVerdict{Name: name, Filters: []framework.PluginVerdict{
		{Plugin: plugin, Code: "Unschedulable", Reasons: []string{reason}}, {Plugin: "NodePorts", Code: "Skip"}, {Plugin: "NodeName", Code: "Success"},
	}}
}

func pendingDecision() framework.Decision {
	return decision(func(d *framework.Decision) {
		d.Nodes = []framework.NodeVerdict{rejects("node-a", "NodeResourcesFit", "Insufficient cpu")}
		d.NodesTotal, d.NodesEvaluated, d.Message = 1, 1, "0/1 nodes are available: 1 Insufficient cpu."
	})
}

func boundDecision() framework.Decision {
	return decision(func(d *framework.Decision) {
		d.Attempt, d.DecidedAt = 2, decidedAt.Add(time.Second)
		d.PoppedAt = d.DecidedAt
		d.Nodes = []framework.NodeVerdict{fits("node-b", 1, 180), fits("node-c", 2, 120), rejects("node-a", "NodeResourcesFit", "Insufficient cpu")}
		d.NodesTotal, d.NodesEvaluated, d.NodesFeasible, d.Node = 3, 3, 2, "node-b"
		d.Bind = &framework.BindOutcome{ResourceVersion: "219"}
	})
}

func manyDecision() framework.Decision {
	return decision(func(d *framework.Decision) {
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

func prediction(d framework.Decision, suggestions *whatif.Suggestions) *Prediction {
	return &Prediction{
		ReadAt: decidedAt, ReadUntil: decidedAt.Add(time.Millisecond), Decision: NewDecision(d), BestNodes: BestNodes(d), Suggestions: suggestions,
		Lists: []whatif.List{{Resource: "simnodes", Items: 3, ResourceVersion: "12"}, {Resource: "services", Error: "forbidden"}},
	}
}

func explanation(t *testing.T, attempt int, decisions ...framework.Decision) Explanation {
	t.Helper()
	e, err := NewExplanation("default/web", decisions, attempt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExplainText(t *testing.T) {
	equal := decision(func(d *framework.Decision) {
		d.Nodes = []framework.NodeVerdict{fits("node-b", 1, 180), fits("node-c", 1, 180), fits("node-d", 3, 90)}
		d.NodesTotal, d.NodesEvaluated, d.NodesFeasible, d.Node = 3, 3, 3, "node-b"
	})
	suggestions := &whatif.Suggestions{Checks: 12, Changes: []whatif.Change{
		{Kind: whatif.LowerRequest, Description: "lower the cpu request of container main from 64 to 4", NodesFeasible: 7, Nodes: []string{"node-a", "node-b"}},
		{Kind: whatif.Uncordon, Description: "uncordon node node-c", NodesFeasible: 1, Nodes: []string{"node-c"},
			Command: `kubectl patch simnode node-c --type=merge -p '{"spec":{"unschedulable":false}}'`},
	}}
	pendingNow := explanation(t, 0, pendingDecision())
	pendingNow.Prediction = prediction(pendingDecision(), suggestions)
	helpless := explanation(t, 0, pendingDecision())
	helpless.Prediction = prediction(pendingDecision(), &whatif.Suggestions{Checks: 30})
	many := NewDecision(manyDecision())
	var retries []framework.Decision
	for i := range 40 {
		d := pendingDecision()
		d.Attempt, d.DecidedAt = i+1, decidedAt.Add(time.Duration(i)*time.Minute)
		retries = append(retries, d)
	}
	tests := map[string]struct {
		explanation Explanation
		options     ExplainOptions
	}{
		"pending":     {explanation: explanation(t, 0, pendingDecision())},
		"pending-now": {explanation: pendingNow},
		"helpless":    {explanation: helpless},
		"bound":       {explanation: explanation(t, 0, boundDecision(), pendingDecision())},
		"first":       {explanation: explanation(t, 1, boundDecision(), pendingDecision())},
		"wide":        {explanation: explanation(t, 0, boundDecision()), options: ExplainOptions{Wide: true}},
		"many":        {explanation: Explanation{Pod: "default/web", Decision: &many}},
		"retries":     {explanation: explanation(t, 0, retries...)},
		"none":        {explanation: explanation(t, 0)},
		"predicted":   {explanation: Explanation{Pod: "default/web", Prediction: prediction(equal, nil), Notes: []string{"Namespace default does not exist."}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := ExplainText(&got, tt.explanation, tt.options); err != nil {
				t.Fatal(err)
			}
			golden(t, "explain-"+name+".golden", got.String())
		})
	}
}

func TestAllNodesAreListedOneByOne(t *testing.T) {
	many := NewDecision(manyDecision())
	var got bytes.Buffer
	if err := ExplainText(&got, Explanation{Pod: "default/web", Decision: &many}, ExplainOptions{AllNodes: true}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(got.String(), "\nnode-"); n != 300 {
		t.Errorf("%d nodes are listed, want 300", n)
	}
}

func TestNewExplanation(t *testing.T) {
	lost := decision(func(d *framework.Decision) {
		d.Attempt, d.Node, d.DecidedAt = 3, "node-b", decidedAt.Add(2*time.Second)
		d.Bind = &framework.BindOutcome{Error: "conflict"}
	})
	tests := map[string]struct {
		decisions []framework.Decision
		attempt   int
		want      int // the attempt that is shown; 0 for none
		wantError string
	}{
		"the one that bound":         {decisions: []framework.Decision{lost, boundDecision(), pendingDecision()}, want: 2},
		"else the last":              {decisions: []framework.Decision{lost, pendingDecision()}, want: 3},
		"the one that is asked for":  {decisions: []framework.Decision{lost, boundDecision(), pendingDecision()}, attempt: 1, want: 1},
		"one that is not recorded":   {decisions: []framework.Decision{lost, pendingDecision()}, attempt: 7, wantError: "attempt 7 of pod default/web is not recorded: choose one of 1, 3"},
		"one where none is recorded": {attempt: 1, wantError: "no attempt is recorded"},
		"none":                       {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := NewExplanation("default/web", tt.decisions, tt.attempt)
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
	whole := explanation(t, 0, boundDecision())
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
	gated := decision(func(d *framework.Decision) { d.PreFilter = &framework.PluginVerdict{Plugin: "NodeAffinity"} })
	if _, err := explanation(t, 0, gated).OnlyNode("node-a"); err != nil {
		t.Errorf("a plugin rejected the pod for all nodes, also this one, but the error is %v", err)
	}
}

func TestExplainJSONAndYAML(t *testing.T) {
	e := explanation(t, 0, boundDecision(), pendingDecision())
	e.Prediction = prediction(pendingDecision(), &whatif.Suggestions{Checks: 3, Changes: []whatif.Change{{Kind: whatif.AddNode, Nodes: []string{"x"}}}})
	var asJSON, asYAML bytes.Buffer
	if err := ExplainJSON(&asJSON, e); err != nil {
		t.Fatal(err)
	}
	if err := ExplainYAML(&asYAML, e); err != nil {
		t.Fatal(err)
	}
	var fromJSON, fromYAML Explanation
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
