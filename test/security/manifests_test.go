// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// overlays are the ways to deploy. None may grant more than another.
var overlays = []string{"config/default", "config/kubeadm"}

var _ = Describe("the manifests", func() {
	for _, overlay := range overlays {
		Context("of "+overlay, func() {
			var rendered *roles
			BeforeEach(func() { rendered = render(overlay) })

			for _, component := range accounts {
				It("grant "+component+" what the table says, and nothing else", func() {
					granted, stated := rendered.of(component), grantsOf(component)
					Expect(describe(granted.Difference(stated))).To(BeEmpty(), "granted, but not in the table")
					Expect(describe(stated.Difference(granted))).To(BeEmpty(), "in the table, but not granted")
				})
			}

			It("grant nothing to anybody else", func() {
				for _, binding := range rendered.bindings {
					for _, subject := range binding.subjects {
						Expect(subject.Kind).To(Equal(rbacv1.ServiceAccountKind), "of %s", binding.name)
						Expect(subject.Namespace).To(Equal(system), "of %s", binding.name)
						Expect(accounts).To(ContainElement(subject.Name), "of %s", binding.name)
					}
				}
			})

			It("add nothing to the cluster's own roles but view, edit and admin", func() {
				for name, labels := range rendered.labels {
					for label := range labels {
						Expect(label).NotTo(HavePrefix("rbac.authorization.k8s.io/"), "of %s", name)
					}
				}
			})
		})
	}
})

var _ = Describe("config/prometheus", func() {
	It("grants the components nothing", func() {
		rendered := render("config/prometheus")
		for _, component := range accounts {
			Expect(describe(rendered.of(component))).To(BeEmpty())
		}
	})
})

// roles are the RBAC objects of an overlay.
type roles struct {
	rules    map[roleKey][]rbacv1.PolicyRule
	labels   map[string]map[string]string
	bindings []binding
}

// roleKey names a Role or, without a namespace, a ClusterRole.
type roleKey struct{ namespace, name string }

// binding is a RoleBinding or, without a namespace, a ClusterRoleBinding.
type binding struct {
	name, namespace string
	role            roleKey
	subjects        []rbacv1.Subject
}

// userRoles are what users' roles are aggregated from; users_test.go says what
// is in them.
var userRoles = map[string]string{
	"glassplane-view":  "rbac.authorization.k8s.io/aggregate-to-view",
	"glassplane-edit":  "rbac.authorization.k8s.io/aggregate-to-edit",
	"glassplane-admin": "rbac.authorization.k8s.io/aggregate-to-admin",
}

// render builds an overlay and reads its RBAC objects.
func render(overlay string) *roles {
	GinkgoHelper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../"+overlay)
	Expect(err).NotTo(HaveOccurred())
	r := &roles{rules: map[roleKey][]rbacv1.PolicyRule{}, labels: map[string]map[string]string{}}
	for _, resource := range resources.Resources() {
		content, err := resource.AsYAML()
		Expect(err).NotTo(HaveOccurred())
		switch kind := resource.GetKind(); kind {
		case "ClusterRole":
			role := decode[rbacv1.ClusterRole](content)
			Expect(role.AggregationRule).To(BeNil(), "%s would grow with the roles of others", role.Name)
			r.rules[roleKey{"", role.Name}], r.labels[role.Name] = role.Rules, withoutUserRole(role.Name, role.Labels)
		case "Role":
			role := decode[rbacv1.Role](content)
			r.rules[roleKey{role.Namespace, role.Name}] = role.Rules
		case "ClusterRoleBinding", "RoleBinding":
			b := decode[rbacv1.RoleBinding](content)
			role := roleKey{name: b.RoleRef.Name}
			if b.RoleRef.Kind == "Role" {
				role.namespace = b.Namespace
			}
			r.bindings = append(r.bindings, binding{kind + " " + b.Name, b.Namespace, role, b.Subjects})
		}
	}
	return r
}

func withoutUserRole(name string, labels map[string]string) map[string]string {
	delete(labels, userRoles[name])
	return labels
}

func decode[T any](content []byte) T {
	GinkgoHelper()
	var object T
	Expect(yaml.UnmarshalStrict(content, &object)).To(Succeed())
	return object
}

// of returns everything that is granted to a ServiceAccount of the system
// namespace, by its name or through a group that it is in.
func (r *roles) of(account string) sets.Set[grant] {
	GinkgoHelper()
	grants := sets.New[grant]()
	for _, binding := range r.bindings {
		if !slices.ContainsFunc(binding.subjects, func(s rbacv1.Subject) bool { return isSubject(s, account) }) {
			continue
		}
		rules, ok := r.rules[binding.role]
		Expect(ok).To(BeTrue(), "%s refers to a role that is not in the manifests: %v", binding.name, binding.role)
		for _, rule := range rules {
			grants.Insert(expand(rule, binding.namespace)...)
		}
	}
	return grants
}

func isSubject(subject rbacv1.Subject, account string) bool {
	switch subject.Kind {
	case rbacv1.ServiceAccountKind:
		return subject.Namespace == system && subject.Name == account
	case rbacv1.UserKind:
		return subject.Name == userOf(account)
	case rbacv1.GroupKind:
		return slices.Contains(groupsOf(), subject.Name)
	}
	Fail(fmt.Sprintf("unknown kind of subject %q", subject.Kind))
	return false
}
