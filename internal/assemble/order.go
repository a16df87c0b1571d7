// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"cmp"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Order sorts the entries of a record by revision. One without a revision comes
// after the last revision that was there when it happened, so that the arrival
// of a request precedes what it wrote. Entries of one revision are in the order
// of their time, which is that of several clocks.
func Order(entries []evidence.Entry) {
	known := revisionTimes(entries)
	effective := func(entry *evidence.Entry) int64 {
		if entry.Revision > 0 {
			return entry.Revision
		}
		i, found := slices.BinarySearchFunc(known, entry.Time, func(r revisionTime, at time.Time) int { return r.at.Compare(at) })
		for found && i < len(known) && known[i].at.Equal(entry.Time) {
			i++
		}
		if i == 0 {
			return 0
		}
		return known[i-1].revision
	}
	slices.SortStableFunc(entries, func(a, b evidence.Entry) int {
		return cmp.Or(
			cmp.Compare(effective(&a), effective(&b)),
			a.Time.Compare(b.Time),
			cmp.Compare(a.Sequence, b.Sequence),
		)
	})
}

// revisionTime is when a revision was first seen.
type revisionTime struct {
	revision int64
	at       time.Time
}

// revisionTimes returns the revisions in ascending order. The times ascend too:
// a revision cannot have been written before an older one, whatever the clocks say.
func revisionTimes(entries []evidence.Entry) []revisionTime {
	first := map[int64]time.Time{}
	for i := range entries {
		entry := &entries[i]
		if entry.Revision == 0 || (entry.Etcd != nil && entry.Etcd.Read) || (entry.Watch != nil && entry.Watch.Initial) {
			continue
		}
		if at, ok := first[entry.Revision]; !ok || entry.Time.Before(at) {
			first[entry.Revision] = entry.Time
		}
	}
	times := make([]revisionTime, 0, len(first))
	for revision, at := range first {
		times = append(times, revisionTime{revision, at})
	}
	slices.SortFunc(times, func(a, b revisionTime) int { return cmp.Compare(a.revision, b.revision) })
	for i := 1; i < len(times); i++ {
		if times[i].at.Before(times[i-1].at) {
			times[i].at = times[i-1].at
		}
	}
	return times
}
