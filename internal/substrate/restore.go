// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/glassplane/glassplane/internal/substrate/snapshot"
)

// databaseName is etcd's database in its folder.
const databaseName = "member/snap/db"

// Snapshot returns what etcd's snapshot API sends: its database and a checksum.
// The caller closes it. Nothing of the control plane is changed.
func (l *Local) Snapshot(ctx context.Context) (io.ReadCloser, error) {
	config, err := l.EtcdClientConfig(disruptor)
	if err != nil {
		return nil, err
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("connect to etcd: %w", err)
	}
	stream, err := client.Snapshot(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask etcd for a snapshot: %w", err), client.Close())
	}
	return snapshotStream{stream, client}, nil
}

// snapshotStream closes the client with the stream.
type snapshotStream struct {
	io.ReadCloser
	client *clientv3.Client
}

// Close implements io.Closer.
func (s snapshotStream) Close() error { return errors.Join(s.ReadCloser.Close(), s.client.Close()) }

// readSnapshot keeps the state to restore until etcd is there. It fails early
// where that is no snapshot, or lacks the revision.
func (l *Local) readSnapshot(context.Context) error {
	from := l.opts.Restore
	if from == nil {
		return nil
	}
	info, err := snapshot.Save(l.data.file(snapshotFile), from.Snapshot)
	if err != nil {
		return err
	}
	l.restored = info.At(from.Revision)
	return info.Has(from.Revision)
}

// restore fills the database of the new etcd, which has made itself the only
// member, and starts it again.
func (l *Local) restore(ctx context.Context) error {
	if l.opts.Restore == nil {
		return nil
	}
	c, err := l.component(Etcd)
	if err != nil {
		return err
	}
	if err := c.Stop(); err != nil {
		return err
	}
	path := l.data.file(snapshotFile)
	if err := snapshot.Fill(l.data.file(etcdDir, databaseName), path, l.restored); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the copy of the snapshot: %w", err)
	}
	return c.Start(ctx)
}

// Restored returns the revision that the control plane began with; 0 where it
// began with nothing.
func (l *Local) Restored() int64 { return l.restored }

// healRestored undoes what was disrupted within the state that was restored. What
// was disrupted of processes, and etcd's alarm, are not a part of it.
func (l *Local) healRestored(ctx context.Context) error {
	if l.opts.Restore == nil {
		return nil
	}
	return errors.Join(refusedWrites{l}.heal(ctx), l.removeOverload(ctx))
}
