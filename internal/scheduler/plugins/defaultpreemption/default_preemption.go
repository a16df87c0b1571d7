// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package defaultpreemption makes room for a pod by finding pods of lower
// priority to delete. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption and
// k8s.io/kubernetes/pkg/scheduler/framework/preemption.
package defaultpreemption

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "DefaultPreemption"

// Defaults of Args.
const (
	DefaultMinCandidateNodesPercentage int32 = 10
	DefaultMinCandidateNodesAbsolute   int32 = 100
)

// Reasons in kube-scheduler's words.
const (
	reasonPolicyNever = "not eligible due to preemptionPolicy=Never."
	reasonTerminating = "not eligible due to a terminating pod on the nominated node."
	reasonNotHelpful  = "Preemption is not helpful for scheduling"
	reasonNoVictims   = "No preemption victims found for incoming pod"
)

var _ framework.PostFilterPlugin = (*DefaultPreemption)(nil)

// Args configures the plugin. Names and meaning are those of
// DefaultPreemptionArgs of kube-scheduler.
type Args struct {
	// MinCandidateNodesPercentage is how many of the nodes on which preemption may
	// help must turn out to be candidates before the search ends, in percent; 10
	// where it is nil.
	MinCandidateNodesPercentage *int32
	// MinCandidateNodesAbsolute is the same as a number of nodes; 100 where it is
	// nil. The larger of both counts.
	MinCandidateNodesAbsolute *int32
}

// DefaultPreemption nominates the node where the fewest and least important
// pods must go.
type DefaultPreemption struct{ percentage, absolute int }

// New returns the plugin. It fails where the arguments are not valid.
func New(args Args) (*DefaultPreemption, error) {
	percentage, absolute := DefaultMinCandidateNodesPercentage, DefaultMinCandidateNodesAbsolute
	if args.MinCandidateNodesPercentage != nil {
		percentage = *args.MinCandidateNodesPercentage
	}
	if args.MinCandidateNodesAbsolute != nil {
		absolute = *args.MinCandidateNodesAbsolute
	}
	if err := validate(percentage, absolute); err != nil {
		return nil, err
	}
	return &DefaultPreemption{percentage: int(percentage), absolute: int(absolute)}, nil
}

// validate mirrors ValidateDefaultPreemptionArgs of kube-scheduler.
func validate(percentage, absolute int32) error {
	var errs field.ErrorList
	percentagePath, absolutePath := field.NewPath("minCandidateNodesPercentage"), field.NewPath("minCandidateNodesAbsolute")
	if percentage < 0 || percentage > 100 {
		errs = append(errs, field.Invalid(percentagePath, percentage, "not in valid range [0, 100]"))
	}
	if absolute < 0 {
		errs = append(errs, field.Invalid(absolutePath, absolute, "not in valid range [0, inf)"))
	}
	if percentage == 0 && absolute == 0 {
		errs = append(errs,
			field.Invalid(percentagePath, percentage, "cannot be zero at the same time as minCandidateNodesAbsolute"),
			field.Invalid(absolutePath, absolute, "cannot be zero at the same time as minCandidateNodesPercentage"))
	}
	return errs.ToAggregate()
}

// Name implements framework.Plugin.
func (*DefaultPreemption) Name() string { return Name }

// PostFilter implements framework.PostFilterPlugin. It mirrors Evaluator.Preempt.
// Where no candidate is found it returns an empty result beside the rejection:
// the pod's nominated node, if any, does not hold any more. Without a result it
// stays.
func (p *DefaultPreemption) PostFilter(state *framework.CycleState, runner framework.FilterRunner, pod *framework.PodInfo, statuses framework.NodeStatuses) (*framework.PostFilterResult, *framework.Status) {
	snapshot := state.Snapshot()
	if reason := ineligible(snapshot, pod, statuses); reason != "" {
		return nil, rejected(reason)
	}
	potential := potentialNodes(snapshot, statuses)
	search := newSearch(state, runner, pod)
	if len(potential) > 0 {
		offset := rand.New(rand.NewPCG(uint64(state.Input().Seed), 0)).IntN(len(potential))
		search.run(potential, offset, p.numCandidates(len(potential)))
	}
	candidates := search.candidates()
	switch {
	case len(candidates) > 0:
		best := pickOneNode(candidates)
		return &framework.PostFilterResult{NominatedNode: best.node, Victims: best.victims}, framework.NewStatus(framework.Success,
			fmt.Sprintf("preemption: found a potential placement for pod on node %s, preempting %d victims", best.node, len(best.victims)))
	case len(search.errs) > 0:
		return nil, framework.AsStatus(fmt.Errorf("preemption: %w", errors.Join(search.errs...)))
	}
	return &framework.PostFilterResult{}, rejected(fitMessage(len(snapshot.List()), search.reasons))
}

func rejected(reason string) *framework.Status {
	return framework.NewStatus(framework.Unschedulable, "preemption: "+reason)
}

// numCandidates mirrors calculateNumCandidates.
func (p *DefaultPreemption) numCandidates(nodes int) int {
	return min(max(nodes*p.percentage/100, p.absolute), nodes)
}

// ineligible says why the pod may not preempt; empty where it may. A pod whose
// victims are still stopping on its nominated node waits for them. It mirrors
// PodEligibleToPreemptOthers.
func ineligible(snapshot framework.Snapshot, pod *framework.PodInfo, statuses framework.NodeStatuses) string {
	if policy := pod.Pod.Spec.PreemptionPolicy; policy != nil && *policy == corev1.PreemptNever {
		return reasonPolicyNever
	}
	nominated := pod.Pod.Status.NominatedNodeName
	if nominated == "" || statuses.Status(nominated).Code() == framework.UnschedulableAndUnresolvable {
		return ""
	}
	node := snapshot.Get(nominated)
	if node == nil {
		return ""
	}
	if slices.ContainsFunc(node.Pods, func(other *framework.PodInfo) bool {
		return other.Priority < pod.Priority && terminatingByPreemption(other.Pod)
	}) {
		return reasonTerminating
	}
	return ""
}

// terminatingByPreemption mirrors PodTerminatingByPreemption.
func terminatingByPreemption(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp == nil {
		return false
	}
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.DisruptionTarget {
			return c.Status == corev1.ConditionTrue && c.Reason == corev1.PodReasonPreemptionByScheduler
		}
	}
	return false
}

// potentialNodes returns the nodes where the pod could fit without other pods.
func potentialNodes(snapshot framework.Snapshot, statuses framework.NodeStatuses) []*framework.NodeInfo {
	var out []*framework.NodeInfo
	for _, node := range snapshot.List() {
		if statuses.Status(node.Node().Name).Code() == framework.Unschedulable {
			out = append(out, node)
		}
	}
	return out
}

// fitMessage says why no node is a candidate: reasons has the nodes that were
// looked at by what was said of them. It mirrors FitError.Error.
func fitMessage(nodes int, reasons map[*framework.Status]int) string {
	byReason := make(map[string]int)
	rest := nodes
	for status, n := range reasons {
		rest -= n
		for _, reason := range status.Reasons() {
			byReason[reason] += n
		}
	}
	if rest > 0 {
		byReason[reasonNotHelpful] += rest
	}
	lines := make([]string, 0, len(byReason))
	for reason, n := range byReason {
		lines = append(lines, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(lines)
	message := fmt.Sprintf("0/%d nodes are available:", nodes)
	if len(lines) > 0 {
		message += " " + strings.Join(lines, ", ") + "."
	}
	return message
}
