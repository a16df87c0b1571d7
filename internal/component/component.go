// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package component names the components of the control plane, and recognizes
// them by the requests that they send.
package component

import (
	"slices"
	"strings"
)

// The components of the story, as the steps name them.
const (
	Client    = "User / API client"
	APIServer = "API server"
	Scheduler = "Scheduler"
	// Manager is Glassplane's, KubeManager the one of Kubernetes.
	Manager     = "Controller manager"
	KubeManager = "kube-controller-manager"
	Kubelet     = "Kubelet"
	Etcd        = "etcd"
	Observer    = "Observer"
)

// identity names a component by the user and the user agent of its requests.
type identity struct {
	component string
	// users match as a whole, or after the last colon, as those of ServiceAccounts.
	users []string
	// agents are the programs that user agents name before their version, which
	// is also how the API server names the managers of fields.
	agents []string
}

var identities = []identity{
	{Scheduler, []string{"glassplane-scheduler", "kube-scheduler"}, []string{"glassplane-scheduler", "kube-scheduler"}},
	{Manager, []string{"glassplane-controller-manager"}, []string{"glassplane-controller-manager"}},
	{KubeManager, []string{"kube-controller-manager"}, []string{"kube-controller-manager"}},
	{Kubelet, nil, []string{"kubelet"}},
	{Observer, []string{"glassplane-observer"}, []string{"glassplane-observer"}},
}

// Of names the component that sent a request; empty where it is none that is
// known. The user counts for more than the user agent, which a client chooses
// freely.
func Of(user, userAgent string) string {
	account := user[strings.LastIndex(user, ":")+1:]
	for _, id := range identities {
		if slices.Contains(id.users, account) {
			return id.component
		}
	}
	if strings.HasPrefix(user, "system:node:") {
		return Kubelet
	}
	return OfAgent(userAgent)
}

// OfAgent names the component by its user agent, or by the manager of fields
// that the API server made from one; empty where it is none that is known.
func OfAgent(userAgent string) string {
	program, _, _ := strings.Cut(userAgent, "/")
	for _, id := range identities {
		if slices.Contains(id.agents, program) {
			return id.component
		}
	}
	return ""
}

// IsProgram reports whether a request comes from a program rather than from a
// person's client: it has an account of its own in the cluster. kubectl prints
// what it is answered, whoever it acts as.
func IsProgram(user, userAgent string, groups []string) bool {
	if strings.HasPrefix(userAgent, "kubectl/") {
		return false
	}
	return Of(user, userAgent) != "" || strings.HasPrefix(user, "system:serviceaccount:") ||
		slices.Contains(groups, "system:serviceaccounts") || slices.Contains(groups, "system:nodes")
}
