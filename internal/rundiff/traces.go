// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package rundiff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
)

// Traces compares two walkthroughs, of one object before and after a fork or of two
// objects that were asked for alike. The names are those of the files.
func Traces(firstName string, first explain.Trace, secondName string, second explain.Trace) Result {
	r := Result{SchemaVersion: SchemaVersion, Kind: Walkthroughs, First: traceRun(firstName, first), Second: traceRun(secondName, second), Objects: []Object{}}
	shared := sharedWrites(first, second)
	if shared > 0 {
		r.SharedTo = first.Revisions[shared-1].Revision
	}
	r.Writes = writes(first.Revisions[shared:], second.Revisions[shared:])
	if o := traceObject(first, second); o.First != o.Second || o.Replaced && first.Subject.Name != second.Subject.Name {
		r.Objects = append(r.Objects, o)
	}
	r.Timings = timings(first, second)
	r.Decisions = decisions(first.Attempts, second.Attempts)
	for _, t := range []struct {
		name  string
		trace explain.Trace
	}{{firstName, first}, {secondName, second}} {
		r.Missing = append(r.Missing, missing(t.name, t.trace)...)
	}
	r.conclude()
	return r
}

func traceRun(name string, t explain.Trace) Run {
	says := string(t.Outcome)
	if t.Reason != "" {
		says += ": " + t.Reason
	}
	run := Run{Name: name, Says: says}
	if n := len(t.Revisions); n > 0 {
		run.Revision = t.Revisions[n-1].Revision
	}
	return run
}

// missing says which sources a walkthrough could not read.
func missing(name string, t explain.Trace) []string {
	var out []string
	for _, s := range t.Sources {
		if !s.Available {
			out = append(out, fmt.Sprintf("%s: %s: %s", name, s.Name, cmp.Or(s.Reason, "not available")))
		}
	}
	if t.RevisionsOmitted > 0 {
		out = append(out, fmt.Sprintf("%s: %d revisions that the walkthrough leaves out", name, t.RevisionsOmitted))
	}
	if !t.Complete {
		out = append(out, name+": the request had not come to its end when it was recorded")
	}
	return out
}

// sharedWrites is how many first writes are the same revisions of the same object.
func sharedWrites(first, second explain.Trace) int {
	if first.Subject.UID == "" || first.Subject.UID != second.Subject.UID {
		return 0
	}
	n := 0
	for n < min(len(first.Revisions), len(second.Revisions)) {
		a, b := first.Revisions[n], second.Revisions[n]
		if a.Revision != b.Revision || a.Kind != b.Kind || a.Text != b.Text {
			break
		}
		n++
	}
	return n
}

func writes(first, second []explain.RevisionSummary) []Write {
	var out []Write
	for i := range max(len(first), len(second)) {
		w := Write{Number: i + 1}
		if i < len(first) {
			w.First = written(&first[i])
		}
		if i < len(second) {
			w.Second = written(&second[i])
		}
		w.Same = w.First == w.Second
		out = append(out, w)
	}
	return out
}

// written says what a write did: nothing that is never the same, such as revisions.
func written(r *explain.RevisionSummary) string {
	says := r.Kind
	if by := cmp.Or(r.Component, r.User, r.Manager); by != "" {
		says += " by " + by
	}
	return says + ": " + state(r)
}

func state(r *explain.RevisionSummary) string {
	says := r.State
	if r.Node != "" {
		says += " on " + r.Node
	}
	if r.Marked {
		says += ", marked for deletion"
	}
	return says
}

// traceObject is the subject at the end of both runs.
func traceObject(first, second explain.Trace) Object {
	o := Object{Name: objectName(first.Subject), First: lastState(first), Second: lastState(second), Replaced: first.Subject.UID != second.Subject.UID}
	if other := objectName(second.Subject); other != o.Name {
		o.Name += " and " + other
	}
	return o
}

func lastState(t explain.Trace) string {
	if n := len(t.Revisions); n > 0 {
		return state(&t.Revisions[n-1])
	}
	return "nothing in etcd"
}

func objectName(o evidence.Object) string {
	name := strings.TrimSuffix(o.Resource, "s") + "/" + o.Name
	if o.Namespace != "" {
		return o.Namespace + "/" + name
	}
	return name
}

func timings(first, second explain.Trace) []Timing {
	numbers := stepNumbers(first, second)
	began, otherBegan := beganAt(first, second, numbers)
	var out []Timing
	for _, number := range numbers {
		a, b := first.Step(number), second.Step(number)
		t := Timing{Step: number, First: sinceBegan(a, began), Second: sinceBegan(b, otherBegan)}
		if a == nil {
			t.Component, t.Action = b.Component, b.Action
		} else {
			t.Component, t.Action = a.Component, a.Action
		}
		if t.First != nil && t.Second != nil {
			t.Later = duration(t.Second.Duration - t.First.Duration)
		}
		out = append(out, t)
	}
	return out
}

// stepNumbers are those of either, in the order of the story.
func stepNumbers(first, second explain.Trace) []int32 {
	var numbers []int32
	for _, steps := range [][]v1alpha1.WalkthroughStep{first.Steps, second.Steps} {
		for i := range steps {
			numbers = append(numbers, steps[i].Step)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// beganAt are the times of the first step that both have one of: a fork does not have
// those from before it. Where there is none, nothing can be compared, and each begins
// with its own first step.
func beganAt(first, second explain.Trace, numbers []int32) (began, otherBegan time.Time) {
	for _, number := range numbers {
		a, b := first.Step(number), second.Step(number)
		if a == nil || b == nil || a.Time == nil || b.Time == nil {
			continue
		}
		if began.IsZero() || a.Time.Time.Before(began) {
			began, otherBegan = a.Time.Time, b.Time.Time
		}
	}
	if began.IsZero() {
		return earliest(first), earliest(second)
	}
	return began, otherBegan
}

func earliest(t explain.Trace) time.Time {
	var began time.Time
	for i := range t.Steps {
		if at := t.Steps[i].Time; at != nil && (began.IsZero() || at.Time.Before(began)) {
			began = at.Time
		}
	}
	return began
}

func sinceBegan(s *v1alpha1.WalkthroughStep, began time.Time) *metav1.Duration {
	if s == nil || s.Time == nil {
		return nil
	}
	return duration(s.Time.Sub(began))
}

func decisions(first, second []explain.Attempt) []Decision {
	var out []Decision
	for i := range max(len(first), len(second)) {
		d := Decision{Attempt: i + 1}
		var a, b []evidence.NodeVerdict
		if i < len(first) {
			d.First, a = decided(&first[i]), first[i].Nodes
		}
		if i < len(second) {
			d.Second, b = decided(&second[i]), second[i].Nodes
		}
		if i < len(first) && i < len(second) {
			d.Nodes, d.NodesOmitted = nodes(a, b)
		}
		d.Same = d.First == d.Second && len(d.Nodes) == 0
		out = append(out, d)
	}
	return out
}

// decided says what an attempt came to.
func decided(a *explain.Attempt) string {
	says := cmp.Or(a.Message, "no node")
	if a.Node != "" {
		says = "chose " + a.Node
	}
	says += fmt.Sprintf(" (%d of %d nodes fit)", a.NodesFeasible, a.NodesTotal)
	if a.NominatedNode != "" {
		says += ", preempts on " + a.NominatedNode
	}
	if a.BindError != "" {
		says += ", and the bind failed: " + a.BindError
	}
	return says
}

func nodes(first, second []evidence.NodeVerdict) (out []Node, omitted int) {
	verdicts := map[string][2]string{}
	for run, all := range [][]evidence.NodeVerdict{first, second} {
		for i := range all {
			both := verdicts[all[i].Name]
			both[run] = verdict(&all[i])
			verdicts[all[i].Name] = both
		}
	}
	names := make([]string, 0, len(verdicts))
	for name := range verdicts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		both := verdicts[name]
		if both[0] == both[1] {
			continue
		}
		if len(out) == maxNodes {
			omitted++
			continue
		}
		out = append(out, Node{Name: name, First: cmp.Or(both[0], "not looked at"), Second: cmp.Or(both[1], "not looked at")})
	}
	return out, omitted
}

// verdict says what the plugins said of a node.
func verdict(n *evidence.NodeVerdict) string {
	if n.Feasible {
		says := fmt.Sprintf("fits, %d points", n.Total)
		var scores []string
		for _, s := range n.Scores {
			scores = append(scores, fmt.Sprintf("%s %d", s.Plugin, s.Weighted))
		}
		if len(scores) > 0 {
			says += ": " + strings.Join(scores, ", ")
		}
		return says
	}
	if len(n.Filters) == 0 {
		return "rejected"
	}
	last := n.Filters[len(n.Filters)-1]
	return last.Plugin + ": " + cmp.Or(strings.Join(last.Reasons, ", "), last.Code)
}
