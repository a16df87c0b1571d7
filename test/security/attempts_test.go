// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
)

// attempt is a request that is tried for real.
type attempt struct {
	what string
	try  func(context.Context, client.Client) error
}

// harmless is a patch that changes no more than a label.
var harmless = client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"changed":"by-a-component"}}}`))

// objectOf refers to an object of any kind.
func objectOf(group, version, kind, namespace, name string) client.Object {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}

func patching(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, c client.Client) error {
		return c.Patch(ctx, object.DeepCopyObject().(client.Object), harmless)
	}
}

func deleting(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, c client.Client) error {
		return c.Delete(ctx, object.DeepCopyObject().(client.Object))
	}
}

func creating(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, c client.Client) error {
		return c.Create(ctx, object.DeepCopyObject().(client.Object))
	}
}

// forbidden are what no component may do.
var forbidden = []attempt{
	{"read a Secret", func(ctx context.Context, c client.Client) error {
		return c.Get(ctx, client.ObjectKey{Namespace: system, Name: "secret"}, &corev1.Secret{})
	}},
	{"list all Secrets", func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.SecretList{}) }},
	{"get a token of an account", func(ctx context.Context, c client.Client) error {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: manager.SchedulerName}}
		return c.SubResource("token").Create(ctx, account, &authenticationv1.TokenRequest{})
	}},
	{"change the policy", patching(objectOf("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", "", "simpod-binding"))},
	{"remove the policy's binding", deleting(objectOf("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", "", "simpod-binding"))},
	{"change a CRD", patching(objectOf("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "", "simpods."+sim))},
	{"remove a CRD", deleting(objectOf("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "", "simpods."+sim))},
	{"bind itself to another role", creating(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "by-a-component"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: system, Name: manager.ObserverName}},
	})},
	{"run a Pod", creating(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: "by-a-component"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx"}}},
	})},
	{"hold the Lease of a component of Kubernetes", creating(newLease("kube-system", "kube-scheduler"))},
	{"renew the Lease of a real node", creating(newLease(corev1.NamespaceNodeLease, "node-1"))},
	{"change a real node", patching(objectOf("", "v1", "Node", "", "node-1"))},
}

func newLease(namespace, name string) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

var _ = Describe("a component cannot", func() {
	for _, component := range accounts {
		for _, a := range forbidden {
			It(a.what+": "+component, func(ctx context.Context) { expectForbidden(a.try(ctx, clientOf(component))) })
		}

		It("change its own role: "+component, func(ctx context.Context) {
			for _, kind := range []string{"ClusterRole", "ClusterRoleBinding"} {
				expectForbidden(patching(objectOf(rbacv1.GroupName, "v1", kind, "", component))(ctx, clientOf(component)))
			}
		})

		It("act as somebody else: "+component, func(ctx context.Context) {
			config, err := environment.ServiceAccount(component)
			Expect(err).NotTo(HaveOccurred())
			config.Impersonate = rest.ImpersonationConfig{UserName: "admin", Groups: []string{"system:masters"}}
			expectForbidden(newClient(config).List(ctx, &v1alpha1.SimPodList{}))
		})

		It("take over what another one publishes or leads: "+component, func(ctx context.Context) {
			c := clientOf(component)
			for _, other := range slices.DeleteFunc(slices.Clone(accounts), func(name string) bool { return name == component }) {
				for _, change := range []func(client.Object) func(context.Context, client.Client) error{patching, deleting} {
					expectForbidden(change(objectOf("", "v1", "ConfigMap", system, endpointOf(other)))(ctx, c))
					expectForbidden(change(objectOf(leases, "v1", "Lease", system, other))(ctx, c))
				}
				expectForbidden(c.Update(ctx, newLease(system, other)))
			}
			Expect(patching(objectOf("", "v1", "ConfigMap", system, endpointOf(component)))(ctx, c)).To(Succeed(), "its own")
		})
	}
})

// newWalkthrough is one that the controller manager does nothing for.
func newWalkthrough(name string) *v1alpha1.Walkthrough {
	return &v1alpha1.Walkthrough{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: name},
		Spec:       v1alpha1.WalkthroughSpec{SubjectRef: &v1alpha1.SubjectReference{Name: "no-such-pod"}},
	}
}

var _ = Describe("the observer", func() {
	It("writes nothing that it records but the status of Walkthroughs", func(ctx context.Context) {
		c, pod, set, walkthrough := clientOf(manager.ObserverName), unbound(ctx), newReplicaSet("observed", 0, newPod("", "10m").Spec), newWalkthrough("observed")
		create(ctx, set)
		create(ctx, walkthrough)
		for _, object := range []client.Object{pod, set, walkthrough} {
			expectForbidden(patching(object)(ctx, c))
			expectForbidden(deleting(object)(ctx, c))
			expectForbidden(c.DeleteAllOf(ctx, object, client.InNamespace(elsewhere)))
		}
		expectForbidden(creating(newPod("by-the-observer", "10m"))(ctx, c))
		status := client.RawPatch(types.MergePatchType, []byte(`{"status":{"observedGeneration":1}}`))
		expectForbidden(c.Status().Patch(ctx, pod, status))
		expectForbidden(c.Status().Patch(ctx, set, status))
		Expect(c.Status().Patch(ctx, walkthrough, status)).To(Succeed())
	}, SpecTimeout(patience))
})

var _ = Describe("the controller manager", func() {
	It("writes heartbeats where no real node has its own", func(ctx context.Context) {
		c, heartbeat := clientOf(manager.ControllerManagerName), newLease(v1alpha1.NodeLeaseNamespace, "heartbeat")
		Expect(creating(heartbeat)(ctx, c)).To(Succeed())
		Expect(patching(heartbeat)(ctx, c)).To(Succeed())
		expectForbidden(deleting(heartbeat)(ctx, c))
		for _, namespace := range []string{elsewhere, corev1.NamespaceNodeLease} {
			expectForbidden(creating(newLease(namespace, "heartbeat"))(ctx, c))
			expectForbidden(patching(newLease(namespace, "heartbeat"))(ctx, c))
		}
		Expect(environment.Client.Delete(ctx, heartbeat)).To(Succeed())
	}, SpecTimeout(patience))

	It("owns pods for whoever asked for them, though their deletion is to wait for it", func(ctx context.Context) {
		set := newReplicaSet("owner", 0, newPod("", "10m").Spec)
		create(ctx, set)
		pod := newPod("owned", "10m")
		pod.Spec.SchedulerName = "nobody"
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, v1alpha1.GroupVersion.WithKind("SimReplicaSet"))}
		Expect(creating(pod)(ctx, clientOf(manager.ControllerManagerName))).To(Succeed())
		Expect(environment.Client.Delete(ctx, pod)).To(Succeed())
	}, SpecTimeout(patience))
})

func expectForbidden(err error) {
	GinkgoHelper()
	Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
}
