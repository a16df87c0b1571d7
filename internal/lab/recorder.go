// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	kjson "sigs.k8s.io/json"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/history"
)

const (
	// maxKeys bounds the cluster that an experiment may be done to: all of it is read.
	maxKeys = 20_000
	// maxVersions bounds what is kept of what etcd stores meanwhile.
	maxVersions = 200_000
	// pageKeys is how many keys are read at once.
	pageKeys = 500
	// etcdTimeout bounds one read of etcd while it should answer, and probeTimeout one
	// where that is not known.
	etcdTimeout  = 10 * time.Second
	probeTimeout = 700 * time.Millisecond
	// progressInterval is how often etcd is asked how far its watch has come.
	progressInterval = 50 * time.Millisecond
)

// builtins are the built-in resources whose keys are recorded, beside all of
// Glassplane's.
var builtins = []string{"leases", "namespaces", "pods", "priorityclasses", "poddisruptionbudgets", "validatingwebhookconfigurations"}

// recorder follows etcd itself from one revision on. It only reads.
type recorder struct {
	client *clientv3.Client
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.RWMutex
	history history.History
	// missing says why not all is known; empty where it is.
	missing string
}

// record reads what etcd holds, and from then on what it stores.
func record(ctx context.Context, config clientv3.Config) (*recorder, error) {
	config.Logger = zap.NewNop()
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to etcd: %w", err)
	}
	r := &recorder{client: client, ended: make(chan struct{})}
	if err := r.readAll(ctx); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("reading etcd: %w", err)
	}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	go r.follow(following)
	return r, nil
}

func (r *recorder) close() {
	r.cancel()
	<-r.ended
	_ = r.client.Close()
}

// readAll reads the state of all keys at one revision.
func (r *recorder) readAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	counted, err := r.client.Get(ctx, history.Prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	if counted.Count > maxKeys {
		return fmt.Errorf("it has %d keys: an experiment reads all of them, and can be done to a cluster with at most %d", counted.Count, maxKeys)
	}
	r.history.Base = counted.Header.Revision
	end := clientv3.GetPrefixRangeEnd(history.Prefix)
	for from := history.Prefix; ; {
		page, err := r.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(pageKeys), clientv3.WithRev(r.history.Base))
		if err != nil {
			return err
		}
		for _, kv := range page.Kvs {
			r.add(kv, time.Time{}, false)
		}
		if !page.More || len(page.Kvs) == 0 {
			return nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

// follow adds what etcd's watch tells. The client goes on by itself where etcd was
// away, from the revision that it had.
func (r *recorder) follow(ctx context.Context) {
	defer close(r.ended)
	responses := r.client.Watch(ctx, history.Prefix, clientv3.WithPrefix(), clientv3.WithRev(r.history.Base+1), clientv3.WithProgressNotify())
	for response := range responses {
		now := time.Now()
		r.mu.Lock()
		if err := response.Err(); err != nil {
			r.missing = fmt.Sprintf("etcd's watch ended at revision %d: %v", r.history.Last(), err)
		}
		for _, event := range response.Events {
			if len(r.history.Changes()) >= maxVersions {
				r.missing = fmt.Sprintf("more than %d revisions were stored; those after %d are not kept", maxVersions, r.history.Last())
				break
			}
			r.add(event.Kv, now, event.Type == mvccpb.DELETE)
		}
		if response.IsProgressNotify() || len(response.Events) > 0 {
			r.history.Reach(response.Header.Revision)
		}
		r.mu.Unlock()
	}
}

func (r *recorder) add(kv *mvccpb.KeyValue, seenAt time.Time, deleted bool) {
	object, ok := history.ParseKey(string(kv.Key))
	if followed := object.Group == v1alpha1.GroupName || object.Group == "" && slices.Contains(builtins, object.Resource); !ok || !followed {
		return
	}
	v := history.Version{Object: object, Key: string(kv.Key), Revision: kv.ModRevision, Created: kv.CreateRevision, SeenAt: seenAt}
	if !deleted {
		v.Value = decode(kv.Value)
		v.Undecoded = v.Value == nil
	}
	r.history.Add(v)
}

// protobufPrefix begins what the API server stores of built-in kinds.
var protobufPrefix = []byte("k8s\x00")

// decode returns the object as JSON has it; nil where the kind is not known.
func decode(value []byte) map[string]any {
	if !bytes.HasPrefix(value, protobufPrefix) {
		var out map[string]any
		if err := kjson.UnmarshalCaseSensitivePreserveInts(value, &out); err != nil {
			return nil
		}
		return out
	}
	object, _, err := clientgoscheme.Codecs.UniversalDeserializer().Decode(value, nil, nil)
	if err != nil {
		return nil
	}
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil
	}
	return out
}

// view is what is known now.
func (r *recorder) view() (h *history.History, missing string) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.history.Clone(), r.missing
}

func (r *recorder) last() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.history.Last()
}

// sync asks etcd for its newest revision and waits until all up to it is known. It
// returns the newest revision that is known, and an error where etcd does not answer.
func (r *recorder) sync(ctx context.Context) (int64, error) {
	response, err := r.client.Get(ctx, history.Prefix, clientv3.WithCountOnly())
	if err != nil {
		return r.last(), fmt.Errorf("asking etcd for its revision: %w", err)
	}
	revision := response.Header.Revision
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for r.last() < revision {
		if err := r.client.RequestProgress(ctx); err != nil {
			return r.last(), fmt.Errorf("asking etcd how far its watch has come: %w", err)
		}
		select {
		case <-ctx.Done():
			return r.last(), fmt.Errorf("waiting for etcd's watch to come to revision %d: %w", revision, context.Cause(ctx))
		case <-ticker.C:
		}
	}
	return revision, nil
}
