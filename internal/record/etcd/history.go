// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"fmt"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

// What a record holds of one key that is read back: how a life began says most,
// and how it stands now.
const (
	maxFirst       = 100
	maxNewest      = 900
	maxFirstBytes  = 4 << 20
	maxNewestBytes = 16 << 20
)

// history keeps the first and the newest revisions that are added, by number and
// by size, and counts what it leaves out between them.
type history struct {
	// before is the revision from which on nothing is wanted.
	before int64

	first, newest         []evidence.Entry
	firstBytes            int64
	newestBytes           int64
	leftOut, leftOutBytes int64
	// oldestOut and newestOut are the outermost revisions that are left out.
	oldestOut, newestOut int64
}

func (h *history) add(entry evidence.Entry) {
	size := record.Size(&entry)
	isFirst := len(h.newest) == 0 && h.leftOut == 0 && len(h.first) < maxFirst
	if isFirst && (len(h.first) == 0 || h.firstBytes+size <= maxFirstBytes) {
		h.first = append(h.first, entry)
		h.firstBytes += size
		return
	}
	h.newest = append(h.newest, entry)
	h.newestBytes += size
	for len(h.newest) > 1 && (len(h.newest) > maxNewest || h.newestBytes > maxNewestBytes) {
		h.leaveOut()
	}
}

// leaveOut counts the oldest of the newest entries and forgets it.
func (h *history) leaveOut() {
	out := h.newest[0]
	h.newest[0] = evidence.Entry{}
	h.newest = h.newest[1:]
	h.newestBytes -= record.Size(&out)
	if h.leftOut == 0 {
		h.oldestOut = out.Revision
	}
	h.newestOut = out.Revision
	h.leftOut++
	h.leftOutBytes += out.Etcd.Bytes
}

// entries returns what is kept, oldest first, and what says what is not.
func (h *history) entries() []evidence.Entry {
	entries := h.first
	if h.leftOut > 0 {
		like := &h.first[0]
		entries = append(entries, readEntry(like.Object, &mvccpb.KeyValue{Key: []byte(like.Etcd.Key)}, like.Time, h.oldestOut,
			fmt.Sprintf("not available: %d revisions of %d bytes in all, from %d to %d, are left out: a record holds the first %d and the newest %d of a key",
				h.leftOut, h.leftOutBytes, h.oldestOut, h.newestOut, len(h.first), len(h.newest))))
	}
	return append(entries, h.newest...)
}
