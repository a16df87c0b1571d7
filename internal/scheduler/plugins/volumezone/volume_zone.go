// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package volumezone keeps pods in the zones and regions of their volumes. It
// mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumezone.
package volumezone

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "VolumeZone"

// ErrReasonConflict is the reason of a node in another zone than a volume.
const ErrReasonConflict = "node(s) had no available volume zone"

var (
	_ framework.PreFilterPlugin   = VolumeZone{}
	_ framework.FilterPlugin      = VolumeZone{}
	_ framework.ObjectBlamePlugin = VolumeZone{}

	preFilterKey = framework.NewStateKey[*preFilterState]()

	skip     = framework.NewStatus(framework.Skip)
	conflict = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonConflict)
)

// topologyLabels say where a volume and a node are; generallyAvailable is the
// label that has replaced another.
var (
	topologyLabels = []string{
		corev1.LabelFailureDomainBetaZone, corev1.LabelFailureDomainBetaRegion, corev1.LabelTopologyZone, corev1.LabelTopologyRegion,
	}
	generallyAvailable = map[string]string{
		corev1.LabelFailureDomainBetaZone:   corev1.LabelTopologyZone,
		corev1.LabelFailureDomainBetaRegion: corev1.LabelTopologyRegion,
	}
)

// multiZoneDelimiter separates the zones of a volume that is in several. It is
// LabelMultiZoneDelimiter of k8s.io/cloud-provider/volume.
const multiZoneDelimiter = "__"

// VolumeZone rejects nodes that are not in the zone or region that the label of
// a bound volume of the pod names.
type VolumeZone struct{}

// New returns the plugin.
func New() VolumeZone { return VolumeZone{} }

// Name implements framework.Plugin.
func (VolumeZone) Name() string { return Name }

// topology is where a volume is, as one of its labels says.
type topology struct {
	volume, key, value string
	values             sets.Set[string]
}

type preFilterState struct{ topologies []topology }

// Clone implements framework.StateData: pods that come and go do not matter.
func (s *preFilterState) Clone() framework.StateData { return s }

// PreFilter implements framework.PreFilterPlugin.
func (VolumeZone) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	if len(pod.Pod.Spec.Volumes) == 0 {
		return nil, skip
	}
	storage := framework.StorageOf(state.Snapshot())
	s := &preFilterState{}
	for i := range pod.Pod.Spec.Volumes {
		source := pod.Pod.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		volume, err := boundVolume(storage, pod.Pod.Namespace, source.ClaimName)
		if err != nil {
			return nil, asStatus(err)
		}
		if volume != nil {
			s.topologies = append(s.topologies, topologiesOf(volume)...)
		}
	}
	if len(s.topologies) == 0 {
		return nil, skip
	}
	preFilterKey.Write(state, s)
	return nil, nil
}

// boundVolume returns the volume of a claim; nil where the claim waits for a
// node. It mirrors the loop of getPVbyPod.
func boundVolume(storage *framework.Storage, namespace, name string) (*corev1.PersistentVolume, error) {
	if name == "" {
		return nil, errors.New("PersistentVolumeClaim had no name")
	}
	claim, err := storage.Claim(namespace, name)
	if err != nil {
		return nil, err
	}
	if claim.Spec.VolumeName != "" {
		return storage.Volume(claim.Spec.VolumeName)
	}
	className := framework.ClaimClass(claim)
	if className == "" {
		return nil, errors.New("PersistentVolumeClaim had no pv name and storageClass name")
	}
	class, err := storage.Class(className)
	switch {
	case err != nil:
		return nil, err
	case class.VolumeBindingMode == nil:
		return nil, fmt.Errorf("VolumeBindingMode not set for StorageClass %q", className)
	case *class.VolumeBindingMode != storagev1.VolumeBindingWaitForFirstConsumer:
		return nil, errors.New("PersistentVolume had no name")
	}
	return nil, nil
}

// asStatus is a rejection for all nodes: the plain objects here fail to be found
// and in no other way.
func asStatus(err error) *framework.Status {
	return framework.NewStatus(framework.UnschedulableAndUnresolvable, err.Error())
}

// topologiesOf mirrors getPVTopologies: a label that cannot be read does not count.
func topologiesOf(volume *corev1.PersistentVolume) []topology {
	var out []topology
	for _, key := range topologyLabels {
		value, ok := volume.Labels[key]
		if !ok {
			continue
		}
		if values := split(value); values != nil {
			out = append(out, topology{volume: volume.Name, key: key, value: value, values: values})
		}
	}
	return out
}

// split mirrors LabelZonesToSet of k8s.io/cloud-provider/volume/helpers; nil for a
// list with an empty element.
func split(value string) sets.Set[string] {
	out := sets.New[string]()
	for zone := range strings.SplitSeq(value, multiZoneDelimiter) {
		zone = strings.TrimSpace(zone)
		if zone == "" {
			return nil
		}
		out.Insert(zone)
	}
	return out
}

// Filter implements framework.FilterPlugin.
func (VolumeZone) Filter(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	s, ok := preFilterKey.Read(state)
	if !ok || !hasTopology(node.Node().Labels) {
		return nil
	}
	for i := range s.topologies {
		if !s.topologies[i].matches(node.Node().Labels) {
			return conflict
		}
	}
	return nil
}

// hasTopology is false for a node without any zone or region, as in a cluster of
// one zone: every volume can be reached from there.
func hasTopology(labels map[string]string) bool {
	for _, key := range topologyLabels {
		if _, ok := labels[key]; ok {
			return true
		}
	}
	return false
}

func (t *topology) matches(labels map[string]string) bool {
	value, ok := labels[t.key]
	if !ok {
		value, ok = labels[generallyAvailable[t.key]]
	}
	return ok && t.values.Has(value)
}

// BlameObjects implements framework.ObjectBlamePlugin: the volumes that are
// elsewhere, or the claims that are not bound.
func (VolumeZone) BlameObjects(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []evidence.ObjectReference {
	var out []evidence.ObjectReference
	if node == nil {
		storage := framework.StorageOf(state.Snapshot())
		for i := range pod.Pod.Spec.Volumes {
			source := pod.Pod.Spec.Volumes[i].PersistentVolumeClaim
			if source == nil || len(out) == evidence.MaxBlamed {
				continue
			}
			if _, err := boundVolume(storage, pod.Pod.Namespace, source.ClaimName); err != nil {
				out = append(out, evidence.ObjectReference{
					Kind: "PersistentVolumeClaim", Namespace: pod.Pod.Namespace, Name: source.ClaimName, Detail: err.Error(),
				})
			}
		}
		return out
	}
	s, ok := preFilterKey.Read(state)
	if !ok || !hasTopology(node.Node().Labels) {
		return nil
	}
	for i := range s.topologies {
		if t := &s.topologies[i]; !t.matches(node.Node().Labels) && len(out) < evidence.MaxBlamed {
			out = append(out, evidence.ObjectReference{Kind: "PersistentVolume", Name: t.volume, Detail: t.key + "=" + t.value})
		}
	}
	return out
}
