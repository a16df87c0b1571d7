// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/component"
)

// Bounds of a file.
const (
	maxSteps   = 40
	maxChoices = 8
	// maxWait bounds one wait and one hold: nobody looks on for longer.
	maxWait = 2 * time.Minute
)

// Values that fields may have.
var (
	Components      = []string{"scheduler", "controller-manager"}
	Processes       = []string{"etcd", "kube-apiserver", "kube-controller-manager"}
	DisruptionKinds = []string{"Pause", "Stop", "Kill", "Full", "Slow", "Overload", "RefuseWrites"}
	verbs           = []string{"create", "get", "list", "patch", "delete"}
	operations      = []string{"CREATE", "UPDATE", "DELETE"}
	policies        = []string{"Fail", "Ignore"}
	parts           = []string{component.Client, component.APIServer, component.Scheduler, component.Manager, component.KubeManager, component.Kubelet, component.Etcd, component.Observer}
)

// onlyOf names the targets that a kind of disruption can have; others can have all.
var onlyOf = map[string]string{"Full": "etcd", "Slow": "etcd", "Overload": "kube-apiserver", "RefuseWrites": "kube-apiserver"}

// validator collects what is wrong.
type validator struct {
	errs field.ErrorList
	// steps are those that come before the one that is looked at, by name, and moments
	// all that can be named.
	steps   map[string]*Step
	moments map[string]bool
}

func (e *Experiment) validate() field.ErrorList {
	v := &validator{steps: map[string]*Step{}, moments: map[string]bool{}}
	if e.APIVersion != FileVersion {
		v.notSupported(field.NewPath("apiVersion"), e.APIVersion, []string{FileVersion})
	}
	v.name(field.NewPath("name"), e.Name)
	v.required(field.NewPath("title"), e.Title, "name the outcome that is asked for, in one line")
	v.required(field.NewPath("before"), e.Before, "say what to know before one predicts")
	v.required(field.NewPath("after"), e.After, "say what the run has shown")
	v.grace(e.Needs.NodeMonitorGracePeriod)
	for i, o := range e.Setup {
		v.object(field.NewPath("setup").Index(i), o)
	}
	v.conditions(field.NewPath("ready"), e.Ready)
	v.subjects(e.Subjects)
	for _, m := range e.Moments {
		v.moments[m.Name] = true
	}
	v.allSteps(e.Steps)
	for name := range v.steps {
		v.moments[name] = true
	}
	v.moments[Healed] = true
	v.allMoments(e.Moments)
	v.questions(e.Questions)
	v.checks(e.Checks)
	v.conditions(field.NewPath("settled"), e.Settled)
	return v.errs
}

func (v *validator) add(err *field.Error) { v.errs = append(v.errs, err) }

func (v *validator) invalid(path *field.Path, value any, what string) {
	v.add(field.Invalid(path, value, what))
}

func (v *validator) required(path *field.Path, value, what string) bool {
	if strings.TrimSpace(value) == "" {
		v.add(field.Required(path, what))
		return false
	}
	return true
}

func (v *validator) notSupported(path *field.Path, value string, values []string) {
	v.add(field.NotSupported(path, value, values))
}

// oneOf says that a value is none of those that there are.
func (v *validator) oneOf(path *field.Path, value string, values []string) {
	if !slices.Contains(values, value) {
		v.notSupported(path, value, values)
	}
}

func (v *validator) name(path *field.Path, value string) {
	if !v.required(path, value, "lower-case letters, digits and dashes, such as etcd-down") {
		return
	}
	for _, problem := range validation.IsDNS1123Label(value) {
		v.invalid(path, value, problem)
	}
}

func (v *validator) grace(d *metav1.Duration) {
	if d != nil && (d.Duration < time.Second || d.Duration > time.Hour) {
		v.invalid(field.NewPath("needs", "nodeMonitorGracePeriod"), d.Duration.String(), "must be 1s to 1h")
	}
}

// duration says that a time is not positive, or longer than anybody waits.
func (v *validator) duration(path *field.Path, d time.Duration) {
	if d <= 0 || d > maxWait {
		v.invalid(path, d.String(), "must be more than 0s and at most "+maxWait.String())
	}
}

func (v *validator) subjects(refs []Ref) {
	path := field.NewPath("subjects")
	if len(refs) == 0 {
		v.add(field.Required(path, "name at least one object whose states are to be shown, with resource and name"))
	}
	for i, ref := range refs {
		v.ref(path.Index(i), ref)
	}
}

func (v *validator) ref(path *field.Path, ref Ref) {
	v.resource(path.Child("resource"), ref.Resource)
	v.required(path.Child("name"), ref.Name, "name the object")
}

func (v *validator) resource(path *field.Path, resource string) {
	if v.required(path, resource, "a resource in plural, such as simpods, or with its group, such as leases.coordination.k8s.io") && strings.ToLower(resource) != resource {
		v.invalid(path, resource, "must be a resource in plural and lower case, such as simpods")
	}
}

func (v *validator) allMoments(moments []Moment) {
	seen := map[string]bool{}
	for i := range moments {
		m, path := &moments[i], field.NewPath("moments").Index(i)
		v.name(path.Child("name"), m.Name)
		if seen[m.Name] || v.steps[m.Name] != nil {
			v.add(field.Duplicate(path.Child("name"), m.Name))
		}
		seen[m.Name] = true
		v.required(path.Child("says"), m.Says, "say what the moment is")
		v.momentOf(path, m, moments[:i])
	}
}

// momentOf says what is wrong with what a moment is the first or the last revision of.
func (v *validator) momentOf(path *field.Path, m *Moment, before []Moment) {
	switch isFirst := m.First.Resource != ""; {
	case isFirst == (m.Last != nil):
		v.add(field.Required(path, "must have exactly one of first, with the resource of the state that becomes true, and last"))
	case isFirst:
		if m.First.At != "" {
			v.add(field.Forbidden(path.Child("first", "at"), "the moment is the first revision at which the state is true; use after for one that must have come before"))
		}
		first := m.First
		first.At = ""
		v.state(path.Child("first"), &first)
		if m.Before != "" {
			v.add(field.Forbidden(path.Child("before"), "only last has one"))
		}
		if m.After != "" {
			v.earlier(path.Child("after"), m.After, before)
		}
	default:
		v.ref(path.Child("last"), *m.Last)
		if m.After != "" {
			v.add(field.Forbidden(path.Child("after"), "only first has one"))
		}
		v.earlier(path.Child("before"), m.Before, before)
	}
}

// earlier must be a step, or a moment that is given before: else two could wait for
// each other.
func (v *validator) earlier(path *field.Path, name string, before []Moment) {
	known := slices.ContainsFunc(before, func(b Moment) bool { return b.Name == name }) || v.steps[name] != nil
	if !known {
		v.invalid(path, name, "must be a step, or a moment that is given before this one")
	}
}

func (v *validator) questions(questions []Question) {
	path := field.NewPath("questions")
	if len(questions) == 0 {
		v.add(field.Required(path, "ask at least one question, so that one can predict"))
	}
	seen := map[string]bool{}
	for i := range questions {
		q, at := &questions[i], path.Index(i)
		v.name(at.Child("id"), q.ID)
		if seen[q.ID] {
			v.add(field.Duplicate(at.Child("id"), q.ID))
		}
		seen[q.ID] = true
		v.required(at.Child("asks"), q.Asks, "ask what will happen")
		v.required(at.Child("why"), q.Why, "explain the answer")
		v.choices(at.Child("choices"), q.Choices)
	}
}

func (v *validator) choices(path *field.Path, choices []Choice) {
	if n := len(choices); n < 2 || n > maxChoices {
		v.invalid(path, n, fmt.Sprintf("must be 2 to %d choices", maxChoices))
	}
	for i := range choices {
		c, at := &choices[i], path.Index(i)
		v.required(at.Child("says"), c.Says, "give the answer in words")
		if c.Component != "" {
			v.oneOf(at.Child("component"), c.Component, parts)
		}
		if len(c.When) == 0 {
			v.add(field.Required(at.Child("when"), "give the conditions that make the choice right: no answer is written down"))
		}
		v.conditions(at.Child("when"), c.When)
	}
}

func (v *validator) checks(checks []Check) {
	path := field.NewPath("checks")
	if len(checks) == 0 {
		v.add(field.Required(path, "expect at least one thing of the run"))
	}
	v.eachCheck(path, checks)
}

func (v *validator) eachCheck(path *field.Path, checks []Check) {
	for i := range checks {
		v.required(path.Index(i).Child("says"), checks[i].Says, "say the expectation in one sentence")
		v.condition(path.Index(i), &checks[i].Condition)
	}
}

// momentNames are all that a condition may name.
func (v *validator) momentNames() []string { return slices.Sorted(maps.Keys(v.moments)) }

func (v *validator) moment(path *field.Path, name string) {
	if !v.required(path, name, "name a step or a moment") {
		return
	}
	if !v.moments[name] && v.steps[name] == nil {
		v.invalid(path, name, "must be a step or a moment of this file: "+strings.Join(v.momentNames(), ", "))
	}
}
