// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/history"
)

// Judge says whether the evidence bears a condition out.
func (e *Evidence) Judge(c *Condition) Finding {
	switch {
	case c.State != nil:
		return e.state(c.State)
	case c.Always != nil:
		return e.always(c.Always)
	case c.Request != nil:
		return e.request(c.Request)
	case c.Audit != nil:
		return e.audit(c.Audit)
	case c.Writer != nil:
		return e.writer(c.Writer)
	case c.Order != nil:
		return e.order(c.Order)
	case c.Took != nil:
		return e.took(c.Took)
	case c.Watch != nil:
		return e.watch(c.Watch)
	case c.Drain != nil:
		return e.drain(c.Drain)
	}
	return Finding{Unavailable: "the condition is empty"}
}

// Holds says whether all conditions hold, and what the first that does not found.
func (e *Evidence) Holds(conditions []Condition) (bool, Finding) {
	for i := range conditions {
		if found := e.Judge(&conditions[i]); !found.Holds {
			return false, found
		}
	}
	return true, Finding{Holds: true}
}

// Question judges each choice of a question.
func (e *Evidence) Question(q *Question, predicted string) QuestionResult {
	r := QuestionResult{ListedQuestion: q.listed(), Predicted: predicted, Right: []string{}, Why: q.Why}
	for i := range q.Choices {
		choice := ChoiceEvidence{Choice: ChoiceID(i), Holds: true}
		for n := range q.Choices[i].When {
			found := e.Judge(&q.Choices[i].When[n])
			choice.Found = append(choice.Found, found)
			choice.Holds = choice.Holds && found.Holds
		}
		if choice.Holds {
			r.Right = append(r.Right, choice.Choice)
		}
		r.Evidence = append(r.Evidence, choice)
	}
	if predicted != "" {
		correct := slices.Contains(r.Right, predicted)
		r.Correct = &correct
	}
	return r
}

// matches says whether an object is of those that a state is about, by its key.
func (e *Evidence) selects(s *State, o history.Object) bool {
	resource, group, _ := strings.Cut(s.Resource, ".")
	if o.Resource != resource || s.Name != "" && o.Name != s.Name {
		return false
	}
	if group != "" && o.Group != "" && o.Group != group || group == "" && o.Group != "" && o.Group != v1alpha1.GroupName {
		return false
	}
	namespace := s.Namespace
	if namespace == "" {
		namespace = e.Namespace
	}
	return o.Namespace == "" || o.Namespace == namespace
}

func (s *State) matches(v *history.Version) bool {
	labels, _ := lookUp(v.Value, "metadata.labels").(map[string]any)
	for key, value := range s.Labels {
		if labels[key] != value {
			return false
		}
	}
	return !slices.ContainsFunc(s.Fields, func(f Field) bool { return !f.holds(v.Value) })
}

// matching are the objects that a state is about, as they were at a revision, and
// those of them that are as it says.
func (e *Evidence) matching(s *State, revision int64) (about, matching []*history.Version) {
	about = e.History.Objects(revision, func(o history.Object) bool { return e.selects(s, o) })
	for _, v := range about {
		if s.matches(v) && e.isSameAs(s.SameAs, v) {
			matching = append(matching, v)
		}
	}
	return about, matching
}

// isSameAs says whether an object has the UID that its name had at a step or a moment.
func (e *Evidence) isSameAs(mark string, v *history.Version) bool {
	if mark == "" {
		return true
	}
	at, ok := e.mark(mark)
	if !ok {
		return false
	}
	before := e.History.At(v.Key, at.revision)
	return before != nil && before.UID() == v.UID()
}

func (e *Evidence) holdsAt(s *State, revision int64) bool {
	_, matching := e.matching(s, revision)
	return s.count().holds(len(matching))
}

func (s *State) count() *Count {
	switch {
	case s.Absent:
		return &Count{Equals: new(0)}
	case s.Count != nil:
		return s.Count
	}
	return &Count{AtLeast: new(1)}
}

func (c *Count) holds(n int) bool {
	if c == nil {
		return n > 0
	}
	return (c.Equals == nil || n == *c.Equals) && (c.AtLeast == nil || n >= *c.AtLeast) && (c.AtMost == nil || n <= *c.AtMost)
}

func (c *Count) wanted() string {
	switch {
	case c == nil:
		return "at least 1"
	case c.Equals != nil:
		return fmt.Sprint(*c.Equals)
	case c.AtLeast != nil && c.AtMost != nil:
		return fmt.Sprintf("%d to %d", *c.AtLeast, *c.AtMost)
	case c.AtMost != nil:
		return fmt.Sprintf("at most %d", *c.AtMost)
	case c.AtLeast != nil:
		return fmt.Sprintf("at least %d", *c.AtLeast)
	}
	return "any number"
}

func (s *State) what() string {
	if s.Name != "" {
		return strings.TrimSuffix(s.Resource, "s") + "/" + s.Name
	}
	return s.Resource
}

func (s *State) wanted() string {
	var what string
	switch {
	case s.Name != "" && s.Absent && len(s.Fields) == 0:
		what = s.what() + " is not in etcd"
	case s.Name != "" && !s.Absent && s.Count == nil:
		what = s.what() + " is in etcd"
	default:
		what = fmt.Sprintf("%s %s", s.count().wanted(), s.what())
	}
	var fields []string
	for key, value := range s.Labels {
		fields = append(fields, fmt.Sprintf("label %s is %s", key, value))
	}
	slices.Sort(fields)
	for i := range s.Fields {
		fields = append(fields, s.Fields[i].wanted())
	}
	if s.SameAs != "" {
		fields = append(fields, "it is the same one as at "+s.SameAs)
	}
	if len(fields) > 0 {
		what += " where " + strings.Join(fields, " and ")
	}
	if s.At != "" {
		what += ", at " + s.At
	}
	return what
}

func (e *Evidence) state(s *State) Finding {
	f := Finding{Wanted: s.wanted()}
	revision := e.History.Last()
	if s.At != "" {
		at, ok := e.mark(s.At)
		if !ok {
			return f.never(s.At)
		}
		revision = at.revision
	}
	about, matching := e.matching(s, revision)
	f.Holds = s.count().holds(len(matching))
	f.Found = s.found(about, matching, revision)
	for _, v := range about[:min(len(about), 10)] {
		f.Evidence = append(f.Evidence, evidenceOf(v))
	}
	return f
}

// always judges a state at each revision of a time.
func (e *Evidence) always(c *AlwaysCondition) Finding {
	f := Finding{Wanted: fmt.Sprintf("always from %s to %s: %s", c.From, cmp.Or(c.To, "the end"), c.wanted())}
	from, ok := e.mark(c.From)
	if !ok {
		return f.never(c.From)
	}
	to := mark{revision: e.History.Last()}
	if c.To != "" {
		if to, ok = e.mark(c.To); !ok {
			return f.never(c.To)
		}
	}
	revisions := []int64{from.revision}
	for _, change := range e.History.Between(from.revision, to.revision) {
		if e.selects(&c.State, change.Object) {
			revisions = append(revisions, change.Revision)
		}
	}
	least, most := -1, -1
	for _, revision := range revisions {
		about, matching := e.matching(&c.State, revision)
		if !c.count().holds(len(matching)) {
			f.Found = "not at revision " + fmt.Sprint(revision) + ": " + c.found(about, matching, revision)
			for _, v := range about[:min(len(about), 10)] {
				f.Evidence = append(f.Evidence, evidenceOf(v))
			}
			return f
		}
		if least < 0 || len(matching) < least {
			least = len(matching)
		}
		most = max(most, len(matching))
	}
	f.Holds = true
	f.Found = fmt.Sprintf("at all of the %d revisions from %d to %d: %d to %d such objects", len(revisions), from.revision, to.revision, least, most)
	return f
}

func (s *State) found(about, matching []*history.Version, revision int64) string {
	switch {
	case s.Name != "" && len(about) == 0:
		return fmt.Sprintf("%s: %s at revision %d", s.what(), NothingStored, revision)
	case s.Name != "":
		found := fmt.Sprintf("%s at revision %d: %s", s.what(), about[0].Revision, Words(about[0]))
		for i := range s.Fields {
			found += fmt.Sprintf("; %s is %s", s.Fields[i].Path, text(lookUp(about[0].Value, s.Fields[i].Path)))
		}
		if s.SameAs != "" {
			found += fmt.Sprintf("; its UID is %s", about[0].UID())
		}
		return found
	}
	names := make([]string, 0, len(matching))
	for _, v := range matching {
		names = append(names, v.Object.Name)
	}
	found := fmt.Sprintf("%d of %d %s at revision %d", len(matching), len(about), s.Resource, revision)
	if len(names) > 0 {
		found += ": " + list(names)
	}
	return found
}

// never is the finding where a step or a moment did not come.
func (f Finding) never(name string) Finding {
	f.Found = fmt.Sprintf("%s never came", name)
	return f
}

func (e *Evidence) writer(c *WriterCondition) Finding {
	f := Finding{Wanted: fmt.Sprintf("%s was written by %s", c.Moment, c.By)}
	at, ok := e.mark(c.Moment)
	if !ok {
		return f.never(c.Moment)
	}
	if e.NoAudit != "" {
		f.Unavailable = e.NoAudit
		return f
	}
	for _, change := range e.History.Between(at.revision-1, at.revision) {
		by, auditID := e.Writer(&change)
		if by == "" {
			f.Unavailable = fmt.Sprintf("the audit log names no request that made revision %d", at.revision)
			return f
		}
		f.Found = fmt.Sprintf("revision %d was written by %s", at.revision, by)
		f.Evidence = []string{evidenceOf(&change), "audit " + auditID}
		f.Holds = by == c.By
	}
	return f
}

func (e *Evidence) order(names []string) Finding {
	f := Finding{Wanted: strings.Join(names, ", then "), Holds: true}
	var found []string
	var last mark
	for i, name := range names {
		at, ok := e.mark(name)
		if !ok {
			return f.never(name).failed()
		}
		found = append(found, fmt.Sprintf("%s at revision %d", name, at.revision))
		if i > 0 && !follows(last, at) {
			f.Holds = false
		}
		last = at
	}
	f.Found = strings.Join(found, ", ")
	return f
}

func (f Finding) failed() Finding {
	f.Holds = false
	return f
}

// follows says whether a mark came after another: a revision that a step only has
// seen may be the last one of the mark before.
func follows(before, after mark) bool {
	if before.exact && after.exact || !before.exact && after.exact {
		return after.revision > before.revision
	}
	return after.revision >= before.revision
}

func (e *Evidence) took(c *TookCondition) Finding {
	f := Finding{Wanted: fmt.Sprintf("from %s to %s %s", c.From, c.To, c.wanted())}
	from, ok := e.mark(c.From)
	if !ok {
		return f.never(c.From)
	}
	to, ok := e.mark(c.To)
	if !ok {
		return f.never(c.To)
	}
	took := to.at.Sub(from.at)
	f.Found = took.Round(time.Millisecond).String()
	f.Holds = c.holds(took)
	return f
}

func (b *Bounds) holds(d time.Duration) bool {
	return (b.AtLeast == nil || d >= b.AtLeast.Duration) && (b.AtMost == nil || d <= b.AtMost.Duration)
}

func (b *Bounds) wanted() string {
	switch {
	case b.AtLeast != nil && b.AtMost != nil:
		return fmt.Sprintf("%s to %s", b.AtLeast.Duration, b.AtMost.Duration)
	case b.AtLeast != nil:
		return "at least " + b.AtLeast.Duration.String()
	case b.AtMost != nil:
		return "at most " + b.AtMost.Duration.String()
	}
	return "any time"
}
