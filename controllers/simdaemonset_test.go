// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simdaemonset"
	"github.com/glassplane/glassplane/internal/workload/daemonset"
)

var _ = Describe("simdaemonset", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			return simdaemonset.SetupWithManager(mgr, simdaemonset.Options{Events: recorderOf(mgr)})
		})
	})

	newSet := func() *v1alpha1.SimDaemonSet {
		name := unique("agents")
		labels := map[string]v1alpha1.LabelValue{"app": v1alpha1.LabelValue(name)}
		return &v1alpha1.SimDaemonSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec: v1alpha1.SimDaemonSetSpec{
				Selector: v1alpha1.LabelSelector{MatchLabels: labels},
				Template: v1alpha1.SimPodTemplateSpec{
					Metadata: v1alpha1.TemplateMeta{Labels: labels},
					Spec:     v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: "agent:1"}}},
				},
			},
		}
	}
	// nodesOf are the nodes that pods of the set were made for and that are not being
	// deleted, with their images.
	nodesOf := func(ctx context.Context, set *v1alpha1.SimDaemonSet) func() ([]string, error) {
		return func() (out []string, err error) {
			pods, err := podsOf(ctx, set.Name)
			for i := range pods {
				if pods[i].DeletionTimestamp == nil {
					out = append(out, daemonset.Target(&pods[i])+" "+pods[i].Spec.Containers[0].Image)
				}
			}
			slices.Sort(out)
			return out, err
		}
	}
	status := func(ctx context.Context, set *v1alpha1.SimDaemonSet) func() (v1alpha1.SimDaemonSetStatus, error) {
		return func() (v1alpha1.SimDaemonSetStatus, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(set), set)
			return set.Status, err
		}
	}
	// run makes the pods of the set run on the nodes that they were made for.
	run := func(ctx context.Context, set *v1alpha1.SimDaemonSet) {
		GinkgoHelper()
		pods, err := podsOf(ctx, set.Name)
		Expect(err).NotTo(HaveOccurred())
		for i := range pods {
			makeReady(ctx, &pods[i], daemonset.Target(&pods[i]))
		}
	}

	It("follows the nodes", func(ctx SpecContext) {
		first, tainted := readyNode(ctx), newNode()
		tainted.Spec.Taints = []corev1.Taint{{Key: "example.com/gpu", Effect: corev1.TaintEffectNoSchedule}}
		Expect(admin.Create(ctx, tainted)).To(Succeed())
		setNodeReady(ctx, tainted, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		set := newSet()
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(Equal([]string{first.Name + " agent:1"}))
		pods, err := podsOf(ctx, set.Name)
		Expect(err).NotTo(HaveOccurred())
		Expect(metav1.IsControlledBy(&pods[0], set)).To(BeTrue())
		Expect(pods[0].Spec.NodeName).To(BeEmpty(), "the scheduler places it")

		By("storing the template")
		revisions := revisionsOf(ctx, set)
		Eventually(revisions).Should(HaveLen(1))
		stored, _ := revisions()
		Expect(stored[0].Name).To(Equal(set.Name + "-" + pods[0].Labels[appsv1.ControllerRevisionHashLabelKey]))

		By("counting what runs")
		run(ctx, set)
		Eventually(status(ctx, set)).Should(And(
			HaveField("DesiredNumberScheduled", BeEquivalentTo(1)), HaveField("NumberReady", BeEquivalentTo(1)),
			HaveField("UpdatedNumberScheduled", BeEquivalentTo(1)), HaveField("ObservedGeneration", set.Generation)))

		By("a node that comes")
		second := readyNode(ctx)
		Eventually(nodesOf(ctx, set)).Should(ConsistOf(first.Name+" agent:1", second.Name+" agent:1"))

		By("a taint that is tolerated no longer")
		base := get(ctx, first).DeepCopy()
		first.Spec.Taints = []corev1.Taint{{Key: "example.com/gone", Effect: corev1.TaintEffectNoExecute}}
		Expect(admin.Patch(ctx, first, client.MergeFrom(base))).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(Equal([]string{second.Name + " agent:1"}))

		By("a node that goes before its pod was bound")
		Expect(admin.Delete(ctx, second)).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(BeEmpty())
		Eventually(status(ctx, set)).Should(HaveField("DesiredNumberScheduled", BeZero()))
	})

	It("replaces pods of a template before, no more than may be missing", func(ctx SpecContext) {
		for range 3 {
			readyNode(ctx)
		}
		set := newSet()
		set.Spec.RevisionHistoryLimit = new(int32(1))
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(HaveLen(3))
		run(ctx, set)
		Eventually(status(ctx, set)).Should(HaveField("NumberAvailable", BeEquivalentTo(3)))

		change := func(image string) {
			GinkgoHelper()
			base := get(ctx, set).DeepCopy()
			set.Spec.Template.Spec.Containers[0].Image = image
			Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
		}
		change("agent:2")
		for replaced := 1; replaced <= 3; replaced++ {
			fresh := func() (int, error) {
				all, err := nodesOf(ctx, set)()
				return len(slices.DeleteFunc(all, func(s string) bool { return !strings.HasSuffix(s, ":2") })), err
			}
			Eventually(fresh).Should(Equal(replaced))
			Consistently(fresh, "300ms").Should(Equal(replaced), "the next one waits until this one is available")
			run(ctx, set)
		}
		Eventually(status(ctx, set)).Should(HaveField("UpdatedNumberScheduled", BeEquivalentTo(3)))
		Eventually(revisionsOf(ctx, set)).Should(HaveLen(2))

		By("going back to the first template, which becomes the newest")
		change("agent:1")
		Eventually(func(g Gomega) {
			revisions, err := revisionsOf(ctx, set)()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(revisions).To(HaveLen(2))
			g.Expect(slices.Max([]int64{revisions[0].Revision, revisions[1].Revision})).To(BeEquivalentTo(3))
		}).Should(Succeed())
	})

	It("creates a new pod beside the old one where it may surge", func(ctx SpecContext) {
		node := readyNode(ctx)
		set := newSet()
		set.Spec.UpdateStrategy = v1alpha1.SimDaemonSetUpdateStrategy{
			Type:          v1alpha1.RollingUpdateSet,
			RollingUpdate: &v1alpha1.RollingUpdateDaemonSet{MaxUnavailable: new(intstr.FromInt32(0)), MaxSurge: new(intstr.FromInt32(1))},
		}
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(HaveLen(1))
		run(ctx, set)
		Eventually(status(ctx, set)).Should(HaveField("NumberAvailable", BeEquivalentTo(1)))
		base := get(ctx, set).DeepCopy()
		set.Spec.Template.Spec.Containers[0].Image = "agent:2"
		Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(Equal([]string{node.Name + " agent:1", node.Name + " agent:2"}))
		run(ctx, set)
		Eventually(nodesOf(ctx, set)).Should(Equal([]string{node.Name + " agent:2"}))
	})

	It("replaces a pod that has failed, and says so", func(ctx SpecContext) {
		readyNode(ctx)
		set := newSet()
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(HaveLen(1))
		pods, err := podsOf(ctx, set.Name)
		Expect(err).NotTo(HaveOccurred())
		base := pods[0].DeepCopy()
		pods[0].Status.Phase = corev1.PodFailed
		Expect(admin.Status().Patch(ctx, &pods[0], client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) {
			now, err := podsOf(ctx, set.Name)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(now).To(HaveLen(1))
			g.Expect(now[0].UID).NotTo(Equal(pods[0].UID))
		}).Should(Succeed())
		Eventually(eventsOf(ctx, set)).Should(ContainElement(HavePrefix("FailedDaemonPod: Found failed daemon pod default/" + pods[0].Name)))
	})

	It("adopts what a set of the same name left", func(ctx SpecContext) {
		readyNode(ctx)
		set := newSet()
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(nodesOf(ctx, set)).Should(HaveLen(1))
		before, err := podsOf(ctx, set.Name)
		Expect(err).NotTo(HaveOccurred())

		orphan(ctx, set)
		again := newSet()
		again.Name, again.Spec = set.Name, *set.Spec.DeepCopy()
		Expect(admin.Create(ctx, again)).To(Succeed())
		Eventually(func(g Gomega) {
			after, err := podsOf(ctx, set.Name)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(after).To(HaveLen(1))
			g.Expect(after[0].UID).To(Equal(before[0].UID))
			g.Expect(metav1.IsControlledBy(&after[0], again)).To(BeTrue())
			revisions, err := revisionsOf(ctx, again)()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(revisions).To(HaveLen(1))
		}).Should(Succeed())
		Eventually(status(ctx, again)).Should(HaveField("UpdatedNumberScheduled", BeEquivalentTo(1)))
	})
})
