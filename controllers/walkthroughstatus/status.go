// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package walkthroughstatus

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
)

// The limits are those of the schema, see api/v1alpha1.
const (
	maxSteps      = 32
	maxEvidence   = 32
	maxDetails    = 64
	maxGroups     = 32
	maxTracker    = 16
	maxKeyMoments = 16
	maxSources    = 16
)

// reset removes what was recorded of a subject and keeps the conditions.
func reset(status *v1alpha1.WalkthroughStatus) {
	*status = v1alpha1.WalkthroughStatus{ObservedGeneration: status.ObservedGeneration, Conditions: status.Conditions}
}

// fill copies the explanation into the status and cuts what the schema has no
// room for. Where evidence is cut the step's last detail says how much; the whole
// is served by the observer.
func fill(status *v1alpha1.WalkthroughStatus, trace explain.Trace) {
	status.Subject = &v1alpha1.SubjectReference{Kind: "SimPod", Name: trace.Subject.Name, UID: string(trace.Subject.UID)}
	status.Outcome = string(trace.Outcome)
	status.Steps = head(trace.Steps, maxSteps)
	for i := range status.Steps {
		status.Steps[i].Evidence = cutEvidence(status.Steps[i].Evidence)
	}
	status.Tracker = head(trace.Tracker, maxTracker)
	status.KeyMoments = head(trace.KeyMoments, maxKeyMoments)
	status.Sources = head(trace.Sources, maxSources)
}

// head copies up to n elements, so that the trace is not changed.
func head[T any](list []T, n int) []T {
	return append([]T(nil), list[:min(len(list), n)]...)
}

func cutEvidence(list []v1alpha1.Evidence) []v1alpha1.Evidence {
	out := head(list, maxEvidence)
	for i := range out {
		out[i].Groups = cutTexts(out[i].Groups, maxGroups)
		out[i].Details = cutTexts(out[i].Details, maxDetails)
	}
	if omitted := len(list) - len(out); omitted > 0 {
		last := &out[len(out)-1]
		last.Details = append(head(last.Details, maxDetails-1),
			fmt.Sprintf("%d more traces of this step are left out; the observer has them", omitted))
	}
	return out
}

// cutTexts keeps up to n texts, of which the last one says how many are missing.
func cutTexts(texts []string, n int) []string {
	if len(texts) <= n {
		return texts
	}
	return append(head(texts, n-1), fmt.Sprintf("… and %d more", len(texts)-n+1))
}

// judge says whether the request is finished. An explanation can be complete
// while the request is not: a pod that no node fits waits until a node does.
func judge(walkthrough *v1alpha1.Walkthrough, trace explain.Trace) (value metav1.ConditionStatus, reason, message string) {
	message = fmt.Sprintf("%s: %s", trace.Outcome, trace.Reason)
	if trace.Reason == "" {
		message = string(trace.Outcome)
	}
	switch trace.Outcome {
	case explain.OutcomeRunning, explain.OutcomeSucceeded, explain.OutcomeFailed, explain.OutcomeDeleted:
		return metav1.ConditionTrue, v1alpha1.ReasonRequestFinished, message
	case explain.OutcomeUnauthenticated, explain.OutcomeForbidden, explain.OutcomeRejected, explain.OutcomeAlreadyExists, explain.OutcomeError:
		// A template's create is tried again; a request of somebody else is over.
		if walkthrough.Spec.Template != nil {
			return metav1.ConditionFalse, v1alpha1.ReasonSubjectRejected, message
		}
		return metav1.ConditionTrue, v1alpha1.ReasonRequestFinished, message
	}
	return metav1.ConditionFalse, v1alpha1.ReasonRequestInProgress, message
}

func setComplete(walkthrough *v1alpha1.Walkthrough, status *v1alpha1.WalkthroughStatus, value metav1.ConditionStatus, reason, message string) {
	const maxMessage = 32768 // metav1.Condition's
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: v1alpha1.WalkthroughComplete, Status: value, Reason: reason,
		Message: message[:min(len(message), maxMessage)], ObservedGeneration: walkthrough.Generation,
	})
}
