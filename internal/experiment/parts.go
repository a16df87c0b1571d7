// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"maps"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Parts validates what files of other kinds share with experiments: conditions,
// moments, steps, and texts that are required. Each method says what is wrong at a path.
type Parts struct{ v *validator }

// NewParts validates parts whose conditions may name moments, and marks that whoever
// runs the file sets.
func NewParts(marks []string) *Parts {
	v := &validator{steps: map[string]*Step{}, moments: map[string]bool{}}
	for _, name := range marks {
		v.steps[name], v.moments[name] = &Step{Name: name}, true
	}
	return &Parts{v}
}

// Errors are all problems that were found.
func (p *Parts) Errors() field.ErrorList { return p.v.errs }

// Add adds a problem that the caller found.
func (p *Parts) Add(err *field.Error) { p.v.add(err) }

// Moments validates the moments of a file, which conditions may name from then on.
func (p *Parts) Moments(moments []Moment) {
	for _, m := range moments {
		p.v.moments[m.Name] = true
	}
	p.v.allMoments(moments)
}

// Name validates a name of lower-case letters, digits and dashes.
func (p *Parts) Name(path *field.Path, value string) { p.v.name(path, value) }

// Required says that a text is missing, and what it has to say.
func (p *Parts) Required(path *field.Path, value, what string) { p.v.required(path, value, what) }

// Needs validates what is needed of the control plane.
func (p *Parts) Needs(n Needs) { p.v.grace(n.NodeMonitorGracePeriod) }

// Conditions validates conditions.
func (p *Parts) Conditions(path *field.Path, conditions []Condition) {
	p.v.conditions(path, conditions)
}

// Checks validates checks.
func (p *Parts) Checks(path *field.Path, checks []Check) { p.v.eachCheck(path, checks) }

// Refs validates references to objects.
func (p *Parts) Refs(path *field.Path, refs []Ref) {
	for i, ref := range refs {
		p.v.ref(path.Index(i), ref)
	}
}

// Steps validates steps that are done one after the other. Conditions elsewhere must
// not name them: they are not done in every run.
func (p *Parts) Steps(path *field.Path, steps []Step) {
	all := p.v.steps
	p.v.steps = maps.Clone(all)
	for i := range steps {
		s, at := &steps[i], path.Index(i)
		p.v.name(at.Child("name"), s.Name)
		if p.v.steps[s.Name] != nil {
			p.v.add(field.Duplicate(at.Child("name"), s.Name))
		}
		p.v.required(at.Child("does"), s.Does, "say what is done, in one sentence")
		p.v.step(at, s)
		p.v.steps[s.Name] = s
	}
	p.v.steps = all
}

// Objects are those that steps make, by their kind, namespace and name.
func Objects(steps []Step) []Object {
	var objects []Object
	for i := range steps {
		objects = append(objects, steps[i].Apply...)
		if r := steps[i].Request; r != nil && r.Verb == "create" && r.Subresource == "" && r.Object != nil {
			objects = append(objects, r.Object)
		}
	}
	return objects
}
