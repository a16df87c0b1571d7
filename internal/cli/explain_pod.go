// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// explainPod explains a pod that exists or existed: by what the scheduler
// decided and, while the pod is pending, by what would be decided now.
func (c *explainCommand) explainPod(ctx context.Context) (render.Explanation, error) {
	observer, err := c.clients.connectObserver(ctx)
	if err != nil {
		return render.Explanation{}, err
	}
	defer observer.close()
	record, err := observer.record(ctx, c.subject)
	if err != nil && !errors.Is(err, errNotRecorded) {
		return render.Explanation{}, fmt.Errorf("explaining %s: %w", c.subject, err)
	}
	recorded := err
	decisions := decisionsOf(record)
	explanation, err := render.NewExplanation(c.subject.namespace+"/"+c.subject.name, decisions, c.attempt)
	if err != nil {
		return explanation, err
	}
	if last := len(decisions) - 1; last >= 0 && decisions[last].Node != "" && decisions[last].Bind != nil && decisions[last].Bind.Error == "" {
		return explanation, nil
	}
	explanation.Prediction, err = c.predictNow(ctx)
	switch {
	case err == nil && len(decisions) == 0:
		explanation.Notes = append(explanation.Notes, "The scheduler has not tried this pod, or its record is gone: this is a prediction.")
	case err != nil && len(decisions) > 0: // what was decided is known, and is the answer
		explanation.Notes = append(explanation.Notes, "What would be decided now is not known: "+err.Error()+".")
	case err != nil && recorded != nil:
		return explanation, fmt.Errorf("explaining %s: %w", c.subject, errors.Join(recorded, err))
	case err != nil:
		return explanation, fmt.Errorf("explaining %s: %s; %w", c.subject, whyNoDecision(record), err)
	}
	return explanation, nil
}

// predictNow decides about the pod as it is. It fails where it is not pending.
func (c *explainCommand) predictNow(ctx context.Context) (*render.Prediction, error) {
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
	case pod.Spec.NodeName != "":
		return nil, fmt.Errorf("the pod is on node %s", pod.Spec.NodeName)
	case pod.DeletionTimestamp != nil:
		return nil, errors.New("the pod is being deleted")
	case pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded:
		return nil, errors.New("the pod has ended")
	}
	listed, err := c.list(ctx, reader)
	if err != nil {
		return nil, err
	}
	return c.predict(listed, pod)
}

func decisionsOf(record evidence.Record) []framework.Decision {
	var decisions []framework.Decision
	for _, entry := range record.Entries {
		if entry.Decision != nil {
			decisions = append(decisions, *entry.Decision)
		}
	}
	return decisions
}

// whyNoDecision says why the record holds no decision of the scheduler.
func whyNoDecision(record evidence.Record) string {
	for _, state := range record.Sources {
		if state.Source == evidence.SourceDecision && !state.Available {
			return "the scheduler's decisions are not available: " + state.Reason
		}
	}
	return "the scheduler has not decided about it: it was bound by somebody else, or another scheduler is to bind it"
}
