// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/test/golden"
)

const clusterFile = "testdata/cluster.yaml"

// TestExplainRealPods: what is said of pods of a real cluster, from a file of it.
func TestExplainRealPods(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
	}{
		"pending":         {args: []string{"pod/web-7d4b-b", "--exit-code"}, code: 2},
		"changed-since":   {args: []string{"pod/web-7d4b-c"}},
		"running":         {args: []string{"pod/web-7d4b-a", "--exit-code"}},
		"fits":            {args: []string{"pod/small", "--exit-code"}},
		"gated":           {args: []string{"pod/gated"}},
		"resource-claims": {args: []string{"pod/devices"}},
		"finished":        {args: []string{"pod/done"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := explainWith(t, "", append(test.args, "--from="+clusterFile)...)
			if code != test.code || stderr != "" {
				t.Fatalf("exit code %d, want %d; stderr: %s", code, test.code, stderr)
			}
			golden.Check(t, filepath.Join("testdata", "explain-real-"+name+".golden"), stdout)
		})
	}
}

const realDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: big}
spec:
  replicas: 5
  selector: {matchLabels: {app: big}}
  template:
    metadata: {labels: {app: big}}
    spec: {containers: [{name: main, image: a, resources: {requests: {cpu: 200m}}}]}
`

// TestRealPodsTogether: what is said of many pods of a real cluster.
func TestRealPodsTogether(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
	}{
		"pending":    {args: []string{"pending", "-A", "--exit-code"}, code: 2},
		"deployment": {args: []string{"explain", "deploy/web"}},
		"manifest":   {args: []string{"explain", "-f", "-", "--exit-code"}, code: 2},
		"daemons":    {args: []string{"explain", "-f", "testdata/daemons.yaml"}},
		"refused":    {args: []string{"explain", "-f", "-", "-n", "small", "--exit-code"}, code: 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runOffline(t, realDeployment, append(test.args, "--from="+clusterFile)...)
			if code != test.code || stderr != "" {
				t.Fatalf("exit code %d, want %d; stderr: %s", code, test.code, stderr)
			}
			golden.Check(t, filepath.Join("testdata", "real-"+name+".golden"), stdout)
		})
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no such deployment": {[]string{"explain", "deployment/none"}, "deployment/none has no pods in namespace default"},
		"a node of many":     {[]string{"explain", "deployment/web", "--node=node-1"}, "are for one pod"},
		"watching a file":    {[]string{"pending", "-w"}, "either --watch or --from"},
		"too often":          {[]string{"pending", "--interval=1ms"}, "must be at least 2s"},
		"a SimPod":           {[]string{"explain", "-f", "-"}, "a file of a real cluster takes a Pod"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runOffline(t, simPodHeader, append(test.args, "--from="+clusterFile)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 1, nothing and %q", code, stdout, stderr, test.want)
			}
		})
	}
}

func TestExplainRealPodsAsJSON(t *testing.T) {
	code, stdout, stderr := explainWith(t, "", "pod/devices", "--from="+clusterFile, "-o", "json")
	if code != 0 {
		t.Fatal(stderr)
	}
	var got explanation.Explanation
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.APIVersion != "explanation.glassplane.dev/v1" || got.Kind != "Explanation" || !got.Real {
		t.Errorf("it is %s %s, real %v", got.APIVersion, got.Kind, got.Real)
	}
	if len(got.NotEvaluated) == 0 || got.NotEvaluated[0].What != "DynamicResources" {
		t.Errorf("not evaluated: %+v, want DynamicResources first", got.NotEvaluated)
	}
	if strings.Contains(stdout, "secret") {
		t.Error("the environment of a container is told")
	}
}

func TestExplainRealPodsRefusesBadInput(t *testing.T) {
	whole, err := os.ReadFile(clusterFile)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, _ = writer.Write(whole)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	scheduler := func(text string) string {
		return file(strings.ReplaceAll(t.Name(), "/", "-")+"-scheduler.yaml", []byte("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"+text))
	}
	tests := map[string]struct {
		args []string
		want string
	}{
		"a pod that is gone": {[]string{"pod/none", "--from=" + clusterFile}, "it has no pod none in namespace default"},
		"another namespace":  {[]string{"pod/small", "-n", "b", "--from=" + clusterFile}, "it has no pod small in namespace b"},
		"another scheduler":  {[]string{"pod/other", "--from=" + clusterFile}, `pod default/other is one of scheduler "volcano", whose configuration is not known: known is default-scheduler`},
		"no file":            {[]string{"pod/a", "--from=none.yaml"}, `the file "none.yaml" does not exist`},
		"cut off":            {[]string{"pod/small", "--from=" + file("cut.yaml.gz", zipped.Bytes()[:zipped.Len()/2])}, "it is cut off"},
		"cut YAML":           {[]string{"pod/small", "--from=" + file("cut.yaml", whole[:len(whole)/2])}, "cut off"},
		"not of a cluster":   {[]string{"pod/small", "--from=" + file("no.yaml", []byte("a: b\n"))}, "an object without apiVersion and kind"},
		"empty":              {[]string{"pod/small", "--from=" + file("empty.yaml", nil)}, "it has no nodes"},
		"pods only":          {[]string{"pod/small", "--from=" + file("pods.yaml", []byte("apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}]\n"))}, "it has no nodes"},
		"a simulated pod":    {[]string{"simpod/a", "--from=" + clusterFile}, "cannot explain simpod/a from a file"},
		"an attempt":         {[]string{"pod/small", "--attempt=2", "--from=" + clusterFile}, "--attempt is for simulated pods"},
		"stdin twice":        {[]string{"-f", "-", "--from=-"}, "both --from and -f read stdin"},
		"no such context":    {[]string{"pod/small", "--context=none"}, "context was not found for specified context: none"},
		"our own file":       {[]string{"pod/small", "--from=" + clusterFile, "--scheduler-config=" + file("own.yaml", []byte("apiVersion: config.glassplane.dev/v1alpha1\nkind: SchedulerConfiguration\n"))}, "real pods are decided about with KubeSchedulerConfiguration"},
		"an unknown field":   {[]string{"pod/small", "--from=" + clusterFile, "--scheduler-config=" + scheduler("profile: []\n")}, `unknown field "profile"`},
		"no such node":       {[]string{"pod/small", "--node=none", "--from=" + clusterFile}, `node "none" was not considered`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := explainWith(t, "", test.args...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 1, nothing and %q", code, stdout, stderr, test.want)
			}
			if strings.Count(stderr, "\n") > 1 {
				t.Errorf("the error is not one line: %q", stderr)
			}
		})
	}
	t.Run("compressed", func(t *testing.T) {
		if code, _, stderr := explainWith(t, "", "pod/small", "--from="+file("whole.yaml.gz", zipped.Bytes())); code != 0 {
			t.Error(stderr)
		}
	})
}
