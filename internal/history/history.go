// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package history is what etcd stored of the objects of a cluster from one revision
// on: each revision of each key, so that the state at any of them can be read. It is
// pure; who follows etcd adds to it.
package history

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Object identifies what a key holds.
type Object struct {
	// Group is empty for built-in kinds, whose keys do not tell it.
	Group, Resource, Namespace, Name string
}

// String is the object as kubectl names it.
func (o Object) String() string {
	return strings.TrimSuffix(o.Resource, "s") + "/" + o.Name
}

// Version is one revision of one key.
type Version struct {
	Object Object
	Key    string
	// Revision of etcd that made it, and Created the one at which this life of the key
	// began. Created is 0 for a deletion.
	Revision, Created int64
	// SeenAt is when etcd's watch told of it; zero for what was there at the start.
	SeenAt time.Time
	// Value is the object as it was stored; nil for a deletion, and where Undecoded.
	Value map[string]any
	// Undecoded is true where the value is of a kind that is not known.
	Undecoded bool
}

// Deleted says that the key ended with this version.
func (v *Version) Deleted() bool { return v.Value == nil && !v.Undecoded }

// UID of the object; empty where the version does not tell it.
func (v *Version) UID() string {
	metadata, _ := v.Value["metadata"].(map[string]any)
	uid, _ := metadata["uid"].(string)
	return uid
}

// History has the versions of all keys. The zero value is empty. It may be read by
// several goroutines while nobody adds to it.
type History struct {
	// Base is the revision whose state is known as a whole: nothing older is.
	Base int64

	keys map[string][]Version
	// changes are those after Base, in the order in which etcd made them.
	changes []Version
	last    int64
}

// Add adds a version; one that is known already is left out. Versions of one key
// must come in the order of their revisions.
func (h *History) Add(v Version) {
	if h.keys == nil {
		h.keys = map[string][]Version{}
	}
	known := h.keys[v.Key]
	if n := len(known); n > 0 && known[n-1].Revision >= v.Revision {
		return
	}
	h.keys[v.Key] = append(known, v)
	h.last = max(h.last, v.Revision)
	if v.Revision > h.Base {
		h.changes = append(h.changes, v)
	}
}

// Reach says that nothing but what was added was stored up to a revision.
func (h *History) Reach(revision int64) { h.last = max(h.last, revision) }

// Last is the newest revision that is known.
func (h *History) Last() int64 { return max(h.last, h.Base) }

// Changes are the versions after Base, by revision. They must not be changed.
func (h *History) Changes() []Version { return h.changes }

// Between are the changes after one revision and up to another.
func (h *History) Between(after, to int64) []Version {
	first, _ := slices.BinarySearchFunc(h.changes, after+1, byRevision)
	last, _ := slices.BinarySearchFunc(h.changes, to+1, byRevision)
	if first >= last {
		return nil
	}
	return h.changes[first:last]
}

func byRevision(v Version, revision int64) int { return cmp.Compare(v.Revision, revision) }

// Clone returns a history that does not change when this one is added to.
func (h *History) Clone() *History {
	return &History{Base: h.Base, keys: maps.Clone(h.keys), changes: slices.Clip(h.changes), last: h.last}
}

// Of are the versions of a key, oldest first. They must not be changed.
func (h *History) Of(key string) []Version { return h.keys[key] }

// Keys are all keys that are known, in order.
func (h *History) Keys() []string { return slices.Sorted(maps.Keys(h.keys)) }

// At is the version of a key at a revision; nil where there was none.
func (h *History) At(key string, revision int64) *Version {
	versions := h.keys[key]
	n, _ := slices.BinarySearchFunc(versions, revision+1, byRevision)
	if n == 0 || versions[n-1].Deleted() {
		return nil
	}
	return &versions[n-1]
}

// Objects are the versions of all objects for which a function is true, as they were
// at a revision, in the order of their keys.
func (h *History) Objects(revision int64, wanted func(Object) bool) []*Version {
	var found []*Version
	for key, versions := range h.keys {
		if !wanted(versions[0].Object) {
			continue
		}
		if v := h.At(key, revision); v != nil {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, func(a, b *Version) int { return cmp.Compare(a.Key, b.Key) })
	return found
}

// RevisionAt is the newest revision that etcd's watch had told of at a time.
func (h *History) RevisionAt(at time.Time) int64 {
	revision := h.Base
	for i := range h.changes {
		if h.changes[i].SeenAt.After(at) {
			break
		}
		revision = h.changes[i].Revision
	}
	return revision
}

// Prefix is the default of kube-apiserver's --etcd-prefix.
const Prefix = "/registry/"

// ParseKey returns the object that is stored under a key:
// /registry/<group>/<resource>/[<namespace>/]<name>, where built-in kinds mostly lack
// the group. It is false where the key is no object's.
func ParseKey(key string) (Object, bool) {
	rest, ok := strings.CutPrefix(key, Prefix)
	if !ok {
		return Object{}, false
	}
	parts := strings.Split(rest, "/")
	var o Object
	if len(parts) > 2 && strings.Contains(parts[0], ".") {
		o.Group, parts = parts[0], parts[1:]
	}
	switch len(parts) {
	case 2:
		o.Resource, o.Name = parts[0], parts[1]
	case 3:
		o.Resource, o.Namespace, o.Name = parts[0], parts[1], parts[2]
	default:
		return Object{}, false
	}
	return o, o.Resource != "" && o.Name != ""
}
