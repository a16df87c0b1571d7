// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simnode

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// heartbeats remembers when each node's Lease was renewed, so that no Lease has
// to be read. It has one entry per existing node.
type heartbeats struct {
	mu    sync.Mutex
	nodes map[string]heartbeat
}

type heartbeat struct {
	uid types.UID
	at  time.Time
}

func newHeartbeats() *heartbeats { return &heartbeats{nodes: make(map[string]heartbeat)} }

// last returns when the node's Lease was renewed; the zero time where it was
// not, by this process, for this node of that name.
func (h *heartbeats) last(node *v1alpha1.SimNode) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if beat := h.nodes[node.Name]; beat.uid == node.UID {
		return beat.at
	}
	return time.Time{}
}

func (h *heartbeats) set(node *v1alpha1.SimNode, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[node.Name] = heartbeat{uid: node.UID, at: at}
}

func (h *heartbeats) forget(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.nodes, name)
}

// heartbeat renews the node's Lease if that is due. It returns whether it was,
// and when it will be.
func (r *Reconciler) heartbeat(ctx context.Context, node *v1alpha1.SimNode, now time.Time) (bool, time.Time, error) {
	last := r.beats.last(node)
	// A node that was taken for dead shows first that it is not.
	if next := kubelet.NextHeartbeat(node, last); !last.IsZero() && now.Before(next) && !kubelet.TakenForDead(node) {
		return false, next, nil
	}
	lease := leaseOf(node, now)
	var err error
	if last.IsZero() {
		err = r.client.Create(ctx, lease)
		if apierrors.IsAlreadyExists(err) {
			err = r.renew(ctx, lease)
		}
	} else {
		err = r.renew(ctx, lease)
		if apierrors.IsNotFound(err) {
			err = r.client.Create(ctx, lease)
		}
	}
	if err != nil {
		return false, time.Time{}, err
	}
	r.beats.set(node, now)
	return true, kubelet.NextHeartbeat(node, now), nil
}

// leaseOf is what a kubelet's lease controller makes. The owner reference lets
// the garbage collector remove it with its node.
func leaseOf(node *v1alpha1.SimNode, now time.Time) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: v1alpha1.NodeLeaseNamespace,
			Name:      node.Name,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: "SimNode", Name: node.Name, UID: node.UID,
			}},
		},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity:       &node.Name,
			LeaseDurationSeconds: new(kubelet.LeaseDurationSeconds(node)),
			RenewTime:            &metav1.MicroTime{Time: now},
		},
	}
}

// renew writes all fields that this kubelet owns, so that a Lease that a node of
// the same name left behind becomes this node's.
func (r *Reconciler) renew(ctx context.Context, lease *coordinationv1.Lease) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"ownerReferences": lease.OwnerReferences},
		"spec":     lease.Spec,
	})
	if err != nil {
		return err
	}
	target := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: lease.Namespace, Name: lease.Name}}
	return r.client.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
}
