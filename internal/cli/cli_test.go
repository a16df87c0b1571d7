// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// invoke runs a command line without a cluster and returns what it printed.
func invoke(t *testing.T, env map[string]string, args ...string) (code int, out, errOut string) {
	t.Helper()
	streams, _, stdout, stderr := genericiooptions.NewTestIOStreams()
	home := t.TempDir()
	code = Main(t.Context(), "glassplane", args, IO{
		IOStreams: streams, Clock: clock.RealClock{},
		Env: func(name string) string {
			if name == "GLASSPLANE_HOME" {
				return filepath.Join(home, "nobody-runs-here")
			}
			return env[name]
		},
	})
	return code, stdout.String(), stderr.String()
}

// Bad input ends with exit code 1 and one error that says what to do.
func TestBadInput(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"no name":               {[]string{"run", "--image=nginx"}, "expected one NAME"},
		"two names":             {[]string{"run", "a", "b", "--image=nginx"}, "got 2 arguments"},
		"no image":              {[]string{"run", "web", "--dry-run=client"}, "--image is required"},
		"bad request":           {[]string{"run", "web", "--image=nginx", "--dry-run=client", "--requests=cpu=lots"}, "invalid --requests cpu=lots"},
		"bad limit":             {[]string{"run", "web", "--image=nginx", "--dry-run=client", "--limits=cpu="}, "invalid --limits cpu="},
		"bad restart policy":    {[]string{"run", "web", "--image=nginx", "--dry-run=client", "--restart=Maybe"}, `invalid --restart "Maybe"`},
		"bad dry run":           {[]string{"run", "web", "--image=nginx", "--dry-run=yes"}, "must be none, client or server"},
		"bad output":            {[]string{"run", "web", "--image=nginx", "--dry-run=client", "-o", "xml"}, `invalid --output "xml"`},
		"bad timeout":           {[]string{"run", "web", "--image=nginx", "--dry-run=client", "--timeout=0s"}, "invalid --timeout 0s"},
		"walk nothing":          {[]string{"walk"}, "expected TYPE/NAME"},
		"walk a deployment":     {[]string{"walk", "deployment/web"}, "TYPE must be simpod (sp), pod (po), simreplicaset (srs), simdeployment (sdeploy), simstatefulset (ssts), simdaemonset (sds), simjob (sjob), or request"},
		"walk without a slash":  {[]string{"walk", "web"}, "expected TYPE/NAME"},
		"walk too deep":         {[]string{"walk", "pod/default/web"}, "expected TYPE/NAME"},
		"walk without cluster":  {[]string{"walk", "simpod/web", "--kubeconfig=/nowhere"}, "reading the namespace of the kubeconfig: stat /nowhere"},
		"explain a set":         {[]string{"explain", "simreplicaset/web"}, "decisions are made about pods; see \"glassplane walk simreplicaset/web\""},
		"explain a request":     {[]string{"explain", "request/2f1c7b1e"}, "cannot explain request/2f1c7b1e"},
		"uninstall what":        {[]string{"uninstall", "all"}, `unknown command "all"`},
		"uninstall dry run":     {[]string{"uninstall", "--dry-run=server"}, `invalid --dry-run "server": must be none or client`},
		"uninstall grace":       {[]string{"uninstall", "--grace-period=-1s"}, "invalid --grace-period -1s"},
		"uninstall timeout":     {[]string{"uninstall", "--timeout=0"}, "invalid --timeout 0s"},
		"uninstall nowhere":     {[]string{"uninstall", "--kubeconfig=/nowhere"}, "finding the cluster; name one with --context or --kubeconfig"},
		"bad observer":          {[]string{"walk", "simpod/web", "--observer=nowhere"}, `invalid observer "nowhere"`},
		"unknown command":       {[]string{"fly"}, `unknown command "fly"`},
		"unknown flag":          {[]string{"demo", "--fast"}, "unknown flag: --fast"},
		"demo argument":         {[]string{"demo", "fast"}, `unknown command "fast"`},
		"demo nodes":            {[]string{"demo", "--nodes=-1"}, "invalid --nodes -1"},
		"demo port":             {[]string{"demo", "--apiserver-port=70000"}, "invalid --apiserver-port 70000"},
		"trace sampling":        {[]string{"up", "--trace-sampling=1.5"}, "must be 0 (off) to 1 (every request)"},
		"demo audit level":      {[]string{"demo", "--audit-level=All"}, `invalid --audit-level "All"`},
		"demo output":           {[]string{"demo", "-o", "pdf"}, `invalid --output "pdf"`},
		"demo timeout":          {[]string{"demo", "--timeout=-1s"}, "invalid --timeout -1s"},
		"cordon what":           {[]string{"cordon"}, "name the nodes, such as node-1, or select them with --selector"},
		"cordon both":           {[]string{"cordon", "node-1", "-l", "zone=a"}, "node names and --selector exclude each other: leave one of them out"},
		"cordon bad selector":   {[]string{"cordon", "-l", "zone=a=b"}, `invalid --selector "zone=a=b"`},
		"uncordon dry run":      {[]string{"uncordon", "node-1", "--dry-run=maybe"}, `invalid --dry-run "maybe": must be none, client or server`},
		"drain what":            {[]string{"drain", "--force"}, "name the nodes, such as node-1, or select them with --selector"},
		"drain both":            {[]string{"drain", "node-1", "--selector=zone=a"}, "node names and --selector exclude each other: leave one of them out"},
		"drain timeout":         {[]string{"drain", "node-1", "--timeout=-1s"}, "invalid --timeout -1s: must not be negative"},
		"drain skip":            {[]string{"drain", "node-1", "--skip-wait-for-delete-timeout=-1"}, "invalid --skip-wait-for-delete-timeout -1: must not be negative"},
		"drain pods":            {[]string{"drain", "node-1", "--pod-selector=app in"}, `invalid --pod-selector "app in"`},
		"drain grace":           {[]string{"drain", "node-1", "--grace-period=30s"}, `invalid argument "30s" for "--grace-period"`},
		"convert what":          {[]string{"convert", "--apply"}, "name what to convert: -f with a file, folder or URL, or - for stdin"},
		"convert no such file":  {[]string{"convert", "--apply", "-f", "/nowhere/web.yaml"}, `the path "/nowhere/web.yaml" does not exist`},
		"convert dry run":       {[]string{"convert", "--apply", "-f", "web.yaml", "--dry-run=all"}, `invalid --dry-run "all": must be none, client or server`},
		"convert by force":      {[]string{"convert", "-f", "web.yaml", "--force-conflicts"}, "--force-conflicts is for --apply"},
		"break nothing":         {[]string{"break"}, `expected TARGET and KIND, such as etcd pause; got ""`},
		"break unknown target":  {[]string{"break", "kubelet", "pause"}, `unknown target "kubelet": must be etcd, kube-apiserver or kube-controller-manager`},
		"break unknown kind":    {[]string{"break", "etcd", "burn"}, `unknown kind of disruption "burn"`},
		"break what fits not":   {[]string{"break", "kube-apiserver", "full"}, "Full does not fit kube-apiserver"},
		"break for no time":     {[]string{"break", "etcd", "pause", "--for=-1s"}, "invalid --for -1s: must not be negative"},
		"break too slow":        {[]string{"break", "etcd", "slow", "--delay=1m"}, "delay 1m0s: must be more than 0 and at most 10s"},
		"break nobody":          {[]string{"break", "etcd", "pause"}, "no control plane is running"},
		"heal nobody":           {[]string{"break", "heal"}, "no control plane is running"},
		"break list output":     {[]string{"break", "list", "-o", "wide"}, `invalid --output "wide": must be json`},
		"snapshot of nobody":    {[]string{"snapshot", "save", "/nowhere/s.db"}, "no control plane is running"},
		"snapshot where":        {[]string{"snapshot", "save"}, "expected one FILE, got 0 arguments"},
		"restore nothing":       {[]string{"snapshot", "restore", "/nowhere/s.db"}, "no such file"},
		"restore something":     {[]string{"snapshot", "restore", "cli_test.go"}, "cli_test.go: not a whole snapshot of etcd"},
		"fork from before":      {[]string{"fork", "--at-revision=-1"}, "invalid --at-revision -1: must not be negative"},
		"fork nobody":           {[]string{"fork"}, "no control plane is running"},
		"observer for all":      {[]string{"up", "--observer-address=0.0.0.0:8080"}, "must be on loopback"},
		"observer without port": {[]string{"up", "--observer-address=localhost"}, "must be HOST:PORT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := invoke(t, nil, test.args...)
			if code != 1 || !strings.Contains(errOut, test.want) {
				t.Errorf("exit code %d, stderr %q; want 1 and %q", code, errOut, test.want)
			}
			if out != "" {
				t.Errorf("stdout has %q; errors belong on stderr", out)
			}
		})
	}
}

func TestMissingBinaries(t *testing.T) {
	for _, command := range []string{"up", "demo"} {
		code, _, errOut := invoke(t, map[string]string{"KUBEBUILDER_ASSETS": t.TempDir()}, command)
		if code != 1 || !strings.Contains(errOut, "make controlplane") {
			t.Errorf("%s: exit code %d, stderr %q; want 1 and how to build the binaries", command, code, errOut)
		}
	}
}

func TestDryRunPrintsTheObject(t *testing.T) {
	code, out, errOut := invoke(t, map[string]string{"KUBECONFIG": filepath.Join(t.TempDir(), "none")},
		"run", "web", "--image=nginx:1.29", "--requests=cpu=500m", "--dry-run=client", "-o", "yaml", "-n", "shop")
	want := `apiVersion: sim.glassplane.dev/v1alpha1
kind: SimPod
metadata:
  labels:
    run: web
  name: web
  namespace: shop
spec:
  containers:
  - image: nginx:1.29
    name: web
    resources:
      requests:
        cpu: 500m
`
	if diff := cmp.Diff(want, out); code != 0 || diff != "" {
		t.Errorf("exit code %d, stderr %q, stdout (-want +got):\n%s", code, errOut, diff)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	streams, _, _, stderr := genericiooptions.NewTestIOStreams()
	io := IO{IOStreams: streams, Clock: clock.RealClock{}, Env: func(string) string { return "" }}
	code := Main(ctx, "glassplane", []string{"walk", "simpod/web", "--observer=http://127.0.0.1:1"}, io)
	if code != 130 || stderr.String() != "interrupted\n" {
		t.Errorf("exit code %d, stderr %q; want 130", code, stderr)
	}
}

// Each command has help with examples, which name the program as it was called.
func TestHelp(t *testing.T) {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	root := NewCommand("/usr/local/bin/kubectl-glassplane", IO{IOStreams: streams, Env: func(string) string { return "" }})
	for _, command := range root.Commands() {
		if command.Short == "" {
			t.Errorf("%s has no description", command.Name())
		}
		if command.Name() != "version" && !strings.Contains(command.Example, "kubectl glassplane "+command.Name()) {
			t.Errorf("%s has no example that a user of the plugin can type: %q", command.Name(), command.Example)
		}
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Usage == "" {
				t.Errorf("%s: the flag --%s has no description", command.Name(), flag.Name)
			}
		})
	}
}

// Help names the program without the folder that it was called from.
func TestHelpNamesTheProgram(t *testing.T) {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	root := NewCommand("/tmp/some/folder/glassplane", IO{IOStreams: streams, Env: func(string) string { return "" }})
	for _, command := range root.Commands() {
		if help := command.Example + command.UseLine(); strings.Contains(help, "/tmp/some") {
			t.Errorf("the help of %s names the folder: %s", command.Name(), help)
		}
	}
}

func TestParseSubject(t *testing.T) {
	for resource, forms := range map[string][][]string{
		"simpods": {{"simpod/web"}, {"sp/web"}, {"SimPods", "web"}, {"simpods.sim.glassplane.dev", "web"}},
		"pods":    {{"pod/web"}, {"po/web"}, {"Pods", "web"}},
	} {
		want := subject{resource: resource, namespace: "default", name: "web"}
		for _, args := range forms {
			got, err := parseSubject(args, "default")
			if err != nil || got != want {
				t.Errorf("parseSubject(%q) = %+v, %v; want %+v", args, got, err, want)
			}
		}
	}
	got, err := parseSubject([]string{"request/2f1c7b1e"}, "default")
	if err != nil || got != (subject{auditID: "2f1c7b1e"}) {
		t.Errorf("parseSubject of a request = %+v, %v", got, err)
	}
}

func TestDescribe(t *testing.T) {
	pod := func(change func(*v1alpha1.SimPod)) *v1alpha1.SimPod {
		p := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "7"}}
		change(p)
		return p
	}
	condition := func(kind string, status metav1.ConditionStatus, reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: kind, Status: status, Reason: reason, Message: message}}
	}
	tests := map[string]struct {
		pod     *v1alpha1.SimPod
		want    string
		settled bool
	}{
		"new": {pod(func(*v1alpha1.SimPod) {}), "stored, waits for the scheduler", false},
		"unschedulable": {pod(func(p *v1alpha1.SimPod) {
			p.Status.Phase = corev1.PodPending
			p.Status.Conditions = condition(v1alpha1.SimPodScheduled, metav1.ConditionFalse, "Unschedulable", "0/3 nodes are available")
		}), "Unschedulable: 0/3 nodes are available", false},
		"bound": {pod(func(p *v1alpha1.SimPod) { p.Spec.NodeName = "n" }), "bound to n", false},
		"ready": {pod(func(p *v1alpha1.SimPod) {
			p.Spec.NodeName, p.Status.Phase, p.Status.Summary, p.Status.StartTime = "n", corev1.PodRunning, "Running", &metav1.Time{}
			p.Status.Conditions = condition(v1alpha1.SimPodReady, metav1.ConditionTrue, "ContainersReady", "")
		}), "Running, ready on n", true},
		"completed": {pod(func(p *v1alpha1.SimPod) {
			p.Spec.NodeName, p.Status.Phase, p.Status.Summary, p.Status.StartTime = "n", corev1.PodSucceeded, "Completed", &metav1.Time{}
		}), "Completed on n", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, want := describe(test.pod), "revision 7  "+test.want; got != want {
				t.Errorf("describe = %q; want %q", got, want)
			}
			if got := isSettled(test.pod); got != test.settled {
				t.Errorf("isSettled = %v; want %v", got, test.settled)
			}
		})
	}
}
