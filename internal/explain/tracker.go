// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// Moments of the tracker.
const (
	MomentStart      = "Start"
	MomentAfterStep2 = "AfterStep2"
	MomentAfterStep4 = "AfterStep4"
	MomentAfterStep6 = "AfterStep6"
	MomentFinal      = "Final"
)

// tracker says what was true at each moment. The cluster's state is what was
// stored at the revision that is named.
func tracker(tale *story.Story) []v1alpha1.TrackerMoment {
	if !tale.OfLife() {
		return trackRequest(tale)
	}
	return []v1alpha1.TrackerMoment{atStart(tale), afterStep2(tale), afterStep4(tale), afterStep6(tale), atEnd(tale)}
}

func atStart(tale *story.Story) v1alpha1.TrackerMoment {
	return v1alpha1.TrackerMoment{Moment: MomentStart, RequestState: "not yet received", ClusterState: startState(tale)}
}

// startState proves that nothing was stored before the request: by a read, or by
// the version that etcd counts for the key.
func startState(tale *story.Story) string {
	for _, e := range tale.Absent {
		if tale.First != nil && e.Etcd.ReadRevision < tale.First.Number || tale.Asked != nil && e.Time.Before(tale.Asked.ReceivedAt) {
			return fmt.Sprintf("nothing in etcd: a read at revision %d found no key", e.Etcd.ReadRevision)
		}
	}
	switch {
	case tale.Outcome == story.AlreadyExists && tale.Holder() != nil:
		return "another object under the same key, " + stateText(tale, tale.Holder())
	case tale.First != nil && tale.First.Etcd != nil && tale.First.Etcd.Etcd.Version == 1:
		return fmt.Sprintf("nothing in etcd: version 1 of the key is revision %d, so there was no key at revision %d",
			tale.First.Number, tale.First.Number-1)
	}
	if e := tale.LastAbsent(); e != nil && tale.First == nil && len(tale.Others) == 0 {
		return fmt.Sprintf("nothing in etcd: a read at revision %d, after the request, found no key, and no revision of it is recorded", e.Etcd.ReadRevision)
	}
	return tale.Missing(evidence.SourceEtcd, "read from before the request")
}

func afterStep2(tale *story.Story) v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentAfterStep2}
	switch {
	case tale.Refused:
		m.RequestState = fmt.Sprintf("refused with %d: %s", tale.Asked.Code, tale.Outcome)
		m.ClusterState = refusedState(tale)
	case tale.First != nil:
		m.RequestState = "admitted, and written by step 3 as " + tale.Word(tale.First.State)
		m.ClusterState, m.Revision = stateText(tale, tale.First), tale.First.Number
	case tale.DryRun:
		m.RequestState, m.ClusterState = "admitted as a dry run", refusedState(tale)
	case tale.Stored():
		m.RequestState = "admitted"
		m.ClusterState = tale.Missing(evidence.SourceEtcd, "first revision of the key")
	default:
		m.RequestState, m.ClusterState = "not known", tale.Missing(evidence.SourceAudit, "answer to the request")
	}
	return m
}

// refusedState is what etcd held after a refused request.
func refusedState(tale *story.Story) string {
	if tale.Outcome == story.AlreadyExists && tale.Holder() != nil {
		return "unchanged by this request: another object, " + stateText(tale, tale.Holder())
	}
	if e := tale.LastAbsent(); e != nil {
		return fmt.Sprintf("nothing in etcd: a read at revision %d found no key", e.Etcd.ReadRevision)
	}
	return tale.Missing(evidence.SourceEtcd, "read of the key")
}

func afterStep4(tale *story.Story) v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentAfterStep4}
	switch {
	case tale.Refused:
		m.RequestState, m.ClusterState = "step 4 did not happen: the request was refused", refusedState(tale)
	case tale.DryRun:
		m.RequestState, m.ClusterState = "step 4 did not happen: the request was a dry run", refusedState(tale)
	case tale.Bind != nil:
		m.RequestState = "Scheduled: assigned to " + tale.Bind.State.Node
		m.ClusterState, m.Revision = stateText(tale, tale.Bind), tale.Bind.Number
	case tale.Last() == nil:
		m.RequestState, m.ClusterState = "not known", tale.Missing(evidence.SourceEtcd, "revision of the key")
	case tale.BoundUnseen():
		m.RequestState = "Scheduled: assigned to " + tale.NodeName()
		m.ClusterState = tale.Missing(evidence.SourceEtcd, "revision of the bind")
	case tale.Scheduling():
		m.RequestState = "not assigned to a node: " + string(unboundOutcome(tale))
		r := tale.First
		if writes := tale.SchedulerWrites(); len(writes) > 0 {
			r = writes[len(writes)-1]
		}
		m.ClusterState, m.Revision = textOf(tale, r)
	default:
		m.RequestState = "step 4 did not happen"
		m.ClusterState, m.Revision = textOf(tale, tale.First)
	}
	return m
}

// unboundOutcome is the outcome without what came after the wait for a node.
func unboundOutcome(tale *story.Story) Outcome {
	if tale.Outcome == story.Deleted || tale.Outcome == story.Terminating {
		if d := tale.Decided(); d != nil && d.Message != "" {
			return story.Unschedulable
		}
		if _, c := tale.Unscheduled(); c != nil {
			return Outcome(c.Reason)
		}
		return story.Pending
	}
	return tale.Outcome
}

func afterStep6(tale *story.Story) v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentAfterStep6}
	if tale.Refused || tale.DryRun {
		m.RequestState, m.ClusterState = "step 6 did not happen: nothing was stored for the request", refusedState(tale)
		return m
	}
	r := tale.Kept()
	m.RequestState = stateAfterStep6(tale)
	m.ClusterState, m.Revision = textOf(tale, r)
	return m
}

// stateAfterStep6 is the state of the request once etcd kept its result.
func stateAfterStep6(tale *story.Story) string {
	r := tale.Kept()
	switch {
	case r == nil:
		return "not known"
	case tale.Confirm == nil && !r.State.Removed && r.State.Node == "":
		return string(tale.Outcome)
	}
	return tale.Word(r.State)
}

func atEnd(tale *story.Story) v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentFinal, RequestState: string(tale.Outcome)}
	if tale.Complete {
		m.RequestState += ", complete"
	}
	if tale.Refused || tale.DryRun {
		m.ClusterState = refusedState(tale)
		return m
	}
	m.ClusterState, m.Revision = textOf(tale, tale.Last())
	return m
}

func textOf(tale *story.Story, r *timeline.Revision) (string, int64) {
	if r == nil {
		return tale.Missing(evidence.SourceEtcd, "revision of the key"), 0
	}
	return stateText(tale, r), r.Number
}

// stateText is the state that a source stored or delivered, and which one.
func stateText(tale *story.Story, r *timeline.Revision) string {
	if r.State.Removed {
		return fmt.Sprintf("not in etcd: revision %d removed the key", r.Number)
	}
	detail := stateDetail(tale, r.State)
	switch {
	case r.From == evidence.SourceEtcd:
		return fmt.Sprintf("%s in etcd at revision %d (%s, %d bytes)", tale.Word(r.State), r.Number, detail, r.Etcd.Etcd.Bytes)
	case r.Etcd != nil:
		return fmt.Sprintf("%s in etcd at revision %d (%d bytes; %s by source %s, the value in etcd cannot be shown: %s)", tale.Word(r.State),
			r.Number, r.Etcd.Etcd.Bytes, detail, otherSource(r), prose.OrNone(r.Etcd.Etcd.Unavailable))
	}
	return fmt.Sprintf("%s at revision %d (%s; by source %s, etcd itself has no entry of it)", tale.Word(r.State), r.Number, detail, otherSource(r))
}

// stateDetail are the fields of a state that people ask for.
func stateDetail(tale *story.Story, now timeline.State) string {
	detail := fmt.Sprintf("phase %s, nodeName %s%s", prose.OrNone(now.Phase), prose.OrNone(now.Node), story.RestartCount(now))
	if tale.Resource.Role == followed.Set {
		detail = tale.StatusText(now)
	}
	if now.Marked {
		detail += ", deletionTimestamp set"
	}
	return detail + story.WaitingText(now)
}

// otherSource is where the state is known from when it is not etcd's value.
func otherSource(r *timeline.Revision) evidence.Source {
	switch {
	case r.From != "":
		return r.From
	case r.Transition != nil:
		return evidence.SourceTransition
	case r.Decision != nil:
		return evidence.SourceDecision
	}
	return "none, as before"
}
