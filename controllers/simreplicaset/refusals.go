// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simreplicaset

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
)

// refusals remembers the sets whose pods cannot be created: why, and when it is
// tried again. A set has an entry only while that is so.
type refusals struct {
	limiter workqueue.TypedRateLimiter[types.NamespacedName]
	notices *controllerkit.Notices

	mu   *sync.Mutex
	sets map[types.NamespacedName]refusal
}

// refusal of the pods of one generation of a set: a changed template is tried at once.
type refusal struct {
	generation int64
	err        error
	until      time.Time
}

func newRefusals() refusals {
	return refusals{
		limiter: controllerkit.RateLimiter[types.NamespacedName](), notices: &controllerkit.Notices{},
		mu: &sync.Mutex{}, sets: make(map[types.NamespacedName]refusal),
	}
}

// note remembers a refusal. It returns when to try again, later each time, and
// whether the refusal differs from the one before.
func (r refusals) note(set *v1alpha1.SimReplicaSet, err error, now time.Time) (until time.Time, news bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := client.ObjectKeyFromObject(set)
	until = now.Add(r.limiter.When(key))
	r.sets[key] = refusal{generation: set.Generation, err: err, until: until}
	return until, r.notices.Changed(key, controllerkit.Refusal(err))
}

// of returns the last refusal of the set's pods; the zero value where none stands.
func (r refusals) of(set *v1alpha1.SimReplicaSet) refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.sets[client.ObjectKeyFromObject(set)]
	if last.generation != set.Generation {
		return refusal{}
	}
	return last
}

func (r refusals) forget(set types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limiter.Forget(set)
	r.notices.Forget(set)
	delete(r.sets, set)
}
