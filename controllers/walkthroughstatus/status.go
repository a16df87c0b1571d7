// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package walkthroughstatus

import (
	"fmt"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
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

	// In characters: of a word such as a verb, of a line, and of a longer text.
	maxWord = 64
	maxLine = 1024
	maxText = 4096
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
		s := &status.Steps[i]
		cut(maxLine, &s.Action)
		cut(maxText, &s.Input, &s.Effect)
		s.Evidence = cutEvidence(s.Evidence)
	}
	status.Tracker = head(trace.Tracker, maxTracker)
	for i := range status.Tracker {
		cut(maxLine, &status.Tracker[i].RequestState)
		cut(maxText, &status.Tracker[i].ClusterState)
	}
	status.KeyMoments = head(trace.KeyMoments, maxKeyMoments)
	for i := range status.KeyMoments {
		cut(maxLine, &status.KeyMoments[i].Title)
		cut(maxText, &status.KeyMoments[i].Explanation)
	}
	status.Sources = head(trace.Sources, maxSources)
	for i := range status.Sources {
		cut(maxLine, &status.Sources[i].Reason)
	}
}

// cut shortens the texts to so many characters, of which the last one says that
// some are missing. What clients send, such as a user agent, can be of any length.
func cut(limit int, texts ...*string) {
	for _, text := range texts {
		if utf8.RuneCountInString(*text) > limit {
			*text = string([]rune(*text)[:limit-1]) + "…"
		}
	}
}

// head copies up to n elements, so that the trace is not changed.
func head[T any](list []T, n int) []T {
	return append([]T(nil), list[:min(len(list), n)]...)
}

func cutEvidence(list []v1alpha1.Evidence) []v1alpha1.Evidence {
	out := head(list, maxEvidence)
	for i := range out {
		e := &out[i]
		cut(maxWord, &e.AuditID, &e.Stage, &e.Verb)
		cut(maxLine, &e.Summary, &e.User, &e.UserAgent, &e.URI, &e.Key)
		e.Groups = cutTexts(e.Groups, maxGroups)
		e.Details = cutTexts(e.Details, maxDetails)
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
	out := head(texts, n)
	if len(texts) > n {
		out[n-1] = fmt.Sprintf("… and %d more", len(texts)-n+1)
	}
	for i := range out {
		cut(maxLine, &out[i])
	}
	return out
}

// judge says whether the request is finished. An explanation can be complete
// while the request is not: a pod that no node fits waits until a node does.
func judge(walkthrough *v1alpha1.Walkthrough, trace explain.Trace) (value metav1.ConditionStatus, reason, message string) {
	message = fmt.Sprintf("%s: %s", trace.Outcome, trace.Reason)
	if trace.Reason == "" {
		message = string(trace.Outcome)
	}
	switch trace.Outcome {
	case explain.OutcomeRunning, explain.OutcomeSucceeded, explain.OutcomeFailed, explain.OutcomeDeleted,
		explain.OutcomeAnswered, explain.OutcomeChanged, explain.OutcomeUnchanged, explain.OutcomeCarriedOut:
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
	conditions.Set(&status.Conditions, metav1.Condition{
		Type: v1alpha1.WalkthroughComplete, Status: value, Reason: reason,
		Message: message, ObservedGeneration: walkthrough.Generation,
	})
}
