// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package drain cordons simulated nodes and empties them, as kubectl cordon and
// kubectl drain do with real ones.
package drain

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// pollInterval is how often drain looks whether pods are gone; that of kubectl.
const pollInterval = time.Second

// Options say how nodes are drained.
type Options struct {
	// Force deletes pods that no controller would replace, too.
	Force bool
	// GracePeriod is how long each pod may take to end; where it is negative, it is
	// that of the pod, and 0 removes pods at once. A deletion does not hand it on
	// to a simulated pod, whose own one is the longest that it gets: what is left
	// after a shorter one is deleted by force.
	GracePeriod time.Duration
	// PodSelector selects the pods to delete; nil means all.
	PodSelector labels.Selector
	// SkipTerminating leaves pods alone that have been terminating for longer;
	// 0 leaves none alone.
	SkipTerminating time.Duration
	// DryRun lets the API server check each write and keep none.
	DryRun bool
	// PlanOnly writes nothing at all.
	PlanOnly bool
}

// Reporter is told what happens.
type Reporter interface {
	// Warn is about pods that are deleted although that may not be wanted.
	Warn(message string)
	// Deleting is about a pod that is to be deleted, Deleted about one that is gone.
	Deleting(pod *v1alpha1.SimPod)
	Deleted(pod *v1alpha1.SimPod)
}

// Drainer cordons and empties nodes.
type Drainer struct {
	client  client.Client
	clock   clock.Clock
	options Options
	report  Reporter
}

// New returns a Drainer.
func New(c client.Client, clock clock.Clock, options Options, report Reporter) *Drainer {
	return &Drainer{client: c, clock: clock, options: options, report: report}
}

// Cordon makes a node unschedulable, or schedulable again, and says whether it
// was not before.
func (d *Drainer) Cordon(ctx context.Context, node *v1alpha1.SimNode, unschedulable bool) (changed bool, err error) {
	if node.Spec.Unschedulable == unschedulable {
		return false, nil
	}
	if d.options.PlanOnly {
		return true, nil
	}
	// The patch says only what is wanted, so that it needs no lock.
	before := node.DeepCopy()
	node.Spec.Unschedulable = unschedulable
	var options []client.PatchOption
	if d.options.DryRun {
		options = append(options, client.DryRunAll)
	}
	return true, d.client.Patch(ctx, node, client.MergeFrom(before), options...)
}

// Drain deletes the pods of a node and waits until they are gone. The node is to
// be cordoned before. PodDisruptionBudgets are not asked: there is no eviction of
// simulated pods.
func (d *Drainer) Drain(ctx context.Context, node string) error {
	pods, err := d.podsOf(ctx, node)
	if err != nil {
		return err
	}
	plan := NewPlan(pods, d.options.Force, d.options.SkipTerminating, d.clock.Now())
	if err := plan.Err(); err != nil {
		return err
	}
	for _, warning := range plan.Warnings {
		d.report.Warn(warning)
	}
	for i := range plan.Delete {
		pod := &plan.Delete[i]
		d.report.Deleting(pod)
		if d.options.PlanOnly {
			continue
		}
		if err := d.delete(ctx, pod, d.options.GracePeriod == 0); err != nil {
			return err
		}
	}
	if d.options.PlanOnly || d.options.DryRun {
		return nil
	}
	return d.wait(ctx, node, plan.Delete)
}

func (d *Drainer) podsOf(ctx context.Context, node string) ([]v1alpha1.SimPod, error) {
	list := &v1alpha1.SimPodList{}
	options := &client.ListOptions{LabelSelector: d.options.PodSelector, FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node)}
	if err := d.client.List(ctx, list, options); err != nil {
		return nil, fmt.Errorf("listing the pods of simnode/%s: %w", node, err)
	}
	return list.Items, nil
}

// delete deletes this pod, not another one of the same name.
func (d *Drainer) delete(ctx context.Context, pod *v1alpha1.SimPod, atOnce bool) error {
	options := []client.DeleteOption{client.Preconditions{UID: &pod.UID}}
	if atOnce {
		options = append(options, client.GracePeriodSeconds(0))
	}
	if d.options.DryRun {
		options = append(options, client.DryRunAll)
	}
	err := d.client.Delete(ctx, pod, options...)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // gone, or another one by now
		return nil
	}
	return err
}

// wait returns once the pods are gone.
func (d *Drainer) wait(ctx context.Context, node string, pods []v1alpha1.SimPod) error {
	started, forced, left := d.clock.Now(), false, pods
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		there, err := d.podsOf(ctx, node)
		if err != nil {
			return false, err
		}
		left = d.stillThere(left, there)
		if grace := d.options.GracePeriod; grace > 0 && !forced && len(left) > 0 && d.clock.Since(started) >= grace {
			forced = true
			return false, d.force(ctx, node, left)
		}
		return len(left) == 0, nil
	})
	if err != nil && ctx.Err() != nil {
		return &PendingError{Node: node, Pods: left, NotReady: d.whyNotReady(context.WithoutCancel(ctx), node), cause: context.Cause(ctx)}
	}
	return err
}

// stillThere tells which pods are gone and returns the others, as they are now.
// Those that are to be skipped are not waited for.
func (d *Drainer) stillThere(pods, there []v1alpha1.SimPod) []v1alpha1.SimPod {
	now := map[types.UID]*v1alpha1.SimPod{}
	for i := range there {
		now[there[i].UID] = &there[i]
	}
	var left []v1alpha1.SimPod
	for i := range pods {
		switch pod := now[pods[i].UID]; {
		case pod == nil:
			d.report.Deleted(&pods[i])
		case !isSkipped(pod, d.options.SkipTerminating, d.clock.Now()):
			left = append(left, *pod)
		}
	}
	return left
}

// force deletes by force what is left after the grace period. On a node that is
// silent nobody knows whether the containers have stopped: its pods stay, as real
// ones do.
func (d *Drainer) force(ctx context.Context, node string, pods []v1alpha1.SimPod) error {
	if d.whyNotReady(ctx, node) != "" {
		return nil
	}
	for i := range pods {
		if err := d.delete(ctx, &pods[i], true); err != nil {
			return err
		}
	}
	return nil
}

// whyNotReady says why pods of the node may not end; empty where it is ready or
// cannot be read.
func (d *Drainer) whyNotReady(ctx context.Context, name string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	node := &v1alpha1.SimNode{}
	if err := d.client.Get(ctx, client.ObjectKey{Name: name}, node); err != nil {
		return ""
	}
	ready := meta.FindStatusCondition(node.Status.Conditions, v1alpha1.SimNodeReady)
	if ready == nil || string(ready.Status) == string(corev1.ConditionTrue) {
		return ""
	}
	return fmt.Sprintf("Ready is %s, %s", ready.Status, ready.Reason)
}

// PendingError says that pods were still there when there was no more time.
type PendingError struct {
	Node string
	Pods []v1alpha1.SimPod
	// NotReady says why the node is not ready; empty where it is.
	NotReady string
	cause    error
}

func (e *PendingError) Error() string {
	names := make([]string, len(e.Pods))
	for i := range e.Pods {
		names[i] = nameOf(&e.Pods[i])
		if held := e.Pods[i].Finalizers; len(held) > 0 {
			names[i] += " (finalizers " + strings.Join(held, ", ") + ")"
		}
	}
	message := fmt.Sprintf("%v: still there: %s", e.cause, strings.Join(names, "; "))
	if e.NotReady != "" {
		message += ". The node is not ready (" + e.NotReady + "): its pods end when it is back; --grace-period=0 removes them at once"
	}
	return message
}

// Unwrap returns why there was no more time.
func (e *PendingError) Unwrap() error { return e.cause }
