// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
	"github.com/glassplane/glassplane/test/wrappers"
)

// explainWith runs the command without any cluster or observer.
func explainWith(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runOffline(t, stdin, append([]string{"explain"}, args...)...)
}

// runOffline runs a command without any cluster or observer.
func runOffline(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	home := t.TempDir()
	code = Main(t.Context(), "glassplane", args, IO{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &out, ErrOut: &errOut},
		Clock:     clocktesting.NewFakeClock(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)),
		Env: func(name string) string {
			return map[string]string{"GLASSPLANE_HOME": home, "KUBECONFIG": filepath.Join(home, "none")}[name]
		},
	})
	return code, out.String(), errOut.String()
}

const simPodHeader = "apiVersion: sim.glassplane.dev/v1alpha1\nkind: SimPod\nmetadata: {name: web}\n"

func TestExplainRefusesBadInput(t *testing.T) {
	const container = "spec: {containers: [{name: main, image: nginx}]}\n"
	tests := map[string]struct {
		manifest string
		args     []string // in place of -f -
		want     string   // part of the error
	}{
		"no argument":            {args: []string{}, want: "name the pod, such as simpod/web, or give a manifest with -f"},
		"both":                   {args: []string{"simpod/web", "-f", "x.yaml"}, want: "give either -f or the name of a pod"},
		"unknown output":         {args: []string{"simpod/web", "-o", "xml"}, want: `invalid --output "xml": must be text, wide, json, yaml`},
		"attempt of a manifest":  {args: []string{"-f", "-", "--attempt=2"}, want: "--attempt is for pods that exist"},
		"negative attempt":       {args: []string{"simpod/web", "--attempt=-1"}, want: "attempts are numbered from 1"},
		"too many suggestions":   {args: []string{"simpod/web", "--suggestions=99"}, want: "invalid --suggestions 99: must be 0 to 50"},
		"one and all nodes":      {args: []string{"simpod/web", "--node=a", "--all-nodes"}, want: "either --node or --all-nodes"},
		"unknown type":           {args: []string{"service/web"}, want: `cannot follow a "service"`},
		"a request":              {args: []string{"request/1234"}, want: "name the pod, such as simpod/web"},
		"missing file":           {args: []string{"-f", "does-not-exist.yaml"}, want: `the file "does-not-exist.yaml" does not exist`},
		"a folder":               {args: []string{"-f", os.TempDir()}, want: "reading the manifest"},
		"empty":                  {manifest: "# nothing\n---\n", want: "stdin: no manifest in it"},
		"not YAML":               {manifest: "a: b: c", want: "not a manifest in YAML or JSON"},
		"a list":                 {manifest: "- a\n- b\n", want: "not a manifest in YAML or JSON"},
		"several":                {manifest: simPodHeader + container + "---\n" + simPodHeader + container, want: "it holds 2 documents, must hold one"},
		"no kind":                {manifest: "metadata: {name: web}\n" + container, want: "apiVersion and kind are missing: set apiVersion: sim.glassplane.dev/v1alpha1 and kind: SimPod"},
		"wrong kind":             {manifest: "apiVersion: v1\nkind: Service\n", want: `kind is "Service" and apiVersion "v1", which is not a pod`},
		"a workload":             {manifest: "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {}}\n", want: "stdin: metadata.name is missing"},
		"wrong version":          {manifest: "apiVersion: sim.glassplane.dev/v9\nkind: SimPod\n", want: `apiVersion "sim.glassplane.dev/v9"`},
		"unknown field":          {manifest: simPodHeader + "spec: {containers: [{name: main, image: nginx, resurces: {}}]}", want: `unknown field "spec.containers[0].resurces"`},
		"unknown field of a Pod": {manifest: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeSelectr: {a: b}, containers: [{name: a, image: b}]}", want: `unknown field "spec.nodeSelectr"`},
		"a field twice":          {manifest: simPodHeader + "spec: {restartPolicy: Always, restartPolicy: Never}", want: `key "restartPolicy" already set`},
		"wrong type":             {manifest: simPodHeader + "spec: {containers: main}", want: "containers"},
		"bad quantity":           {manifest: simPodHeader + "spec: {containers: [{name: main, image: a, resources: {requests: {cpu: lots}}}]}", want: `spec.containers[0].resources.requests.cpu is "lots": must be a quantity such as 500m or 2Gi`},
		"negative quantity":      {manifest: simPodHeader + "spec: {containers: [{name: main, image: a, resources: {limits: {cpu: -1}}}]}", want: "spec.containers[0].resources.limits.cpu is -1: quantities must not be negative"},
		"no name":                {manifest: strings.ReplaceAll(simPodHeader, "name: web", "") + container, want: "metadata.name is missing"},
		"no container":           {manifest: simPodHeader + "spec: {}", want: "spec.containers is empty"},
		"a container without":    {manifest: simPodHeader + "spec: {containers: [{image: nginx}]}", want: "spec.containers[0].name is missing"},
		"bound":                  {manifest: simPodHeader + "spec: {nodeName: a, containers: [{name: main, image: nginx}]}", want: `spec.nodeName is "a": such a pod is not scheduled; remove the field`},
		"another scheduler's":    {manifest: simPodHeader + "spec: {schedulerName: mine, containers: [{name: main, image: nginx}]}", want: `spec.schedulerName is "mine", which has no profile: must be glassplane-scheduler`},
		"two namespaces":         {manifest: strings.ReplaceAll(simPodHeader, "web", "web, namespace: a") + container, args: []string{"-f", "-", "-n", "b"}, want: `metadata.namespace is "a", but --namespace is "b"`},
		"too large":              {manifest: strings.Repeat("#", maxManifestBytes+1), want: "is larger than"},
		"no cluster, good input": {manifest: simPodHeader + container, want: "start one with: glassplane up"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.args == nil {
				tt.args = []string{"-f", "-"}
			}
			code, stdout, stderr := explainWith(t, tt.manifest, tt.args...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 1, nothing and %q", code, stdout, stderr, tt.want)
			}
			if strings.Count(stderr, "\n") > 1 {
				t.Errorf("the error is not one line: %q", stderr)
			}
		})
	}
}

func TestDecodePod(t *testing.T) {
	const pod = `
apiVersion: v1
kind: Pod
metadata: {name: real, labels: {app: web}}
spec:
  hostNetwork: true
  enableServiceLinks: false
  serviceAccountName: builder
  nodeSelector: {disk: ssd}
  tolerations: [{key: gpu, operator: Exists}]
  volumes: [{name: data, emptyDir: {}}, {name: disk, csi: {driver: a}}]
  containers:
  - name: main
    image: nginx
    command: [nginx]
    env: [{name: A, value: b}]
    ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081}]
    resources: {requests: {cpu: 500m}}
`
	got, notes, err := decodePod([]byte(pod))
	if err != nil {
		t.Fatal(err)
	}
	wantNotes := []string{
		"The Pod is read as a SimPod of glassplane-scheduler.",
		"Left out, for a simulated pod does not have it, although it matters where a pod may run: spec.volumes[1].csi. kube-scheduler may decide otherwise.",
		"Left out, for a simulated pod does not have it and it does not matter where a pod may run: spec.containers[0].command, spec.containers[0].env, " +
			"spec.volumes[0].emptyDir, spec.enableServiceLinks, spec.hostNetwork, spec.serviceAccountName.",
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	container := got.Spec.Containers[0]
	if got.Kind != "SimPod" || got.Labels["app"] != "web" || got.Spec.NodeSelector["disk"] != "ssd" || got.Spec.SchedulerName != v1alpha1.DefaultSchedulerName ||
		container.Ports[0].HostPort != 80 || container.Ports[1].HostPort != 8081 || !container.Resources.Requests[corev1.ResourceCPU].Equal(resource.MustParse("500m")) {
		t.Errorf("pod is %+v", got)
	}

	t.Run("JSON, and empty documents around it", func(t *testing.T) {
		got, notes, err := decodePod([]byte(`---
{"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimPod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "main", "image": "nginx"}]}}
---
`))
		if err != nil || len(notes) > 0 || got.Name != "web" {
			t.Errorf("pod %v, notes %v, error %v", got, notes, err)
		}
	})
}

func FuzzDecodePod(f *testing.F) {
	f.Add([]byte(simPodHeader + "spec: {containers: [{name: a, image: b}]}"))
	f.Add([]byte("apiVersion: v1\nkind: Pod\nspec: {containers: 7, overhead: [1], initContainers: [null, {resources: 1}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if pod, _, err := decodePod(data); err == nil && pod == nil {
			t.Error("neither a pod nor an error")
		}
	})
}

// TestRequestsOfPodsThatAreRead: what a Pod requests decides where it fits, also
// where sidecars and resources of the pod as a whole make up the sum.
func TestRequestsOfPodsThatAreRead(t *testing.T) {
	const pod, container = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n", "  containers: [{name: main, image: a, resources: {requests: {cpu: 1500m}}}]\n"
	tests := map[string]struct {
		manifest string
		want     string // the node of 2 cpus, or none
	}{
		"containers": {manifest: pod + container, want: "a"},
		"an init container": {
			manifest: pod + container + "  overhead: {cpu: 250m}\n  initContainers: [{name: prepare, image: a, resources: {requests: {cpu: 1}}}]\n", want: "a",
		},
		"a sidecar": {
			manifest: pod + container + "  initContainers: [{name: proxy, image: a, restartPolicy: Always, resources: {requests: {cpu: 1}}}]\n",
		},
		"the pod as a whole": {manifest: pod + "  resources: {requests: {cpu: 3}}\n  containers: [{name: main, image: a}]\n"},
	}
	node := wrappers.MakeSimNode().Name("a").Capacity("cpu", "2", "memory", "4Gi").Obj()
	node.Status.Conditions = append(node.Status.Conditions, metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue})
	profile, err := plugins.DefaultProfile(v1alpha1.DefaultSchedulerName)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod, _, err := decodePod([]byte(test.manifest))
			if err != nil {
				t.Fatal(err)
			}
			what, err := whatif.NewCluster(whatif.Objects{Simulated: true, Nodes: []*corev1.Node{node.ToNode()}}).SimCase(pod, profile)
			if err != nil {
				t.Fatal(err)
			}
			d := what.Predict(time.Time{}, 0)
			if d.Node != test.want || d.Node == "" && !strings.Contains(d.Message, "Insufficient cpu") {
				t.Errorf("would get node %q (%s), want %q", d.Node, d.Message, test.want)
			}
		})
	}
}
