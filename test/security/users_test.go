// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

var (
	reading = []string{"get", "list", "watch"}
	writing = []string{"create", "update", "patch", "delete", "deletecollection"}
)

// userPrivileges is what the cluster's own roles let users do with each kind
// beyond what the role before it does. No user writes a status, binds a pod or
// sets a finalizer through a subresource.
var userPrivileges = []struct {
	role  string
	verbs map[string][]string
}{
	{"view", map[string][]string{
		"faults": reading, "faults/status": reading,
		"simnodes": reading, "simnodes/status": reading,
		"simpods": reading, "simpods/status": reading,
		"simreplicasets": reading, "simreplicasets/status": reading, "simreplicasets/scale": reading,
		"simdeployments": reading, "simdeployments/status": reading, "simdeployments/scale": reading,
		"simstatefulsets": reading, "simstatefulsets/status": reading, "simstatefulsets/scale": reading,
		"simdaemonsets": reading, "simdaemonsets/status": reading,
		"simjobs": reading, "simjobs/status": reading,
		"simnodepools": reading, "simnodepools/status": reading, "simnodepools/scale": reading,
		"walkthroughs": reading, "walkthroughs/status": reading,
	}},
	{"edit", map[string][]string{
		"simpods": writing, "simreplicasets": writing, "simreplicasets/scale": {"update", "patch"}, "walkthroughs": writing,
		"simdeployments": writing, "simdeployments/scale": {"update", "patch"}, "simdaemonsets": writing, "simjobs": writing,
		"simstatefulsets": writing, "simstatefulsets/scale": {"update", "patch"},
	}},
	{"admin", map[string][]string{"faults": writing, "simnodes": writing, "simnodepools": writing, "simnodepools/scale": {"update", "patch"}}},
}

var _ = Describe("the role", func() {
	want := sets.New[grant]()
	for _, row := range userPrivileges {
		for resource, verbs := range row.verbs {
			want.Insert(privilege{group: sim, resource: resource, verbs: verbs}.grants()...)
		}
		want := want.Clone() // with all roles before

		It(row.role+" allows what the table says", func(ctx context.Context) {
			name := "everywhere-" + row.role
			bindRole(ctx, "", rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: row.role}, userSubject(name))
			Eventually(func() []string { return describe(allowedTo(ctx, name, "")) }).
				WithContext(ctx).WithTimeout(patience / 6).Should(Equal(describe(want)))
		}, SpecTimeout(patience))

		It(row.role+" of a namespace allows the same there, and nothing in another one", func(ctx context.Context) {
			name := "here-" + row.role
			bindRole(ctx, elsewhere, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: row.role}, userSubject(name))
			there := sets.New[grant]()
			for g := range want {
				if !strings.HasPrefix(g.resource, "simnode") && !strings.HasPrefix(g.resource, "faults") { // these are in no namespace
					g.namespace = elsewhere
					there.Insert(g)
				}
			}
			Eventually(func() []string { return describe(allowedTo(ctx, name, elsewhere)) }).
				WithContext(ctx).WithTimeout(patience / 6).Should(Equal(describe(there)))
			Expect(describe(allowedTo(ctx, name, system))).To(BeEmpty())
			Expect(describe(allowedTo(ctx, name, ""))).To(BeEmpty())
		}, SpecTimeout(patience))
	}
})

func userSubject(name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}

// allowedTo returns all that a user may do with our kinds in a namespace, or in
// all of them and with what is in none.
func allowedTo(ctx context.Context, user, namespace string) sets.Set[grant] {
	GinkgoHelper()
	allowed := sets.New[grant]()
	for _, kind := range append(discover(), notDiscovered...) {
		if kind.group != sim || (namespace != "" && !kind.namespaced) {
			continue
		}
		for _, verb := range slices.Concat(reading, writing, []string{"*"}) {
			question := grant{namespace, kind.group, kind.resource, "", "", verb}
			answer, err := admin.AuthorizationV1().SubjectAccessReviews().Create(ctx, question.review(user, nil), metav1.CreateOptions{})
			Expect(err).NotTo(HaveOccurred())
			if answer.Status.Allowed {
				allowed.Insert(question)
			}
		}
	}
	return allowed
}
