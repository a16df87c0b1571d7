// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/test/wrappers"
)

const (
	namespace = v1alpha1.SystemNamespace
	// Overlays of the deployment.
	defaultConfig = "config/default"
	kubeadmConfig = "config/kubeadm"
)

// components are the names of the Deployments.
var components = []string{manager.SchedulerName, manager.ControllerManagerName, manager.ObserverName}

// deployed is the overlay that the cluster has; empty for none.
var deployed string

// ensureDeployed deploys an overlay as a user would, unless the cluster has it.
func ensureDeployed(ctx context.Context, overlay string) {
	GinkgoHelper()
	if deployed != overlay {
		deploy(ctx, overlay, image)
	}
}

// deploy runs make deploy and waits until everything is rolled out.
func deploy(ctx context.Context, overlay, image string) {
	GinkgoHelper()
	deployed = ""
	Expect(runMake(ctx, "deploy", "CONFIG="+overlay, "IMG="+image)).To(Succeed())
	Eventually(rolledOut).WithContext(ctx).Should(Succeed())
	deployed = overlay
}

// rolledOut returns an error while a component has pods that are old or not
// available, or no leader among its pods.
func rolledOut(ctx context.Context) error {
	for _, name := range components {
		var d appsv1.Deployment
		if err := k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &d); err != nil {
			return err
		}
		want, s := *d.Spec.Replicas, d.Status
		if s.ObservedGeneration != d.Generation || s.Replicas != want || s.UpdatedReplicas != want || s.AvailableReplicas != want {
			return fmt.Errorf("%s: %d replicas, %d updated, %d available, want %d", name, s.Replicas, s.UpdatedReplicas, s.AvailableReplicas, want)
		}
		if err := hasLeader(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// hasLeader returns an error while the leader of a component is none of its pods,
// or one that is being deleted.
func hasLeader(ctx context.Context, component string) error {
	var lease coordinationv1.Lease
	if err := k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: component}, &lease); err != nil {
		return err
	}
	pods, err := componentPods(ctx, component)
	if err != nil {
		return err
	}
	leader := leaderOf(&lease)
	if !slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return pod.Name == leader }) {
		return fmt.Errorf("%s: the leader %q is none of its pods", component, leader)
	}
	return nil
}

// componentPods returns a component's pods that are not being deleted.
func componentPods(ctx context.Context, component string) ([]corev1.Pod, error) {
	var d appsv1.Deployment
	if err := k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: component}, &d); err != nil {
		return nil, err
	}
	var pods corev1.PodList
	err := k8sClient.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels(d.Spec.Selector.MatchLabels))
	return slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return !pod.DeletionTimestamp.IsZero() }), err
}

// makeNamespace makes a namespace for a spec.
func makeNamespace(ctx context.Context) string {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
	Expect(k8sClient.Create(ctx, ns)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(k8sClient.Delete(ctx, ns))).To(Succeed())
	})
	return ns.Name
}

// makeNodes makes SimNodes for a spec and waits until they are ready.
func makeNodes(ctx context.Context, prefix string, count int) {
	GinkgoHelper()
	wait := []string{"wait", "--for=condition=Ready", "--timeout=60s"}
	for i := range count {
		node := wrappers.MakeSimNode().Name(fmt.Sprintf("%s-%d", prefix, i)).Capacity("cpu", "8", "memory", "16Gi").Obj()
		node.Status = v1alpha1.SimNodeStatus{}
		Expect(k8sClient.Create(ctx, node)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(client.IgnoreNotFound(k8sClient.Delete(ctx, node))).To(Succeed())
		})
		wait = append(wait, "simnode/"+node.Name)
	}
	kubectl(ctx, wait...)
}

var _ = Describe("The deployment of config/default", SpecPriority(priorityDefault), func() {
	BeforeEach(func(ctx SpecContext) { ensureDeployed(ctx, defaultConfig) })

	It("is available, and its pods keep to the Pod Security level that is enforced", func(ctx SpecContext) {
		var ns corev1.Namespace
		Expect(k8sClient.Get(ctx, client.ObjectKey{Name: namespace}, &ns)).To(Succeed())
		Expect(ns.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))
		for _, component := range components {
			pods, err := componentPods(ctx, component)
			Expect(err).NotTo(HaveOccurred())
			Expect(pods).NotTo(BeEmpty())
			for _, pod := range pods {
				Expect(pod.Status.ContainerStatuses[0].RestartCount).To(BeZero(), "restarts of %s", pod.Name)
			}
		}
		// A level is enforced when a pod is admitted; one that does not keep to it is not.
		privileged := wrappers.MakePod().Namespace(namespace).Name("privileged").Obj()
		privileged.UID = ""
		err := k8sClient.Create(ctx, privileged, client.DryRunAll)
		Expect(err).To(MatchError(ContainSubstring("violates PodSecurity")))
	})

	It("explains a request, and says which sources this cluster does not offer", func(ctx SpecContext) {
		ns := makeNamespace(ctx)
		makeNodes(ctx, "default", 1)
		createSimPod(ctx, ns, "web")
		trace := eventualWalk(ctx, ns, "simpod/web", func(g Gomega, trace explain.Trace) {
			g.Expect(trace.Outcome).To(BeEquivalentTo("Running"))
			g.Expect(unavailable(trace)).To(ConsistOf("audit", "etcd", "span"))
			g.Expect(entries(trace, "decision")).To(BeNumerically(">", 0), "entries of the scheduler's endpoint")
			g.Expect(entries(trace, "transition")).To(BeNumerically(">", 0), "entries of the controller manager's endpoint")
			g.Expect(entries(trace, "watch")).To(BeNumerically(">", 0))
		})
		for _, source := range trace.Sources {
			if !source.Available {
				Expect(source.Reason).NotTo(BeEmpty(), "why %s is not available", source.Name)
			}
		}
		Expect(trace.Step(4).Evidence).To(ContainElement(HaveField("Source", "decision")))
		Expect(trace.Step(5).Evidence).To(ContainElement(HaveField("Source", "transition")))
	})
})
