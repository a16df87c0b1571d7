// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
)

// database writes a database as etcd does, with the revisions given, and returns it.
func database(t *testing.T, path string, compacted int64, revisions ...int64) []byte {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		keys, err := tx.CreateBucket(keyBucket)
		for _, revision := range revisions {
			key := append(binary.BigEndian.AppendUint64(nil, uint64(revision)), "_00000000"...)
			err = errors.Join(err, keys.Put(key, []byte("stored")))
		}
		meta, errMeta := tx.CreateBucket(metaBucket)
		if compacted > 0 {
			errMeta = errors.Join(errMeta, meta.Put(compactions[1], binary.BigEndian.AppendUint64(nil, uint64(compacted))))
		}
		return errors.Join(err, errMeta)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// summed is the database with its checksum, as the snapshot API sends it.
func summed(data []byte) []byte {
	sum := sha256.Sum256(data)
	return append(bytes.Clone(data), sum[:]...)
}

func TestSave(t *testing.T) {
	whole := summed(database(t, filepath.Join(t.TempDir(), "db"), 5, 5, 7, 9))
	changed := bytes.Clone(whole)
	changed[len(changed)/2]++
	noKeys := make([]byte, 4096)
	tests := []struct {
		name    string
		content []byte
		want    Info
		wantErr bool
	}{
		{name: "whole", content: whole, want: Info{Compacted: 5, Revision: 9, Bytes: int64(len(whole))}},
		{name: "empty", wantErr: true},
		{name: "text", content: []byte("apiVersion: v1\n"), wantErr: true},
		{name: "cut", content: whole[:len(whole)-512], wantErr: true},
		{name: "cut anywhere", content: whole[:len(whole)-77], wantErr: true},
		{name: "changed", content: changed, wantErr: true},
		{name: "a checksum of something else", content: summed(noKeys), wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "saved.db")
			got, err := Save(path, bytes.NewReader(tt.content))
			if errors.Is(err, ErrNotSnapshot) != tt.wantErr || (err != nil) != tt.wantErr {
				t.Fatalf("Save = %v, want ErrNotSnapshot: %t", err, tt.wantErr)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Save (-want +got):\n%s", diff)
			}
			left, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if wantFiles := map[bool]int{false: 1, true: 0}[tt.wantErr]; len(left) != wantFiles {
				t.Errorf("left %v, want %d files", left, wantFiles)
			}
		})
	}
}

func TestFill(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	database(t, from, 5, 5, 7, 9)
	for revision, want := range map[int64]int64{5: 5, 6: 5, 7: 7, 9: 9} {
		to := filepath.Join(t.TempDir(), "to")
		database(t, to, 0)
		if err := Fill(to, from, revision); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, summed(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(to); err != nil || got.Revision != want || got.Compacted != 5 {
			t.Errorf("filled up to %d it has %+v (%v), want revision %d, compacted 5", revision, got, err, want)
		}
	}
}

func TestHas(t *testing.T) {
	info := Info{Compacted: 5, Revision: 9}
	for revision, want := range map[int64]error{-1: ErrNoRevision, 0: nil, 4: ErrNoRevision, 5: nil, 9: nil, 10: ErrNoRevision} {
		if err := info.Has(revision); !errors.Is(err, want) {
			t.Errorf("Has(%d) = %v, want %v", revision, err, want)
		}
	}
}
