// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package followed

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
		kind              WriteKind
		verb, subresource string
		want              bool
	}{
		{"a SimPod is created", simPods, Create, "create", "", true},
		{"a SimPod is created by server-side apply", simPods, Create, "patch", "", true},
		{"a SimPod is bound by a patch", simPods, Bind, "patch", "", true},
		{"a SimPod is not bound through its status", simPods, Bind, "patch", "status", false},
		{"a SimPod has no binding subresource", simPods, Bind, "create", "binding", false},
		{"a Pod is bound through its binding", pods, Bind, "create", "binding", true},
		{"a Pod is not bound by a patch", pods, Bind, "patch", "", false},
		{"a status is patched", simPods, Status, "patch", "status", true},
		{"a status is not written through the object", simPods, Status, "patch", "", false},
		{"a Pod's status is updated", pods, Status, "update", "status", true},
		{"a SimPod is deleted", simPods, Remove, "delete", "", true},
		{"the last finalizer is removed", simPods, Remove, "patch", "", true},
		{"a Pod is evicted", pods, Mark, "create", "eviction", true},
		{"a SimPod cannot be evicted", simPods, Mark, "create", "eviction", false},
		{"a read writes nothing", simPods, Change, "get", "", false},
		{"any other resource", other, Status, "update", "status", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			audit := &evidence.Audit{Verb: tt.verb, Subresource: tt.subresource}
			if got := Of(tt.object).Allows(tt.kind, audit); got != tt.want {
				t.Errorf("allows(%s, %s %s) = %v, want %v", tt.kind, tt.verb, tt.subresource, got, tt.want)
			}
		})
	}
}
