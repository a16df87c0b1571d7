// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simpod is the simulated kubelet of every node: it runs the SimPods
// that are bound to a node, which means that it reports what a kubelet would.
// What to report is decided by internal/kubelet; this package reads and writes.
package simpod

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// Recorder keeps what the kubelet did, as evidence.
type Recorder interface {
	// Record is called once per write, refused ones too. It must not block.
	Record(kubelet.Transition)
}

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Recorder is told of every write. Required.
	Recorder Recorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 16.
	MaxConcurrentReconciles int
}

// Reconciler runs one SimPod.
type Reconciler struct {
	client   client.Client
	clock    clock.PassiveClock
	recorder Recorder
	memory   *memory
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Recorder == nil {
		return errors.New("simpod: a recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 16
	}
	r := &Reconciler{client: mgr.GetClient(), clock: o.Clock, recorder: o.Recorder, memory: newMemory(maxRemembered)}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simpod").
		Watches(&v1alpha1.SimPod{}, r.onPod()).
		Watches(&v1alpha1.SimNode{}, r.onNode()).
		WithOptions(controller.Options{MaxConcurrentReconciles: o.MaxConcurrentReconciles}).
		Complete(reconcile.AsReconciler(r.client, r))
}

// Reconcile brings the pod to where it is at this time.
func (r *Reconciler) Reconcile(ctx context.Context, pod *v1alpha1.SimPod) (ctrl.Result, error) {
	if pod.Spec.NodeName == "" || r.memory.behind(pod) {
		// Not ours, or older than what we wrote: a newer version is on its way.
		return ctrl.Result{}, nil
	}
	node := &v1alpha1.SimNode{}
	if err := r.client.Get(ctx, client.ObjectKey{Name: pod.Spec.NodeName}, node); err != nil {
		// Without its node, a pod has no kubelet; the pod garbage collector sees to it.
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !kubelet.Operational(node) {
		// The node's next change brings the pod back here.
		return ctrl.Result{}, nil
	}
	result, err := r.run(ctx, pod, node)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// Somebody else wrote the pod; the watch brings what they wrote.
		return ctrl.Result{}, nil
	}
	return result, err
}

func (r *Reconciler) run(ctx context.Context, pod *v1alpha1.SimPod, node *v1alpha1.SimNode) (ctrl.Result, error) {
	seen := observation{version: pod.ResourceVersion, at: r.memory.observedAt(pod.UID, pod.ResourceVersion)}
	if err := r.ensureFinalizer(ctx, pod, seen); err != nil {
		return ctrl.Result{}, fmt.Errorf("adding the kubelet's finalizer: %w", err)
	}
	facts, err := r.facts(ctx, pod, node)
	if err != nil {
		return ctrl.Result{}, err
	}
	now := r.clock.Now()
	exact := pod.DeepCopy()
	exact.Status = kubelet.Exact(pod.Status, r.memory.written(pod.UID))
	next := kubelet.Next(exact, facts, now)
	if next.Changed {
		if err := r.writeStatus(ctx, pod, seen, next); err != nil {
			return ctrl.Result{}, fmt.Errorf("writing the status: %w", err)
		}
	}
	if next.Release {
		if err := r.release(ctx, pod, seen); err != nil {
			return ctrl.Result{}, fmt.Errorf("removing the kubelet's finalizer: %w", err)
		}
	}
	if next.Wake.IsZero() {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{RequeueAfter: max(next.Wake.Sub(r.clock.Now()), 1)}, nil
}

// facts returns what the kubelet has to know to accept a pod; nothing for a pod
// that it has accepted.
func (r *Reconciler) facts(ctx context.Context, pod *v1alpha1.SimPod, node *v1alpha1.SimNode) (kubelet.PodFacts, error) {
	if pod.Status.StartTime != nil || pod.DeletionTimestamp != nil {
		return kubelet.PodFacts{}, nil
	}
	ip, err := r.podIP(ctx, pod)
	return kubelet.PodFacts{HostIP: kubelet.HostIP(node), PodIP: ip}, err
}

// maxAddressAttempts bounds the search for an address that no pod has. With
// 50,000 pods in 10.0.0.0/8 one attempt in 300 finds a taken one.
const maxAddressAttempts = 16

func (r *Reconciler) podIP(ctx context.Context, pod *v1alpha1.SimPod) (string, error) {
	for attempt := range maxAddressAttempts {
		ip := kubelet.PodIP(pod.UID, attempt).String()
		var taken v1alpha1.SimPodList
		err := r.client.List(ctx, &taken, client.MatchingFields{index.PodIP: ip}, client.Limit(1), client.UnsafeDisableDeepCopy)
		if err != nil {
			return "", fmt.Errorf("looking for the pods with address %s: %w", ip, err)
		}
		if len(taken.Items) == 0 {
			return ip, nil
		}
	}
	return "", fmt.Errorf("no free address found in %d attempts", maxAddressAttempts)
}
