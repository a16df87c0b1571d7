// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// truth is what the independent readers know.
type truth struct {
	log    auditLog
	lives  []*life
	states map[int64]*state
	makers makers
}

func newTruth(lives []*life, log auditLog) *truth {
	t := &truth{log: log, lives: lives, states: map[int64]*state{}, makers: findMakers(lives, log)}
	for _, l := range lives {
		for _, s := range l.states {
			t.states[s.revision] = s
		}
	}
	return t
}

// lifeOf returns the life of an object; nil where etcd never had it.
func (t *truth) lifeOf(of object, uid string) *life {
	for _, l := range t.lives {
		if l.of == of && l.uid == uid {
			return l
		}
	}
	return nil
}

// at returns the state of any followed object at a revision; nil where there is none.
func (t *truth) at(revision int64) *state { return t.states[revision] }

// Kinds of statements, as the table names them.
const (
	aboutSubject     = "subject"
	aboutCreator     = "audit ID of the request that creates the object"
	aboutMaker       = "audit ID of the request that made a revision"
	aboutUser        = "user who made a revision"
	aboutVerb        = "verb of the request that made a revision"
	aboutCode        = "code of the request that made a revision"
	aboutDeed        = "what a revision did"
	aboutContent     = "node and phase at a revision"
	aboutTimeline    = "revisions in the timeline"
	aboutWhen        = "time of a revision"
	aboutComponent   = "one name per component"
	aboutRequest     = "request in the evidence"
	aboutKey         = "key in the evidence of etcd"
	aboutWatch       = "revision of a watch event"
	aboutTransition  = "revision of a transition"
	aboutBind        = "bind"
	aboutTracker     = "state in the tracker"
	aboutQuiz        = "answer of the quiz"
	aboutOutcome     = "outcome"
	aboutOrder       = "order of the steps"
	aboutSteps       = "steps"
	aboutChildren    = "object that a request ended or made"
	aboutLine        = "line that the client prints"
	aboutDisagree    = "disagreements"
	aboutDryRun      = "dry run"
	aboutEnd         = "who ended the object"
	aboutTextMention = "revision in a text"
)

// compareLife compares all that the walkthrough of an object says.
func (t *truth) compareLife(ledger *ledger, l *life, w *walkthrough) {
	s := ledger.subject(l.String())
	s.compare(aboutSubject, 0, fmt.Sprintf("%s/%s/%s/%s %s", w.Subject.Group, w.Subject.Resource, w.Subject.Namespace, w.Subject.Name, w.Subject.UID),
		fmt.Sprintf("%s/%s/%s/%s %s", l.of.group, l.of.resource, l.of.namespace, l.of.name, l.uid), etcdHistory)
	if creator := t.makers[l.first().revision]; creator.request != nil {
		s.compare(aboutCreator, l.first().revision, w.AuditID, creator.request.AuditID, auditFile)
	} else {
		s.unknown(aboutCreator, l.first().revision, creator.String())
	}
	s.compare(aboutDisagree, 0, w.Disagreements, []map[string]any(nil), schemaSays)
	s.compare(aboutOutcome, l.last().revision, w.Outcome, outcomeOf(l, w.Outcome), etcdHistory)
	t.compareEnd(s, l, w)
	t.compareTimeline(s, l, w)
	t.compareEvidence(s, t.familyOf(l), w)
	t.compareTexts(s, l, w)
	t.compareTracker(s, l, w)
	t.compareQuiz(s, l, w)
	compareOrder(s, w)
}

// compareEnd: of an object that ends or has ended it is told by whom.
func (t *truth) compareEnd(s *statements, l *life, w *walkthrough) {
	i := slices.IndexFunc(l.states, func(s *state) bool { return s.removed() || s.marked() })
	if i < 0 {
		return
	}
	maker := t.makers[l.states[i].revision]
	if maker.request == nil {
		s.unknown(aboutEnd, l.states[i].revision, maker.String())
		return
	}
	said := strings.ToLower(w.Headline + " " + w.Reason)
	user := maker.request.User.Username
	names := slices.Compact([]string{strings.ToLower(user), user[strings.LastIndex(user, ":")+1:]})
	if name := programOf(maker.request); name != "" {
		names = append(names, name)
	}
	for _, name := range names {
		if strings.Contains(said, name) {
			said = strings.Join(names, " or ")
			break
		}
	}
	s.compare(aboutEnd, l.states[i].revision, said, strings.Join(names, " or "), auditFile)
}

// outcomeOf is the outcome of an object's life as its last state has it. Which
// of the outcomes of a pod without a node it is, the states do not tell: then the
// one that is told is taken where it is one of them.
func outcomeOf(l *life, told string) string {
	last := l.last()
	unbound := []string{"Pending", "Unschedulable", "SchedulingGated"}
	switch {
	case last.removed():
		return "Deleted"
	case last.marked():
		return "Terminating"
	case l.of.resource == "simreplicasets":
		return told
	case slices.Contains([]string{"Running", "Succeeded", "Failed"}, last.phase()):
		return last.phase()
	case last.node() != "":
		return "Scheduled"
	case slices.Contains(unbound, told):
		return told
	}
	return strings.Join(unbound, " or ")
}

// compareTimeline compares the structured timeline.
func (t *truth) compareTimeline(s *statements, l *life, w *walkthrough) {
	if w.Revisions == nil {
		return
	}
	told, are := []int64{}, []int64{}
	for _, r := range w.Revisions {
		told = append(told, r.Revision)
	}
	for _, state := range l.states {
		are = append(are, state.revision)
	}
	if half := len(told) / 2; w.RevisionsOmitted > 0 {
		are = slices.Concat(are[:half], are[len(are)-(len(told)-half):])
	}
	s.compare(aboutTimeline, 0, told, are, etcdHistory)
	for _, r := range w.Revisions {
		if state := l.at(r.Revision); state != nil {
			t.compareRevision(s, state, r)
		}
	}
}

func (t *truth) compareRevision(s *statements, state *state, r toldRevision) {
	t.compareDeed(s, state, r.Kind)
	if !state.removed() {
		s.compare(aboutContent, r.Revision, r.Node+" "+r.Phase, state.node()+" "+state.phase(), etcdHistory)
	}
	maker := t.makers[r.Revision]
	if maker.request == nil {
		s.unknown(aboutMaker, r.Revision, maker.String())
		return
	}
	q := maker.request
	s.compare(aboutMaker, r.Revision, r.AuditID, q.AuditID, auditFile)
	s.compare(aboutUser, r.Revision, r.User, q.User.Username, auditFile)
	s.compare(aboutVerb, r.Revision, r.Verb, q.Verb, auditFile)
	s.compare(aboutCode, r.Revision, r.Code, q.ResponseStatus.Code, auditFile)
	compareProgram(s, r.Revision, r.Component, q)
	// A watch may have seen it before the answer was written down.
	if r.Time.Before(q.received()) || r.Time.After(q.completed()) {
		s.compare(aboutWhen, r.Revision, stamp(r.Time), stamp(q.received())+" to "+stamp(q.completed()), auditFile)
	} else {
		s.compare(aboutWhen, r.Revision, stamp(r.Time), stamp(r.Time), auditFile)
	}
}

// compareDeed compares what a revision is said to have done. A second delete
// changes only when the object ends: it is a mark as well as a change.
func (t *truth) compareDeed(s *statements, state *state, told string) {
	is := deedOf(state)
	if r := t.makers[state.revision].request; is == changes && r != nil && r.Verb == "delete" && told == string(marks) {
		is = marks
	}
	s.compare(aboutDeed, state.revision, told, is, etcdHistory)
}

// programs are the users that are components, and what each is to be called: no
// two of them have the same name.
var programs = []struct{ user, name string }{
	{"system:serviceaccount:glassplane-system:glassplane-controller-manager", "controller manager"},
	{"system:serviceaccount:glassplane-system:glassplane-scheduler", "scheduler"},
	{"system:serviceaccount:kube-system:", "kube-controller-manager"},
	{"system:kube-controller-manager", "kube-controller-manager"},
	// Of Pods it is the scheduler: ours takes no part in them.
	{"system:kube-scheduler", "scheduler"},
	{"system:node:", "kubelet"},
}

// programOf is what the sender of a request is to be called; empty where it is a person.
func programOf(r *request) string {
	for _, p := range programs {
		if strings.HasPrefix(r.User.Username, p.user) {
			return p.name
		}
	}
	return ""
}

// compareProgram compares what the sender of a request is called. A person may be
// called anything that is not the name of a component.
func compareProgram(s *statements, revision int64, told string, r *request) {
	told, _, _ = strings.Cut(strings.ToLower(told), " (")
	is := programOf(r)
	if is == "" && told == "" {
		return
	}
	if is == "" && !slices.ContainsFunc(programs, func(p struct{ user, name string }) bool { return p.name == told }) {
		is = told
	}
	s.compare(aboutComponent, revision, told, cmp.Or(is, r.User.Username), auditFile)
}

// among says whether a revision is one of those that a walkthrough may be about.
type among func(revision int64) bool

// has is true for the revisions of one life.
func (l *life) has(revision int64) bool { return l.at(revision) != nil }

// familyOf is true for the revisions of one life and of those that it owns.
func (t *truth) familyOf(l *life) among {
	return func(revision int64) bool {
		s := t.at(revision)
		return s != nil && (l.has(revision) || s.ownedBy(l.uid))
	}
}

// named is true for the revisions of all that ever had a name or, without one,
// of all that was in the collection.
func (t *truth) named(of object) among {
	return func(revision int64) bool {
		s := t.at(revision)
		return s != nil && (s.of == of || of.name == "" && s.of.collection() == of)
	}
}

// compareEvidence compares each piece of evidence with its source.
func (t *truth) compareEvidence(s *statements, mine among, w *walkthrough) {
	for _, step := range w.Steps {
		for _, e := range step.Evidence {
			switch e.Source {
			case "audit":
				t.compareAudit(s, e)
			case "etcd":
				t.compareEtcd(s, mine, e)
			case "watch":
				s.compare(aboutWatch, e.ModRevision, mine(e.ModRevision), true, etcdHistory)
			case "transition":
				t.compareTransition(s, e)
			}
			t.comparePair(s, e)
		}
	}
}

// compareAudit compares the request that a piece of evidence names.
func (t *truth) compareAudit(s *statements, e evidence) {
	r := t.log[e.AuditID]
	if r == nil {
		s.compare(aboutRequest, e.ModRevision, e.AuditID, "no such request", auditFile)
		return
	}
	at, known := r.stages[e.Stage]
	if e.Stage == stageReceived {
		at = r.received()
	}
	code := r.codes[e.Stage]
	is := fmt.Sprintf("%s %s %s %s %s %s %d", e.AuditID, r.User.Username, r.Verb, r.RequestURI, r.UserAgent, stamp(at), code)
	said := fmt.Sprintf("%s %s %s %s %s %s %d", e.AuditID, e.User, e.Verb, e.URI, e.UserAgent, stamp(e.Time), e.Code)
	if !known {
		is = "no stage " + e.Stage
	}
	s.compare(aboutRequest, e.ModRevision, said, is, auditFile)
	if e.Groups != nil {
		s.compare(aboutRequest, e.ModRevision, e.Groups, r.User.Groups, auditFile)
	}
}

// compareEtcd compares a state, or a read that found none.
func (t *truth) compareEtcd(s *statements, mine among, e evidence) {
	if e.ModRevision == 0 {
		return
	}
	state := t.at(e.ModRevision)
	if state == nil {
		s.compare(aboutKey, e.ModRevision, e.Key, "no such revision", etcdHistory)
		return
	}
	created := state.created
	if state.removed() {
		// A removal has no create revision of its own.
		created = e.CreateRevision
	}
	s.compare(aboutKey, e.ModRevision, fmt.Sprintf("%s create %d, %d bytes", e.Key, e.CreateRevision, e.Bytes),
		fmt.Sprintf("%s create %d, %d bytes", state.key, created, state.bytes), etcdHistory)
	s.compare(aboutKey, e.ModRevision, mine(e.ModRevision), true, etcdHistory)
}

// compareTransition: what the simulated kubelet says to have written was made by
// a request of the controller manager.
func (t *truth) compareTransition(s *statements, e evidence) {
	if e.ModRevision == 0 {
		return
	}
	maker := t.makers[e.ModRevision]
	if maker.request == nil {
		s.unknown(aboutTransition, e.ModRevision, maker.String())
		return
	}
	s.compare(aboutTransition, e.ModRevision, "controller manager", programOf(maker.request), auditFile)
}

// What the summaries say of a revision, until the timeline does.
var (
	pairText    = regexp.MustCompile(`^the write by (.+?) that made revision (\d+)(?:: it (.+))?$`)
	summaryText = regexp.MustCompile(`^(\d+): (.+?) (creates the object|sets spec\.nodeName|writes the status|marks \S+(?: \S+)? for deletion|removes the key|changes )`)
	bindText    = regexp.MustCompile(`(?i)the bind is revision (\d+), which sets spec\.nodeName to ([^ ;,]+?)(?:; (.+?) sent it \(audit ID ([0-9a-f-]+), answered with (\d+)\)|[.;,])`)
	phaseText   = regexp.MustCompile(`revision (\d+) \(phase (\w+)`)
	countText   = regexp.MustCompile(`^(\d+) revisions? of the key`)
)

// deedIn reads what a text says that a revision did; empty where it does not.
func deedIn(text string) string {
	for start, deed := range map[string]deed{
		"creates the object": creates, "sets spec.nodeName": binds, "writes the status": reports,
		"marks ": marks, "removes the key": removes, "changes ": changes,
	} {
		if strings.HasPrefix(text, start) {
			return string(deed)
		}
	}
	return ""
}

// comparePair compares what a summary says of the revision and the request.
func (t *truth) comparePair(s *statements, e evidence) {
	if m := pairText.FindStringSubmatch(e.Summary); m != nil && e.Source == "audit" {
		revision := number(m[2])
		if maker := t.makers[revision]; maker.request == nil {
			s.unknown(aboutMaker, revision, maker.String())
		} else {
			s.compare(aboutMaker, revision, e.AuditID, maker.request.AuditID, auditFile)
			compareProgram(s, revision, m[1], maker.request)
		}
		if state := t.at(revision); state != nil && deedIn(m[3]) != "" {
			t.compareDeed(s, state, deedIn(m[3]))
		}
	}
	if m := summaryText.FindStringSubmatch(e.Summary); m != nil {
		if state := t.at(number(m[1])); state != nil {
			t.compareDeed(s, state, deedIn(m[3]))
		}
	}
}

// compareTexts compares what the effects of steps 4 to 6 say.
func (t *truth) compareTexts(s *statements, l *life, w *walkthrough) {
	if step := w.step(4); step != nil {
		if m := bindText.FindStringSubmatch(step.Effect); m != nil {
			t.compareBind(s, l, m)
		}
	}
	if step := w.step(5); step != nil {
		for _, m := range phaseText.FindAllStringSubmatch(step.Effect, -1) {
			state := l.at(number(m[1]))
			if state == nil {
				s.compare(aboutTextMention, number(m[1]), "a status", "no such revision", etcdHistory)
				continue
			}
			s.compare(aboutContent, state.revision, m[2], cmp.Or(state.phase(), "empty"), etcdHistory)
			t.compareDeed(s, state, string(reports))
		}
	}
	if step := w.step(6); step != nil {
		if m := countText.FindStringSubmatch(step.Effect); m != nil {
			s.compare(aboutTimeline, 0, m[1], len(l.states), etcdHistory)
		}
	}
}

func (t *truth) compareBind(s *statements, l *life, m []string) {
	revision := number(m[1])
	state := l.at(revision)
	if state == nil {
		s.compare(aboutBind, revision, "a bind", "no such revision", etcdHistory)
		return
	}
	s.compare(aboutBind, revision, m[2], state.node(), etcdHistory)
	s.compare(aboutBind, revision, binds, deedOf(state), etcdHistory)
	if maker := t.makers[revision]; maker.request != nil && m[4] != "" {
		s.compare(aboutBind, revision, m[4]+" "+m[5], fmt.Sprintf("%s %d", maker.request.AuditID, maker.request.ResponseStatus.Code), auditFile)
	}
}

// compareTracker compares each moment with the state at its revision.
func (t *truth) compareTracker(s *statements, l *life, w *walkthrough) {
	for _, m := range w.Tracker {
		if m.Revision == 0 {
			continue
		}
		state := l.at(m.Revision)
		switch {
		case state == nil:
			s.compare(aboutTracker, m.Revision, m.Moment, "no such revision", etcdHistory)
		case state.removed():
			s.compare(aboutTracker, m.Revision, strings.Contains(m.ClusterState, "not in etcd"), true, etcdHistory)
		default:
			for _, value := range []string{state.phase(), state.node()} {
				s.compare(aboutTracker, m.Revision, strings.Contains(m.ClusterState, value), true, etcdHistory)
			}
		}
		if m.Moment == "Final" {
			s.compare(aboutTracker, m.Revision, m.Revision, l.last().revision, etcdHistory)
		}
	}
}

// compareQuiz compares the answers that etcd or the audit log has.
func (t *truth) compareQuiz(s *statements, l *life, w *walkthrough) {
	if answer, asked := w.answer("revision-count"); asked {
		count, _, _ := strings.Cut(answer, " ")
		s.compare(aboutQuiz, 0, count, len(l.states), etcdHistory)
	}
	for _, state := range l.states {
		if answer, asked := w.answer("bind-revision"); asked && deedOf(state) == binds {
			s.compare(aboutQuiz, state.revision, answer, fmt.Sprintf("Revision %d", state.revision), etcdHistory)
		}
	}
	if creator := t.makers[l.first().revision].request; creator != nil {
		if answer, asked := w.answer("request-user"); asked {
			s.compare(aboutQuiz, l.first().revision, answer, creator.User.Username, auditFile)
		}
		if answer, asked := w.answer("answer-code"); asked {
			s.compare(aboutQuiz, l.first().revision, answer, fmt.Sprintf("HTTP %d", creator.ResponseStatus.Code), auditFile)
		}
	}
}

// compareOrder: the steps come in the order in which they were completed.
func compareOrder(s *statements, w *walkthrough) {
	var before step
	for _, step := range w.Steps {
		if step.Time.IsZero() {
			continue
		}
		said := fmt.Sprintf("step %d at %s after step %d at %s", step.Step, stamp(step.Time), before.Step, stamp(before.Time))
		is := said
		if step.Time.Before(before.Time) {
			is = "not before"
		}
		s.compare(aboutOrder, 0, said, is, schemaSays)
		before = step
	}
}

// stamp is a time as walkthroughs have it.
func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
