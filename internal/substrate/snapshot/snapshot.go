// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package snapshot reads and writes files of etcd's snapshot API, and puts what is
// in one into the database of an etcd that does not run.
//
// It reads the database as etcd's mvcc package stores it: the bucket "key" has a
// key for each revision, in their order, so what was stored at an earlier revision
// is what comes up to it.
package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Info says what is in a snapshot.
type Info struct {
	// Compacted is the revision up to which history was forgotten: the state can
	// be had from it on. 0 where nothing was.
	Compacted int64 `json:"compacted,omitempty"`
	// Revision is the newest one.
	Revision int64 `json:"revision"`
	// Bytes is the size of the file.
	Bytes int64 `json:"bytes"`
}

var (
	// ErrNotSnapshot is wrapped by errors about a file that is no snapshot, or not a
	// whole one.
	ErrNotSnapshot = errors.New("not a whole snapshot of etcd")
	// ErrNoRevision is wrapped by errors about a revision that a snapshot does not have.
	ErrNoRevision = errors.New("no such revision")
)

// Names in etcd's database, see go.etcd.io/etcd/server/v3/storage/schema and mvcc.
var (
	keyBucket   = []byte("key")
	leaseBucket = []byte("lease")
	metaBucket  = []byte("meta")
	// compactions are the keys in metaBucket of the revisions up to which history
	// is to be forgotten, and is.
	compactions = [][]byte{[]byte("scheduledCompactRev"), []byte("finishedCompactRev")}
)

const (
	// sector is what the size of a database is a multiple of; the checksum after
	// it makes the file longer.
	sector = 512
	// openTimeout is how long another process may hold a database.
	openTimeout = 5 * time.Second
	// batch is how many revisions are written in one transaction.
	batch = 10_000
)

// Save writes what it reads from etcd's snapshot API to a new file, checks that
// it is whole, and returns what is in it. Where it fails, there is no file.
func Save(path string, from io.Reader) (Info, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return Info{}, fmt.Errorf("save the snapshot: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, from)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return Info{}, fmt.Errorf("save the snapshot: %w", err)
	}
	info, err := read(file.Name())
	if err != nil {
		return Info{}, fmt.Errorf("save the snapshot: %w", err)
	}
	return info, os.Rename(file.Name(), path)
}

// Read checks that a file is a whole snapshot, and returns what is in it.
func Read(path string) (Info, error) {
	info, err := read(path)
	if err != nil {
		return Info{}, fmt.Errorf("%s: %w", path, err)
	}
	return info, nil
}

func read(path string) (info Info, err error) {
	size, err := check(path)
	if err != nil {
		return Info{}, err
	}
	db, err := open(path, true)
	if err != nil {
		return Info{}, err
	}
	defer db.Close()
	return info, db.View(func(tx *bolt.Tx) error {
		info, err = describe(tx)
		info.Bytes = size
		return err
	})
}

// check compares the checksum that the snapshot API sends after the database,
// and returns the size of the file.
func check(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return 0, err
	}
	size := stat.Size() - sha256.Size
	if !stat.Mode().IsRegular() || size <= 0 || size%sector != 0 {
		return 0, fmt.Errorf("%w: it has no checksum at its end: it is another kind of file, or its end is missing", ErrNotSnapshot)
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, file, size); err != nil {
		return 0, err
	}
	want, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(hash.Sum(nil), want) {
		return 0, fmt.Errorf("%w: its content does not fit its checksum: it was cut or changed", ErrNotSnapshot)
	}
	return stat.Size(), nil
}

func open(path string, readOnly bool) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: readOnly, Timeout: openTimeout})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w: %w", ErrNotSnapshot, err)
	}
	return db, nil
}

func describe(tx *bolt.Tx) (Info, error) {
	keys := tx.Bucket(keyBucket)
	if keys == nil {
		return Info{}, fmt.Errorf("%w: it has no keys", ErrNotSnapshot)
	}
	var info Info
	if last, _ := keys.Cursor().Last(); last != nil {
		info.Revision = revisionOf(last)
	}
	if meta := tx.Bucket(metaBucket); meta != nil {
		for _, name := range compactions {
			if at := meta.Get(name); at != nil {
				info.Compacted = max(info.Compacted, revisionOf(at))
			}
		}
	}
	return info, nil
}

// revisionOf reads the main revision of a key, which comes first in it.
func revisionOf(key []byte) int64 {
	if len(key) < 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(key))
}

// Fill puts the state of the snapshot at a revision, with the history before it
// and all revision numbers, into the database of an etcd that has never stored
// anything and does not run. The member's own data stays as it is.
func Fill(database, path string, revision int64) error {
	from, err := open(path, true)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := open(database, false)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(to, from, revision), to.Close()); err != nil {
		return fmt.Errorf("fill %s from %s: %w", database, path, err)
	}
	return nil
}

// At returns the revision that is meant: 0 is the newest.
func (i Info) At(revision int64) int64 {
	if revision == 0 {
		return i.Revision
	}
	return revision
}

// Has says why the state at a revision cannot be had; 0 is the newest.
func (i Info) Has(revision int64) error {
	switch {
	case revision < 0:
		return fmt.Errorf("%w: %d: must not be negative", ErrNoRevision, revision)
	case revision == 0:
		return nil
	case revision > i.Revision:
		return fmt.Errorf("%w: %d: the newest is %d", ErrNoRevision, revision, i.Revision)
	case revision < i.Compacted:
		return fmt.Errorf("%w: %d was compacted: etcd has those from %d to %d", ErrNoRevision, revision, i.Compacted, i.Revision)
	}
	return nil
}

func fill(to, from *bolt.DB, revision int64) error {
	return from.View(func(tx *bolt.Tx) error {
		err := copyBucket(to, tx.Bucket(keyBucket), keyBucket, revision)
		if leases := tx.Bucket(leaseBucket); err == nil && leases != nil {
			err = copyBucket(to, leases, leaseBucket, -1)
		}
		if meta := tx.Bucket(metaBucket); err == nil && meta != nil {
			err = copyCompactions(to, meta)
		}
		return err
	})
}

func copyCompactions(to *bolt.DB, meta *bolt.Bucket) error {
	return to.Update(func(tx *bolt.Tx) error {
		for _, name := range compactions {
			if at := meta.Get(name); at != nil {
				if err := tx.Bucket(metaBucket).Put(name, at); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// copyBucket copies what is in a bucket up to a revision; with -1, all of it.
func copyBucket(to *bolt.DB, from *bolt.Bucket, name []byte, revision int64) error {
	cursor := from.Cursor()
	key, value := cursor.First()
	for key != nil {
		err := to.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(name)
			for n := 0; err == nil && key != nil && n < batch; n++ {
				if revision >= 0 && revisionOf(key) > revision {
					key = nil
					break
				}
				err = bucket.Put(key, value)
				key, value = cursor.Next()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
