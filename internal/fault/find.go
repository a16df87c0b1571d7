// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// doings say what a fault does to its nodes.
var doings = map[v1alpha1.FaultType]string{
	v1alpha1.FaultNodeCrash:     "switched off",
	v1alpha1.FaultNodePartition: "cut off from the API server",
	v1alpha1.FaultNodeSlow:      "slow",
	v1alpha1.FaultLeaseDelay:    "late with their heartbeats",
}

// FoundNodes is what was found out about a fault of nodes that hits those named.
func FoundNodes(f *v1alpha1.Fault, hit []string) Finding {
	target := f.Spec.Target.Nodes
	if len(hit) == 0 {
		message := "no SimNode has the labels of spec.target.nodes.selector"
		if len(target.Names) > 0 {
			message = "no SimNode is named " + strings.Join(cut(target.Names), ", ")
		}
		return Finding{Reason: v1alpha1.ReasonNoTarget, Message: message + "; one that comes while the fault lasts is hit"}
	}
	message := fmt.Sprintf("nodes that are %s: %d", doings[f.Spec.Type], len(hit))
	missing := slices.DeleteFunc(slices.Clone(target.Names), func(name string) bool { return slices.Contains(hit, name) })
	if len(missing) > 0 {
		message += "; not found: " + strings.Join(cut(missing), ", ")
	}
	return Finding{Targets: hit, Done: true, Message: message}
}

// cut returns the first names and how many there are more.
func cut(names []string) []string {
	if len(names) <= v1alpha1.MaxFaultTargets {
		return names
	}
	return append(slices.Clone(names[:v1alpha1.MaxFaultTargets]), fmt.Sprintf("and %d more", len(names)-v1alpha1.MaxFaultTargets))
}

// FoundPods is what was found out about a fault of pods that hits those named.
func FoundPods(hit []string) Finding {
	if len(hit) == 0 {
		return Finding{Reason: v1alpha1.ReasonNoTarget, Message: "no SimPod of spec.target.pods fails to start; those that start while the fault lasts are hit"}
	}
	return Finding{Targets: hit, Done: true, Message: fmt.Sprintf("pods that do not start: %d", len(hit))}
}

// FailsToStart says whether a container of the pod waits for its image or for
// another try after it has crashed.
func FailsToStart(pod *v1alpha1.SimPod) bool {
	for _, statuses := range [][]v1alpha1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			waiting := statuses[i].State.Waiting
			if waiting == nil {
				continue
			}
			switch waiting.Reason {
			case v1alpha1.ReasonErrImagePull, v1alpha1.ReasonImagePullBackOff, v1alpha1.ReasonCrashLoopBackOff:
				return true
			}
		}
	}
	return false
}
