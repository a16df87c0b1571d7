// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumebinding

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/shape"
)

// Annotations of claims, as k8s.io/component-helpers/storage/volume names them.
const (
	annBindCompleted = "pv.kubernetes.io/bind-completed"
	annSelectedNode  = "volume.kubernetes.io/selected-node"
)

// newState sorts the claims into bound ones, those that are bound with the pod,
// and those that should be bound already (immediate). It mirrors
// GetPodVolumeClaims.
func newState(storage *framework.Storage, claims []*corev1.PersistentVolumeClaim) (
	s *preFilterState, immediate []*corev1.PersistentVolumeClaim, err error,
) {
	s = &preFilterState{storage: storage}
	for _, claim := range claims {
		if isBound(claim) {
			bound, err := newBoundVolume(storage, claim)
			if err != nil {
				return nil, nil, err
			}
			s.bound = append(s.bound, bound)
			continue
		}
		class, err := delayingClass(storage, claim)
		switch {
		case err != nil:
			return nil, nil, err
		case class == nil || claim.Spec.VolumeName != "":
			immediate = append(immediate, claim)
			continue
		}
		unbound := newUnboundClaim(storage, claim, class)
		if _, selected := claim.Annotations[annSelectedNode]; selected {
			s.selected = append(s.selected, unbound)
		} else {
			s.unbound = append(s.unbound, unbound)
		}
	}
	slices.SortStableFunc(s.unbound, func(a, b *unboundClaim) int {
		return compareStorage(a.claim.Spec.Resources.Requests, b.claim.Spec.Resources.Requests)
	})
	return s, immediate, nil
}

// isBound mirrors isPVCFullyBound.
func isBound(claim *corev1.PersistentVolumeClaim) bool {
	_, completed := claim.Annotations[annBindCompleted]
	return completed && claim.Spec.VolumeName != ""
}

// delayingClass returns the class of a claim that waits for its pod; nil for a
// claim that does not. It mirrors IsDelayBindingMode of
// k8s.io/component-helpers/storage/volume.
func delayingClass(storage *framework.Storage, claim *corev1.PersistentVolumeClaim) (*storagev1.StorageClass, error) {
	name := framework.ClaimClass(claim)
	class, err := storage.Class(name)
	switch {
	case name == "" || err != nil:
		return nil, nil
	case class.VolumeBindingMode == nil:
		return nil, fmt.Errorf("VolumeBindingMode not set for StorageClass %q", name)
	case *class.VolumeBindingMode != storagev1.VolumeBindingWaitForFirstConsumer:
		return nil, nil
	}
	return class, nil
}

// found is how the unbound claims of a pod get volumes on a node.
type found struct {
	static  []binding
	dynamic []provision
}

type binding struct {
	claim  *corev1.PersistentVolumeClaim
	volume *corev1.PersistentVolume
}

type provision struct {
	claim *corev1.PersistentVolumeClaim
	// capacity is nil where nobody says how much is left.
	capacity *storagev1.CSIStorageCapacity
}

// find says what is wrong with a node, and else how the claims get volumes there.
// It mirrors FindPodVolumes.
func (s *preFilterState) find(node *corev1.Node) (problem, found, error) {
	problems, err := s.checkBound(node)
	if err != nil {
		return 0, found{}, err
	}
	for _, u := range s.selected {
		if u.claim.Annotations[annSelectedNode] != node.Name {
			return problems | bindConflict, found{}, nil
		}
	}
	out, rest, err := s.findStatic(node)
	if err != nil {
		return 0, found{}, err
	}
	for _, u := range append(slices.Clone(s.selected), rest...) {
		capacity, wrong := u.provisionOn(node)
		if wrong != 0 {
			return problems | wrong, found{}, nil
		}
		out.dynamic = append(out.dynamic, provision{u.claim, capacity})
	}
	return problems, out, nil
}

// checkBound mirrors checkBoundClaims.
func (s *preFilterState) checkBound(node *corev1.Node) (problem, error) {
	if len(s.bound) == 0 {
		return 0, nil
	}
	csiNode := s.storage.CSINode(node.Name)
	for _, bound := range s.bound {
		if bound.volume == nil {
			return pvNotExist, nil
		}
		matches, err := bound.matches(node, csiNode)
		switch {
		case err != nil:
			return 0, err
		case !matches:
			return nodeConflict, nil
		}
	}
	return 0, nil
}

// findStatic gives the claims the volumes that there are; rest are those that get
// none. It mirrors findMatchingVolumes.
func (s *preFilterState) findStatic(node *corev1.Node) (out found, rest []*unboundClaim, err error) {
	var taken map[*corev1.PersistentVolume]bool
	for _, u := range s.unbound {
		if u.err != nil {
			return found{}, nil, u.err
		}
		volume := u.volumeFor(node, taken)
		if volume == nil {
			rest = append(rest, u)
			continue
		}
		if taken == nil {
			taken = make(map[*corev1.PersistentVolume]bool, len(s.unbound))
		}
		taken[volume] = true
		out.static = append(out.static, binding{u.claim, volume})
	}
	return out, rest, nil
}

// share is how much of the storage of a class the pod takes, in bytes.
type share struct{ requested, capacity int64 }

// score is the mean over the classes of the shape's value at the pod's share. It
// mirrors Score and buildScorerFunction.
func (p *VolumeBinding) score(f found) int64 {
	shares := make(map[string]*share)
	of := func(class string) *share {
		if shares[class] == nil {
			shares[class] = &share{}
		}
		return shares[class]
	}
	for _, b := range f.static {
		s := of(b.volume.Spec.StorageClassName)
		s.requested = framework.AddSaturated(s.requested, storageOf(b.claim.Spec.Resources.Requests))
		s.capacity = framework.AddSaturated(s.capacity, storageOf(b.volume.Spec.Capacity))
	}
	for _, d := range f.dynamic {
		if len(f.static) > 0 || d.capacity == nil {
			continue
		}
		s := of(valueOr(d.claim.Spec.StorageClassName, framework.ClaimClass(d.claim)))
		s.requested = framework.AddSaturated(s.requested, storageOf(d.claim.Spec.Resources.Requests))
		s.capacity = 0
		if d.capacity.Capacity != nil {
			s.capacity = framework.Value(*d.capacity.Capacity)
		}
	}
	if len(shares) == 0 {
		return 0
	}
	var sum int64
	for _, s := range shares {
		utilization := int64(shape.MaxUtilization)
		if s.capacity > 0 && s.requested <= s.capacity {
			utilization = framework.Percentage(s.requested, s.capacity)
		}
		sum += shape.ValueAt(p.shape, utilization)
	}
	return int64(math.Round(float64(sum) / float64(len(shares))))
}

func storageOf(list corev1.ResourceList) int64 { return framework.Value(list[corev1.ResourceStorage]) }
