// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// testOptions are of a cluster in an empty cache; no Docker is used.
func testOptions(t *testing.T, env map[string]string) Options {
	t.Helper()
	if env == nil {
		env = map[string]string{}
	}
	env["GLASSPLANE_CACHE"] = t.TempDir()
	return Options{Env: func(name string) string { return env[name] }}.withDefaults()
}

func TestClusterConfig(t *testing.T) {
	s := state{dir: "/state", APIServerPort: 1234, EtcdPort: 5678}
	config, err := clusterConfig(s, true)
	if err != nil {
		t.Fatal(err)
	}
	if config.Networking.APIServerAddress != "127.0.0.1" || config.Networking.APIServerPort != 1234 {
		t.Errorf("networking = %+v", config.Networking)
	}
	if len(config.Nodes) != 1 || config.Nodes[0].Role != v1alpha4.ControlPlaneRole {
		t.Fatalf("nodes = %+v, want one control plane", config.Nodes)
	}
	node := config.Nodes[0]
	mounts := map[string]string{}
	for _, mount := range node.ExtraMounts {
		mounts[mount.ContainerPath] = mount.HostPath
	}
	want := map[string]string{"/etc/kubernetes/audit/audit-policy.yaml": "/state/audit-policy.yaml", "/var/log/kubernetes": "/state/audit"}
	for inNode, onHost := range want {
		if mounts[inNode] != onHost {
			t.Errorf("mount of %s = %q, want %q", inNode, mounts[inNode], onHost)
		}
	}
	if len(node.ExtraPortMappings) != 1 || node.ExtraPortMappings[0].ContainerPort != 2379 || node.ExtraPortMappings[0].HostPort != 5678 {
		t.Errorf("ports = %+v, want etcd's", node.ExtraPortMappings)
	}
	if patches := strings.Join(config.ContainerdConfigPatches, ""); !strings.Contains(patches, "restrict_oom_score_adj = true") {
		t.Errorf("containerd's patches = %q", patches)
	}
	if config, err := clusterConfig(s, false); err != nil || len(config.ContainerdConfigPatches) != 0 {
		t.Errorf("with the capability: %v, %v, want no patch", config.ContainerdConfigPatches, err)
	}
}

func TestBoundingSetHas(t *testing.T) {
	tests := []struct {
		name, status string
		want         bool
	}{
		{"all", "Name:\tx\nCapBnd:\t000001ffffffffff\n", true},
		{"all but it", "Name:\tx\nCapBnd:\t000001fffeffffff\n", false},
		{"not said", "Name:\tx\n", true},
	}
	for _, tt := range tests {
		if got := boundingSetHas(tt.status, capSysResource); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestPrepareAndRead(t *testing.T) {
	options := testOptions(t, nil)
	prepared, err := stateOf(options).prepare()
	if err != nil {
		t.Fatal(err)
	}
	read, err := stateOf(options).read()
	if err != nil || read != prepared {
		t.Errorf("read = %+v, %v, want %+v", read, err, prepared)
	}
	if read.APIServerPort == 0 || read.APIServerPort == read.EtcdPort {
		t.Errorf("ports are %d and %d", read.APIServerPort, read.EtcdPort)
	}
	log, err := os.Stat(filepath.Join(read.auditDir(), "audit.log"))
	if err != nil || runtime.GOOS != "windows" && log.Mode().Perm()&0o044 != 0o044 {
		t.Errorf("audit log: %v, %v, want one that all can read", log, err)
	}
	if policy, err := os.ReadFile(read.policy()); err != nil || !bytes.Contains(policy, []byte("audit.k8s.io/v1")) {
		t.Errorf("policy: %v", err)
	}
}

func TestStateOfWithoutCache(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	options := Options{Env: func(string) string { return "" }}.withDefaults()
	if runtime.GOOS != "linux" {
		t.Skip("the cache's folder is found in other ways on " + runtime.GOOS)
	}
	if _, err := Up(t.Context(), options); err == nil || !strings.Contains(err.Error(), "GLASSPLANE_CACHE") {
		t.Errorf("Up = %v, want an error that says what to set", err)
	}
}

// Where nothing runs, nothing is found and nothing is to be removed; no Docker
// is asked.
func TestNothingRuns(t *testing.T) {
	options := testOptions(t, nil)
	t.Setenv("PATH", "")
	if _, err := Open(t.Context(), options); !errors.Is(err, ErrNotRunning) {
		t.Errorf("Open = %v, want ErrNotRunning", err)
	}
	if err := Down(t.Context(), options); err != nil {
		t.Errorf("Down = %v, want none", err)
	}
	if _, err := stateOf(options).prepare(); err != nil {
		t.Fatal(err)
	}
	if err := Down(t.Context(), options); err != nil {
		t.Errorf("Down after a start that got nowhere = %v, want none", err)
	}
	if _, err := os.Stat(filepath.Dir(stateOf(options).dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of clusters is still there: %v", err)
	}
}

func TestLockClusterWaits(t *testing.T) {
	options := testOptions(t, nil)
	unlock, err := lockCluster(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Down(ctx, options); !errors.Is(err, context.Canceled) {
		t.Errorf("Down = %v, want it to wait for the other one", err)
	}
}

// Each holder of the lock removes its file, so that the next one may have opened
// one that is no longer there: still, only one at a time has the lock.
func TestLockClusterExcludes(t *testing.T) {
	const holders, rounds = 4, 20
	options := testOptions(t, nil)
	var inside atomic.Int32
	var all sync.WaitGroup
	for range holders {
		all.Go(func() {
			for range rounds {
				unlock, err := lockCluster(t.Context(), options)
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two have the lock")
				}
				runtime.Gosched()
				inside.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(filepath.Dir(stateOf(options).dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left = %v, %v, want nothing", left, err)
	}
}

func TestDockerOf(t *testing.T) {
	options := testOptions(t, nil)
	s := stateOf(options)
	tests := []struct{ name, env, want string }{
		{"none", "", ""},
		{"another", "tcp://192.0.2.1:2375", "tcp://192.0.2.1:2375"},
		{"our own", s.socket(), ""},
		{"that of another cluster", "unix://" + filepath.Join(filepath.Dir(s.dir), "other", "docker", "docker.sock"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := options
			options.Env = func(string) string { return tt.env }
			if got := dockerOf(options, s).host; got != tt.want {
				t.Errorf("host = %q, want %q", got, tt.want)
			}
		})
	}
}

// fakeDocker puts a docker command first in the path, which does as the shell
// script says.
func fakeDocker(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestNodeImage(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the fake docker is a shell script")
	}
	tests := []struct {
		name, script, env string
		want, wantErr     string
	}{
		{name: "one that is asked for", script: "exit 0", env: "example.com/node:1", want: "example.com/node:1"},
		{name: "and pulled", script: "case $1 in image) exit 1;; pull) echo from example; exit 0;; esac", env: "example.com/node:1", want: "example.com/node:1"},
		{name: "and is nowhere", script: "exit 1", env: "example.com/node:1", wantErr: "KIND_NODE_IMAGE=example.com/node:1"},
		{name: "the default", script: "[ $1 = image ]", want: "kindest/node:"},
		{name: "the default, pulled", script: "[ $1 = pull ]", want: "kindest/node:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fakeDocker(t, tt.script)
			s := state{Daemon: otherDaemon}
			got, err := docker{}.nodeImage(t.Context(), testOptions(t, map[string]string{ImageEnv: tt.env}), &s)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error = %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || !strings.HasPrefix(got, tt.want) || tt.want == "" {
				t.Errorf("nodeImage = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestPullSaysWhatDockerSaid(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the fake docker is a shell script")
	}
	fakeDocker(t, "echo no such host >&2; exit 1")
	err := docker{}.pull(t.Context(), &bytes.Buffer{}, "example.com/node:1")
	if err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("pull = %v, want what docker said", err)
	}
}

func TestNotReady(t *testing.T) {
	node := func(status corev1.ConditionStatus) *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: "n"},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status}}},
		}
	}
	dns := func(available int32) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: "kube-system"},
			Spec:       appsv1.DeploymentSpec{Replicas: new(int32(2))},
			Status:     appsv1.DeploymentStatus{AvailableReplicas: available},
		}
	}
	tests := []struct {
		name string
		node *corev1.Node
		dns  *appsv1.Deployment
		want string
	}{
		{"ready", node(corev1.ConditionTrue), dns(2), ""},
		{"node", node(corev1.ConditionFalse), dns(2), "node n is not ready"},
		{"DNS", node(corev1.ConditionTrue), dns(1), "CoreDNS has 1 of 2 replicas"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := notReady(t.Context(), fake.NewClientset(tt.node, tt.dns)); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("notReady = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	l := logger{out: &out}
	l.V(0).Infof("node %d\n", 1)
	l.V(1).Info("detail")
	l.Warn("100%")
	l.Errorf("broken %s", "node")
	if want := "node 1\nwarning: 100%\nerror: broken node\n"; out.String() != want {
		t.Errorf("log = %q, want %q", out.String(), want)
	}
}

func TestFreePorts(t *testing.T) {
	first, second, err := freePorts()
	if err != nil || first == second {
		t.Fatalf("freePorts = %d, %d, %v, want two", first, second, err)
	}
	for _, port := range []int{first, second} {
		listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err != nil {
			t.Errorf("port %d is not free: %v", port, err)
			continue
		}
		_ = listener.Close()
	}
}
