// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/history"
)

// Evidence is what a run is judged by.
type Evidence struct {
	// History is what etcd stored.
	History *history.History
	// Namespace is the one of the experiment.
	Namespace string
	// Moments are those of the experiment's file.
	Moments []Moment
	// Steps are those that were done so far.
	Steps []StepResult
	// Audit has the requests of the audit log that were answered since the start, in
	// the order of their arrival. NoAudit says why it cannot be read; empty where it can.
	Audit   []AuditEvent
	NoAudit string
	// Watches are what the clients of watches had seen at the end of each step, by the
	// watch's step and that step; "" is now.
	Watches map[string]map[string]WatchSeen
	// Drains are what became of drains, by their step.
	Drains map[string]DrainSeen

	marks map[string]mark
}

// AuditEvent is one request of the audit log that was answered.
type AuditEvent struct {
	AuditID, Verb, User, Agent   string
	Group, Resource, Subresource string
	Namespace, Name, UID         string
	Code                         int
	ReceivedAt, AnsweredAt       time.Time
	// Revision of the object in the answer; 0 where the log does not have it.
	Revision int64
	// Node that the request asks to bind a pod to; empty where it asks for none.
	Node   string
	DryRun bool
}

// By is the component that sent the request; the user where it is none.
func (a *AuditEvent) By() string {
	return cmp.Or(component.Of(a.User, a.Agent), program(a.Agent)+" ("+a.User+")")
}

func program(agent string) string {
	name, _, _ := strings.Cut(agent, "/")
	return cmp.Or(name, "a client")
}

// Writes says whether the request is one that changes what is stored.
func (a *AuditEvent) Writes() bool {
	return !a.DryRun && slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, a.Verb)
}

// isAbout says whether the request names an object.
func (a *AuditEvent) isAbout(o history.Object) bool {
	return a.Resource == o.Resource && (o.Group == "" || a.Group == o.Group) && a.Namespace == o.Namespace && a.Name == o.Name
}

// WatchSeen is what the client of a watch saw.
type WatchSeen struct {
	// Lists is how often it listed, and Expired how often it was told that its revision
	// is too old.
	Lists, Expired int
	// Known are the revisions of the objects that it knows, by namespace and name.
	Known map[string]int64
}

// DrainSeen is what became of a drain.
type DrainSeen struct {
	Ended bool
	// Problem is its error; empty for none.
	Problem string
	// Told are the lines that it has said so far.
	Told []string
}

// mark is a point of a run: a revision of etcd and a time.
type mark struct {
	revision int64
	at       time.Time
	// exact is true where the revision was stored at the mark, and not before it.
	exact bool
}

// mark returns the point that a step or a moment names; not ok where it never came.
func (e *Evidence) mark(name string) (m mark, ok bool) {
	if m, ok = e.marks[name]; ok {
		return m, m.revision != 0 || !m.at.IsZero()
	}
	if e.marks == nil {
		e.marks = map[string]mark{}
	}
	e.marks[name] = e.find(name)
	m = e.marks[name]
	return m, m.revision != 0 || !m.at.IsZero()
}

func (e *Evidence) find(name string) mark {
	for i := range e.Steps {
		if s := &e.Steps[i]; s.Name == name && s.EndedAt != nil {
			return mark{revision: s.Revision, at: s.EndedAt.Time}
		}
	}
	for i := range e.Moments {
		if e.Moments[i].Name == name {
			return e.first(&e.Moments[i])
		}
	}
	return mark{}
}

// first finds the revision at which the state of a moment becomes true.
func (e *Evidence) first(m *Moment) mark {
	if m.Last != nil {
		return e.last(m)
	}
	from := e.History.Base
	if m.After != "" {
		after, ok := e.mark(m.After)
		if !ok {
			return mark{}
		}
		from = after.revision
	}
	held := e.holdsAt(&m.First, from)
	changes := e.History.Between(from, e.History.Last())
	for i := range changes {
		if !e.selects(&m.First, changes[i].Object) {
			continue
		}
		holds := e.holdsAt(&m.First, changes[i].Revision)
		if holds && !held {
			return mark{revision: changes[i].Revision, at: changes[i].SeenAt, exact: true}
		}
		held = holds
	}
	return mark{}
}

// last finds the last revision of a moment's object before another moment.
func (e *Evidence) last(m *Moment) mark {
	before, ok := e.mark(m.Before)
	if !ok {
		return mark{}
	}
	about := m.about()
	changes := e.History.Between(e.History.Base, before.revision)
	for i := range slices.Backward(changes) {
		if e.selects(&about, changes[i].Object) {
			return mark{revision: changes[i].Revision, at: changes[i].SeenAt, exact: true}
		}
	}
	return mark{}
}

// about are the objects of which a revision is meant.
func (m *Moment) about() State {
	if m.Last != nil {
		return State{Resource: m.Last.Resource, Namespace: m.Last.Namespace, Name: m.Last.Name}
	}
	return m.First
}

// Writer names who made a revision of an object, by the audit log.
func (e *Evidence) Writer(v *history.Version) (by, auditID string) {
	for i := range e.Audit {
		a := &e.Audit[i]
		if a.Revision == v.Revision && a.Code/100 == 2 && a.Writes() && a.isAbout(v.Object) {
			return a.By(), a.AuditID
		}
	}
	return "", ""
}

// Timeline has the experiment's moments in the order in which they came.
func (e *Evidence) Timeline(began time.Time) []MomentResult {
	var out []MomentResult
	for i := range e.Moments {
		m := &e.Moments[i]
		result := MomentResult{Name: m.Name, Says: m.Says}
		if at, ok := e.mark(m.Name); ok {
			result.Revision, result.At, result.After = at.revision, micro(at.at), sinceStart(at.at, began)
			result.By = e.writerAt(m, at.revision)
		}
		out = append(out, result)
	}
	slices.SortStableFunc(out, func(a, b MomentResult) int {
		if (a.Revision == 0) != (b.Revision == 0) {
			return cmp.Compare(b.Revision, a.Revision)
		}
		return cmp.Compare(a.Revision, b.Revision)
	})
	return out
}

// writerAt names who wrote the revision that made a moment's state true.
func (e *Evidence) writerAt(m *Moment, revision int64) string {
	about := m.about()
	for _, change := range e.History.Between(revision-1, revision) {
		if e.selects(&about, change.Object) {
			by, _ := e.Writer(&change)
			return by
		}
	}
	return ""
}

// Changes are what was stored after one revision and up to another, of the kinds that
// people ask for: no leases, events or endpoints of components.
func (e *Evidence) Changes(after, to int64) (changes []Change, omitted int) {
	for _, v := range e.History.Between(after, to) {
		if !worthTelling(v.Object) {
			continue
		}
		if len(changes) == MaxChanges {
			omitted++
			continue
		}
		by, _ := e.Writer(&v)
		changes = append(changes, Change{
			Revision: v.Revision, SeenAt: *micro(v.SeenAt), Subject: subjectOf(v.Object, v.UID()),
			Kind: kindOf(e.History.At(v.Key, v.Revision-1), &v), By: by, State: Words(&v),
		})
	}
	return changes, omitted
}

// quiet are built-in resources whose changes are no part of a story.
var quiet = []string{"leases", "events", "configmaps", "secrets", "serviceaccounts", "endpointslices", "masterleases", "ranges", "namespaces"}

func worthTelling(o history.Object) bool { return !slices.Contains(quiet, o.Resource) }

func evidenceOf(v *history.Version) string {
	return fmt.Sprintf("%s@%d", v.Key, v.Revision)
}
