// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package volumebinding keeps pods on nodes that their volumes can be reached
// from, or where they can be made. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumebinding.
package volumebinding

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/component-helpers/storage/ephemeral"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/shape"
)

// Name of the plugin.
const Name = "VolumeBinding"

// Reasons of a rejection.
const (
	ErrReasonNodeConflict   = "node(s) didn't match PersistentVolume's node affinity"
	ErrReasonBindConflict   = "node(s) didn't find available persistent volumes to bind"
	ErrReasonNotEnoughSpace = "node(s) did not have enough free storage"
	ErrReasonPVNotExist     = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"

	errReasonUnboundImmediate = "pod has unbound immediate PersistentVolumeClaims"
)

var (
	_ framework.PreFilterPlugin   = (*VolumeBinding)(nil)
	_ framework.FilterPlugin      = (*VolumeBinding)(nil)
	_ framework.PreScorePlugin    = (*VolumeBinding)(nil)
	_ framework.ScorePlugin       = (*VolumeBinding)(nil)
	_ framework.ObjectBlamePlugin = (*VolumeBinding)(nil)

	preFilterKey = framework.NewStateKey[*preFilterState]()

	skip             = framework.NewStatus(framework.Skip)
	unboundImmediate = framework.NewStatus(framework.UnschedulableAndUnresolvable, errReasonUnboundImmediate)
)

// VolumeBinding rejects pods with claims that somebody else must bind first, and
// nodes that cannot reach the volumes of bound claims or offer none for unbound
// ones. It prefers nodes where the pod's volumes take a small part of what there
// is (kube-scheduler's feature StorageCapacityScoring, which is on by default).
type VolumeBinding struct{ shape []shape.Point }

// Args are the arguments of the plugin.
type Args struct {
	// Shape is the function from the share of storage that the pod's volumes take
	// to the score. Default: 10 for nothing, 0 for everything.
	Shape []shape.Point
}

// New returns the plugin. It fails where the shape is not valid.
func New(args Args) (*VolumeBinding, error) {
	if len(args.Shape) == 0 {
		args.Shape = []shape.Point{{Utilization: 0, Score: shape.MaxScore}, {Utilization: shape.MaxUtilization, Score: 0}}
	}
	if err := shape.Validate(args.Shape); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", Name, err)
	}
	return &VolumeBinding{shape: args.Shape}, nil
}

// Name implements framework.Plugin.
func (*VolumeBinding) Name() string { return Name }

// preFilterState has what does not depend on the node.
type preFilterState struct {
	storage *framework.Storage
	// bound are the volumes of bound claims.
	bound []*boundVolume
	// selected are unbound claims for which a node has been selected already, and
	// unbound the others, the smallest first.
	selected, unbound []*unboundClaim
}

// Clone implements framework.StateData: pods that come and go do not matter.
func (s *preFilterState) Clone() framework.StateData { return s }

// PreFilter implements framework.PreFilterPlugin.
func (*VolumeBinding) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	if len(pod.Pod.Spec.Volumes) == 0 {
		return nil, skip
	}
	storage := framework.StorageOf(state.Snapshot())
	claims, err := claimsOf(storage, pod.Pod)
	switch {
	case err != nil:
		return nil, framework.NewStatus(framework.UnschedulableAndUnresolvable, err.Error())
	case len(claims) == 0:
		return nil, skip
	}
	s, immediate, err := newState(storage, claims)
	switch {
	case err != nil:
		return nil, framework.AsStatus(err)
	case len(immediate) > 0:
		return nil, unboundImmediate
	}
	preFilterKey.Write(state, s)
	return nil, nil
}

// claimsOf returns the claims of the pod, or what is wrong with the first that
// cannot be used. It mirrors podHasPVCs.
func claimsOf(storage *framework.Storage, pod *corev1.Pod) ([]*corev1.PersistentVolumeClaim, error) {
	var out []*corev1.PersistentVolumeClaim
	for i := range pod.Spec.Volumes {
		claim, err := usableClaim(storage, pod, &pod.Spec.Volumes[i])
		if err != nil {
			return nil, err
		}
		if claim != nil {
			out = append(out, claim)
		}
	}
	return out, nil
}

// usableClaim returns the claim of a volume; nil for a volume without.
func usableClaim(storage *framework.Storage, pod *corev1.Pod, volume *corev1.Volume) (*corev1.PersistentVolumeClaim, error) {
	name, isEphemeral, uses := framework.ClaimOf(pod, volume)
	if !uses {
		return nil, nil
	}
	claim, err := storage.Claim(pod.Namespace, name)
	switch {
	case isEphemeral && apierrors.IsNotFound(err):
		return nil, fmt.Errorf("waiting for ephemeral volume controller to create the persistentvolumeclaim %q", name)
	case err != nil:
		return nil, err
	case claim.Status.Phase == corev1.ClaimLost:
		return nil, fmt.Errorf("persistentvolumeclaim %q bound to non-existent persistentvolume %q", claim.Name, claim.Spec.VolumeName)
	case claim.DeletionTimestamp != nil:
		return nil, fmt.Errorf("persistentvolumeclaim %q is being deleted", claim.Name)
	case isEphemeral:
		return claim, ephemeral.VolumeIsForPod(pod, claim)
	}
	return claim, nil
}

// conflicts are the statuses of nodes by the set of what is wrong with them: nodes
// with the same share one.
var conflicts = func() [16]*framework.Status {
	var out [16]*framework.Status
	for set := 1; set < len(out); set++ {
		var reasons []string
		for i, reason := range [...]string{ErrReasonNodeConflict, ErrReasonBindConflict, ErrReasonNotEnoughSpace, ErrReasonPVNotExist} {
			if set&(1<<i) != 0 {
				reasons = append(reasons, reason)
			}
		}
		out[set] = framework.NewStatus(framework.UnschedulableAndUnresolvable, reasons...)
	}
	return out
}()

// problem is a set of what is wrong with a node.
type problem int

const (
	nodeConflict problem = 1 << iota
	bindConflict
	notEnoughSpace
	pvNotExist
)

// Filter implements framework.FilterPlugin.
func (*VolumeBinding) Filter(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	s, ok := preFilterKey.Read(state)
	if !ok {
		return nil
	}
	problems, _, err := s.find(node.Node())
	if err != nil {
		return framework.AsStatus(err)
	}
	return conflicts[problems]
}

// PreScore implements framework.PreScorePlugin: without a claim that is bound on
// the way all nodes are equal.
func (*VolumeBinding) PreScore(state *framework.CycleState, _ *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	if s, ok := preFilterKey.Read(state); !ok || len(s.selected)+len(s.unbound) == 0 {
		return skip
	}
	return nil
}

// Score implements framework.ScorePlugin.
func (p *VolumeBinding) Score(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	s, ok := preFilterKey.Read(state)
	if !ok {
		return 0, nil
	}
	problems, found, err := s.find(node.Node())
	if err != nil || problems != 0 {
		return 0, nil
	}
	return p.score(found), nil
}
