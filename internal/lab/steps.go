// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/glassplane/glassplane/internal/experiment"
)

// runLabel marks what a run makes, so that the next one finds what was left.
const runLabel = "glassplane.dev/what-if"

func (r *run) label(object *unstructured.Unstructured) {
	labels := maps.Clone(object.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	labels[r.marker] = r.of.Name
	object.SetLabels(labels)
}

// setUp makes what the experiment needs before anything is broken.
func (r *run) setUp(ctx context.Context) error {
	if len(r.of.Setup) > 0 {
		r.opts.Tell("setting up %d objects", len(r.of.Setup))
	}
	if err := r.apply(ctx, r.of.Setup); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	if err := r.waitFor(ctx, r.of.Ready, readyTimeout, "setting up"); err != nil {
		return err
	}
	return nil
}

// apply makes objects one after the other.
func (r *run) apply(ctx context.Context, objects []experiment.Object) error {
	for _, o := range objects {
		object := o.Unstructured()
		r.label(object)
		c, err := r.sender.create(object)
		if err != nil {
			return err
		}
		if err := r.make(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// make sends a create that has to succeed.
func (r *run) make(ctx context.Context, c *call) error {
	r.willDelete(c.subject.Resource+"."+c.subject.Group, c.subject.Namespace, c.subject.Name)
	_, err := r.sender.must(ctx, c)
	return err
}

// willDelete notes that an object is to be deleted at the end.
func (r *run) willDelete(resource, namespace, name string) {
	mapping, err := r.sender.mapping(strings.TrimSuffix(resource, "."))
	if err != nil || name == "" {
		return
	}
	c := r.sender.newCall(http.MethodDelete, mapping, namespace, name, "")
	c.target.RawQuery = "propagationPolicy=Background"
	c.line = "kubectl delete " + kindName(mapping) + " " + name
	r.made = append(r.made, c)
}

// doSteps does one step after the other, until one fails.
func (r *run) doSteps(ctx context.Context, steps []experiment.Step) error {
	for i := range steps {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		s := &steps[i]
		r.opts.Tell("%s", s.Does)
		r.begin(experiment.ListedStep{Name: s.Name, Kind: s.Kind(), Does: s.Does}, s)
		found, err := r.do(ctx, s)
		r.ended(ctx, s.Name, found, err)
		if err != nil {
			return fmt.Errorf("step %s: %w", s.Name, err)
		}
		if found != "" {
			r.opts.Tell("  %s", found)
		}
	}
	return nil
}

func (r *run) begin(listed experiment.ListedStep, s *experiment.Step) {
	result := experiment.StepResult{ListedStep: listed, BeganAt: metav1.NewMicroTime(time.Now())}
	if s != nil && s.Watch != nil {
		result.Watched = s.Watch.Resource
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, result)
}

// ended notes when a step had ended, and where etcd was then.
func (r *run) ended(ctx context.Context, name, found string, err error) {
	probing, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	now := metav1.NewMicroTime(time.Now())
	revision, unanswered := r.etcd.sync(probing)
	r.change(name, func(s *experiment.StepResult) {
		s.Revision, s.EtcdAnswered, s.Found = revision, unanswered == nil, found
		if err != nil {
			s.Problem = err.Error()
			return
		}
		s.EndedAt = &now
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for step, w := range r.watches {
		if r.seen[step] == nil {
			r.seen[step] = map[string]experiment.WatchSeen{}
		}
		r.seen[step][name] = w.seen()
	}
}

// change changes the result of a step.
func (r *run) change(name string, f func(*experiment.StepResult)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.steps {
		if r.steps[i].Name == name {
			f(&r.steps[i])
		}
	}
}

// do does what a step says, and returns what came of it in one sentence.
func (r *run) do(ctx context.Context, s *experiment.Step) (found string, err error) {
	switch {
	case s.Request != nil:
		return r.request(ctx, s)
	case s.Apply != nil:
		return "", r.apply(ctx, s.Apply)
	case s.Break != nil:
		return r.breaks(ctx, s)
	case s.Heal != "":
		return "", r.heal(ctx, s.Heal)
	case s.Wait != nil:
		began := time.Now()
		if err := r.waitFor(ctx, s.Wait.For, s.Wait.Within.Duration, "step "+s.Name); err != nil {
			return "", err
		}
		return fmt.Sprintf("came after %s", time.Since(began).Round(time.Millisecond)), nil
	case s.Hold != nil:
		return "", hold(ctx, s.Hold.Duration)
	case s.Watch != nil:
		return "", r.watch(ctx, s)
	case s.Drain != nil:
		return "", r.drain(ctx, s)
	}
	return "", fmt.Errorf("the step does nothing")
}

func hold(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// request sends a request. One in the background may be answered at any later step.
func (r *run) request(ctx context.Context, s *experiment.Step) (string, error) {
	c, err := r.sender.of(s.Request, r.label)
	if err != nil {
		return "", err
	}
	if s.Request.Verb == "create" && s.Request.Object != nil {
		r.willDelete(c.subject.Resource+"."+c.subject.Group, c.subject.Namespace, c.subject.Name)
	}
	timeout := defaultTimeout
	if s.Request.Timeout != nil {
		timeout = s.Request.Timeout.Duration
	}
	tell := func(result experiment.RequestResult) {
		r.change(s.Name, func(step *experiment.StepResult) { step.Request = &result })
	}
	if !s.Request.Background {
		a := r.sender.send(ctx, c, timeout, tell)
		tell(a.RequestResult)
		return a.Says, context.Cause(ctx)
	}
	sent := make(chan struct{})
	r.pending.Go(func() {
		a := r.sender.send(r.background, c, timeout, func(result experiment.RequestResult) {
			tell(result)
			close(sent)
		})
		tell(a.RequestResult)
	})
	<-sent
	return "sent; the answer is waited for in the background", nil
}

// breaks breaks what a step says, and notes how it is healed. It returns what is said
// of it.
func (r *run) breaks(ctx context.Context, s *experiment.Step) (found string, err error) {
	var heal Heal
	switch b := s.Break; {
	case b.Process != nil:
		heal, err = r.plane.Disrupt(ctx, *b.Process)
	case b.Component != "" && r.plane.Stop == nil:
		found, heal, err = r.fault(ctx, s.Name, stopOf(b.Component))
	case b.Component != "":
		heal, err = r.plane.Stop(ctx, b.Component)
	case b.Second != "":
		heal, err = r.plane.Second(ctx, b.Second)
	case b.Fault != nil:
		found, heal, err = r.fault(ctx, s.Name, b.Fault)
	case b.Webhook != nil:
		heal, err = r.webhook(ctx, s.Name, b.Webhook)
	default:
		heal, err = r.cut(b.Cut)
	}
	if heal != nil {
		r.heals = append(r.heals, broken{s.Name, heal})
	}
	return found, err
}

// heal undoes what a step broke.
func (r *run) heal(ctx context.Context, step string) error {
	for i := range r.heals {
		if r.heals[i].step == step {
			if err := r.heals[i].heal(ctx); err != nil {
				return fmt.Errorf("healing %s: %w", step, err)
			}
			r.heals = append(r.heals[:i], r.heals[i+1:]...)
			return nil
		}
	}
	return nil // it is healed already
}

// healAll undoes, newest first, what is still broken, as the last step.
func (r *run) healAll(ctx context.Context) error {
	if len(r.heals) == 0 {
		r.endBackground()
		return nil
	}
	r.opts.Tell("healing what is still broken")
	r.begin(experiment.ListedStep{Name: experiment.Healed, Kind: experiment.StepHeal, Does: "What is still broken is healed"}, nil)
	var errs []error
	for i := len(r.heals) - 1; i >= 0; i-- {
		if err := r.heals[i].heal(ctx); err != nil {
			errs = append(errs, fmt.Errorf("healing %s: %w", r.heals[i].step, err))
		}
	}
	err := errors.Join(errs...)
	if err == nil {
		r.heals = nil
	}
	r.endBackground()
	r.ended(ctx, experiment.Healed, "", err)
	return err
}

// endBackground waits a little for the answers that are still to come, now that all
// is healed, and gives the others up.
func (r *run) endBackground() {
	done := make(chan struct{})
	go func() {
		r.pending.Wait()
		close(done)
	}()
	timer := time.NewTimer(backgroundPatience)
	defer timer.Stop()
	r.mu.Lock()
	for _, w := range r.watches {
		w.end()
	}
	r.mu.Unlock()
	select {
	case <-done:
	case <-timer.C:
		r.end()
		<-done
	}
}

// backgroundPatience is how long requests in the background may go on once all is
// healed.
const backgroundPatience = 15 * time.Second
