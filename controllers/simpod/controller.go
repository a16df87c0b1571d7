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
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// Recorder keeps what the kubelet did, as evidence.
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
	// Events receives Killing, as upstream. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 16.
	MaxConcurrentReconciles int
}

// Reconciler runs one SimPod.
type Reconciler struct {
	client   client.Client
	clock    clock.PassiveClock
	recorder Recorder
	events   events.EventRecorder
	memory   *memory
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Recorder == nil {
		return errors.New("simpod: a recorder is required")
	}
	if o.Events == nil {
		return errors.New("simpod: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 16
	}
	r := &Reconciler{
		client: mgr.GetClient(), clock: o.Clock, recorder: o.Recorder, events: o.Events, memory: newMemory(maxRemembered),
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simpod").
		Watches(&v1alpha1.SimPod{}, r.onPod()).
		Watches(&v1alpha1.SimNode{}, r.onNode()).
		Watches(&v1alpha1.Fault{}, controllerkit.OnNodeFault(r.client, r.enqueuePods)).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
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
	var outcome controllerkit.Outcome
	outcome.Add("running the pod", r.run(ctx, pod, node, &outcome))
	return outcome.Result(r.clock.Now())
}

func (r *Reconciler) run(ctx context.Context, pod *v1alpha1.SimPod, node *v1alpha1.SimNode, outcome *controllerkit.Outcome) error {
	now := r.clock.Now()
	broken, err := r.broken(ctx, pod, node, now)
	if err != nil {
		return err
	}
	outcome.WakeAt(broken.until)
	if broken.node.CutOff && broken.node.CrashedBy == "" {
		outcome.WakeAt(r.runCutOff(pod, broken, now))
		return nil
	}
	facts, err := r.facts(ctx, pod, node, broken, now)
	if err != nil {
		return err
	}
	seen := observation{version: pod.ResourceVersion, at: r.memory.observedAt(pod.UID, pod.ResourceVersion)}
	exact := pod.DeepCopy()
	exact.Status = kubelet.Exact(pod.Status, r.memory.written(pod.UID))
	next := kubelet.Next(exact, facts, now)
	r.memory.owe(pod.UID, next.Due)
	if next.Hold {
		if err := r.hold(ctx, pod, seen); err != nil {
			return fmt.Errorf("adding the kubelet's finalizer: %w", err)
		}
	}
	if next.Changed {
		if err := r.writeStatus(ctx, pod, seen, next); err != nil {
			return fmt.Errorf("writing the status: %w", err)
		}
	}
	r.reportKills(pod, next)
	if next.Release {
		if err := r.release(ctx, pod, seen); err != nil {
			return fmt.Errorf("removing the kubelet's finalizer: %w", err)
		}
	}
	if !facts.Silent && next.Due.IsZero() {
		r.memory.reported(pod.UID)
	}
	outcome.WakeAt(next.Wake)
	return nil
}

// reportKills leaves one event for each run of a container that is told to stop.
func (r *Reconciler) reportKills(pod *v1alpha1.SimPod, next kubelet.Result) {
	for _, kill := range next.Kills {
		if r.memory.killed(pod.UID, kill) {
			r.events.Eventf(pod, nil, corev1.EventTypeNormal, "Killing", "Killing", "%s", kill.Message)
		}
	}
}

// facts returns what the kubelet has to know of the pod's surroundings. It gives
// an address only to a pod that needs one: that is yet to be accepted, or is made
// anew after a reboot.
func (r *Reconciler) facts(ctx context.Context, pod *v1alpha1.SimPod, node *v1alpha1.SimNode, broken effects, now time.Time) (kubelet.PodFacts, error) {
	facts := kubelet.PodFacts{
		Silent: kubelet.Silent(node) || broken.node.CrashedBy != "", HostIP: kubelet.HostIP(node),
		BootedAt: kubelet.BootedAt(node), Delay: broken.node.Delay, StartFailure: broken.pod.StartFailure,
	}
	if facts.Silent {
		if broken.node.CrashedBy != "" || kubelet.Crashed(node) {
			r.memory.reported(pod.UID) // with the machine, what its kubelet had in mind is gone
		}
		return facts, nil
	}
	facts.Kept, facts.Connected = r.memory.connect(pod.UID, now)
	facts.Connected = later(facts.Connected, kubelet.ReadySince(node))
	facts.DueSince = r.memory.owed(pod.UID)
	if pod.Status.StartTime != nil && !kubelet.LostRuns(pod, facts.BootedAt) {
		return facts, nil
	}
	var err error
	facts.PodIP, err = r.podIP(ctx, pod)
	return facts, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
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
