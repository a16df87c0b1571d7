// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package realcluster tests what is said of the pods of a cluster in which
// Glassplane is not installed, against the real kube-scheduler and as a user who may
// do what docs/install.md says and nothing else.
package realcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/cli"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/substrate"
)

const (
	patience = 60 * time.Second
	userName = "reader"
)

var (
	environment     *envtest.Environment
	admin           kubernetes.Interface
	dir, auditPath  string
	assets          substrate.Assets
	adminKubeconfig string
	userKubeconfig  string
)

func TestRealCluster(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Real cluster")
}

const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: [` + userName + `]}
- level: None
`

const schedulerConfiguration = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: %q}
leaderElection: {leaderElect: false}
podInitialBackoffSeconds: 1
podMaxBackoffSeconds: 1
`

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	var err error
	assets, err = substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	dir = GinkgoT().TempDir()
	auditPath = filepath.Join(dir, "audit.log")
	policy := filepath.Join(dir, "policy.yaml")
	Expect(os.WriteFile(policy, []byte(auditPolicy), 0o600)).To(Succeed())

	environment = &envtest.Environment{BinaryAssetsDirectory: assets.Dir}
	environment.ControlPlane.GetAPIServer().Configure().Set("audit-policy-file", policy).Set("audit-log-path", auditPath)
	config, err := environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	config = rest.CopyConfig(config)
	config.QPS = -1
	admin, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	adminKubeconfig = addUser("admin", "system:masters")
	userKubeconfig = addUser(userName, "readers")
	grant(ctx, documentedRole(), userName)
	startKubeScheduler(addUser("system:kube-scheduler"))
	makeNodes(ctx)
})

// addUser returns the path of a kubeconfig of a user.
func addUser(name string, groups ...string) string {
	GinkgoHelper()
	user, err := environment.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	Expect(err).NotTo(HaveOccurred())
	kubeconfig, err := user.KubeConfig()
	Expect(err).NotTo(HaveOccurred())
	path := filepath.Join(dir, strings.ReplaceAll(name, ":", "-")+".kubeconfig")
	Expect(os.WriteFile(path, kubeconfig, 0o600)).To(Succeed())
	return path
}

// documentedRole is the ClusterRole that docs/install.md shows.
func documentedRole() *rbacv1.ClusterRole {
	GinkgoHelper()
	text, err := os.ReadFile("../../docs/install.md")
	Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(text), "## Explaining real pods")
	Expect(found).To(BeTrue())
	_, block, found := strings.Cut(section, "```yaml\n")
	Expect(found).To(BeTrue())
	block, _, _ = strings.Cut(block, "```")
	role := &rbacv1.ClusterRole{}
	Expect(yaml.UnmarshalStrict([]byte(block), role)).To(Succeed())
	return role
}

// grant gives a role to a user.
func grant(ctx context.Context, role *rbacv1.ClusterRole, user string) {
	GinkgoHelper()
	role, err := admin.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
}

// addUserWithout returns the path of a kubeconfig of a user who may do what is
// documented, but for some resources.
func addUserWithout(ctx context.Context, resources ...string) string {
	GinkgoHelper()
	role := documentedRole()
	role.Name = "without-" + strings.Join(resources, "-")
	for i := range role.Rules {
		role.Rules[i].Resources = slices.DeleteFunc(role.Rules[i].Resources, func(r string) bool { return slices.Contains(resources, r) })
	}
	role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return len(r.Resources) == 0 })
	grant(ctx, role, role.Name)
	return addUser(role.Name)
}

// startKubeScheduler runs kube-scheduler until the specs are over.
func startKubeScheduler(kubeconfig string) {
	GinkgoHelper()
	if assets.Scheduler == "" {
		Skip(fmt.Sprintf("there is no kube-scheduler in %s: get it with 'make controlplane BINARIES=kube-scheduler'", assets.Dir))
	}
	file := filepath.Join(dir, "scheduler.yaml")
	Expect(os.WriteFile(file, fmt.Appendf(nil, schedulerConfiguration, kubeconfig), 0o600)).To(Succeed())
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, assets.Scheduler, "--config="+file, "--secure-port=0")
	command.Stdout, command.Stderr = io.Discard, GinkgoWriter
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	Expect(command.Start()).To(Succeed())
	DeferCleanup(func() {
		cancel()
		_ = command.Wait() // It says that it was interrupted.
	})
}

// makeNodes makes four nodes: one is cordoned, one has a taint, one is small.
func makeNodes(ctx context.Context) {
	GinkgoHelper()
	for i, change := range []func(*corev1.Node){
		func(n *corev1.Node) { n.Spec.Unschedulable = true },
		func(n *corev1.Node) {
			n.Spec.Taints = []corev1.Taint{{Key: "team", Value: "data", Effect: corev1.TaintEffectNoSchedule}}
		},
		func(n *corev1.Node) { n.Labels["disk"] = "ssd" },
		func(*corev1.Node) {},
	} {
		name := fmt.Sprintf("node-%d", i+1)
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname: name, corev1.LabelTopologyZone: string(rune('a' + i%2)),
		}}}
		node, err := admin.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		// Admission taints a new Node until the node lifecycle controller sees it
		// ready; that one does not run here.
		node.Spec.Taints = nil
		change(node)
		node, err = admin.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
		Expect(err).NotTo(HaveOccurred())
		room := corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("110"),
		}
		node.Status = corev1.NodeStatus{Capacity: room, Allocatable: room, Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}
		_, err = admin.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
		Expect(err).NotTo(HaveOccurred())
	}
}

// glassplane runs a command with a kubeconfig, and returns its exit code and what it
// prints.
func glassplane(ctx context.Context, kubeconfig string, args ...string) (code int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	code = cli.Main(ctx, "glassplane", append(args, "--kubeconfig="+kubeconfig), cli.IO{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut},
		Clock:     clock.RealClock{},
		Env:       func(string) string { return "" },
	})
	return code, out.String(), errOut.String()
}

// explained is what the documented user is told.
func explained(ctx context.Context, args ...string) explanation.Explanation {
	GinkgoHelper()
	code, stdout, stderr := glassplane(ctx, userKubeconfig, append([]string{"explain", "-o", "json"}, args...)...)
	Expect(code).To(BeZero(), stderr)
	var e explanation.Explanation
	Expect(json.Unmarshal([]byte(stdout), &e)).To(Succeed())
	return e
}

// kubectl runs a suggested command as an administrator.
func kubectl(ctx context.Context, command string) {
	GinkgoHelper()
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Env = append(os.Environ(), "PATH="+assets.Dir+":"+os.Getenv("PATH"), "KUBECONFIG="+adminKubeconfig)
	out, err := shell.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s: %s", command, out)
}
