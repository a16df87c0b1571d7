// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

const group = "sim.glassplane.dev"

// snapshotOf writes a snapshot in which keys have values, one revision each from 5 on;
// an empty value removes the key.
func snapshotOf(t *testing.T, pairs ...[2]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		keys, err := tx.CreateBucket(keyBucket)
		for i, pair := range pairs {
			revision := int64(5 + i)
			name := binary.BigEndian.AppendUint64([]byte{}, uint64(revision))
			name = binary.BigEndian.AppendUint64(append(name, '_'), 0)
			if pair[1] == "" {
				name = append(name, tombstone...)
			}
			value, problem := proto.Marshal(&mvccpb.KeyValue{Key: []byte(pair[0]), Value: []byte(pair[1]), ModRevision: revision, CreateRevision: revision})
			err = errors.Join(err, problem, keys.Put(name, value))
		}
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, summed(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHistory(t *testing.T) {
	const web, gone = "/registry/sim.glassplane.dev/simpods/default/web", "/registry/sim.glassplane.dev/simpods/default/gone"
	path := snapshotOf(t,
		[2]string{web, `{"metadata":{"uid":"u"},"n":1}`}, [2]string{gone, `{"metadata":{"uid":"v"}}`},
		[2]string{"/registry/pods/default/web", "k8s\x00"}, [2]string{gone, ""}, [2]string{web, `{"metadata":{"uid":"u"},"n":2}`},
		[2]string{"/registry/sim.glassplane.dev/simnodes/odd", "no JSON"},
	)
	h, info, err := History(path, group)
	if err != nil || info.Revision != 10 || h.Last() != 10 {
		t.Fatalf("History = %+v, %v", info, err)
	}
	if v := h.At(web, 5); v == nil || v.Value["n"] != int64(1) || v.UID() != "u" {
		t.Errorf("web at 5: %+v", v)
	}
	if v := h.At(web, 10); v == nil || v.Value["n"] != int64(2) || v.Revision != 9 {
		t.Errorf("web at 10: %+v", v)
	}
	if h.At(gone, 7) == nil || h.At(gone, 8) != nil {
		t.Error("gone must be there up to revision 7")
	}
	if v := h.At("/registry/sim.glassplane.dev/simnodes/odd", 10); v == nil || !v.Undecoded {
		t.Errorf("what cannot be read: %+v", v)
	}
	if got := len(h.Keys()); got != 3 {
		t.Errorf("%d keys: those of other groups are left out", got)
	}
}

func TestHistoryOfSomethingElse(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := History(other, group); !errors.Is(err, ErrNotSnapshot) {
		t.Errorf("History = %v", err)
	}
	wrong := summed(database(t, filepath.Join(t.TempDir(), "db"), 0, 5))
	if err := os.WriteFile(other, wrong, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := History(other, group); err == nil {
		t.Error("a value that is no key-value pair was read")
	}
}
