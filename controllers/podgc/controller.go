// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podgc removes SimPods that no kubelet will see the end of, as the pod
// garbage collector of kube-controller-manager does: those whose node no longer
// exists, and those that are deleted while they have no node, or while their node
// is out of service. Nothing else could: the kubelet, whose finalizer they have,
// is gone with its node. And it deletes the oldest of the pods that have ended
// where there are too many of them, so that they do not fill etcd.
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
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// MaxConcurrentReconciles is the number of workers. Defaults to 8.
	MaxConcurrentReconciles int
	// TerminatedPodThreshold is how many ended pods may exist before the oldest of
	// them are deleted; 0 or less deletes none.
	TerminatedPodThreshold int
	// CheckPeriod is how often ended pods are counted. Defaults to 20 s, as upstream.
	CheckPeriod time.Duration
}

// Reconciler looks whether one SimPod still has a kubelet.
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
	if o.CheckPeriod <= 0 {
		o.CheckPeriod = checkPeriod
	}
	r := &Reconciler{client: mgr.GetClient(), live: mgr.GetAPIReader(), clock: o.Clock}
	if o.TerminatedPodThreshold > 0 {
		if err := mgr.Add(&endedCollector{Reconciler: r, threshold: o.TerminatedPodThreshold, period: o.CheckPeriod}); err != nil {
			return fmt.Errorf("adding the collector of ended pods: %w", err)
		}
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("podgc").
		For(&v1alpha1.SimPod{}, builder.WithPredicates(relevant())).
		Watches(&v1alpha1.SimNode{}, handler.Funcs{UpdateFunc: r.onNodeChanged, DeleteFunc: r.onNodeDeleted}).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(reconcile.AsReconciler(r.client, r))
}

// relevant passes pods once they are bound or deleted; changes of the node bring
// them back.
func relevant() predicate.Predicate {
	node := func(o client.Object) string { return o.(*v1alpha1.SimPod).Spec.NodeName }
	deleted := func(o client.Object) bool { return o.GetDeletionTimestamp() != nil }
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return node(e.Object) != "" || deleted(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return node(e.ObjectNew) != node(e.ObjectOld) || deleted(e.ObjectNew) != deleted(e.ObjectOld)
		},
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func (r *Reconciler) onNodeChanged(ctx context.Context, e event.UpdateEvent, q queue) {
	before, ok := e.ObjectOld.(*v1alpha1.SimNode)
	after, ok2 := e.ObjectNew.(*v1alpha1.SimNode)
	if ok && ok2 && kubelet.OutOfService(after) && !kubelet.OutOfService(before) {
		r.enqueuePods(ctx, after.Name, q)
	}
}

func (r *Reconciler) onNodeDeleted(ctx context.Context, e event.DeleteEvent, q queue) {
	r.enqueuePods(ctx, e.Object.GetName(), q)
}

func (r *Reconciler) enqueuePods(ctx context.Context, node string, q queue) {
	var pods v1alpha1.SimPodList
	err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: node}, client.UnsafeDisableDeepCopy)
	if err != nil {
		log.FromContext(ctx).Error(err, "Cannot list the pods of a node from the cache", "node", node)
		return
	}
	for i := range pods.Items {
		q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pods.Items[i])})
	}
}

// Reconcile removes the pod if no kubelet will see its end.
func (r *Reconciler) Reconcile(ctx context.Context, pod *v1alpha1.SimPod) (ctrl.Result, error) {
	var outcome controllerkit.Outcome
	outcome.Add("removing a pod that no kubelet sees the end of", r.collect(ctx, pod))
	return outcome.Result(r.clock.Now())
}

func (r *Reconciler) collect(ctx context.Context, pod *v1alpha1.SimPod) error {
	deleted := pod.DeletionTimestamp != nil
	if pod.Spec.NodeName == "" {
		if !deleted {
			return nil
		}
		return r.remove(ctx, pod, kubelet.MarkFailed)
	}
	node, err := r.node(ctx, pod.Spec.NodeName)
	switch {
	case err != nil:
		return fmt.Errorf("reading node %s: %w", pod.Spec.NodeName, err)
	case node == nil:
		return r.remove(ctx, pod, func(pod *v1alpha1.SimPod) (v1alpha1.SimPodStatus, bool) {
			return kubelet.MarkLost(pod, r.clock.Now())
		})
	case deleted && kubelet.OutOfService(node):
		return r.remove(ctx, pod, kubelet.MarkFailed)
	}
	return nil
}

// node returns the node, nil where there is none. It asks the API server before
// it believes that: the cache of nodes can be behind that of pods.
func (r *Reconciler) node(ctx context.Context, name string) (*v1alpha1.SimNode, error) {
	key, node := client.ObjectKey{Name: name}, &v1alpha1.SimNode{}
	err := r.client.Get(ctx, key, node, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		err = r.live.Get(ctx, key, node)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return node, err
}

// remove marks the pod as failed, takes the kubelet's finalizer off and deletes
// the pod, in this order: each step can be repeated after a crash.
func (r *Reconciler) remove(ctx context.Context, pod *v1alpha1.SimPod, mark func(*v1alpha1.SimPod) (v1alpha1.SimPodStatus, bool)) error {
	if status, changed := mark(pod); changed {
		base := pod.DeepCopy()
		pod.Status = status
		if err := controllerkit.PatchStatus(ctx, r.client, pod, base); err != nil {
			return fmt.Errorf("marking it as failed: %w", err)
		}
	}
	deleting := pod.DeletionTimestamp != nil
	base := pod.DeepCopy()
	if controllerutil.RemoveFinalizer(pod, v1alpha1.FinalizerKubelet) {
		if err := controllerkit.Patch(ctx, r.client, pod, base); err != nil {
			return fmt.Errorf("removing the finalizer: %w", err)
		}
	}
	if deleting {
		return nil
	}
	return r.client.Delete(ctx, pod, client.Preconditions(metav1.Preconditions{UID: &pod.UID}))
}
