// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
)

// Refusal is why the pods of one generation of a workload cannot be created, and
// until when that is not tried again: an event of a pod must not undo the pause. A
// changed template is tried at once.
type Refusal struct {
	Err   error
	Until time.Time

	generation int64
}

// TryCreate is Create, but not while a refusal of the owner's pods stands. It
// returns why pods could not be created, now or then, and when to try again: later
// each time.
func (c *Control) TryCreate(ctx context.Context, owner client.Object, pods []*v1alpha1.SimPod, now time.Time) (created []*v1alpha1.SimPod, retry time.Time, err error) {
	if refused := c.Refused(owner); len(pods) > 0 && now.Before(refused.Until) {
		return nil, refused.Until, refused.Err
	}
	if created, err = c.Create(ctx, owner, pods, now); err == nil {
		c.ForgetRefusal(owner)
		return created, time.Time{}, nil
	}
	retry, news := c.NoteRefusal(owner, err, now)
	if news {
		log.FromContext(ctx).Error(err, "Pods of a "+c.kind+" cannot be created; it is tried again quietly", "owner", client.ObjectKeyFromObject(owner))
	}
	return created, retry, err
}

// Refused returns the last refusal of the owner's pods; the zero value where none
// stands.
func (c *Control) Refused(owner client.Object) Refusal {
	last := c.refused.get(client.ObjectKeyFromObject(owner))
	if last.generation != owner.GetGeneration() {
		return Refusal{}
	}
	return last
}

// NoteRefusal remembers why pods could not be created. It returns when to try
// again, later each time, and whether the refusal differs from the one before.
func (c *Control) NoteRefusal(owner client.Object, err error, now time.Time) (until time.Time, news bool) {
	return c.refused.note(client.ObjectKeyFromObject(owner), Refusal{Err: err, generation: owner.GetGeneration()}, now)
}

// ForgetRefusal notes that pods can be created.
func (c *Control) ForgetRefusal(owner client.Object) {
	c.refused.forget(client.ObjectKeyFromObject(owner))
}

// refusals remembers the workloads whose pods cannot be created. One has an entry
// only while that is so.
type refusals struct {
	limiter workqueue.TypedRateLimiter[types.NamespacedName]
	notices *controllerkit.Notices

	mu *sync.Mutex
	of map[types.NamespacedName]Refusal
}

func newRefusals() refusals {
	return refusals{
		limiter: controllerkit.RateLimiter[types.NamespacedName](), notices: &controllerkit.Notices{},
		mu: &sync.Mutex{}, of: make(map[types.NamespacedName]Refusal),
	}
}

func (r refusals) note(owner types.NamespacedName, refusal Refusal, now time.Time) (until time.Time, news bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	refusal.Until = now.Add(r.limiter.When(owner))
	r.of[owner] = refusal
	return refusal.Until, r.notices.Changed(owner, controllerkit.Refusal(refusal.Err))
}

func (r refusals) get(owner types.NamespacedName) Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[owner]
}

func (r refusals) forget(owner types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limiter.Forget(owner)
	r.notices.Forget(owner)
	delete(r.of, owner)
}
