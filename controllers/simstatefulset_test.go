// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simstatefulset"
)

var _ = Describe("simstatefulset", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			return simstatefulset.SetupWithManager(mgr, simstatefulset.Options{Events: recorderOf(mgr)})
		})
	})

	newSet := func(replicas int32) *v1alpha1.SimStatefulSet {
		name := unique("db")
		labels := map[string]v1alpha1.LabelValue{"app": v1alpha1.LabelValue(name)}
		return &v1alpha1.SimStatefulSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec: v1alpha1.SimStatefulSetSpec{
				Replicas: &replicas,
				Selector: v1alpha1.LabelSelector{MatchLabels: labels},
				Template: v1alpha1.SimPodTemplateSpec{
					Metadata: v1alpha1.TemplateMeta{Labels: labels},
					Spec:     v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: "db:1"}}},
				},
			},
		}
	}
	// pods are the names of the set's pods behind that of the set, with their images.
	pods := func(ctx context.Context, set *v1alpha1.SimStatefulSet) func() ([]string, error) {
		return func() (out []string, err error) {
			list, err := podsOf(ctx, set.Name)
			for i := range list {
				out = append(out, list[i].Name[len(set.Name):]+" "+list[i].Spec.Containers[0].Image)
			}
			slices.Sort(out)
			return out, err
		}
	}
	status := func(ctx context.Context, set *v1alpha1.SimStatefulSet) func() (v1alpha1.SimStatefulSetStatus, error) {
		return func() (v1alpha1.SimStatefulSetStatus, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(set), set)
			return set.Status, err
		}
	}
	run := func(ctx context.Context, set *v1alpha1.SimStatefulSet) {
		GinkgoHelper()
		list, err := podsOf(ctx, set.Name)
		Expect(err).NotTo(HaveOccurred())
		for i := range list {
			makeReady(ctx, &list[i], "node")
		}
	}
	change := func(ctx context.Context, set *v1alpha1.SimStatefulSet, what func()) {
		GinkgoHelper()
		base := get(ctx, set).DeepCopy()
		what()
		Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
	}

	It("creates pods one after the other, replaces them from the top, and deletes them from the top", func(ctx SpecContext) {
		set := newSet(3)
		Expect(admin.Create(ctx, set)).To(Succeed())
		for _, want := range [][]string{{"-0 db:1"}, {"-0 db:1", "-1 db:1"}, {"-0 db:1", "-1 db:1", "-2 db:1"}} {
			Eventually(pods(ctx, set)).Should(Equal(want))
			Consistently(pods(ctx, set), "300ms").Should(Equal(want), "the next one waits until this one is ready")
			run(ctx, set)
		}
		list, err := podsOf(ctx, set.Name)
		Expect(err).NotTo(HaveOccurred())
		revisions, err := revisionsOf(ctx, set)()
		Expect(err).NotTo(HaveOccurred())
		Expect(revisions).To(HaveLen(1))
		Expect(list[2].Labels).To(And(
			HaveKeyWithValue(appsv1.StatefulSetPodNameLabel, list[2].Name),
			HaveKeyWithValue(appsv1.PodIndexLabel, "2"),
			HaveKeyWithValue(appsv1.StatefulSetRevisionLabel, revisions[0].Name)))
		Eventually(status(ctx, set)).Should(And(
			HaveField("Replicas", BeEquivalentTo(3)), HaveField("ReadyReplicas", BeEquivalentTo(3)),
			HaveField("UpdatedReplicas", BeEquivalentTo(3)), HaveField("Selector", "app="+set.Name)))

		By("replacing those that the partition lets through")
		change(ctx, set, func() {
			set.Spec.Template.Spec.Containers[0].Image = "db:2"
			set.Spec.UpdateStrategy = v1alpha1.SimStatefulSetUpdateStrategy{
				Type: v1alpha1.RollingUpdateSet, RollingUpdate: &v1alpha1.RollingUpdateStatefulSet{Partition: 1},
			}
		})
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:1", "-1 db:1", "-2 db:2"}))
		run(ctx, set)
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:1", "-1 db:2", "-2 db:2"}))
		run(ctx, set)
		Eventually(status(ctx, set)).Should(And(
			HaveField("ReadyReplicas", BeEquivalentTo(3)), HaveField("CurrentReplicas", BeEquivalentTo(1)), HaveField("UpdatedReplicas", BeEquivalentTo(2))))
		Expect(set.Status.CurrentRevision).NotTo(Equal(set.Status.UpdateRevision))

		By("creating a pod below the partition of the template before")
		first := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: set.Namespace, Name: set.Name + "-0"}}
		uid := get(ctx, first).UID
		Expect(admin.Delete(ctx, first)).To(Succeed())
		Eventually(func() (bool, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(first), first)
			return first.UID != uid, client.IgnoreNotFound(err)
		}).Should(BeTrue())
		Expect(first.Spec.Containers[0].Image).To(Equal("db:1"))
		run(ctx, set)

		By("completing")
		change(ctx, set, func() { set.Spec.UpdateStrategy.RollingUpdate.Partition = 0 })
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:2", "-1 db:2", "-2 db:2"}))
		run(ctx, set)
		Eventually(func(g Gomega) {
			now, err := status(ctx, set)()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(now.CurrentRevision).To(Equal(now.UpdateRevision))
			g.Expect(now.CurrentReplicas).To(BeEquivalentTo(3))
		}).Should(Succeed())

		By("scaling down from the top")
		change(ctx, set, func() { set.Spec.Replicas = new(int32(1)) })
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:2"}))
		Eventually(status(ctx, set)).Should(HaveField("Replicas", BeEquivalentTo(1)))
	})

	It("does not wait where pods are managed in parallel", func(ctx SpecContext) {
		set := newSet(3)
		set.Spec.PodManagementPolicy = v1alpha1.ParallelPodManagement
		set.Spec.Ordinals = &v1alpha1.SimStatefulSetOrdinals{Start: 5}
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(pods(ctx, set)).Should(Equal([]string{"-5 db:1", "-6 db:1", "-7 db:1"}))

		By("numbering them anew")
		change(ctx, set, func() { set.Spec.Ordinals.Start = 6 })
		Eventually(pods(ctx, set)).Should(Equal([]string{"-6 db:1", "-7 db:1", "-8 db:1"}))
		change(ctx, set, func() { set.Spec.Replicas = new(int32(0)) })
		Eventually(pods(ctx, set)).Should(BeEmpty())
	})

	It("creates a pod that has ended again under its name", func(ctx SpecContext) {
		set := newSet(1)
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(1))
		pod := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: set.Namespace, Name: set.Name + "-0"}}
		uid := get(ctx, pod).UID
		base := pod.DeepCopy()
		pod.Status.Phase = corev1.PodFailed
		Expect(admin.Status().Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
		Eventually(func() (bool, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(pod), pod)
			return pod.UID != uid, client.IgnoreNotFound(err)
		}).Should(BeTrue())
	})

	It("leaves a rollout stuck that OrderedReady cannot leave, until its pod is deleted", func(ctx SpecContext) {
		set := newSet(1)
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(1))
		run(ctx, set)
		Eventually(status(ctx, set)).Should(HaveField("ReadyReplicas", BeEquivalentTo(1)))
		change(ctx, set, func() { set.Spec.Template.Spec.Containers[0].Image = "db:broken" })
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:broken"}))
		change(ctx, set, func() { set.Spec.Template.Spec.Containers[0].Image = "db:1" })
		Eventually(status(ctx, set)).Should(HaveField("ObservedGeneration", set.Generation))
		Consistently(pods(ctx, set), "300ms").Should(Equal([]string{"-0 db:broken"}))
		Expect(admin.Delete(ctx, &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: set.Namespace, Name: set.Name + "-0"}})).To(Succeed())
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:1"}))
	})

	It("adopts a pod that has its name and no other, and names it by labels", func(ctx SpecContext) {
		set := newSet(1)
		mine, other := newPod(""), newPod("")
		for pod, name := range map[*v1alpha1.SimPod]string{mine: set.Name + "-0", other: set.Name + "-x"} {
			pod.Name, pod.Spec.NodeName, pod.Finalizers = name, "", nil
			pod.Labels = map[string]string{"app": set.Name}
			Expect(admin.Create(ctx, pod)).To(Succeed())
		}
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(func(g Gomega) { g.Expect(metav1.IsControlledBy(get(ctx, mine), set)).To(BeTrue()) }).Should(Succeed())
		makeReady(ctx, mine, "node")
		// It is of no template that the set has had, so it is replaced at once.
		Eventually(func(g Gomega) {
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(mine), mine)).To(Succeed())
			g.Expect(mine.Labels).To(And(HaveKeyWithValue(appsv1.StatefulSetPodNameLabel, mine.Name), HaveKeyWithValue(appsv1.PodIndexLabel, "0")))
		}).Should(Succeed())
		Expect(get(ctx, other).OwnerReferences).To(BeEmpty())
	})

	It("says that a name is taken", func(ctx SpecContext) {
		set := newSet(1)
		taken := newPod("")
		taken.Name, taken.Spec.NodeName, taken.Finalizers = set.Name+"-0", "", nil
		Expect(admin.Create(ctx, taken)).To(Succeed())
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, set).Status.Conditions, v1alpha1.SimReplicaSetReplicaFailure)).To(Equal("True/FailedCreate"))
		}).Should(Succeed())
		By("going on once it is free")
		Expect(admin.Delete(ctx, taken)).To(Succeed())
		Eventually(pods(ctx, set)).Should(Equal([]string{"-0 db:1"}))
	})
})
