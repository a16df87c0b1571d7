// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/history"
)

// What others make in the same cluster meanwhile is not the run's to delete or to wait for.
func TestMadeByRun(t *testing.T) {
	h := &history.History{Base: 10}
	add := func(revision int64, resource, name, label, owner string) {
		metadata := map[string]any{"name": name, "uid": name}
		if label != "" {
			metadata["labels"] = map[string]any{runLabel: label}
		}
		if owner != "" {
			metadata["ownerReferences"] = []any{map[string]any{"apiVersion": "v1", "kind": "Any", "name": owner, "uid": owner, "controller": true}}
		}
		h.Add(history.Version{
			Object: history.Object{Group: v1alpha1.GroupName, Resource: resource, Namespace: "default", Name: name},
			Key:    "/registry/" + resource + "/" + name, Revision: revision, Created: revision, Value: map[string]any{"metadata": metadata},
		})
	}
	add(5, "simpods", "left-by-another-run", "other", "")
	add(11, "simdeployments", "ours", "mine", "")
	add(12, "simreplicasets", "ours-set", "", "ours")
	add(13, "simpods", "ours-pod", "", "ours-set")
	add(14, "simdeployments", "theirs", "", "")
	add(15, "simreplicasets", "theirs-set", "", "theirs")
	add(16, "simpods", "theirs-pod", "", "theirs-set")
	add(17, "simpods", "bare", "", "")
	got := slices.Sorted(maps.Keys(madeByRun(h, runLabel)))
	if diff := cmp.Diff([]string{"ours", "ours-pod", "ours-set"}, got); diff != "" {
		t.Errorf("made by the run (-want +got):\n%s", diff)
	}
}
