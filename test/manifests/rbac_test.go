// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ruleChecks hold for every rule of every role.
var ruleChecks = map[string]func(rbacv1.PolicyRule) bool{
	// But for paths below one that is named, such as /observer/*. The path / is that
	// of the page alone.
	"names no wildcard": func(r rbacv1.PolicyRule) bool {
		return !slices.ContainsFunc(slices.Concat(r.APIGroups, r.Resources, r.Verbs), func(name string) bool {
			return strings.Contains(name, "*")
		}) && !slices.ContainsFunc(r.NonResourceURLs, func(url string) bool { return url != "/" && strings.Trim(url, "/*") == "" })
	},
	"gives no access to Secrets": func(r rbacv1.PolicyRule) bool {
		return !slices.Contains(r.APIGroups, "") || !slices.Contains(r.Resources, "secrets")
	},
	"cannot be used to gain other rights": func(r rbacv1.PolicyRule) bool {
		return !slices.ContainsFunc(r.Verbs, func(verb string) bool {
			return slices.Contains([]string{"bind", "escalate", "impersonate"}, verb)
		}) && !slices.ContainsFunc(r.Resources, func(resource string) bool {
			return slices.Contains([]string{"serviceaccounts/token", "pods/exec", "pods/attach", "nodes/proxy"}, resource)
		})
	},
	"says what it gives": func(r rbacv1.PolicyRule) bool {
		return len(r.Verbs) > 0 && len(r.Resources)+len(r.NonResourceURLs) > 0
	},
}

func TestRules(t *testing.T) {
	for _, folder := range []string{defaultConfig, kubeadmConfig, prometheusConfig} {
		for role, rules := range roles(t, render(t, folder)) {
			for _, rule := range rules {
				for check, holds := range ruleChecks {
					if !holds(rule) {
						t.Errorf("config/%s: %s: not so: %s: %v", folder, role, check, rule)
					}
				}
			}
		}
	}
}

// roles returns the rules of all roles by kind and name.
func roles(t *testing.T, objects []*unstructured.Unstructured) map[string][]rbacv1.PolicyRule {
	t.Helper()
	result := map[string][]rbacv1.PolicyRule{}
	for _, role := range ofKind[rbacv1.Role](t, objects, "Role") {
		result["Role "+role.Name] = role.Rules
	}
	for _, role := range ofKind[rbacv1.ClusterRole](t, objects, "ClusterRole") {
		if role.AggregationRule != nil {
			t.Errorf("ClusterRole %s takes rules from other roles", role.Name)
		}
		result["ClusterRole "+role.Name] = role.Rules
	}
	return result
}

// Roles that are bound are ours, and are bound to our ServiceAccounts only.
func TestBindings(t *testing.T) {
	base := render(t, defaultConfig)
	for _, folder := range []string{defaultConfig, kubeadmConfig, prometheusConfig} {
		objects := render(t, folder)
		known := roles(t, slices.Concat(base, objects))
		accounts := names(ofKind[corev1.ServiceAccount](t, objects, "ServiceAccount"), func(a corev1.ServiceAccount) string { return a.Name })
		check := func(binding string, role rbacv1.RoleRef, subjects []rbacv1.Subject) {
			if _, ok := known[role.Kind+" "+role.Name]; !ok {
				t.Errorf("config/%s: binding %s: %s %s is not in config/", folder, binding, role.Kind, role.Name)
			}
			for _, subject := range subjects {
				if subject.Kind != rbacv1.ServiceAccountKind || subject.Namespace != systemNamespace || !slices.Contains(accounts, subject.Name) {
					t.Errorf("config/%s: binding %s: %s %s/%s is not a ServiceAccount of this overlay",
						folder, binding, subject.Kind, subject.Namespace, subject.Name)
				}
			}
		}
		for _, b := range ofKind[rbacv1.RoleBinding](t, objects, "RoleBinding") {
			check(b.Name, b.RoleRef, b.Subjects)
		}
		for _, b := range ofKind[rbacv1.ClusterRoleBinding](t, objects, "ClusterRoleBinding") {
			check(b.Name, b.RoleRef, b.Subjects)
		}
	}
}
