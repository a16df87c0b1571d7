// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// podsOf are the pods with the label app.
func podsOf(ctx context.Context, app string) ([]v1alpha1.SimPod, error) {
	var list v1alpha1.SimPodList
	err := admin.List(ctx, &list, client.InNamespace("default"), client.MatchingLabels{"app": app})
	return list.Items, err
}

// makeReady binds a pod, as the scheduler does, and lets it run, as the kubelet
// does. A pod that is being deleted, runs or has ended is left alone.
func makeReady(ctx context.Context, pod *v1alpha1.SimPod, node string) {
	GinkgoHelper()
	if pod.DeletionTimestamp != nil || pod.Status.Phase != "" && pod.Status.Phase != corev1.PodPending {
		return
	}
	base := pod.DeepCopy()
	pod.Spec.NodeName = node
	Expect(admin.Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
	base = pod.DeepCopy()
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonContainersReady, LastTransitionTime: metav1.Now(),
	}}
	Expect(admin.Status().Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
}

// revisionsOf are the revisions that an owner controls.
func revisionsOf(ctx context.Context, owner client.Object) func() ([]appsv1.ControllerRevision, error) {
	return func() (out []appsv1.ControllerRevision, err error) {
		var list appsv1.ControllerRevisionList
		err = admin.List(ctx, &list, client.InNamespace(owner.GetNamespace()))
		for i := range list.Items {
			if metav1.IsControlledBy(&list.Items[i], owner) {
				out = append(out, list.Items[i])
			}
		}
		return out, err
	}
}

// orphan deletes an owner and leaves what it owns, as the garbage collector does
// with kubectl delete --cascade=orphan; there is none beside this API server.
func orphan(ctx context.Context, owner client.Object) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, owner)).To(Succeed())
	Eventually(exists(ctx, owner)).Should(BeFalse())
	pods, err := podsOf(ctx, owner.GetName())
	Expect(err).NotTo(HaveOccurred())
	for i := range pods {
		base := pods[i].DeepCopy()
		pods[i].OwnerReferences = nil
		Expect(admin.Patch(ctx, &pods[i], client.MergeFrom(base))).To(Succeed())
	}
	revisions, err := revisionsOf(ctx, owner)()
	Expect(err).NotTo(HaveOccurred())
	for i := range revisions {
		base := revisions[i].DeepCopy()
		revisions[i].OwnerReferences = nil
		Expect(admin.Patch(ctx, &revisions[i], client.MergeFrom(base))).To(Succeed())
	}
}
