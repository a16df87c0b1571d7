// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// replaceInOrder lets a stateful set replace its pod by one of another template, go
// back to the first one, and forget a third.
func replaceInOrder(ctx context.Context) {
	GinkgoHelper()
	labels := map[string]v1alpha1.LabelValue{"app": "ordered"}
	set := &v1alpha1.SimStatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: "ordered"},
		Spec: v1alpha1.SimStatefulSetSpec{
			Selector: v1alpha1.LabelSelector{MatchLabels: labels}, RevisionHistoryLimit: new(int32(1)),
			Template: v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}, Spec: newPod("", "100m").Spec},
		},
	}
	Expect(environment.Client.Create(ctx, set)).To(Succeed())
	eventuallyReplaced(ctx, set)
	for _, image := range []string{"nginx:2", "nginx", "nginx:3"} {
		base := set.DeepCopy()
		set.Spec.Template.Spec.Containers[0].Image = image
		Expect(environment.Client.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
		eventuallyReplaced(ctx, set)
	}
	Expect(environment.Client.Delete(ctx, set)).To(Succeed())
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace(elsewhere), client.MatchingLabels{"app": "ordered"})).To(Succeed())
}

func eventuallyReplaced(ctx context.Context, set *v1alpha1.SimStatefulSet) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(set), set)).To(Succeed())
		g.Expect(set.Status.ObservedGeneration).To(Equal(set.Generation))
		g.Expect(set.Status.ReadyReplicas).To(BeEquivalentTo(1))
		g.Expect(set.Status.CurrentRevision).To(Equal(set.Status.UpdateRevision))
	}).WithContext(ctx).Should(Succeed())
}

// followNodes lets a daemon set have a pod on each node.
func followNodes(ctx context.Context) {
	GinkgoHelper()
	labels := map[string]v1alpha1.LabelValue{"app": "agents"}
	set := &v1alpha1.SimDaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: "agents"},
		Spec: v1alpha1.SimDaemonSetSpec{
			Selector: v1alpha1.LabelSelector{MatchLabels: labels},
			Template: v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}, Spec: newPod("", "100m").Spec},
		},
	}
	Expect(environment.Client.Create(ctx, set)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(set), set)).To(Succeed())
		g.Expect(set.Status.NumberReady).To(And(BeNumerically(">", 0), Equal(set.Status.DesiredNumberScheduled)))
	}).WithContext(ctx).Should(Succeed())
	Expect(environment.Client.Delete(ctx, set)).To(Succeed())
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace(elsewhere), client.MatchingLabels{"app": "agents"})).To(Succeed())
}
