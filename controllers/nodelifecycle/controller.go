// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodelifecycle takes SimNodes whose heartbeat stops for dead and evicts
// their pods, as the node lifecycle and taint eviction controllers of
// kube-controller-manager do.
//
// An evicted pod has a deletionTimestamp and the condition DisruptionTarget. As
// on a real cluster it stays until the kubelet of its node is back and confirms
// that the containers have stopped, or until the node is deleted and the pod
// garbage collector removes it.
package nodelifecycle

import (
	"context"
	"errors"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives NodeNotReady and TaintManagerEviction, as upstream. Required.
	Events events.EventRecorder
	// GracePeriod is how long a node may be silent before it is taken for dead.
	// Defaults to kubelet.DefaultNodeMonitorGracePeriod. A node whose Lease lasts
	// longer than that has as long as its Lease lasts.
	GracePeriod time.Duration
	// DefaultTolerationSeconds is how long a pod that says nothing about it stays
	// on a node that is not ready or unreachable, in seconds. Defaults to
	// kubelet.DefaultTolerationSeconds; a negative number evicts such a pod at once.
	DefaultTolerationSeconds *int64
	// MaxConcurrentReconciles is the number of workers. Defaults to 8.
	MaxConcurrentReconciles int
}

// Reconciler looks after the health of one SimNode. It takes requests, not
// objects, because it must see that a node is gone.
type Reconciler struct {
	client            client.Client
	live              client.Reader
	clock             clock.PassiveClock
	events            events.EventRecorder
	grace             time.Duration
	tolerationSeconds int64
	memory            *memory
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index and the Leases of v1alpha1.NodeLeaseNamespace.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("nodelifecycle: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.GracePeriod <= 0 {
		o.GracePeriod = kubelet.DefaultNodeMonitorGracePeriod
	}
	if o.DefaultTolerationSeconds == nil {
		o.DefaultTolerationSeconds = new(kubelet.DefaultTolerationSeconds)
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 8
	}
	r := &Reconciler{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), clock: o.Clock, events: o.Events, grace: o.GracePeriod,
		tolerationSeconds: *o.DefaultTolerationSeconds, memory: newMemory(),
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("nodelifecycle").
		For(&v1alpha1.SimNode{}).
		Watches(&coordinationv1.Lease{}, onLease()).
		Watches(&v1alpha1.SimPod{}, onPod()).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// scope is what one pass knows of a node.
type scope struct {
	controllerkit.Outcome
	node *v1alpha1.SimNode
	now  time.Time
}

// Reconcile judges the node's health, sets its taints, and evicts the pods that
// do not tolerate them.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{node: &v1alpha1.SimNode{}, now: r.clock.Now()}
	if err := r.client.Get(ctx, req.NamespacedName, s.node); err != nil {
		if apierrors.IsNotFound(err) {
			r.memory.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	s.Add("judging the node's health", r.health(ctx, s))
	s.Add("setting the node's taints", r.taint(ctx, s))
	s.Add("marking the node's pods", r.markPods(ctx, s))
	s.Add("evicting the node's pods", r.evict(ctx, s))
	s.Add("counting the node's pods", r.count(ctx, s))
	return s.Result(r.clock.Now())
}
