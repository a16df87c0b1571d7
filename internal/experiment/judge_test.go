// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/history"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds float64) time.Time { return epoch.Add(time.Duration(seconds * float64(time.Second))) }

func emptyEvidence(e *Experiment) *Evidence {
	return &Evidence{History: &history.History{}, Namespace: "default", Moments: e.Moments}
}

func stored(revision int64, seen float64, name, node string, labels ...string) history.Version {
	spec := map[string]any{}
	if node != "" {
		spec["nodeName"] = node
	}
	with := map[string]any{}
	for _, label := range labels {
		with[label] = "yes"
	}
	return history.Version{
		Object: history.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "default", Name: name},
		Key:    "/registry/sim.glassplane.dev/simpods/default/" + name, Revision: revision, Created: 1, SeenAt: at(seen),
		Value: map[string]any{"metadata": map[string]any{"name": name, "uid": "u-" + name, "labels": with}, "spec": spec},
	}
}

func removed(revision int64, seen float64, name string) history.Version {
	v := stored(revision, seen, name, "")
	v.Value = nil
	return v
}

// evidenceOfRun is that of a pod a, which is created at 11, bound at 12 by the second
// of two binds and removed at 14, and of a pod b, which is created at 13.
func evidenceOfRun() *Evidence {
	h := &history.History{Base: 10}
	for _, v := range []history.Version{stored(11, 1, "a", ""), stored(12, 2, "a", "n1"), stored(13, 3, "b", "", "kept"), removed(14, 4, "a")} {
		h.Add(v)
	}
	h.Reach(20)
	ended := func(seconds float64) *metav1.MicroTime { return new(metav1.NewMicroTime(at(seconds))) }
	audit := func(id, verb, name, user string, code int, revision int64, node string, seconds float64) AuditEvent {
		return AuditEvent{AuditID: id, Verb: verb, User: user, Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "default", Name: name,
			Code: code, Revision: revision, Node: node, ReceivedAt: at(seconds)}
	}
	scheduler := "system:serviceaccount:glassplane-system:glassplane-scheduler"
	return &Evidence{
		History: h, Namespace: "default",
		Moments: []Moment{
			{Name: "bound", First: State{Resource: "simpods", Name: "a", Fields: []Field{{Path: "spec.nodeName", Set: new(true)}}}},
			{Name: "gone", First: State{Resource: "simpods", Name: "a", Absent: true}, After: "bound"},
			{Name: "never", First: State{Resource: "simpods", Name: "c"}},
			{Name: "last-of-a", Last: &Ref{Resource: "simpods", Name: "a"}, Before: "lost"},
			{Name: "last-of-c", Last: &Ref{Resource: "simpods", Name: "c"}, Before: "lost"},
		},
		Steps: []StepResult{
			{ListedStep: ListedStep{Name: "create"}, EndedAt: ended(1.1), Revision: 11, EtcdAnswered: true, Request: &RequestResult{
				AuditID: "c1", SentAt: metav1.NewMicroTime(at(0.5)), AnsweredAt: ended(1), Code: 201, Says: "created"}},
			{ListedStep: ListedStep{Name: "lost"}, EndedAt: ended(3), Revision: 13, EtcdAnswered: true, Request: &RequestResult{
				AuditID: "c2", SentAt: metav1.NewMicroTime(at(2)), Says: "no answer within 1s"}},
			{ListedStep: ListedStep{Name: "follow"}, EndedAt: ended(3), Revision: 13, EtcdAnswered: true, Watched: "simpods"},
		},
		Audit: []AuditEvent{
			audit("c1", "create", "a", "alice", 201, 11, "", 0.6), audit("b1", "patch", "a", scheduler, 200, 12, "n1", 1.5),
			audit("b2", "patch", "a", scheduler, 409, 0, "n2", 1.6), audit("c2", "create", "lost", "alice", 504, 0, "", 2.1),
		},
		Watches: map[string]map[string]WatchSeen{"follow": {
			"": {Lists: 2, Expired: 1, Known: map[string]int64{"default/b": 13}}, "create": {Lists: 1, Known: map[string]int64{"default/a": 9}},
		}},
		Drains: map[string]DrainSeen{"drain": {Ended: true, Problem: "refused", Told: []string{"evicting a", "will retry after 5s"}}},
	}
}

func TestJudge(t *testing.T) {
	state := func(s State) Condition { s.Resource = "simpods"; return Condition{State: &s} }
	always := func(s State, from, to string) Condition {
		s.Resource = "simpods"
		return Condition{Always: &AlwaysCondition{State: s, From: from, To: to}}
	}
	second := metav1.Duration{Duration: time.Second}
	tests := []struct {
		name string
		c    Condition
		want bool
		// found is a part of what is found, or of why it is not available.
		found string
	}{
		{"an object that is there", state(State{Name: "b"}), true, "simpod/b at revision 13"},
		{"an object that is gone", state(State{Name: "a"}), false, "nothing in etcd at revision 20"},
		{"an object that is gone, as wanted", state(State{Name: "a", Absent: true}), true, "nothing in etcd"},
		{"an object at a step", state(State{Name: "a", At: "create"}), true, "revision 11"},
		{"a field at a moment", state(State{Name: "a", At: "bound", Fields: []Field{{Path: "spec.nodeName", Equals: "n1"}}}), true, "spec.nodeName is n1"},
		{"a field with another value", state(State{Name: "a", At: "bound", Fields: []Field{{Path: "spec.nodeName", Equals: "n2"}}}), false, "spec.nodeName is n1"},
		{"a field of several values", state(State{Name: "a", At: "bound", Fields: []Field{{Path: "spec.nodeName", OneOf: []any{"n2", "n1"}}}}), true, ""},
		{"a moment that never came", state(State{Name: "a", At: "never"}), false, "never never came"},
		{"how many there are", state(State{Count: &Count{Equals: new(2)}, At: "lost"}), true, "2 of 2 simpods at revision 13: a, b"},
		{"how many have a label", state(State{Labels: map[string]string{"kept": "yes"}, Count: &Count{AtLeast: new(2)}}), false, "1 of 1"},
		{"another namespace", state(State{Namespace: "other", Absent: true}), true, "0 of 0"},
		{"a request that was answered", Condition{Request: &RequestCondition{Step: "create", Answered: new(true), Codes: []int{201}}}, true, "answered 201 after 500ms"},
		{"a request that took too long", Condition{Request: &RequestCondition{Step: "create", Took: &Bounds{AtLeast: &second}}}, false, ""},
		{"a request without an answer, by the audit log", Condition{Request: &RequestCondition{Step: "lost", Answered: new(false), Codes: []int{504}}}, true, "the audit log has the answer 504"},
		{"a request that was not sent", Condition{Request: &RequestCondition{Step: "follow", Codes: []int{200}}}, false, "not sent"},
		{"binds that were refused", Condition{Audit: &AuditCondition{Resource: "simpods", By: "Scheduler", Binds: true, Codes: []int{409}}}, true, "1 such requests"},
		{"binds before a moment", Condition{Audit: &AuditCondition{Resource: "simpods", Binds: true, Before: "create", Count: &Count{Equals: new(0)}}}, true, ""},
		{"binds after a step", Condition{Audit: &AuditCondition{Resource: "simpods", Binds: true, After: "create", Count: &Count{Equals: new(2)}}}, true, ""},
		{"who wrote", Condition{Writer: &WriterCondition{Moment: "bound", By: "Scheduler"}}, true, "revision 12 was written by Scheduler"},
		{"who did not write", Condition{Writer: &WriterCondition{Moment: "bound", By: "Controller manager"}}, false, "by Scheduler"},
		{"a writer that no log names", Condition{Writer: &WriterCondition{Moment: "gone", By: "Scheduler"}}, false, "names no request"},
		{"an order", Condition{Order: []string{"create", "bound", "gone"}}, true, "bound at revision 12"},
		{"an order that is another", Condition{Order: []string{"gone", "bound"}}, false, ""},
		{"an order with what never came", Condition{Order: []string{"bound", "never"}}, false, "never came"},
		{"a time", Condition{Took: &TookCondition{From: "bound", To: "gone", Bounds: Bounds{AtLeast: &second}}}, true, "2s"},
		{"a time that is too long", Condition{Took: &TookCondition{From: "bound", To: "gone", Bounds: Bounds{AtMost: &second}}}, false, "2s"},
		{"a watch that is up to date", Condition{Watch: &WatchCondition{Step: "follow", LikeEtcd: new(true), Expired: &Count{Equals: new(1)}, Lists: &Count{Equals: new(2)}}}, true, "as etcd has them"},
		{"a watch that was not", Condition{Watch: &WatchCondition{Step: "follow", LikeEtcd: new(false), At: "create"}}, true, "default/a is at revision 11, and it knows 9"},
		{"a drain that failed", Condition{Drain: &DrainCondition{Step: "drain", Ended: new(true), Failed: new(true)}}, true, "refused"},
		{"a drain that has said something", Condition{Drain: &DrainCondition{Step: "drain", Says: "will retry"}}, true, "it said: will retry after 5s"},
		{"a drain that has not said it", Condition{Drain: &DrainCondition{Step: "drain", Says: "drained"}}, false, "refused"},
		{"a drain that did not run", Condition{Drain: &DrainCondition{Step: "create", Ended: new(true)}}, false, "did not run"},
		{"the last revision before a moment", Condition{Order: []string{"create", "last-of-a", "lost"}}, true, "last-of-a at revision 12"},
		{"the last revision of what never was", Condition{Order: []string{"last-of-c", "lost"}}, false, "last-of-c never came"},
		{"a state at each revision", always(State{Count: &Count{AtLeast: new(1)}}, "create", ""), true, "at all of the 4 revisions from 11 to 20: 1 to 2 such objects"},
		{"a state at each revision up to a step", always(State{Name: "a"}, "create", "lost"), true, "from 11 to 13"},
		{"a state that once is not true", always(State{Count: &Count{AtMost: new(1)}}, "create", ""), false, "not at revision 13: 2 of 2 simpods at revision 13: a, b"},
		{"a state from what never came on", always(State{Name: "a"}, "never", ""), false, "never came"},
		{"a state up to what never came", always(State{Name: "a"}, "create", "never"), false, "never came"},
		{"no condition", Condition{}, false, "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := evidenceOfRun().Judge(&tt.c)
			if got.Holds != tt.want || !strings.Contains(got.Found+got.Unavailable, tt.found) {
				t.Errorf("Judge = %+v, want holds %t and %q", got, tt.want, tt.found)
			}
		})
	}
}

// A choice is right by the evidence alone, so the same file has another answer where
// reality is another.
func TestQuestion(t *testing.T) {
	q := &Question{ID: "told", Asks: "What?", Why: "So.", Choices: []Choice{
		{Says: "yes", When: []Condition{{Request: &RequestCondition{Step: "create", Codes: []int{201}}}}},
		{Says: "no", When: []Condition{{Request: &RequestCondition{Step: "create", Codes: []int{503}}}}},
	}}
	tests := []struct {
		name, predicted string
		code            int
		right           string
		correct         *bool
	}{
		{"predicted right", "a", 201, "a", new(true)},
		{"predicted wrong", "b", 201, "a", new(false)},
		{"reality is another", "b", 503, "b", new(true)},
		{"none of them", "a", 500, "", new(false)},
		{"nobody predicted", "", 201, "a", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := evidenceOfRun()
			e.Audit[0].Code = tt.code
			got := e.Question(q, tt.predicted)
			if strings.Join(got.Right, "") != tt.right || (got.Correct == nil) != (tt.correct == nil) || got.Correct != nil && *got.Correct != *tt.correct {
				t.Errorf("Question = %+v", got)
			}
		})
	}
}

func TestWithoutAuditLog(t *testing.T) {
	e := evidenceOfRun()
	e.Audit, e.NoAudit = nil, "it is off"
	for _, c := range []Condition{{Audit: &AuditCondition{Resource: "simpods"}}, {Writer: &WriterCondition{Moment: "bound", By: "Scheduler"}}} {
		if got := e.Judge(&c); got.Holds || got.Unavailable != "it is off" {
			t.Errorf("Judge = %+v, want that it is not available", got)
		}
	}
	if got := e.Judge(&Condition{Request: &RequestCondition{Step: "create", Codes: []int{201}}}); !got.Holds {
		t.Errorf("what the client itself knows: %+v", got)
	}
}

// A line of the audit log that is still to come is waited for.
func TestWritersKnown(t *testing.T) {
	e := &Experiment{Checks: []Check{{Condition: Condition{Writer: &WriterCondition{Moment: "bound", By: "Scheduler"}}}}}
	evidence := evidenceOfRun()
	if !e.WritersKnown(evidence) {
		t.Error("the log names the writer, and it is not known")
	}
	evidence.Audit = evidence.Audit[:1]
	if e.WritersKnown(evidence) {
		t.Error("the log does not name the writer, and it is known")
	}
}

func TestTracker(t *testing.T) {
	moments := evidenceOfRun().Tracker([]Ref{{Resource: "simpods", Name: "a"}})
	if len(moments) != 3 {
		t.Fatalf("Tracker = %+v", moments)
	}
	if m := moments[0]; m.Etcd[0].Revision != 11 || m.Etcd[0].State != "Pending, not bound" || !strings.Contains(m.Client, "201, created") {
		t.Errorf("after create: %+v", m)
	}
	if m := moments[1]; m.Etcd[0].Revision != 12 || !strings.Contains(m.Client, "no answer within 1s") {
		t.Errorf("after lost: %+v", m)
	}
}
