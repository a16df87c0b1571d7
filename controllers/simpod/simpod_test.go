// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

func TestMemory(t *testing.T) {
	version := func(uid, version string) *v1alpha1.SimPod {
		return &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), ResourceVersion: version}}
	}
	at := time.Unix(100, 0)
	m := newMemory(2)
	m.observe(version("a", "5"), at)
	m.observe(version("a", "5"), at.Add(time.Second))
	if got := m.observedAt("a", "5"); !got.Equal(at) {
		t.Errorf("observed at %s, want the first time %s", got, at)
	}
	if got := m.observedAt("a", "6"); !got.IsZero() {
		t.Errorf("a version that was not seen was observed at %s", got)
	}
	m.wroteVersion(version("a", "10"))
	for v, want := range map[string]bool{"9": true, "10": false, "11": false} {
		if got := m.behind(version("a", v)); got != want {
			t.Errorf("version %s behind 10: %v", v, got)
		}
	}
	m.wrote("a", &v1alpha1.SimPodStatus{Message: "exact"})
	if got := m.written("a"); got == nil || got.Message != "exact" {
		t.Errorf("written %v", got)
	}
	m.observe(version("b", "1"), at)
	m.observe(version("c", "1"), at)
	if got := m.observedAt("c", "1"); !got.IsZero() {
		t.Error("the memory is larger than its bound")
	}
	m.forget("a")
	m.observe(version("c", "1"), at)
	if m.written("a") != nil || m.observedAt("c", "1").IsZero() {
		t.Error("forgetting a pod does not make room")
	}
}
