// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/rundiff"
)

// traceFile writes a walkthrough whose pod runs on a node.
func traceFile(t *testing.T, node string) string {
	t.Helper()
	data, err := json.Marshal(explain.Trace{
		SchemaVersion: explain.SchemaVersion, Outcome: "Running", Reason: "runs on " + node, Complete: true,
		Revisions: []explain.RevisionSummary{{Revision: 7, Kind: "bind", Component: "Scheduler", State: "Scheduled", Node: node}},
		Attempts:  []explain.Attempt{{Attempt: 1, Node: node, NodesTotal: 3, NodesFeasible: 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), node+".json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiffBadInput(t *testing.T) {
	trace := traceFile(t, "a")
	file := func(content string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"one file":         {[]string{trace}, "expected two files, RUN1 and RUN2, got 1 arguments"},
		"no such file":     {[]string{trace, "/nowhere.json"}, "reading the run: open /nowhere.json: no such file"},
		"a cut file":       {[]string{trace, file(`{"schemaVersion": "glassplane`)}, "not a whole walkthrough"},
		"another document": {[]string{trace, file(`{"schemaVersion": "glassplane.dev/what-if-result/v1"}`)}, `schemaVersion is "glassplane.dev/what-if-result/v1": must be "glassplane.dev/trace/v1", as "walk -o json" writes it`},
		"a text":           {[]string{trace, file("hello")}, `nor is it a walkthrough, as "walk -o json" writes it`},
		"an empty file":    {[]string{trace, file("")}, "not a whole snapshot of etcd"},
		"wrong output":     {[]string{trace, trace, "-o", "yaml"}, `invalid --output "yaml"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := invoke(t, nil, append([]string{"diff"}, test.args...)...)
			if code != 1 || out != "" || !strings.Contains(errOut, test.want) {
				t.Errorf("code %d, out %q, stderr has no %q:\n%s", code, out, test.want, errOut)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	a, b := traceFile(t, "a"), traceFile(t, "b")
	code, out, errOut := invoke(t, nil, "diff", a, b)
	if code != 0 || errOut != "" {
		t.Errorf("code %d: %s", code, errOut)
	}
	for _, want := range []string{"Running: runs on a", "Running: runs on b", "OBJECTS", "WRITES", "bind by Scheduler: Scheduled on a", "DECISIONS", "chose b (3 of 3 nodes fit)"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	code, out, _ = invoke(t, nil, "diff", a, b, "-o", "json", "--exit-code")
	var r rundiff.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitDiffers || r.Same || r.SchemaVersion != rundiff.SchemaVersion {
		t.Errorf("code %d, %v: %s", code, err, out)
	}
	code, out, errOut = invoke(t, nil, "diff", a, a, "--exit-code")
	if code != 0 || !strings.Contains(out, "They are the same, but for times.") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
}
