// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Limits bound what a store keeps. The last item is kept whatever its size.
type Limits struct {
	// Items is the number of items in all.
	Items int
	// Bytes is the memory that they take, as they estimate it.
	Bytes int
	// PerPod is the number of items about one pod; 0 for no limit of its own.
	PerPod int
}

// Store keeps the last items of one process and numbers them from 0. It is safe
// for use by several goroutines.
type Store[T Item] struct {
	epoch  string
	limits Limits

	mu sync.RWMutex
	// slots are in the order of their numbers, the first of which is first. One is
	// empty where its item was dropped because its pod has newer ones.
	slots   []slot[T]
	first   uint64
	count   int
	bytes   int
	byPod   map[types.UID][]uint64
	dropped uint64
}

type slot[T Item] struct {
	item T
	size int
	kept bool
}

// NewStore returns an empty store with an epoch of its own.
func NewStore[T Item](limits Limits) *Store[T] {
	return &Store[T]{epoch: string(uuid.NewUUID()), limits: limits, byPod: map[types.UID][]uint64{}}
}

// Record keeps an item, and drops the oldest ones beyond the limits. It must not
// be changed afterwards.
func (s *Store[T]) Record(item T) {
	uid, size := item.About().UID, item.Size()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byPod[uid] = append(s.byPod[uid], s.end())
	s.slots = append(s.slots, slot[T]{item: item, size: size, kept: true})
	s.count++
	s.bytes += size
	for s.limits.PerPod > 0 && len(s.byPod[uid]) > s.limits.PerPod {
		s.drop(s.byPod[uid][0])
	}
	for s.count > 1 && s.full() {
		s.trim()
		s.drop(s.first)
	}
	s.trim()
}

// end is the number of the next item.
func (s *Store[T]) end() uint64 { return s.first + uint64(len(s.slots)) }

// full is true beyond a limit. Items that were dropped between others leave
// empty slots, which must not grow without bound either.
func (s *Store[T]) full() bool {
	return s.count > s.limits.Items || s.bytes > s.limits.Bytes || len(s.slots) > 4*s.limits.Items
}

// drop forgets one item. Those about one pod are dropped in their order.
func (s *Store[T]) drop(number uint64) {
	dropped := &s.slots[number-s.first]
	uid := dropped.item.About().UID
	s.count--
	s.bytes -= dropped.size
	s.dropped++
	*dropped = slot[T]{}
	if left := s.byPod[uid][1:]; len(left) > 0 {
		s.byPod[uid] = left
	} else {
		delete(s.byPod, uid)
	}
}

// trim takes empty slots off the front.
func (s *Store[T]) trim() {
	n := 0
	for n < len(s.slots) && !s.slots[n].kept {
		n++
	}
	s.slots, s.first = s.slots[n:], s.first+uint64(n)
}

// Len returns how many items are kept.
func (s *Store[T]) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.count
}

// Dropped counts the items that were dropped.
func (s *Store[T]) Dropped() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.dropped
}

// ByPod returns the items about a pod that are kept, oldest first.
func (s *Store[T]) ByPod(uid types.UID) []T {
	s.mu.RLock()
	defer s.mu.RUnlock()
	items := make([]T, 0, len(s.byPod[uid]))
	for _, number := range s.byPod[uid] {
		items = append(items, s.slots[number-s.first].item)
	}
	return items
}

// query says which items a page is to have.
type query struct {
	// epoch is that of the process which counted since; empty where it is not known.
	epoch string
	since uint64
	limit int
	match func(evidence.PodReference) bool
}

// page returns the items that match from since on: no more than the limit, and
// no more than fit into a response. What another process has counted, and what
// has not been counted yet, begins with the oldest item.
func (s *Store[T]) page(q query) Page[T] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	end := s.end()
	if q.since > end || q.epoch != "" && q.epoch != s.epoch {
		q.since = 0
	}
	page := Page[T]{Epoch: s.epoch, Next: end, Dropped: s.dropped, Items: []T{}}
	bytes := 0
	for number := max(q.since, s.first); number < end; number++ {
		next := &s.slots[number-s.first]
		if !next.kept || !q.match(next.item.About()) {
			continue
		}
		if bytes += next.size; len(page.Items) == q.limit || len(page.Items) > 0 && bytes > maxPageBytes {
			page.Next, page.More = number, true
			break
		}
		page.Items = append(page.Items, next.item)
	}
	return page
}
