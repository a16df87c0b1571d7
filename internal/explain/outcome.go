// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Annotations that the API server adds to audit events
// (k8s.io/apiserver/pkg/endpoints/filters/authorization.go).
const (
	annotationDecision = "authorization.k8s.io/decision"
	annotationReason   = "authorization.k8s.io/reason"
)

// judge derives the outcome from the last state that is known.
func (f *facts) judge() {
	switch {
	case f.refused:
		f.judgeRefusal()
	case f.dryRun:
		f.outcome, f.reason = OutcomeDryRun, "the request was a dry run: it was admitted and nothing was stored"
	case f.last == nil && f.decided() == nil && (f.create == nil || !f.create.Succeeded()):
		f.outcome, f.reason = OutcomeUnknown, f.missing(evidence.SourceAudit, "answered request that creates the object")
	default:
		f.judgeState()
	}
	f.complete = f.ended()
}

func (f *facts) judgeRefusal() {
	r := f.create
	f.reason = clip(cmp.Or(r.Message, r.Reason), maxLine)
	switch {
	case r.Code == 401:
		f.outcome = OutcomeUnauthenticated
	case r.Code == 403 && deniedByAuthorization(r):
		f.outcome = OutcomeForbidden
	case r.Code == 409 && r.Creates() && r.Reason != "Conflict":
		f.outcome = OutcomeAlreadyExists
	case r.Code >= 500:
		f.outcome = OutcomeError
	default:
		f.outcome = OutcomeRejected
	}
}

// deniedByAuthorization tells a 403 of authorization from one of admission.
// Without the annotation the words of the authorization filter tell.
func deniedByAuthorization(r *assemble.Request) bool {
	if decision := r.Annotations[annotationDecision]; decision != "" {
		return decision == "forbid"
	}
	return strings.Contains(r.Message, "User \"") && strings.Contains(r.Message, " cannot ")
}

func (f *facts) judgeState() {
	s := f.now()
	switch {
	case f.last == nil && f.decided() == nil && f.removedByAudit() == nil:
		f.outcome, f.reason = OutcomeUnknown, "stored; not available: what came after, because no source has a revision of the object"
	case s.removed:
		f.outcome, f.reason = OutcomeDeleted, "the key is gone from etcd"
	case f.removedByAudit() != nil:
		f.outcome, f.reason = OutcomeDeleted, "a delete request was answered with "+fmt.Sprint(f.removedByAudit().Code)
	case s.marked:
		f.outcome, f.reason = OutcomeTerminating, f.endingReason(s)
	case s.phase == "Succeeded" || s.phase == "Failed":
		f.outcome, f.reason = Outcome(s.phase), endReason(s)
	case s.phase == "Running":
		f.outcome, f.reason = OutcomeRunning, runReason(s)
	case s.node != "":
		f.outcome, f.reason = OutcomeScheduled, "bound to "+s.node+", not yet reported as running"+waitingReason(s)
	default:
		f.judgeUnbound(s)
	}
}

func endReason(s state) string {
	ended := "the pod ended on " + s.node
	if s.object == nil {
		return ended
	}
	return cmp.Or(clip(s.object.Status.Message, maxLine), s.object.Status.Reason, prefixed(ended+": ", s.object.failure()), ended)
}

// endingReason says what keeps a pod that is marked for deletion.
func (f *facts) endingReason(s state) string {
	if f.rules.Graceful && s.object != nil && len(s.object.Metadata.Finalizers) == 0 {
		return "the pod is marked for deletion; it is kept while the " + strings.ToLower(f.rules.Runner) + " stops its containers"
	}
	return "the pod is marked for deletion and keeps its finalizers"
}

// waitingReason says which container is held up and by what; empty for none.
func waitingReason(s state) string {
	if s.object == nil {
		return ""
	}
	c := s.object.waiting()
	if c == nil {
		return ""
	}
	return fmt.Sprintf("; container %s waits: %s%s", c.Name, c.State.Waiting.Reason, prefixed(": ", clip(c.State.Waiting.Message, maxLine)))
}

func runReason(s state) string {
	reason := "runs on " + s.node
	if s.restarts > 0 {
		reason += ", containers restarted " + count(int(s.restarts), "time")
	}
	if s.object != nil && s.object.summary() != "" && s.object.summary() != s.phase {
		reason += ", now " + s.object.summary()
	}
	return reason
}

func (f *facts) judgeUnbound(s state) {
	scheduled := scheduledCondition(s)
	last := f.decided()
	switch {
	case s.gated || scheduled != nil && scheduled.Reason == "SchedulingGated":
		f.outcome, f.reason = OutcomeSchedulingGated, "spec.schedulingGates: "+gates(s)
		if scheduled != nil && scheduled.Message != "" {
			f.reason = clip(scheduled.Message, maxLine)
		}
	case scheduled != nil && scheduled.Status == "False" && scheduled.Reason == "Unschedulable":
		f.outcome, f.reason = OutcomeUnschedulable, clip(scheduled.Message, maxLine)
	case last != nil && last.Node == "" && last.Message != "":
		f.outcome, f.reason = OutcomeUnschedulable, clip(last.Message, maxLine)
	case last != nil && last.Bind != nil && last.Bind.Error != "":
		f.outcome, f.reason = OutcomePending, "the bind was refused: "+clip(last.Bind.Error, maxLine)
	default:
		f.outcome, f.reason = OutcomePending, "stored, and no scheduler has decided on it yet"
	}
}

func scheduledCondition(s state) *condition {
	if s.object == nil {
		return nil
	}
	return s.object.condition("PodScheduled")
}

func gates(s state) string {
	var names []string
	if s.object != nil {
		for _, g := range s.object.Spec.SchedulingGates {
			names = append(names, g.Name)
		}
	}
	return clip(cmp.Or(strings.Join(names, ", "), "not recorded"), maxLine)
}

// now is the last state that is known.
func (f *facts) now() state {
	if f.last == nil {
		return state{}
	}
	return f.last.state
}

// decided is the attempt that the bind followed from or, where there was none,
// the last one.
func (f *facts) decided() *framework.Decision {
	if e := f.decidedEntry(); e != nil {
		return e.Decision
	}
	return nil
}

func (f *facts) decidedEntry() *evidence.Entry {
	if f.bind != nil && f.bind.decision != nil {
		return f.bind.decision
	}
	for _, e := range slices.Backward(f.decisions) {
		if b := e.Decision.Bind; b != nil && b.Error == "" && f.bind != nil {
			return e
		}
	}
	if len(f.decisions) == 0 {
		return nil
	}
	return f.decisions[len(f.decisions)-1]
}

// removedByAudit is the delete request that was answered with a Status in place
// of an object: the object is gone. It counts only where neither etcd nor a
// watch can say so.
func (f *facts) removedByAudit() *assemble.Request {
	if f.available(evidence.SourceEtcd) || f.available(evidence.SourceWatch) {
		return nil
	}
	for _, r := range f.writes() {
		if o := decode(r.ResponseObject); r.Verb == "delete" && o != nil && o.isStatus() {
			return r
		}
	}
	return nil
}

func (f *facts) available(s evidence.Source) bool {
	state, named := f.source(s)
	return named && state.Available
}

// ended reports whether the request has come to its end, or does not go on
// unless the cluster or the pod changes.
func (f *facts) ended() bool {
	switch f.outcome {
	case OutcomeUnknown, OutcomePending, OutcomeScheduled, OutcomeTerminating:
		return false
	case OutcomeUnschedulable:
		d := f.decided()
		return d == nil || d.NominatedNode == ""
	}
	return true
}
