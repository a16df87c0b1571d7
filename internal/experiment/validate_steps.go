// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (v *validator) allSteps(steps []Step) {
	path := field.NewPath("steps")
	if n := len(steps); n == 0 || n > maxSteps {
		v.invalid(path, n, fmt.Sprintf("must be 1 to %d steps", maxSteps))
	}
	for i := range steps {
		s, at := &steps[i], path.Index(i)
		v.name(at.Child("name"), s.Name)
		if v.steps[s.Name] != nil || v.moments[s.Name] {
			v.add(field.Duplicate(at.Child("name"), s.Name))
		}
		if s.Name == Healed {
			v.invalid(at.Child("name"), s.Name, "is the name of the last step, which heals what is left broken; choose another")
		}
		v.required(at.Child("does"), s.Does, "say what is done, in one sentence")
		v.step(at, s)
		v.steps[s.Name] = s
	}
}

func (v *validator) step(path *field.Path, s *Step) {
	kinds := s.kinds()
	if len(kinds) != 1 {
		slices.Sort(kinds)
		v.invalid(path, kinds, "must have exactly one of "+join(StepKinds))
	}
	if s.Request != nil {
		v.request(path.Child("request"), s.Request)
	}
	for i, o := range s.Apply {
		v.object(path.Child("apply").Index(i), o)
	}
	if s.Break != nil {
		v.breaks(path.Child("break"), s.Break)
	}
	if s.Heal != "" {
		v.stepOf(path.Child("heal"), s.Heal, StepBreak)
	}
	if s.Wait != nil {
		if len(s.Wait.For) == 0 {
			v.add(field.Required(path.Child("wait", "for"), "give the conditions that are waited for"))
		}
		v.conditions(path.Child("wait", "for"), s.Wait.For)
		v.duration(path.Child("wait", "within"), s.Wait.Within.Duration)
	}
	if s.Hold != nil {
		v.duration(path.Child("hold"), s.Hold.Duration)
	}
	if s.Watch != nil {
		v.resource(path.Child("watch", "resource"), s.Watch.Resource)
	}
	if s.Drain != nil {
		v.required(path.Child("drain", "node"), s.Drain.Node, "name the node")
		if s.Drain.Timeout != nil {
			v.duration(path.Child("drain", "timeout"), s.Drain.Timeout.Duration)
		}
	}
}

// stepOf says that there is no such step of a kind before this one.
func (v *validator) stepOf(path *field.Path, name string, kind StepKind) {
	if !v.required(path, name, "name a step") {
		return
	}
	if step := v.steps[name]; step == nil || !slices.Contains(step.kinds(), kind) {
		var names []string
		for each, step := range v.steps {
			if slices.Contains(step.kinds(), kind) {
				names = append(names, each)
			}
		}
		slices.Sort(names)
		what := "there is none"
		if len(names) > 0 {
			what = strings.Join(names, ", ")
		}
		v.invalid(path, name, fmt.Sprintf("must be the name of an earlier step with %s: %s", kind, what))
	}
}

func (v *validator) request(path *field.Path, r *Request) {
	v.oneOf(path.Child("verb"), r.Verb, verbs)
	creates := r.Verb == "create" && r.Subresource == ""
	switch {
	case creates && r.Object == nil:
		v.add(field.Required(path.Child("object"), "give the object to create"))
	case creates && r.Target != nil:
		v.add(field.Forbidden(path.Child("target"), "a create names its object by itself"))
	case !creates && r.Target == nil:
		v.add(field.Required(path.Child("target"), "name the object by resource and name"))
	}
	if r.Object != nil {
		if r.Verb != "create" {
			v.add(field.Forbidden(path.Child("object"), "only a create has one"))
		}
		v.object(path.Child("object"), r.Object)
	}
	if r.Target != nil {
		v.resource(path.Child("target", "resource"), r.Target.Resource)
		if r.Verb != "list" {
			v.required(path.Child("target", "name"), r.Target.Name, "name the object")
		}
	}
	switch {
	case r.Verb == "patch" && len(r.Patch) == 0:
		v.add(field.Required(path.Child("patch"), "give the fields to change, as a merge patch"))
	case r.Verb != "patch" && r.Patch != nil:
		v.add(field.Forbidden(path.Child("patch"), "only a patch has one"))
	}
	if r.FromCache && r.Verb != "get" && r.Verb != "list" {
		v.add(field.Forbidden(path.Child("fromCache"), "only get and list read"))
	}
	if r.Timeout != nil {
		v.duration(path.Child("timeout"), r.Timeout.Duration)
	}
}

func (v *validator) breaks(path *field.Path, b *Break) {
	set := 0
	for _, is := range []bool{b.Process != nil, b.Component != "", b.Second != "", b.Fault != nil, b.Webhook != nil, b.Cut != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		v.invalid(path, set, "must have exactly one of process, component, second, fault, webhook, cut")
	}
	if b.Process != nil {
		v.disruption(path.Child("process"), b.Process)
	}
	if b.Component != "" {
		v.oneOf(path.Child("component"), b.Component, Components)
	}
	if b.Second != "" {
		v.oneOf(path.Child("second"), b.Second, Components[:1])
	}
	if b.Fault != nil {
		v.fault(path.Child("fault"), b.Fault)
	}
	if b.Webhook != nil {
		v.webhook(path.Child("webhook"), b.Webhook)
	}
	if b.Cut != "" {
		v.stepOf(path.Child("cut"), b.Cut, StepWatch)
	}
}

func (v *validator) disruption(path *field.Path, d *Disruption) {
	v.oneOf(path.Child("target"), d.Target, Processes)
	v.oneOf(path.Child("kind"), d.Kind, DisruptionKinds)
	if only := onlyOf[d.Kind]; only != "" && d.Target != only && slices.Contains(Processes, d.Target) {
		v.invalid(path.Child("target"), d.Target, fmt.Sprintf("must be %s: nothing else can be made %s", only, d.Kind))
	}
	switch {
	case d.Kind == "Slow" && d.Delay == nil:
		v.add(field.Required(path.Child("delay"), "say how slow the disk is, such as 200ms"))
	case d.Kind != "Slow" && d.Delay != nil:
		v.add(field.Forbidden(path.Child("delay"), "only Slow has one"))
	case d.Delay != nil:
		v.duration(path.Child("delay"), d.Delay.Duration)
	}
}

func (v *validator) webhook(path *field.Path, w *Webhook) {
	if len(w.Resources) == 0 {
		v.add(field.Required(path.Child("resources"), "name what it is asked about, such as simpods"))
	}
	for i, resource := range w.Resources {
		v.resource(path.Child("resources").Index(i), resource)
	}
	if len(w.Operations) == 0 {
		v.add(field.Required(path.Child("operations"), "must be some of "+strings.Join(operations, ", ")))
	}
	for i, operation := range w.Operations {
		v.oneOf(path.Child("operations").Index(i), operation, operations)
	}
	if w.TimeoutSeconds < 1 || w.TimeoutSeconds > 30 {
		v.invalid(path.Child("timeoutSeconds"), w.TimeoutSeconds, "must be 1 to 30, as the API server requires")
	}
	v.oneOf(path.Child("failurePolicy"), w.FailurePolicy, policies)
}

func join[S ~string](all []S) string {
	parts := make([]string, 0, len(all))
	for _, each := range all {
		parts = append(parts, string(each))
	}
	return strings.Join(parts, ", ")
}
