// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const good = `
apiVersion: glassplane.dev/what-if/v1
name: mine
title: Where the pod ends
before: A pod is asked for.
after: It ran.
subjects: [{resource: simpods, name: web}]
steps:
- name: stop
  does: The scheduler is stopped
  break: {component: scheduler}
- name: create
  does: A pod is asked for
  request: {verb: create, object: {apiVersion: sim.glassplane.dev/v1alpha1, kind: SimPod, metadata: {name: web}, spec: {containers: [{name: main, image: nginx}]}}}
- name: start
  does: The scheduler is started
  heal: stop
moments:
- {name: bound, says: the pod is bound, first: {resource: simpods, name: web, fields: [{path: spec.nodeName, set: true}]}, after: start}
questions:
- id: told
  asks: What is the client told?
  why: It is stored.
  choices:
  - {says: It is created, when: [{request: {step: create, codes: [201]}}]}
  - {says: It is refused, component: API server, when: [{request: {step: create, codes: [503]}}]}
checks:
- {says: It is there, state: {resource: simpods, name: web}}
- {says: It is bound by the scheduler, writer: {moment: bound, by: Scheduler}}
- {says: In order, order: [create, bound]}
- {says: In time, took: {from: start, to: bound, atMost: 10s}}
`

func TestParse(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the file has no %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	tests := []struct {
		name, file string
		// want are parts of the problems, one each; none for a valid file.
		want []string
	}{
		{name: "valid", file: good},
		{name: "as JSON", file: `{"apiVersion": 3}`, want: []string{"apiVersion"}},
		{name: "empty", file: "", want: []string{"it is empty"}},
		{name: "no YAML", file: "a: [", want: []string{"must be one document"}},
		{name: "a field twice", file: good + "\nname: other\n", want: []string{"already set in map"}},
		{name: "a misspelt field", file: change("break:", "brake:"), want: []string{
			"steps[0].brake: there is no such field; did you mean break?", "steps[0]: Invalid value", "steps[2].heal: Invalid value"}},
		{name: "a field of the wrong type", file: change("codes: [201]", "codes: yes"), want: []string{"give a value of that type"}},
		{name: "another version", file: change("what-if/v1", "what-if/v9"), want: []string{`apiVersion: Unsupported value: "glassplane.dev/what-if/v9"`}},
		{name: "a name with capitals", file: change("name: mine", "name: Mine"), want: []string{`name: Invalid value: "Mine"`}},
		{name: "several at once", file: change("title: Where the pod ends", "title: ''") + "needs: {nodeMonitorGracePeriod: 1ms}", want: []string{
			"title: Required value: name the outcome", `needs.nodeMonitorGracePeriod: Invalid value: "1ms": must be 1s to 1h`}},
		{name: "a step that does two things", file: change("heal: stop", "heal: stop\n  hold: 1s"), want: []string{"steps[2]: Invalid value"}},
		{name: "a heal of what is not broken", file: change("heal: stop", "heal: create"), want: []string{
			`steps[2].heal: Invalid value: "create": must be the name of an earlier step with break: stop`}},
		{name: "an unknown component", file: change("component: scheduler", "component: kubelet"), want: []string{
			`steps[0].break.component: Unsupported value: "kubelet": supported values: "scheduler", "controller-manager"`}},
		{name: "a disruption that does not fit", file: change("{component: scheduler}", "{process: {target: kube-apiserver, kind: Full}}"), want: []string{
			`steps[0].break.process.target: Invalid value: "kube-apiserver": must be etcd`}},
		{name: "an object with a wrong field", file: change("image: nginx", "image: nginx, imagine: x"), want: []string{
			"steps[1].request.object.spec.containers[0].imagine: Invalid value"}},
		{name: "an object of an unknown kind", file: change("kind: SimPod", "kind: SimPodd"), want: []string{`steps[1].request.object.kind: Invalid value: "SimPodd"`}},
		{name: "a moment that is not there", file: change("order: [create, bound]", "order: [create, unbound]"), want: []string{
			`checks[2].order[1]: Invalid value: "unbound": must be a step or a moment of this file: bound, create, healed, start, stop`}},
		{name: "a moment that waits for itself", file: change("after: start}", "after: bound}"), want: []string{"moments[0].after"}},
		{name: "a moment of nothing", file: change("first: {resource: simpods, name: web, fields: [{path: spec.nodeName, set: true}]}, after: start", "after: start"), want: []string{
			"moments[0]: Required value: must have exactly one of first"}},
		{name: "a moment that is first and last", file: change("after: start}", "last: {resource: simpods, name: web}, before: start}"), want: []string{"moments[0]: Required value"}},
		{name: "a last revision", file: change("first: {resource: simpods, name: web, fields: [{path: spec.nodeName, set: true}]}, after: start", "last: {resource: simpods, name: web}, before: start")},
		{name: "a last revision before nothing", file: change("first: {resource: simpods, name: web, fields: [{path: spec.nodeName, set: true}]}, after: start", "last: {resource: simpods, name: web}"), want: []string{
			`moments[0].before: Invalid value: ""`}},
		{name: "a state at each revision", file: change("order: [create, bound]", "always: {resource: simpods, count: {atMost: 1}, from: create}")},
		{name: "a state at each revision, from nowhere", file: change("order: [create, bound]", "always: {resource: simpods, to: nowhere}"), want: []string{
			"checks[2].always.from: Required value", `checks[2].always.to: Invalid value: "nowhere"`}},
		{name: "a state at each revision, at one", file: change("order: [create, bound]", "always: {resource: simpods, at: create, from: create}"), want: []string{"checks[2].always.at: Forbidden"}},
		{name: "a choice without conditions", file: change("when: [{request: {step: create, codes: [503]}}]", "when: []"), want: []string{
			"questions[0].choices[1].when: Required value"}},
		{name: "a condition that is none", file: change("state: {resource: simpods, name: web}", "order: [stop]"), want: []string{"checks[0].order: Invalid value"}},
		{name: "a path that is none", file: change("path: spec.nodeName", "path: spec..nodeName"), want: []string{"moments[0].first.fields[0].path"}},
		{name: "bounds the wrong way round", file: change("atMost: 10s", "atMost: 10s, atLeast: 20s"), want: []string{"checks[3].took.atLeast"}},
		{name: "the reserved name", file: change("name: create\n", "name: healed\n"), want: []string{"steps[1].name", "questions[0].choices[0].when[0]", "questions[0].choices[1]", "checks[2]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Parse("mine.yaml", []byte(tt.file))
			if tt.want == nil {
				if err != nil || e.Name != "mine" {
					t.Fatalf("Parse = %v, %v", e, err)
				}
				return
			}
			problems := AsProblems(err)
			if problems == nil {
				t.Fatalf("error = %v, want *Problems", err)
			}
			if !strings.HasPrefix(err.Error(), "mine.yaml: ") || len(problems.List) < len(tt.want) {
				t.Errorf("error has %d problems and is\n%v", len(problems.List), err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestFilesThatShip(t *testing.T) {
	paths, err := filepath.Glob("files/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("files = %v, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Parse(path, data)
			if err != nil {
				t.Fatal(err)
			}
			if e.Name+".yaml" != filepath.Base(path) {
				t.Errorf("its name is %q", e.Name)
			}
			if !slices.Contains(order, e.Name) {
				t.Error("it has no place in the order of the list")
			}
		})
	}
}

// Files of users have steps and objects that those that ship do not have.
func TestFilesOfUsers(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("files = %v, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Parse(path, data)
			if err != nil {
				t.Fatal(err)
			}
			if e.Name+".yaml" != filepath.Base(path) {
				t.Errorf("its name is %q", e.Name)
			}
		})
	}
}

// What is shown before a prediction must not tell what is right.
func TestListingHasNoAnswers(t *testing.T) {
	for _, e := range All() {
		l := e.Listing()
		for i, q := range e.Questions {
			if shown := l.Questions[i]; shown.Asks != q.Asks || len(shown.Choices) != len(q.Choices) {
				t.Errorf("%s: question %d is listed as %+v", e.Name, i, shown)
			}
		}
		if l.Before == "" || len(l.Steps) != len(e.Steps) {
			t.Errorf("%s is listed as %+v", e.Name, l)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[ListedQuestion]()) {
		if field.Name == "Why" || field.Name == "When" {
			t.Errorf("a listed question has the field %s", field.Name)
		}
	}
}

func TestFind(t *testing.T) {
	tests := []struct{ name, wantErr string }{
		{"etcd-down", ""},
		{"etcd-dwon", `there is no experiment "etcd-dwon"; did you mean etcd-down?`},
		{"zzzzzzzz", "there are etcd-down"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Find(tt.name)
			if tt.wantErr == "" {
				if err != nil || e.Name != tt.name {
					t.Errorf("Find = %v, %v", e, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("error = %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestLookUp(t *testing.T) {
	object := map[string]any{
		"spec":   map[string]any{"list": []any{"a", "b"}},
		"status": map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "True"}}},
		"labels": map[string]any{"a.b/c": "d"},
	}
	tests := []struct {
		path string
		want any
	}{
		{"spec.list[1]", "b"},
		{"spec.list[2]", nil},
		{"status.conditions[type=Ready].status", "True"},
		{"status.conditions[type=Other].status", nil},
		{"labels[a.b/c]", "d"},
		{"spec.list.more", nil},
		{"nothing", nil},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			if got := lookUp(object, tt.path); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("lookUp = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestUnmet(t *testing.T) {
	all := Offer{Components: []string{"scheduler"}}
	tests := []struct {
		name  string
		offer Offer
		want  string
	}{
		{name: "all is offered", offer: all},
		{name: "no etcd", offer: Offer{Components: all.Components, Etcd: "it is closed"}, want: "it needs to read etcd: it is closed"},
		{name: "no components", offer: Offer{NoComponents: "they are elsewhere"}, want: "it needs scheduler to be stopped: they are elsewhere"},
		{name: "no audit log", offer: Offer{Components: all.Components, Audit: "it is off"}, want: "it needs the API server's audit log: it is off"},
	}
	e, err := Parse("mine.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(e.Unmet(tt.offer), "; "); got != tt.want {
				t.Errorf("Unmet = %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzParse: whatever a file holds, it is read or refused, and what is read can be
// listed and judged without evidence.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("{}"))
	f.Add([]byte("steps: [{}, null]\nmoments: [null]\nchecks: [null]\nquestions: [{choices: [null]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Parse("fuzz.yaml", data)
		if err != nil {
			if AsProblems(err) == nil || len(AsProblems(err).List) == 0 {
				t.Fatalf("the error is no list of problems: %v", err)
			}
			return
		}
		e.Listing()
		e.Unmet(Offer{})
		evidence := emptyEvidence(e)
		e.eachCondition(func(c *Condition) { evidence.Judge(c) })
	})
}
