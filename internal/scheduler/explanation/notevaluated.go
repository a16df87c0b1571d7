// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// NotEvaluated is something that the scheduler of the cluster looks at, and a
// prediction does not.
type NotEvaluated struct {
	// What is the plugin, the extender or the list.
	What string `json:"what"`
	// Why it is not.
	Why string `json:"why"`
	// Effect on the answer.
	Effect string `json:"effect"`
}

// NotEvaluatedFor lists what is not evaluated of a real pod with a profile. lists
// are those that were read.
func NotEvaluatedFor(pod *corev1.Pod, profile *framework.Profile, lists []whatif.List) []NotEvaluated {
	var out []NotEvaluated
	if names := claimsOf(pod); len(names) > 0 {
		out = append(out, NotEvaluated{
			What: "DynamicResources", Why: "the pod has resource claims: " + strings.Join(names, ", "),
			Effect: "nodes without the devices are taken for fitting",
		})
	}
	if group := pod.Spec.SchedulingGroup; group != nil && group.PodGroupName != nil {
		out = append(out, NotEvaluated{
			What: "GangScheduling", Why: "the pod belongs to the group " + *group.PodGroupName,
			Effect: "the pod is decided about alone, and not with its group",
		})
	}
	if names := limitedVolumes(pod); len(names) > 0 && !runs(profile, "VolumeBinding") {
		out = append(out, NotEvaluated{
			What: "volumes", Why: "the pod has the volumes " + strings.Join(names, ", ") + ", and no plugin of the profile looks at volumes",
			Effect: "nodes on which they cannot be used are taken for fitting",
		})
	}
	for _, list := range lists {
		if list.Effect == "" || !matters(list.Affects, pod) {
			continue
		}
		why := list.Error
		if why == "" {
			why = fmt.Sprintf("only those of namespace %s may be listed", list.Namespace)
		}
		out = addList(out, NotEvaluated{What: list.Resource, Why: why, Effect: list.Effect})
	}
	return out
}

// matters is true where the part of the answer is one for this pod.
func matters(part whatif.Part, pod *corev1.Pod) bool {
	switch part {
	case whatif.Volumes:
		return len(limitedVolumes(pod)) > 0
	case whatif.Manifests:
		return pod.Spec.Priority == nil
	case whatif.Scores: // the default constraints are for pods without their own
		return len(pod.Spec.TopologySpreadConstraints) == 0 && (len(pod.Labels) > 0 || len(pod.OwnerReferences) > 0)
	}
	return true
}

// addList adds a list to others that are missing for the same reason, where the
// effect is the same.
func addList(out []NotEvaluated, list NotEvaluated) []NotEvaluated {
	for i := range out {
		if out[i].Why == list.Why && out[i].Effect == list.Effect {
			out[i].What += ", " + list.What
			return out
		}
	}
	return append(out, list)
}

func claimsOf(pod *corev1.Pod) []string {
	var out []string
	for _, claim := range pod.Spec.ResourceClaims {
		out = append(out, claim.Name)
	}
	return out
}

// limitedVolumes names the volumes that not every node can have.
func limitedVolumes(pod *corev1.Pod) []string {
	var out []string
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim != nil || v.Ephemeral != nil || v.CSI != nil || v.GCEPersistentDisk != nil ||
			v.AWSElasticBlockStore != nil || v.ISCSI != nil || v.RBD != nil {
			out = append(out, v.Name)
		}
	}
	return out
}

func runs(profile *framework.Profile, plugin string) bool {
	return slices.ContainsFunc(profile.Plugins(), func(p framework.WeightedPlugin) bool { return p.Name() == plugin })
}
