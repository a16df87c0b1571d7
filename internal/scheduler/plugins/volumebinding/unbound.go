// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumebinding

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// noProvisioner is the provisioner of a class whose volumes somebody makes by
// hand. It is NotSupportedProvisioner of k8s.io/component-helpers/storage/volume.
const noProvisioner = "kubernetes.io/no-provisioner"

// unboundClaim is a claim that is bound once its pod has a node.
type unboundClaim struct {
	claim *corev1.PersistentVolumeClaim
	class *storagev1.StorageClass
	// prebound are volumes that wait for this very claim, by name. They come before all others.
	prebound []*candidate
	// available are other volumes that suit the claim, the smallest first.
	available []*candidate
	// err says why no volume can be looked for.
	err error

	// provisionable is false where nobody makes volumes of the class.
	provisionable bool
	// topologies say where the class may make volumes; nil for everywhere.
	topologies []labels.Selector
	// tracked is true where the driver says how much is left; capacities are those
	// that are large enough.
	tracked    bool
	capacities []capacity
}

// candidate is a volume that a claim could get.
type candidate struct {
	volume *corev1.PersistentVolume
	nodes  *reach
}

// capacity is where there is room for the claim.
type capacity struct {
	nodes  labels.Selector
	object *storagev1.CSIStorageCapacity
}

func newUnboundClaim(storage *framework.Storage, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) *unboundClaim {
	out := &unboundClaim{claim: claim, class: class, provisionable: class.Provisioner != "" && class.Provisioner != noProvisioner}
	out.findVolumes(storage)
	if len(class.AllowedTopologies) > 0 {
		out.topologies = topologySelectors(class.AllowedTopologies)
	}
	out.findCapacities(storage)
	return out
}

// findVolumes mirrors FindMatchingVolume of k8s.io/component-helpers/storage/volume
// as far as it does not depend on the node.
func (u *unboundClaim) findVolumes(storage *framework.Storage) {
	selector := labels.Everything()
	if u.claim.Spec.Selector != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(u.claim.Spec.Selector); err != nil {
			u.err = fmt.Errorf("error creating internal label selector for claim: %s/%s: %w", u.claim.Namespace, u.claim.Name, err)
			return
		}
	}
	for _, volume := range storage.VolumesOfClass(framework.ClaimClass(u.claim)) {
		prebound := volume.Spec.ClaimRef != nil
		switch {
		case prebound && !isFor(volume, u.claim), !suits(volume, u.claim):
		case prebound:
			u.prebound = append(u.prebound, &candidate{volume, newReach(volume)})
		case volume.Status.Phase == corev1.VolumeAvailable && selector.Matches(labels.Set(volume.Labels)) && hasModes(volume, u.claim):
			u.available = append(u.available, &candidate{volume, newReach(volume)})
		}
	}
	slices.SortStableFunc(u.available, func(a, b *candidate) int {
		return compareStorage(a.volume.Spec.Capacity, b.volume.Spec.Capacity)
	})
}

// isFor mirrors IsVolumeBoundToClaim.
func isFor(volume *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) bool {
	ref := volume.Spec.ClaimRef
	return ref.Name == claim.Name && ref.Namespace == claim.Namespace && (ref.UID == "" || ref.UID == claim.UID)
}

// suits is true for a volume that is large enough, of the right kind, and stays.
func suits(volume *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) bool {
	return compareStorage(volume.Spec.Capacity, claim.Spec.Resources.Requests) >= 0 &&
		valueOr(volume.Spec.VolumeMode, corev1.PersistentVolumeFilesystem) == valueOr(claim.Spec.VolumeMode, corev1.PersistentVolumeFilesystem) &&
		valueOr(volume.Spec.VolumeAttributesClassName, "") == valueOr(claim.Spec.VolumeAttributesClassName, "") &&
		volume.DeletionTimestamp == nil
}

func hasModes(volume *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) bool {
	return !slices.ContainsFunc(claim.Spec.AccessModes, func(mode corev1.PersistentVolumeAccessMode) bool {
		return !slices.Contains(volume.Spec.AccessModes, mode)
	})
}

func compareStorage(a, b corev1.ResourceList) int {
	x, y := a[corev1.ResourceStorage], b[corev1.ResourceStorage]
	return x.Cmp(y)
}

func valueOr[T any](value *T, fallback T) T {
	if value == nil {
		return fallback
	}
	return *value
}

// topologySelectors mirrors MatchTopologySelectorTerms of
// k8s.io/kubernetes/pkg/apis/core/v1/helper: an empty term, and one that cannot be
// read, select nothing. It is never nil.
func topologySelectors(terms []corev1.TopologySelectorTerm) []labels.Selector {
	out := make([]labels.Selector, 0, len(terms))
	for _, term := range terms {
		selector, valid := labels.NewSelector(), len(term.MatchLabelExpressions) > 0
		for _, e := range term.MatchLabelExpressions {
			requirement, err := labels.NewRequirement(e.Key, selection.In, e.Values)
			if err != nil {
				valid = false
				break
			}
			selector = selector.Add(*requirement)
		}
		if valid {
			out = append(out, selector)
		}
	}
	return out
}

// findCapacities mirrors hasEnoughCapacity as far as it does not depend on the node.
func (u *unboundClaim) findCapacities(storage *framework.Storage) {
	size, ok := u.claim.Spec.Resources.Requests[corev1.ResourceStorage]
	driver := storage.CSIDriver(u.class.Provisioner)
	if !ok || driver == nil || !valueOr(driver.Spec.StorageCapacity, false) {
		return
	}
	u.tracked = true
	for _, c := range storage.CapacitiesOfClass(u.class.Name) {
		limit := c.MaximumVolumeSize
		if limit == nil {
			limit = c.Capacity
		}
		if limit == nil || limit.Value() < size.Value() || c.NodeTopology == nil {
			continue
		}
		if selector, err := metav1.LabelSelectorAsSelector(c.NodeTopology); err == nil {
			u.capacities = append(u.capacities, capacity{selector, c})
		}
	}
}

// volumeFor returns a volume for the claim that the node can reach and that no
// other claim of the pod gets; nil where there is none. Where the first volume
// that waits for the claim is out of reach none will do.
func (u *unboundClaim) volumeFor(node *corev1.Node, taken map[*corev1.PersistentVolume]bool) *corev1.PersistentVolume {
	for _, c := range u.prebound {
		if taken[c.volume] {
			continue
		}
		if !c.nodes.has(node) {
			return nil
		}
		return c.volume
	}
	for _, c := range u.available {
		if !taken[c.volume] && c.nodes.has(node) {
			return c.volume
		}
	}
	return nil
}

// provisionOn says what keeps a volume from being made for the node; the capacity
// is nil where nobody says how much is left. It mirrors the loop of
// checkVolumeProvisions.
func (u *unboundClaim) provisionOn(node *corev1.Node) (*storagev1.CSIStorageCapacity, problem) {
	set := labels.Set(node.Labels)
	if !u.provisionable || !u.allowedOn(set) {
		return nil, bindConflict
	}
	if !u.tracked {
		return nil, 0
	}
	for _, c := range u.capacities {
		if c.nodes.Matches(set) {
			return c.object, 0
		}
	}
	return nil, notEnoughSpace
}

// allowedOn is true where the class may make volumes for nodes with the labels.
func (u *unboundClaim) allowedOn(set labels.Set) bool {
	return u.topologies == nil || slices.ContainsFunc(u.topologies, func(s labels.Selector) bool { return s.Matches(set) })
}
