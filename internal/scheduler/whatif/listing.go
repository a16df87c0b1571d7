// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Listing is what was listed for a decision, and when.
type Listing struct {
	Objects Objects
	// Controllers are the sets of a real cluster that control pods.
	Controllers []Controller
	// RuntimeClasses, LimitRanges and ResourceQuotas are what admission looks at.
	RuntimeClasses []nodev1.RuntimeClass
	LimitRanges    []corev1.LimitRange
	ResourceQuotas []corev1.ResourceQuota
	// Ended are the pods that have ended, as far as they were listed.
	Ended []*corev1.Pod
	// Source is the file that was read; empty for a cluster.
	Source string
	// Lists that were read, and those that could not be.
	Lists []List
	// ReadAt is when the first list was asked for, and ReadUntil when the last
	// one was answered.
	ReadAt, ReadUntil time.Time
}

// List is one list that was read.
type List struct {
	Resource string `json:"resource"`
	Items    int    `json:"items"`
	// ResourceVersion is the state of the cluster that the list shows.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// Namespace that the list is of; empty for all of them.
	Namespace string `json:"namespace,omitempty"`
	// Bytes that were read; 0 where they were not counted.
	Bytes int64 `json:"bytes,omitempty"`
	// Error says why it could not be read.
	Error string `json:"error,omitempty"`
	// Affects is what of the answer depends on the list.
	Affects Part `json:"-"`
	// Effect says what of the answer may be wrong, because the list could not be
	// read, or not of all namespaces.
	Effect string `json:"effect,omitempty"`
}

// Part is a part of an answer.
type Part int

// The parts of an answer. A list on which the verdicts depend may change any answer.
const (
	Verdicts Part = iota
	// Scores only say which of several nodes is preferred.
	Scores
	// Preemption is which pods would make room.
	Preemption
	// Manifests is what admission makes of pods that do not exist yet.
	Manifests
	// Volumes matter to pods that have some that not every node can have.
	Volumes
)

// Controller is a set that controls pods, as far as it is named.
type Controller struct {
	UID                   types.UID
	Kind, Namespace, Name string
	Replicas              int32
	// Owner controls the set itself, as a Deployment does; nil for none.
	Owner *metav1.OwnerReference
}

// ControllerOf returns what has the template of a pod: the Deployment or else the
// set that controls it; nil where that is not known, or there is none.
func (l *Listing) ControllerOf(pod *corev1.Pod) *Controller {
	ref := metav1.GetControllerOfNoCopy(pod)
	if ref == nil {
		return nil
	}
	c := Controller{UID: ref.UID, Kind: ref.Kind, Namespace: pod.Namespace, Name: ref.Name}
	if i := slices.IndexFunc(l.Controllers, func(c Controller) bool { return c.UID == ref.UID }); i >= 0 {
		c = l.Controllers[i]
	}
	if owner := c.Owner; owner != nil {
		return &Controller{UID: owner.UID, Kind: owner.Kind, Namespace: pod.Namespace, Name: owner.Name, Replicas: c.Replicas}
	}
	return &c
}
