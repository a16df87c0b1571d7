// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simnode is the node side of the simulated kubelets: it registers
// SimNodes, renews their Leases and reports what is allocated on them.
package simnode

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/fault"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// KubeletVersion is what nodes report as the version of their kubelet.
	KubeletVersion string
	// Events receives Rebooted, as upstream. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 8.
	MaxConcurrentReconciles int
}

// Reconciler is the kubelet's node side of one SimNode. It takes requests, not
// objects, because it must see that a node is gone.
type Reconciler struct {
	client  client.Client
	clock   clock.PassiveClock
	version string
	events  events.EventRecorder
	beats   *heartbeats
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simnode: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 8
	}
	r := &Reconciler{client: mgr.GetClient(), clock: o.Clock, version: o.KubeletVersion, events: o.Events, beats: newHeartbeats()}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simnode").
		For(&v1alpha1.SimNode{}, builder.WithPredicates(relevant())).
		Watches(&v1alpha1.Fault{}, controllerkit.OnNodeFault(r.client, enqueue)).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// relevant drops the updates of a node that its kubelet makes itself: those of
// status that leave it ready.
func relevant() predicate.Predicate {
	return predicate.Or(
		predicate.GenerationChangedPredicate{},
		predicate.LabelChangedPredicate{},
		predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
			node, ok := e.ObjectNew.(*v1alpha1.SimNode)
			return ok && !kubelet.Operational(node)
		}},
	)
}

func enqueue(_ context.Context, node client.Object, q workqueue.TypedRateLimitingInterface[ctrl.Request]) {
	q.Add(ctrl.Request{NamespacedName: client.ObjectKeyFromObject(node)})
}

// Reconcile sends a heartbeat if it is due and brings the node's status up to date.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	node := &v1alpha1.SimNode{}
	if err := r.client.Get(ctx, req.NamespacedName, node); err != nil {
		if apierrors.IsNotFound(err) {
			r.beats.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if node.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	now := r.clock.Now()
	faults, err := controllerkit.Faults(ctx, r.client)
	if err != nil {
		return ctrl.Result{}, err
	}
	broken := fault.OnNode(faults, node, now)
	// The heartbeat comes first: a node that cannot send it is not ready.
	var outcome controllerkit.Outcome
	outcome.WakeAt(broken.Until)
	beat, next := r.heartbeat(ctx, node, broken, now)
	outcome.WakeAt(next)
	if beat != beatFailed {
		wake, err := r.register(ctx, node, broken, beat == beatSent, now)
		outcome.WakeAt(wake)
		outcome.Add("reporting the node", err)
	}
	return outcome.Result(r.clock.Now())
}

// register writes what the kubelet reports of its node: labels and taints first,
// so that a node that boots is not schedulable for an instant. What is allocated
// is counted with a heartbeat only.
func (r *Reconciler) register(ctx context.Context, node *v1alpha1.SimNode, broken fault.NodeEffect, beat bool, now time.Time) (time.Time, error) {
	facts := kubelet.NodeFacts{KubeletVersion: r.version, CrashedBy: broken.CrashedBy, CutOff: broken.CutOff}
	if kubelet.HostIP(node) == "" {
		ip, err := r.address(ctx, node)
		if err != nil {
			return time.Time{}, err
		}
		facts.Address = ip
	}
	next := kubelet.NextNode(node, facts, now)
	if err := r.patchMeta(ctx, node, next); err != nil {
		return time.Time{}, fmt.Errorf("writing labels and taints: %w", err)
	}
	status := next.Status
	if beat {
		pods, err := r.pods(ctx, node.Name)
		if err != nil {
			return time.Time{}, err
		}
		next.Changed = kubelet.CountPods(&status, pods) || next.Changed
	}
	if next.Changed {
		base := node.DeepCopy()
		node.Status = status
		if err := controllerkit.PatchStatus(ctx, r.client, node, base); err != nil {
			return time.Time{}, fmt.Errorf("writing the status: %w", err)
		}
	}
	if next.Unmark {
		if err := r.rebooted(ctx, node); err != nil {
			return time.Time{}, fmt.Errorf("removing the mark of the crash: %w", err)
		}
	}
	return next.Wake, nil
}

// rebooted says that the node has rebooted, in the words of the kubelet's event.
func (r *Reconciler) rebooted(ctx context.Context, node *v1alpha1.SimNode) error {
	base := node.DeepCopy()
	delete(node.Annotations, v1alpha1.AnnotationCrashed)
	if err := controllerkit.Patch(ctx, r.client, node, base); err != nil {
		return err
	}
	r.events.Eventf(node, nil, corev1.EventTypeWarning, "Rebooted", "Rebooting",
		"Node %s has been rebooted, boot id: %s", node.Name, node.Status.NodeInfo.BootID)
	return nil
}

func (r *Reconciler) patchMeta(ctx context.Context, node *v1alpha1.SimNode, next kubelet.NodeResult) error {
	if len(next.Labels) == 0 && next.Taints == nil && next.Mark == "" {
		return nil
	}
	base := node.DeepCopy()
	if next.Mark != "" {
		metav1.SetMetaDataAnnotation(&node.ObjectMeta, v1alpha1.AnnotationCrashed, next.Mark)
	}
	if node.Labels == nil {
		node.Labels = make(map[string]string, len(next.Labels))
	}
	for k, v := range next.Labels {
		node.Labels[k] = v
	}
	if next.Taints != nil {
		node.Spec.Taints = next.Taints
	}
	return controllerkit.Patch(ctx, r.client, node, base)
}

func (r *Reconciler) pods(ctx context.Context, node string) ([]v1alpha1.SimPod, error) {
	var pods v1alpha1.SimPodList
	if err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: node}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the pods of the node: %w", err)
	}
	return pods.Items, nil
}

const maxAddressAttempts = 16

// address returns an address that no other node has.
func (r *Reconciler) address(ctx context.Context, node *v1alpha1.SimNode) (string, error) {
	for attempt := range maxAddressAttempts {
		ip := kubelet.NodeIP(node.Name, attempt).String()
		var taken v1alpha1.SimNodeList
		if err := r.client.List(ctx, &taken, client.MatchingFields{index.NodeIP: ip}, client.UnsafeDisableDeepCopy); err != nil {
			return "", fmt.Errorf("looking for the node with address %s: %w", ip, err)
		}
		if len(taken.Items) == 0 {
			return ip, nil
		}
	}
	return "", errors.New("no free address found")
}
