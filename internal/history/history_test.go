// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"testing"
	"time"
)

func version(key string, revision int64, value map[string]any) Version {
	object, _ := ParseKey(key)
	return Version{Object: object, Key: key, Revision: revision, Value: value, SeenAt: time.Unix(revision, 0)}
}

func TestParseKey(t *testing.T) {
	tests := []struct {
		key  string
		want Object
		ok   bool
	}{
		{"/registry/sim.glassplane.dev/simpods/default/web", Object{"sim.glassplane.dev", "simpods", "default", "web"}, true},
		{"/registry/sim.glassplane.dev/simnodes/n", Object{"sim.glassplane.dev", "simnodes", "", "n"}, true},
		{"/registry/leases/kube-system/a.b", Object{"", "leases", "kube-system", "a.b"}, true},
		{"/registry/priorityclasses/high", Object{"", "priorityclasses", "", "high"}, true},
		{"compact_rev_key", Object{}, false},
		{"/registry/health", Object{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			if got, ok := ParseKey(tt.key); ok != tt.ok || ok && got != tt.want {
				t.Errorf("ParseKey = %+v, %t", got, ok)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	const a, b = "/registry/leases/ns/a", "/registry/leases/ns/b"
	h := &History{Base: 10}
	for _, v := range []Version{version(a, 7, map[string]any{}), version(b, 12, map[string]any{}), version(a, 13, nil), version(a, 15, map[string]any{}), version(a, 13, map[string]any{})} {
		h.Add(v)
	}
	for _, tt := range []struct {
		key      string
		at, want int64 // 0 for none
	}{{a, 6, 0}, {a, 10, 7}, {a, 12, 7}, {a, 13, 0}, {a, 14, 0}, {a, 15, 15}, {b, 11, 0}, {b, 99, 12}, {"/registry/leases/ns/c", 99, 0}} {
		got := int64(0)
		if v := h.At(tt.key, tt.at); v != nil {
			got = v.Revision
		}
		if got != tt.want {
			t.Errorf("At(%s, %d) = %d, want %d", tt.key, tt.at, got, tt.want)
		}
	}
	if n := len(h.Changes()); n != 3 || len(h.Between(12, 15)) != 2 || len(h.Between(15, 99)) != 0 {
		t.Errorf("changes: %d, %v, %v", n, h.Between(12, 15), h.Between(15, 99))
	}
	if got := h.RevisionAt(time.Unix(14, 0)); got != 13 {
		t.Errorf("RevisionAt = %d, want 13", got)
	}
	clone := h.Clone()
	h.Add(version(b, 20, nil))
	if clone.At(b, 99) == nil || clone.Last() != 15 || h.Last() != 20 || h.At(b, 99) != nil {
		t.Error("a clone changes with what it was made from")
	}
}
