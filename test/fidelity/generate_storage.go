// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The vocabulary of volumes.
const (
	plainDriver   = "csi.example.com"
	trackedDriver = "tracked.example.com"
	ebsDriver     = "ebs.csi.aws.com"
	ebsInTree     = "kubernetes.io/aws-ebs"
	gceInTree     = "kubernetes.io/gce-pd"
	trackedClass  = "tracked"
)

var (
	classNames  = []string{"static", "static", "dynamic", "zoned", trackedClass, trackedClass, "in-tree", "immediate", "gone"}
	claimNames  = []string{"c0", "c1", "c2", "c3", "c4"}
	accessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOncePod}
	sizes       = []string{"1Gi", "2Gi", "3Gi", "5Gi", "10Gi"}
)

// storage adds volumes to the scenario and to its pods.
//
// Some of what kube-scheduler says is random: which of several volumes of one
// size, of several capacities or of several missing drivers it takes comes from
// the order of a map. So volumes differ in size, a node has one capacity of a
// class at most, a claim one volume that waits for it, and one driver must be installed.
func (g *Generator) storage(s *Scenario) {
	s.StorageClasses = g.storageClasses()
	g.csi(s)
	for i := range g.between(0, 10) {
		s.PersistentVolumes = append(s.PersistentVolumes, g.persistentVolume(i, s.Nodes))
	}
	for _, name := range claimNames {
		for _, namespace := range namespaceNames {
			if g.chance(90) && namespace == s.Pod.Namespace || g.chance(40) {
				s.PersistentVolumeClaims = append(s.PersistentVolumeClaims, g.claim(namespace, name, s))
			}
		}
	}
	for _, pod := range s.Pods {
		if g.chance(50) {
			g.mount(pod, s)
		}
	}
	if g.chance(90) {
		g.mount(s.Pod, s)
	}
	g.attachments(s)
}

func (g *Generator) storageClasses() []*storagev1.StorageClass {
	var out []*storagev1.StorageClass
	add := func(name, provisioner string, mode storagev1.VolumeBindingMode) *storagev1.StorageClass {
		class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner, VolumeBindingMode: &mode}
		if g.chance(95) {
			out = append(out, class)
		}
		if g.chance(1) {
			class.VolumeBindingMode = nil
		}
		return class
	}
	const wait = storagev1.VolumeBindingWaitForFirstConsumer
	add("static", "kubernetes.io/no-provisioner", wait)
	add("dynamic", plainDriver, wait)
	add(trackedClass, trackedDriver, wait)
	add("in-tree", pick(g, []string{ebsInTree, gceInTree, "kubernetes.io/vsphere-volume"}), wait)
	add("immediate", plainDriver, storagev1.VolumeBindingImmediate)
	zoned := add("zoned", plainDriver, wait)
	for range g.between(1, 2) {
		zoned.AllowedTopologies = append(zoned.AllowedTopologies, g.topologyTerm())
	}
	return out
}

func (g *Generator) topologyTerm() corev1.TopologySelectorTerm {
	var term corev1.TopologySelectorTerm
	if g.chance(5) {
		return term
	}
	term.MatchLabelExpressions = append(term.MatchLabelExpressions,
		corev1.TopologySelectorLabelRequirement{Key: corev1.LabelTopologyZone, Values: []string{pick(g, zones), pick(g, zones)}})
	if g.chance(20) {
		term.MatchLabelExpressions = append(term.MatchLabelExpressions,
			corev1.TopologySelectorLabelRequirement{Key: "rack", Values: []string{pick(g, racks)}})
	}
	return term
}

// csi makes what drivers say of themselves and of nodes.
func (g *Generator) csi(s *Scenario) {
	drivers := []string{plainDriver, trackedDriver, ebsDriver}
	must := pick(g, drivers)
	for _, name := range drivers {
		if !g.chance(80) {
			continue
		}
		driver := &storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: name}}
		driver.Spec.StorageCapacity = new(name == trackedDriver)
		if name == must && g.chance(40) {
			driver.Spec.PreventPodSchedulingIfMissing = new(g.chance(90))
		}
		s.CSIDrivers = append(s.CSIDrivers, driver)
	}
	for _, node := range s.Nodes {
		if g.chance(15) {
			node.Labels["topology."+ebsDriver+"/zone"] = pick(g, zones)
		}
		if g.chance(10) {
			node.Labels[corev1.LabelFailureDomainBetaZone] = pick(g, zones)
		}
		if g.chance(20) {
			node.Labels[corev1.LabelTopologyRegion] = pick(g, racks)
		}
		if g.chance(85) {
			s.CSINodes = append(s.CSINodes, g.csiNode(node.Name, drivers))
		}
	}
	if g.chance(30) {
		s.CSIStorageCapacities = append(s.CSIStorageCapacities, g.storageCapacity("everywhere", &metav1.LabelSelector{}))
		return
	}
	for _, zone := range zones {
		if g.chance(70) {
			s.CSIStorageCapacities = append(s.CSIStorageCapacities,
				g.storageCapacity(zone, &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelTopologyZone: zone}}))
		}
	}
}

func (g *Generator) csiNode(name string, drivers []string) *storagev1.CSINode {
	out := &storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, driver := range drivers {
		if !g.chance(85) {
			continue
		}
		entry := storagev1.CSINodeDriver{Name: driver, NodeID: name}
		if g.chance(60) {
			entry.Allocatable = &storagev1.VolumeNodeResources{}
			if g.chance(95) {
				entry.Allocatable.Count = new(int32(g.between(0, 3)))
			}
		}
		out.Spec.Drivers = append(out.Spec.Drivers, entry)
	}
	if g.chance(60) {
		out.Annotations = map[string]string{corev1.MigratedPluginsAnnotationKey: strings.Join([]string{ebsInTree, gceInTree}[:g.between(0, 2)], ",")}
	}
	return out
}

func (g *Generator) storageCapacity(name string, nodes *metav1.LabelSelector) *storagev1.CSIStorageCapacity {
	out := &storagev1.CSIStorageCapacity{ObjectMeta: metav1.ObjectMeta{Namespace: namespaceNames[0], Name: name}, StorageClassName: trackedClass}
	if g.chance(95) {
		out.NodeTopology = nodes
	}
	out.Capacity = new(g.quantity("1Gi", "4Gi", "7Gi", "100Gi"))
	if g.chance(20) {
		out.MaximumVolumeSize = new(g.quantity("1Gi", "3Gi"))
	}
	return out
}

// persistentVolume makes a volume that nobody has yet.
func (g *Generator) persistentVolume(i int, nodes []*corev1.Node) *corev1.PersistentVolume {
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("v%d", i), Labels: map[string]string{}}}
	v.Spec.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(fmt.Sprintf("%dMi", 1000+500*g.between(0, 10)+i))}
	v.Spec.StorageClassName = pick(g, []string{"static", "static", "static", "dynamic", "zoned", "in-tree", ""})
	v.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{pick(g, accessModes), corev1.ReadWriteOnce}
	v.Status.Phase = corev1.VolumeAvailable
	g.volumeSource(v)
	if g.chance(50) {
		v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: g.volumeAffinity(nodes)}
	}
	if g.chance(30) {
		label := pick(g, []string{corev1.LabelTopologyZone, corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone})
		v.Labels[label] = pick(g, []string{"z1", "z2", "z3", "z1__z2", "z1__ ", ""})
	}
	if g.chance(8) {
		v.Labels[pick(g, []string{corev1.LabelTopologyRegion, corev1.LabelFailureDomainBetaRegion})] = pick(g, racks)
	}
	if g.chance(30) {
		v.Labels["disk"] = pick(g, nodeLabels["disk"])
	}
	g.oddVolume(v)
	return v
}

func (g *Generator) oddVolume(v *corev1.PersistentVolume) {
	switch {
	case g.chance(5):
		v.Spec.VolumeMode = new(corev1.PersistentVolumeBlock)
	case g.chance(3):
		v.Spec.VolumeAttributesClassName = new("gold")
	case g.chance(3):
		v.DeletionTimestamp = &metav1.Time{Time: epoch}
	case g.chance(4):
		v.Status.Phase = corev1.VolumeReleased
	case g.chance(3):
		v.Annotations = map[string]string{corev1.BetaStorageClassAnnotation: pick(g, classNames)}
	}
}

func (g *Generator) volumeSource(v *corev1.PersistentVolume) {
	switch n := g.between(0, 99); {
	case n < 60:
		v.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: pick(g, []string{plainDriver, plainDriver, trackedDriver, ebsDriver}), VolumeHandle: v.Name}
	case n < 78:
		v.Spec.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: pick(g, []string{"vol-" + v.Name, "aws://z1/vol-1", "vol-1"})}
	case n < 84:
		v.Spec.GCEPersistentDisk = &corev1.GCEPersistentDiskVolumeSource{PDName: v.Name}
		v.Labels[corev1.LabelTopologyZone] = pick(g, zones)
	case n < 90:
		v.Spec.VsphereVolume = &corev1.VsphereVirtualDiskVolumeSource{VolumePath: v.Name}
	default:
		v.Spec.Local = &corev1.LocalVolumeSource{Path: "/" + v.Name}
	}
}

func (g *Generator) volumeAffinity(nodes []*corev1.Node) *corev1.NodeSelector {
	out := &corev1.NodeSelector{}
	for range g.between(1, 2) {
		key := pick(g, []string{corev1.LabelTopologyZone, corev1.LabelTopologyZone, "rack", corev1.LabelHostname, corev1.LabelFailureDomainBetaZone})
		values := zones
		switch {
		case key == "rack":
			values = racks
		case key == corev1.LabelHostname && len(nodes) > 0:
			values = []string{g.node(nodes), g.node(nodes)}
		}
		term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{pick(g, values), pick(g, values)}},
		}}
		if g.chance(10) {
			term = g.nodeTerm(nodes)
		}
		out.NodeSelectorTerms = append(out.NodeSelectorTerms, term)
	}
	return out
}

// claim makes a claim, often one that is bound to a volume of the scenario.
func (g *Generator) claim(namespace, name string, s *Scenario) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name), Annotations: map[string]string{},
	}}
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{pick(g, accessModes[:1+2*g.between(0, 1)])}
	if g.chance(25) {
		c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	}
	if g.chance(95) {
		c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: g.quantity(sizes...)}
	}
	if g.chance(97) {
		c.Spec.StorageClassName = new(pick(g, classNames))
	}
	if g.chance(40) && len(s.PersistentVolumes) > 0 {
		g.bind(c, pick(g, s.PersistentVolumes))
	}
	g.oddClaim(c, s)
	return c
}

// bind binds a claim to a volume; now and then only one of the two knows.
func (g *Generator) bind(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) {
	if v.Spec.ClaimRef != nil {
		return
	}
	v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: c.Namespace, Name: c.Name, UID: c.UID}
	c.Spec.StorageClassName = &v.Spec.StorageClassName
	if g.chance(15) { // the volume waits for the claim
		v.Spec.ClaimRef.UID = pick(g, []types.UID{"", c.UID, "other"})
		return
	}
	v.Status.Phase = corev1.VolumeBound
	c.Spec.VolumeName = v.Name
	if g.chance(95) {
		c.Annotations["pv.kubernetes.io/bind-completed"] = "yes"
		c.Status.Phase = corev1.ClaimBound
	}
}

func (g *Generator) oddClaim(c *corev1.PersistentVolumeClaim, s *Scenario) {
	switch {
	case g.chance(1):
		c.Status.Phase = corev1.ClaimLost
	case g.chance(1):
		c.DeletionTimestamp = &metav1.Time{Time: epoch}
	case g.chance(1):
		c.Spec.VolumeName = "gone"
		c.Annotations["pv.kubernetes.io/bind-completed"] = "yes"
	case g.chance(8) && len(s.Nodes) > 0:
		c.Annotations["volume.kubernetes.io/selected-node"] = g.node(s.Nodes)
	case g.chance(8):
		c.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"disk": pick(g, nodeLabels["disk"])}}
	case g.chance(1):
		c.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "disk", Operator: "Odd"}}}
	case g.chance(3):
		c.Spec.VolumeMode = new(pick(g, []corev1.PersistentVolumeMode{corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem}))
	case g.chance(2):
		c.Spec.VolumeAttributesClassName = new("gold")
	case g.chance(3) && c.Spec.StorageClassName != nil:
		c.Annotations[corev1.BetaStorageClassAnnotation] = pick(g, classNames)
	}
}

// mount gives the pod volumes.
func (g *Generator) mount(pod *corev1.Pod, s *Scenario) {
	for i := range g.between(1, 3) {
		volume := corev1.Volume{Name: fmt.Sprintf("m%d", i), VolumeSource: g.podVolume()}
		if volume.Ephemeral != nil {
			s.PersistentVolumeClaims = append(s.PersistentVolumeClaims, g.ephemeralClaim(pod, volume.Name, s)...)
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, volume)
	}
}

// ephemeralClaim makes the claim of a volume; none where nobody has made it yet.
func (g *Generator) ephemeralClaim(pod *corev1.Pod, volume string, s *Scenario) []*corev1.PersistentVolumeClaim {
	if g.chance(5) {
		return nil
	}
	c := g.claim(pod.Namespace, pod.Name+"-"+volume, s)
	if g.chance(97) {
		c.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID, Controller: new(true)}}
	}
	return []*corev1.PersistentVolumeClaim{c}
}

func (g *Generator) podVolume() corev1.VolumeSource {
	disks := []string{"vol-1", "vol-2", "vol-3"}
	switch n := g.between(0, 199); {
	case n < 130:
		name := pick(g, claimNames)
		if g.chance(1) {
			name = pick(g, []string{"gone", ""})
		}
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
	case n < 142:
		return corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{}}}
	case n < 155:
		id := pick(g, append(disks, "aws://z1/vol-1"))
		if g.chance(3) {
			id = "aws://z1/odd"
		}
		return corev1.VolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: id}}
	case n < 168:
		return corev1.VolumeSource{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{PDName: pick(g, disks), ReadOnly: g.chance(50)}}
	case n < 177:
		return corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{TargetPortal: "10.0.0.1", IQN: pick(g, disks), ReadOnly: g.chance(50)}}
	case n < 186:
		return corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{
			CephMonitors: []string{pick(g, racks), pick(g, racks)}, RBDPool: "pool", RBDImage: pick(g, disks), ReadOnly: g.chance(50),
		}}
	}
	return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
}

// attachments makes what is attached to nodes, whether or not a pod uses it.
func (g *Generator) attachments(s *Scenario) {
	for _, v := range s.PersistentVolumes {
		if !g.chance(25) || len(s.Nodes) == 0 {
			continue
		}
		attacher := pick(g, []string{plainDriver, trackedDriver, ebsDriver})
		if v.Spec.CSI != nil {
			attacher = v.Spec.CSI.Driver
		}
		a := &storagev1.VolumeAttachment{ObjectMeta: metav1.ObjectMeta{Name: "a-" + v.Name}}
		a.Spec.NodeName, a.Spec.Attacher, a.Spec.Source.PersistentVolumeName = g.node(s.Nodes), attacher, &v.Name
		s.VolumeAttachments = append(s.VolumeAttachments, a)
	}
}
