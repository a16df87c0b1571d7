// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations of claims that VolumeBinding reads, as
// k8s.io/component-helpers/storage/volume names them.
const (
	annBindCompleted = "pv.kubernetes.io/bind-completed"
	annSelectedNode  = "volume.kubernetes.io/selected-node"
)

// trimVolumes keeps the volumes that are not made of nothing on every node, and by
// what a disk is told from others. Secrets and attributes are never kept.
func trimVolumes(in []corev1.Volume) []corev1.Volume {
	var out []corev1.Volume
	for i := range in {
		v := &in[i].VolumeSource
		kept := trimMigrated(v)
		switch {
		case v.PersistentVolumeClaim != nil:
			kept.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: v.PersistentVolumeClaim.ClaimName}
		case v.Ephemeral != nil: // the claim that is made of it is listed
			kept.Ephemeral = &corev1.EphemeralVolumeSource{}
		case v.ISCSI != nil:
			kept.ISCSI = &corev1.ISCSIVolumeSource{IQN: v.ISCSI.IQN, ReadOnly: v.ISCSI.ReadOnly}
		case v.RBD != nil:
			kept.RBD = &corev1.RBDVolumeSource{CephMonitors: v.RBD.CephMonitors, RBDPool: v.RBD.RBDPool, RBDImage: v.RBD.RBDImage, ReadOnly: v.RBD.ReadOnly}
		case v.CSI != nil:
			kept.CSI = &corev1.CSIVolumeSource{Driver: v.CSI.Driver}
		case v.Image != nil:
			kept.Image = &corev1.ImageVolumeSource{Reference: v.Image.Reference}
		}
		if kept != (corev1.VolumeSource{}) {
			out = append(out, corev1.Volume{Name: in[i].Name, VolumeSource: kept})
		}
	}
	return out
}

// trimMigrated keeps disks that count as those of a CSI driver; of those that no
// node counts, that there is one.
func trimMigrated(v *corev1.VolumeSource) (kept corev1.VolumeSource) {
	switch {
	case v.GCEPersistentDisk != nil:
		kept.GCEPersistentDisk = &corev1.GCEPersistentDiskVolumeSource{PDName: v.GCEPersistentDisk.PDName, ReadOnly: v.GCEPersistentDisk.ReadOnly}
	case v.AWSElasticBlockStore != nil:
		kept.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: v.AWSElasticBlockStore.VolumeID, ReadOnly: v.AWSElasticBlockStore.ReadOnly}
	case v.AzureDisk != nil:
		kept.AzureDisk = &corev1.AzureDiskVolumeSource{DiskName: v.AzureDisk.DiskName, DataDiskURI: v.AzureDisk.DataDiskURI}
	case v.Cinder != nil:
		kept.Cinder = &corev1.CinderVolumeSource{VolumeID: v.Cinder.VolumeID}
	case v.PortworxVolume != nil:
		kept.PortworxVolume = &corev1.PortworxVolumeSource{VolumeID: v.PortworxVolume.VolumeID}
	case v.AzureFile != nil:
		kept.AzureFile = &corev1.AzureFileVolumeSource{}
	case v.VsphereVolume != nil:
		kept.VsphereVolume = &corev1.VsphereVirtualDiskVolumeSource{}
	}
	return kept
}

func trimClaim(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: c.Name, Namespace: c.Namespace, UID: c.UID, DeletionTimestamp: c.DeletionTimestamp, OwnerReferences: trimOwners(c.OwnerReferences),
			Annotations: keepAnnotations(c.Annotations, corev1.BetaStorageClassAnnotation, annBindCompleted, annSelectedNode),
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: c.Spec.AccessModes, Selector: c.Spec.Selector, Resources: corev1.VolumeResourceRequirements{Requests: c.Spec.Resources.Requests},
			VolumeName: c.Spec.VolumeName, StorageClassName: c.Spec.StorageClassName, VolumeMode: c.Spec.VolumeMode,
			VolumeAttributesClassName: c.Spec.VolumeAttributesClassName,
		},
		Status: corev1.PersistentVolumeClaimStatus{Phase: c.Status.Phase},
	}
}

func trimVolume(v *corev1.PersistentVolume) *corev1.PersistentVolume {
	out := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name: v.Name, Labels: v.Labels, DeletionTimestamp: v.DeletionTimestamp,
			Annotations: keepAnnotations(v.Annotations, corev1.BetaStorageClassAnnotation),
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: v.Spec.Capacity, PersistentVolumeSource: trimVolumeSource(&v.Spec.PersistentVolumeSource), AccessModes: v.Spec.AccessModes,
			StorageClassName: v.Spec.StorageClassName, VolumeMode: v.Spec.VolumeMode, NodeAffinity: v.Spec.NodeAffinity,
			VolumeAttributesClassName: v.Spec.VolumeAttributesClassName,
		},
		Status: corev1.PersistentVolumeStatus{Phase: v.Status.Phase},
	}
	if ref := v.Spec.ClaimRef; ref != nil {
		out.Spec.ClaimRef = &corev1.ObjectReference{Namespace: ref.Namespace, Name: ref.Name, UID: ref.UID}
	}
	return out
}

// trimVolumeSource keeps by what a volume of a CSI driver, or of one that was
// replaced by one, is counted.
func trimVolumeSource(s *corev1.PersistentVolumeSource) (kept corev1.PersistentVolumeSource) {
	switch {
	case s.CSI != nil:
		kept.CSI = &corev1.CSIPersistentVolumeSource{Driver: s.CSI.Driver, VolumeHandle: s.CSI.VolumeHandle}
	case s.GCEPersistentDisk != nil:
		kept.GCEPersistentDisk = &corev1.GCEPersistentDiskVolumeSource{PDName: s.GCEPersistentDisk.PDName}
	case s.AWSElasticBlockStore != nil:
		kept.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: s.AWSElasticBlockStore.VolumeID}
	case s.AzureDisk != nil:
		kept.AzureDisk = &corev1.AzureDiskVolumeSource{DiskName: s.AzureDisk.DiskName, DataDiskURI: s.AzureDisk.DataDiskURI}
	case s.Cinder != nil:
		kept.Cinder = &corev1.CinderPersistentVolumeSource{VolumeID: s.Cinder.VolumeID}
	case s.PortworxVolume != nil:
		kept.PortworxVolume = &corev1.PortworxVolumeSource{VolumeID: s.PortworxVolume.VolumeID}
	case s.AzureFile != nil:
		kept.AzureFile = &corev1.AzureFilePersistentVolumeSource{}
	case s.VsphereVolume != nil:
		kept.VsphereVolume = &corev1.VsphereVirtualDiskVolumeSource{}
	}
	return kept
}

// trimStorageClass keeps no parameters: only its driver reads them.
func trimStorageClass(c *storagev1.StorageClass) *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta: trimName(&c.ObjectMeta), Provisioner: c.Provisioner,
		VolumeBindingMode: c.VolumeBindingMode, AllowedTopologies: c.AllowedTopologies,
	}
}

func trimCSINode(n *storagev1.CSINode) *storagev1.CSINode {
	out := &storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{
		Name: n.Name, Annotations: keepAnnotations(n.Annotations, corev1.MigratedPluginsAnnotationKey),
	}}
	for _, d := range n.Spec.Drivers {
		out.Spec.Drivers = append(out.Spec.Drivers, storagev1.CSINodeDriver{Name: d.Name, Allocatable: d.Allocatable})
	}
	return out
}

func trimCSIDriver(d *storagev1.CSIDriver) *storagev1.CSIDriver {
	return &storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: d.Name}, Spec: storagev1.CSIDriverSpec{
		StorageCapacity: d.Spec.StorageCapacity, PreventPodSchedulingIfMissing: d.Spec.PreventPodSchedulingIfMissing,
	}}
}

func trimAttachment(a *storagev1.VolumeAttachment) *storagev1.VolumeAttachment {
	return &storagev1.VolumeAttachment{ObjectMeta: trimName(&a.ObjectMeta), Spec: storagev1.VolumeAttachmentSpec{
		Attacher: a.Spec.Attacher, NodeName: a.Spec.NodeName,
		Source: storagev1.VolumeAttachmentSource{PersistentVolumeName: a.Spec.Source.PersistentVolumeName},
	}}
}

func trimCapacity(c *storagev1.CSIStorageCapacity) *storagev1.CSIStorageCapacity {
	return &storagev1.CSIStorageCapacity{
		ObjectMeta: trimName(&c.ObjectMeta), StorageClassName: c.StorageClassName, NodeTopology: c.NodeTopology,
		Capacity: c.Capacity, MaximumVolumeSize: c.MaximumVolumeSize,
	}
}
