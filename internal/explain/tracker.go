// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
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
func (f *facts) tracker() []v1alpha1.TrackerMoment {
	return []v1alpha1.TrackerMoment{f.atStart(), f.afterStep2(), f.afterStep4(), f.afterStep6(), f.atEnd()}
}

func (f *facts) atStart() v1alpha1.TrackerMoment {
	return v1alpha1.TrackerMoment{Moment: MomentStart, RequestState: "not yet received", ClusterState: f.startState()}
}

// startState proves that nothing was stored before the request: by a read, or by
// the version that etcd counts for the key.
func (f *facts) startState() string {
	for _, e := range f.absent {
		if f.first != nil && e.Etcd.ReadRevision < f.first.number || f.create != nil && e.Time.Before(f.create.ReceivedAt) {
			return fmt.Sprintf("nothing in etcd: a read at revision %d found no key", e.Etcd.ReadRevision)
		}
	}
	switch {
	case f.outcome == OutcomeAlreadyExists && f.holder() != nil:
		return "another object under the same key, " + f.holder().stateText()
	case f.first != nil && f.first.etcd != nil && f.first.etcd.Etcd.Version == 1:
		return fmt.Sprintf("nothing in etcd: version 1 of the key is revision %d, so there was no key at revision %d",
			f.first.number, f.first.number-1)
	}
	if e := f.lastAbsent(); e != nil && f.first == nil && len(f.others) == 0 {
		return fmt.Sprintf("nothing in etcd: a read at revision %d, after the request, found no key, and no revision of it is recorded", e.Etcd.ReadRevision)
	}
	return f.missing(evidence.SourceEtcd, "read from before the request")
}

func (f *facts) afterStep2() v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentAfterStep2}
	switch {
	case f.refused:
		m.RequestState = fmt.Sprintf("refused with %d: %s", f.create.Code, f.outcome)
		m.ClusterState = f.refusedState()
	case f.first != nil:
		m.RequestState = "admitted, and written by step 3 as " + f.first.state.word()
		m.ClusterState, m.Revision = f.first.stateText(), f.first.number
	case f.dryRun:
		m.RequestState, m.ClusterState = "admitted as a dry run", f.refusedState()
	case f.stored():
		m.RequestState = "admitted"
		m.ClusterState = f.missing(evidence.SourceEtcd, "first revision of the key")
	default:
		m.RequestState, m.ClusterState = "not known", f.missing(evidence.SourceAudit, "answer to the request")
	}
	return m
}

// refusedState is what etcd held after a refused request.
func (f *facts) refusedState() string {
	if f.outcome == OutcomeAlreadyExists && f.holder() != nil {
		return "unchanged by this request: another object, " + f.holder().stateText()
	}
	if e := f.lastAbsent(); e != nil {
		return fmt.Sprintf("nothing in etcd: a read at revision %d found no key", e.Etcd.ReadRevision)
	}
	return f.missing(evidence.SourceEtcd, "read of the key")
}

func (f *facts) afterStep4() v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentAfterStep4}
	switch {
	case f.refused:
		m.RequestState, m.ClusterState = "step 4 did not happen: the request was refused", f.refusedState()
	case f.dryRun:
		m.RequestState, m.ClusterState = "step 4 did not happen: the request was a dry run", f.refusedState()
	case f.bind != nil:
		m.RequestState = "Scheduled: assigned to " + f.bind.state.node
		m.ClusterState, m.Revision = f.bind.stateText(), f.bind.number
	case f.last == nil:
		m.RequestState, m.ClusterState = "not known", f.missing(evidence.SourceEtcd, "revision of the key")
	case f.boundUnseen():
		m.RequestState = "Scheduled: assigned to " + f.nodeName()
		m.ClusterState = f.missing(evidence.SourceEtcd, "revision of the bind")
	case f.scheduling():
		m.RequestState = "not assigned to a node: " + string(f.unboundOutcome())
		r := f.first
		if writes := f.schedulerWrites(); len(writes) > 0 {
			r = writes[len(writes)-1]
		}
		m.ClusterState, m.Revision = f.textOf(r)
	default:
		m.RequestState = "step 4 did not happen"
		m.ClusterState, m.Revision = f.textOf(f.first)
	}
	return m
}

// unboundOutcome is the outcome without what came after the wait for a node.
func (f *facts) unboundOutcome() Outcome {
	if f.outcome == OutcomeDeleted || f.outcome == OutcomeTerminating {
		if d := f.decided(); d != nil && d.Message != "" {
			return OutcomeUnschedulable
		}
		if _, c := f.unscheduled(); c != nil {
			return Outcome(c.Reason)
		}
		return OutcomePending
	}
	return f.outcome
}

func (f *facts) afterStep6() v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentAfterStep6}
	if f.refused || f.dryRun {
		m.RequestState, m.ClusterState = "step 6 did not happen: nothing was stored for the request", f.refusedState()
		return m
	}
	r := f.kept()
	m.RequestState = f.stateAfterStep6()
	m.ClusterState, m.Revision = f.textOf(r)
	return m
}

// kept is the revision with the state that the request asked for, else the last one.
func (f *facts) kept() *revision {
	if f.confirm != nil {
		return f.confirm
	}
	return f.last
}

// stateAfterStep6 is the state of the request once etcd kept its result.
func (f *facts) stateAfterStep6() string {
	r := f.kept()
	switch {
	case r == nil:
		return "not known"
	case f.confirm == nil && !r.state.removed && r.state.node == "":
		return string(f.outcome)
	}
	return r.state.word()
}

func (f *facts) atEnd() v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: MomentFinal, RequestState: string(f.outcome)}
	if f.complete {
		m.RequestState += ", complete"
	}
	if f.refused || f.dryRun {
		m.ClusterState = f.refusedState()
		return m
	}
	m.ClusterState, m.Revision = f.textOf(f.last)
	return m
}

func (f *facts) textOf(r *revision) (string, int64) {
	if r == nil {
		return f.missing(evidence.SourceEtcd, "revision of the key"), 0
	}
	return r.stateText(), r.number
}

// stateText is the state that a source stored or delivered, and which one.
func (r *revision) stateText() string {
	if r.state.removed {
		return fmt.Sprintf("not in etcd: revision %d removed the key", r.number)
	}
	detail := fmt.Sprintf("phase %s, nodeName %s", orNone(r.state.phase), orNone(r.state.node))
	if r.state.restarts > 0 {
		detail += restartCount(r.state)
	}
	if r.state.marked {
		detail += ", deletionTimestamp set"
	}
	detail += waitingText(r.state)
	switch {
	case r.from == evidence.SourceEtcd:
		return fmt.Sprintf("%s in etcd at revision %d (%s, %d bytes)", r.state.word(), r.number, detail, r.etcd.Etcd.Bytes)
	case r.etcd != nil:
		return fmt.Sprintf("%s in etcd at revision %d (%d bytes; %s by source %s, the value in etcd cannot be shown: %s)", r.state.word(),
			r.number, r.etcd.Etcd.Bytes, detail, r.otherSource(), orNone(r.etcd.Etcd.Unavailable))
	}
	return fmt.Sprintf("%s at revision %d (%s; by source %s, etcd itself has no entry of it)", r.state.word(), r.number, detail, r.otherSource())
}

// otherSource is where the state is known from when it is not etcd's value.
func (r *revision) otherSource() evidence.Source {
	switch {
	case r.from != "":
		return r.from
	case r.transition != nil:
		return evidence.SourceTransition
	case r.decision != nil:
		return evidence.SourceDecision
	}
	return "none, as before"
}
