// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package component

import "testing"

func TestOf(t *testing.T) {
	tests := []struct{ name, user, agent, want string }{
		{"our scheduler", "system:serviceaccount:glassplane-system:glassplane-scheduler", "", Scheduler},
		{"kube-scheduler", "system:kube-scheduler", "kube-scheduler/v1.37.2", Scheduler},
		{"our controller manager", "system:serviceaccount:glassplane-system:glassplane-controller-manager", "", Manager},
		{"a controller of kube-controller-manager", "system:serviceaccount:kube-system:job-controller", "kube-controller-manager/v1.37.2", KubeManager},
		{"a kubelet", "system:node:worker-1", "kubelet/v1.37.2", Kubelet},
		{"the user counts for more than the agent", "system:kube-scheduler", "kubelet/v1", Scheduler},
		{"a person", "alice", "kubectl/v1.37.2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Of(tt.user, tt.agent); got != tt.want {
				t.Errorf("Of() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestIsProgram(t *testing.T) {
	tests := []struct {
		name, user, agent string
		groups            []string
		want              bool
	}{
		{"a person", "alice", "kubectl/v1.37.2", nil, false},
		{"a component", "system:kube-scheduler", "kube-scheduler/v1.37.2", nil, true},
		{"a program with an account", "system:serviceaccount:ci:deployer", "deployer/v1", nil, true},
		{"a kubelet", "system:node:worker-1", "", []string{"system:nodes"}, true},
		{"kubectl with the account of a program", "system:serviceaccount:ci:deployer", "kubectl/v1.37.2", []string{"system:serviceaccounts"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := IsProgram(tt.user, tt.agent, tt.groups); got != tt.want {
				t.Errorf("IsProgram() = %v, want %v", got, tt.want)
			}
		})
	}
}
