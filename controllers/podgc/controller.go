// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podgc removes SimPods whose node no longer exists, as the pod garbage
// collector of kube-controller-manager does. Nothing else could: their kubelet,
// whose finalizer they have, is gone with the node.
package podgc

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// retryDelay is how long a write that was refused as stale waits for the cache.
const retryDelay = 50 * time.Millisecond

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// MaxConcurrentReconciles is the number of workers. Defaults to 8.
	MaxConcurrentReconciles int
}

// Reconciler looks after the node of one SimPod.
type Reconciler struct {
	client client.Client
	live   client.Reader
	clock  clock.PassiveClock
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 8
	}
	r := &Reconciler{client: mgr.GetClient(), live: mgr.GetAPIReader(), clock: o.Clock}
	return ctrl.NewControllerManagedBy(mgr).
		Named("podgc").
		For(&v1alpha1.SimPod{}, builder.WithPredicates(bound())).
		Watches(&v1alpha1.SimNode{}, handler.Funcs{DeleteFunc: r.onNodeDeleted}).
		WithOptions(controller.Options{MaxConcurrentReconciles: o.MaxConcurrentReconciles}).
		Complete(reconcile.AsReconciler(r.client, r))
}

// bound passes pods once they are bound; the node's deletion brings them back.
func bound() predicate.Predicate {
	node := func(o client.Object) string { return o.(*v1alpha1.SimPod).Spec.NodeName }
	return predicate.Funcs{
		CreateFunc:  func(e event.CreateEvent) bool { return node(e.Object) != "" },
		UpdateFunc:  func(e event.UpdateEvent) bool { return node(e.ObjectNew) != node(e.ObjectOld) },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

func (r *Reconciler) onNodeDeleted(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	var pods v1alpha1.SimPodList
	err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: e.Object.GetName()}, client.UnsafeDisableDeepCopy)
	if err != nil {
		log.FromContext(ctx).Error(err, "Cannot list the pods of a node from the cache", "node", e.Object.GetName())
		return
	}
	for i := range pods.Items {
		q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pods.Items[i])})
	}
}

// Reconcile removes the pod if its node does not exist.
func (r *Reconciler) Reconcile(ctx context.Context, pod *v1alpha1.SimPod) (ctrl.Result, error) {
	if pod.Spec.NodeName == "" {
		return ctrl.Result{}, nil
	}
	exists, err := r.nodeExists(ctx, pod.Spec.NodeName)
	if err != nil || exists {
		return ctrl.Result{}, err
	}
	err = r.remove(ctx, pod)
	if apierrors.IsConflict(err) {
		// The predicate may keep the newer version from bringing the pod back here.
		return ctrl.Result{RequeueAfter: retryDelay}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("removing a pod whose node %s does not exist: %w", pod.Spec.NodeName, err)
	}
	return ctrl.Result{}, nil
}

// nodeExists asks the API server before it believes that a node is gone: the
// cache of nodes can be behind that of pods.
func (r *Reconciler) nodeExists(ctx context.Context, name string) (bool, error) {
	key := client.ObjectKey{Name: name}
	err := r.client.Get(ctx, key, &v1alpha1.SimNode{}, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		err = r.live.Get(ctx, key, &v1alpha1.SimNode{})
	}
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// remove marks the pod as failed, takes the kubelet's finalizer off and deletes
// the pod, in this order: each step can be repeated after a crash.
func (r *Reconciler) remove(ctx context.Context, pod *v1alpha1.SimPod) error {
	if status, changed := kubelet.MarkLost(pod, r.clock.Now()); changed {
		base := pod.DeepCopy()
		pod.Status = status
		if err := r.client.Status().Patch(ctx, pod, lockedPatch(base)); err != nil {
			return fmt.Errorf("marking it as failed: %w", err)
		}
	}
	deleting := pod.DeletionTimestamp != nil
	base := pod.DeepCopy()
	if controllerutil.RemoveFinalizer(pod, v1alpha1.FinalizerKubelet) {
		if err := r.client.Patch(ctx, pod, lockedPatch(base)); err != nil {
			return fmt.Errorf("removing the finalizer: %w", err)
		}
	}
	if deleting {
		return nil
	}
	return r.client.Delete(ctx, pod, client.Preconditions(metav1.Preconditions{UID: &pod.UID}))
}

func lockedPatch(base *v1alpha1.SimPod) client.Patch {
	return client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
}
