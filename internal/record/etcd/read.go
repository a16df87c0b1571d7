// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/glassplane/glassplane/internal/evidence"
)

// historyTimeout bounds how long old revisions are waited for.
const historyTimeout = 2 * time.Second

// Key returns the key under which an object is stored.
func (s *Source) Key(object evidence.Object) string { return s.keys.object(object) }

// ReadKey reads what is stored under the object's key at a revision, or now
// where revision is 0. A key that does not exist gives an entry whose
// CreateRevision is 0: the proof that nothing is stored. A revision that is
// compacted is said to be so by Unavailable and is not an error. The entry is
// not added to the journal.
func (s *Source) ReadKey(ctx context.Context, object evidence.Object, revision int64) (evidence.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	key := s.keys.object(object)
	var options []clientv3.OpOption
	if revision > 0 {
		options = append(options, clientv3.WithRev(revision))
	}
	response, err := s.reader.Get(ctx, key, options...)
	now := s.clock.Now()
	if isCompacted(err) {
		return readEntry(object, &mvccpb.KeyValue{Key: []byte(key)}, now, revision,
			fmt.Sprintf("not available: revision %d is compacted", revision)), nil
	}
	if err != nil {
		return evidence.Entry{}, fmt.Errorf("read %s in etcd: %w", key, err)
	}
	if revision == 0 {
		revision = response.Header.Revision
	}
	if len(response.Kvs) == 0 {
		return readEntry(object, &mvccpb.KeyValue{Key: []byte(key)}, now, revision, ""), nil
	}
	entry := newEntry(object, response.Kvs[0], now)
	entry.Etcd.Read, entry.Etcd.ReadRevision = true, revision
	return entry, nil
}

// readEntry is the answer of a read that has no value to show.
func readEntry(object evidence.Object, kv *mvccpb.KeyValue, now time.Time, revision int64, unavailable string) evidence.Entry {
	return evidence.Entry{
		Source: evidence.SourceEtcd, Time: now, Recorded: now, Object: object, Revision: revision,
		Etcd: &evidence.Etcd{Key: string(kv.Key), Unavailable: unavailable, Read: true, ReadRevision: revision},
	}
}

// History reads the revisions of the object's key from one on and before another.
// Where the first of them are compacted, the first entry says so, and the rest
// follows. Of more than a record holds, the first and the newest are given, and an
// entry in their middle says what is left out. The entries are not added to the
// journal.
func (s *Source) History(ctx context.Context, object evidence.Object, from, before int64) ([]evidence.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	current, err := s.ReadKey(ctx, object, 0)
	if err != nil || current.Etcd.CreateRevision == 0 {
		return nil, err
	}
	last := min(current.Etcd.ModRevision, before)
	h := &history{before: before}
	for from <= last {
		compacted, err := s.replay(ctx, object, from, last, h)
		if err != nil {
			return nil, err
		}
		if compacted == 0 {
			return h.entries(), nil
		}
		kv := &mvccpb.KeyValue{Key: []byte(current.Etcd.Key)}
		h.add(readEntry(object, kv, current.Time, from,
			fmt.Sprintf("not available: revisions %d to %d are compacted", from, compacted-1)))
		from = compacted
	}
	// All but the current revision are compacted; etcd keeps that one readable.
	if current.Revision < before {
		h.add(current)
	}
	return h.entries(), nil
}

// replay adds to the history what a watch delivers from a past revision until the
// given last one. It returns the oldest revision that is left where from is
// compacted.
func (s *Source) replay(ctx context.Context, object evidence.Object, from, last int64, h *history) (compacted int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	key := s.keys.object(object)
	for response := range s.reader.Watch(clientv3.WithRequireLeader(ctx), key, clientv3.WithRev(from)) {
		if response.CompactRevision > 0 {
			return response.CompactRevision, nil
		}
		if err := response.Err(); err != nil {
			return 0, fmt.Errorf("read the history of %s in etcd: %w", key, err)
		}
		for _, event := range response.Events {
			if event.Type == clientv3.EventTypePut && event.Kv.ModRevision < h.before {
				entry := newEntry(object, event.Kv, s.clock.Now())
				entry.Etcd.Read, entry.Etcd.ReadRevision = true, event.Kv.ModRevision
				h.add(entry)
			}
			if event.Kv.ModRevision >= last {
				return 0, nil
			}
		}
	}
	return 0, fmt.Errorf("read the history of %s in etcd: %w", key, context.Cause(ctx))
}
