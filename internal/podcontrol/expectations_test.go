// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/test/wrappers"
)

// TestOnePassCreatesAndDeletes: what a pass deletes does not make it forget what it
// created.
func TestOnePassCreatesAndDeletes(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	owner := types.NamespacedName{Namespace: "default", Name: "web"}
	pods := func(pods ...*wrappers.ReplicaWrapper) (out []*v1alpha1.SimPod) {
		for _, pod := range pods {
			out = append(out, pod.Obj())
		}
		return out
	}
	old, fresh := wrappers.MakeReplica("old"), wrappers.MakeReplica("new")
	tests := []struct {
		name  string
		cache []*v1alpha1.SimPod
		want  bool
	}{
		{"the cache shows neither", pods(old), false},
		{"the cache shows only the delete", pods(), false},
		{"the cache shows only the create", pods(old, fresh), false},
		{"the cache shows both", pods(fresh), true},
		{"the deleted one has time to end", pods(fresh, wrappers.MakeReplica("old").Deleting()), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newExpectations()
			e.created(owner, pods(fresh), now)
			e.deleted(owner, pods(old), now)
			e.deleted(owner, nil, now.Add(time.Second))
			if got := workload.Met(e.get(owner), tt.cache, now); got != tt.want {
				t.Errorf("met: %t, want %t", got, tt.want)
			}
			e.forget(owner)
			if e.get(owner) != nil {
				t.Error("what is forgotten is still expected")
			}
		})
	}
}
