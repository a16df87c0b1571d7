// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// ID names a step. It is stable: a step that means the same has the same ID.
type ID string

// The steps. Their numbers are those of the story, from 1 to 8.
const (
	Send     ID = "send"     // 1: the client sends the request
	Admit    ID = "admit"    // 2: the API server decides on it
	Store    ID = "store"    // 3: the API server writes a new object
	Change   ID = "change"   // 3: the API server writes a change
	Schedule ID = "schedule" // 4: the scheduler decides on the pod and binds it
	Run      ID = "run"      // 5: the pod is run and reported on
	Control  ID = "control"  // 5: a controller acts on the object
	End      ID = "end"      // 5: the object is ended
	Keep     ID = "keep"     // 6: etcd keeps each state
	Answer   ID = "answer"   // 7: the API server answers
	Show     ID = "show"     // 8: the client shows the answer
)

// Step is one step of the story, as data.
type Step struct {
	ID ID
	// Number in the story.
	Number int32
	// Component that acted.
	Component string
	// At is when the step was completed; zero where no source has it.
	At time.Time
	// Revisions that it made or that it is about, and the requests that are known
	// although no source has their revisions.
	Revisions []*timeline.Revision
	Requests  []*assemble.Request
	// Decisions and Transitions that belong to it.
	Decisions, Transitions []*evidence.Entry
	// Children that were made or ended in it.
	Children []Child
}

// chapter makes a step; nil where it did not happen.
type chapter func(*Story) *Step

// The chapters of each tale, in the order in which they follow from each other.
var (
	podChapters     = []chapter{(*Story).send, (*Story).admit, (*Story).store, (*Story).schedule, (*Story).run, (*Story).keep}
	objectChapters  = []chapter{(*Story).send, (*Story).admit, (*Story).store, (*Story).control, (*Story).keep}
	requestChapters = []chapter{(*Story).send, (*Story).admit, (*Story).change, (*Story).reschedule, (*Story).react, (*Story).keepFollowed}
)

func (s *Story) chapters() []chapter {
	switch {
	case s.OfPod():
		return podChapters
	case s.OfLife():
		return objectChapters
	}
	return requestChapters
}

// steps lists the steps that happened, in the order in which they were completed.
func (s *Story) steps() []Step {
	if s.Outcome == Unknown && s.Asked == nil {
		return nil
	}
	var steps []Step
	for _, tell := range s.chapters() {
		if step := tell(s); step != nil {
			steps = append(steps, *step)
		}
	}
	inOrder(steps)
	answer := s.answer()
	return slices.Insert(steps, s.answerPosition(steps, answer.At), answer, s.show())
}

// StepOf is the number of the step that tells of a revision first; 0 for none.
// That etcd keeps it comes last.
func (s *Story) StepOf(r *timeline.Revision) int32 {
	kept := int32(0)
	for _, step := range s.Steps {
		switch {
		case !slices.Contains(step.Revisions, r):
		case step.ID != Keep:
			return step.Number
		default:
			kept = step.Number
		}
	}
	return kept
}

// inOrder puts a step before the one in front of it where it was completed
// earlier, as where the scheduler decides on a pod that is gone already. What has
// no time stays, and the first three steps follow from each other.
func inOrder(steps []Step) {
	for i := range steps {
		for k := i; k > 0 && steps[k-1].Number > 3 && !steps[k].At.IsZero() && steps[k].At.Before(steps[k-1].At); k-- {
			steps[k-1], steps[k] = steps[k], steps[k-1]
		}
	}
}

// answerPosition is where the answer belongs: before the first of the steps 4
// to 6 that was completed later. Of what has no time, what a life tells stays in
// the story's order, and a request among others is answered before anybody acts on
// what it wrote. One that ends a collection may be answered when the first of its
// objects are gone.
func (s *Story) answerPosition(steps []Step, answered time.Time) int {
	for i, step := range steps {
		timed := !answered.IsZero() && !step.At.IsZero()
		if step.Number > 3 && (timed && answered.Before(step.At) || !timed && !s.OfLife()) {
			return i
		}
	}
	return len(steps)
}

func (s *Story) send() *Step {
	step := &Step{ID: Send, Number: 1, Component: s.ClientComponent()}
	if s.Asked != nil {
		step.At = s.Asked.ReceivedAt
		return step
	}
	for _, e := range s.SentByClient() {
		step.At = e.Client.SentAt
	}
	return step
}

// ClientComponent names the client: of an object that a controller made it is
// that controller.
func (s *Story) ClientComponent() string {
	if s.Asked != nil {
		if by := s.Asked.Component(); by != "" {
			return by + " (API client)"
		}
	}
	return component.Client
}

// SentByClient are the client's own words about the request.
func (s *Story) SentByClient() []*evidence.Entry {
	id := s.Record.AuditID
	if s.Asked != nil {
		id = s.Asked.AuditID
	}
	var found []*evidence.Entry
	for _, e := range s.Clients {
		if e.Client.AuditID == id {
			found = append(found, e)
		}
	}
	return found
}

// admit has a time where nothing was stored, because the answer says what was
// decided, and where servers measured it: the audit log has none of its own for
// the decision.
func (s *Story) admit() *Step {
	step := &Step{ID: Admit, Number: 2, Component: component.APIServer}
	if s.NothingStored() {
		step.At = s.AnsweredAt()
	} else {
		step.At = s.Handled.End(2)
	}
	return step
}

func (s *Story) store() *Step {
	if !s.Stored() {
		return nil
	}
	step := &Step{ID: Store, Number: 3, Component: component.APIServer, At: s.AnsweredAt()}
	if s.First != nil {
		step.At, _ = s.First.SeenAt()
		step.Revisions = []*timeline.Revision{s.First}
	}
	return step
}

// change is step 3 of a request that changes or ends an object. One that made no
// revision has none.
func (s *Story) change() *Step {
	if len(s.Made) == 0 {
		return nil
	}
	step := &Step{ID: Change, Number: 3, Component: component.APIServer, Revisions: s.Made, Children: s.madeChildren()}
	step.At, _ = s.Made[len(s.Made)-1].SeenAt()
	return step
}

func (s *Story) schedule() *Step {
	if !s.Scheduling() {
		return nil
	}
	step := &Step{ID: Schedule, Number: 4, Component: component.Scheduler, At: s.scheduledAt(), Decisions: s.Decisions}
	if s.Bind != nil {
		step.Revisions = []*timeline.Revision{s.Bind}
	} else {
		step.Revisions = s.SchedulerWrites()
		step.Requests = s.Unplaced(component.Scheduler)
	}
	return step
}

// Scheduling reports whether the scheduler did anything that some source saw. A
// pod that was created with a node never meets it.
func (s *Story) Scheduling() bool {
	return !s.Refused && (s.Bind != nil || s.BoundUnseen() || len(s.Decisions) > 0 || len(s.SchedulerWrites()) > 0 ||
		len(s.Unplaced(component.Scheduler)) > 0)
}

// scheduledAt is when the bind was answered or, without one, when the last
// attempt was decided.
func (s *Story) scheduledAt() time.Time {
	if s.Bind != nil {
		at, _ := s.Bind.SeenAt()
		return at
	}
	if d := s.Decided(); d != nil {
		return d.DecidedAt
	}
	if writes := s.SchedulerWrites(); len(writes) > 0 {
		at, _ := writes[len(writes)-1].SeenAt()
		return at
	}
	if writes := s.Unplaced(component.Scheduler); len(writes) > 0 {
		return writes[len(writes)-1].AnsweredAt()
	}
	return time.Time{}
}

func (s *Story) run() *Step {
	step := &Step{ID: Run, Number: 5, Component: s.Resource.Runner, Revisions: s.RunWrites(), Transitions: s.Transitions,
		Requests: s.Unplaced(s.Resource.Runner)}
	if len(step.Revisions)+len(step.Transitions)+len(step.Requests) == 0 {
		return nil
	}
	step.At = s.confirmedAt(step.Revisions)
	if n := len(step.Requests); n > 0 {
		step.At = step.Requests[n-1].AnsweredAt()
	}
	return step
}

// confirmedAt is when the pod was first reported as running or, if it never
// was, when the last status was written.
func (s *Story) confirmedAt(writes []*timeline.Revision) time.Time {
	if s.Confirm != nil {
		at, _ := s.Confirm.SeenAt()
		return at
	}
	if len(writes) > 0 {
		at, _ := writes[len(writes)-1].SeenAt()
		return at
	}
	if n := len(s.Transitions); n > 0 {
		return s.Transitions[n-1].Transition.WrittenAt
	}
	return time.Time{}
}

// control is step 5 of the life of an object that a controller acts on: the
// writes of its status.
func (s *Story) control() *Step {
	step := &Step{ID: Control, Number: 5, Component: s.Resource.Runner, Requests: s.Unplaced(s.Resource.Runner)}
	for _, r := range s.Revisions {
		if r.Kind != followed.Create && r.Writer() == s.Resource.Runner {
			step.Revisions = append(step.Revisions, r)
		}
	}
	step.Children = s.Children
	if len(step.Revisions)+len(step.Requests)+len(step.Children) == 0 {
		return nil
	}
	step.At = lastSeen(step.Revisions, step.Children)
	return step
}

// reschedule is step 4 of a request that the scheduler acted on.
func (s *Story) reschedule() *Step {
	step := &Step{ID: Schedule, Number: 4, Component: component.Scheduler}
	for _, e := range s.Decisions {
		if s.madeVersion(e.Decision.Pod.ResourceVersion) {
			step.Decisions = append(step.Decisions, e)
			step.At = e.Decision.DecidedAt
		}
	}
	for _, r := range s.Followed {
		if r.Writer() == component.Scheduler {
			step.Revisions = append(step.Revisions, r)
			step.At, _ = r.SeenAt()
		}
	}
	if len(step.Decisions)+len(step.Revisions) == 0 {
		return nil
	}
	return step
}

// react is step 5 of a request that the runner acted on: it ends what was marked,
// or reports on what changed.
func (s *Story) react() *Step {
	step := &Step{ID: Control, Number: 5, Component: s.Resource.Runner}
	if s.Kind.Ends() {
		step.ID = End
	}
	for _, e := range s.Transitions {
		if s.madeVersion(e.Transition.ObservedResourceVersion) || s.Kind.Ends() && s.followedTransition(e) {
			step.Transitions = append(step.Transitions, e)
			step.At = e.Transition.WrittenAt
		}
	}
	for _, r := range s.Followed {
		// Those of a collection's members are told with the members.
		if r.Writer() == s.Resource.Runner && !s.OfCollection() {
			step.Revisions = append(step.Revisions, r)
			step.At, _ = r.SeenAt()
		}
	}
	if step.Children = s.touched(); len(step.Children) > 0 {
		step.At = lastSeen(step.Revisions, step.Children)
		// The garbage collector ends what an object controlled.
		if by := step.Children[0].Revisions()[0].Component(); by != "" && s.Kind.Ends() {
			step.Component = by
		}
	}
	if len(step.Transitions)+len(step.Revisions)+len(step.Children) == 0 {
		return nil
	}
	return step
}

func (s *Story) madeVersion(version string) bool {
	return slices.ContainsFunc(s.Made, func(r *timeline.Revision) bool { return r.Number == timeline.Number(version) })
}

// followedTransition reports whether a transition started from a state that came
// of what the request made.
func (s *Story) followedTransition(e *evidence.Entry) bool {
	return slices.ContainsFunc(s.Followed, func(r *timeline.Revision) bool {
		return r.Number == timeline.Number(e.Transition.ObservedResourceVersion) || r.Transition == e
	})
}

func (s *Story) keep() *Step {
	if !s.Stored() {
		return nil
	}
	step := &Step{ID: Keep, Number: 6, Component: component.Etcd, Revisions: s.Revisions}
	if len(s.Revisions) == 0 {
		step.Requests = s.Unplaced("")
		return step
	}
	step.At, _ = s.Kept().SeenAt()
	if !s.OfPod() {
		step.At = lastSeen(s.Revisions, s.Children)
	}
	return step
}

// keepFollowed is step 6 of a request that others acted on.
func (s *Story) keepFollowed() *Step {
	if len(s.Followed) == 0 {
		return nil
	}
	step := &Step{ID: Keep, Number: 6, Component: component.Etcd, Revisions: slices.Concat(s.Made, s.Followed)}
	step.At = lastSeen(s.Followed, s.touched())
	return step
}

func (s *Story) answer() Step {
	step := Step{ID: Answer, Number: 7, Component: component.APIServer, At: s.AnsweredAt()}
	if s.Asked == nil || !s.Asked.Answered {
		return step
	}
	step.Requests = []*assemble.Request{s.Asked}
	if read := s.runningRead(); read != nil {
		step.Requests = append(step.Requests, read)
		if step.At = read.AnsweredAt(); read.Open() {
			step.At = time.Time{}
		}
	}
	return step
}

// runningRead finds the read by the same client that returned the pod in the
// state that was confirmed: a get, or a watch that was open when it came.
func (s *Story) runningRead() *assemble.Request {
	if !s.OfPod() || s.NothingStored() || s.Confirm == nil {
		return nil
	}
	// The answer of a get says what the client saw; that of a watch is not kept.
	for _, isProof := range []func(*assemble.Request) bool{s.returnedRunning, s.followedRunning} {
		for _, r := range s.Requests {
			if r.Reads() && r.Succeeded() && r.SameClient(s.Asked) && isProof(r) {
				return r
			}
		}
	}
	return nil
}

// returnedRunning is true for a read after the create whose recorded answer is
// the pod as it runs.
func (s *Story) returnedRunning(r *assemble.Request) bool {
	o := timeline.Decode(r.ResponseObject)
	if o == nil || o.Metadata.Name == "" || r.ReceivedAt.Before(s.Asked.ReceivedAt) {
		return false
	}
	return o.Status.Phase == s.Confirm.State.Phase || o.Status.Phase == s.Now().Phase && s.Now().Ran()
}

// followedRunning is true for a read whose answer is not recorded, but that was
// open when the pod was first reported as running, or came after it.
func (s *Story) followedRunning(r *assemble.Request) bool {
	if o := timeline.Decode(r.ResponseObject); o != nil && o.Metadata.Name != "" {
		return false
	}
	// A client may begin to watch before it creates the object.
	if r.Verb != "watch" && r.ReceivedAt.Before(s.Asked.ReceivedAt) {
		return false
	}
	confirmed, _ := s.Confirm.SeenAt()
	return r.Open() || !confirmed.IsZero() && r.StageAt.After(confirmed)
}

func (s *Story) show() Step {
	step := Step{ID: Show, Number: 8, Component: s.ClientComponent()}
	for _, e := range s.Printed() {
		step.At = e.Client.AnsweredAt
	}
	return step
}

// Printed are the entries of the client, where it is one of ours that printed a
// line: of a life also about the reads that showed how it went on.
func (s *Story) Printed() []*evidence.Entry {
	entries := s.Clients
	if !s.OfLife() {
		entries = s.SentByClient()
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e *evidence.Entry) bool { return e.Client.Line == "" })
}
