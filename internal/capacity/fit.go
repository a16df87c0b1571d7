// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/admission"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// HowMany places more and more pods like that of the case, until one is refused or
// limit of them are placed. quotas are those that admission has the pods counted in.
func HowMany(what whatif.Case, quotas []corev1.ResourceQuota, limit int) Fit {
	var out Fit
	placer := whatif.NewPlacer(what.Snapshot)
	counts := map[string]int{}
	for ; out.Fits < limit; out.Fits++ {
		next := what
		next.Pod = nth(what.Pod, out.Fits)
		charged, refusals := admission.Charge(next.Pod, quotas)
		if len(refusals) > 0 {
			out.Next = &Refusal{Message: refusals[0].Message, Admission: refusals}
			break
		}
		node := placer.Place(next)
		if node == "" {
			out.Next = new(refusalOf(next, placer))
			break
		}
		counts[node]++
		quotas = charged
	}
	out.Bounded = out.Next == nil
	out.Nodes = nodeCounts(counts)
	return out
}

// nth is one of many pods that are alike.
func nth(pod *corev1.Pod, i int) *corev1.Pod {
	out := *pod
	out.UID, out.Name = types.UID(fmt.Sprint("more-", i)), fmt.Sprintf("%s-%d", pod.Name, i)
	return &out
}

// refusalOf asks why the pod gets no node in the cluster as it is by now.
func refusalOf(what whatif.Case, placer whatif.Placer) Refusal {
	what.Snapshot = placer.Snapshot()
	d := explanation.NewDecision(what.Predict(time.Time{}, 0))
	return Refusal{
		Message: d.Message, Rejections: d.Rejections, Scarce: scarce(what, d.Nodes),
		NominatedNode: d.NominatedNode, Victims: d.Victims,
	}
}

// nodeCounts lists the node with the most pods first.
func nodeCounts(counts map[string]int) []explanation.NodeCount {
	var out []explanation.NodeCount
	for _, node := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		out = append(out, explanation.NodeCount{Node: node, Pods: counts[node]})
	}
	return out
}
