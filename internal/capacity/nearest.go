// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"slices"
	"strings"
)

// maxNearest bounds the names that are proposed in place of one that is unknown.
const maxNearest = 3

// nearest returns the names that differ least from one, if only in a few letters or
// in what comes before or after it.
func nearest(name string, all []string) []string {
	const most = 2
	distance := map[string]int{}
	var near []string
	for _, other := range all {
		d := editDistance(name, other)
		if d > most && !strings.Contains(other, name) && !strings.HasPrefix(name, other+".") {
			continue
		}
		distance[other] = d
		near = append(near, other)
	}
	slices.SortFunc(near, func(a, b string) int { return cmp.Or(cmp.Compare(distance[a], distance[b]), cmp.Compare(a, b)) })
	return near[:min(len(near), maxNearest)]
}

// editDistance is Levenshtein's: how many bytes must be added, removed or replaced.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
