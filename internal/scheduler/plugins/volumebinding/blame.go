// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumebinding

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// BlameObjects implements framework.ObjectBlamePlugin: the claims that cannot be
// used or wait for somebody else; of a node, the volumes that it cannot reach and
// the claims that it has none for.
func (*VolumeBinding) BlameObjects(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []evidence.ObjectReference {
	var out []evidence.ObjectReference
	if node == nil {
		out = unusable(framework.StorageOf(state.Snapshot()), pod.Pod)
	} else if s, ok := preFilterKey.Read(state); ok {
		out = append(s.outOfReach(node.Node()), s.withoutVolume(node.Node())...)
	}
	return out[:min(len(out), evidence.MaxBlamed)]
}

func claimReference(claim *corev1.PersistentVolumeClaim, detail string) evidence.ObjectReference {
	return evidence.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, Detail: detail}
}

// unusable lists the claims because of which PreFilter rejects the pod.
func unusable(storage *framework.Storage, pod *corev1.Pod) []evidence.ObjectReference {
	var out []evidence.ObjectReference
	var usable []*corev1.PersistentVolumeClaim
	for i := range pod.Spec.Volumes {
		claim, err := usableClaim(storage, pod, &pod.Spec.Volumes[i])
		switch {
		case err != nil:
			name, _, _ := framework.ClaimOf(pod, &pod.Spec.Volumes[i])
			out = append(out, evidence.ObjectReference{
				Kind: "PersistentVolumeClaim", Namespace: pod.Namespace, Name: name, Detail: err.Error(),
			})
		case claim != nil:
			usable = append(usable, claim)
		}
	}
	if len(out) > 0 {
		return out
	}
	_, immediate, err := newState(storage, usable)
	if err != nil {
		return nil
	}
	for _, claim := range immediate {
		out = append(out, claimReference(claim, whyUnbound(storage, claim)))
	}
	return out
}

// whyUnbound says what an immediate claim waits for.
func whyUnbound(storage *framework.Storage, claim *corev1.PersistentVolumeClaim) string {
	class := framework.ClaimClass(claim)
	switch _, err := storage.Class(class); {
	case claim.Spec.VolumeName != "":
		return "waits to be bound to PersistentVolume " + claim.Spec.VolumeName
	case class == "":
		return "unbound, without a StorageClass"
	case err != nil:
		return fmt.Sprintf("unbound, its StorageClass %s does not exist", class)
	}
	return "unbound, its StorageClass " + class + " binds immediately"
}

func (s *preFilterState) outOfReach(node *corev1.Node) []evidence.ObjectReference {
	var out []evidence.ObjectReference
	for _, bound := range s.bound {
		if bound.volume == nil {
			out = append(out, claimReference(bound.claim, "bound to PersistentVolume "+bound.claim.Spec.VolumeName+", which does not exist"))
		} else if ok, err := bound.matches(node, s.storage.CSINode(node.Name)); !ok && err == nil {
			out = append(out, evidence.ObjectReference{
				Kind: "PersistentVolume", Name: bound.volume.Name, Detail: "node affinity: " + describe(bound.volume.Spec.NodeAffinity),
			})
		}
	}
	return out
}

// withoutVolume lists the unbound claims that get no volume on the node.
func (s *preFilterState) withoutVolume(node *corev1.Node) []evidence.ObjectReference {
	var out []evidence.ObjectReference
	for _, u := range s.selected {
		if selected := u.claim.Annotations[annSelectedNode]; selected != node.Name {
			out = append(out, claimReference(u.claim, "node "+selected+" is selected for it"))
		}
	}
	_, rest, err := s.findStatic(node)
	if len(out) > 0 || err != nil {
		return out
	}
	for _, u := range append(s.selected[:len(s.selected):len(s.selected)], rest...) {
		if _, wrong := u.provisionOn(node); wrong != 0 {
			out = append(out, claimReference(u.claim, u.why(node, wrong)))
		}
	}
	return out
}

// why says why no volume is made for the node.
func (u *unboundClaim) why(node *corev1.Node, wrong problem) string {
	switch {
	case wrong == notEnoughSpace:
		size := u.claim.Spec.Resources.Requests[corev1.ResourceStorage]
		return fmt.Sprintf("StorageClass %s has not %s left for the node", u.class.Name, size.String())
	case !u.provisionable && len(u.prebound)+len(u.available) > 0:
		return fmt.Sprintf("no PersistentVolume of StorageClass %s that suits it is in reach of the node, and none is made", u.class.Name)
	case !u.provisionable:
		return fmt.Sprintf("no PersistentVolume of StorageClass %s suits it, and none is made", u.class.Name)
	case !u.allowedOn(node.Labels):
		return fmt.Sprintf("StorageClass %s allows no volumes for the node (allowedTopologies)", u.class.Name)
	}
	return ""
}

// describe writes a node affinity in the operators of the API.
func describe(affinity *corev1.VolumeNodeAffinity) string {
	if affinity == nil || affinity.Required == nil {
		return "none"
	}
	var terms []string
	for _, term := range affinity.Required.NodeSelectorTerms {
		var parts []string
		for _, r := range append(term.MatchExpressions[:len(term.MatchExpressions):len(term.MatchExpressions)], term.MatchFields...) {
			part := r.Key + " " + string(r.Operator)
			if len(r.Values) > 0 {
				part += " [" + strings.Join(r.Values, " ") + "]"
			}
			parts = append(parts, part)
		}
		terms = append(terms, strings.Join(parts, " and "))
	}
	return strings.Join(terms, " or ")
}
