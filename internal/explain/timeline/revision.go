// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
	"github.com/glassplane/glassplane/internal/followed"
)

// Revision is one state of the object: all that the sources say of one etcd
// revision of its key.
type Revision struct {
	// Number is the etcd revision, which is the object's resourceVersion.
	Number int64
	// Etcd, Watch, Decision and Transition are what the sources have of it; nil
	// where they have nothing.
	Etcd       *evidence.Entry
	Watch      *evidence.Entry
	Decision   *evidence.Entry
	Transition *evidence.Entry
	// Write is the request that made the revision; nil where none was found.
	Write *assemble.Request
	// Exact is true where Write was joined on the revision in its answer;
	// otherwise by object, verb, user agent and time.
	Exact bool
	// Manager made the revision by managedFields; nil where they do not tell.
	Manager *FieldOwner

	// Call of etcd that made the revision; nil where no span has it.
	Call *handling.Call

	// Kind of the write.
	Kind followed.WriteKind
	// Value is the object, and From the source that has it; nil where none has.
	Value json.RawMessage
	From  evidence.Source
	// Changes are the fields that differ from the revision before. They are known
	// where Compared is true: where both states are.
	Changes  []Change
	Compared bool
	// State of the object.
	State State

	// answers are the writes that were answered with this revision, first to last.
	answers []*assemble.Request
	// before is the revision before this one; nil where none is recorded.
	before *Revision
	// notAfter is the earliest proof that this revision was made before, and
	// provenBy its source: the API server had answered a later write, or a component
	// had seen this revision.
	notAfter time.Time
	provenBy evidence.Source
}

// State is what is known of the object at a revision.
type State struct {
	// Object is nil where no source kept it.
	Object *Object
	// Node that a pod is bound to, and its Phase.
	Node  string
	Phase string
	// Removed is true where the key is gone, Marked where a deletionTimestamp is set.
	Removed bool
	Marked  bool
	// Restarts of all containers.
	Restarts int32
	// Gated is true while scheduling gates hold a pod back.
	Gated bool
	// StartGate says what keeps the kubelet from accepting a pod
	// (v1alpha1.AnnotationStartGate); empty for nothing.
	StartGate string
}

// Ran reports whether the pod runs or has run to its end.
func (s State) Ran() bool {
	return s.Phase == "Running" || s.Phase == "Succeeded" || s.Phase == "Failed"
}

// EndsAtOnce reports whether the object has no time left to end in, and nothing
// else keeps it.
func (s State) EndsAtOnce() bool {
	o := s.Object
	return o != nil && o.Metadata.GracePeriod != nil && *o.Metadata.GracePeriod == 0 && len(o.Metadata.Finalizers) == 0
}

// best chooses the source of the revision's value: etcd itself, then a watch,
// then the API server's answer to the write.
func (r *Revision) best() (json.RawMessage, evidence.Source) {
	switch answer := r.answer(); {
	case r.Etcd != nil && Decode(r.Etcd.Etcd.Value) != nil:
		return r.Etcd.Etcd.Value, evidence.SourceEtcd
	case r.Watch != nil && Decode(r.Watch.Watch.Object) != nil:
		return r.Watch.Watch.Object, evidence.SourceWatch
	case answer != nil && Decode(answer.ResponseObject) != nil:
		return answer.ResponseObject, evidence.SourceAudit
	}
	return nil, ""
}

// answer is the write whose answer shows the object at this revision.
func (r *Revision) answer() *assemble.Request {
	if r.Exact {
		return r.Write
	}
	for _, a := range r.answers {
		if basedOn(a) < r.Number {
			return a
		}
	}
	return nil
}

// stored is the object as etcd or a watch has it; nil where neither does.
func (r *Revision) stored() *Object {
	if _, from := r.best(); from != evidence.SourceEtcd && from != evidence.SourceWatch {
		return nil
	}
	return r.State.Object
}

// Name of the object, by whichever source has the revision.
func (r *Revision) Name() string {
	for _, e := range []*evidence.Entry{r.Etcd, r.Watch, r.Decision, r.Transition} {
		if e != nil {
			return e.Object.Name
		}
	}
	if r.Write != nil {
		return r.Write.Object.Name
	}
	return ""
}

// IsRemoval reports whether the revision removed the key.
func (r *Revision) IsRemoval() bool {
	return r.Etcd != nil && r.Etcd.Etcd.Deleted || r.Watch != nil && r.Watch.Watch.Type == "DELETED"
}

// settle derives the revision's state and kind from the one before it.
func (r *Revision) settle(before *Revision) {
	var previous State
	var previousValue json.RawMessage
	if r.before = before; before != nil {
		previous, previousValue = before.State, before.Value
	}
	r.Value, r.From = r.best()
	r.State = r.stateAfter(previous)
	if r.IsRemoval() {
		r.Kind = followed.Remove
		return
	}
	if r.Value != nil && (previousValue != nil || before == nil && r.isFirst()) {
		r.Changes, r.Compared = Diff(previousValue, r.Value)
	}
	r.Kind = r.kindAfter(previous, before == nil)
	r.Manager = authorByFields(previous.Object, r.State.Object)
}

func (r *Revision) stateAfter(previous State) State {
	s := previous
	if r.IsRemoval() {
		s.Removed, s.Object = true, nil
		return s
	}
	o := Decode(r.Value)
	s.Object = o
	switch {
	case o != nil:
		s = State{Object: o, Node: o.Spec.NodeName, Phase: o.Status.Phase, Restarts: o.restarts(),
			Marked: o.Metadata.DeletionTimestamp != nil, Gated: len(o.Spec.SchedulingGates) > 0,
			StartGate: o.Metadata.Annotations[v1alpha1.AnnotationStartGate]}
	case r.Transition != nil:
		s.Node = cmp.Or(r.Transition.Transition.Node, s.Node)
		s.Phase = cmp.Or(r.Transition.Transition.To, s.Phase)
	case r.Decision != nil:
		s.Node = cmp.Or(r.Decision.Decision.Node, s.Node)
	}
	return s
}

func (r *Revision) kindAfter(previous State, first bool) followed.WriteKind {
	answer := r.answer()
	switch {
	case first && (r.isFirst() || answer != nil && answer.Creates()):
		return followed.Create
	case r.Decision != nil, r.State.Node != "" && previous.Node == "" && !first:
		return followed.Bind
	case r.State.Marked && !previous.Marked && !first:
		return followed.Mark
	case first && answer != nil && answer.Verb == "delete":
		return followed.Mark
	case r.Transition != nil && !r.Compared || r.Compared && onlyStatus(r.Changes):
		return followed.Status
	case !r.Compared && answer != nil && answer.Subresource == "status":
		return followed.Status
	}
	return followed.Change
}

// isFirst reports whether some source says that the revision made the key.
func (r *Revision) isFirst() bool {
	switch {
	case r.Etcd != nil:
		return r.Etcd.Etcd.CreateRevision == r.Number
	case r.Watch != nil:
		return r.Watch.Watch.Type == "ADDED" && !r.Watch.Watch.Initial
	}
	answer := r.answer()
	return answer != nil && answer.Creates()
}

func onlyStatus(changes []Change) bool {
	for _, c := range changes {
		if !strings.HasPrefix(c.Path, "status") {
			return false
		}
	}
	return len(changes) > 0
}

// authorByFields finds the entry of managedFields that its manager wrote with
// this revision. A forced apply changes two: it takes fields away from the entry
// of another manager, whose time stays. So of several that changed the one counts
// that is new or, if none is, the one whose time changed. Times are whole seconds,
// so two writes in one second may look alike: that is no answer.
func authorByFields(before, after *Object) *FieldOwner {
	if after == nil {
		return nil
	}
	known := map[string]FieldOwner{}
	if before != nil {
		for _, f := range before.Metadata.ManagedFields {
			known[f.identity()] = f
		}
	}
	var changed, timed, added []*FieldOwner
	for i := range after.Metadata.ManagedFields {
		f := &after.Metadata.ManagedFields[i]
		was, had := known[f.identity()]
		if had && was.Time == f.Time && string(was.FieldsV1) == string(f.FieldsV1) {
			continue
		}
		changed = append(changed, f)
		if !had {
			added = append(added, f)
		} else if was.Time != f.Time {
			timed = append(timed, f)
		}
	}
	for _, candidates := range [][]*FieldOwner{changed, added, timed} {
		if len(candidates) == 1 {
			return candidates[0]
		}
	}
	return nil
}

// component is the one that the manager is; empty where it is none that is known.
func (f FieldOwner) component() string { return component.OfAgent(f.Manager) }

// identity is what the API server tells the entries of managedFields apart by.
func (f FieldOwner) identity() string {
	return f.Manager + "\n" + f.Operation + "\n" + f.Subresource + "\n" + f.APIVersion
}

// ascend puts the revisions' times into their order: each was made before the
// API server answered a later one, and before any component saw it or a later one.
// A watch may be faster than the answer.
func (t *Timeline) ascend() {
	var next time.Time
	var by evidence.Source
	earlier := func(at time.Time, source evidence.Source) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next, by = at, source
		}
	}
	for i := len(t.Revisions) - 1; i >= 0; i-- {
		r := t.Revisions[i]
		earlier(t.observed(r))
		r.notAfter, r.provenBy = next, by
		if r.Write != nil {
			earlier(r.Write.AnsweredAt(), evidence.SourceAudit)
		}
	}
}

// observed is when the first component says that its watch delivered a revision.
func (t *Timeline) observed(r *Revision) (first time.Time, source evidence.Source) {
	for _, e := range t.Decisions {
		if d := e.Decision; Number(d.Pod.ResourceVersion) == r.Number && (first.IsZero() || d.ObservedAt.Before(first)) {
			first, source = d.ObservedAt, evidence.SourceDecision
		}
	}
	for _, e := range t.Transitions {
		if k := e.Transition; Number(k.ObservedResourceVersion) == r.Number && (first.IsZero() || k.ObservedAt.Before(first)) {
			first, source = k.ObservedAt, evidence.SourceTransition
		}
	}
	return first, source
}

// SeenAt is the earliest time at which a source saw the revision, and that
// source: the API server's clock counts most, because the steps before and
// after are timed by it.
func (r *Revision) SeenAt() (time.Time, evidence.Source) {
	switch {
	case r.Call != nil:
		return r.bounded(r.Call.ReturnedAt, evidence.SourceSpan)
	case r.Write != nil && !r.Write.AnsweredAt().IsZero():
		return r.bounded(r.Write.AnsweredAt(), evidence.SourceAudit)
	case r.Transition != nil && !r.Transition.Transition.WrittenAt.IsZero():
		return r.Transition.Transition.WrittenAt, evidence.SourceTransition
	case r.Decision != nil && r.Decision.Decision.Bind != nil:
		return r.Decision.Decision.Bind.AnsweredAt, evidence.SourceDecision
	case r.Watch != nil && !r.Watch.Watch.Initial:
		return r.Watch.Watch.ArrivedAt, evidence.SourceWatch
	case r.Etcd != nil && !r.Etcd.Etcd.Read:
		return r.Etcd.Time, evidence.SourceEtcd
	}
	return time.Time{}, ""
}

// bounded is a time and its source, or an earlier proof that the revision was made.
func (r *Revision) bounded(at time.Time, source evidence.Source) (time.Time, evidence.Source) {
	if !r.notAfter.IsZero() && r.notAfter.Before(at) {
		return r.notAfter, r.provenBy
	}
	return at, source
}

// Writer names who made the revision, by the best source that tells.
func (r *Revision) Writer() string {
	switch {
	case r.Write != nil:
		return r.Write.Actor() + r.asManager()
	case r.Transition != nil:
		return component.Manager
	case r.Decision != nil:
		return component.Scheduler
	case r.Manager != nil:
		return cmp.Or(r.Manager.component(), r.Manager.Manager)
	}
	return ""
}

// Component is the one that made the revision; empty where it is none that is
// known.
func (r *Revision) Component() string {
	switch {
	case r.Write != nil:
		return r.Write.Component()
	case r.Manager != nil && r.Transition == nil && r.Decision == nil:
		return r.Manager.component()
	}
	return r.Writer()
}

// asManager names the manager of fields that a request wrote as, where the client
// chose it: where it is not the program itself.
func (r *Revision) asManager() string {
	name := r.Write.FieldManager()
	if name == "" && r.Manager != nil {
		name = r.Manager.Manager
	}
	program, _, _ := strings.Cut(r.Write.UserAgent, "/")
	if name == "" || program == "" || strings.HasPrefix(name, program) || r.Write.Component() != "" {
		return ""
	}
	return " (field manager " + name + ")"
}
