// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
	kjson "sigs.k8s.io/json"

	"github.com/glassplane/glassplane/internal/history"
)

// History returns what a snapshot has of the objects of an API group, at each revision
// that etcd has not compacted. Nothing of it has a time: etcd keeps none.
func History(path, group string) (*history.History, Info, error) {
	info, err := Read(path)
	if err != nil {
		return nil, Info{}, err
	}
	db, err := open(path, true)
	if err != nil {
		return nil, Info{}, fmt.Errorf("%s: %w", path, err)
	}
	defer db.Close()
	h := &history.History{}
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(keyBucket).ForEach(func(key, value []byte) error {
			var stored mvccpb.KeyValue
			if err := proto.Unmarshal(value, &stored); err != nil {
				return fmt.Errorf("revision %d: %w", revisionOf(key), err)
			}
			if object, ok := history.ParseKey(string(stored.Key)); ok && object.Group == group {
				h.Add(version(object, key, &stored))
			}
			return nil
		})
	})
	if err != nil {
		return nil, Info{}, fmt.Errorf("%s: reading what is stored: %w", path, err)
	}
	h.Reach(info.Revision)
	return h, info, nil
}

// tombstone ends the key, in the bucket, of a revision that removed something.
var tombstone = []byte("t")

func version(object history.Object, key []byte, stored *mvccpb.KeyValue) history.Version {
	v := history.Version{Object: object, Key: string(stored.Key), Revision: revisionOf(key), Created: stored.CreateRevision}
	const plain = 17 // two numbers with a sign between them
	if len(key) > plain && bytes.HasSuffix(key, tombstone) {
		return v
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(stored.Value, &v.Value); err != nil {
		v.Value, v.Undecoded = nil, true
	}
	return v
}
