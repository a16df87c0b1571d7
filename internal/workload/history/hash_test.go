// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"fmt"
	"hash/fnv"
	"testing"

	"k8s.io/apimachinery/pkg/util/rand"
)

// TestHash compares with HashControllerRevision of
// k8s.io/kubernetes/pkg/controller/history, as it is written there.
func TestHash(t *testing.T) {
	for collisions := range int32(3) {
		for _, data := range []string{"", "a", `{"spec":{}}`} {
			upstream := fnv.New32()
			fmt.Fprint(upstream, data, collisions)
			if got, want := hashOf([]byte(data), collisions), rand.SafeEncodeString(fmt.Sprint(upstream.Sum32())); got != want {
				t.Errorf("%q, %d collisions: %s, want %s", data, collisions, got, want)
			}
		}
	}
}
