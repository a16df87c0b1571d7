// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
)

// explainPod explains a pod that exists or existed: by what the scheduler
// decided, what has become of it since and, while it is pending, by what would be
// decided now.
func (c *explainCommand) explainPod(ctx context.Context) (explanation.Explanation, error) {
	observer, err := c.clients.connectObserver(ctx)
	if err != nil {
		return explanation.Explanation{}, err
	}
	defer observer.close()
	record, err := observer.record(ctx, c.subject, evidence.SourceDecision)
	if err != nil && !errors.Is(err, errNotRecorded) {
		return explanation.Explanation{}, fmt.Errorf("explaining %s: %w", c.subject, err)
	}
	recorded := err
	decisions := decisionsOf(record)
	e, err := explanation.New(c.subject.namespace+"/"+c.subject.name, decisions, c.attempt)
	if err != nil {
		return e, err
	}
	if recorded == nil {
		if trace, err := observer.trace(ctx, c.subject); err == nil {
			e.State = explanation.StateOf(trace)
		} else {
			e.Notes = append(e.Notes, "What has become of the pod is not known: "+err.Error()+".")
		}
	}
	pod, err := c.readPod(ctx)
	if err == nil {
		c.addPriority(&e, pod)
		if err = isPending(pod); err == nil {
			e.Prediction, err = c.predictNow(ctx, pod, &e)
		}
	}
	switch {
	case err == nil && len(decisions) == 0:
		e.Notes = append(e.Notes, "No decision of the scheduler about this pod is recorded: this is a prediction. "+whyNoDecision(record, pod))
	case err == nil || gaveNode(decisions): // what was decided is the answer, and how it went on is the state
		e.Wait = waitOf(e, err)
	case len(decisions) > 0: // what was decided is known, and is the answer
		e.Wait = nil
		e.Notes = append(e.Notes, "What would be decided now is not known: "+err.Error()+".")
	case e.State != nil:
		e.Notes = append(e.Notes, whyNoDecision(record, pod))
	case recorded != nil:
		return e, fmt.Errorf("explaining %s: %w", c.subject, errors.Join(recorded, err))
	default:
		return e, fmt.Errorf("explaining %s: %w. %s", c.subject, err, whyNoDecision(record, pod))
	}
	return e, nil
}

// waitOf returns what a pod waits for that is pending for certain.
func waitOf(e explanation.Explanation, notPending error) *explanation.Wait {
	if notPending != nil {
		return nil
	}
	return e.Wait
}

// gaveNode is true where the last attempt gave the pod its node.
func gaveNode(decisions []evidence.Decision) bool {
	last := len(decisions) - 1
	return last >= 0 && decisions[last].Node != "" && decisions[last].Bind != nil && decisions[last].Bind.Error == ""
}

// addPriority says which priority the pod has, where it is stored or was decided with.
func (c *explainCommand) addPriority(e *explanation.Explanation, pod *v1alpha1.SimPod) {
	switch {
	case e.Decision != nil && e.Decision.Pod.UID == pod.UID:
		e.Priority = explanation.PriorityOf(pod, e.Decision.Priority)
	case pod.Spec.Priority != nil:
		e.Priority = explanation.PriorityOf(pod, 0)
	}
}

func (c *explainCommand) readPod(ctx context.Context) (*v1alpha1.SimPod, error) {
	reader, err := c.reader()
	if err != nil {
		return nil, err
	}
	pod := &v1alpha1.SimPod{}
	err = reader.Get(ctx, client.ObjectKey{Namespace: c.subject.namespace, Name: c.subject.name}, pod)
	switch {
	case apierrors.IsNotFound(err):
		return nil, errors.New("the pod does not exist")
	case err != nil:
		return nil, fmt.Errorf("reading the pod: %w", err)
	}
	return pod, nil
}

// isPending fails with what the pod is where it does not wait for a node.
func isPending(pod *v1alpha1.SimPod) error {
	switch {
	case pod.DeletionTimestamp != nil:
		return errors.New("the pod is being deleted")
	case pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded:
		return errors.New("the pod has ended")
	case pod.Spec.NodeName != "":
		return fmt.Errorf("the pod is on node %s", pod.Spec.NodeName)
	}
	return nil
}

// predictNow decides about the pod as it is, and says what the plugins that
// rejected it wait for.
func (c *explainCommand) predictNow(ctx context.Context, pod *v1alpha1.SimPod, e *explanation.Explanation) (*explanation.Prediction, error) {
	profile, err := c.profile(pod.Spec.SchedulerName)
	if err != nil {
		return nil, err
	}
	e.Wait.Describe(profile)
	reader, err := c.reader()
	if err != nil {
		return nil, err
	}
	listed, err := c.list(ctx, reader)
	if err != nil {
		return nil, err
	}
	return c.predict(listed, pod)
}

func decisionsOf(record evidence.Record) []evidence.Decision {
	var decisions []evidence.Decision
	for _, entry := range record.Entries {
		if entry.Decision != nil {
			decisions = append(decisions, *entry.Decision)
		}
	}
	return decisions
}

// whyNoDecision says why the record may hold no decision of the scheduler, as far
// as that is known. pod is nil where it does not exist.
func whyNoDecision(record evidence.Record, pod *v1alpha1.SimPod) string {
	i := slices.IndexFunc(record.Sources, func(s evidence.SourceState) bool { return s.Source == evidence.SourceDecision && !s.Available })
	switch {
	case i >= 0:
		return "The scheduler's decisions are not available: " + record.Sources[i].Reason + "."
	case pod != nil && pod.Spec.SchedulerName != v1alpha1.DefaultSchedulerName:
		return fmt.Sprintf("Its spec.schedulerName is %s: only that scheduler decides about it.", pod.Spec.SchedulerName)
	case record.Dropped > 0:
		return fmt.Sprintf("The journal has dropped entries (%d of all objects), its decisions may be among them.", record.Dropped)
	case pod != nil && pod.Spec.NodeName == "":
		return "The scheduler may not have tried it yet, or keeps it from being tried, or its record is gone: its condition PodScheduled says more."
	}
	return "Either its record is gone, or it was bound without the scheduler; which one is not recorded."
}
