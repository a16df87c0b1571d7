// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"fmt"
	"slices"
	"strings"
)

// compareRequest compares all that the walkthrough of one request says.
func (t *truth) compareRequest(ledger *ledger, r *request, w *walkthrough) {
	s := ledger.subject("request " + r.String())
	made := t.makers.made(r)
	s.compare(aboutSubject, 0, w.AuditID, r.AuditID, auditFile)
	s.compare(aboutDisagree, 0, w.Disagreements, []map[string]any(nil), schemaSays)
	if w.Request != nil {
		s.compare(aboutRequest, 0, *w.Request, toldRequest{
			AuditID: r.AuditID, Verb: r.Verb, Subresource: r.ObjectRef.Subresource, URI: r.RequestURI,
			User: r.User.Username, UserAgent: r.UserAgent, FieldManager: r.query().Get("fieldManager"), Code: r.ResponseStatus.Code, DryRun: r.dryRun(), Kind: w.Request.Kind,
		}, auditFile)
	}
	t.compareFirstStep(s, r, w)
	t.compareWrites(s, r, w, made)
	t.compareChildren(s, r, w, made)
	t.compareAnswer(s, r, w)
	t.compareTimelineOf(s, w)
	t.compareEvidence(s, t.named(r.object()), w)
	compareOrder(s, w)
	ended := slices.ContainsFunc(made, func(revision int64) bool { return t.at(revision).removed() })
	switch wanted := outcomesOf(r, len(made)); {
	case ended && w.Outcome == "Deleted":
		s.compare(aboutOutcome, 0, w.Outcome, w.Outcome, etcdHistory)
	case slices.Contains(wanted, w.Outcome):
		s.compare(aboutOutcome, 0, w.Outcome, w.Outcome, auditFile)
	case wanted != nil:
		s.compare(aboutOutcome, 0, w.Outcome, strings.Join(wanted, " or "), auditFile)
	}
}

// compareFirstStep: step 1 is the arrival of this request.
func (t *truth) compareFirstStep(s *statements, r *request, w *walkthrough) {
	first := w.step(1)
	if first == nil || len(first.Evidence) == 0 {
		s.compare(aboutSteps, 0, "no step 1", "step 1", schemaSays)
		return
	}
	s.compare(aboutSteps, 0, w.Steps[0].Step, 1, schemaSays)
	s.compare(aboutSteps, 0, first.Evidence[0].AuditID, r.AuditID, auditFile)
	if first.Evidence[0].Source == "audit" {
		s.compare(aboutSteps, 0, stamp(first.Time), stamp(r.received()), auditFile)
	}
}

// compareWrites: step 3 is there where the request has stored something, and
// names what it has stored and nothing else.
func (t *truth) compareWrites(s *statements, r *request, w *walkthrough, made []int64) {
	store := w.step(3)
	if len(made) == 0 && t.mayHaveMade(r) {
		s.unknown(aboutSteps, 0, "whether "+r.String()+" has stored something")
		return
	}
	s.compare(aboutSteps, 0, fmt.Sprintf("step 3: %t", store != nil), fmt.Sprintf("step 3: %t", len(made) > 0), etcdHistory)
	if len(made) == 0 {
		for _, step := range w.Steps {
			s.compare(aboutSteps, 0, step.Step, cmpStep(step.Step, []int{1, 2, 7, 8}), etcdHistory)
		}
	}
	if store == nil {
		return
	}
	for _, e := range store.Evidence {
		if e.Source == "etcd" && e.ModRevision != 0 {
			s.compare(aboutMaker, e.ModRevision, slices.Contains(made, e.ModRevision), true, etcdHistory)
		}
	}
}

// compareChildren: a request that ends a collection names each revision that it
// made, and no other; what is told of the objects' ends is true.
func (t *truth) compareChildren(s *statements, r *request, w *walkthrough, made []int64) {
	var told []int64
	for _, child := range w.Children {
		for _, write := range []*toldWrite{child.Created, child.Marked, child.Removed} {
			if write == nil {
				continue
			}
			if write.AuditID == r.AuditID {
				told = append(told, write.Revision)
			}
			state := t.at(write.Revision)
			if state == nil {
				s.compare(aboutChildren, write.Revision, write.Revision, "no such revision", etcdHistory)
				continue
			}
			s.compare(aboutChildren, write.Revision, child.Subject.Name, state.of.name, etcdHistory)
			if maker := t.makers[write.Revision]; maker.request == nil {
				s.unknown(aboutChildren, write.Revision, maker.String())
			} else {
				s.compare(aboutChildren, write.Revision, write.AuditID, maker.request.AuditID, auditFile)
			}
		}
	}
	if r.Verb == "deletecollection" && !t.mayHaveMade(r) {
		slices.Sort(told)
		s.compare(aboutChildren, 0, told, made, etcdHistory)
	}
}

// cmpStep is the step itself where it is one of those that are right.
func cmpStep(step int, right []int) any {
	if slices.Contains(right, step) {
		return step
	}
	return fmt.Sprintf("one of %v", right)
}

// mayHaveMade says whether the reader is not sure that a request made nothing.
func (t *truth) mayHaveMade(r *request) bool {
	for _, maker := range t.makers {
		if maker.request == nil && slices.Contains(maker.candidates, r) {
			return true
		}
	}
	return false
}

// compareAnswer: step 2 decided on it, step 7 answered it, and step 8 shows that.
func (t *truth) compareAnswer(s *statements, r *request, w *walkthrough) {
	numbers := w.numbers()
	for _, wanted := range []int{2, 7, 8} {
		s.compare(aboutSteps, 0, fmt.Sprintf("step %d: %t", wanted, slices.Contains(numbers, wanted)), fmt.Sprintf("step %d: true", wanted), schemaSays)
	}
	answered := w.step(7)
	if answered == nil {
		return
	}
	own := slices.IndexFunc(answered.Evidence, func(e evidence) bool { return e.AuditID == r.AuditID && e.Source == "audit" })
	s.compare(aboutSteps, 0, own >= 0, true, auditFile)
	if own >= 0 {
		s.compare(aboutSteps, 0, answered.Evidence[own].Code, r.ResponseStatus.Code, auditFile)
	}
}

// compareTimelineOf compares the timeline of whatever objects the request was about.
func (t *truth) compareTimelineOf(s *statements, w *walkthrough) {
	for _, r := range w.Revisions {
		if state := t.at(r.Revision); state != nil {
			t.compareRevision(s, state, r)
		} else {
			s.compare(aboutTimeline, r.Revision, r.Revision, "no such revision", etcdHistory)
		}
	}
}

// outcomesOf are the outcomes that are right for a request that made so many
// revisions; nil where the further life of the object that it created decides.
func outcomesOf(r *request, made int) []string {
	switch code := r.ResponseStatus.Code; {
	case code == 401:
		return []string{"Unauthenticated"}
	case code == 403 && r.Annotations["authorization.k8s.io/decision"] == "forbid":
		return []string{"Forbidden"}
	case code == 409 && r.Verb == "create" && r.ResponseStatus.Reason == "AlreadyExists":
		return []string{"AlreadyExists"}
	case code == 409:
		return []string{"Rejected"}
	case code >= 500:
		return []string{"Error"}
	case code >= 400:
		return []string{"Rejected"}
	case r.writes() && r.dryRun():
		return []string{"DryRun"}
	case !r.writes():
		return []string{"Answered"}
	case r.ObjectRef.Subresource == "" && code == 201:
		return nil
	case made == 0:
		return []string{"Unchanged", "CarriedOut"}
	case r.Verb == "delete" || r.Verb == "deletecollection" || r.ObjectRef.Subresource == "eviction":
		return []string{"Changed", "Terminating", "Deleted", "CarriedOut"}
	}
	return []string{"Changed"}
}
