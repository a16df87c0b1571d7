// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Volume adds a volume.
func (p *Pod) Volume(source corev1.VolumeSource) *Pod {
	name := fmt.Sprintf("v%d", len(p.pod.Spec.Volumes))
	p.pod.Spec.Volumes = append(p.pod.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	return p
}

// Claim adds a volume for each claim.
func (p *Pod) Claim(names ...string) *Pod {
	for _, name := range names {
		p.Volume(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}})
	}
	return p
}

// Ephemeral adds a volume whose claim is made for the pod.
func (p *Pod) Ephemeral() *Pod {
	return p.Volume(corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{}}})
}

// MakeClaim returns an unbound claim of the namespace default: 1Gi, ReadWriteOnce,
// of the class; "" for no class.
func MakeClaim(name, class string, changes ...func(*corev1.PersistentVolumeClaim)) corev1.PersistentVolumeClaim {
	c := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("claim/" + name)}}
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	c.Spec.Resources.Requests = quantities([]string{"storage", "1Gi"})
	if class != "" {
		c.Spec.StorageClassName = &class
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

// BoundTo binds a claim to a volume.
func BoundTo(volume string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) {
		c.Spec.VolumeName = volume
		metav1.SetMetaDataAnnotation(&c.ObjectMeta, "pv.kubernetes.io/bind-completed", "yes")
	}
}

// MakeVolume returns a free volume: 1Gi, ReadWriteOnce, of the class and of the
// CSI driver csi.example.com.
func MakeVolume(name, class string, changes ...func(*corev1.PersistentVolume)) corev1.PersistentVolume {
	v := corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}}
	v.Spec.StorageClassName = class
	v.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	v.Spec.Capacity = quantities([]string{"storage", "1Gi"})
	v.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: "csi.example.com", VolumeHandle: name}
	v.Status.Phase = corev1.VolumeAvailable
	for _, change := range changes {
		change(&v)
	}
	return v
}

// InZone gives a volume the affinity to nodes of a zone.
func InZone(zone string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) {
		v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}},
		}}}}
	}
}

// Capacity sets the size of a volume.
func Capacity(size string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) { v.Spec.Capacity = quantities([]string{"storage", size}) }
}

// MakeClass returns a class that binds with the first pod, or at once.
func MakeClass(name, provisioner string, immediate bool, changes ...func(*storagev1.StorageClass)) storagev1.StorageClass {
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	if immediate {
		mode = storagev1.VolumeBindingImmediate
	}
	c := storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner, VolumeBindingMode: &mode}
	for _, change := range changes {
		change(&c)
	}
	return c
}
