// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/capacity"
	"github.com/glassplane/glassplane/test/golden"
)

const capacityFile = "testdata/capacity.yaml"

// TestCapacity: what is said of how much fits into a real cluster, from a file of it.
func TestCapacity(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
	}{
		"fit":            {args: []string{"-f", "testdata/capacity-pod.yaml"}},
		"quota":          {args: []string{"-f", "testdata/capacity-pod.yaml", "-n", "shop"}},
		"bounded":        {args: []string{"-f", "testdata/capacity-pod.yaml", "--max=3"}},
		"drain":          {args: []string{"--drain=worker-1,worker-3,worker-5,worker-1"}, code: 2},
		"drain-fits":     {args: []string{"--drain=worker-2"}},
		"drain-selector": {args: []string{"--drain=worker-4"}, code: 2},
		"drain-bounded":  {args: []string{"--drain=worker-1", "--max=1"}, code: 2},
		"drain-nothing":  {args: []string{"--drain=control-1"}},
		"compress":       {args: []string{"--compress"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runOffline(t, "", append([]string{"capacity", "--exit-code", "--from=" + capacityFile}, test.args...)...)
			if code != test.code || stderr != "" {
				t.Errorf("exit code %d, want %d; stderr: %s", code, test.code, stderr)
			}
			golden.Check(t, filepath.Join("testdata", "capacity-"+name+".golden"), stdout)
		})
	}
}

func TestCapacityAsJSON(t *testing.T) {
	code, stdout, stderr := runOffline(t, "", "capacity", "--drain=worker-4", "--from="+capacityFile, "-o", "json")
	if code != 0 {
		t.Fatal(stderr)
	}
	var got capacity.Report
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.APIVersion != "explanation.glassplane.dev/v1" || got.Kind != "Capacity" || got.Fit != nil || got.Compress != nil {
		t.Errorf("it is %s %s, with fit %v and compress %v", got.APIVersion, got.Kind, got.Fit, got.Compress)
	}
	if got.Drain == nil || len(got.Drain.Causes) != 1 || len(got.Drain.Causes[0].Rejections) == 0 || len(got.Lists) == 0 {
		t.Errorf("the drain is %+v, the lists are %v", got.Drain, got.Lists)
	}
	if len(got.NotEvaluated) != 1 || !strings.HasPrefix(got.NotEvaluated[0].What, "services") {
		t.Errorf("not evaluated: %+v, want the lists of the default spreading", got.NotEvaluated)
	}
}

func TestCapacityRefusesBadInput(t *testing.T) {
	folder := t.TempDir()
	simulated := filepath.Join(folder, "none.yaml")
	if err := os.WriteFile(simulated, []byte("apiVersion: v1\nkind: List\nitems: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pod := func(spec string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {" + spec + "containers: [{name: main}]}\n"
	}
	tests := map[string]struct {
		manifest string
		args     []string
		want     string
	}{
		"nothing":            {"", nil, "give one of -f, --drain and --compress"},
		"two things":         {"", []string{"--compress", "--drain=worker-1"}, "give one of -f, --drain and --compress"},
		"an empty name":      {"", []string{"--drain=worker-1,"}, `invalid --drain "worker-1,"`},
		"no pods":            {"", []string{"--compress", "--max=0"}, "invalid --max 0: must be 1 to 100000"},
		"unknown output":     {"", []string{"--compress", "-o", "xml"}, `invalid --output "xml"`},
		"stdin twice":        {"", []string{"-f", "-", "--from=-"}, "both --from and -f read stdin"},
		"a node misspelt":    {"", []string{"--drain=worker1"}, `node "worker1" does not exist: do you mean worker-1 or`},
		"an unknown node":    {"", []string{"--drain=somewhere-else"}, `node "somewhere-else" does not exist: there are 6 others`},
		"no manifest":        {"", []string{"-f", "none.yaml"}, `the file "none.yaml" does not exist`},
		"a SimPod":           {simPodHeader, []string{"-f", "-"}, "stdin: kind is \"SimPod\""},
		"a DaemonSet":        {"", []string{"-f", "testdata/daemons.yaml"}, "a DaemonSet has one pod on each node"},
		"an unknown field":   {pod("nodeSelect: {}, "), []string{"-f", "-"}, `unknown field "spec.nodeSelect"`},
		"another scheduler":  {pod("schedulerName: volcano, "), []string{"-f", "-"}, `is one of scheduler "volcano"`},
		"a cluster of none":  {"", []string{"--compress", "--from=" + simulated}, "it has no nodes"},
		"a file that is not": {"", []string{"--compress", "--from=none.yaml"}, `the file "none.yaml" does not exist`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runOffline(t, test.manifest, append([]string{"capacity", "--from=" + capacityFile}, test.args...)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 1, nothing and %q", code, stdout, stderr, test.want)
			}
			if strings.Count(stderr, "\n") > 1 {
				t.Errorf("the error is not one line: %q", stderr)
			}
		})
	}
}
