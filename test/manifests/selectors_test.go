// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	systemNamespace = v1alpha1.SystemNamespace
	observer        = "glassplane-observer"
	// clientLabel is on the namespaces from which the components may be reached.
	clientLabel = "glassplane.dev/client"
)

// selected returns the names of the Deployments whose pods a selector matches.
func selected(t *testing.T, deployments []appsv1.Deployment, selector *metav1.LabelSelector) []string {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	var result []string
	for _, d := range deployments {
		if s.Matches(labels.Set(d.Spec.Template.Labels)) {
			result = append(result, d.Name)
		}
	}
	return result
}

// Services, disruption budgets and Deployments select the pods of the Deployment
// of their name, and of no other.
func TestSelectors(t *testing.T) {
	for _, folder := range deployments {
		objects, deployments := render(t, folder), components(t, folder)
		selectors := map[string]*metav1.LabelSelector{}
		services := map[string]corev1.Service{}
		for _, s := range ofKind[corev1.Service](t, objects, "Service") {
			services[s.Name] = s
			selectors["Service "+s.Name] = &metav1.LabelSelector{MatchLabels: s.Spec.Selector}
		}
		budgets := map[string]bool{}
		for _, b := range ofKind[policyv1.PodDisruptionBudget](t, objects, "PodDisruptionBudget") {
			budgets[b.Name] = true
			selectors["PodDisruptionBudget "+b.Name] = b.Spec.Selector
		}
		for _, d := range deployments {
			for kind, selector := range map[string]*metav1.LabelSelector{
				"Deployment":          d.Spec.Selector,
				"Service":             selectors["Service "+d.Name],
				"PodDisruptionBudget": selectors["PodDisruptionBudget "+d.Name],
			} {
				if selector == nil {
					continue
				}
				if got := selected(t, deployments, selector); !slices.Equal(got, []string{d.Name}) {
					t.Errorf("config/%s: %s %s selects the pods of %q", folder, kind, d.Name, got)
				}
			}
			checkService(t, services[d.Name], d)
			// One that keeps the only replica would keep its node from being drained.
			if several := *d.Spec.Replicas > 1; budgets[d.Name] != several {
				t.Errorf("config/%s: %s: %d replicas, PodDisruptionBudget: %v", folder, d.Name, *d.Spec.Replicas, budgets[d.Name])
			}
		}
		if len(services) != len(deployments) {
			t.Errorf("config/%s has %d Services; want one for each of %d components", folder, len(services), len(deployments))
		}
	}
}

func checkService(t *testing.T, service corev1.Service, d appsv1.Deployment) {
	t.Helper()
	if len(service.Spec.Ports) != 1 {
		t.Fatalf("the Service %s has the ports %v; want one", d.Name, service.Spec.Ports)
	}
	port := service.Spec.Ports[0]
	if port.Name != "https" || port.Port != 8443 || containerPort(d, port.TargetPort.StrVal) != 8443 {
		t.Errorf("the Service %s has port %v; want https 8443 for container port 8443", d.Name, port)
	}
}

// containerPort returns the number of a named port; 0 if there is none.
func containerPort(d appsv1.Deployment, name string) int32 {
	for _, port := range d.Spec.Template.Spec.Containers[0].Ports {
		if port.Name == name {
			return port.ContainerPort
		}
	}
	return 0
}

// Replicas are spread by labels that they have; the API server adds the hash.
func TestSpread(t *testing.T) {
	for _, folder := range deployments {
		for _, d := range components(t, folder) {
			for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
				if got := selected(t, []appsv1.Deployment{d}, c.LabelSelector); len(got) != 1 {
					t.Errorf("config/%s: %s: the constraint on %s does not select its own pods", folder, d.Name, c.TopologyKey)
				}
				for _, key := range []string{"app.kubernetes.io/component", appsv1.DefaultDeploymentUniqueLabelKey} {
					if !slices.Contains(c.MatchLabelKeys, key) {
						t.Errorf("config/%s: %s: the constraint on %s does not compare the label %s", folder, d.Name, c.TopologyKey, key)
					}
				}
			}
		}
	}
}

// One policy selects every pod, and lets in the observer and labelled namespaces
// at the port of the endpoint, and nobody else.
func TestNetworkPolicy(t *testing.T) {
	for _, folder := range deployments {
		deployments := components(t, folder)
		policies := ofKind[networkingv1.NetworkPolicy](t, render(t, folder), "NetworkPolicy")
		if len(policies) != 1 || policies[0].Namespace != systemNamespace {
			t.Fatalf("config/%s has %d NetworkPolicies; want one, in %s", folder, len(policies), systemNamespace)
		}
		spec := policies[0].Spec
		if got := selected(t, deployments, &spec.PodSelector); len(got) != len(deployments) {
			t.Errorf("config/%s: the policy selects the pods of %q only", folder, got)
		}
		if !slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress) || len(spec.Ingress) != 1 {
			t.Fatalf("config/%s: the policy has types %v and %d rules for ingress; want one", folder, spec.PolicyTypes, len(spec.Ingress))
		}
		rule := spec.Ingress[0]
		if len(rule.From) != 2 || len(rule.Ports) != 1 {
			t.Fatalf("config/%s: the policy lets in %v at %v; want two peers at one port", folder, rule.From, rule.Ports)
		}
		if got := selected(t, deployments, rule.From[0].PodSelector); !slices.Equal(got, []string{observer}) || rule.From[0].NamespaceSelector != nil {
			t.Errorf("config/%s: the policy lets in the pods of %q; want %s of this namespace", folder, got, observer)
		}
		if got := rule.From[1].NamespaceSelector; got == nil || got.MatchLabels[clientLabel] != "true" {
			t.Errorf("config/%s: the policy lets in the namespaces %v; want those with the label %s=true", folder, got, clientLabel)
		}
		for _, d := range deployments {
			if got := rule.Ports[0].Port.IntVal; got != containerPort(d, "https") {
				t.Errorf("config/%s: the policy opens port %d, %s serves at %d", folder, got, d.Name, containerPort(d, "https"))
			}
		}
	}
}

// The ServiceMonitor selects the three Services by a port that they have, and
// its token is that of a ServiceAccount which may read metrics.
func TestServiceMonitor(t *testing.T) {
	objects := render(t, prometheusConfig)
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "ServiceMonitor" })
	if i < 0 {
		t.Fatal("config/prometheus has no ServiceMonitor")
	}
	monitor := objects[i]
	matchLabels, _, err := unstructured.NestedStringMap(monitor.Object, "spec", "selector", "matchLabels")
	if err != nil {
		t.Fatal(err)
	}
	services := ofKind[corev1.Service](t, render(t, defaultConfig), "Service")
	endpoints, _, err := unstructured.NestedSlice(monitor.Object, "spec", "endpoints")
	if err != nil || len(endpoints) != 1 {
		t.Fatalf("the ServiceMonitor has the endpoints %v, %v; want one", endpoints, err)
	}
	endpoint := endpoints[0].(map[string]any)
	for _, service := range services {
		if monitor.GetNamespace() != service.Namespace || !labels.SelectorFromSet(matchLabels).Matches(labels.Set(service.Labels)) {
			t.Errorf("the ServiceMonitor does not select the Service %s", service.Name)
		}
		if endpoint["port"] != service.Spec.Ports[0].Name {
			t.Errorf("the ServiceMonitor scrapes port %v; the Service %s has %s", endpoint["port"], service.Name, service.Spec.Ports[0].Name)
		}
	}
	name, _, err := unstructured.NestedString(endpoint, "authorization", "credentials", "name")
	if err != nil {
		t.Fatal(err)
	}
	secrets := ofKind[corev1.Secret](t, objects, "Secret")
	accounts := ofKind[corev1.ServiceAccount](t, objects, "ServiceAccount")
	if len(secrets) != 1 || secrets[0].Name != name || secrets[0].Type != corev1.SecretTypeServiceAccountToken ||
		len(accounts) != 1 || secrets[0].Annotations[corev1.ServiceAccountNameKey] != accounts[0].Name {
		t.Errorf("the token %s is not that of the overlay's ServiceAccount: Secrets %v, ServiceAccounts %v", name, secrets, accounts)
	}
}
