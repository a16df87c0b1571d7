// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// unknownIndex is that of a pod without a valid completion index.
const unknownIndex = -1

// interval of completion indexes, both ends included.
type interval struct{ first, last int }

// indexes are completion indexes, as intervals in their order that do not touch.
type indexes []interval

// parseIndexes reads the form of status.completedIndexes, such as 0,2-5. Indexes
// beyond the completions are left out, and what cannot be read is passed over:
// parseIndexesFromString in k8s.io/kubernetes/pkg/controller/job.
func parseIndexes(text string, completions int) indexes {
	var out indexes
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		if err != nil {
			continue
		}
		to := from
		if ranged {
			if to, err = strconv.Atoi(last); err != nil {
				continue
			}
		}
		if to = min(to, completions-1); from <= to {
			out = out.with(interval{from, to})
		}
	}
	return out
}

// String writes the indexes in the form of status.completedIndexes.
func (x indexes) String() string {
	var parts []string
	for _, v := range x {
		first := strconv.Itoa(v.first)
		switch v.last {
		case v.first:
			parts = append(parts, first)
		case v.first + 1:
			parts = append(parts, first, strconv.Itoa(v.last))
		default:
			parts = append(parts, first+"-"+strconv.Itoa(v.last))
		}
	}
	return strings.Join(parts, ",")
}

// total is the number of indexes.
func (x indexes) total() int {
	n := 0
	for _, v := range x {
		n += v.last - v.first + 1
	}
	return n
}

func (x indexes) has(index int) bool {
	i, found := slices.BinarySearchFunc(x, index, func(v interval, index int) int { return v.first - index })
	return found || (i > 0 && x[i-1].last >= index)
}

// with returns the indexes with those of an interval. What it is called on stays
// as it is.
func (x indexes) with(added interval) indexes {
	// All that the interval overlaps or touches becomes one with it.
	from, _ := slices.BinarySearchFunc(x, added.first-1, func(v interval, at int) int { return v.last - at })
	to := from
	for ; to < len(x) && x[to].first <= added.last+1; to++ {
		added.first, added.last = min(added.first, x[to].first), max(added.last, x[to].last)
	}
	out := make(indexes, 0, len(x)+1)
	return append(append(append(out, x[:from]...), added), x[to:]...)
}

// withAll returns the indexes with others, which it sorts.
func (x indexes) withAll(others []int) indexes {
	slices.Sort(others)
	for len(others) > 0 {
		n := 1
		for n < len(others) && others[n] <= others[n-1]+1 {
			n++
		}
		x = x.with(interval{others[0], others[n-1]})
		others = others[n:]
	}
	return x
}

// missing returns the first count indexes below the completions that are not
// among the indexes: firstPendingIndexes in k8s.io/kubernetes/pkg/controller/job.
func (x indexes) missing(count, completions int) []int {
	var out []int
	candidate := 0
	for _, v := range append(slices.Clone(x), interval{completions, completions}) {
		for ; candidate < min(v.first, completions) && len(out) < count; candidate++ {
			out = append(out, candidate)
		}
		candidate = max(candidate, v.last+1)
	}
	return out
}

// indexOf returns the completion index of a pod, unknownIndex where it has none:
// getCompletionIndex in k8s.io/kubernetes/pkg/controller/job.
func indexOf(pod *v1alpha1.SimPod) int {
	index, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
	if err != nil || index < 0 {
		return unknownIndex
	}
	return index
}
