// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
)

const (
	// BurstReplicas is the most pods that one pass creates or deletes, as in
	// k8s.io/kubernetes/pkg/controller/replicaset.
	BurstReplicas = 500
	// SlowStartInitialBatchSize is the size of the first batch of creates.
	SlowStartInitialBatchSize = 1
)

// Selector returns the selector of a SimReplicaSet, or an error where it is
// invalid.
func Selector(rs *v1alpha1.SimReplicaSet) (labels.Selector, error) {
	in := metav1.LabelSelector{
		MatchLabels:      make(map[string]string, len(rs.Spec.Selector.MatchLabels)),
		MatchExpressions: rs.Spec.Selector.MatchExpressions,
	}
	for k, v := range rs.Spec.Selector.MatchLabels {
		in.MatchLabels[k] = string(v)
	}
	return metav1.LabelSelectorAsSelector(&in)
}

// Claims says what becomes of the pods of a namespace.
type Claims struct {
	// Owned are owned already and match the selector.
	Owned []*v1alpha1.SimPod
	// Adopt are orphans that match the selector and are not being deleted.
	Adopt []*v1alpha1.SimPod
	// Release are owned but no longer match the selector.
	Release []*v1alpha1.SimPod
}

// Claim sorts pods by what the SimReplicaSet is to do about their ownership, as
// ClaimObject in k8s.io/kubernetes/pkg/controller does. One that is being
// deleted neither adopts nor releases.
func Claim(rs *v1alpha1.SimReplicaSet, selector labels.Selector, pods []*v1alpha1.SimPod) Claims {
	var c Claims
	for _, pod := range pods {
		owner := metav1.GetControllerOfNoCopy(pod)
		matches := selector.Matches(labels.Set(pod.Labels))
		switch {
		case owner != nil && owner.UID != rs.UID:
		case owner != nil && matches:
			c.Owned = append(c.Owned, pod)
		case rs.DeletionTimestamp != nil:
		case owner != nil:
			c.Release = append(c.Release, pod)
		case matches && Active(pod):
			c.Adopt = append(c.Adopt, pod)
		}
	}
	return c
}

// Plan says how many pods to create, or which to delete.
type Plan struct {
	// Create is the number of pods to create.
	Create int
	// Wait is when pods that are missing may be created, where not now; else zero.
	Wait time.Time
	// Delete are the pods to delete, those to be deleted first first.
	Delete []*v1alpha1.SimPod
}

// PlanReplicas compares the active ones of the pods that are owned with the number
// that is wanted, as manageReplicas in
// k8s.io/kubernetes/pkg/controller/replicaset does, but creates pods more slowly
// the more of them have ended, see RestartAt. related is as for DeletionOrder.
func PlanReplicas(rs *v1alpha1.SimReplicaSet, owned, related []*v1alpha1.SimPod, now time.Time) Plan {
	if rs.DeletionTimestamp != nil {
		return Plan{}
	}
	var active []*v1alpha1.SimPod
	for _, pod := range owned {
		if Active(pod) {
			active = append(active, pod)
		}
	}
	surplus := len(active) - int(Replicas(rs))
	switch {
	case surplus < 0:
		if at := RestartAt(owned, int(Replicas(rs))); now.Before(at) {
			return Plan{Wait: at}
		}
		return Plan{Create: min(-surplus, BurstReplicas)}
	case surplus > 0:
		return Plan{Delete: DeletionOrder(active, related, now)[:min(surplus, BurstReplicas)]}
	}
	return Plan{}
}

// Replicas returns the number of pods that is wanted.
func Replicas(rs *v1alpha1.SimReplicaSet) int32 {
	if rs.Spec.Replicas == nil {
		return 1
	}
	return *rs.Spec.Replicas
}

// Batches returns the sizes of the batches in which count creates are sent:
// each twice the one before, so that creates that all fail fail early. It is
// slowStartBatch of k8s.io/kubernetes/pkg/controller/replicaset.
func Batches(count int) []int {
	var out []int
	for size := min(count, SlowStartInitialBatchSize); size > 0; size = min(2*size, count) {
		out = append(out, size)
		count -= size
	}
	return out
}

// podsPrefix is what the names of the pods of a set start with: its name and a
// dash, if there is room for that. It mirrors getPodsPrefix of
// k8s.io/kubernetes/pkg/controller.
func podsPrefix(name string) string {
	if len(name)+1 > validation.DNS1123SubdomainMaxLength {
		return name
	}
	return name + "-"
}

// NewPod returns a pod of the SimReplicaSet's template, owned by it. The API
// server completes its name.
func NewPod(rs *v1alpha1.SimReplicaSet) *v1alpha1.SimPod {
	pod := &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       rs.Namespace,
			GenerateName:    podsPrefix(rs.Name),
			Labels:          make(map[string]string, len(rs.Spec.Template.Metadata.Labels)),
			OwnerReferences: []metav1.OwnerReference{OwnerReference(rs)},
		},
		Spec: *rs.Spec.Template.Spec.DeepCopy(),
	}
	for k, v := range rs.Spec.Template.Metadata.Labels {
		pod.Labels[k] = string(v)
	}
	if n := len(rs.Spec.Template.Metadata.Annotations); n > 0 {
		pod.Annotations = make(map[string]string, n)
		for k, v := range rs.Spec.Template.Metadata.Annotations {
			pod.Annotations[k] = v
		}
	}
	return pod
}

// OwnerReference returns the controller reference of the SimReplicaSet's pods.
func OwnerReference(rs *v1alpha1.SimReplicaSet) metav1.OwnerReference {
	return *metav1.NewControllerRef(rs, v1alpha1.GroupVersion.WithKind("SimReplicaSet"))
}

// Status computes the status of a SimReplicaSet from the pods that it owns, as
// calculateStatus in k8s.io/kubernetes/pkg/controller/replicaset does, whether
// that is a change, and when a pod becomes available that is not yet; the zero
// time where there is none. manageErr is why creating or deleting pods failed.
func Status(rs *v1alpha1.SimReplicaSet, owned []*v1alpha1.SimPod, manageErr error, now time.Time) (v1alpha1.SimReplicaSetStatus, bool, time.Time) {
	status := *rs.Status.DeepCopy()
	status.ObservedGeneration = rs.Generation
	status.Replicas, status.FullyLabeledReplicas, status.ReadyReplicas = 0, 0, 0
	status.AvailableReplicas, status.TerminatingReplicas = 0, 0
	if selector, err := Selector(rs); err == nil {
		status.Selector = selector.String()
	}
	var next time.Time
	for _, pod := range owned {
		if Terminating(pod) {
			status.TerminatingReplicas++
		}
		if !Active(pod) {
			continue
		}
		status.Replicas++
		if fullyLabeled(rs, pod) {
			status.FullyLabeledReplicas++
		}
		at, ready := availableAt(pod, rs.Spec.MinReadySeconds)
		if !ready {
			continue
		}
		status.ReadyReplicas++
		switch {
		case rs.Spec.MinReadySeconds == 0 || !now.Before(at):
			status.AvailableReplicas++
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	setReplicaFailure(&status, rs, manageErr, now)
	return status, !equality.Semantic.DeepEqual(status, rs.Status), next
}

func fullyLabeled(rs *v1alpha1.SimReplicaSet, pod *v1alpha1.SimPod) bool {
	for k, v := range rs.Spec.Template.Metadata.Labels {
		if have, ok := pod.Labels[k]; !ok || have != string(v) {
			return false
		}
	}
	return true
}

func setReplicaFailure(status *v1alpha1.SimReplicaSetStatus, rs *v1alpha1.SimReplicaSet, err error, now time.Time) {
	if err == nil {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.SimReplicaSetReplicaFailure)
		return
	}
	if meta.FindStatusCondition(status.Conditions, v1alpha1.SimReplicaSetReplicaFailure) != nil {
		// As upstream, the first failure stays: the messages of later ones
		// differ in the generated name, and would cost a write each.
		return
	}
	reason := v1alpha1.ReasonFailedCreate
	if status.Replicas > Replicas(rs) {
		reason = v1alpha1.ReasonFailedDelete
	}
	conditions.Set(&status.Conditions, metav1.Condition{
		Type: v1alpha1.SimReplicaSetReplicaFailure, Status: metav1.ConditionTrue,
		Reason: reason, Message: err.Error(), ObservedGeneration: rs.Generation,
		LastTransitionTime: metav1.Time{Time: now},
	})
}

// ExpectationsTimeout is how long expectations hold that are not met, as
// ExpectationsTimeout in k8s.io/kubernetes/pkg/controller.
const ExpectationsTimeout = 5 * time.Minute

// Expectations are the pods that were created or deleted, but that the cache
// may not show yet: until it does, nothing may be counted. Both are known by
// UID, so they are met by what the cache holds, not by counting events.
type Expectations struct {
	// Created are pods that have to be in the cache, with their names.
	Created map[types.UID]string
	// Deleted are pods that have to be gone from the cache, or be seen deleted.
	Deleted map[types.UID]struct{}
	// Since is when the expectations were set.
	Since time.Time
}

// Met removes from the expectations what the pods of the cache fulfil, and says
// whether nothing is left or they are too old.
func (e *Expectations) Met(pods []*v1alpha1.SimPod, now time.Time) bool {
	if e == nil || now.Sub(e.Since) >= ExpectationsTimeout {
		return true
	}
	undeleted := make(map[types.UID]struct{}, len(e.Deleted))
	for _, pod := range pods {
		delete(e.Created, pod.UID)
		if _, ok := e.Deleted[pod.UID]; ok && pod.DeletionTimestamp == nil {
			undeleted[pod.UID] = struct{}{}
		}
	}
	e.Deleted = undeleted
	return len(e.Created) == 0 && len(e.Deleted) == 0
}
