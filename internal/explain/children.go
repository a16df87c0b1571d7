// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// ChildSummary is an object that the subject controls. Its own walkthrough is
// that of Subject, by name and UID.
type ChildSummary struct {
	Subject evidence.Object `json:"subject"`
	// Created, Marked and Removed are absent where they did not happen or no
	// source has them.
	Created *ChildWrite `json:"created,omitempty"`
	Marked  *ChildWrite `json:"marked,omitempty"`
	Removed *ChildWrite `json:"removed,omitempty"`
	// Scaled are the changes of spec.replicas, the first first.
	Scaled []ChildScale `json:"scaled,omitempty"`
}

// ChildScale is a write that changed how many objects a child controls.
type ChildScale struct {
	ChildWrite
	From string `json:"from"`
	To   string `json:"to"`
}

// ChildWrite is a write to a child and who made it.
type ChildWrite struct {
	Revision int64             `json:"revision"`
	Time     *metav1.MicroTime `json:"time,omitempty"`
	Writer   string            `json:"writer,omitempty"`
	AuditID  string            `json:"auditID,omitempty"`
}

// children are the objects that the subject controls; of a request that is no
// create, those that were made or ended because of it or, of one that ends a
// collection, by it.
func children(tale *story.Story) []ChildSummary {
	var all []ChildSummary
	for _, c := range shownChildren(tale) {
		all = append(all, ChildSummary{
			Subject: c.Subject, Created: childWrite(c.Created), Marked: childWrite(c.Marked), Removed: childWrite(c.Removed), Scaled: childScales(c.Scaled),
		})
	}
	return all
}

func shownChildren(tale *story.Story) []story.Child {
	if tale.OfCollection() {
		return tale.Children
	}
	for _, step := range tale.Steps {
		if len(step.Children) > 0 {
			return step.Children
		}
	}
	return nil
}

func childScales(revisions []*timeline.Revision) (all []ChildScale) {
	for _, r := range revisions {
		from, to, _ := story.Scaling(r)
		all = append(all, ChildScale{*childWrite(r), from, to})
	}
	return all
}

func childWrite(r *timeline.Revision) *ChildWrite {
	if r == nil {
		return nil
	}
	at, _ := r.SeenAt()
	w := &ChildWrite{Revision: r.Number, Time: prose.Micro(at), Writer: r.Writer()}
	if r.Write != nil {
		w.AuditID = r.Write.AuditID
	}
	return w
}

// childrenText says which children were made, scaled, marked and removed.
func childrenText(tale *story.Story, children []story.Child) string {
	var made, marked, removed []string
	scaled := scaledTexts(children)
	for _, c := range children {
		made = appendWrite(made, c, c.Created)
		marked = appendWrite(marked, c, c.Marked)
		removed = appendWrite(removed, c, c.Removed)
	}
	parts := []string{listed(tale, "created", made), prose.Prefixed("scaled: ", enough(scaled)), listed(tale, "marked for deletion", marked), listed(tale, "gone from etcd", removed)}
	if len(children) > 0 {
		parts = append(parts, leftOut(tale))
	}
	if len(children) > 0 {
		o := children[len(children)-1].Subject
		parts = append(parts, fmt.Sprintf("each has a walkthrough of its own, such as %s/%s", followed.Of(o).Singular(), o.Name))
	}
	return prose.Sentences(parts...)
}

func appendWrite(list []string, c story.Child, r *timeline.Revision) []string {
	if r == nil {
		return list
	}
	return append(list, writeText(c.Subject.Name, r))
}

// scaledTexts say which children were scaled, in the order in which they were.
func scaledTexts(children []story.Child) (out []string) {
	type scale struct {
		name string
		r    *timeline.Revision
	}
	var all []scale
	for _, c := range children {
		for _, r := range c.Scaled {
			all = append(all, scale{c.Subject.Name, r})
		}
	}
	slices.SortStableFunc(all, func(a, b scale) int { return cmp.Compare(a.r.Number, b.r.Number) })
	for _, s := range all {
		from, to, _ := story.Scaling(s.r)
		out = append(out, writeText(fmt.Sprintf("%s from %s to %s", s.name, from, to), s.r))
	}
	return out
}

// writeText names a write to a child, with its revision and who made it.
func writeText(what string, r *timeline.Revision) string {
	text := fmt.Sprintf("%s (revision %d", what, r.Number)
	if by := r.Writer(); by != "" {
		text += " by " + by
	}
	if r.Write != nil {
		text += ", audit ID " + r.Write.AuditID
	}
	return text + ")"
}

// leftOut says how many children the record leaves out; empty for none.
func leftOut(tale *story.Story) string {
	switch n := tale.Record.ChildrenLeftOut; {
	case n == 0:
		return ""
	case tale.OfCollection():
		return fmt.Sprintf("%d more may have been ended and are left out", n)
	default:
		return fmt.Sprintf("%d older ones are known and left out", n)
	}
}

func listed(tale *story.Story, what string, all []string) string {
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s: %s", prose.Count(len(all), memberNoun(tale)), what, enough(all))
}

// enough joins as many of a list as are told.
func enough(all []string) string {
	shown := all[:min(len(all), prose.MaxTold)]
	text := strings.Join(shown, ", ")
	if more := len(all) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// childrenEvidence is what the sources have of the children's beginning and end.
func childrenEvidence(children []story.Child) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, c := range children {
		for _, r := range c.Revisions() {
			what := map[followed.WriteKind]string{followed.Create: "creates", followed.Change: "scales", followed.Mark: "marks for deletion", followed.Remove: "removes"}[r.Kind]
			summary := fmt.Sprintf("revision %d %s the %s %s", r.Number, what, followed.Of(c.Subject).Singular(), c.Subject.Name)
			switch {
			case r.Write != nil:
				all = append(all, auditEvidence(r.Write, summary, joinNote(r)))
			case r.Etcd != nil:
				all = append(all, etcdEvidence(r.Etcd, summary))
			case r.Watch != nil:
				all = append(all, watchEvidence(r, summary))
			}
		}
	}
	return all
}
