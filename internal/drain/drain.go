// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package drain cordons simulated nodes and empties them, as kubectl cordon and
// kubectl drain do with real ones.
package drain

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	// pollInterval is how often drain looks whether pods are gone; that of kubectl.
	pollInterval = time.Second
	// evictionRetry is when a pod is asked for again that a disruption budget keeps:
	// EvictErrorRetryDelay of kubectl.
	evictionRetry = 5 * time.Second
)

// Options say how nodes are drained.
type Options struct {
	// Force deletes pods that no controller would replace, too.
	Force bool
	// DisableEviction deletes pods whatever disruption budgets say.
	DisableEviction bool
	// IgnoreDaemonSets leaves the pods of SimDaemonSets alone; without it, they are in
	// the way.
	IgnoreDaemonSets bool
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
	// Warn is about pods that are deleted although that may not be wanted, and about
	// those that disruption budgets keep.
	Warn(message string)
	// Deleting is about a pod that is to be evicted or deleted, Deleted about one that
	// is gone.
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

// Drain evicts or deletes the pods of a node and waits until they are gone. The node
// is to be cordoned before.
func (d *Drainer) Drain(ctx context.Context, node string) error {
	pods, err := d.podsOf(ctx, node)
	if err != nil {
		return err
	}
	plan := NewPlan(pods, d.options, d.clock.Now())
	if err := plan.Err(); err != nil {
		return err
	}
	for _, warning := range plan.Warnings {
		d.report.Warn("Warning: " + warning)
	}
	if d.options.PlanOnly {
		for i := range plan.Delete {
			d.report.Deleting(&plan.Delete[i])
		}
		return nil
	}
	return (&emptying{Drainer: d, node: node, waiting: plan.Delete}).run(ctx)
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
	return d.deleteIf(ctx, pod, metav1.Preconditions{UID: &pod.UID}, atOnce)
}

func (d *Drainer) deleteIf(ctx context.Context, pod *v1alpha1.SimPod, only metav1.Preconditions, atOnce bool) error {
	options := []client.DeleteOption{client.Preconditions(only)}
	if atOnce {
		options = append(options, client.GracePeriodSeconds(0))
	}
	if d.options.DryRun {
		options = append(options, client.DryRunAll)
	}
	err := d.client.Delete(ctx, pod, options...)
	if apierrors.IsNotFound(err) || only.ResourceVersion == nil && apierrors.IsConflict(err) { // gone, or another one by now
		return nil
	}
	return err
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
