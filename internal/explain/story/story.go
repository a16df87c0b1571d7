// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package story says what a timeline means: what the request asked for, which
// steps it took, what became of it and why. Steps are data (who, when, which
// revisions and requests); how they read is a matter of the views. It is pure.
package story

import (
	"cmp"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// Story is what a request did.
type Story struct {
	*timeline.Timeline
	// Kind is what the request asked for.
	Kind Kind
	// Outcome is what became of it so far, and Reason says why, in one line.
	Outcome Outcome
	Reason  string
	// Complete is true once it has come to its end, or does not go on unless the
	// cluster or the object changes.
	Complete bool
	// Refused is true where the request was answered with an error, DryRun where
	// it asked for nothing to be stored.
	Refused, DryRun bool
	// Steps that happened, in the order in which they were completed.
	Steps []Step

	// Handled is how the API server and etcd handled the request; nil where no spans
	// of it are recorded.
	Handled *handling.Handling

	// Moments of the object's life; nil where they did not happen or no source
	// has them. First is the create, Bind sets the node, Confirm is the first that
	// says that the pod ran, Mark sets the deletion timestamp.
	First, Bind, Confirm, Mark *timeline.Revision
	// Made are the revisions that the request made, where it is no create.
	Made []*timeline.Revision
	// Followed are the revisions that came of those, in the story of a write.
	Followed []*timeline.Revision
	// Children are the objects that this one controls, by when they were made; of a
	// request about a collection its members: see OfCollection.
	Children []Child
}

// Tell tells the story of a timeline.
func Tell(line *timeline.Timeline) *Story {
	s := &Story{Timeline: line, Kind: KindOf(line.Asked)}
	s.Refused = s.Asked != nil && s.Asked.Refused()
	s.DryRun = s.Asked != nil && s.Asked.DryRun()
	if s.Asked != nil {
		s.Handled = s.Handling(s.Asked.AuditID)
	}
	s.findMoments()
	s.findMade()
	s.findChildren()
	s.judge()
	s.Complete = s.ended()
	s.Steps = s.steps()
	return s
}

// AsOf is the story as far as it had come at a revision of etcd.
func (s *Story) AsOf(revision int64) *Story { return Tell(s.Until(revision)) }

// OfLife reports whether the story is that of the object's life, which began
// with the request, rather than of one request among others.
func (s *Story) OfLife() bool { return s.Kind == Create }

// OfPod reports whether the story is that of a pod's life: one that is scheduled
// and run.
func (s *Story) OfPod() bool { return s.OfLife() && s.Resource.Role != followed.Set }

// NothingStored reports whether the request was to store something, and did not.
func (s *Story) NothingStored() bool { return s.Refused && !s.Stopped() || s.DryRun }

// Stopped reports whether the request was refused on its way through a collection:
// what it had written by then stays.
func (s *Story) Stopped() bool { return s.Refused && s.OfCollection() && len(s.Made) > 0 }

func (s *Story) findMoments() {
	for _, r := range s.Revisions {
		switch {
		case r.Kind == followed.Create && s.First == nil:
			s.First = r
		case r.Kind == followed.Bind && s.Bind == nil:
			s.Bind = r
		case r.Kind == followed.Mark && s.Mark == nil:
			s.Mark = r
		}
		if r.State.Ran() && s.Confirm == nil {
			s.Confirm = r
		}
	}
}

// findMade finds the revisions that the request made and, of a write that is no
// create, those that followed from them.
func (s *Story) findMade() {
	if s.OfLife() || s.Asked == nil {
		return
	}
	for _, r := range s.Revisions {
		switch {
		case r.Write == s.Asked:
			s.Made = append(s.Made, r)
		case len(s.Made) > 0 && s.follows(r):
			s.Followed = append(s.Followed, r)
		}
	}
}

// follows reports whether a revision came of the ones that the request made: it
// is the work of a component that had seen them or, after a mark, of whoever ends
// the object.
func (s *Story) follows(r *timeline.Revision) bool {
	last := s.Made[len(s.Made)-1]
	if r.Decision != nil && timeline.Number(r.Decision.Decision.Pod.ResourceVersion) == last.Number ||
		r.Transition != nil && timeline.Number(r.Transition.Transition.ObservedResourceVersion) == last.Number {
		return true
	}
	if s.Kind.Ends() && last.State.Marked {
		return r.Kind == followed.Remove || r.Writer() == s.Resource.Runner
	}
	return s.Resource.Role == followed.Set && s.sawGeneration(r, last)
}

// sawGeneration reports whether a status of a set says that its controller had
// seen the generation that the request made.
func (s *Story) sawGeneration(r, made *timeline.Revision) bool {
	return r.Kind == followed.Status && r.State.Object != nil && made.State.Object != nil &&
		r.State.Object.Status.ObservedGeneration >= made.State.Object.Metadata.Generation && r.Number > made.Number
}

// NodeName is the node that the pod was assigned to; empty where it was not.
func (s *Story) NodeName() string { return s.Now().Node }

// Now is the last state that is known.
func (s *Story) Now() timeline.State {
	if last := s.Last(); last != nil {
		return last.State
	}
	return timeline.State{}
}

// NamedNode reports whether the pod had its node from the beginning: no
// scheduler took part.
func (s *Story) NamedNode() bool { return s.First != nil && s.First.State.Node != "" }

// Mirror reports whether the object only mirrors a static pod
// (k8s.io/kubernetes/pkg/kubelet/types.ConfigMirrorAnnotationKey).
func (s *Story) Mirror() bool {
	o := s.FirstObject()
	return o != nil && o.Metadata.Annotations["kubernetes.io/config.mirror"] != ""
}

// FirstObject is the object as it was created; nil where no source has it.
func (s *Story) FirstObject() *timeline.Object {
	if s.First == nil {
		return nil
	}
	return s.First.State.Object
}

// BoundUnseen reports whether the pod got its node after its creation, in a
// revision that no source has.
func (s *Story) BoundUnseen() bool {
	return s.NodeName() != "" && s.Bind == nil && (s.First == nil || s.First.State.Node == "")
}

// Unplaced are the writes of a component, or of all, where no source has any
// revision: what they changed is not known.
func (s *Story) Unplaced(component string) []*assemble.Request {
	if len(s.Revisions) > 0 || s.NothingStored() {
		return nil
	}
	var writes []*assemble.Request
	for _, w := range s.Writes() {
		if w != s.Asked && (component == "" || w.Component() == component) {
			writes = append(writes, w)
		}
	}
	return writes
}

// AnsweredAt is when the request was answered, by the API server's clock.
func (s *Story) AnsweredAt() time.Time {
	if s.Asked == nil {
		return time.Time{}
	}
	return s.Asked.AnsweredAt()
}

// Stored reports whether some source says that etcd had the object.
func (s *Story) Stored() bool {
	return len(s.Revisions) > 0 || !s.NothingStored() && s.Asked != nil && s.Asked.Succeeded()
}

// Decided is the attempt that the bind followed from or, where there was none,
// the last one; nil for no attempt.
func (s *Story) Decided() *evidence.Decision {
	if e := s.DecidedEntry(); e != nil {
		return e.Decision
	}
	return nil
}

// DecidedEntry is the entry of Decided.
func (s *Story) DecidedEntry() *evidence.Entry {
	if s.Bind != nil && s.Bind.Decision != nil {
		return s.Bind.Decision
	}
	for _, e := range slices.Backward(s.Decisions) {
		if b := e.Decision.Bind; b != nil && b.Error == "" && s.Bind != nil {
			return e
		}
	}
	if len(s.Decisions) == 0 {
		return nil
	}
	return s.Decisions[len(s.Decisions)-1]
}

// SchedulerWrites are the status writes before the bind, which tell why the pod
// is not scheduled.
func (s *Story) SchedulerWrites() []*timeline.Revision {
	var writes []*timeline.Revision
	for _, r := range s.Revisions {
		if r.Kind == followed.Status && r.State.Node == "" && !r.State.Removed && r.Writer() != s.Resource.Runner {
			writes = append(writes, r)
		}
	}
	return writes
}

// Unscheduled is the last status write before a bind that says why there was
// none yet, and its condition; nil where there is none.
func (s *Story) Unscheduled() (*timeline.Revision, *timeline.Condition) {
	for _, r := range slices.Backward(s.SchedulerWrites()) {
		if c := ScheduledCondition(r.State); c != nil && c.Status == "False" {
			return r, c
		}
	}
	return nil, nil
}

// ScheduledCondition is the condition PodScheduled; nil where it is not known.
func ScheduledCondition(s timeline.State) *timeline.Condition {
	if s.Object == nil {
		return nil
	}
	return s.Object.Condition("PodScheduled")
}

// RunWrites are the writes after the bind with which the runner reports on the
// pod or ends it. Others may write the status of a pod too, such as an eviction,
// which sets a condition.
func (s *Story) RunWrites() []*timeline.Revision {
	var writes []*timeline.Revision
	for _, r := range s.Revisions {
		bound := r.State.Node != "" && (s.Bind == nil || r.Number > s.Bind.Number)
		status := r.Kind == followed.Status && slices.Contains([]string{"", s.Resource.Runner}, r.Writer())
		byRunner := r.Kind == followed.Change && r.Write != nil && r.Write.Component() == s.Resource.Runner
		if bound && (status || byRunner || r.Transition != nil && r != s.Bind) {
			writes = append(writes, r)
		}
	}
	return writes
}

// LostBinds are bind requests that were refused with a conflict: another write
// came first.
func (s *Story) LostBinds() []*assemble.Request {
	var lost []*assemble.Request
	for _, r := range s.Requests {
		o := timeline.Decode(r.RequestObject)
		sets := r.Subresource == "binding" || r.Subresource == "" && o != nil && o.Spec.NodeName != ""
		if r != s.Asked && r.Code == 409 && r.Writes() && sets && s.Resource.Allows(followed.Bind, &r.Audit) {
			lost = append(lost, r)
		}
	}
	return lost
}

// Kept is the revision with the state that a create asked for, else the last one.
func (s *Story) Kept() *timeline.Revision { return cmp.Or(s.Confirm, s.Last()) }

// Holder is the state of the object that had the name when the request came:
// the last one that was not seen after the answer or, because a source may see
// history late, the first one that is recorded. It is nil where there is none.
func (s *Story) Holder() *timeline.Revision {
	for _, r := range slices.Backward(s.Others) {
		if at, _ := r.SeenAt(); !r.State.Removed && (at.IsZero() || !at.After(s.AnsweredAt())) {
			return r
		}
	}
	if len(s.Others) > 0 && !s.Others[0].State.Removed {
		return s.Others[0]
	}
	return nil
}

// LastAbsent is the last read after the request that found nothing. An earlier
// one proves nothing about what the request did.
func (s *Story) LastAbsent() *evidence.Entry {
	for _, e := range slices.Backward(s.Absent) {
		if s.Asked == nil || !e.Time.Before(s.AnsweredAt()) {
			return e
		}
	}
	return nil
}

// Start is the state of the object right before the request, in the story of a
// request that is no create; nil where it is not known.
func (s *Story) Start() *timeline.Revision {
	if len(s.Made) > 0 {
		return s.Before(s.Made[0])
	}
	if s.Asked == nil {
		return nil
	}
	if n := s.Asked.ResponseRevision; n > 0 {
		return s.At(n)
	}
	var found *timeline.Revision
	for _, r := range s.Revisions {
		if at, _ := r.SeenAt(); !at.IsZero() && !at.After(s.Asked.ReceivedAt) {
			found = r
		}
	}
	return found
}
