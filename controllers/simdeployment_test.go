// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simdeployment"
	"github.com/glassplane/glassplane/controllers/simreplicaset"
	"github.com/glassplane/glassplane/internal/workload/deployment"
	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("simdeployment", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			if err := simreplicaset.SetupWithManager(mgr, simreplicaset.Options{Events: recorderOf(mgr)}); err != nil {
				return err
			}
			return simdeployment.SetupWithManager(mgr, simdeployment.Options{Events: recorderOf(mgr)})
		})
	})

	newDeployment := func(replicas int32) *wrappers.SimDeploymentWrapper {
		return wrappers.MakeSimDeployment(unique("web"), replicas)
	}
	change := func(ctx context.Context, d *v1alpha1.SimDeployment, how func(*v1alpha1.SimDeployment)) {
		GinkgoHelper()
		base := get(ctx, d).DeepCopy()
		how(d)
		Expect(admin.Patch(ctx, d, client.MergeFrom(base))).To(Succeed())
	}
	use := func(ctx context.Context, d *v1alpha1.SimDeployment, image string) {
		GinkgoHelper()
		change(ctx, d, func(d *v1alpha1.SimDeployment) { d.Spec.Template.Spec.Containers[0].Image = image })
	}
	// setsOf are those that the deployment controls, by revision.
	setsOf := func(ctx context.Context, d *v1alpha1.SimDeployment) []*v1alpha1.SimReplicaSet {
		GinkgoHelper()
		var list v1alpha1.SimReplicaSetList
		Expect(admin.List(ctx, &list, client.InNamespace(d.Namespace))).To(Succeed())
		var out []*v1alpha1.SimReplicaSet
		for i := range list.Items {
			if metav1.IsControlledBy(&list.Items[i], d) {
				out = append(out, &list.Items[i])
			}
		}
		slices.SortFunc(out, deployment.ByRevision)
		return out
	}
	// sizes are revision, image and replicas of the sets.
	sizes := func(ctx context.Context, d *v1alpha1.SimDeployment) func() []string {
		return func() (out []string) {
			for _, set := range setsOf(ctx, d) {
				out = append(out, fmt.Sprintf("%d %s %d", deployment.Revision(set), set.Spec.Template.Spec.Containers[0].Image, *set.Spec.Replicas))
			}
			return out
		}
	}
	podsOf := func(ctx context.Context, d *v1alpha1.SimDeployment) []v1alpha1.SimPod {
		GinkgoHelper()
		var list v1alpha1.SimPodList
		Expect(admin.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels{"app": d.Name})).To(Succeed())
		return list.Items
	}
	// start lets the pods of an image be ready, as a kubelet would.
	start := func(ctx context.Context, d *v1alpha1.SimDeployment, image string) {
		GinkgoHelper()
		for _, pod := range podsOf(ctx, d) {
			if pod.Spec.Containers[0].Image != image || condition(pod.Status.Conditions, v1alpha1.SimPodReady) != "" {
				continue
			}
			base := pod.DeepCopy()
			pod.Status.Phase = corev1.PodRunning
			pod.Status.Conditions = []metav1.Condition{{
				Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonContainersReady, LastTransitionTime: metav1.Now(),
			}}
			Expect(client.IgnoreNotFound(admin.Status().Patch(ctx, &pod, client.MergeFrom(base)))).To(Succeed())
		}
	}
	progress := func(ctx context.Context, d *v1alpha1.SimDeployment) func() string {
		return func() string { return condition(get(ctx, d).Status.Conditions, v1alpha1.SimDeploymentProgressing) }
	}
	// finish starts pods of an image until the rollout is complete.
	finish := func(ctx context.Context, d *v1alpha1.SimDeployment, image string) {
		GinkgoHelper()
		Eventually(func() bool {
			start(ctx, d, image)
			return deployment.Complete(get(ctx, d), &d.Status)
		}).Should(BeTrue())
	}

	It("makes one set per template, rolls it out within its bounds, and goes back", func(ctx SpecContext) {
		d := newDeployment(4).Bounds("1", "1").HistoryLimit(1).New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 4"}))
		set := setsOf(ctx, d)[0]
		hash := set.Labels[deployment.HashLabel]
		Expect(set.Name).To(Equal(d.Name + "-" + hash))
		Expect(set.Spec.Selector.MatchLabels).To(HaveKeyWithValue(deployment.HashLabel, v1alpha1.LabelValue(hash)))
		Eventually(func() []v1alpha1.SimPod { return podsOf(ctx, d) }).Should(HaveLen(4))
		Expect(podsOf(ctx, d)).To(HaveEach(HaveField("Labels", HaveKeyWithValue(deployment.HashLabel, hash))))
		Expect(condition(get(ctx, d).Status.Conditions, v1alpha1.SimDeploymentAvailable)).To(Equal("False/MinimumReplicasUnavailable"))
		finish(ctx, d, "app:1")
		Eventually(progress(ctx, d)).Should(Equal("True/NewReplicaSetAvailable"))
		Expect(condition(d.Status.Conditions, v1alpha1.SimDeploymentAvailable)).To(Equal("True/MinimumReplicasAvailable"))
		Expect(d.Status.Selector).To(Equal("app=" + d.Name))
		Eventually(func() string { return get(ctx, d).Annotations[deployment.RevisionAnnotation] }).Should(Equal("1"))

		By("replacing pods step by step")
		use(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 3", "2 app:2 2"}))
		Eventually(progress(ctx, d)).Should(Equal("True/ReplicaSetUpdated"))
		finish(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 0", "2 app:2 4"}))
		Eventually(eventsOf(ctx, d)).Should(ContainElements(
			"ScalingReplicaSet: Scaled up replica set "+set.Name+" from 0 to 4",
			"ScalingReplicaSet: Scaled down replica set "+set.Name+" from 4 to 3"))
		Expect(get(ctx, d).Status.ObservedGeneration).To(Equal(d.Generation))

		By("keeping as many old sets as it should")
		use(ctx, d, "app:3")
		finish(ctx, d, "app:3")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"2 app:2 0", "3 app:3 4"}))

		By("going back to a former template")
		use(ctx, d, "app:2")
		finish(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"3 app:3 0", "4 app:2 4"}))
		Eventually(func() string { return get(ctx, d).Annotations[deployment.RevisionAnnotation] }).Should(Equal("4"))
		Expect(setsOf(ctx, d)[1].Annotations).To(HaveKeyWithValue(deployment.RevisionHistoryAnnotation, "2"))
	})

	It("keeps the old pods while new ones do not start, and says when that takes too long", func(ctx SpecContext) {
		d := newDeployment(3).Bounds("1", "0").Deadline(1).New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		finish(ctx, d, "app:1")
		use(ctx, d, "bad")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 3", "2 bad 1"}))
		Eventually(progress(ctx, d)).Should(Equal("False/ProgressDeadlineExceeded"))
		Expect(condition(d.Status.Conditions, v1alpha1.SimDeploymentAvailable)).To(Equal("True/MinimumReplicasAvailable"))
		Expect(sizes(ctx, d)()).To(Equal([]string{"1 app:1 3", "2 bad 1"}))

		By("going on after the rollback")
		use(ctx, d, "app:1")
		finish(ctx, d, "app:1")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"2 bad 0", "3 app:1 3"}))
		Eventually(progress(ctx, d)).Should(Equal("True/NewReplicaSetAvailable"))
	})

	It("is scaled through its subresource, in the midst of a rollout in proportion", func(ctx SpecContext) {
		d := newDeployment(4).Bounds("0", "2").New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		finish(ctx, d, "app:1")
		scale := func(replicas int32) {
			GinkgoHelper()
			to := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
			Expect(admin.SubResource("scale").Update(ctx, d, client.WithSubResourceBody(to))).To(Succeed())
		}
		scale(6)
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 6"}))
		finish(ctx, d, "app:1")
		use(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 4", "2 app:2 2"}))
		scale(12)
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 8", "2 app:2 4"}))
		scale(0)
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 0", "2 app:2 0"}))
	})

	It("holds a rollout while it is paused", func(ctx SpecContext) {
		d := newDeployment(2).New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		finish(ctx, d, "app:1")
		change(ctx, d, func(d *v1alpha1.SimDeployment) {
			d.Spec.Paused = true
			d.Spec.Template.Spec.Containers[0].Image = "app:2"
		})
		Eventually(progress(ctx, d)).Should(Equal("Unknown/DeploymentPaused"))
		Expect(sizes(ctx, d)()).To(Equal([]string{"1 app:1 2"}))
		change(ctx, d, func(d *v1alpha1.SimDeployment) { d.Spec.Paused = false })
		finish(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 0", "2 app:2 2"}))
	})

	It("lets all pods end before it creates new ones, where it is to recreate them", func(ctx SpecContext) {
		d := newDeployment(2).Recreate().New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		finish(ctx, d, "app:1")
		held := podsOf(ctx, d)[0]
		base := held.DeepCopy()
		held.Finalizers = []string{"example.com/held"}
		Expect(admin.Patch(ctx, &held, client.MergeFrom(base))).To(Succeed())
		use(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 0"}))
		Eventually(func() []v1alpha1.SimPod { return podsOf(ctx, d) }).Should(ConsistOf(HaveField("UID", held.UID)))
		Eventually(func() int32 { return get(ctx, d).Status.TerminatingReplicas }).Should(Equal(int32(1)))
		Expect(sizes(ctx, d)()).To(Equal([]string{"1 app:1 0"}))

		base = get(ctx, &held).DeepCopy()
		held.Finalizers = nil
		Expect(admin.Patch(ctx, &held, client.MergeFrom(base))).To(Succeed())
		finish(ctx, d, "app:2")
		Eventually(sizes(ctx, d)).Should(Equal([]string{"1 app:1 0", "2 app:2 2"}))
	})

	It("adopts sets that match and releases those that no longer do", func(ctx SpecContext) {
		d := newDeployment(2).New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		finish(ctx, d, "app:1")
		set := setsOf(ctx, d)[0]

		By("leaving them where it is deleted with --cascade=orphan")
		base := set.DeepCopy()
		orphan := client.PropagationPolicy(metav1.DeletePropagationOrphan)
		Expect(admin.Delete(ctx, d, orphan)).To(Succeed())
		set.OwnerReferences = nil // as the garbage collector does
		Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
		letGo(ctx, d)
		Eventually(exists(ctx, d)).Should(BeFalse())
		again := wrappers.MakeSimDeployment(d.Name, 2).New()
		Expect(admin.Create(ctx, again)).To(Succeed())
		Eventually(func() bool { return metav1.IsControlledBy(get(ctx, set), again) }).Should(BeTrue())
		Eventually(func() bool { return deployment.Complete(get(ctx, again), &again.Status) }).Should(BeTrue())
		Expect(podsOf(ctx, again)).To(HaveLen(2))

		By("letting one go whose labels change")
		base = get(ctx, set).DeepCopy()
		set.Labels = map[string]string{"app": "other"}
		Expect(admin.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
		Eventually(func() []metav1.OwnerReference { return get(ctx, set).OwnerReferences }).Should(BeEmpty())
	})

	It("finds another name where its set's belongs to another template", func(ctx SpecContext) {
		d := newDeployment(1).Paused().New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		plan, err := deployment.Next(deployment.State{Deployment: func() *v1alpha1.SimDeployment {
			running := get(ctx, d).DeepCopy()
			running.Spec.Paused = false
			return running
		}()})
		Expect(err).NotTo(HaveOccurred())
		taken := plan.Present.DeepCopy()
		taken.OwnerReferences, taken.Labels = nil, nil
		taken.Spec.Template.Spec.Containers[0].Image = "other"
		taken.Spec.Replicas = new(int32)
		Expect(admin.Create(ctx, taken)).To(Succeed())
		change(ctx, d, func(d *v1alpha1.SimDeployment) { d.Spec.Paused = false })
		finish(ctx, d, "app:1")
		Expect(*d.Status.CollisionCount).To(Equal(int32(1)))
		Expect(setsOf(ctx, d)[0].Name).NotTo(Equal(taken.Name))
	})

	It("does nothing while it is being deleted", func(ctx SpecContext) {
		d := newDeployment(2).New()
		Expect(admin.Create(ctx, d)).To(Succeed())
		finish(ctx, d, "app:1")
		set := setsOf(ctx, d)[0]
		Expect(*set.OwnerReferences[0].BlockOwnerDeletion).To(BeTrue())
		Expect(admin.Delete(ctx, d, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		use(ctx, d, "app:2")
		Eventually(func() int64 { return get(ctx, d).Status.ObservedGeneration }).Should(Equal(d.Generation))
		Expect(sizes(ctx, d)()).To(Equal([]string{"1 app:1 2"}))
		letGo(ctx, d)
		Eventually(exists(ctx, d)).Should(BeFalse())
	})

	It("says why its set or its pods cannot be created", func(ctx SpecContext) {
		d := newDeployment(1).New()
		d.Spec.Template.Spec.NodeName = "node" // the component may not bind
		Expect(admin.Create(ctx, d)).To(Succeed())
		Eventually(func() string { return condition(get(ctx, d).Status.Conditions, v1alpha1.SimDeploymentReplicaFailure) }).Should(Equal("True/FailedCreate"))
	})
})

// letGo removes the finalizers of the garbage collector, which does not run here.
func letGo(ctx context.Context, d *v1alpha1.SimDeployment) {
	GinkgoHelper()
	base := get(ctx, d).DeepCopy()
	d.Finalizers = nil
	Expect(client.IgnoreNotFound(admin.Patch(ctx, d, client.MergeFrom(base)))).To(Succeed())
}
