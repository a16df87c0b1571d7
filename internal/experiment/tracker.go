// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/history"
)

// Tracker says what was true once each step had ended.
func (e *Evidence) Tracker(subjects []Ref) []TrackerMoment {
	moments := []TrackerMoment{}
	for i := range e.Steps {
		s := &e.Steps[i]
		if s.EndedAt == nil {
			continue
		}
		m := TrackerMoment{Step: s.Name, Revision: s.Revision, EtcdAnswered: s.EtcdAnswered, Client: e.clientAt(i), Etcd: []TrackedState{}}
		for _, ref := range subjects {
			m.Etcd = append(m.Etcd, e.tracked(ref, s.Revision))
		}
		moments = append(moments, m)
	}
	return moments
}

// clientAt is what the client knew of its latest request when a step had ended.
func (e *Evidence) clientAt(step int) string {
	ended := e.Steps[step].EndedAt.Time
	for i := step; i >= 0; i-- {
		r := e.Steps[i].Request
		switch {
		case r == nil:
			continue
		case r.AnsweredAt != nil && !r.AnsweredAt.After(ended):
			return fmt.Sprintf("%s: %d, %s", r.Line, r.Code, clip(r.Says))
		case r.AnsweredAt == nil && r.Says != "":
			return fmt.Sprintf("%s: %s", r.Line, clip(r.Says))
		}
		return r.Line + ": no answer yet"
	}
	return "nothing asked yet"
}

// Now is what etcd holds of objects.
func (e *Evidence) Now(refs []Ref) []TrackedState {
	var now []TrackedState
	for _, ref := range refs {
		now = append(now, e.tracked(ref, e.History.Last()))
	}
	return now
}

func (e *Evidence) tracked(ref Ref, revision int64) TrackedState {
	about := State{Resource: ref.Resource, Namespace: ref.Namespace, Name: ref.Name}
	tracked := TrackedState{Subject: about.what(), State: NothingStored}
	for _, v := range e.History.Objects(revision, func(o history.Object) bool { return e.selects(&about, o) }) {
		tracked.State, tracked.Revision = Words(v), v.Revision
	}
	return tracked
}

// Subject is the object that a reference names, with the UID of its newest life.
func (e *Evidence) Subject(ref Ref) evidence.Object {
	about := State{Resource: ref.Resource, Namespace: ref.Namespace, Name: ref.Name}
	resource, group, found := strings.Cut(ref.Resource, ".")
	if !found {
		group = v1alpha1.GroupName
	}
	subject := evidence.Object{Group: group, Resource: resource, Namespace: ref.Namespace, Name: ref.Name}
	for _, key := range e.History.Keys() {
		versions := e.History.Of(key)
		if !e.selects(&about, versions[0].Object) {
			continue
		}
		subject.Namespace = versions[0].Object.Namespace
		for i := range versions {
			if uid := versions[i].UID(); uid != "" {
				subject = subjectOf(versions[i].Object, uid)
				subject.Group = group
			}
		}
	}
	if subject.Namespace == "" && resource != "simnodes" {
		subject.Namespace = e.Namespace
	}
	return subject
}
