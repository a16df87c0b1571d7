// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"cmp"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// grant is one verb on one resource, or on one path; the smallest thing that
// can be allowed. No namespace means all of them, and no name all objects.
type grant struct{ namespace, group, resource, name, path, verb string }

func (g grant) String() string {
	if g.path != "" {
		return g.verb + " " + g.path
	}
	text := g.verb + " " + g.resource
	if g.group != "" {
		text += "." + g.group
	}
	if g.name != "" {
		text += " " + g.name
	}
	return text + " in " + cmp.Or(g.namespace, "all namespaces")
}

// grantsOf are all that the table of privileges says of a component.
func grantsOf(component string) sets.Set[grant] {
	grants := sets.New[grant]()
	for _, p := range privileges[component] {
		grants.Insert(p.grants()...)
	}
	return grants
}

func (p privilege) grants() []grant {
	var grants []grant
	for _, verb := range p.verbs {
		grants = append(grants, grant{p.namespace, p.group, p.resource, p.name, p.path, verb})
	}
	return grants
}

// expand returns the grants of a rule that is bound in a namespace, or in all.
func expand(rule rbacv1.PolicyRule, namespace string) []grant {
	var grants []grant
	for _, verb := range rule.Verbs {
		for _, path := range rule.NonResourceURLs {
			grants = append(grants, grant{path: path, verb: verb})
		}
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, name := range names {
					grants = append(grants, grant{namespace, group, resource, name, "", verb})
				}
			}
		}
	}
	return grants
}

// covers says whether one of the grants allows what is asked, as RBAC does: see
// RulesAllow of k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac.
func covers(grants sets.Set[grant], asked grant) bool {
	for _, namespace := range []string{"", asked.namespace} {
		for _, name := range []string{"", asked.name} {
			asked.namespace, asked.name = namespace, name
			if grants.Has(asked) {
				return true
			}
		}
	}
	return false
}

// review asks whether a user may do what the grant says.
func (g grant) review(user string, groups []string) *authorizationv1.SubjectAccessReview {
	spec := authorizationv1.SubjectAccessReviewSpec{User: user, Groups: groups}
	if g.path != "" {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Path: g.path, Verb: g.verb}
	} else {
		resource, subresource := splitResource(g.resource)
		spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
			Namespace: g.namespace, Group: g.group, Resource: resource, Subresource: subresource, Name: g.name, Verb: g.verb,
		}
	}
	return &authorizationv1.SubjectAccessReview{Spec: spec}
}

// describe lists grants, one a line.
func describe(grants sets.Set[grant]) []string {
	lines := sets.New[string]()
	for g := range grants {
		lines.Insert(fmt.Sprint(g))
	}
	return sets.List(lines)
}
