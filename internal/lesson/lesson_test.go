// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lesson

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/history"
)

func TestCatalog(t *testing.T) {
	entries, err := os.ReadDir("files")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, entry := range entries {
		files = append(files, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	sorted := slices.Sorted(slices.Values(order))
	if diff := cmp.Diff(sorted, files); diff != "" {
		t.Errorf("the order and the folder (-order +files):\n%s", diff)
	}
	for _, l := range All() {
		if found, err := Find(l.Name); err != nil || found != l {
			t.Errorf("Find(%s) = %v, %v", l.Name, found, err)
		}
		if unmet := l.Unmet(experiment.Offer{Etcd: "nobody lets me"}); len(unmet) == 0 || !strings.Contains(unmet[0]+strings.Join(unmet, ""), "nobody lets me") {
			t.Errorf("%s: Unmet = %q", l.Name, unmet)
		}
	}
	if _, err := Find("why-pendng"); err == nil || !strings.Contains(err.Error(), "did you mean why-pending?") {
		t.Errorf("Find of a mistyped name: %v", err)
	}
}

// What is shown before a lesson is taken gives no answer, hint or solution away.
func TestListingHidesAnswers(t *testing.T) {
	for _, l := range All() {
		shown := fmt.Sprintf("%+v", l.Listing())
		for i := range l.Steps {
			if q := l.Steps[i].Question; q != nil && strings.Contains(shown, q.Why) {
				t.Errorf("%s: the listing has why %s", l.Name, l.Steps[i].Name)
			}
			if task := l.Steps[i].Task; task != nil {
				for _, hint := range task.Hints {
					if strings.Contains(shown, hint) {
						t.Errorf("%s: the listing has the hint %q", l.Name, hint)
					}
				}
			}
		}
	}
}

// minimal is a lesson with all kinds of steps.
const minimal = `
apiVersion: glassplane.dev/lesson/v1
name: small
title: What is there
about: One object.
minutes: 1
moments:
- {name: stored, says: it is stored, first: {resource: simpods, name: web}, after: make}
steps:
- {name: hello, text: Hello.}
- name: guess
  question:
    asks: Will it be there?
    why: It is asked for.
    judgedAfter: make
    choices:
    - {says: "Yes", when: [{state: {resource: simpods, name: web}}]}
    - {says: "No", when: [{state: {resource: simpods, name: web, absent: true}}]}
- name: make
  task:
    asks: Make it.
    subjects: [{resource: simpods, name: web}]
    done: [{says: It is there, state: {resource: simpods, name: web}}]
    rules: [{says: There is no other, state: {resource: simpods, name: other, absent: true}}]
    hints: [Make it.]
    solution:
    - does: It is made
      request: {verb: create, object: {apiVersion: sim.glassplane.dev/v1alpha1, kind: SimPod, metadata: {name: web}, spec: {containers: [{name: main, image: nginx}]}}}
    after: There it is.
- {name: break, experiment: etcd-down}
- name: know
  question:
    asks: Is it over?
    why: It is.
    choices: [{says: "Yes", right: true}, {says: "No", right: false}]
`

func TestParse(t *testing.T) {
	l, err := Parse("small.yaml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	kinds := []Kind{}
	for i := range l.Steps {
		kinds = append(kinds, l.Steps[i].Kind())
	}
	if diff := cmp.Diff([]Kind{KindText, KindQuestion, KindTask, KindExperiment, KindQuestion}, kinds); diff != "" {
		t.Error(diff)
	}
	if got := l.Steps[2].Task.Solution[0].Name; got != "make-solution-1" {
		t.Errorf("the step of the solution is named %q", got)
	}
	if got := l.TasksBefore(3); !slices.Equal(got, []int{2}) {
		t.Errorf("TasksBefore(3) = %v", got)
	}
	if got := l.TasksBefore(4); len(got) > 0 {
		t.Errorf("TasksBefore(4) = %v: an experiment has the control plane for itself", got)
	}
	if got := l.Steps[2].Task.Patience(); got != DefaultWithin {
		t.Errorf("Patience = %s", got)
	}
}

func TestBadFiles(t *testing.T) {
	for name, test := range map[string]struct{ old, new, want string }{
		"version":                   {"lesson/v1", "lesson/v2", `bad.yaml: apiVersion: Unsupported value: "glassplane.dev/lesson/v2": supported values: "glassplane.dev/lesson/v1"`},
		"unknown field":             {"about:", "abuot:", `abuot: there is no such field; did you mean about?`},
		"unknown field of a task":   {"hints:", "assistance:", `steps[2].task.assistance: there is no such field; remove it, or see docs/lessons.md`},
		"field twice":               {"minutes: 1", "minutes: 1\nminutes: 2", `key "minutes" already set in map`},
		"wrong type":                {"minutes: 1", "minutes: many", `cannot take string into field`},
		"no minutes":                {"minutes: 1", "minutes: 0", `minutes: Invalid value: 0: must be 1 to 120`},
		"name":                      {"name: small", "name: Small One", `name: Invalid value: "Small One"`},
		"name too long":             {"name: small", "name: " + strings.Repeat("a", 60), `which may have 63 characters`},
		"step twice":                {"name: know", "name: guess", `steps[4].name: Duplicate value: "guess"`},
		"step without anything":     {", text: Hello.", "", `steps[0].text: Required value`},
		"two things to do":          {"experiment: etcd-down", "experiment: etcd-down, task: {}", `steps[3]: Invalid value: "break": must have at most one of experiment, question, task`},
		"unknown experiment":        {"etcd-down", "etcd-dwon", `steps[3].experiment: Invalid value: "etcd-dwon": there is no experiment "etcd-dwon"; did you mean etcd-down?`},
		"one choice":                {`, {says: "No", right: false}`, "", `steps[4].question.choices: Invalid value: 1: must be 2 to 8 choices`},
		"no choice is right":        {"right: true", "right: false", `steps[4].question.choices: Required value: at least one choice must be right`},
		"right and when":            {"right: false", "right: false, when: [{state: {resource: simpods}}]", `must have exactly one of right and when`},
		"judged in two ways":        {`{says: "No", right: false}`, `{says: "No", when: [{state: {resource: simpods}}]}`, `all by right, or all by when`},
		"judged after nothing":      {"judgedAfter: make", "judgedAfter: know", `steps[1].question.judgedAfter: Invalid value: "know": must be the name of a later task, before the next experiment: make`},
		"judged by no evidence":     {"    judgedAfter: make\n", "", `steps[1].question.judgedAfter: Required value`},
		"moment that is none":       {"absent: true}}]}\n- name: make", "absent: true, at: later}}]}\n- name: make", `must be a step or a moment of this file: make, stored`},
		"check names a solution":    {"rules: [{says: There is no other, state: {resource: simpods, name: other, absent: true}}]", "rules: [{says: a, request: {step: make-solution-1, codes: [201]}}]", `must be the name of an earlier step with request: there is none`},
		"sameAs of nothing":         {"name: other, absent: true", "name: other, sameAs: before", `steps[2].task.rules[0].state.sameAs: Invalid value: "before"`},
		"not done by anything":      {"done: [{says: It is there, state: {resource: simpods, name: web}}]", "done: []", `steps[2].task.done: Required value`},
		"no hint":                   {"hints: [Make it.]", "hints: []", `steps[2].task.hints: Required value`},
		"no solution":               {"does: It is made", "does: ''", `steps[2].task.solution[0].does: Required value`},
		"unknown kind in solution":  {"kind: SimPod", "kind: SimPot", `there is no such kind in sim.glassplane.dev/v1alpha1`},
		"unknown field in solution": {"image: nginx", "imgae: nginx", `the kind has no such field`},
		"too patient":               {"after: There it is.", "within: 1h\n    after: There it is.", `steps[2].task.within: Invalid value: "1h0m0s": must be more than 0s and at most 2m0s`},
		"empty file":                {minimal, "", "bad.yaml: it is empty: must hold a lesson, see docs/lessons.md"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(minimal, test.old) {
				t.Fatalf("the file has no %q", test.old)
			}
			_, err := Parse("bad.yaml", []byte(strings.Replace(minimal, test.old, test.new, 1)))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "bad.yaml") {
				t.Errorf("Parse = %v\nwant %s", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	for _, name := range order {
		data, err := files.ReadFile("files/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse("fuzz.yaml", data)
		if err != nil {
			return
		}
		// What is valid can be shown.
		_ = l.Listing()
		_ = l.Objects()
		_ = l.Unmet(experiment.Offer{})
		for i := range l.Steps {
			_ = l.TasksBefore(i)
		}
	})
}

// made is a history in which a pod is made, and made again under its name.
func made(uids ...string) *experiment.Evidence {
	h := &history.History{Base: 10}
	const key = "/registry/sim.glassplane.dev/simpods/lesson-small/web"
	object, _ := history.ParseKey(key)
	for i, uid := range uids {
		v := history.Version{Object: object, Key: key, Revision: int64(11 + i), Created: int64(11 + i), SeenAt: time.Unix(int64(i), 0)}
		if uid != "" {
			v.Value = map[string]any{"metadata": map[string]any{"name": "web", "uid": uid}}
		}
		h.Add(v)
	}
	return &experiment.Evidence{History: h, Namespace: "lesson-small", Moments: []experiment.Moment{{Name: "stored", First: experiment.State{Resource: "simpods", Name: "web"}}}}
}

func TestJudgeTask(t *testing.T) {
	task := Task{
		Done:  []experiment.Check{{Says: "It is there", Condition: experiment.Condition{State: &experiment.State{Resource: "simpods", Name: "web"}}}},
		Rules: []experiment.Check{{Says: "It is the same one", Condition: experiment.Condition{State: &experiment.State{Resource: "simpods", Name: "web", SameAs: "stored"}}}},
	}
	for name, test := range map[string]struct {
		uids           []string
		done, isBroken bool
	}{
		"nothing":    {nil, false, true},
		"made":       {[]string{"a"}, true, false},
		"changed":    {[]string{"a", "a"}, true, false},
		"deleted":    {[]string{"a", ""}, false, true},
		"made again": {[]string{"a", "", "b"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			state := task.Judge(made(test.uids...))
			if state.IsDone() != test.done || (state.Broken() != nil) != test.isBroken {
				t.Errorf("done %t, broken %v; want %t, %t", state.IsDone(), state.Broken(), test.done, test.isBroken)
			}
		})
	}
}

func TestJudgeQuestion(t *testing.T) {
	l, err := Parse("small.yaml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		step, answer string
		uids         []string
		right        []string
		correct      *bool
	}{
		"given, right":          {"know", "a", nil, []string{"a"}, new(true)},
		"given, wrong":          {"know", "b", nil, []string{"a"}, new(false)},
		"given, no answer":      {"know", "", nil, []string{"a"}, nil},
		"by evidence, right":    {"guess", "a", []string{"u"}, []string{"a"}, new(true)},
		"by evidence, wrong":    {"guess", "b", []string{"u"}, []string{"a"}, new(false)},
		"by evidence, reversed": {"guess", "b", nil, []string{"b"}, new(true)},
	} {
		t.Run(name, func(t *testing.T) {
			r := l.Steps[l.Index(test.step)].Question.Judge(test.step, test.answer, made(test.uids...))
			if diff := cmp.Diff(test.right, r.Right); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.correct, r.Correct); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiffers(t *testing.T) {
	judged := func(right ...string) []experiment.QuestionResult {
		return []experiment.QuestionResult{{ListedQuestion: experiment.ListedQuestion{ID: "q"}, Right: right}}
	}
	for name, test := range map[string]struct {
		step StepReport
		want string
	}{
		"as expected":        {StepReport{Name: "s", Questions: judged("a")}, ""},
		"no choice is right": {StepReport{Name: "s", Questions: judged()}, "step s: no choice of the question q is right"},
		"an experiment differs": {StepReport{Name: "s", Experiment: &experiment.Result{Experiment: experiment.Listing{Name: "e"}, Outcome: experiment.Differs}},
			"step s: reality differs from what the experiment e expects"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Report{Steps: []StepReport{test.step}}
			if got := r.Differs(); got != test.want {
				t.Errorf("Differs = %q, want %q", got, test.want)
			}
		})
	}
}
