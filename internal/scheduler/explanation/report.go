// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/schedulinggates"
)

// Report is what the scheduler of the cluster wrote to a pod that waits, beside
// what is decided on the lists.
type Report struct {
	// Reason and Message of the condition PodScheduled.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message"`
	// Since is when the condition became false; its message may be younger.
	Since time.Time `json:"since"`
	// WrittenAt is when the scheduler last wrote the status; nil where that is not
	// recorded.
	WrittenAt *time.Time `json:"writtenAt,omitempty"`
	// Agrees is true where both count the same nodes for the same reasons.
	Agrees bool `json:"agrees"`
	// Differences are the reasons that are counted otherwise.
	Differences []CountDifference `json:"differences,omitempty"`
}

// CountDifference is a reason for which the scheduler counted other nodes.
type CountDifference struct {
	Reason string `json:"reason"`
	// Scheduler is the count in the scheduler's message, and Predicted in ours.
	Scheduler int `json:"scheduler"`
	Predicted int `json:"predicted"`
}

// ReportOf reads what the scheduler wrote, and compares it with a prediction; nil
// where it wrote nothing.
func ReportOf(pod *corev1.Pod, predicted evidence.Decision) *Report {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse
	})
	if i < 0 {
		return nil
	}
	c := pod.Status.Conditions[i]
	r := &Report{Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time, WrittenAt: writtenAt(pod)}
	theirs, ours := parseMessage(c.Message), parseMessage(predicted.Message)
	if theirs == nil || ours == nil {
		gated := predicted.PreFilter != nil && predicted.PreFilter.Plugin == schedulinggates.Name
		r.Agrees = c.Message == predicted.Message || gated && c.Reason == corev1.PodReasonSchedulingGated
		return r
	}
	reasons := maps.Clone(theirs)
	maps.Copy(reasons, ours)
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		if theirs[reason] != ours[reason] {
			r.Differences = append(r.Differences, CountDifference{Reason: reason, Scheduler: theirs[reason], Predicted: ours[reason]})
		}
	}
	slices.SortStableFunc(r.Differences, func(a, b CountDifference) int { return cmp.Compare(b.Scheduler, a.Scheduler) })
	r.Agrees = len(r.Differences) == 0
	return r
}

// writtenAt is when the status was last written by what sets the condition. The
// transition time of a condition says less: a new message does not change it.
func writtenAt(pod *corev1.Pod) *time.Time {
	const condition = `"k:{\"type\":\"PodScheduled\"}"` // as JSON has the key
	var last *time.Time
	for _, f := range pod.ManagedFields {
		if f.Subresource != "status" || f.Time == nil || f.FieldsV1 == nil || !strings.Contains(f.FieldsV1.GetRawString(), condition) {
			continue
		}
		if at := f.Time.Time; last == nil || at.After(*last) {
			last = &at
		}
	}
	return last
}

var (
	// The message of FitError of k8s.io/kubernetes/pkg/scheduler/framework, up to
	// what PostFilter plugins say.
	fitMessage = regexp.MustCompile(`^0/(\d+) nodes are available: (.*?)\.(?: .*)?$`)
	// Reasons have commas of their own: a new one begins with a number.
	reasonStart = regexp.MustCompile(`(?:^|, )(\d+) `)
	// Older schedulers name the taint of each node.
	namedTaint = regexp.MustCompile(`^node\(s\) had untolerated taint(?:\(s\))?(?: \{.*\})?$`)
)

// nodesTotal is the key of the number of nodes among the reasons.
const nodesTotal = "nodes in all"

// parseMessage returns the nodes by reason; nil for a message that counts none.
func parseMessage(message string) map[string]int {
	match := fitMessage.FindStringSubmatch(message)
	if match == nil {
		return nil
	}
	total, _ := strconv.Atoi(match[1])
	out := map[string]int{nodesTotal: total}
	starts := reasonStart.FindAllStringSubmatchIndex(match[2], -1)
	if len(starts) == 0 { // a reason for all nodes
		out[match[2]] = total
		return out
	}
	for i, start := range starts {
		end := len(match[2])
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		count, _ := strconv.Atoi(match[2][start[2]:start[3]])
		reason := match[2][start[1]:end]
		if namedTaint.MatchString(reason) {
			reason = "node(s) had untolerated taint(s)"
		}
		out[reason] += count
	}
	return out
}
