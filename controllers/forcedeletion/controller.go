// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package forcedeletion lets SimPods go at once that are deleted by force
// (kubectl delete --force --grace-period=0), as the API server does with Pods.
//
// For a custom resource the API server knows no graceful deletion: the kubelet's
// finalizer stands for it, and what is stored of a deletion does not say with
// which grace period it was asked for. Only admission sees that. So the API
// server asks a webhook before it carries out such a deletion, and no other; the
// webhook lets it pass and notes the pod, and once the pod is marked as deleted
// the kubelet's finalizer is taken off, whether its node is silent or not. The
// webhook's word alone does nothing: who is not allowed to delete a pod cannot
// make it lose its finalizer either. Finalizers of others stay.
package forcedeletion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/source"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/kubelet"
)

const (
	// Path is where the manager's webhook server is asked.
	Path = "/force-deletion"
	// maxPending bounds the pods that are noted. Whoever reaches the webhook can
	// note pods; one that finds no room is deleted gracefully.
	maxPending = 10_000
	// giveUp is how long a pod may take to be marked as deleted. One that is not
	// was refused by somebody else.
	giveUp = 10 * time.Second
)

// Recorder keeps what was done to pods, as evidence.
type Recorder interface {
	// Record is called once per write, refused ones too. It must not block.
	Record(evidence.Transition)
}

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Recorder is told of every write. Required.
	Recorder Recorder
}

// request is a pod that somebody asked to delete by force.
type request struct {
	types.NamespacedName
	uid   types.UID
	asked time.Time
}

// Reconciler takes the kubelet's finalizer off pods that are deleted by force.
type Reconciler struct {
	client   client.Client
	live     client.Reader
	clock    clock.PassiveClock
	recorder Recorder
	queue    atomic.Pointer[workqueue.TypedRateLimitingInterface[request]]
}

// SetupWithManager adds the controller to the manager, and what it has to be
// asked to the manager's webhook server. Every replica works, not the leader
// alone: the API server asks any.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Recorder == nil {
		return errors.New("forcedeletion: a recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	r := &Reconciler{client: mgr.GetClient(), live: mgr.GetAPIReader(), clock: o.Clock, recorder: o.Recorder}
	mgr.GetWebhookServer().Register(Path, &webhook.Admission{Handler: admission.HandlerFunc(r.admit)})
	return builder.TypedControllerManagedBy[request](mgr).
		Named("forcedeletion").
		WatchesRawSource(source.TypedFunc[request](func(_ context.Context, queue workqueue.TypedRateLimitingInterface[request]) error {
			r.queue.Store(&queue)
			return nil
		})).
		WithOptions(controller.TypedOptions[request]{
			MaxConcurrentReconciles: 4, NeedLeaderElection: new(false), RateLimiter: controllerkit.RateLimiter[request](),
		}).
		Complete(r)
}

// admit lets every deletion pass, and notes the pod where it is one by force.
func (r *Reconciler) admit(ctx context.Context, asked admission.Request) admission.Response {
	if err := r.note(asked); err != nil {
		log.FromContext(ctx).Info("A forced deletion is carried out gracefully", "pod", asked.Name, "namespace", asked.Namespace, "cause", err.Error())
	}
	return admission.Allowed("")
}

func (r *Reconciler) note(asked admission.Request) error {
	if asked.Operation != admissionv1.Delete || (asked.DryRun != nil && *asked.DryRun) {
		return nil
	}
	var options metav1.DeleteOptions
	if err := json.Unmarshal(asked.Options.Raw, &options); err != nil {
		return fmt.Errorf("reading the options: %w", err)
	}
	if options.GracePeriodSeconds == nil || *options.GracePeriodSeconds != 0 {
		return nil
	}
	var pod metav1.PartialObjectMetadata
	if err := json.Unmarshal(asked.OldObject.Raw, &pod); err != nil {
		return fmt.Errorf("reading the pod: %w", err)
	}
	queue := r.queue.Load()
	switch {
	case queue == nil:
		return errors.New("the controller has not started yet")
	case (*queue).Len() >= maxPending:
		return fmt.Errorf("%d pods are noted already", maxPending)
	}
	(*queue).Add(request{NamespacedName: client.ObjectKeyFromObject(&pod), uid: pod.UID, asked: r.clock.Now()})
	return nil
}

// Reconcile takes the finalizer off once the pod is marked as deleted. It asks the
// API server and no cache: the mark is to come within milliseconds.
func (r *Reconciler) Reconcile(ctx context.Context, asked request) (ctrl.Result, error) {
	var outcome controllerkit.Outcome
	outcome.Add("letting a pod go that is deleted by force", r.release(ctx, asked, &outcome))
	return outcome.Result(r.clock.Now())
}

func (r *Reconciler) release(ctx context.Context, asked request, outcome *controllerkit.Outcome) error {
	pod := &v1alpha1.SimPod{}
	if err := r.live.Get(ctx, asked.NamespacedName, pod); err != nil {
		return err
	}
	now := r.clock.Now()
	if pod.UID != asked.uid {
		return nil
	}
	if pod.DeletionTimestamp == nil {
		if now.Sub(asked.asked) < giveUp {
			outcome.WakeAt(now.Add(controllerkit.StaleRetry))
		}
		return nil
	}
	base := pod.DeepCopy()
	if !controllerutil.RemoveFinalizer(pod, v1alpha1.FinalizerKubelet) {
		return nil
	}
	t := evidence.Transition{
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName,
		ObservedAt: now, ObservedResourceVersion: base.ResourceVersion,
		From: string(pod.Status.Phase), To: string(pod.Status.Phase), Reason: kubelet.ForceReason,
	}
	err := controllerkit.Patch(ctx, r.client, pod, base)
	t.WrittenAt = r.clock.Now()
	switch {
	case err != nil:
		t.Error = err.Error()
	case pod.ResourceVersion != base.ResourceVersion: // equal where the pod is gone
		t.ResourceVersion = pod.ResourceVersion
	}
	r.recorder.Record(t)
	return err
}
