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
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/fault"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// heartbeats remembers when each node's Lease was renewed, so that no Lease has
// to be read. It has one entry per existing node.
type heartbeats struct {
	mu    sync.Mutex
	nodes map[string]heartbeat
	// failing are the nodes whose heartbeat fails.
	failing controllerkit.Notices
}

type heartbeat struct {
	uid types.UID
	kubelet.HeartbeatFacts
}

func newHeartbeats() *heartbeats { return &heartbeats{nodes: make(map[string]heartbeat)} }

// facts returns what is known of the node's heartbeats; nothing where this
// process sent none for this node of that name.
func (h *heartbeats) facts(node *v1alpha1.SimNode) kubelet.HeartbeatFacts {
	h.mu.Lock()
	defer h.mu.Unlock()
	if beat := h.nodes[node.Name]; beat.uid == node.UID {
		return beat.HeartbeatFacts
	}
	return kubelet.HeartbeatFacts{}
}

func (h *heartbeats) set(node *v1alpha1.SimNode, facts kubelet.HeartbeatFacts) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[node.Name] = heartbeat{uid: node.UID, HeartbeatFacts: facts}
}

func (h *heartbeats) forget(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.nodes, name)
	h.failing.Forget(types.NamespacedName{Name: name})
}

// beat is what became of a heartbeat.
type beat int

const (
	beatNotDue beat = iota
	beatSent
	beatFailed
)

// heartbeat renews the node's Lease if that is due. It returns what became of it
// and when it has to be looked at again. A failure is no error of the pass: a
// node tries again at a fixed pace, however long it was silent.
func (r *Reconciler) heartbeat(ctx context.Context, node *v1alpha1.SimNode, broken fault.NodeEffect, now time.Time) (beat, time.Time) {
	facts := r.beats.facts(node)
	facts.Silent = broken.CrashedBy != "" || broken.CutOff
	facts.Delay = broken.LeaseDelay
	due, next := kubelet.Heartbeat(node, facts, now)
	if !due {
		if facts.Failed.After(facts.Renewed) {
			return beatFailed, next
		}
		return beatNotDue, next
	}
	key := client.ObjectKeyFromObject(node)
	if err := r.sendHeartbeat(ctx, node, facts.Renewed.IsZero(), now); err != nil {
		facts.Failed = now
		r.beats.set(node, facts)
		if r.beats.failing.Changed(key, err.Error()) && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "A node cannot send its heartbeat; it is tried again quietly", "node", node.Name)
		}
		_, next = kubelet.Heartbeat(node, facts, now)
		return beatFailed, next
	}
	facts = kubelet.HeartbeatFacts{Renewed: now}
	r.beats.set(node, facts)
	if r.beats.failing.Forget(key) {
		log.FromContext(ctx).Info("A node sends its heartbeat again", "node", node.Name)
	}
	return beatSent, kubelet.NextHeartbeat(node, now).Add(broken.LeaseDelay)
}

// sendHeartbeat renews the node's Lease, or creates it: the first time that is
// tried first.
func (r *Reconciler) sendHeartbeat(ctx context.Context, node *v1alpha1.SimNode, first bool, now time.Time) error {
	lease := leaseOf(node, now)
	if first {
		err := r.client.Create(ctx, lease)
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		return r.renew(ctx, lease)
	}
	err := r.renew(ctx, lease)
	if apierrors.IsNotFound(err) {
		return r.client.Create(ctx, lease)
	}
	return err
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
