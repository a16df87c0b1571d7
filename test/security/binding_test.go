// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
)

// outcome of an attempt to set spec.nodeName.
type outcome string

const (
	binds     outcome = "binds"
	notByRole outcome = "refused by RBAC"
	notBind   outcome = "refused by the policy simpod-binding"
	noEffect  outcome = "has no effect"
	immutable outcome = "refused because a pod never moves"
)

const (
	node     = "some-node"
	ofStatus = "patch of the status"
)

// ways to set spec.nodeName of a pod that exists.
var ways = map[string]func(ctx context.Context, c client.Client, pod *v1alpha1.SimPod, dryRun bool) error{
	"update": func(ctx context.Context, c client.Client, pod *v1alpha1.SimPod, dryRun bool) error {
		pod.Spec.NodeName = node
		return c.Update(ctx, pod, dry[client.UpdateOption](dryRun)...)
	},
	"patch": func(ctx context.Context, c client.Client, pod *v1alpha1.SimPod, dryRun bool) error {
		return c.Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"nodeName":"`+node+`"}}`)), dry[client.PatchOption](dryRun)...)
	},
	"JSON patch": func(ctx context.Context, c client.Client, pod *v1alpha1.SimPod, dryRun bool) error {
		patch := `[{"op":"add","path":"/spec/nodeName","value":"` + node + `"}]`
		return c.Patch(ctx, pod, client.RawPatch(types.JSONPatchType, []byte(patch)), dry[client.PatchOption](dryRun)...)
	},
	"server-side apply": func(ctx context.Context, c client.Client, pod *v1alpha1.SimPod, dryRun bool) error {
		applied := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"nodeName": node}}}
		applied.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SimPod"))
		applied.SetNamespace(pod.Namespace)
		applied.SetName(pod.Name)
		options := append(dry[client.ApplyOption](dryRun), client.FieldOwner("security-test"), client.ForceOwnership)
		return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), options...)
	},
	ofStatus: func(ctx context.Context, c client.Client, pod *v1alpha1.SimPod, dryRun bool) error {
		return c.Status().Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"nodeName":"`+node+`"}}`)), dry[client.SubResourcePatchOption](dryRun)...)
	},
}

func dry[T any](dryRun bool) []T {
	if !dryRun {
		return nil
	}
	return []T{any(client.DryRunAll).(T)}
}

// binder is somebody who tries to bind, by what is bound to them.
type binder struct {
	who string
	// account is a component's; or role is a ClusterRole in the pod's namespace,
	// or rules are those of a Role there.
	account, role string
	rules         []rbacv1.PolicyRule
	// what becomes of a create with a nodeName, of an update, of patches of any
	// kind, and of a patch of the status.
	create, update, patch, status outcome
}

func simRule(resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{sim}, Resources: []string{resource}, Verbs: verbs}
}

func named(rule rbacv1.PolicyRule, name string) rbacv1.PolicyRule {
	rule.ResourceNames = []string{name}
	return rule
}

var binders = []binder{
	{who: "the scheduler", account: manager.SchedulerName, create: notByRole, update: notByRole, patch: binds, status: noEffect},
	{who: "the controller manager", account: manager.ControllerManagerName, create: notBind, update: notByRole, patch: notBind, status: noEffect},
	{who: "the observer", account: manager.ObserverName, create: notByRole, update: notByRole, patch: notByRole, status: notByRole},
	{who: "a cluster admin", role: "cluster-admin", create: binds, update: binds, patch: binds, status: noEffect},
	{who: "the namespace's admin", role: "admin", create: notBind, update: notBind, patch: notBind, status: notByRole},
	{who: "an editor", role: "edit", create: notBind, update: notBind, patch: notBind, status: notByRole},
	{who: "a viewer", role: "view", create: notByRole, update: notByRole, patch: notByRole, status: notByRole},
	{
		who: "who may bind, but not write", rules: []rbacv1.PolicyRule{simRule("simpods/binding", "create"), simRule("simpods", "get")},
		create: notByRole, update: notByRole, patch: notByRole, status: notByRole,
	},
	{
		who: "who may write, but holds another verb of the binding", rules: []rbacv1.PolicyRule{simRule("simpods/binding", "update", "patch"), simRule("simpods", "create", "update", "patch")},
		create: notBind, update: notBind, patch: notBind, status: notByRole,
	},
	{
		who: "another scheduler", rules: []rbacv1.PolicyRule{simRule("simpods/binding", "create"), simRule("simpods", "create", "update", "patch")},
		create: binds, update: binds, patch: binds, status: notByRole,
	},
	{
		who: "who may bind another pod", rules: []rbacv1.PolicyRule{named(simRule("simpods/binding", "create"), "another"), simRule("simpods", "create", "update", "patch")},
		create: notBind, update: notBind, patch: notBind, status: notByRole,
	},
}

var _ = Describe("binding", func() {
	for i, b := range binders {
		It(fmt.Sprintf("by %s: create %s, update %s, patch %s", b.who, b.create, b.update, b.patch), func(ctx context.Context) {
			c := b.client(ctx, i)
			for _, dryRun := range []bool{true, false} {
				Expect(b.tryCreate(ctx, c, dryRun)).To(Equal(b.create), "create, dry run %t", dryRun)
				for name, way := range ways {
					if dryRun && name == ofStatus {
						continue // it would store nothing in any case
					}
					want := map[string]outcome{"update": b.update, ofStatus: b.status}[name]
					if want == "" {
						want = b.patch
					}
					Expect(try(ctx, c, way, dryRun)).To(Equal(want), "%s, dry run %t", name, dryRun)
				}
			}
		}, SpecTimeout(patience))
	}

	for _, who := range []string{"the scheduler", "a cluster admin"} {
		It("again or never more, by "+who, func(ctx context.Context) {
			for i, b := range binders {
				if b.who != who {
					continue
				}
				c, pod := b.client(ctx, 100+i), unbound(ctx)
				Expect(ways["patch"](ctx, environment.Client, pod, false)).To(Succeed())
				for _, change := range []string{`"another-node"`, `""`, `null`} {
					err := c.Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"nodeName":`+change+`}}`)))
					Expect(outcomeOf(err)).To(Equal(immutable), "%s: %v", change, err)
				}
				Expect(nodeOf(ctx, pod)).To(Equal(node))
			}
		}, SpecTimeout(patience))
	}
})

// client acts as the binder.
func (b binder) client(ctx context.Context, index int) client.Client {
	GinkgoHelper()
	if b.account != "" {
		return clientOf(b.account)
	}
	name := fmt.Sprintf("binder-%d", index)
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: b.role}
	if b.role == "" {
		ref.Kind, ref.Name = "Role", name
		create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: name}, Rules: b.rules})
	}
	bindRole(ctx, elsewhere, ref, userSubject(name))
	config, err := environment.User(name)
	Expect(err).NotTo(HaveOccurred())
	return newClient(config)
}

func (b binder) tryCreate(ctx context.Context, c client.Client, dryRun bool) outcome {
	GinkgoHelper()
	pod := newPod("", "10m")
	pod.GenerateName, pod.Spec.NodeName = "created-", node
	var err error
	// The authorizer's cache learns of a new role after a moment.
	Eventually(func() outcome {
		err = c.Create(ctx, pod, dry[client.CreateOption](dryRun)...)
		return outcomeOf(err)
	}).WithContext(ctx).WithTimeout(patience/12).Should(Equal(b.create), "%v", err)
	if err == nil && !dryRun {
		DeferCleanup(func(ctx context.Context) error { return client.IgnoreNotFound(environment.Client.Delete(ctx, pod)) })
	}
	return outcomeOf(err)
}

// try sets the node of a new pod and returns what became of it.
func try(ctx context.Context, c client.Client, way func(context.Context, client.Client, *v1alpha1.SimPod, bool) error, dryRun bool) outcome {
	GinkgoHelper()
	pod := unbound(ctx)
	result := outcomeOf(way(ctx, c, pod.DeepCopy(), dryRun))
	stored := nodeOf(ctx, pod)
	if result == binds && !dryRun && stored == "" {
		return noEffect
	}
	if result != binds || dryRun {
		Expect(stored).To(BeEmpty())
	}
	return result
}

// outcomeOf tells who refused, and checks that the message helps.
func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return binds
	case apierrors.IsInvalid(err):
		Expect(err).To(MatchError(ContainSubstring("spec.nodeName")))
		return immutable
	case apierrors.IsForbidden(err) && errorContains(err, "ValidatingAdmissionPolicy 'simpod-binding'"):
		Expect(err).To(MatchError(ContainSubstring("spec.nodeName may be set only by who may create simpods/binding")))
		return notBind
	case apierrors.IsForbidden(err):
		return notByRole
	}
	return outcome(err.Error())
}
