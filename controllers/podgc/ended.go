// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podgc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

const (
	// DefaultTerminatedPodThreshold is the default of kube-controller-manager's
	// --terminated-pod-gc-threshold.
	DefaultTerminatedPodThreshold = 12_500
	// checkPeriod is gcCheckPeriod of k8s.io/kubernetes/pkg/controller/podgc.
	checkPeriod = 20 * time.Second
)

// endedCollector deletes ended pods beyond a threshold. It runs where the
// reconciler runs: in the replica that leads, once its caches are filled.
type endedCollector struct {
	*Reconciler
	threshold int
	period    time.Duration
}

// Start implements manager.Runnable.
func (c *endedCollector) Start(ctx context.Context) error {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := c.collectEnded(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).WithName("podgc").Error(err, "Not all ended pods beyond the threshold were deleted; the others are tried again", "threshold", c.threshold)
		}
	}, c.period)
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (c *endedCollector) NeedLeaderElection() bool { return true }

func (c *endedCollector) collectEnded(ctx context.Context) error {
	var pods v1alpha1.SimPodList
	err := c.client.List(ctx, &pods, client.MatchingFields{index.PodEnded: index.Yes}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("listing ended pods: %w", err)
	}
	var first error
	failed := 0
	ended := excess(pods.Items, c.threshold)
	for i := range ended {
		pod := &ended[i]
		err := c.removeEnded(ctx, pod)
		// Gone, another one of that name, or changed: the next pass sees what is.
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			continue
		}
		if failed++; first == nil {
			first = fmt.Errorf("deleting pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	if failed > 1 {
		return fmt.Errorf("%w (and %d pods more)", first, failed-1)
	}
	return first
}

// removeEnded deletes an ended pod. That is a graceful deletion, so that its
// kubelet lets it go; if that has not happened until the next pass, as on a silent
// node, nobody waits for it, because nothing of the pod runs any more. Taking the
// finalizer off first would have the kubelet put it on again.
func (c *endedCollector) removeEnded(ctx context.Context, pod *v1alpha1.SimPod) error {
	if pod.DeletionTimestamp != nil {
		return c.remove(ctx, pod.DeepCopy(), kubelet.MarkFailed)
	}
	return c.client.Delete(ctx, pod.DeepCopy(), client.Preconditions(metav1.Preconditions{UID: &pod.UID}))
}

// excess returns those of the ended pods that are beyond the threshold, the
// oldest ones. It mirrors gcTerminated and byEvictionAndCreationTimestamp of
// k8s.io/kubernetes/pkg/controller/podgc; no kubelet here evicts pods for lack of
// resources, which upstream deletes first. Those that are being deleted count, too,
// so that pods that somebody holds do not let others be deleted in their place.
func excess(ended []v1alpha1.SimPod, threshold int) []v1alpha1.SimPod {
	if threshold <= 0 || len(ended) <= threshold {
		return nil
	}
	slices.SortFunc(ended, func(a, b v1alpha1.SimPod) int {
		return cmp.Or(
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
	return ended[:len(ended)-threshold]
}
