// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simnodepool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/nodepool"
	"github.com/glassplane/glassplane/internal/podcontrol"
	"github.com/glassplane/glassplane/internal/workload"
)

const (
	// parallelWrites bounds the requests that one pool has under way.
	parallelWrites = 32
	// liveReads bounds how many nodes one pass asks the API server for.
	liveReads = 20
)

// nodes writes the nodes of pools, and knows what the cache has still to show of
// that. A pool is handled by one worker at a time.
type nodes struct {
	client client.Client
	live   client.Reader

	mu       sync.Mutex
	expected map[string]*workload.Expectations
}

func newNodes(c client.Client, live client.Reader) *nodes {
	return &nodes{client: c, live: live, expected: make(map[string]*workload.Expectations)}
}

// settled says whether the cache shows all nodes that were created and deleted.
func (n *nodes) settled(ctx context.Context, pool string, cached []*v1alpha1.SimNode, now time.Time) bool {
	n.mu.Lock()
	expected := n.expected[pool]
	n.mu.Unlock()
	if !workload.Met(expected, cached, now) && now.Sub(expected.Since) >= podcontrol.RecheckDelay {
		n.dropVanished(ctx, expected)
	}
	if !workload.Met(expected, cached, now) {
		return false
	}
	n.forget(pool)
	return true
}

// dropVanished asks the API server for nodes that should long be in the cache: one
// that was deleted before the cache had it will never be.
func (n *nodes) dropVanished(ctx context.Context, expected *workload.Expectations) {
	reads := 0
	for uid, name := range expected.Created {
		if reads++; reads > liveReads {
			return
		}
		node := &v1alpha1.SimNode{}
		err := n.live.Get(ctx, client.ObjectKey{Name: name}, node)
		if apierrors.IsNotFound(err) || (err == nil && node.UID != uid) {
			delete(expected.Created, uid)
		}
	}
}

func (n *nodes) forget(pool string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.expected, pool)
}

func (n *nodes) expect(pool string, e *workload.Expectations) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expected[pool] = e
}

// create creates nodes in batches that grow while they succeed, and returns those
// that exist then, even if others failed.
func (n *nodes) create(ctx context.Context, pool string, wanted []*v1alpha1.SimNode, now time.Time) (created []*v1alpha1.SimNode, err error) {
	var mu sync.Mutex
	expected := &workload.Expectations{Created: make(map[types.UID]string, len(wanted)), Since: now}
	for _, size := range workload.Batches(len(wanted)) {
		var batch errgroup.Group
		batch.SetLimit(parallelWrites)
		for _, node := range wanted[:size] {
			batch.Go(func() error {
				if err := n.client.Create(ctx, node); err != nil {
					return fmt.Errorf("creating a node: %w", err)
				}
				mu.Lock()
				defer mu.Unlock()
				created = append(created, node)
				expected.Created[node.UID] = node.Name
				return nil
			})
		}
		wanted = wanted[size:]
		if err = batch.Wait(); err != nil {
			break
		}
	}
	n.expect(pool, expected)
	return created, err
}

// delete deletes nodes and returns those that are gone or on their way, in their
// order, even if others failed.
func (n *nodes) delete(ctx context.Context, pool string, removals []nodepool.Removal, now time.Time) (deleted []nodepool.Removal, err error) {
	errs := make([]error, len(removals))
	var group errgroup.Group
	group.SetLimit(parallelWrites)
	for i, removal := range removals {
		group.Go(func() error {
			target := &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: removal.Node.Name}}
			errs[i] = client.IgnoreNotFound(n.client.Delete(ctx, target, client.Preconditions{UID: &removal.Node.UID}))
			return nil
		})
	}
	_ = group.Wait() // errors are in errs
	expected := &workload.Expectations{Deleted: make(map[types.UID]struct{}, len(removals)), Since: now}
	for i, removal := range removals {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("deleting node %s: %w", removal.Node.Name, errs[i])
			continue
		}
		deleted = append(deleted, removal)
		expected.Deleted[removal.Node.UID] = struct{}{}
	}
	n.expect(pool, expected)
	return deleted, errors.Join(errs...)
}
