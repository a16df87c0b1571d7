// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

const (
	// RecheckDelay is when expectations are looked at again without an event.
	RecheckDelay = 5 * time.Second
	// liveReads bounds how many pods one pass asks the API server for.
	liveReads = 20
)

// expectations of each workload. One has an entry only while something is expected.
type expectations struct {
	mu sync.Mutex
	of map[types.NamespacedName]*workload.Expectations
}

func newExpectations() *expectations {
	return &expectations{of: make(map[types.NamespacedName]*workload.Expectations)}
}

// created expects pods to appear in the cache, beside what is expected already.
func (e *expectations) created(owner types.NamespacedName, pods []*v1alpha1.SimPod, now time.Time) {
	e.expect(owner, pods, now, func(expected *workload.Expectations, pod *v1alpha1.SimPod) { expected.Created[pod.UID] = pod.Name })
}

// deleted expects pods to be gone from the cache, beside what is expected already.
func (e *expectations) deleted(owner types.NamespacedName, pods []*v1alpha1.SimPod, now time.Time) {
	e.expect(owner, pods, now, func(expected *workload.Expectations, pod *v1alpha1.SimPod) { expected.Deleted[pod.UID] = struct{}{} })
}

func (e *expectations) expect(owner types.NamespacedName, pods []*v1alpha1.SimPod, now time.Time, add func(*workload.Expectations, *v1alpha1.SimPod)) {
	if len(pods) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	expected := e.of[owner]
	if expected == nil {
		expected = &workload.Expectations{Created: make(map[types.UID]string), Deleted: make(map[types.UID]struct{})}
		e.of[owner] = expected
	}
	expected.Since = now
	for _, pod := range pods {
		add(expected, pod)
	}
}

func (e *expectations) get(key types.NamespacedName) *workload.Expectations {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.of[key]
}

func (e *expectations) forget(key types.NamespacedName) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.of, key)
}

// Met says whether the cache shows all that was created and deleted for the owner.
// Until it does, nothing that is counted is true; it is to be asked again after
// RecheckDelay, if no event comes before.
func (c *Control) Met(ctx context.Context, owner client.Object, owned []*v1alpha1.SimPod, now time.Time) bool {
	key := client.ObjectKeyFromObject(owner)
	expected := c.expectations.get(key)
	if !workload.Met(expected, owned, now) && now.Sub(expected.Since) >= RecheckDelay {
		c.dropVanished(ctx, owner, expected)
	}
	if !workload.Met(expected, owned, now) {
		return false
	}
	c.expectations.forget(key)
	return true
}

// dropVanished asks the API server for pods that should long be in the cache:
// one that was deleted or released before the cache had it will never be.
func (c *Control) dropVanished(ctx context.Context, owner client.Object, expected *workload.Expectations) {
	reads := 0
	for uid, name := range expected.Created {
		if reads++; reads > liveReads {
			return
		}
		pod := &v1alpha1.SimPod{}
		err := c.live.Get(ctx, client.ObjectKey{Namespace: owner.GetNamespace(), Name: name}, pod)
		gone := apierrors.IsNotFound(err) || (err == nil && (pod.UID != uid || !metav1.IsControlledBy(pod, owner)))
		if gone {
			delete(expected.Created, uid)
		}
	}
}
