// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	admissionv1 "k8s.io/api/admissionregistration/v1"
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
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
)

// mutePolicy refuses the heartbeats of a node.
func mutePolicy(node string) (*admissionv1.ValidatingAdmissionPolicy, *admissionv1.ValidatingAdmissionPolicyBinding) {
	name := "mute-" + node
	return &admissionv1.ValidatingAdmissionPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
					RuleWithOperations: admissionv1.RuleWithOperations{
						Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
						Rule:       admissionv1.Rule{APIGroups: []string{"coordination.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"leases"}},
					},
				}}},
				MatchConditions: []admissionv1.MatchCondition{{Name: "of-the-node", Expression: "object.metadata.name == '" + node + "'"}},
				Validations:     []admissionv1.Validation{{Expression: "false", Message: node + " is cut off"}},
			},
		}, &admissionv1.ValidatingAdmissionPolicyBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			},
		}
}

func leaseOf(node *v1alpha1.SimNode) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: v1alpha1.NodeLeaseNamespace, Name: node.Name}}
}

var _ = Describe("simnode", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			return simnode.SetupWithManager(mgr, simnode.Options{KubeletVersion: "v1.2.3", Events: recorderOf(mgr)})
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

	It("sends its heartbeat again within one retry, however often it was refused", NodeTimeout(time.Minute), func(ctx SpecContext) {
		node := newNode()
		node.Spec.Simulation = &v1alpha1.NodeSimulation{HeartbeatInterval: &metav1.Duration{Duration: time.Second}}
		Expect(admin.Create(ctx, node)).To(Succeed())
		Eventually(func(g Gomega) { g.Expect(get(ctx, node).Status.Summary).To(Equal("Ready")) }).Should(Succeed())
		mute, binding := mutePolicy(node.Name)
		Expect(admin.Create(ctx, mute)).To(Succeed())
		Expect(admin.Create(ctx, binding)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, binding))).To(Succeed())
			Expect(admin.Delete(ctx, mute)).To(Succeed())
		})
		renewed := func() (time.Time, error) {
			lease := leaseOf(node)
			err := admin.Get(ctx, client.ObjectKeyFromObject(lease), lease)
			return lease.Spec.RenewTime.Time, err
		}
		// Silent for several intervals, in which the pauses would have grown.
		last := time.Now()
		Eventually(func(g Gomega) {
			at, err := renewed()
			g.Expect(err).NotTo(HaveOccurred())
			if at.After(last) {
				last = at
			}
			g.Expect(time.Since(last)).To(BeNumerically(">", 6*time.Second))
		}).WithTimeout(40 * time.Second).Should(Succeed())
		Expect(admin.Delete(ctx, binding)).To(Succeed())
		Eventually(renewed).WithTimeout(5 * time.Second).Should(BeTemporally(">", last))
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
			return nodelifecycle.SetupWithManager(mgr, nodelifecycle.Options{GracePeriod: time.Second, Events: recorderOf(mgr)})
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
		By("saying so in columns and events")
		Eventually(podSummary(ctx, short)).Should(Equal("Terminating"))
		Eventually(eventsOf(ctx, short)).Should(ConsistOf("NodeNotReady: Node is not ready",
			"TaintManagerEviction: Marking for deletion Pod default/"+short.Name))
		Eventually(eventsOf(ctx, node)).Should(ContainElement("NodeNotReady: Node " + node.Name + " status is now: NodeNotReady"))
		Eventually(func(g Gomega) { g.Expect(get(ctx, node).Status.PodCount).To(Equal(int32(3))) }).Should(Succeed())
		for _, pod := range []*v1alpha1.SimPod{long, patient} {
			Expect(get(ctx, pod).DeletionTimestamp).To(BeNil())
			Expect(condition(pod.Status.Conditions, v1alpha1.SimPodReady)).To(Equal("False/ContainersReady"))
		}

		beat(ctx, node)
		setNodeReady(ctx, node, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		Eventually(taints(ctx, node)).Should(BeEmpty())
		Eventually(eventsOf(ctx, long)).Should(ConsistOf("NodeNotReady: Node is not ready",
			"TaintManagerEviction: Cancelling deletion of Pod default/"+long.Name))
	})

	It("evicts pods that do not tolerate a user's NoExecute taint", func(ctx SpecContext) {
		startManager(func(mgr ctrl.Manager) error {
			return nodelifecycle.SetupWithManager(mgr, nodelifecycle.Options{GracePeriod: time.Hour, Events: recorderOf(mgr)})
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
		history := feed.NewStore[evidence.Transition](feed.Limits{Items: 100, Bytes: 1 << 20})
		startManager(func(mgr ctrl.Manager) error {
			return errors.Join(
				simnode.SetupWithManager(mgr, simnode.Options{Events: recorderOf(mgr)}),
				nodelifecycle.SetupWithManager(mgr, nodelifecycle.Options{Events: recorderOf(mgr)}),
				podgc.SetupWithManager(mgr, podgc.Options{}),
				simpod.SetupWithManager(mgr, simpod.Options{Recorder: history, Events: recorderOf(mgr)}),
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
		Expect(get(ctx, kept).Status.Phase).To(Equal(corev1.PodPending))
	})

	It("fails a pod that is deleted before it has a node, where a finalizer keeps it", func(ctx SpecContext) {
		pod := newPod("")
		pod.Finalizers = []string{"example.com/hold"}
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Expect(admin.Delete(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Failed"))
		Expect(pod.Finalizers).To(ConsistOf("example.com/hold"))
	})

	It("removes terminating pods of a node that is out of service, and no others", func(ctx SpecContext) {
		node := newNode()
		Expect(admin.Create(ctx, node)).To(Succeed())
		setNodeReady(ctx, node, metav1.ConditionUnknown, v1alpha1.ReasonNodeStatusUnknown)
		terminating, kept := newPod(node.Name), newPod(node.Name)
		Expect(admin.Create(ctx, terminating)).To(Succeed())
		Expect(admin.Create(ctx, kept)).To(Succeed())
		Expect(admin.Delete(ctx, terminating)).To(Succeed())
		Consistently(exists(ctx, terminating), 300*time.Millisecond).Should(BeTrue())
		base := node.DeepCopy()
		node.Spec.Taints = []corev1.Taint{{Key: corev1.TaintNodeOutOfService, Effect: corev1.TaintEffectNoExecute}}
		Expect(admin.Patch(ctx, node, client.MergeFrom(base))).To(Succeed())
		Eventually(exists(ctx, terminating)).Should(BeFalse())
		Expect(exists(ctx, kept)()).To(BeTrue())
	})

	It("removes a pod that is bound to a node that never existed", func(ctx SpecContext) {
		pod := newPod("nowhere")
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(exists(ctx, pod)).Should(BeFalse())
	})
})

var _ = Describe("podgc of ended pods", func() {
	const threshold = 2
	start := func() {
		startManager(func(mgr ctrl.Manager) error {
			return podgc.SetupWithManager(mgr, podgc.Options{TerminatedPodThreshold: threshold, CheckPeriod: 100 * time.Millisecond})
		})
	}
	// podIn creates a pod in a phase.
	podIn := func(ctx context.Context, node string, phase corev1.PodPhase) *v1alpha1.SimPod {
		GinkgoHelper()
		pod := newPod(node)
		Expect(admin.Create(ctx, pod)).To(Succeed())
		base := pod.DeepCopy()
		pod.Status.Phase = phase
		Expect(admin.Status().Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
		return pod
	}

	It("deletes the oldest beyond the threshold, whether their node is silent or not", func(ctx SpecContext) {
		start()
		node := newNode()
		Expect(admin.Create(ctx, node)).To(Succeed())
		setNodeReady(ctx, node, metav1.ConditionUnknown, v1alpha1.ReasonNodeStatusUnknown)
		running := podIn(ctx, node.Name, corev1.PodRunning)
		var ended []*v1alpha1.SimPod
		for _, phase := range []corev1.PodPhase{corev1.PodSucceeded, corev1.PodFailed} {
			ended = append(ended, podIn(ctx, node.Name, phase))
		}
		Consistently(func() (n int, err error) {
			var pods v1alpha1.SimPodList
			err = admin.List(ctx, &pods, client.InNamespace("default"))
			return len(pods.Items), err
		}, 500*time.Millisecond).Should(Equal(3), "as many as the threshold stay")

		Eventually(func() bool { return time.Now().After(ended[1].CreationTimestamp.Add(time.Second)) }).Should(BeTrue())
		ended = append(ended, podIn(ctx, node.Name, corev1.PodSucceeded))
		Eventually(func() (left int, err error) {
			for _, pod := range ended {
				there, failed := exists(ctx, pod)()
				if err = errors.Join(err, failed); there {
					left++
				}
			}
			return left, err
		}).Should(Equal(threshold))
		Expect(exists(ctx, ended[0])()).To(BeFalse(), "the oldest goes")
		Expect(exists(ctx, running)()).To(BeTrue())
		Consistently(exists(ctx, ended[2]), 300*time.Millisecond).Should(BeTrue())
	})

	It("deletes no other pod where somebody holds the oldest", func(ctx SpecContext) {
		node := readyNode(ctx)
		held := newPod(node.Name)
		held.Finalizers = append(held.Finalizers, "example.com/hold")
		Expect(admin.Create(ctx, held)).To(Succeed())
		base := held.DeepCopy()
		held.Status.Phase = corev1.PodSucceeded
		Expect(admin.Status().Patch(ctx, held, client.MergeFrom(base))).To(Succeed())
		Eventually(func() bool { return time.Now().After(held.CreationTimestamp.Add(time.Second)) }).Should(BeTrue())
		kept := []*v1alpha1.SimPod{podIn(ctx, node.Name, corev1.PodFailed), podIn(ctx, node.Name, corev1.PodSucceeded)}
		start()
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, held).DeletionTimestamp).NotTo(BeNil())
			g.Expect(held.Finalizers).To(ConsistOf("example.com/hold"))
		}).Should(Succeed())
		for _, pod := range kept {
			Consistently(func() *metav1.Time { return get(ctx, pod).DeletionTimestamp }, 300*time.Millisecond).Should(BeNil())
		}
	})
})
