// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"
	"unsafe"

	"k8s.io/apimachinery/pkg/types"
)

// Transition records one status that the simulated kubelet wrote for a pod,
// and why. It is evidence: nothing in it is computed after the fact.
type Transition struct {
	// Namespace, Name and UID of the pod.
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
	// Node that the pod is bound to.
	Node string `json:"node"`
	// ObservedAt is when the controller manager's watch delivered the version of
	// the pod that the transition started from.
	ObservedAt time.Time `json:"observedAt"`
	// ObservedResourceVersion is that version.
	ObservedResourceVersion string `json:"observedResourceVersion"`
	// WrittenAt is when the API server had answered the write.
	WrittenAt time.Time `json:"writtenAt"`
	// ResourceVersion is the version that the write made; empty where it failed,
	// and where it removed the pod, which the API server does not answer with the
	// version of the removal.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// From and To are the phases before and after.
	From string `json:"from"`
	To   string `json:"to"`
	// Reason says in one line what changed, such as "start delay is over:
	// containers started".
	Reason string `json:"reason"`
	// Error is the API server's refusal; empty on success.
	Error string `json:"error,omitempty"`
}

// About returns the pod that was written.
func (t Transition) About() PodReference {
	return PodReference{Namespace: t.Namespace, Name: t.Name, UID: t.UID, ResourceVersion: t.ResourceVersion}
}

// Size estimates the memory that the transition takes, in bytes.
func (t Transition) Size() int {
	return int(unsafe.Sizeof(t)) + len(t.Reason) + len(t.Error) + len(t.Name) + len(t.Namespace) + len(t.UID)
}
