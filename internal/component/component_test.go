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
