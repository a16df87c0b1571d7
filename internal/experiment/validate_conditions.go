// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (v *validator) conditions(path *field.Path, conditions []Condition) {
	for i := range conditions {
		v.condition(path.Index(i), &conditions[i])
	}
}

func (v *validator) condition(path *field.Path, c *Condition) {
	set := 0
	for _, is := range []bool{c.State != nil, c.Always != nil, c.Request != nil, c.Audit != nil, c.Writer != nil, c.Order != nil, c.Took != nil, c.Watch != nil, c.Drain != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		v.invalid(path, set, "must have exactly one of state, always, request, audit, writer, order, took, watch, drain")
	}
	if c.State != nil {
		v.state(path.Child("state"), c.State)
	}
	if c.Always != nil {
		v.always(path.Child("always"), c.Always)
	}
	if c.Request != nil {
		v.requestCondition(path.Child("request"), c.Request)
	}
	if c.Audit != nil {
		v.audit(path.Child("audit"), c.Audit)
	}
	if c.Writer != nil {
		v.moment(path.Child("writer", "moment"), c.Writer.Moment)
		v.oneOf(path.Child("writer", "by"), c.Writer.By, parts)
	}
	if c.Order != nil {
		if len(c.Order) < 2 {
			v.invalid(path.Child("order"), len(c.Order), "must be at least two steps or moments")
		}
		for i, name := range c.Order {
			v.moment(path.Child("order").Index(i), name)
		}
	}
	if c.Took != nil {
		v.moment(path.Child("took", "from"), c.Took.From)
		v.moment(path.Child("took", "to"), c.Took.To)
		v.bounds(path.Child("took"), &c.Took.Bounds)
	}
	if c.Watch != nil {
		v.watch(path.Child("watch"), c.Watch)
	}
	if c.Drain != nil {
		v.stepOf(path.Child("drain", "step"), c.Drain.Step, StepDrain)
		if c.Drain.Ended == nil && c.Drain.Failed == nil && c.Drain.Says == "" {
			v.add(field.Required(path.Child("drain"), "give ended, failed or says"))
		}
	}
}

func (v *validator) state(path *field.Path, s *State) {
	v.resource(path.Child("resource"), s.Resource)
	if s.Absent && s.Count != nil {
		v.add(field.Forbidden(path.Child("count"), "absent already says that there are none"))
	}
	v.count(path.Child("count"), s.Count)
	if s.At != "" {
		v.moment(path.Child("at"), s.At)
	}
	if s.SameAs != "" {
		v.moment(path.Child("sameAs"), s.SameAs)
	}
	for i := range s.Fields {
		v.field(path.Child("fields").Index(i), &s.Fields[i])
	}
}

func (v *validator) always(path *field.Path, a *AlwaysCondition) {
	if a.At != "" {
		v.add(field.Forbidden(path.Child("at"), "it is about each revision; give from and to"))
	}
	state := a.State
	state.At = ""
	v.state(path, &state)
	v.moment(path.Child("from"), a.From)
	if a.To != "" {
		v.moment(path.Child("to"), a.To)
	}
}

func (v *validator) field(path *field.Path, f *Field) {
	if v.required(path.Child("path"), f.Path, "such as spec.nodeName") {
		if _, err := parsePath(f.Path); err != nil {
			v.invalid(path.Child("path"), f.Path, err.Error())
		}
	}
	set := 0
	for _, is := range []bool{f.Equals != nil, f.OneOf != nil, f.Set != nil, f.Contains != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		v.invalid(path, set, "must have exactly one of equals, oneOf, set, contains")
	}
}

func (v *validator) count(path *field.Path, c *Count) {
	if c == nil {
		return
	}
	if c.Equals == nil && c.AtLeast == nil && c.AtMost == nil {
		v.add(field.Required(path, "give equals, atLeast or atMost"))
	}
	for name, n := range map[string]*int{"equals": c.Equals, "atLeast": c.AtLeast, "atMost": c.AtMost} {
		if n != nil && *n < 0 {
			v.invalid(path.Child(name), *n, "must not be negative")
		}
	}
}

func (v *validator) bounds(path *field.Path, b *Bounds) {
	if b.AtLeast == nil && b.AtMost == nil {
		v.add(field.Required(path, "give atLeast or atMost"))
	}
	if b.AtLeast != nil && b.AtMost != nil && b.AtLeast.Duration > b.AtMost.Duration {
		v.invalid(path.Child("atLeast"), b.AtLeast.Duration.String(), "must not be more than atMost")
	}
}

func (v *validator) requestCondition(path *field.Path, r *RequestCondition) {
	v.stepOf(path.Child("step"), r.Step, StepRequest)
	if r.Answered == nil && r.Codes == nil && r.Says == "" && r.Took == nil {
		v.add(field.Required(path, "give answered, codes, says or took"))
	}
	v.codes(path.Child("codes"), r.Codes)
	if r.Took != nil {
		v.bounds(path.Child("took"), r.Took)
	}
}

func (v *validator) codes(path *field.Path, codes []int) {
	for i, code := range codes {
		if code != 0 && (code < 100 || code > 599) {
			v.invalid(path.Index(i), code, "must be a code of HTTP, such as 201, or 0 for no answer")
		}
	}
}

func (v *validator) audit(path *field.Path, a *AuditCondition) {
	v.resource(path.Child("resource"), a.Resource)
	v.codes(path.Child("codes"), a.Codes)
	v.count(path.Child("count"), a.Count)
	if a.By != "" {
		v.oneOf(path.Child("by"), a.By, parts)
	}
	for i, verb := range a.Verbs {
		v.oneOf(path.Child("verbs").Index(i), verb, auditVerbs)
	}
	for name, moment := range map[string]string{"after": a.After, "before": a.Before} {
		if moment != "" {
			v.moment(path.Child(name), moment)
		}
	}
}

// auditVerbs are those that the audit log tells apart.
var auditVerbs = []string{"create", "update", "patch", "delete", "deletecollection", "get", "list", "watch"}

func (v *validator) watch(path *field.Path, w *WatchCondition) {
	v.stepOf(path.Child("step"), w.Step, StepWatch)
	if w.Expired == nil && w.Lists == nil && w.LikeEtcd == nil {
		v.add(field.Required(path, "give expired, lists or likeEtcd"))
	}
	v.count(path.Child("expired"), w.Expired)
	v.count(path.Child("lists"), w.Lists)
	if w.At != "" && v.steps[w.At] == nil {
		v.invalid(path.Child("at"), w.At, "must be the name of a step")
	}
}
