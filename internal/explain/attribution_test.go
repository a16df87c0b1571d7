// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"testing"

	"github.com/glassplane/glassplane/internal/evidence"
)

var (
	simPods = evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods"}
	pods    = evidence.Object{Resource: "pods"}
	other   = evidence.Object{Group: "batch", Resource: "jobs"}
)

func TestRulesAllow(t *testing.T) {
	tests := []struct {
		name              string
		object            evidence.Object
		kind              writeKind
		verb, subresource string
		want              bool
	}{
		{"a SimPod is created", simPods, writeCreate, "create", "", true},
		{"a SimPod is created by server-side apply", simPods, writeCreate, "patch", "", true},
		{"a SimPod is bound by a patch", simPods, writeBind, "patch", "", true},
		{"a SimPod is not bound through its status", simPods, writeBind, "patch", "status", false},
		{"a SimPod has no binding subresource", simPods, writeBind, "create", "binding", false},
		{"a Pod is bound through its binding", pods, writeBind, "create", "binding", true},
		{"a Pod is not bound by a patch", pods, writeBind, "patch", "", false},
		{"a status is patched", simPods, writeStatus, "patch", "status", true},
		{"a status is not written through the object", simPods, writeStatus, "patch", "", false},
		{"a Pod's status is updated", pods, writeStatus, "update", "status", true},
		{"a SimPod is deleted", simPods, writeRemove, "delete", "", true},
		{"the last finalizer is removed", simPods, writeRemove, "patch", "", true},
		{"a Pod is evicted", pods, writeMark, "create", "eviction", true},
		{"a SimPod cannot be evicted", simPods, writeMark, "create", "eviction", false},
		{"a read writes nothing", simPods, writeChange, "get", "", false},
		{"any other resource", other, writeStatus, "update", "status", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			audit := &evidence.Audit{Verb: tt.verb, Subresource: tt.subresource}
			if got := rulesFor(tt.object).allows(tt.kind, audit); got != tt.want {
				t.Errorf("allows(%s, %s %s) = %v, want %v", tt.kind, tt.verb, tt.subresource, got, tt.want)
			}
		})
	}
}

func TestComponentOf(t *testing.T) {
	tests := []struct{ name, user, agent, want string }{
		{"our scheduler", "system:serviceaccount:glassplane-system:glassplane-scheduler", "", componentScheduler},
		{"kube-scheduler", "system:kube-scheduler", "kube-scheduler/v1.37.2", componentScheduler},
		{"our controller manager", "system:serviceaccount:glassplane-system:glassplane-controller-manager", "", componentManager},
		{"a controller of kube-controller-manager", "system:serviceaccount:kube-system:job-controller", "kube-controller-manager/v1.37.2", componentManager},
		{"a kubelet", "system:node:worker-1", "kubelet/v1.37.2", "Kubelet"},
		{"the user counts for more than the agent", "system:kube-scheduler", "kubelet/v1", componentScheduler},
		{"a person", "alice", "kubectl/v1.37.2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := componentOf(&evidence.Audit{User: tt.user, UserAgent: tt.agent}); got != tt.want {
				t.Errorf("componentOf() = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestWriters checks, per scenario, who is said to have made each revision.
func TestWriters(t *testing.T) {
	tests := []struct {
		scenario string
		want     []string
		exact    bool
	}{
		{"fits", []string{"alice", componentScheduler, componentManager}, true},
		{"metadata", []string{"alice", componentScheduler, componentManager}, false},
		{"no-audit", []string{"kubectl", componentScheduler, componentManager}, false},
		{"replicaset", []string{componentManager, componentScheduler, componentManager}, true},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			f := factsOf(scenarios[tt.scenario]())
			if len(f.revisions) != len(tt.want) {
				t.Fatalf("%d revisions, want %d", len(f.revisions), len(tt.want))
			}
			for i, r := range f.revisions {
				if got := r.writer(); got != tt.want[i] {
					t.Errorf("revision %d was written by %q, want %q", r.number, got, tt.want[i])
				}
				if r.exact != tt.exact {
					t.Errorf("revision %d was joined exactly: %v, want %v", r.number, r.exact, tt.exact)
				}
			}
		})
	}
}
