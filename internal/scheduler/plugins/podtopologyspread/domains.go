// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	"maps"
	"math"
)

// domains counts pods by the domain of one topology key. The counts that
// PreFilter has found are shared by all clones; what AddPod and RemovePod change
// is kept beside them, so that a clone costs little however many domains there are.
type domains struct {
	// index gives each value of the topology key its place in counts.
	index  map[string]int32
	counts []int32
	// changes holds what has to be added to counts.
	changes map[int32]int32
	// least is the place of a domain with the lowest of counts, and lowest and
	// second are the two lowest of counts, which may be equal. kube-scheduler keeps
	// two critical paths for the same reason: preemption changes one domain.
	least          int32
	lowest, second int32
	// now is the lowest count with the changes.
	now int32
}

// noDomain is the lowest count where there is no domain.
const noDomain = math.MaxInt32

func newDomains(size int) *domains {
	return &domains{index: make(map[string]int32, size), counts: make([]int32, 0, size)}
}

func (d *domains) clone() *domains {
	clone := *d
	clone.changes = maps.Clone(d.changes)
	return &clone
}

// collect counts pods of a domain, which may be new. It is only called before
// settle, and settle before the first clone.
func (d *domains) collect(value string, pods int) {
	i, ok := d.index[value]
	if !ok {
		i = int32(len(d.counts))
		d.index[value] = i
		d.counts = append(d.counts, 0)
	}
	d.counts[i] += int32(pods)
}

// settle finds the lowest counts.
func (d *domains) settle() {
	d.lowest, d.second, d.least = noDomain, noDomain, -1
	for i, count := range d.counts {
		switch {
		case count < d.lowest:
			d.lowest, d.second, d.least = count, d.lowest, int32(i)
		case count < d.second:
			d.second = count
		}
	}
	d.now = d.lowest
}

func (d *domains) at(i int32) int32 {
	if len(d.changes) == 0 {
		return d.counts[i]
	}
	return d.counts[i] + d.changes[i]
}

// count returns the pods of a domain; 0 for one that does not count.
func (d *domains) count(value string) int {
	i, ok := d.index[value]
	if !ok {
		return 0
	}
	return int(d.at(i))
}

// change adds delta pods to a domain. Every domain was collected: a pod is
// only added to and removed from nodes of the snapshot.
func (d *domains) change(value string, delta int32) {
	i, ok := d.index[value]
	if !ok {
		return
	}
	if d.changes == nil {
		d.changes = make(map[int32]int32, 1)
	}
	d.changes[i] += delta
	d.now = d.lowestNow()
}

// lowestNow looks at all domains only where more than one has changed.
func (d *domains) lowestNow() int32 {
	if len(d.changes) > 1 {
		lowest := int32(noDomain)
		for i := range d.counts {
			lowest = min(lowest, d.at(int32(i)))
		}
		return lowest
	}
	for i := range d.changes {
		if i == d.least {
			return min(d.second, d.at(i))
		}
		return min(d.lowest, d.at(i))
	}
	return d.lowest
}

// minimum is the count that others are compared with: 0 where there are fewer
// domains than minDomains. It mirrors minMatchNum.
func (d *domains) minimum(minDomains int) int {
	if len(d.counts) < minDomains {
		return 0
	}
	return int(d.now)
}
