// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
)

// revision is one state of the object: all that the sources say of one etcd
// revision of its key.
type revision struct {
	// number is the etcd revision, which is the object's resourceVersion; 0 for
	// a removal of which no source has the revision.
	number     int64
	etcd       *evidence.Entry
	watch      *evidence.Entry
	decision   *evidence.Entry
	transition *evidence.Entry
	// write is the request that made the revision; nil where none was found.
	write *assemble.Request
	// exact is true where write was joined on the revision; otherwise by object,
	// verb, user agent and time.
	exact bool
	// manager made the revision by managedFields; nil where they do not tell.
	manager *fieldOwner

	kind    followed.WriteKind
	value   json.RawMessage
	from    evidence.Source
	changes []change
	// compared is true where both this state and the one before it are known.
	compared bool
	state    state
}

// state is what is known of the object at a revision.
type state struct {
	// object is nil where no source kept it.
	object   *object
	node     string
	phase    string
	removed  bool
	marked   bool
	restarts int32
	gated    bool
}

// word names the state as people do.
func (s state) word() string {
	switch {
	case s.removed:
		return string(OutcomeDeleted)
	case s.marked:
		return string(OutcomeTerminating)
	case s.phase == "Running" || s.phase == "Succeeded" || s.phase == "Failed":
		return s.phase
	case s.node != "":
		return string(OutcomeScheduled)
	}
	return string(OutcomePending)
}

// ran reports whether the pod runs or has run to its end.
func (s state) ran() bool {
	return s.phase == "Running" || s.phase == "Succeeded" || s.phase == "Failed"
}

// endsAtOnce reports whether the object has no time left to end in, and nothing
// else keeps it.
func (s state) endsAtOnce() bool {
	o := s.object
	return o != nil && o.Metadata.GracePeriod != nil && *o.Metadata.GracePeriod == 0 && len(o.Metadata.Finalizers) == 0
}

// best chooses the source of the revision's value: etcd itself, then a watch,
// then the API server's answer to the write.
func (r *revision) best() (json.RawMessage, evidence.Source) {
	switch {
	case r.etcd != nil && decode(r.etcd.Etcd.Value) != nil:
		return r.etcd.Etcd.Value, evidence.SourceEtcd
	case r.watch != nil && decode(r.watch.Watch.Object) != nil:
		return r.watch.Watch.Object, evidence.SourceWatch
	case r.write != nil && r.exact && decode(r.write.ResponseObject) != nil:
		return r.write.ResponseObject, evidence.SourceAudit
	}
	return nil, ""
}

func (r *revision) isRemoval() bool {
	return r.etcd != nil && r.etcd.Etcd.Deleted || r.watch != nil && r.watch.Watch.Type == "DELETED"
}

// settle derives the revision's state and kind from the one before it.
func (r *revision) settle(before *revision) {
	var previous state
	var previousValue json.RawMessage
	if before != nil {
		previous, previousValue = before.state, before.value
	}
	r.value, r.from = r.best()
	r.state = r.stateAfter(previous)
	if r.isRemoval() {
		r.kind = followed.Remove
		return
	}
	if r.value != nil && (previousValue != nil || before == nil && r.isFirst()) {
		r.changes, r.compared = diff(previousValue, r.value)
	}
	r.kind = r.kindAfter(previous, before == nil)
	r.manager = authorByFields(previous.object, r.state.object)
}

func (r *revision) stateAfter(previous state) state {
	s := previous
	if r.isRemoval() {
		s.removed, s.object = true, nil
		return s
	}
	o := decode(r.value)
	s.object = o
	switch {
	case o != nil:
		s = state{object: o, node: o.Spec.NodeName, phase: o.Status.Phase, restarts: o.restarts(),
			marked: o.Metadata.DeletionTimestamp != nil, gated: len(o.Spec.SchedulingGates) > 0}
	case r.transition != nil:
		s.node = cmp.Or(r.transition.Transition.Node, s.node)
		s.phase = cmp.Or(r.transition.Transition.To, s.phase)
	case r.decision != nil:
		s.node = cmp.Or(r.decision.Decision.Node, s.node)
	}
	return s
}

func (r *revision) kindAfter(previous state, first bool) followed.WriteKind {
	switch {
	case first && (r.isFirst() || r.write != nil && r.write.Creates()):
		return followed.Create
	case r.decision != nil, r.state.node != "" && previous.node == "" && !first:
		return followed.Bind
	case r.state.marked && !previous.marked:
		return followed.Mark
	case r.transition != nil || r.compared && onlyStatus(r.changes):
		return followed.Status
	case r.write != nil && r.exact && r.write.Subresource == "status":
		return followed.Status
	}
	return followed.Change
}

// isFirst reports whether some source says that the revision made the key.
func (r *revision) isFirst() bool {
	switch {
	case r.etcd != nil:
		return r.etcd.Etcd.CreateRevision == r.number
	case r.watch != nil:
		return r.watch.Watch.Type == "ADDED" && !r.watch.Watch.Initial
	}
	return r.write != nil && r.write.Creates()
}

func onlyStatus(changes []change) bool {
	for _, c := range changes {
		if len(c.Path) < len("status") || c.Path[:len("status")] != "status" {
			return false
		}
	}
	return len(changes) > 0
}

// authorByFields finds the one entry of managedFields that is new or changed.
// Times in it are whole seconds, so that two writes in one second may look alike;
// more than one candidate is no answer.
func authorByFields(before, after *object) *fieldOwner {
	if after == nil {
		return nil
	}
	known := map[string]bool{}
	if before != nil {
		for _, f := range before.Metadata.ManagedFields {
			known[f.identity()] = true
		}
	}
	var found *fieldOwner
	for i, f := range after.Metadata.ManagedFields {
		if known[f.identity()] {
			continue
		}
		if found != nil {
			return nil
		}
		found = &after.Metadata.ManagedFields[i]
	}
	return found
}

// component is the one that the manager is; empty where it is none that is known.
func (f fieldOwner) component() string {
	return component.OfAgent(f.Manager)
}

func (f fieldOwner) identity() string {
	return f.Manager + "\n" + f.Operation + "\n" + f.Subresource + "\n" + f.Time + "\n" + string(f.FieldsV1)
}

// seenAt is the earliest time at which a source saw the revision, and that
// source: the API server's clock counts most, because the steps before and
// after are timed by it.
func (r *revision) seenAt() (time.Time, evidence.Source) {
	switch {
	case r.write != nil && !r.write.AnsweredAt().IsZero():
		return r.write.AnsweredAt(), evidence.SourceAudit
	case r.transition != nil && !r.transition.Transition.WrittenAt.IsZero():
		return r.transition.Transition.WrittenAt, evidence.SourceTransition
	case r.decision != nil && r.decision.Decision.Bind != nil:
		return r.decision.Decision.Bind.AnsweredAt, evidence.SourceDecision
	case r.watch != nil && !r.watch.Watch.Initial:
		return r.watch.Watch.ArrivedAt, evidence.SourceWatch
	case r.etcd != nil && !r.etcd.Etcd.Read:
		return r.etcd.Time, evidence.SourceEtcd
	}
	return time.Time{}, ""
}

// writer names who made the revision, by the best source that tells.
func (r *revision) writer() string {
	switch {
	case r.write != nil:
		return r.write.Actor()
	case r.transition != nil:
		return component.Manager
	case r.decision != nil:
		return component.Scheduler
	case r.manager != nil:
		return cmp.Or(r.manager.component(), r.manager.Manager)
	}
	return ""
}
