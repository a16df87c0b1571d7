// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/disruption"
)

// emptying is a node on its way to be empty.
type emptying struct {
	*Drainer
	node string
	// waiting are pods that have not been evicted or deleted yet. held says which
	// budgets keep some of them, and asked when they were last asked.
	waiting []v1alpha1.SimPod
	held    map[types.UID]*disruption.HeldError
	asked   time.Time
	// going are those that have been.
	going []goingPod
	// failed are pods that cannot be evicted.
	failed []error
}

// goingPod is a pod that was evicted or deleted at a time, forced says that it was
// then deleted by force.
type goingPod struct {
	v1alpha1.SimPod
	since  time.Time
	forced bool
}

// run returns once the pods are gone, or cannot go.
func (e *emptying) run(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		if len(e.waiting) > 0 && (e.asked.IsZero() || e.clock.Since(e.asked) >= evictionRetry) {
			e.ask(ctx)
		}
		if e.options.DryRun {
			return true, e.wouldBeHeld()
		}
		if err := e.look(ctx); err != nil {
			return false, err
		}
		return len(e.waiting)+len(e.going) == 0, nil
	})
	if err != nil && ctx.Err() != nil {
		err = e.pending(ctx)
	}
	return errors.Join(append(e.failed, err)...)
}

// ask evicts or deletes the pods that wait, as far as budgets let them go.
func (e *emptying) ask(ctx context.Context) {
	e.asked = e.clock.Now()
	waiting := e.waiting
	e.waiting, e.held = nil, make(map[types.UID]*disruption.HeldError)
	for i := range waiting {
		pod := &waiting[i]
		if ctx.Err() != nil {
			e.waiting = append(e.waiting, *pod)
			continue
		}
		e.report.Deleting(pod)
		err := e.remove(ctx, pod)
		var held *disruption.HeldError
		switch {
		case err == nil:
			e.going = append(e.going, goingPod{SimPod: *pod, since: e.clock.Now()})
		case errors.As(err, &held):
			e.held[pod.UID] = held
			e.waiting = append(e.waiting, *pod)
			e.report.Warn(fmt.Sprintf("error when evicting simpods/%q -n %q (will retry after %s): %v", pod.Name, pod.Namespace, evictionRetry, err))
		case ctx.Err() != nil:
			e.waiting = append(e.waiting, *pod)
		default:
			e.failed = append(e.failed, fmt.Errorf("error when evicting simpods/%q -n %q: %w", pod.Name, pod.Namespace, err))
		}
	}
}

func (e *emptying) remove(ctx context.Context, pod *v1alpha1.SimPod) error {
	if e.options.DisableEviction {
		return e.delete(ctx, pod, e.options.GracePeriod == 0)
	}
	return e.evict(ctx, pod)
}

// wouldBeHeld is the error of a dry run in which budgets keep pods: nobody waits for
// them, because none goes that would make room.
func (e *emptying) wouldBeHeld() error {
	var errs []error
	for i := range e.waiting {
		errs = append(errs, fmt.Errorf("%s would have to wait: %w", nameOf(&e.waiting[i]), e.held[e.waiting[i].UID]))
	}
	return errors.Join(errs...)
}

// look tells which pods are gone, and deletes by force those whose time is over. Those
// that are to be skipped are not waited for.
func (e *emptying) look(ctx context.Context) error {
	pods, err := e.podsOf(ctx, e.node)
	if err != nil {
		return err
	}
	there := make(map[types.UID]*v1alpha1.SimPod, len(pods))
	for i := range pods {
		there[pods[i].UID] = &pods[i]
	}
	var left []goingPod
	for _, g := range e.going {
		switch pod := there[g.UID]; {
		case pod == nil:
			e.report.Deleted(&g.SimPod)
		case !isSkipped(pod, e.options.SkipTerminating, e.clock.Now()):
			g.SimPod = *pod
			left = append(left, g)
		}
	}
	e.going = left
	return e.force(ctx)
}

// force deletes by force what is left after the grace period. On a node that is
// silent nobody knows whether the containers have stopped: its pods stay, as real
// ones do.
func (e *emptying) force(ctx context.Context) error {
	for i := range e.going {
		g := &e.going[i]
		grace := e.options.GracePeriod
		if grace <= 0 || g.forced || e.clock.Since(g.since) < grace || e.whyNotReady(ctx, e.node) != "" {
			continue
		}
		g.forced = true
		if err := e.delete(ctx, &g.SimPod, true); err != nil {
			return err
		}
	}
	return nil
}

// pending says what is left when there is no more time.
func (e *emptying) pending(ctx context.Context) error {
	err := &PendingError{Node: e.node, NotReady: e.whyNotReady(context.WithoutCancel(ctx), e.node), cause: context.Cause(ctx)}
	for i := range e.going {
		err.Pods = append(err.Pods, e.going[i].SimPod)
	}
	for i := range e.waiting {
		name := nameOf(&e.waiting[i])
		if held := e.held[e.waiting[i].UID]; held != nil {
			name += " (" + held.Why + ")"
		}
		err.Held = append(err.Held, name)
	}
	return err
}

// PendingError says that pods were still there when there was no more time.
type PendingError struct {
	Node string
	Pods []v1alpha1.SimPod
	// Held says of pods that were not evicted which disruption budget keeps them.
	Held []string
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
	message := fmt.Sprintf("%v: still there: %s", e.cause, strings.Join(append(names, e.Held...), "; "))
	if e.NotReady != "" {
		message += ". The node is not ready (" + e.NotReady + "): its pods end when it is back; --grace-period=0 removes them at once"
	}
	return message
}

// Unwrap returns why there was no more time.
func (e *PendingError) Unwrap() error { return e.cause }
