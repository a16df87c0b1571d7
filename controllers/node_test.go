// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/nodelifecycle"
	"github.com/glassplane/glassplane/controllers/podgc"
	"github.com/glassplane/glassplane/controllers/simnode"
	"github.com/glassplane/glassplane/controllers/simpod"
)

func leaseOf(node *v1alpha1.SimNode) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: v1alpha1.NodeLeaseNamespace, Name: node.Name}}
}

var _ = Describe("simnode", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			return simnode.SetupWithManager(mgr, simnode.Options{KubeletVersion: "v1.2.3"})
		})
	})

	It("registers a node, renews its lease and then writes nothing else", func(ctx SpecContext) {
		node := newNode()
		node.Spec.Reserved = v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("5")}
		node.Spec.Simulation = &v1alpha1.NodeSimulation{HeartbeatInterval: &metav1.Duration{Duration: time.Second}}
		Expect(admin.Create(ctx, node)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, node).Status.Summary).To(Equal("Ready"))
		}).Should(Succeed())
		Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelHostname, node.Name))
		Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelOSStable, "linux"))
		Expect(node.Status.Capacity).To(HaveKeyWithValue(corev1.ResourcePods, resource.MustParse("110")))
		Expect(node.Status.Allocatable).To(HaveKeyWithValue(corev1.ResourceCPU, resource.MustParse("0")))
		Expect(node.Status.NodeInfo.KubeletVersion).To(Equal("v1.2.3"))
		Expect(node.Spec.Taints).To(BeEmpty())
		version := node.ResourceVersion

		lease := get(ctx, leaseOf(node))
		Expect(lease.OwnerReferences).To(HaveLen(1))
		Expect(lease.OwnerReferences[0].UID).To(Equal(node.UID))
		Expect(*lease.Spec.LeaseDurationSeconds).To(Equal(int32(4)))
		first := lease.Spec.RenewTime.Time
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, lease).Spec.RenewTime.Time).To(BeTemporally(">", first.Add(time.Second)))
		}).Should(Succeed())
		Expect(get(ctx, node).ResourceVersion).To(Equal(version))
	})

	It("keeps a booting node tainted from the start until it is ready", func(ctx SpecContext) {
		node := newNode()
		node.Spec.Simulation = &v1alpha1.NodeSimulation{BootDelay: &metav1.Duration{Duration: 2 * time.Second}}
		Expect(admin.Create(ctx, node)).To(Succeed())
		Eventually(func(g Gomega) {
			get(ctx, node)
			if len(node.Status.Allocatable) > 0 {
				g.Expect(node.Spec.Taints).To(ContainElement(HaveField("Key", corev1.TaintNodeNotReady)))
			}
			g.Expect(condition(node.Status.Conditions, v1alpha1.SimNodeReady)).To(Equal("False/NodeBooting"))
		}).Should(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, node).Status.Conditions, v1alpha1.SimNodeReady)).To(Equal("True/KubeletReady"))
		}).Should(Succeed())
	})

	It("counts what is allocated with a heartbeat", func(ctx SpecContext) {
		node := newNode()
		node.Spec.Simulation = &v1alpha1.NodeSimulation{HeartbeatInterval: &metav1.Duration{Duration: time.Second}}
		Expect(admin.Create(ctx, node)).To(Succeed())
		Expect(admin.Create(ctx, newPod(node.Name))).To(Succeed())
		Expect(admin.Create(ctx, newPod(node.Name))).To(Succeed())
		Eventually(func(g Gomega) {
			get(ctx, node)
			g.Expect(node.Status.PodCount).To(Equal(int32(2)))
			g.Expect(node.Status.Allocated).To(HaveKeyWithValue(corev1.ResourceCPU, resource.MustParse("1")))
		}).Should(Succeed())
	})
})

var _ = Describe("nodelifecycle", func() {
	beat := func(ctx SpecContext, node *v1alpha1.SimNode) {
		GinkgoHelper()
		lease := leaseOf(node)
		lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
		if err := admin.Create(ctx, lease); err != nil {
			get(ctx, lease)
			lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
			Expect(admin.Update(ctx, lease)).To(Succeed())
		}
	}
	taints := func(ctx SpecContext, node *v1alpha1.SimNode) func() []string {
		return func() []string {
			out := []string{}
			for _, t := range get(ctx, node).Spec.Taints {
				out = append(out, t.ToString())
			}
			return out
		}
	}

	It("takes a silent node for dead, evicts its pods in time, and forgives it when it is back", func(ctx SpecContext) {
		startManager(func(mgr ctrl.Manager) error {
			return nodelifecycle.SetupWithManager(mgr, nodelifecycle.Options{GracePeriod: time.Second})
		})
		node := readyNode(ctx)
		beat(ctx, node)
		short, long, patient := newPod(node.Name), newPod(node.Name), newPod(node.Name)
		short.Spec.Tolerations = []corev1.Toleration{{
			Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists,
			Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(1)),
		}}
		patient.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		for _, pod := range []*v1alpha1.SimPod{short, long, patient} {
			Expect(admin.Create(ctx, pod)).To(Succeed())
			base := pod.DeepCopy()
			pod.Status.Phase = corev1.PodRunning
			pod.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue,
				Reason: v1alpha1.ReasonContainersReady, LastTransitionTime: metav1.Now()}}
			Expect(admin.Status().Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
		}
		Eventually(func(g Gomega) {
			get(ctx, node)
			g.Expect(condition(node.Status.Conditions, v1alpha1.SimNodeReady)).To(Equal("Unknown/NodeStatusUnknown"))
			g.Expect(node.Status.Summary).To(Equal("Unknown"))
		}).Should(Succeed())
		Eventually(taints(ctx, node)).Should(ConsistOf(
			"node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"))
		Eventually(func(g Gomega) {
			get(ctx, short)
			g.Expect(short.DeletionTimestamp).NotTo(BeNil())
			g.Expect(condition(short.Status.Conditions, v1alpha1.SimPodDisruptionTarget)).To(Equal("True/DeletionByTaintManager"))
		}).Should(Succeed())
		for _, pod := range []*v1alpha1.SimPod{long, patient} {
			Expect(get(ctx, pod).DeletionTimestamp).To(BeNil())
			Expect(condition(pod.Status.Conditions, v1alpha1.SimPodReady)).To(Equal("False/ContainersReady"))
		}

		beat(ctx, node)
		setNodeReady(ctx, node, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		Eventually(taints(ctx, node)).Should(BeEmpty())
	})

	It("evicts pods that do not tolerate a user's NoExecute taint", func(ctx SpecContext) {
		startManager(func(mgr ctrl.Manager) error {
			return nodelifecycle.SetupWithManager(mgr, nodelifecycle.Options{GracePeriod: time.Hour})
		})
		node := readyNode(ctx)
		pod, tolerant := newPod(node.Name), newPod(node.Name)
		tolerant.Spec.Tolerations = []corev1.Toleration{{Key: "maintenance", Operator: corev1.TolerationOpExists}}
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Expect(admin.Create(ctx, tolerant)).To(Succeed())
		base := get(ctx, node).DeepCopy()
		node.Spec.Taints = []corev1.Taint{{Key: "maintenance", Effect: corev1.TaintEffectNoExecute}}
		Expect(admin.Patch(ctx, node, client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) { g.Expect(get(ctx, pod).DeletionTimestamp).NotTo(BeNil()) }).Should(Succeed())
		Expect(get(ctx, tolerant).DeletionTimestamp).To(BeNil())
	})
})

var _ = Describe("all controllers of nodes and pods together", func() {
	It("boot a node, run a pod on it, and write nothing but leases when nothing happens", func(ctx SpecContext) {
		history := simpod.NewHistory(100)
		startManager(func(mgr ctrl.Manager) error {
			return errors.Join(
				simnode.SetupWithManager(mgr, simnode.Options{}),
				nodelifecycle.SetupWithManager(mgr, nodelifecycle.Options{}),
				podgc.SetupWithManager(mgr, podgc.Options{}),
				simpod.SetupWithManager(mgr, simpod.Options{Recorder: history}),
			)
		})
		node := newNode()
		node.Spec.Simulation = &v1alpha1.NodeSimulation{
			BootDelay: &metav1.Duration{Duration: time.Second}, HeartbeatInterval: &metav1.Duration{Duration: time.Second},
		}
		Expect(admin.Create(ctx, node)).To(Succeed())
		pod := newPod(node.Name)
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
		Eventually(func(g Gomega) {
			get(ctx, node)
			g.Expect(node.Status.Summary).To(Equal("Ready"))
			g.Expect(node.Status.PodCount).To(Equal(int32(1)))
			g.Expect(node.Spec.Taints).To(BeEmpty())
			g.Expect(node.Status.ObservedGeneration).To(Equal(node.Generation), "the removal of the taint is a new generation")
		}).Should(Succeed())

		nodeVersion, podVersion := node.ResourceVersion, pod.ResourceVersion
		lease := get(ctx, leaseOf(node))
		renewed := lease.Spec.RenewTime.Time
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, lease).Spec.RenewTime.Time).To(BeTemporally(">", renewed.Add(2*time.Second)))
		}).Should(Succeed())
		Expect(get(ctx, node).ResourceVersion).To(Equal(nodeVersion))
		Expect(get(ctx, pod).ResourceVersion).To(Equal(podVersion))

		By("collecting the pod once the node is deleted")
		Expect(admin.Delete(ctx, node)).To(Succeed())
		Eventually(exists(ctx, pod)).Should(BeFalse())
	})
})

var _ = Describe("podgc", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error { return podgc.SetupWithManager(mgr, podgc.Options{}) })
	})

	It("removes the pods of a node that is deleted, also those that are being deleted", func(ctx SpecContext) {
		node, other := readyNode(ctx), readyNode(ctx)
		pod, terminating, kept := newPod(node.Name), newPod(node.Name), newPod(other.Name)
		for _, p := range []*v1alpha1.SimPod{pod, terminating, kept} {
			Expect(admin.Create(ctx, p)).To(Succeed())
		}
		Expect(admin.Delete(ctx, terminating)).To(Succeed())
		Expect(exists(ctx, terminating)()).To(BeTrue())
		Expect(admin.Delete(ctx, node)).To(Succeed())
		Eventually(exists(ctx, pod)).Should(BeFalse())
		Eventually(exists(ctx, terminating)).Should(BeFalse())
		Expect(get(ctx, kept).Status.Phase).To(BeEmpty())
	})

	It("removes a pod that is bound to a node that never existed", func(ctx SpecContext) {
		pod := newPod("nowhere")
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(exists(ctx, pod)).Should(BeFalse())
	})
})
