// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// fitMessage is the line that kube-scheduler would give for a pod that no node
// fits. It mirrors FitError.Error: "0/X nodes are available: <PreFilter>.
// <Filter>. <PostFilter>".
func (r *Result) fitMessage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "0/%d nodes are available:", r.NodesTotal)
	if s := r.preFilter.Status; !s.IsSuccess() {
		if message := s.Message(); message != "" {
			fmt.Fprintf(&b, " %s.", message)
		}
	} else if histogram := r.histogram(); len(histogram) > 0 {
		fmt.Fprintf(&b, " %s.", strings.Join(histogram, ", "))
	}
	if r.PostFilterMessage != "" {
		fmt.Fprintf(&b, " %s", r.PostFilterMessage)
	}
	return b.String()
}

// histogram counts the nodes for each reason, sorted as text.
func (r *Result) histogram() []string {
	byStatus := make(map[*framework.Status]int) // plugins share statuses
	for i := range r.rejected {
		byStatus[r.rejected[i].status]++
	}
	byReason := make(map[string]int)
	for status, n := range byStatus {
		for _, reason := range status.Reasons() {
			byReason[reason] += n
		}
	}
	if absent := r.NodesTotal - len(r.rejected); absent > 0 && r.preFilter.NodeNames != nil {
		byReason[fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(r.preFilter.NodePlugins))] += absent
	}
	out := make([]string, 0, len(byReason))
	for reason, n := range byReason {
		out = append(out, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(out)
	return out
}
