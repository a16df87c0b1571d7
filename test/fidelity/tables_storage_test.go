// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// corners of volumes: where they are, who made them, and what is between a claim and one.
var (
	volumePlaces = map[string]func(*corev1.PersistentVolume){
		"anywhere":  func(*corev1.PersistentVolume) {},
		"zone":      affineTo(corev1.LabelTopologyZone, "z1"),
		"old zone":  affineTo(corev1.LabelFailureDomainBetaZone, "z1"),
		"host":      affineTo(corev1.LabelHostname, "a"),
		"labelled":  func(v *corev1.PersistentVolume) { v.Labels[corev1.LabelTopologyZone] = "z1__z3" },
		"old label": func(v *corev1.PersistentVolume) { v.Labels[corev1.LabelFailureDomainBetaZone] = "z2" },
		"no terms": func(v *corev1.PersistentVolume) {
			v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{}}
		},
	}
	volumeMakers = map[string]func(*corev1.PersistentVolume){
		"csi": func(v *corev1.PersistentVolume) {
			v.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: plainDriver, VolumeHandle: v.Name}
		},
		"ebs": func(v *corev1.PersistentVolume) {
			v.Spec.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: "vol-" + v.Name}
		},
		"odd ebs": func(v *corev1.PersistentVolume) {
			v.Spec.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: "aws://z1/odd"}
		},
		"local": func(v *corev1.PersistentVolume) { v.Spec.Local = &corev1.LocalVolumeSource{Path: "/data"} },
	}
	claimStates = map[string]func(*corev1.PersistentVolumeClaim, *corev1.PersistentVolume){
		"bound": func(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) {
			c.Spec.VolumeName, v.Status.Phase = v.Name, corev1.VolumeBound
			c.Annotations["pv.kubernetes.io/bind-completed"] = "yes"
		},
		"half bound": func(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) { c.Spec.VolumeName = v.Name },
		"waiting":    func(*corev1.PersistentVolumeClaim, *corev1.PersistentVolume) {},
		"free": func(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) {
			v.Spec.ClaimRef = nil
			c.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"only": v.Name}}
		},
		"lost": func(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) {
			c.Spec.VolumeName, c.Status.Phase = v.Name, corev1.ClaimLost
		},
		"going": func(c *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume) {
			c.DeletionTimestamp = &metav1.Time{Time: epoch}
		},
		"selected": func(c *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume) {
			c.Annotations["volume.kubernetes.io/selected-node"] = "b"
		},
		"too large": func(c *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume) {
			c.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("5Gi")
		},
	}
)

func affineTo(key, value string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) {
		v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}},
		}}}}
	}
}

// volumeCorners tries a pod with one claim for each combination of class, place,
// maker and state.
func volumeCorners() corner {
	c := corner{nodes: []*corev1.Node{
		aNode("a", func(n *corev1.Node) { n.Labels[corev1.LabelTopologyZone] = "z1" }),
		aNode("b", func(n *corev1.Node) {
			n.Labels[corev1.LabelTopologyZone], n.Labels["topology."+ebsDriver+"/zone"] = "z2", "z1"
		}),
		aNode("c", nil),
	}}
	var volumes []*corev1.PersistentVolume
	var claims []*corev1.PersistentVolumeClaim
	for _, class := range []string{"static", "dynamic", "immediate"} {
		for _, place := range sortedKeys(volumePlaces) {
			for _, maker := range sortedKeys(volumeMakers) {
				for _, state := range sortedKeys(claimStates) {
					v, claim := volumeAndClaim(len(volumes), class)
					volumePlaces[place](v)
					volumeMakers[maker](v)
					claimStates[state](claim, v)
					volumes, claims = append(volumes, v), append(claims, claim)
					c.try = append(c.try, aPod(func(p *corev1.Pod) { p.Spec.Volumes = []corev1.Volume{claimVolume(claim.Name)} }))
				}
			}
		}
	}
	c.storage = func(s *Scenario) { addStorage(s, volumes, claims) }
	return c
}

func claimVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
	}}
}

// volumeAndClaim returns a volume that waits for the claim. Each has its own size,
// so that which one is taken is certain.
func volumeAndClaim(i int, class string) (*corev1.PersistentVolume, *corev1.PersistentVolumeClaim) {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "red", Name: fmt.Sprintf("c%d", i), UID: types.UID(fmt.Sprintf("c%d", i)), Annotations: map[string]string{},
	}}
	claim.Spec.StorageClassName = &class
	claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	claim.Spec.Resources.Requests = amounts("storage", "1Gi")
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("v%d", i), Labels: map[string]string{"only": fmt.Sprintf("v%d", i)}}}
	v.Spec.StorageClassName, v.Spec.AccessModes, v.Status.Phase = class, claim.Spec.AccessModes, corev1.VolumeAvailable
	v.Spec.Capacity = amounts("storage", fmt.Sprintf("%dMi", 2000+i))
	v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "red", Name: claim.Name, UID: claim.UID}
	return v, claim
}

// addStorage adds the volumes, and nodes of which one has no room for a volume
// more and one uses the driver that has replaced that of EBS.
func addStorage(s *Scenario, volumes []*corev1.PersistentVolume, claims []*corev1.PersistentVolumeClaim) {
	s.PersistentVolumes, s.PersistentVolumeClaims = volumes, claims
	for _, class := range []struct{ name, provisioner string }{{"static", "kubernetes.io/no-provisioner"}, {"dynamic", plainDriver}, {"immediate", plainDriver}} {
		mode := storagev1.VolumeBindingWaitForFirstConsumer
		if class.name == "immediate" {
			mode = storagev1.VolumeBindingImmediate
		}
		s.StorageClasses = append(s.StorageClasses, &storagev1.StorageClass{
			ObjectMeta: metav1.ObjectMeta{Name: class.name}, Provisioner: class.provisioner, VolumeBindingMode: &mode,
		})
	}
	s.CSINodes = []*storagev1.CSINode{
		{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{
			{Name: plainDriver, NodeID: "a", Allocatable: &storagev1.VolumeNodeResources{Count: new(int32(0))}},
		}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "b", Annotations: map[string]string{corev1.MigratedPluginsAnnotationKey: ebsInTree}}},
	}
}
