// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/storage/ephemeral"
)

// StorageObjects are the objects that say where the volumes of pods are and
// where they can be made, as they were listed.
type StorageObjects struct {
	PersistentVolumeClaims []corev1.PersistentVolumeClaim
	PersistentVolumes      []corev1.PersistentVolume
	StorageClasses         []storagev1.StorageClass
	CSINodes               []storagev1.CSINode
	CSIDrivers             []storagev1.CSIDriver
	CSIStorageCapacities   []storagev1.CSIStorageCapacity
	VolumeAttachments      []storagev1.VolumeAttachment
}

// StorageSnapshot is a Snapshot that knows volumes. The plugins for volumes ask
// it; on another Snapshot no claim exists.
type StorageSnapshot interface {
	Snapshot
	// Storage must not be changed. Nil is that of a cluster without volumes.
	Storage() *Storage
}

// StorageOf returns what a StorageSnapshot says; nil on another Snapshot.
func StorageOf(snapshot Snapshot) *Storage {
	if s, ok := snapshot.(StorageSnapshot); ok {
		return s.Storage()
	}
	return nil
}

// Storage finds StorageObjects by name. It is immutable; nil has none.
type Storage struct {
	claims   map[types.NamespacedName]*corev1.PersistentVolumeClaim
	volumes  map[string]*corev1.PersistentVolume
	classes  map[string]*storagev1.StorageClass
	csiNodes map[string]*storagev1.CSINode
	drivers  map[string]*storagev1.CSIDriver

	volumesOfClass    map[string][]*corev1.PersistentVolume
	capacitiesOfClass map[string][]*storagev1.CSIStorageCapacity
	attachmentsOfNode map[string][]*storagev1.VolumeAttachment
}

// NewStorage returns the objects by name. They must not be changed afterwards.
func NewStorage(o StorageObjects) *Storage {
	s := &Storage{
		claims:   make(map[types.NamespacedName]*corev1.PersistentVolumeClaim, len(o.PersistentVolumeClaims)),
		volumes:  make(map[string]*corev1.PersistentVolume, len(o.PersistentVolumes)),
		classes:  make(map[string]*storagev1.StorageClass, len(o.StorageClasses)),
		csiNodes: make(map[string]*storagev1.CSINode, len(o.CSINodes)),
		drivers:  make(map[string]*storagev1.CSIDriver, len(o.CSIDrivers)),

		volumesOfClass:    make(map[string][]*corev1.PersistentVolume),
		capacitiesOfClass: make(map[string][]*storagev1.CSIStorageCapacity),
		attachmentsOfNode: make(map[string][]*storagev1.VolumeAttachment),
	}
	for i := range o.PersistentVolumeClaims {
		claim := &o.PersistentVolumeClaims[i]
		s.claims[types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}] = claim
	}
	for i := range o.StorageClasses {
		s.classes[o.StorageClasses[i].Name] = &o.StorageClasses[i]
	}
	for i := range o.CSINodes {
		s.csiNodes[o.CSINodes[i].Name] = &o.CSINodes[i]
	}
	for i := range o.CSIDrivers {
		s.drivers[o.CSIDrivers[i].Name] = &o.CSIDrivers[i]
	}
	for i := range o.VolumeAttachments {
		node := o.VolumeAttachments[i].Spec.NodeName
		s.attachmentsOfNode[node] = append(s.attachmentsOfNode[node], &o.VolumeAttachments[i])
	}
	s.groupByClass(o)
	return s
}

// groupByClass orders by name what kube-scheduler takes from a map in any order:
// a decision repeats.
func (s *Storage) groupByClass(o StorageObjects) {
	for i := range o.PersistentVolumes {
		volume := &o.PersistentVolumes[i]
		class := VolumeClass(volume)
		s.volumes[volume.Name] = volume
		s.volumesOfClass[class] = append(s.volumesOfClass[class], volume)
	}
	for i := range o.CSIStorageCapacities {
		capacity := &o.CSIStorageCapacities[i]
		s.capacitiesOfClass[capacity.StorageClassName] = append(s.capacitiesOfClass[capacity.StorageClassName], capacity)
	}
	for _, list := range s.volumesOfClass {
		slices.SortFunc(list, func(a, b *corev1.PersistentVolume) int { return cmp.Compare(a.Name, b.Name) })
	}
	for _, list := range s.capacitiesOfClass {
		slices.SortFunc(list, func(a, b *storagev1.CSIStorageCapacity) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		})
	}
}

// Claim returns a claim. Where there is none it fails with the error, and in the
// words, of client-go's lister.
func (s *Storage) Claim(namespace, name string) (*corev1.PersistentVolumeClaim, error) {
	if s != nil {
		if claim := s.claims[types.NamespacedName{Namespace: namespace, Name: name}]; claim != nil {
			return claim, nil
		}
	}
	return nil, apierrors.NewNotFound(corev1.Resource("persistentvolumeclaim"), name)
}

// Volume returns a PersistentVolume. Where there is none it fails as Claim does.
func (s *Storage) Volume(name string) (*corev1.PersistentVolume, error) {
	if s != nil {
		if volume := s.volumes[name]; volume != nil {
			return volume, nil
		}
	}
	return nil, apierrors.NewNotFound(corev1.Resource("persistentvolume"), name)
}

// Class returns a StorageClass. Where there is none it fails as Claim does.
func (s *Storage) Class(name string) (*storagev1.StorageClass, error) {
	if s != nil {
		if class := s.classes[name]; class != nil {
			return class, nil
		}
	}
	return nil, apierrors.NewNotFound(storagev1.Resource("storageclass"), name)
}

// CSINode returns what CSI drivers say of a node; nil where there is nothing.
func (s *Storage) CSINode(node string) *storagev1.CSINode {
	if s == nil {
		return nil
	}
	return s.csiNodes[node]
}

// CSIDriver returns a driver; nil where it has not said anything of itself.
func (s *Storage) CSIDriver(name string) *storagev1.CSIDriver {
	if s == nil {
		return nil
	}
	return s.drivers[name]
}

// VolumesOfClass returns the PersistentVolumes of a class by name, also those
// that are taken; the class "" stands for none. It must not be changed.
func (s *Storage) VolumesOfClass(class string) []*corev1.PersistentVolume {
	if s == nil {
		return nil
	}
	return s.volumesOfClass[class]
}

// CapacitiesOfClass returns what is left for volumes of a class, by name. It must
// not be changed.
func (s *Storage) CapacitiesOfClass(class string) []*storagev1.CSIStorageCapacity {
	if s == nil {
		return nil
	}
	return s.capacitiesOfClass[class]
}

// AttachmentsOfNode returns what is attached to a node or asked to be. It must
// not be changed.
func (s *Storage) AttachmentsOfNode(node string) []*storagev1.VolumeAttachment {
	if s == nil {
		return nil
	}
	return s.attachmentsOfNode[node]
}

// ClaimOf returns the name of the claim that a pod's volume uses, and whether it
// is made for this pod alone. uses is false for a volume without a claim.
func ClaimOf(pod *corev1.Pod, volume *corev1.Volume) (name string, isEphemeral, uses bool) {
	switch {
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName, false, true
	case volume.Ephemeral != nil:
		return ephemeral.VolumeClaimName(pod, volume), true, true
	}
	return "", false, false
}

// ClaimClass returns the name of the StorageClass that a claim asks for; empty
// for none. It mirrors GetPersistentVolumeClaimClass of
// k8s.io/component-helpers/storage/volume.
func ClaimClass(claim *corev1.PersistentVolumeClaim) string {
	if class, ok := claim.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return class
	}
	if claim.Spec.StorageClassName != nil {
		return *claim.Spec.StorageClassName
	}
	return ""
}

// VolumeClass returns the name of the StorageClass of a volume; empty for none.
// It mirrors GetPersistentVolumeClass of k8s.io/component-helpers/storage/volume.
func VolumeClass(volume *corev1.PersistentVolume) string {
	if class, ok := volume.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return class
	}
	return volume.Spec.StorageClassName
}
