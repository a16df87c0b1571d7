// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
)

// registry is below what the API server stores all objects.
const registry = "/registry/"

// object names an object as the API does.
type object struct{ group, resource, namespace, name string }

func (o object) String() string { return o.resource + "/" + o.namespace + "/" + o.name }

// key is where etcd has the object.
func (o object) key() string {
	return registry + strings.Join(slices.DeleteFunc([]string{o.group, o.resource, o.namespace, o.name},
		func(s string) bool { return s == "" }), "/")
}

// objectOf reads a key of a followed resource; false for all others.
func objectOf(key string) (object, bool) {
	parts := strings.Split(strings.TrimPrefix(key, registry), "/")
	switch {
	case len(parts) == 4 && parts[0] == simGroup && (parts[1] == "simpods" || parts[1] == "simreplicasets"):
		return object{parts[0], parts[1], parts[2], parts[3]}, true
	case len(parts) == 3 && parts[0] == "pods":
		return object{"", parts[0], parts[1], parts[2]}, true
	}
	return object{}, false
}

// state is one revision of a key, as etcd itself has it.
type state struct {
	of                         object
	key                        string
	revision, created, version int64
	bytes                      int64
	// value is the stored object; nil where the revision removed the key.
	value map[string]any
	// before is the state that this one replaced, after the one that replaced it;
	// nil where there is none.
	before, after *state
	// seen is when this reader heard of it: it was stored before.
	seen time.Time
}

func (s *state) removed() bool { return s.value == nil }

// uid of the object; that of the state before where the key was removed.
func (s *state) uid() string {
	if s.removed() {
		return s.before.uid()
	}
	return text(s.value, "metadata", "uid")
}

// ownedBy says whether an object with the UID owns the one of the state.
func (s *state) ownedBy(uid string) bool {
	if s.removed() {
		return s.before.ownedBy(uid)
	}
	owners, _ := nested(s.value, "metadata", "ownerReferences").([]any)
	for _, owner := range owners {
		if owner, ok := owner.(map[string]any); ok && owner["uid"] == uid {
			return true
		}
	}
	return false
}

func (s *state) marked() bool { return text(s.value, "metadata", "deletionTimestamp") != "" }

func (s *state) finalizers() []string {
	list, _, _ := unstructured.NestedStringSlice(s.value, "metadata", "finalizers")
	return list
}

func (s *state) node() string  { return text(s.value, "spec", "nodeName") }
func (s *state) phase() string { return text(s.value, "status", "phase") }

// ready says whether the condition Ready is True.
func (s *state) ready() bool { return s.condition("Ready") == "True" }

func (s *state) condition(kind string) string {
	conditions, _, _ := unstructured.NestedSlice(s.value, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == kind {
			return text(c, "status")
		}
	}
	return ""
}

func (s *state) restarts() int64 {
	var most int64
	containers, _, _ := unstructured.NestedSlice(s.value, "status", "containerStatuses")
	for _, c := range containers {
		if c, ok := c.(map[string]any); ok {
			n, _ := c["restartCount"].(float64)
			most = max(most, int64(n))
		}
	}
	return most
}

// text is a string field of an object; empty where there is none.
func text(value map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(value, path...)
	return s
}

// life is one object from its first to its last state: a name may be used again
// by another one.
type life struct {
	of     object
	uid    string
	states []*state
}

func (l *life) String() string { return fmt.Sprintf("%s (%.8s)", l.of, l.uid) }

func (l *life) first() *state { return l.states[0] }
func (l *life) last() *state  { return l.states[len(l.states)-1] }

// at returns the state at a revision; nil where the object has none there.
func (l *life) at(revision int64) *state {
	for _, s := range l.states {
		if s.revision == revision {
			return s
		}
	}
	return nil
}

// history is what etcd's own watch says of the followed keys, from the first
// revision on.
type history struct {
	mu       sync.Mutex
	keys     map[string][]*state
	revision int64
	err      error
	// changed is closed, and replaced, whenever something was added.
	changed chan struct{}
}

// follow watches etcd until the context ends.
func follow(ctx context.Context, etcd *clientv3.Client) *history {
	h := &history{keys: map[string][]*state{}, changed: make(chan struct{})}
	// Until etcd's first revision is compacted, nothing is missed.
	watch := etcd.Watch(ctx, registry, clientv3.WithPrefix(), clientv3.WithRev(1))
	go func() {
		for response := range watch {
			h.add(response)
		}
	}()
	return h
}

func (h *history) add(response clientv3.WatchResponse) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := response.Err(); err != nil && h.err == nil {
		h.err = fmt.Errorf("watching etcd: %w", err)
	}
	now := time.Now()
	for _, event := range response.Events {
		h.revision = max(h.revision, event.Kv.ModRevision)
		of, ok := objectOf(string(event.Kv.Key))
		if !ok {
			continue
		}
		s := &state{of: of, key: string(event.Kv.Key), revision: event.Kv.ModRevision, created: event.Kv.CreateRevision,
			version: event.Kv.Version, bytes: int64(len(event.Kv.Value)), seen: now}
		if event.Type == clientv3.EventTypePut {
			var err error
			if s.value, err = decode(event.Kv.Value); err != nil && h.err == nil {
				h.err = fmt.Errorf("decoding %s at revision %d: %w", s.key, s.revision, err)
			}
		}
		if states := h.keys[s.key]; len(states) > 0 && !states[len(states)-1].removed() {
			s.before = states[len(states)-1]
			s.before.after = s
		}
		h.keys[s.key] = append(h.keys[s.key], s)
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// decode reads a stored value: JSON for custom resources, protobuf for Pods.
func decode(value []byte) (map[string]any, error) {
	if len(value) > 0 && value[0] != '{' {
		decoded, _, err := clientgoscheme.Codecs.UniversalDeserializer().Decode(value, nil, nil)
		if err != nil {
			return nil, err
		}
		if value, err = json.Marshal(decoded); err != nil {
			return nil, err
		}
	}
	var object map[string]any
	return object, json.Unmarshal(value, &object)
}

// until waits until the check holds.
func (h *history) until(ctx context.Context, what string, check func() bool) error {
	for {
		h.mu.Lock()
		done, changed, err := check(), h.changed, h.err
		h.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, context.Cause(ctx))
		}
	}
}

// latest is the state of an object as far as the reader has come; nil where
// there is none. The caller holds the lock.
func (h *history) latest(of object) *state {
	states := h.keys[of.key()]
	if len(states) == 0 || states[len(states)-1].removed() {
		return nil
	}
	return states[len(states)-1]
}

// await waits until the object is in etcd as the check wants it.
func (h *history) await(ctx context.Context, of object, what string, check func(*state) bool) error {
	return h.until(ctx, of.String()+" "+what, func() bool {
		s := h.latest(of)
		return s != nil && check(s)
	})
}

// awaitGone waits until etcd does not have the objects any more.
func (h *history) awaitGone(ctx context.Context, objects ...object) error {
	for _, of := range objects {
		err := h.until(ctx, of.String()+" is gone", func() bool { return len(h.keys[of.key()]) > 0 && h.latest(of) == nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// reach waits until the reader has read all that etcd has now.
func (h *history) reach(ctx context.Context, etcd *clientv3.Client) error {
	now, err := etcd.Get(ctx, registry, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	return h.until(ctx, fmt.Sprintf("revision %d is read", now.Header.Revision), func() bool {
		return h.revision >= now.Header.Revision
	})
}

// lives are all objects of the followed resources, in the order of their creation.
func (h *history) lives() []*life {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lives []*life
	for _, key := range slices.Sorted(maps.Keys(h.keys)) {
		var l *life
		for _, s := range h.keys[key] {
			if s.before == nil {
				l = &life{of: s.of, uid: s.uid()}
				lives = append(lives, l)
			}
			l.states = append(l.states, s)
		}
	}
	slices.SortFunc(lives, func(a, b *life) int { return cmp.Compare(a.first().revision, b.first().revision) })
	return lives
}
