// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// create creates an object that is deleted with the spec.
func create(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Expect(environment.Client.Create(ctx, object)).To(Succeed())
	DeferCleanup(func(ctx context.Context) error {
		return client.IgnoreNotFound(environment.Client.Delete(ctx, object))
	})
}

// bindRole binds a role in a namespace, or in all.
func bindRole(ctx context.Context, namespace string, role rbacv1.RoleRef, subject rbacv1.Subject) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Namespace: namespace, GenerateName: "security-test-"}
	if namespace == "" {
		create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: []rbacv1.Subject{subject}})
		return
	}
	create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: []rbacv1.Subject{subject}})
}

// aggregate gives the cluster's own roles the rules of those that are labelled
// for them. kube-controller-manager, which does not run here, does it in
// k8s.io/kubernetes/pkg/controller/clusterroleaggregation.
func aggregate(ctx context.Context) {
	GinkgoHelper()
	// view is part of edit, and that of admin.
	for _, name := range []string{"view", "edit", "admin"} {
		role := &rbacv1.ClusterRole{}
		Expect(environment.Client.Get(ctx, client.ObjectKey{Name: name}, role)).To(Succeed())
		base := role.DeepCopy()
		for i := range role.AggregationRule.ClusterRoleSelectors {
			var parts rbacv1.ClusterRoleList
			selector := labels.Set(role.AggregationRule.ClusterRoleSelectors[i].MatchLabels)
			Expect(environment.Client.List(ctx, &parts, client.MatchingLabels(selector))).To(Succeed())
			for _, part := range parts.Items {
				role.Rules = append(role.Rules, part.Rules...)
			}
		}
		Expect(environment.Client.Patch(ctx, role, client.MergeFrom(base))).To(Succeed())
	}
}

// unbound returns a new pod that no scheduler looks after.
func unbound(ctx context.Context) *v1alpha1.SimPod {
	GinkgoHelper()
	pod := newPod("", "10m")
	pod.GenerateName, pod.Spec.SchedulerName = "unbound-", "nobody"
	create(ctx, pod)
	return pod
}

// nodeOf is the node that is stored.
func nodeOf(ctx context.Context, pod *v1alpha1.SimPod) string {
	GinkgoHelper()
	stored := &v1alpha1.SimPod{}
	Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(pod), stored)).To(Succeed())
	return stored.Spec.NodeName
}

func errorContains(err error, text string) bool { return strings.Contains(err.Error(), text) }
