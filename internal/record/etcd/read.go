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

const (
	// historyTimeout bounds how long old revisions are waited for.
	historyTimeout = 2 * time.Second
	// maxHistory bounds how many revisions of one key are read back.
	maxHistory = 1000
)

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

// History reads the revisions of the object's key from a revision on up to now,
// at most maxHistory of them. Where the first of them are compacted, the first
// entry says so, and the rest follows. The entries are not added to the journal.
func (s *Source) History(ctx context.Context, object evidence.Object, from int64) ([]evidence.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	last, err := s.ReadKey(ctx, object, 0)
	if err != nil || last.Etcd.CreateRevision == 0 {
		return nil, err
	}
	var entries []evidence.Entry
	for from <= last.Etcd.ModRevision {
		compacted, more, err := s.replay(ctx, object, from, last.Etcd.ModRevision)
		if err != nil {
			return nil, err
		}
		if compacted == 0 {
			return append(entries, more...), nil
		}
		kv := &mvccpb.KeyValue{Key: []byte(last.Etcd.Key)}
		entries = append(entries, readEntry(object, kv, last.Time, from,
			fmt.Sprintf("not available: revisions %d to %d are compacted", from, compacted-1)))
		from = compacted
	}
	// All but the last revision are compacted; etcd keeps that one readable.
	return append(entries, last), nil
}

// replay watches the key from a past revision until the given last one. It
// returns the oldest revision that is left where from is compacted.
func (s *Source) replay(ctx context.Context, object evidence.Object, from, last int64) (compacted int64, entries []evidence.Entry, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	key := s.keys.object(object)
	for response := range s.reader.Watch(clientv3.WithRequireLeader(ctx), key, clientv3.WithRev(from)) {
		if response.CompactRevision > 0 {
			return response.CompactRevision, nil, nil
		}
		if err := response.Err(); err != nil {
			return 0, nil, fmt.Errorf("read the history of %s in etcd: %w", key, err)
		}
		for _, event := range response.Events {
			if event.Type == clientv3.EventTypePut {
				entry := newEntry(object, event.Kv, s.clock.Now())
				entry.Etcd.Read, entry.Etcd.ReadRevision = true, event.Kv.ModRevision
				entries = append(entries, entry)
			}
			if event.Kv.ModRevision >= last || len(entries) >= maxHistory {
				return 0, entries, nil
			}
		}
	}
	return 0, nil, fmt.Errorf("read the history of %s in etcd: %w", key, context.Cause(ctx))
}
