// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// Outcome is what became of a request so far.
type Outcome string

const (
	// Unknown surfaces when nothing of the request is recorded.
	Unknown Outcome = "Unknown"
	// Pending surfaces while the pod is stored and waits for the scheduler.
	Pending Outcome = "Pending"
	// Unschedulable surfaces while no node passes every filter.
	Unschedulable Outcome = "Unschedulable"
	// SchedulingGated surfaces while spec.schedulingGates holds the pod back.
	SchedulingGated Outcome = "SchedulingGated"
	// Scheduled surfaces while the pod is bound but not yet reported as running.
	Scheduled Outcome = "Scheduled"
	// Running surfaces while the pod's phase is Running.
	Running Outcome = "Running"
	// Succeeded surfaces when every container has ended successfully, or a job is complete.
	Succeeded Outcome = "Succeeded"
	// Failed surfaces when the pod has ended and a container failed, or a job has failed.
	Failed Outcome = "Failed"
	// Stored surfaces while an object that is no pod exists.
	Stored Outcome = "Stored"
	// Terminating surfaces while the object is marked for deletion but still stored.
	Terminating Outcome = "Terminating"
	// Deleted surfaces when the key is gone from etcd.
	Deleted Outcome = "Deleted"
	// Unauthenticated surfaces when the API server did not know the user (401).
	Unauthenticated Outcome = "Unauthenticated"
	// Forbidden surfaces when authorization refused the request (403).
	Forbidden Outcome = "Forbidden"
	// Rejected surfaces when decoding, admission or validation refused the
	// request (400, 403 after authorization allowed it, 409 for a conflict, 422, …).
	Rejected Outcome = "Rejected"
	// AlreadyExists surfaces when another object has the name already (409).
	AlreadyExists Outcome = "AlreadyExists"
	// DryRun surfaces when the request was admitted, but asked for nothing to be stored.
	DryRun Outcome = "DryRun"
	// Error surfaces when the API server could not carry out the request (5xx).
	Error Outcome = "Error"
	// Answered surfaces when a request that reads was answered, or its watch is open.
	Answered Outcome = "Answered"
	// Changed surfaces when a request that is no create made a revision.
	Changed Outcome = "Changed"
	// Unchanged surfaces when a write was carried out that changed nothing: it
	// made no revision.
	Unchanged Outcome = "Unchanged"
	// CarriedOut surfaces when a write was answered with success and no source
	// says which revisions it made.
	CarriedOut Outcome = "CarriedOut"
)

// Annotations that the API server adds to audit events
// (k8s.io/apiserver/pkg/endpoints/filters/authorization.go).
const (
	AnnotationDecision = "authorization.k8s.io/decision"
	AnnotationReason   = "authorization.k8s.io/reason"
)

// judge derives the outcome from the answer and the last state that is known.
func (s *Story) judge() {
	switch {
	case s.Refused:
		s.judgeRefusal()
	case s.DryRun:
		s.Outcome, s.Reason = DryRun, "the request was a dry run: it was admitted and nothing was stored"
	case !s.OfLife():
		s.judgeRequest()
	case s.Last() == nil && s.Decided() == nil && (s.Asked == nil || !s.Asked.Succeeded()):
		s.Outcome, s.Reason = Unknown, s.Missing(evidence.SourceAudit, "answered request that creates the object")
	default:
		s.judgeState()
	}
}

func (s *Story) judgeRefusal() {
	r := s.Asked
	s.Reason = prose.Clip(cmp.Or(r.Message, r.Reason), prose.MaxEffect)
	switch {
	case r.Code == 401:
		s.Outcome = Unauthenticated
	case r.Code == 403 && deniedByAuthorization(r):
		s.Outcome = Forbidden
	case r.Code == 409 && s.Kind == Create && r.Reason != "Conflict":
		s.Outcome = AlreadyExists
	case r.Code >= 500:
		s.Outcome = Error
	default:
		s.Outcome = Rejected
	}
	if s.Stopped() {
		s.Reason += fmt.Sprintf("; %s had been ended before that, and stay so", s.members(len(s.Children)))
	}
}

// deniedByAuthorization tells a 403 of authorization from one of admission.
// Without the annotation the words of the authorization filter tell.
func deniedByAuthorization(r *assemble.Request) bool {
	if decision := r.Annotations[AnnotationDecision]; decision != "" {
		return decision == "forbid"
	}
	return strings.Contains(r.Message, "User \"") && strings.Contains(r.Message, " cannot ")
}

// judgeRequest judges a request that is no create and was carried out.
func (s *Story) judgeRequest() {
	r := s.Asked
	switch {
	case !r.Answered:
		s.Outcome, s.Reason = Unknown, s.Missing(evidence.SourceAudit, "answer to the request")
	case s.Kind.Reads():
		s.Outcome, s.Reason = Answered, fmt.Sprintf("the %s was answered with %d and changed nothing", r.Verb, r.Code)
		if r.Open() {
			s.Reason = fmt.Sprintf("the watch was answered with %d and is still open; it changes nothing", r.Code)
		}
		s.Reason += prose.Prefixed("; ", ReadsText(r))
	case s.Kind.Ends():
		s.judgeEnd()
	case len(s.Made) > 0:
		made := s.Made[len(s.Made)-1]
		s.Outcome, s.Reason = Changed, fmt.Sprintf("revision %d %s", made.Number, s.Deed(made))
		if made.State.Removed {
			s.Outcome = Deleted
		}
	case r.ResponseRevision > 0:
		s.Outcome = Unchanged
		s.Reason = fmt.Sprintf("the request changed nothing, so no revision was written: the answer is the object at revision %d, as it was", r.ResponseRevision)
	default:
		s.Outcome, s.Reason = CarriedOut, "the request was carried out; not available: the revision that it made, because no source joins one with it"
	}
}

// ReadsText says of a read that equal ones came before it how many and since when;
// empty where none did.
func ReadsText(r *assemble.Request) string {
	reads := r.Audit.Reads
	if reads == nil || reads.Count < 2 {
		return ""
	}
	return fmt.Sprintf("the same client read it %d times between %s and %s, with the same answer",
		reads.Count, prose.Clock(reads.First), prose.Clock(r.StageAt))
}

// judgeEnd judges a request that was to end the object.
func (s *Story) judgeEnd() {
	last := s.Last()
	switch {
	case s.OfCollection():
		s.judgeCollection()
	case len(s.Made) == 0 && last != nil && s.Mark != nil && s.Asked.ResponseRevision > 0:
		s.Outcome = Unchanged
		s.Reason = fmt.Sprintf("the object was marked for deletion before, by revision %d, so the request changed nothing", s.Mark.Number)
	case len(s.Made) == 0:
		s.Outcome, s.Reason = CarriedOut, "the request was carried out; not available: which revisions it made, because no source joins one with it"
	case last.State.Removed:
		s.Outcome, s.Reason = Deleted, s.goneReason()
	case last.State.Marked:
		s.Outcome, s.Reason = Terminating, s.leavingReason()
	default:
		s.Outcome, s.Reason = Changed, fmt.Sprintf("revision %d %s", s.Made[0].Number, s.Deed(s.Made[0]))
	}
}

func (s *Story) judgeState() {
	now := s.Now()
	last := s.Last()
	switch {
	case last == nil && s.Decided() == nil && s.removedByAudit() == nil:
		s.Outcome, s.Reason = Unknown, "stored; not available: what came after, because no source has a revision of the object"
	case now.Removed:
		s.Outcome, s.Reason = Deleted, s.goneReason()
	case s.removedByAudit() != nil:
		gone := s.removedByAudit()
		s.Outcome = Deleted
		s.Reason = fmt.Sprintf("a %s request by %s was answered with %d", gone.Verb, gone.Actor(), gone.Code)
	case now.Marked:
		s.Outcome, s.Reason = Terminating, s.leavingReason()
	case s.Resource.Role == followed.Set:
		s.Outcome, s.Reason = setOutcome(now), s.countsReason(now)
	case now.Phase == "Succeeded" || now.Phase == "Failed":
		s.Outcome, s.Reason = Outcome(now.Phase), endReason(now)
	case now.Phase == "Running":
		s.Outcome, s.Reason = Running, runReason(now)
	case now.Node != "":
		s.Outcome, s.Reason = Scheduled, "bound to "+now.Node+", not yet reported as running"+waitingReason(now)+startGateReason(now)
	default:
		s.judgeUnbound(now)
	}
}

// setOutcome is how a set ended that comes to an end; one that does not stays stored.
func setOutcome(now timeline.State) Outcome {
	switch {
	case now.Object == nil:
		return Stored
	case now.Object.Holds("Complete"):
		return Succeeded
	case now.Object.Holds("Failed"):
		return Failed
	}
	return Stored
}

// countsReason says how much a set wants and has of what it counts.
func (s *Story) countsReason(now timeline.State) string {
	switch s.Resource.Counts {
	case followed.Nodes:
		return nodesReason(now)
	case followed.Completions:
		return completionsReason(now)
	}
	return replicasReason(now)
}

// completionsReason says how many objects have succeeded of those that must, and
// why the rest will not.
func completionsReason(now timeline.State) string {
	o := now.Object
	switch {
	case o == nil:
		return "stored; not available: how many completions it has, because its state was not kept"
	case o.Status.ObservedGeneration == 0:
		return "its controller has not reported yet on its completions"
	}
	reason := fmt.Sprintf("completions: %s, %d active, %d failed", prose.OrNone(o.Status.Progress), o.Status.Active, o.Status.Failed)
	if c := o.Condition("Failed"); o.Holds("Failed") {
		reason += "; failed with " + prose.OrNone(c.Reason) + prose.Prefixed(": ", prose.Clip(c.Message, prose.MaxLine))
	}
	if o.Holds("Suspended") {
		reason += "; suspended"
	}
	return reason
}

// nodesReason says how many nodes should have an object and have one.
func nodesReason(now timeline.State) string {
	o := now.Object
	switch {
	case o == nil:
		return "stored; not available: how many nodes it is for, because its state was not kept"
	case o.Status.ObservedGeneration == 0:
		return "its controller has not reported yet for how many nodes it is"
	}
	return fmt.Sprintf("nodes: %d should have one, %d have one, %d ready", o.Status.DesiredNumberScheduled, o.Status.CurrentNumberScheduled, o.Status.NumberReady)
}

// replicasReason says how many objects a set wants and has.
func replicasReason(now timeline.State) string {
	o := now.Object
	if o == nil || o.Spec.Replicas == nil {
		return "stored; not available: how many replicas it has, because its state was not kept"
	}
	if o.Status.Replicas == nil {
		return fmt.Sprintf("replicas: %d wanted; its controller has not reported on it yet", *o.Spec.Replicas)
	}
	return fmt.Sprintf("replicas: %d wanted, %d existing, %d ready", *o.Spec.Replicas, *o.Status.Replicas, o.Status.ReadyReplicas)
}

func endReason(now timeline.State) string {
	ended := "the pod ended on " + now.Node
	if now.Object == nil {
		return ended
	}
	return cmp.Or(prose.Clip(now.Object.Status.Message, prose.MaxLine), now.Object.Status.Reason,
		prose.Prefixed(ended+": ", now.Object.Failure()), ended)
}

// waitingReason says which container is held up and by what; empty for none.
func waitingReason(now timeline.State) string {
	if now.Object == nil {
		return ""
	}
	c := now.Object.Waiting()
	if c == nil {
		return ""
	}
	return fmt.Sprintf("; container %s waits: %s%s", c.Name, c.State.Waiting.Reason, prose.Prefixed(": ", prose.Clip(c.State.Waiting.Message, prose.MaxLine)))
}

func runReason(now timeline.State) string {
	reason := "runs on " + now.Node
	if now.Restarts > 0 {
		reason += ", containers restarted " + prose.Count(int(now.Restarts), "time")
	}
	if now.Object != nil && now.Object.Summary() != "" && now.Object.Summary() != now.Phase {
		reason += ", now " + now.Object.Summary()
	}
	return reason
}

func (s *Story) judgeUnbound(now timeline.State) {
	scheduled := ScheduledCondition(now)
	last := s.Decided()
	switch {
	case now.Gated || scheduled != nil && scheduled.Reason == "SchedulingGated":
		s.Outcome, s.Reason = SchedulingGated, "spec.schedulingGates: "+gates(now)
		if scheduled != nil && scheduled.Message != "" {
			s.Reason = prose.Clip(scheduled.Message, prose.MaxLine)
		}
	case scheduled != nil && scheduled.Status == "False" && scheduled.Reason == "Unschedulable":
		s.Outcome, s.Reason = Unschedulable, prose.Clip(scheduled.Message, prose.MaxLine)
	case last != nil && last.Node == "" && last.Message != "":
		s.Outcome, s.Reason = Unschedulable, prose.Clip(last.Message, prose.MaxLine)
	case last != nil && last.Bind != nil && last.Bind.Error != "":
		s.Outcome, s.Reason = Pending, "the bind was refused: "+prose.Clip(last.Bind.Error, prose.MaxLine)
	default:
		s.Outcome, s.Reason = Pending, "stored, and no scheduler has decided on it yet"
	}
}

// removedByAudit is the request whose answer shows that the object is gone: a
// delete that was answered with a Status in place of an object. It counts only
// where neither etcd nor a watch can say so.
func (s *Story) removedByAudit() *assemble.Request {
	if s.Available(evidence.SourceEtcd) || s.Available(evidence.SourceWatch) {
		return nil
	}
	for _, r := range s.Writes() {
		if o := timeline.Decode(r.ResponseObject); r.Verb == "delete" && o != nil && o.IsStatus() {
			return r
		}
	}
	return nil
}

// ended reports whether the request has come to its end, or does not go on
// unless the cluster or the object changes.
func (s *Story) ended() bool {
	switch s.Outcome {
	case Unknown, Pending, Scheduled, Terminating:
		return false
	case Unschedulable:
		d := s.Decided()
		return d == nil || d.NominatedNode == ""
	case Answered:
		return !s.Asked.Open()
	}
	return true
}
