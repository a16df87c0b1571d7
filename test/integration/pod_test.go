// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
)

const (
	nodeName      = "worker-1"
	kubeletUser   = "system:node:" + nodeName
	schedulerUser = "system:kube-scheduler"

	schedulerConfiguration = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: %q}
leaderElection: {leaderElect: false}
`
)

// Real Pods are scheduled by the real kube-scheduler. A stand-in for the kubelet
// sends the writes that a kubelet does, as the node's user.
var _ = Describe("a real Pod", Ordered, func() {
	var kubelet client.Client

	BeforeAll(func(ctx context.Context) {
		kubelet = joinNode(ctx)
		startKubeScheduler()
	})

	It("is followed through the same eight steps", func(ctx context.Context) {
		pod := createPod(ctx, "mypod", "100m")
		runPod(ctx, kubelet, pod)
		Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())

		t := traceOf(ctx, "pods", pod.Name)
		Expect(t.Outcome).To(Equal(explain.OutcomeRunning))
		Expect(stepNumbers(t)).To(ConsistOf(int32(1), int32(2), int32(3), int32(4), int32(5), int32(6), int32(7), int32(8)))
		for _, number := range []int32{3, 4, 5, 6} {
			Expect(len(sourcesOf(t.Step(number)))).To(BeNumerically(">=", 2), "step %d has evidence from %v", number, sourcesOf(t.Step(number)))
		}
		Expect(t.Step(4).Evidence[0].User).To(Equal(schedulerUser))
		Expect(t.Step(4).Effect).To(ContainSubstring("kube-scheduler serves no decisions"))
		Expect(t.Step(5).Component).To(Equal("Kubelet"))
		Expect(t.Step(5).Evidence[0].User).To(Equal(kubeletUser))
		Expect(t.Disagreements).To(BeEmpty())

		response, err := etcd.Get(ctx, "/registry/pods/default/"+pod.Name, clientv3.WithCountOnly())
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Count).To(BeEquivalentTo(1))
		Expect(t.Step(3).Evidence[0].Key).To(Equal("/registry/pods/default/" + pod.Name))
		Expect(t.Tracker[len(t.Tracker)-1].ClusterState).To(ContainSubstring("in etcd at revision " + pod.ResourceVersion))
	}, SpecTimeout(patience))

	It("stops at the scheduler where no node fits, and says why", func(ctx context.Context) {
		pod := createPod(ctx, "too-large-pod", "64")
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.Conditions).To(ContainElement(HaveField("Reason", corev1.PodReasonUnschedulable)))
		}).WithContext(ctx).Should(Succeed())

		t := traceOf(ctx, "pods", pod.Name)
		Expect(t.Outcome).To(Equal(explain.OutcomeUnschedulable))
		Expect(t.Step(4).Effect).To(ContainSubstring("0/1 nodes are available: 1 Insufficient cpu"))
		Expect(t.Step(5)).To(BeNil(), "no node runs it")
	}, SpecTimeout(patience))

	It("is followed to its end when it is evicted", func(ctx context.Context) {
		pod := createPod(ctx, "evicted", "100m")
		runPod(ctx, kubelet, pod)
		Expect(user.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{})).To(Succeed())
		endPod(ctx, kubelet, pod)

		t := traceOf(ctx, "pods", pod.Name)
		Expect(t.Outcome).To(Equal(explain.OutcomeDeleted))
		Expect(t.Step(6).Effect).To(And(
			MatchRegexp(`\d+: glassplane-admin writes the status \(phase Running, DisruptionTarget EvictionByEvictionAPI\) \(to evict it\)`),
			MatchRegexp(`\d+: glassplane-admin marks the object for deletion \(to evict it\)`),
			MatchRegexp(`\d+: Kubelet removes the key`), Not(ContainSubstring("no source names"))))
		Expect(t.Disagreements).To(BeEmpty())
	}, SpecTimeout(patience))
})

// joinNode makes a Node and returns a client with its kubelet's identity.
func joinNode(ctx context.Context) client.Client {
	GinkgoHelper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "integration-test-nodes"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:node"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:nodes"}},
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}
	for _, object := range []client.Object{binding, node} {
		Expect(user.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(user.Delete(ctx, object)).To(Succeed()) })
	}
	// Admission taints a new Node until the node lifecycle controller sees it
	// ready; that one does not run here.
	node.Spec.Taints = nil
	Expect(user.Update(ctx, node)).To(Succeed())
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	node.Status = corev1.NodeStatus{Capacity: room, Allocatable: room}
	Expect(user.Status().Update(ctx, node)).To(Succeed())

	config, err := cluster.Local.UserConfig(kubeletUser, []string{"system:nodes"})
	Expect(err).NotTo(HaveOccurred())
	config.UserAgent = "kubelet/v1.37.2 (linux/amd64) kubernetes/abcdef0"
	c, err := client.New(config, client.Options{Scheme: scheme.New()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// startKubeScheduler runs kube-scheduler until the specs are over.
func startKubeScheduler() {
	GinkgoHelper()
	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	if assets.Scheduler == "" {
		Skip(fmt.Sprintf("there is no kube-scheduler in %s: get it with 'make controlplane BINARIES=kube-scheduler'", assets.Dir))
	}
	config, err := cluster.Local.UserConfig(schedulerUser, nil)
	Expect(err).NotTo(HaveOccurred())
	dir := GinkgoT().TempDir()
	kubeconfig, file := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "config.yaml")
	Expect(clientcmd.WriteToFile(kubeconfigOf(config), kubeconfig)).To(Succeed())
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

func kubeconfigOf(config *rest.Config) clientcmdapi.Config {
	const name = "integration-test"
	out := clientcmdapi.NewConfig()
	out.Clusters[name] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	out.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	out.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	out.CurrentContext = name
	return *out
}

func createPod(ctx context.Context, name, cpu string) *corev1.Pod {
	GinkgoHelper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "main", Image: "nginx",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
		}}},
	}
	Expect(user.Create(ctx, pod)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(user.Delete(ctx, pod, client.GracePeriodSeconds(0)))).To(Succeed())
	})
	return pod
}

// runPod waits until the pod is bound and writes the statuses that a kubelet
// does until its container runs, each after a get, as strategic merge patches.
func runPod(ctx context.Context, kubelet client.Client, pod *corev1.Pod) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(kubelet.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(pod.Spec.NodeName).To(Equal(nodeName))
	}).WithContext(ctx).Should(Succeed())
	reportStatus(ctx, kubelet, pod, corev1.PodPending, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}})
	reportStatus(ctx, kubelet, pod, corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}})
}

// endPod does what a kubelet does with a pod that is marked for deletion: it
// reports that its container has ended and asks for the pod's removal.
func endPod(ctx context.Context, kubelet client.Client, pod *corev1.Pod) {
	GinkgoHelper()
	reportStatus(ctx, kubelet, pod, corev1.PodSucceeded, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed"}})
	Expect(kubelet.Delete(ctx, pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})).To(Succeed())
	Eventually(func() bool {
		return apierrors.IsNotFound(user.Get(ctx, client.ObjectKeyFromObject(pod), &corev1.Pod{}))
	}).WithContext(ctx).Should(BeTrue())
}

func reportStatus(ctx context.Context, kubelet client.Client, pod *corev1.Pod, phase corev1.PodPhase, state corev1.ContainerState) {
	GinkgoHelper()
	Expect(kubelet.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
	before := pod.DeepCopy()
	ready := corev1.ConditionFalse
	if state.Running != nil {
		ready = corev1.ConditionTrue
	}
	pod.Status.Phase = phase
	pod.Status.Conditions = slices.DeleteFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady })
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.Now()})
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "main", Image: "nginx", ImageID: "nginx@sha256:" + strings.Repeat("0", 64), State: state, Ready: state.Running != nil,
	}}
	Expect(kubelet.Status().Patch(ctx, pod, client.StrategicMergeFrom(before))).To(Succeed())
}
