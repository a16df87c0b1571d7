// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"io"
	"regexp"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/manager"
)

var _ = Describe("Under load", SpecPriority(priorityKubeadm), func() {
	var l *load

	BeforeEach(func(ctx SpecContext) {
		ensureDeployed(ctx, kubeadmConfig)
		expectNoneTerminating(ctx)
		l = startLoad(ctx)
		expectProgress(ctx, l)
	})

	It("another takes over from a leader that is killed, and no pod is lost or bound twice", func(ctx SpecContext) {
		for _, component := range components {
			By("killing the leader of " + component)
			before := leaseOf(ctx, component)
			killLeader(ctx, before, component != manager.ObserverName)
			Eventually(ctx, func(g Gomega) {
				lease := leaseOf(ctx, component)
				g.Expect(leaderOf(lease)).NotTo(BeElementOf("", leaderOf(before)))
				g.Expect(*lease.Spec.LeaseTransitions).To(BeNumerically(">", *before.Spec.LeaseTransitions))
			}).Should(Succeed())
			expectProgress(ctx, l)
		}
		l.expectAllSucceed(ctx)

		By("reading what the new leaders have to say")
		Eventually(rolledOut).WithContext(ctx).Should(Succeed())
		ns := makeNamespace(ctx)
		createSimPod(ctx, ns, "after")
		eventualWalk(ctx, ns, "simpod/after", func(g Gomega, trace explain.Trace) {
			isWhole(g, trace, evidence.SourceAudit, evidence.SourceWatch, evidence.SourceEtcd, evidence.SourceDecision, evidence.SourceTransition)
		})
	})

	It("an upgrade replaces all components, and no pod is lost or bound twice", func(ctx SpecContext) {
		old := map[types.UID]string{}
		logs, began := &errorLog{}, metav1.Now()
		for _, component := range components {
			pods, err := componentPods(ctx, component)
			Expect(err).NotTo(HaveOccurred())
			for _, pod := range pods {
				old[pod.UID] = pod.Name
				logs.follow(ctx, pod.Name, began)
			}
		}
		deploy(ctx, kubeadmConfig, upgradeImage)
		expectProgress(ctx, l)
		for _, component := range components {
			pods, err := componentPods(ctx, component)
			Expect(err).NotTo(HaveOccurred())
			for _, pod := range pods {
				Expect(old).NotTo(HaveKey(pod.UID), "pods of before the upgrade")
				Expect(pod.Spec.Containers[0].Image).To(Equal(upgradeImage))
				Expect(pod.Status.ContainerStatuses[0].RestartCount).To(BeZero(), "restarts of %s", pod.Name)
				logs.follow(ctx, pod.Name, began)
			}
		}
		l.expectAllSucceed(ctx)
		Expect(logs.errors()).To(BeEmpty(), "errors that the components logged")
	})
})

// expectNoneTerminating waits until the namespaces of earlier specs are gone, whose
// removal is not to be mixed up with what this one does.
func expectNoneTerminating(ctx context.Context) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		var namespaces corev1.NamespaceList
		g.Expect(k8sClient.List(ctx, &namespaces)).To(Succeed())
		for _, ns := range namespaces.Items {
			g.Expect(ns.DeletionTimestamp).To(BeNil(), "namespace %s is being deleted", ns.Name)
		}
	}).Should(Succeed())
}

// expectProgress waits until pods that are created from now on succeed.
func expectProgress(ctx context.Context, l *load) {
	GinkgoHelper()
	// Pods of before may wait for the scheduler, so all of them have to.
	want := l.soFar() + loadRate
	Eventually(ctx, func() int { return l.history.in(string(corev1.PodSucceeded)) }).Should(BeNumerically(">=", want), "pods that succeeded")
}

// leaseOf returns the Lease that a component elects its leader with.
func leaseOf(ctx context.Context, component string) *coordinationv1.Lease {
	GinkgoHelper()
	var lease coordinationv1.Lease
	Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: component}, &lease)).To(Succeed())
	return &lease
}

// leaderOf returns the name of the pod that holds a Lease; empty for none.
func leaderOf(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	pod, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return pod
}

// killLeader deletes the pod that holds a Lease without grace. With crash, its
// process gets a SIGKILL first, so that it cannot release the Lease, and what it
// was writing stays half done.
func killLeader(ctx context.Context, lease *coordinationv1.Lease, crash bool) {
	GinkgoHelper()
	var pod corev1.Pod
	Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: leaderOf(lease)}, &pod)).To(Succeed())
	if crash {
		id := strings.TrimPrefix(pod.Status.ContainerStatuses[0].ContainerID, "containerd://")
		Expect(run(ctx, "docker", "exec", pod.Spec.NodeName,
			"ctr", "--namespace=k8s.io", "tasks", "kill", "--signal=SIGKILL", id)).To(Succeed())
	}
	Expect(k8sClient.Delete(ctx, &pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})).To(Succeed())
}

var (
	errorLine = regexp.MustCompile(`"level":"error"|^error:|^panic:`)
	// stopLine is what controller-runtime logs as an error when a leader is asked
	// to stop: that it leads no longer, and what it was about to write.
	stopLine = regexp.MustCompile(`"error":"leader election lost"|context canceled`)
	// raceLine is what client-go logs as an error of two replicas that ask at once
	// for a Lease that was released: the second is refused, and asks again.
	raceLine = regexp.MustCompile(`leaderelection","msg":"Failed to update lease".*the object has been modified`)
)

// errorLog collects the errors that pods log while it follows them.
type errorLog struct {
	mu    sync.Mutex
	lines []string
}

// follow reads a pod's log since a time until the pod ends, or the spec does.
func (e *errorLog) follow(ctx context.Context, pod string, since metav1.Time) {
	GinkgoHelper()
	stream, err := kubeClient.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Follow: true, SinceTime: &since}).Stream(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(stream.Close)
	go e.read(pod, stream)
}

func (e *errorLog) read(pod string, log io.Reader) {
	for scanner := bufio.NewScanner(log); scanner.Scan(); {
		if line := scanner.Text(); errorLine.MatchString(line) && !stopLine.MatchString(line) && !raceLine.MatchString(line) {
			e.mu.Lock()
			e.lines = append(e.lines, pod+": "+line)
			e.mu.Unlock()
		}
	}
}

func (e *errorLog) errors() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lines
}
