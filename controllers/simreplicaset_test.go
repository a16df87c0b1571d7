// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simreplicaset"
)

var _ = Describe("simreplicaset", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			return simreplicaset.SetupWithManager(mgr, simreplicaset.Options{Events: mgr.GetEventRecorder("glassplane-controller-manager")})
		})
	})

	newSet := func(replicas int32) *v1alpha1.SimReplicaSet {
		name := unique("set")
		labels := map[string]v1alpha1.LabelValue{"app": v1alpha1.LabelValue(name)}
		return &v1alpha1.SimReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec: v1alpha1.SimReplicaSetSpec{
				Replicas: &replicas,
				Selector: v1alpha1.LabelSelector{MatchLabels: labels},
				Template: v1alpha1.SimPodTemplateSpec{
					Metadata: v1alpha1.TemplateMeta{Labels: labels},
					Spec:     v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: "nginx"}}},
				},
			},
		}
	}
	pods := func(ctx context.Context, set *v1alpha1.SimReplicaSet) func() ([]v1alpha1.SimPod, error) {
		return func() ([]v1alpha1.SimPod, error) {
			var list v1alpha1.SimPodList
			err := admin.List(ctx, &list, client.InNamespace(set.Namespace), client.MatchingLabels{"app": set.Name})
			return list.Items, err
		}
	}
	scale := func(ctx context.Context, set *v1alpha1.SimReplicaSet, replicas int32) {
		GinkgoHelper()
		base := get(ctx, set).DeepCopy()
		set.Spec.Replicas = &replicas
		Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
	}
	reported := func(ctx context.Context, set *v1alpha1.SimReplicaSet) func() (int32, error) {
		return func() (int32, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(set), set)
			return set.Status.Replicas, err
		}
	}

	It("creates, scales and replaces pods, never too many", func(ctx SpecContext) {
		set := newSet(40)
		watcher, err := client.NewWithWatch(environment.Config, client.Options{Scheme: environment.Scheme})
		Expect(err).NotTo(HaveOccurred())
		watching, err := watcher.Watch(ctx, &v1alpha1.SimPodList{}, client.InNamespace("default"), client.MatchingLabels{"app": set.Name})
		Expect(err).NotTo(HaveOccurred())
		var created atomic.Int32
		counted := make(chan struct{})
		go func() {
			defer close(counted)
			for e := range watching.ResultChan() {
				if e.Type == watch.Added {
					created.Add(1)
				}
			}
		}()
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(reported(ctx, set)).Should(Equal(int32(40)))
		Expect(set.Status.ObservedGeneration).To(Equal(set.Generation))
		Expect(set.Status.Selector).To(Equal("app=" + set.Name))
		items, err := pods(ctx, set)()
		Expect(err).NotTo(HaveOccurred())
		Expect(items).To(HaveLen(40))
		Expect(items[0].Name).To(HavePrefix(set.Name + "-"))
		Expect(metav1.IsControlledBy(&items[0], set)).To(BeTrue())

		By("replacing one that is deleted")
		Expect(admin.Delete(ctx, &items[0])).To(Succeed())
		Eventually(func(g Gomega) {
			now, err := pods(ctx, set)()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(now).To(HaveLen(40))
			g.Expect(now).NotTo(ContainElement(HaveField("UID", items[0].UID)))
		}).Should(Succeed())

		By("scaling down and to nothing")
		scale(ctx, set, 3)
		Eventually(pods(ctx, set)).Should(HaveLen(3))
		scale(ctx, set, 0)
		Eventually(pods(ctx, set)).Should(BeEmpty())
		Eventually(reported(ctx, set)).Should(BeZero())

		Eventually(created.Load).Should(BeEquivalentTo(41))
		watching.Stop()
		Eventually(counted).Should(BeClosed())
		Expect(created.Load()).To(BeEquivalentTo(41), "a stale cache must not create pods twice")

		By("saying what it did")
		Eventually(func(g Gomega) {
			var list eventsv1.EventList
			g.Expect(admin.List(ctx, &list, client.InNamespace("default"))).To(Succeed())
			g.Expect(list.Items).To(ContainElement(And(
				HaveField("Reason", "SuccessfulCreate"), HaveField("Regarding.Name", set.Name))))
		}).Should(Succeed())
	})

	It("adopts orphans that match and releases pods that no longer do", func(ctx SpecContext) {
		set := newSet(2)
		orphan := newPod("")
		orphan.Spec.NodeName, orphan.Finalizers = "", nil
		orphan.Labels = map[string]string{"app": set.Name}
		Expect(admin.Create(ctx, orphan)).To(Succeed())
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(metav1.IsControlledBy(get(ctx, orphan), set)).To(BeTrue())
		}).Should(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(2))

		base := orphan.DeepCopy()
		orphan.Labels = map[string]string{"app": "other"}
		Expect(admin.Patch(ctx, orphan, client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) { g.Expect(get(ctx, orphan).OwnerReferences).To(BeEmpty()) }).Should(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(2))
		Eventually(reported(ctx, set)).Should(Equal(int32(2)))
	})

	It("creates pods of a template with a duration of 0s", func(ctx SpecContext) {
		set := newSet(1)
		set.Spec.Template.Spec.Simulation = &v1alpha1.PodSimulation{StartDelay: &v1alpha1.SimulatedDuration{}, ReadinessDelay: &v1alpha1.SimulatedDuration{}}
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(1))
	})

	It("replaces pods that end at once more and more slowly", func(ctx SpecContext) {
		set := newSet(2)
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(2))
		items, err := pods(ctx, set)()
		Expect(err).NotTo(HaveOccurred())
		for i := range items {
			base := items[i].DeepCopy()
			items[i].Status.Phase = corev1.PodFailed
			Expect(admin.Status().Patch(ctx, &items[i], client.MergeFrom(base))).To(Succeed())
		}
		// One of two does not make a round, so it is replaced; then there is a pause.
		Eventually(reported(ctx, set)).Should(BeNumerically("<=", 1))
		Consistently(func(g Gomega) {
			now, err := pods(ctx, set)()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(len(now)).To(BeNumerically("<=", 3))
		}, 2*time.Second).Should(Succeed())
	})

	It("reports that pods are refused", func(ctx SpecContext) {
		set := newSet(1)
		set.Spec.Template.Spec.NodeName = "node"
		set.Spec.Template.Metadata.Labels["app"] = v1alpha1.LabelValue(set.Name)
		// The component may not bind, so the API server refuses such pods.
		Expect(admin.Create(ctx, set)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, set).Status.Conditions, v1alpha1.SimReplicaSetReplicaFailure)).To(Equal("True/FailedCreate"))
		}).Should(Succeed())
		Expect(pods(ctx, set)()).To(BeEmpty())

		By("trying a changed template at once")
		base := set.DeepCopy()
		set.Spec.Template.Spec.NodeName = ""
		Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
		Eventually(pods(ctx, set)).Should(HaveLen(1))
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, set).Status.Conditions, v1alpha1.SimReplicaSetReplicaFailure)).To(BeEmpty())
		}).Should(Succeed())
	})
})
