// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simreplicaset

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

const (
	// recheckDelay is when expectations are looked at again without an event.
	recheckDelay = 5 * time.Second
	// liveReads bounds how many pods one pass asks the API server for.
	liveReads = 20
)

// expectations of each set. A set has an entry only while something is expected.
type expectations struct {
	mu   sync.Mutex
	sets map[types.NamespacedName]*workload.Expectations
}

func newExpectations() *expectations {
	return &expectations{sets: make(map[types.NamespacedName]*workload.Expectations)}
}

func (e *expectations) created(set types.NamespacedName, pods []*v1alpha1.SimPod, now time.Time) {
	if len(pods) == 0 {
		return
	}
	expected := &workload.Expectations{Created: make(map[types.UID]string, len(pods)), Since: now}
	for _, pod := range pods {
		expected.Created[pod.UID] = pod.Name
	}
	e.set(set, expected)
}

func (e *expectations) deleted(set types.NamespacedName, pods []*v1alpha1.SimPod, now time.Time) {
	if len(pods) == 0 {
		return
	}
	expected := &workload.Expectations{Deleted: make(map[types.UID]struct{}, len(pods)), Since: now}
	for _, pod := range pods {
		expected.Deleted[pod.UID] = struct{}{}
	}
	e.set(set, expected)
}

func (e *expectations) set(key types.NamespacedName, expected *workload.Expectations) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sets[key] = expected
}

func (e *expectations) get(key types.NamespacedName) *workload.Expectations {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sets[key]
}

func (e *expectations) forget(key types.NamespacedName) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.sets, key)
}

// expectationsMet says whether the cache shows all that this controller did. A
// set is reconciled by one worker at a time, so nothing else changes its entry.
func (r *Reconciler) expectationsMet(ctx context.Context, s *scope) bool {
	key := client.ObjectKeyFromObject(s.set)
	expected := r.expectations.get(key)
	if !expected.Met(s.owned, s.now) && s.now.Sub(expected.Since) >= recheckDelay {
		r.dropVanished(ctx, s, expected)
	}
	if !expected.Met(s.owned, s.now) {
		return false
	}
	r.expectations.forget(key)
	return true
}

// dropVanished asks the API server for pods that should long be in the cache:
// one that was deleted or released before the cache had it will never be.
func (r *Reconciler) dropVanished(ctx context.Context, s *scope, expected *workload.Expectations) {
	reads := 0
	for uid, name := range expected.Created {
		if reads++; reads > liveReads {
			return
		}
		pod := &v1alpha1.SimPod{}
		err := r.live.Get(ctx, client.ObjectKey{Namespace: s.set.Namespace, Name: name}, pod)
		gone := apierrors.IsNotFound(err) || (err == nil && (pod.UID != uid || !ownedBy(pod, s.set)))
		if gone {
			delete(expected.Created, uid)
		}
	}
}
