// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package rundiff

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/history"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a result with a file.
func golden(t *testing.T, name string, r Result) {
	t.Helper()
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("(-want +got; -update writes the file anew)\n%s", diff)
	}
}

func at(ms int) *metav1.MicroTime {
	m := metav1.NewMicroTime(time.UnixMicro(1_000_000 + int64(ms)*1000).UTC())
	return &m
}

// run is a walkthrough of a pod that was bound to a node, or to none.
func run(uid types.UID, node string, boundAfter int) explain.Trace {
	t := explain.Trace{
		SchemaVersion: explain.SchemaVersion, Outcome: "Running", Reason: "runs on " + node, Complete: true,
		Subject: evidence.Object{Group: v1alpha1.GroupName, Resource: "simpods", Namespace: "default", Name: "web", UID: uid},
		Steps: []v1alpha1.WalkthroughStep{
			{Step: 1, Component: "User / API client", Action: "sends the request", Time: at(0)},
			{Step: 2, Component: "API server", Action: "admits it"},
			{Step: 3, Component: "API server", Action: "writes the pending pod to etcd", Time: at(4)},
		},
		Revisions: []explain.RevisionSummary{{Revision: 10, Kind: "create", User: "admin", State: "Pending", Text: "pending"}},
		Attempts: []explain.Attempt{{Attempt: 1, NodesTotal: 2, NodesFeasible: 1, Node: node, Nodes: []evidence.NodeVerdict{
			{Name: node, Feasible: true, Total: 300, Scores: []evidence.PluginScore{{Plugin: "NodeResourcesFit", Weighted: 300}}},
			{Name: "full", Filters: []evidence.PluginVerdict{{Plugin: "NodeResourcesFit", Code: "Unschedulable", Reasons: []string{"Insufficient cpu"}}}},
		}}},
	}
	if node == "" {
		t.Outcome, t.Reason = "Unschedulable", "0/1 nodes are available"
		t.Attempts[0] = explain.Attempt{Attempt: 1, NodesTotal: 1, Message: "0/1 nodes are available", Nodes: t.Attempts[0].Nodes[1:]}
		return t
	}
	t.Steps = append(t.Steps, v1alpha1.WalkthroughStep{Step: 4, Component: "Scheduler", Action: "binds it", Time: at(boundAfter)})
	t.Revisions = append(t.Revisions, explain.RevisionSummary{Revision: 11, Kind: "bind", Component: "Scheduler", State: "Scheduled", Node: node, Text: "bound to " + node})
	return t
}

func TestTraces(t *testing.T) {
	unread := run("u", "a", 20)
	unread.Sources = []v1alpha1.EvidenceSource{{Name: "etcd", Available: true}, {Name: "decision", Reason: "the scheduler was stopped"}}
	unread.Complete = false
	for name, test := range map[string]struct {
		first, second explain.Trace
		same          bool
		sharedTo      int64
	}{
		"the same run":               {run("u", "a", 20), run("u", "a", 20), true, 11},
		"only times differ":          {run("u", "a", 20), run("v", "a", 90), true, 0},
		"a fork went another way":    {run("u", "a", 20), run("u", "b", 30), false, 10},
		"one waits":                  {run("u", "a", 20), run("u", "", 0), false, 10},
		"another object":             {run("u", "a", 20), run("v", "b", 20), false, 0},
		"a source could not be read": {run("u", "a", 20), unread, true, 11},
	} {
		t.Run(name, func(t *testing.T) {
			r := Traces("one.json", test.first, "two.json", test.second)
			if r.Same != test.same || r.SharedTo != test.sharedTo {
				t.Errorf("Same %t, SharedTo %d; want %t, %d", r.Same, r.SharedTo, test.same, test.sharedTo)
			}
		})
	}
	golden(t, "fork", Traces("one.json", run("u", "a", 20), "two.json", run("u", "b", 30)))
	golden(t, "waits", Traces("one.json", run("u", "a", 20), "two.json", run("u", "", 0)))
	golden(t, "unread", Traces("one.json", run("u", "a", 20), "two.json", unread))
}

// stored makes a history of versions of pods: name, UID, node and when it started.
func stored(last int64, versions ...[4]string) *history.History {
	h := &history.History{}
	for i, v := range versions {
		key := "/registry/sim.glassplane.dev/simpods/default/" + v[0]
		object, _ := history.ParseKey(key)
		version := history.Version{Object: object, Key: key, Revision: int64(10 + i)}
		if v[1] != "" {
			version.Value = map[string]any{
				"metadata": map[string]any{"name": v[0], "uid": v[1]},
				"spec":     map[string]any{"nodeName": v[2]}, "status": map[string]any{"phase": "Running", "startTime": v[3]},
			}
		}
		h.Add(version)
	}
	h.Reach(last)
	return h
}

func TestHistories(t *testing.T) {
	const early, late = "2026-11-28T09:00:00Z", "2026-11-28T09:05:00Z"
	first := stored(20, [4]string{"web", "u", "a", early}, [4]string{"api", "v", "a", early}, [4]string{"gone", "w", "a", early}, [4]string{"gone"}, [4]string{"only", "x", "a", early})
	for name, test := range map[string]struct {
		second   *history.History
		same     bool
		sharedTo int64
		objects  int
	}{
		"itself":              {first, true, 14, 0},
		"only times":          {stored(20, [4]string{"web", "u", "a", late}, [4]string{"api", "v", "a", late}, [4]string{"only", "x", "a", late}), true, 0, 0},
		"moved, gone and new": {stored(31, [4]string{"web", "u", "a", early}, [4]string{"api", "v", "b", late}, [4]string{"new", "y", "b", late}), false, 10, 3},
		"made again":          {stored(20, [4]string{"web", "z", "a", early}, [4]string{"api", "v", "a", early}, [4]string{"only", "x", "a", early}), false, 0, 1},
		"empty":               {&history.History{}, false, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := Histories("one.db", first, "two.db", test.second)
			if r.Same != test.same || r.SharedTo != test.sharedTo || len(r.Objects) != test.objects {
				t.Errorf("Same %t, SharedTo %d, %d objects; want %t, %d, %d: %+v", r.Same, r.SharedTo, len(r.Objects), test.same, test.sharedTo, test.objects, r.Objects)
			}
		})
	}
	golden(t, "snapshots", Histories("one.db", first, "two.db", stored(31, [4]string{"web", "z", "a", early}, [4]string{"api", "v", "b", late}, [4]string{"new", "y", "b", late})))
}

// A fork has no times from before it: both are counted from the first step that both have.
func TestTimingsOfFork(t *testing.T) {
	first, second := run("u", "a", 20), run("u", "a", 90)
	for i := range 3 {
		second.Steps[i].Time = nil
	}
	second.Steps = append(second.Steps, v1alpha1.WalkthroughStep{Step: 5, Component: "Controller manager", Time: at(95)})
	first.Steps = append(first.Steps, v1alpha1.WalkthroughStep{Step: 5, Component: "Controller manager", Time: at(22)})
	timings := Traces("one.json", first, "two.json", second).Timings
	for i, want := range []string{"-20ms, none, none", "none, none, none", "-16ms, none, none", "0s, 0s, 0s", "2ms, 5ms, 3ms"} {
		got := shown(timings[i].First) + ", " + shown(timings[i].Second) + ", " + shown(timings[i].Later)
		if got != want {
			t.Errorf("step %d: %s, want %s", timings[i].Step, got, want)
		}
	}
}

func shown(d *metav1.Duration) string {
	if d == nil {
		return "none"
	}
	return d.Duration.String()
}

func TestBounds(t *testing.T) {
	var many [][4]string
	for i := range maxObjects + 7 {
		many = append(many, [4]string{"web" + string(rune('a'+i%26)) + time.Duration(i).String(), "u", "a", ""})
	}
	r := Histories("one.db", stored(1000, many...), "two.db", &history.History{})
	if len(r.Objects) != maxObjects || r.ObjectsOmitted != 7 {
		t.Errorf("%d objects and %d omitted", len(r.Objects), r.ObjectsOmitted)
	}
	first, second := run("u", "a", 20), run("u", "a", 20)
	for i := range maxNodes + 3 {
		name := time.Duration(i).String()
		second.Attempts[0].Nodes = append(second.Attempts[0].Nodes, evidence.NodeVerdict{Name: name, Feasible: true})
	}
	d := Traces("one.json", first, "two.json", second).Decisions[0]
	if len(d.Nodes) != maxNodes || d.NodesOmitted != 3 || d.Same {
		t.Errorf("%d nodes and %d omitted, same %t", len(d.Nodes), d.NodesOmitted, d.Same)
	}
}
