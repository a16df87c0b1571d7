// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package volumerestrictions keeps pods away from volumes that another pod uses
// and that only one may. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumerestrictions.
package volumerestrictions

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "VolumeRestrictions"

// Reasons of a rejection.
const (
	ErrReasonDiskConflict             = "node(s) had no available disk"
	ErrReasonReadWriteOncePodConflict = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)

var (
	_ framework.PreFilterPlugin     = VolumeRestrictions{}
	_ framework.PreFilterExtensions = VolumeRestrictions{}
	_ framework.FilterPlugin        = VolumeRestrictions{}
	_ framework.BlamePlugin         = VolumeRestrictions{}
	_ framework.ObjectBlamePlugin   = VolumeRestrictions{}

	preFilterKey = framework.NewStateKey[*preFilterState]()

	skip          = framework.NewStatus(framework.Skip)
	diskConflict  = framework.NewStatus(framework.Unschedulable, ErrReasonDiskConflict)
	claimConflict = framework.NewStatus(framework.Unschedulable, ErrReasonReadWriteOncePodConflict)
)

// VolumeRestrictions rejects nodes where another pod uses a disk that the pod
// needs, and all nodes while another pod uses a ReadWriteOncePod claim of the pod.
type VolumeRestrictions struct{}

// New returns the plugin.
func New() VolumeRestrictions { return VolumeRestrictions{} }

// Name implements framework.Plugin.
func (VolumeRestrictions) Name() string { return Name }

// preFilterState mirrors the type of that name in kube-scheduler.
type preFilterState struct {
	// claims are the names of the pod's ReadWriteOncePod claims.
	claims sets.Set[string]
	// users counts what uses them.
	users int
}

// Clone implements framework.StateData.
func (s *preFilterState) Clone() framework.StateData {
	clone := *s
	return &clone
}

// PreFilter implements framework.PreFilterPlugin.
func (VolumeRestrictions) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	if len(pod.Pod.Spec.Volumes) == 0 {
		return nil, skip
	}
	claims, err := readWriteOncePodClaims(state, pod.Pod)
	switch {
	case apierrors.IsNotFound(err):
		return nil, framework.NewStatus(framework.UnschedulableAndUnresolvable, err.Error())
	case err != nil:
		return nil, framework.AsStatus(err)
	}
	s := &preFilterState{claims: claims}
	if len(claims) > 0 {
		s.users = len(usedClaims(state.Snapshot(), pod.Pod.Namespace, claims))
	}
	if s.users == 0 && !slices.ContainsFunc(pod.Pod.Spec.Volumes, isRestricted) {
		return nil, skip
	}
	preFilterKey.Write(state, s)
	return nil, nil
}

// readWriteOncePodClaims mirrors readWriteOncePodPVCsForPod.
func readWriteOncePodClaims(state *framework.CycleState, pod *corev1.Pod) (sets.Set[string], error) {
	storage := framework.StorageOf(state.Snapshot())
	var out sets.Set[string]
	for i := range pod.Spec.Volumes {
		source := pod.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		claim, err := storage.Claim(pod.Namespace, source.ClaimName)
		if err != nil {
			return nil, err
		}
		if slices.Contains(claim.Spec.AccessModes, corev1.ReadWriteOncePod) {
			if out == nil {
				out = sets.New[string]()
			}
			out.Insert(claim.Name)
		}
	}
	return out, nil
}

// usedClaims returns those of the claims that pods on nodes use. It mirrors
// IsPVCUsedByPods of kube-scheduler's snapshot.
func usedClaims(snapshot framework.Snapshot, namespace string, claims sets.Set[string]) sets.Set[string] {
	out := sets.New[string]()
	for _, node := range snapshot.List() {
		for _, other := range node.Pods {
			if other.Pod.Namespace != namespace {
				continue
			}
			for i := range other.Pod.Spec.Volumes {
				if s := other.Pod.Spec.Volumes[i].PersistentVolumeClaim; s != nil && claims.Has(s.ClaimName) {
					out.Insert(s.ClaimName)
				}
			}
		}
	}
	return out
}

// AddPod implements framework.PreFilterExtensions.
func (VolumeRestrictions) AddPod(state *framework.CycleState, _, added *framework.PodInfo, _ *framework.NodeInfo) *framework.Status {
	if s, ok := preFilterKey.Read(state); ok {
		s.users += s.uses(added.Pod)
	}
	return nil
}

// RemovePod implements framework.PreFilterExtensions.
func (VolumeRestrictions) RemovePod(state *framework.CycleState, _, removed *framework.PodInfo, _ *framework.NodeInfo) *framework.Status {
	if s, ok := preFilterKey.Read(state); ok {
		s.users -= s.uses(removed.Pod)
	}
	return nil
}

// uses counts the volumes with a claim of that name, in any namespace. It mirrors
// conflictingPVCRefCountForPod, which does not look at the namespace either.
func (s *preFilterState) uses(pod *corev1.Pod) int {
	n := 0
	for i := range pod.Spec.Volumes {
		if source := pod.Spec.Volumes[i].PersistentVolumeClaim; source != nil && s.claims.Has(source.ClaimName) {
			n++
		}
	}
	return n
}

// Filter implements framework.FilterPlugin.
func (VolumeRestrictions) Filter(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	for i := range pod.Pod.Spec.Volumes {
		volume := &pod.Pod.Spec.Volumes[i]
		if !isRestricted(*volume) {
			continue
		}
		for _, other := range node.Pods {
			if conflicts(volume, other.Pod) {
				return diskConflict
			}
		}
	}
	if s, ok := preFilterKey.Read(state); ok && s.users > 0 {
		return claimConflict
	}
	return nil
}

// isRestricted is true for a kind of disk that is checked. It mirrors
// needsRestrictionsCheck.
func isRestricted(v corev1.Volume) bool {
	return v.GCEPersistentDisk != nil || v.AWSElasticBlockStore != nil || v.RBD != nil || v.ISCSI != nil
}

func conflicts(volume *corev1.Volume, other *corev1.Pod) bool {
	return slices.ContainsFunc(other.Spec.Volumes, func(used corev1.Volume) bool { return sameDisk(volume, &used) })
}

// sameDisk is true where both are the same disk, and not both only read it; an
// EBS volume may be used once only. It mirrors isVolumeConflict.
func sameDisk(a, b *corev1.Volume) bool {
	if x, y := a.GCEPersistentDisk, b.GCEPersistentDisk; x != nil && y != nil && x.PDName == y.PDName && (!x.ReadOnly || !y.ReadOnly) {
		return true
	}
	if x, y := a.AWSElasticBlockStore, b.AWSElasticBlockStore; x != nil && y != nil && x.VolumeID == y.VolumeID {
		return true
	}
	if x, y := a.ISCSI, b.ISCSI; x != nil && y != nil && x.IQN == y.IQN && (!x.ReadOnly || !y.ReadOnly) {
		return true
	}
	x, y := a.RBD, b.RBD
	return x != nil && y != nil && x.RBDPool == y.RBDPool && x.RBDImage == y.RBDImage && (!x.ReadOnly || !y.ReadOnly) &&
		slices.ContainsFunc(x.CephMonitors, func(monitor string) bool { return slices.Contains(y.CephMonitors, monitor) })
}

// Blame implements framework.BlamePlugin: the pods on the node that use the disk,
// or else those anywhere that use the claim.
func (VolumeRestrictions) Blame(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []*framework.PodInfo {
	var out []*framework.PodInfo
	for _, other := range node.Pods {
		if len(out) < evidence.MaxBlamed && slices.ContainsFunc(pod.Pod.Spec.Volumes, func(v corev1.Volume) bool { return conflicts(&v, other.Pod) }) {
			out = append(out, other)
		}
	}
	s, ok := preFilterKey.Read(state)
	if len(out) > 0 || !ok || s.users <= 0 {
		return out
	}
	for _, n := range state.Snapshot().List() {
		for _, other := range n.Pods {
			if len(out) < evidence.MaxBlamed && other.Pod.Namespace == pod.Pod.Namespace && s.uses(other.Pod) > 0 {
				out = append(out, other)
			}
		}
	}
	return out
}

// BlameObjects implements framework.ObjectBlamePlugin: the claims that do not
// exist, or the ReadWriteOncePod claims that are in use.
func (VolumeRestrictions) BlameObjects(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []evidence.ObjectReference {
	if node == nil {
		return missingClaims(state, pod.Pod)
	}
	s, ok := preFilterKey.Read(state)
	if !ok || s.users <= 0 || diskConflictOn(pod.Pod, node) {
		return nil
	}
	var out []evidence.ObjectReference
	for _, name := range sets.List(usedClaims(state.Snapshot(), pod.Pod.Namespace, s.claims)) {
		if len(out) < evidence.MaxBlamed {
			out = append(out, evidence.ObjectReference{
				Kind: "PersistentVolumeClaim", Namespace: pod.Pod.Namespace, Name: name, Detail: "ReadWriteOncePod, in use",
			})
		}
	}
	return out
}

func diskConflictOn(pod *corev1.Pod, node *framework.NodeInfo) bool {
	return slices.ContainsFunc(node.Pods, func(other *framework.PodInfo) bool {
		return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return conflicts(&v, other.Pod) })
	})
}

func missingClaims(state *framework.CycleState, pod *corev1.Pod) []evidence.ObjectReference {
	storage := framework.StorageOf(state.Snapshot())
	var out []evidence.ObjectReference
	for i := range pod.Spec.Volumes {
		source := pod.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil || len(out) == evidence.MaxBlamed {
			continue
		}
		if _, err := storage.Claim(pod.Namespace, source.ClaimName); err != nil {
			out = append(out, evidence.ObjectReference{
				Kind: "PersistentVolumeClaim", Namespace: pod.Namespace, Name: source.ClaimName, Detail: "does not exist",
			})
		}
	}
	return out
}
