// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllerkit

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// RecheckDelay is when a controller that waits for its cache looks at it again
// without an event.
const RecheckDelay = 5 * time.Second

// Writes remember what objects of one kind a controller wrote for each of the objects
// that it looks after, until its cache shows them: what is planned from anything older
// may go against what was done. One that is looked after has an entry only while
// something is not shown.
type Writes struct {
	kind schema.GroupVersionKind
	mu   sync.Mutex
	of   map[types.NamespacedName]map[types.UID]write
}

// NewWrites returns the memory of writes of objects of a kind.
func NewWrites(kind schema.GroupVersionKind) *Writes {
	return &Writes{kind: kind, of: make(map[types.NamespacedName]map[types.UID]write)}
}

type write struct {
	kind    schema.GroupVersionKind
	key     client.ObjectKey
	version string
	created bool
	at      time.Time
}

// Note remembers an object as the API server answered a write with it.
func (w *Writes) Note(owner types.NamespacedName, object client.Object, created bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of[owner] == nil {
		w.of[owner] = make(map[types.UID]write)
	}
	w.of[owner][object.GetUID()] = write{w.kind, client.ObjectKeyFromObject(object), object.GetResourceVersion(), created, now}
}

// Forget drops what is known of an owner that is gone.
func (w *Writes) Forget(owner types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.of, owner)
}

// Shown says whether the cache shows all that was written for an owner; find returns
// an object of the cache by its UID, nil where it has none. One that was changed and
// is not there has been deleted. One that was created and is not there is asked for
// after RecheckDelay: it may have been deleted before the cache had it.
func (w *Writes) Shown(ctx context.Context, live client.Reader, owner types.NamespacedName, find func(types.UID) client.Object, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid, written := range w.of[owner] {
		if written.shown(find(uid)) || written.late(now) && written.gone(ctx, live, uid) {
			delete(w.of[owner], uid)
		}
	}
	if len(w.of[owner]) > 0 {
		return false
	}
	delete(w.of, owner)
	return true
}

func (w write) shown(object client.Object) bool {
	if object == nil {
		return !w.created
	}
	order, err := resourceversion.CompareResourceVersion(object.GetResourceVersion(), w.version)
	return err != nil || order >= 0
}

func (w write) late(now time.Time) bool { return now.Sub(w.at) >= RecheckDelay }

func (w write) gone(ctx context.Context, live client.Reader, uid types.UID) bool {
	there := &metav1.PartialObjectMetadata{}
	there.SetGroupVersionKind(w.kind)
	err := live.Get(ctx, w.key, there)
	return apierrors.IsNotFound(err) || err == nil && there.GetUID() != uid
}
