// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("Priority and preemption", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
	})

	pod := func(name string, priority int32, cpu string) *wrappers.SimPodWrapper {
		return wrappers.MakeSimPod().Namespace(namespace).Name(name).Priority(priority).Req("cpu", cpu)
	}
	node := func(name string) *simv1alpha1.SimNode {
		return wrappers.MakeSimNode().Name(name).Capacity("cpu", "1", "memory", "8Gi").Obj()
	}
	// bound creates a pod and waits until it has a node.
	bound := func(ctx context.Context, w *wrappers.SimPodWrapper) *simv1alpha1.SimPod {
		GinkgoHelper()
		p := w.Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		Eventually(nodeOf(ctx, p), timeout, interval).ShouldNot(BeEmpty())
		return p
	}
	waiting := func(ctx context.Context, w *wrappers.SimPodWrapper) *simv1alpha1.SimPod {
		GinkgoHelper()
		p := w.Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		return p
	}
	nominated := func(ctx context.Context, p *simv1alpha1.SimPod) func() string {
		return func() string { return get(ctx, p).Status.NominatedNodeName }
	}
	evicted := func(ctx context.Context, p *simv1alpha1.SimPod) func() bool {
		return func() bool { return get(ctx, p).DeletionTimestamp != nil }
	}
	// stopped does what the kubelet does once a pod has stopped.
	stopped := func(ctx context.Context, p *simv1alpha1.SimPod) {
		GinkgoHelper()
		Expect(k8sClient.Patch(ctx, get(ctx, p), client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
	}

	It("deletes the fewest pods, gracefully, and binds the pod once they are gone", func(ctx SpecContext) {
		create(ctx, node("a"))
		start(nil, interceptor.Funcs{})
		large := bound(ctx, pod("large", 1, "600m"))
		small := bound(ctx, pod("small", 0, "300m"))

		important := waiting(ctx, pod("important", 10, "700m"))
		Eventually(nominated(ctx, important), timeout, interval).Should(Equal("a"))
		Eventually(evicted(ctx, large), timeout, interval).Should(BeTrue())
		target := meta.FindStatusCondition(get(ctx, large).Status.Conditions, simv1alpha1.SimPodDisruptionTarget)
		Expect(target).To(And(
			HaveField("Status", metav1.ConditionTrue), HaveField("Reason", simv1alpha1.ReasonPreemptionByScheduler),
			HaveField("Message", "glassplane-scheduler: preempting to accommodate a higher priority pod")))
		Expect(condition(ctx, important)()).To(HavePrefix("False Unschedulable: 0/1 nodes are available: 1 Insufficient cpu."))

		By("keeping the room for the pod that it was made for")
		late := waiting(ctx, pod("late", 0, "200m"))
		Eventually(condition(ctx, late), timeout, interval).Should(HavePrefix("False Unschedulable"))
		stopped(ctx, large)
		Eventually(nodeOf(ctx, important), timeout, interval).Should(Equal("a"))
		Consistently(nodeOf(ctx, late), 300*time.Millisecond, interval).Should(BeEmpty())
		Expect(evicted(ctx, small)()).To(BeFalse(), "there was room beside it")

		preempted := func() []eventsv1.Event {
			list, out := &eventsv1.EventList{}, []eventsv1.Event(nil)
			Expect(k8sClient.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			for _, e := range list.Items {
				if e.Reason == "Preempted" {
					out = append(out, e)
				}
			}
			return out
		}
		Eventually(preempted, timeout, interval).Should(HaveLen(1))
		Expect(preempted()[0]).To(And(HaveField("Regarding.UID", large.UID),
			HaveField("Note", "Preempted by pod "+string(important.UID)+" on node a")))
	})

	It("spares pods whose PodDisruptionBudget allows no disruption", func(ctx SpecContext) {
		create(ctx, node("a"))
		create(ctx, node("b"))
		budget := &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "db"},
			Spec: policyv1.PodDisruptionBudgetSpec{
				MinAvailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}},
			},
		}
		Expect(k8sClient.Create(ctx, budget)).To(Succeed())
		start(nil, interceptor.Funcs{})
		db := bound(ctx, pod("db", 0, "800m").Label("app", "db"))
		// Without the budget this one is spared, for its priority.
		web := bound(ctx, pod("web", 5, "800m").Label("app", "web"))
		important := waiting(ctx, pod("important", 10, "500m"))
		Eventually(nominated(ctx, important), timeout, interval).Should(Equal(get(ctx, web).Spec.NodeName))
		Eventually(evicted(ctx, web), timeout, interval).Should(BeTrue())
		Expect(evicted(ctx, db)()).To(BeFalse())
	})

	DescribeTable("evicts nothing", func(ctx SpecContext, change func(*wrappers.SimPodWrapper), message string) {
		create(ctx, node("a"))
		s, _ := start(nil, interceptor.Funcs{})
		low := bound(ctx, pod("low", 0, "800m"))
		w := pod("important", 10, "500m")
		change(w)
		important := waiting(ctx, w)
		Eventually(condition(ctx, important), timeout, interval).Should(ContainSubstring(message))
		Expect(nominated(ctx, important)()).To(BeEmpty())
		Expect(evicted(ctx, low)()).To(BeFalse())
		Expect(decisionsOf(s, important)).To(HaveEach(HaveField("Victims", BeEmpty())))
	},
		Entry("for a pod that never preempts", func(w *wrappers.SimPodWrapper) { w.PreemptionPolicy(corev1.PreemptNever) },
			"preemption: not eligible due to preemptionPolicy=Never."),
		Entry("for a pod that would not fit the empty node", func(w *wrappers.SimPodWrapper) { w.Req("cpu", "1500m") },
			"preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."),
		Entry("for a pod that is not more important", func(w *wrappers.SimPodWrapper) { w.Priority(0) },
			"preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."),
	)

	It("takes the node from a less important pod that waits for it", func(ctx SpecContext) {
		create(ctx, node("a"))
		start(nil, interceptor.Funcs{})
		low := bound(ctx, pod("low", 0, "800m"))
		first := waiting(ctx, pod("first", 5, "900m"))
		Eventually(nominated(ctx, first), timeout, interval).Should(Equal("a"))
		Eventually(evicted(ctx, low), timeout, interval).Should(BeTrue())

		second := waiting(ctx, pod("second", 10, "900m"))
		Eventually(nominated(ctx, second), timeout, interval).Should(Equal("a"))
		Eventually(nominated(ctx, first), timeout, interval).Should(BeEmpty())
		stopped(ctx, low)
		Eventually(nodeOf(ctx, second), timeout, interval).Should(Equal("a"))
		Expect(nodeOf(ctx, first)()).To(BeEmpty())
	})

	It("tries again where a victim could not be deleted", func(ctx SpecContext) {
		create(ctx, node("a"))
		var refusals, deletions atomic.Int32
		start(nil, interceptor.Funcs{
			Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
				if refusals.Add(1) == 1 {
					return apierrors.NewInternalError(errors.New("not now"))
				}
				deletions.Add(1)
				return c.Delete(ctx, obj, opts...)
			},
		})
		low := bound(ctx, pod("low", 0, "800m"))
		important := waiting(ctx, pod("important", 10, "900m"))
		Eventually(evicted(ctx, low), timeout, interval).Should(BeTrue())
		stopped(ctx, low)
		Eventually(nodeOf(ctx, important), timeout, interval).Should(Equal("a"))
		Expect(deletions.Load()).To(BeEquivalentTo(1))
	})

	It("evicts nothing for a pod that is deleted meanwhile", func(ctx SpecContext) {
		create(ctx, node("a"))
		var deleted atomic.Bool
		start(nil, interceptor.Funcs{
			SubResourcePatch: func(ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
				if obj.GetName() == "important" && deleted.CompareAndSwap(false, true) {
					if err := k8sClient.Delete(ctx, obj); err != nil {
						return err
					}
				}
				return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
			},
		})
		low := bound(ctx, pod("low", 0, "800m"))
		waiting(ctx, pod("important", 10, "900m"))
		Eventually(deleted.Load, timeout, interval).Should(BeTrue())
		small := bound(ctx, pod("small", 0, "200m"))
		Expect(nodeOf(ctx, small)()).To(Equal("a"), "no room is kept for the pod that is gone")
		Expect(evicted(ctx, low)()).To(BeFalse())
	})

	Context("with PriorityClasses", func() {
		newClass := func(ctx SpecContext, w *wrappers.PriorityClassWrapper) {
			GinkgoHelper()
			class := w.Obj()
			Expect(k8sClient.Create(ctx, class)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(k8sClient.Delete(ctx, class)).To(Succeed()) })
		}
		byClass := func(name, class, cpu string) *wrappers.SimPodWrapper {
			return wrappers.MakeSimPod().Namespace(namespace).Name(name).PriorityClass(class).Req("cpu", cpu)
		}

		It("preempts by the value of the class, and by the global default", func(ctx SpecContext) {
			newClass(ctx, wrappers.MakePriorityClass("high", 1000))
			newClass(ctx, wrappers.MakePriorityClass("standard", 10).GlobalDefault())
			create(ctx, node("a"))
			start(nil, interceptor.Funcs{})
			low := bound(ctx, pod("low", 9, "800m"))
			standard := waiting(ctx, byClass("standard", "", "900m"))
			Eventually(nominated(ctx, standard), timeout, interval).Should(Equal("a"))
			Eventually(evicted(ctx, low), timeout, interval).Should(BeTrue())
			high := waiting(ctx, byClass("high", "high", "900m"))
			Eventually(nominated(ctx, high), timeout, interval).Should(Equal("a"))
			stopped(ctx, low)
			Eventually(nodeOf(ctx, high), timeout, interval).Should(Equal("a"))
		})

		It("does not preempt where the class says so", func(ctx SpecContext) {
			newClass(ctx, wrappers.MakePriorityClass("polite", 1000).PreemptionPolicy(corev1.PreemptNever))
			create(ctx, node("a"))
			start(nil, interceptor.Funcs{})
			low := bound(ctx, pod("low", 0, "800m"))
			polite := waiting(ctx, byClass("polite", "polite", "900m"))
			Eventually(condition(ctx, polite), timeout, interval).Should(ContainSubstring("not eligible due to preemptionPolicy=Never."))
			Expect(evicted(ctx, low)()).To(BeFalse())
		})

		It("keeps the priority of a pod, whatever becomes of classes", func(ctx SpecContext) {
			priority := func(pod *simv1alpha1.SimPod) func() *int32 {
				return func() *int32 { return get(ctx, pod).Spec.Priority }
			}
			gone := wrappers.MakePriorityClass("gone", 800).PreemptionPolicy(corev1.PreemptNever).Obj()
			Expect(k8sClient.Create(ctx, gone)).To(Succeed())
			create(ctx, node("a"))
			_, stop := start(nil, interceptor.Funcs{})
			plain := bound(ctx, byClass("plain", "", "400m"))
			important := bound(ctx, byClass("important", "gone", "500m"))
			large := waiting(ctx, byClass("large", "gone", "900m"))
			gated := waiting(ctx, byClass("gated", "gone", "900m").Gate("example.com/hold"))
			Expect(priority(plain)()).To(HaveValue(BeEquivalentTo(0)), "stored by the bind")
			Expect(priority(important)()).To(HaveValue(BeEquivalentTo(800)), "stored by the bind")
			for _, pod := range []*simv1alpha1.SimPod{large, gated} {
				Eventually(priority(pod), timeout, interval).Should(HaveValue(BeEquivalentTo(800)), "stored while it waits")
				Expect(get(ctx, pod).Spec.PreemptionPolicy).To(HaveValue(Equal(corev1.PreemptNever)), "as its class said")
			}

			Expect(k8sClient.Delete(ctx, gone)).To(Succeed())
			newClass(ctx, wrappers.MakePriorityClass("late", 1000).GlobalDefault())
			newClass(ctx, wrappers.MakePriorityClass("middle", 500))
			for _, pod := range []*simv1alpha1.SimPod{plain, important, large} {
				Expect(k8sClient.Patch(ctx, get(ctx, pod), client.RawPatch(types.MergePatchType,
					[]byte(`{"metadata":{"labels":{"touched":"yes"}}}`)))).To(Succeed())
			}
			middle := waiting(ctx, byClass("middle", "middle", "500m"))
			Eventually(nominated(ctx, middle), timeout, interval).Should(Equal("a"))
			Eventually(evicted(ctx, plain), timeout, interval).Should(BeTrue(), "0 is less than 500")
			Expect(evicted(ctx, important)()).To(BeFalse(), "800 is more")

			stop()
			s, _ := start(nil, interceptor.Funcs{})
			Eventually(func() []*evidence.Decision { return decisionsOf(s, large) }, timeout, interval).ShouldNot(BeEmpty(),
				"a pod is tried that has the priority of a class that is gone")
			Expect(condition(ctx, large)()).To(ContainSubstring("not eligible due to preemptionPolicy=Never."))
		})

		It("stores the priority of a pod that somebody else binds", func(ctx SpecContext) {
			create(ctx, node("a"))
			start(nil, interceptor.Funcs{})
			p := byClass("p", "", "100m").Node("a").Obj()
			Expect(k8sClient.Create(ctx, p)).To(Succeed())
			Eventually(func() *int32 { return get(ctx, p).Spec.Priority }, timeout, interval).Should(HaveValue(BeEquivalentTo(0)))
		})

		It("says that a class does not exist, and goes on once it does", func(ctx SpecContext) {
			create(ctx, node("a"))
			s, _ := start(nil, interceptor.Funcs{})
			p := waiting(ctx, byClass("p", "missing", "100m"))
			Eventually(condition(ctx, p), timeout, interval).Should(Equal(
				"False Unschedulable: no PriorityClass with name missing was found"))
			Expect(nodeOf(ctx, bound(ctx, pod("other", 0, "100m")))()).To(Equal("a"), "others go on")
			Expect(decisionsOf(s, p)).To(BeEmpty())
			newClass(ctx, wrappers.MakePriorityClass("missing", 1))
			Eventually(nodeOf(ctx, p), timeout, interval).Should(Equal("a"))
		})
	})
})

// newNamespace makes a namespace that goes with all pods and nodes after the test.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	Expect(k8sClient.Create(ctx, ns)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		// Nothing runs the finalizers of bound pods here.
		pods := &simv1alpha1.SimPodList{}
		Expect(k8sClient.List(ctx, pods, client.InNamespace(ns.Name))).To(Succeed())
		for i := range pods.Items {
			err := k8sClient.Patch(ctx, &pods.Items[i], client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
			Expect(client.IgnoreNotFound(err)).To(Succeed())
		}
		Expect(k8sClient.DeleteAllOf(ctx, &simv1alpha1.SimPod{}, client.InNamespace(ns.Name))).To(Succeed())
		Expect(k8sClient.DeleteAllOf(ctx, &policyv1.PodDisruptionBudget{}, client.InNamespace(ns.Name))).To(Succeed())
		Expect(k8sClient.DeleteAllOf(ctx, &simv1alpha1.SimNode{})).To(Succeed())
	})
	return ns.Name
}
