// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodevolumelimits keeps pods off nodes to which no more volumes of a CSI
// driver can be attached. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits.
package nodevolumelimits

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/component-helpers/storage/ephemeral"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/csimigration"
)

// Name of the plugin.
const Name = "NodeVolumeLimits"

// ErrReasonMaxVolumeCountExceeded is the reason of a node that is full of volumes.
const ErrReasonMaxVolumeCountExceeded = "node(s) exceed max volume count"

var (
	_ framework.PreFilterPlugin   = NodeVolumeLimits{}
	_ framework.FilterPlugin      = NodeVolumeLimits{}
	_ framework.BlamePlugin       = NodeVolumeLimits{}
	_ framework.ObjectBlamePlugin = NodeVolumeLimits{}

	preFilterKey = framework.NewStateKey[*preFilterState]()

	skip     = framework.NewStatus(framework.Skip)
	exceeded = framework.NewStatus(framework.Unschedulable, ErrReasonMaxVolumeCountExceeded)
)

// NodeVolumeLimits rejects nodes where the pod's volumes would be more than the
// CSINode allows, and those without a driver that is needed and that says so
// (preventPodSchedulingIfMissing; kube-scheduler's feature VolumeLimitScaling,
// which is on by default).
type NodeVolumeLimits struct{}

// New returns the plugin.
func New() NodeVolumeLimits { return NodeVolumeLimits{} }

// Name implements framework.Plugin.
func (NodeVolumeLimits) Name() string { return Name }

// volumeID identifies a volume that can be attached. A volume that several pods
// use counts once.
type volumeID struct{ driver, handle string }

type volumes map[volumeID]struct{}

// preFilterState has the pod's volumes. They depend on the node only in whether
// it has a CSINode: without, no driver has been replaced.
type preFilterState struct {
	storage *framework.Storage
	wanted  [2]*wanted
	missing map[string]*framework.Status
}

type wanted struct {
	volumes volumes
	status  *framework.Status
}

// Clone implements framework.StateData: the pod's own volumes stay the same.
func (s *preFilterState) Clone() framework.StateData { return s }

// PreFilter implements framework.PreFilterPlugin: a pod without volumes that can
// be attached fits everywhere.
func (NodeVolumeLimits) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	for i := range pod.Pod.Spec.Volumes {
		v := &pod.Pod.Spec.Volumes[i]
		if v.PersistentVolumeClaim != nil || v.Ephemeral != nil || csimigration.Translator.IsInlineMigratable(v) {
			preFilterKey.Write(state, &preFilterState{storage: framework.StorageOf(state.Snapshot())})
			return nil, nil
		}
	}
	return nil, skip
}

// Filter implements framework.FilterPlugin.
func (NodeVolumeLimits) Filter(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	s, ok := preFilterKey.Read(state)
	if !ok {
		return nil
	}
	csiNode := s.storage.CSINode(node.Node().Name)
	want := s.of(pod.Pod, csiNode)
	if !want.status.IsSuccess() || len(want.volumes) == 0 {
		return want.status
	}
	if driver := s.missingDriver(want.volumes, csiNode); driver != "" {
		return s.rejectMissing(driver)
	}
	limits := limitsOf(csiNode)
	if len(limits) == 0 {
		return nil
	}
	driver, err := s.exceededDriver(want.volumes, limits, node, csiNode)
	switch {
	case err != nil:
		return framework.AsStatus(err)
	case driver != "":
		return exceeded
	}
	return nil
}

// of returns the volumes of the pod on a node with, or without, a CSINode.
func (s *preFilterState) of(pod *corev1.Pod, csiNode *storagev1.CSINode) *wanted {
	i := 0
	if csiNode != nil {
		i = 1
	}
	if s.wanted[i] == nil {
		w := &wanted{volumes: volumes{}}
		switch err := s.collect(w.volumes, pod, csiNode, true); {
		case apierrors.IsNotFound(err):
			w.status = framework.NewStatus(framework.UnschedulableAndUnresolvable, err.Error())
		case err != nil:
			w.status = framework.AsStatus(err)
		}
		s.wanted[i] = w
	}
	return s.wanted[i]
}

// collect adds the pod's volumes that can be attached. A claim that does not
// exist is an error of the pod that needs a node, and does not count for one that
// has a node. It mirrors filterAttachableVolumes.
func (s *preFilterState) collect(into volumes, pod *corev1.Pod, csiNode *storagev1.CSINode, isNew bool) error {
	for i := range pod.Spec.Volumes {
		volume := &pod.Spec.Volumes[i]
		name, isEphemeral, uses := framework.ClaimOf(pod, volume)
		switch {
		case !uses:
			if err := collectInline(into, pod, volume, csiNode); err != nil {
				return err
			}
			continue
		case name == "":
			return errors.New("PersistentVolumeClaim had no name")
		}
		claim, err := s.storage.Claim(pod.Namespace, name)
		switch {
		case err != nil && isNew:
			return fmt.Errorf("looking up PVC %s/%s: %w", pod.Namespace, name, err)
		case err != nil:
			continue
		}
		if isEphemeral {
			if err := ephemeral.VolumeIsForPod(pod, claim); err != nil {
				return err
			}
		}
		if id := s.volumeOf(claim, csiNode); id.driver != "" && id.handle != "" {
			into[id] = struct{}{}
		}
	}
	return nil
}

// collectInline adds a volume that names its disk itself and whose driver has
// been replaced. It mirrors checkAttachableInlineVolume.
func collectInline(into volumes, pod *corev1.Pod, volume *corev1.Volume, csiNode *storagev1.CSINode) error {
	if csiNode == nil || !csimigration.Translator.IsInlineMigratable(volume) {
		return nil
	}
	plugin, err := csimigration.Translator.GetInTreePluginNameFromSpec(nil, volume)
	if err != nil {
		return fmt.Errorf("looking up provisioner name for volume %s: %w", volume.Name, err)
	}
	if !csimigration.Enabled(plugin) {
		return nil
	}
	translated, err := csimigration.Translator.TranslateInTreeInlineVolumeToCSI(logr.Discard(), volume, pod.Namespace)
	if err != nil {
		return fmt.Errorf("converting volume(%s) from inline to csi: %w", volume.Name, err)
	}
	driver, err := csimigration.Translator.GetCSINameFromInTreeName(plugin)
	if err != nil {
		return fmt.Errorf("looking up CSI driver name for provisioner %s: %w", plugin, err)
	}
	if translated.Spec.CSI != nil {
		into[volumeID{driver, translated.Spec.CSI.VolumeHandle}] = struct{}{}
	}
	return nil
}

// volumeOf returns the volume of a claim; that of its class where it has none
// yet. It mirrors getCSIDriverInfo.
func (s *preFilterState) volumeOf(claim *corev1.PersistentVolumeClaim, csiNode *storagev1.CSINode) volumeID {
	volume, err := s.storage.Volume(claim.Spec.VolumeName)
	switch {
	case claim.Spec.VolumeName == "" || err != nil:
		return s.volumeToBe(claim, csiNode)
	case volume.Spec.CSI != nil:
		return volumeID{volume.Spec.CSI.Driver, volume.Spec.CSI.VolumeHandle}
	case csiNode == nil || !csimigration.Translator.IsPVMigratable(volume):
		return volumeID{}
	}
	plugin, err := csimigration.Translator.GetInTreePluginNameFromSpec(volume, nil)
	if err != nil || !csimigration.Enabled(plugin) {
		return volumeID{}
	}
	translated, err := csimigration.Translator.TranslateInTreePVToCSI(logr.Discard(), volume)
	if err != nil || translated.Spec.CSI == nil {
		return volumeID{}
	}
	return volumeID{translated.Spec.CSI.Driver, translated.Spec.CSI.VolumeHandle}
}

// toBe begins the handle of a volume that does not exist yet. No driver gives such a handle.
const toBe = "\x00to be made for "

// volumeToBe returns a volume that the class of the claim would make; none where
// there is no class. It mirrors getCSIDriverInfoFromSC.
func (s *preFilterState) volumeToBe(claim *corev1.PersistentVolumeClaim, csiNode *storagev1.CSINode) volumeID {
	class, err := s.storage.Class(framework.ClaimClass(claim))
	if err != nil {
		return volumeID{}
	}
	handle := toBe + claim.Namespace + "/" + claim.Name
	if !csimigration.Translator.IsMigratableIntreePluginByName(class.Provisioner) {
		return volumeID{class.Provisioner, handle}
	}
	if csiNode == nil || !csimigration.Enabled(class.Provisioner) {
		return volumeID{}
	}
	driver, err := csimigration.Translator.GetCSINameFromInTreeName(class.Provisioner)
	if err != nil {
		return volumeID{}
	}
	return volumeID{driver, handle}
}

// missingDriver returns a driver that the node lacks and that says that pods must
// not go there; the first by name, where kube-scheduler takes any. It mirrors
// checkCSIDriverOnNode.
func (s *preFilterState) missingDriver(wanted volumes, csiNode *storagev1.CSINode) string {
	missing := ""
	for id := range wanted {
		driver := s.storage.CSIDriver(id.driver)
		if driver == nil || driver.Spec.PreventPodSchedulingIfMissing == nil || !*driver.Spec.PreventPodSchedulingIfMissing {
			continue
		}
		installed := csiNode != nil && slices.ContainsFunc(csiNode.Spec.Drivers,
			func(d storagev1.CSINodeDriver) bool { return d.Name == id.driver })
		if !installed && (missing == "" || id.driver < missing) {
			missing = id.driver
		}
	}
	return missing
}

// rejectMissing returns the same status for all nodes.
func (s *preFilterState) rejectMissing(driver string) *framework.Status {
	if s.missing == nil {
		s.missing = make(map[string]*framework.Status)
	}
	status, ok := s.missing[driver]
	if !ok {
		status = framework.NewStatus(framework.Unschedulable, driver+" CSI driver is not installed on the node")
		s.missing[driver] = status
	}
	return status
}

// limitsOf mirrors getVolumeLimits: a driver without a count has no limit.
func limitsOf(csiNode *storagev1.CSINode) map[string]int {
	out := make(map[string]int)
	if csiNode == nil {
		return out
	}
	for _, d := range csiNode.Spec.Drivers {
		if d.Allocatable != nil && d.Allocatable.Count != nil {
			out[d.Name] = int(*d.Allocatable.Count)
		}
	}
	return out
}

// exceededDriver returns the first driver by name of which the node would have
// too many volumes; empty where there is none.
func (s *preFilterState) exceededDriver(
	wanted volumes, limits map[string]int, node *framework.NodeInfo, csiNode *storagev1.CSINode,
) (string, error) {
	used, err := s.used(node, csiNode)
	if err != nil {
		return "", err
	}
	counts, more := make(map[string]int), make(map[string]int)
	for id := range used {
		counts[id.driver]++
	}
	for id := range wanted {
		if _, known := used[id]; !known {
			more[id.driver]++
		}
	}
	// What is attached but no pod of the node uses counts too; also what the pod
	// itself wants, as in kube-scheduler.
	for id := range s.attached(node.Node().Name) {
		if _, known := used[id]; !known {
			counts[id.driver]++
		}
	}
	for _, driver := range slices.Sorted(maps.Keys(more)) {
		if limit, limited := limits[driver]; limited && counts[driver]+more[driver] > limit {
			return driver, nil
		}
	}
	return "", nil
}

// used are the volumes of the pods on the node.
func (s *preFilterState) used(node *framework.NodeInfo, csiNode *storagev1.CSINode) (volumes, error) {
	out := volumes{}
	for _, pod := range node.Pods {
		if len(pod.Pod.Spec.Volumes) == 0 {
			continue
		}
		if err := s.collect(out, pod.Pod, csiNode, false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// attached are the volumes of the VolumeAttachments of a node. It mirrors
// getNodeVolumeAttachmentInfo.
func (s *preFilterState) attached(node string) volumes {
	out := volumes{}
	for _, a := range s.storage.AttachmentsOfNode(node) {
		if a.Spec.Attacher == "" || a.Spec.Source.PersistentVolumeName == nil {
			continue
		}
		volume, err := s.storage.Volume(*a.Spec.Source.PersistentVolumeName)
		if err != nil || volume.Spec.CSI == nil {
			continue
		}
		out[volumeID{a.Spec.Attacher, volume.Spec.CSI.VolumeHandle}] = struct{}{}
	}
	return out
}

// Blame implements framework.BlamePlugin: pods on the node that use volumes of
// the driver that can have no more.
func (NodeVolumeLimits) Blame(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []*framework.PodInfo {
	s, ok := preFilterKey.Read(state)
	if !ok {
		return nil
	}
	csiNode := s.storage.CSINode(node.Node().Name)
	driver := s.limited(pod, node, csiNode)
	if driver == "" {
		return nil
	}
	var out []*framework.PodInfo
	for _, other := range node.Pods {
		mine := volumes{}
		if err := s.collect(mine, other.Pod, csiNode, false); err != nil || len(out) == evidence.MaxBlamed {
			continue
		}
		for id := range mine {
			if id.driver == driver {
				out = append(out, other)
				break
			}
		}
	}
	return out
}

// limited returns the driver of which the node can have no more volumes; empty
// where it is rejected for another reason.
func (s *preFilterState) limited(pod *framework.PodInfo, node *framework.NodeInfo, csiNode *storagev1.CSINode) string {
	want := s.of(pod.Pod, csiNode)
	if !want.status.IsSuccess() || s.missingDriver(want.volumes, csiNode) != "" {
		return ""
	}
	driver, err := s.exceededDriver(want.volumes, limitsOf(csiNode), node, csiNode)
	if err != nil {
		return ""
	}
	return driver
}

// BlameObjects implements framework.ObjectBlamePlugin: the CSINode with the limit,
// or the driver that must be on the node.
func (NodeVolumeLimits) BlameObjects(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []evidence.ObjectReference {
	s, ok := preFilterKey.Read(state)
	if !ok || node == nil {
		return nil
	}
	csiNode := s.storage.CSINode(node.Node().Name)
	if driver := s.limited(pod, node, csiNode); driver != "" {
		return []evidence.ObjectReference{{
			Kind: "CSINode", Name: csiNode.Name, Detail: fmt.Sprintf("at most %d volumes of %s", limitsOf(csiNode)[driver], driver),
		}}
	}
	if want := s.of(pod.Pod, csiNode); want.status.IsSuccess() {
		if driver := s.missingDriver(want.volumes, csiNode); driver != "" {
			return []evidence.ObjectReference{{Kind: "CSIDriver", Name: driver, Detail: "not installed on the node"}}
		}
	}
	return nil
}
