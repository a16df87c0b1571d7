// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// explainReal explains a real pod, of a cluster or of a file, by a decision on what
// is listed now: of the attempts of its scheduler there is no record.
func (c *explainCommand) explainReal(ctx context.Context) (explanation.Explanation, error) {
	source, err := c.clients.realSource(c.from)
	if err != nil {
		return explanation.Explanation{}, err
	}
	pod, err := source.pod(ctx, c.subject.namespace, c.subject.name)
	if err != nil {
		return explanation.Explanation{}, err
	}
	e := explanation.Explanation{Pod: pod.Namespace + "/" + pod.Name, Real: true, State: explanation.RealStateOf(pod)}
	if e.State != nil && e.State.Outcome != explain.OutcomeRunning {
		return e, nil
	}
	listed, err := source.list(ctx, pod.Namespace)
	if err != nil {
		return e, err
	}
	return c.decideReal(e, listed, pod)
}

// decideReal adds what would be decided about a pod, as if it were not there.
func (c *explainCommand) decideReal(e explanation.Explanation, listed whatif.Listing, pod *corev1.Pod) (explanation.Explanation, error) {
	profile, missing, err := realProfile(c.schedulerConfig, pod)
	if err != nil {
		return e, err
	}
	listed.Objects.Pods = slices.DeleteFunc(slices.Clone(listed.Objects.Pods), func(p *corev1.Pod) bool {
		return p.Namespace == pod.Namespace && p.Name == pod.Name
	})
	asked := *pod
	asked.Spec.NodeName = ""
	what, err := whatif.NewCluster(listed.Objects).Case(&asked, profile)
	if err != nil {
		return e, fmt.Errorf("spec.priorityClassName: %w, so that the API server would refuse the pod: create the class, or name another", err)
	}
	what.Owner = listed.ControllerOf(pod)
	e.Prediction = c.predictCase(listed, what)
	e.Priority = explanation.RealPriorityOf(pod, e.Prediction.Decision.Priority)
	e.NotEvaluated = slices.Concat(missing, explanation.NotEvaluatedFor(pod, profile, listed.Lists))
	if e.State == nil {
		e.Report = explanation.ReportOf(pod, e.Prediction.Decision.Decision)
	}
	e.Notes = append(e.Notes, "What the kubelet itself checks once a pod has its node is no part of this.")
	return e, nil
}
