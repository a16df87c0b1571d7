// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simjob

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/podcontrol"
	"github.com/glassplane/glassplane/internal/workload/job"
)

// strays takes the tracking finalizer off pods that no job counts: those whose job
// is over, gone, or another one of the same name, and those without a job. It is
// syncOrphanPod of k8s.io/kubernetes/pkg/controller/job.
type strays struct {
	client client.Client
	live   client.Reader
	clock  clock.PassiveClock
	pods   *podcontrol.Control
}

func setupStrays(mgr ctrl.Manager, pods *podcontrol.Control, o Options) error {
	r := &strays{client: mgr.GetClient(), live: mgr.GetAPIReader(), clock: o.Clock, pods: pods}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simjob-strays").
		For(&v1alpha1.SimPod{}, builder.WithPredicates(predicate.NewPredicateFuncs(mayStray))).
		Watches(&v1alpha1.SimJob{}, handler.Funcs{UpdateFunc: r.onJobChanged, DeleteFunc: r.onJobDeleted}).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(reconcile.AsReconciler(r.client, r))
}

// mayStray passes pods that are tracked and have no other controller than a job.
func mayStray(o client.Object) bool {
	pod, ok := o.(*v1alpha1.SimPod)
	return ok && job.Tracked(pod) && (metav1.GetControllerOfNoCopy(pod) == nil || ownerOf(pod) != nil)
}

// ownerOf is the reference of a pod to the job that controls it.
func ownerOf(pod *v1alpha1.SimPod) *metav1.OwnerReference {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.Kind != job.Kind || owner.APIVersion != v1alpha1.GroupVersion.String() {
		return nil
	}
	return owner
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func (r *strays) onJobChanged(ctx context.Context, e event.UpdateEvent, q queue) {
	before, ok := e.ObjectOld.(*v1alpha1.SimJob)
	after, ok2 := e.ObjectNew.(*v1alpha1.SimJob)
	if ok && ok2 && job.Finished(after) && !job.Finished(before) {
		r.enqueuePods(ctx, after, q)
	}
}

func (r *strays) onJobDeleted(ctx context.Context, e event.DeleteEvent, q queue) {
	r.enqueuePods(ctx, e.Object, q)
}

func (r *strays) enqueuePods(ctx context.Context, owner client.Object, q queue) {
	pods, err := r.pods.Controlled(ctx, owner.GetNamespace(), owner.GetUID())
	if err != nil {
		log.FromContext(ctx).Error(err, "Cannot list the pods of a SimJob from the cache", "simJob", client.ObjectKeyFromObject(owner))
		return
	}
	for _, pod := range pods {
		if job.Tracked(pod) {
			q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pod)})
		}
	}
}

// Reconcile takes the finalizer off where no job will.
func (r *strays) Reconcile(ctx context.Context, pod *v1alpha1.SimPod) (ctrl.Result, error) {
	if !mayStray(pod) {
		return ctrl.Result{}, nil
	}
	var outcome controllerkit.Outcome
	counted, err := r.counted(ctx, pod)
	outcome.Add("looking for the job of a pod", err)
	if err == nil && !counted {
		_, err = r.pods.Untrack(ctx, []*v1alpha1.SimPod{pod})
		outcome.Add("letting go of a pod without a job", err)
	}
	return outcome.Result(r.clock.Now())
}

// counted says whether there is a job that counts the pod's end. It asks the API
// server before it believes that there is none.
func (r *strays) counted(ctx context.Context, pod *v1alpha1.SimPod) (bool, error) {
	owner := ownerOf(pod)
	if owner == nil {
		return false, nil
	}
	key, found := client.ObjectKey{Namespace: pod.Namespace, Name: owner.Name}, &v1alpha1.SimJob{}
	err := r.client.Get(ctx, key, found, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) || (err == nil && found.UID != owner.UID) {
		err = r.live.Get(ctx, key, found)
	}
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading job %s: %w", key, err)
	}
	return found.UID == owner.UID && !job.Finished(found), nil
}
