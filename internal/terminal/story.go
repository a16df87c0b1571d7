// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/render/look"
)

// story tells of the moment at the cursor: one line that a person would say, a
// paragraph, why, what changed in etcd, and the evidence.
func (s *flowScreen) story(theme look.Theme, width, height int) []string {
	at, ok := s.cursor.moment()
	if !ok {
		return nil
	}
	var lines []string
	add := func(section []string) {
		if len(section) > 0 && len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, section...)
	}
	add(s.told(theme, at, width))
	if at.Step == 4 {
		add(s.why(theme, width))
	}
	add(s.changed(theme, at, width))
	add(s.evidence(theme, at, width))
	add(s.stored(at, width))
	s.scroll = clamp(s.scroll, 0, max(len(lines)-height, 0))
	return window(lines, s.scroll, width, height)
}

// told is the moment in words.
func (s *flowScreen) told(theme look.Theme, at run.Moment, width int) []string {
	l := look.Of(flowMap{run: s.run}.kindOf(at.Actor))
	who := s.nameOf(at.Actor)
	what := "Revision " + number(at.Revision)
	if at.Step > 0 {
		what = "Step " + number(int64(at.Step))
	}
	out := []string{theme.Paint(l, theme.Glyph(l)+" "+who) + quiet(" · "+what)}
	for _, line := range wrap(at.Title, width) {
		out = append(out, strong(line))
	}
	if step := s.run.Trace.Step(at.Step); step != nil {
		out = append(out, wrap(step.Effect, width)...)
		return out
	}
	for _, m := range s.run.Messages {
		if slices.Contains(at.Messages, m.ID) {
			out = append(out, wrap(m.Text, width)...)
		}
	}
	return out
}

func (s *flowScreen) nameOf(id string) string {
	for _, a := range s.run.Actors {
		if a.ID == id {
			return clean(a.Name)
		}
	}
	return clean(id)
}

// why compares the nodes that the scheduler looked at, the best ones first.
func (s *flowScreen) why(theme look.Theme, width int) []string {
	const most, name, points = 5, 18, 6
	if len(s.run.Nodes) == 0 {
		return nil
	}
	out := []string{strong("Why that node")}
	best := max(slices.MaxFunc(s.run.Nodes, func(a, b run.Node) int { return int(a.Total - b.Total) }).Total, 1)
	for i, n := range s.run.Nodes {
		if i == most {
			out = append(out, quiet("and "+count(len(s.run.Nodes)-most+s.run.NodesOmitted, "more node")))
			break
		}
		title := fit(clean(n.Name), min(name, width/3))
		switch {
		case !n.Feasible:
			out = append(out, title+" "+quiet("× "+clean(n.Reason)))
		case n.Rank == 0:
			out = append(out, title+" fits"+chosenMark(n))
		default:
			room := max(width-len([]rune(title))-points-5, 4)
			share := theme.Paint(look.Of(run.KindScheduler), bar(float64(n.Total)/float64(best), room, theme.ASCII))
			out = append(out, title+" "+share+right(number(n.Total), points)+chosenMark(n))
		}
	}
	return out
}

func chosenMark(n run.Node) string {
	if n.Chosen {
		return " ★"
	}
	return ""
}

// changed is what the moment's revision changed in etcd.
func (s *flowScreen) changed(theme look.Theme, at run.Moment, width int) []string {
	etcd := look.OfComponent("etcd")
	index := slices.IndexFunc(s.run.Trace.Revisions, func(r explain.RevisionSummary) bool { return r.Revision == at.Revision })
	if at.Revision == 0 || index < 0 {
		return []string{strong("In etcd"), quiet("nothing of it yet")}
	}
	r := s.run.Trace.Revisions[index]
	if s.cursor.index > 0 && s.run.Moments[s.cursor.index-1].Revision == at.Revision {
		return []string{strong("In etcd ") + theme.Paint(etcd, "still revision "+number(at.Revision)), quiet(fit(clean(r.Text), width))}
	}
	head := theme.Paint(etcd, revisions(s.run.Trace.Revisions, index))
	out := []string{strong("Changed in etcd ") + head}
	for _, change := range r.Changes {
		for i, line := range wrap(change, width-2) {
			sign := "+ "
			if i > 0 {
				sign = "  "
			}
			out = append(out, theme.Paint(etcd, sign)+line)
		}
	}
	if len(r.Changes) == 0 {
		out = append(out, wrap(r.Text, width)...)
	}
	return out
}

// revisions names a revision and the one before it, with their sizes.
func revisions(all []explain.RevisionSummary, index int) string {
	r := all[index]
	text, size := number(r.Revision), number(r.Bytes)+" B"
	if index > 0 {
		text = number(all[index-1].Revision) + " → " + text
		size = number(all[index-1].Bytes) + " → " + size
	}
	if r.Bytes == 0 {
		return text
	}
	return text + "  " + size
}

// evidence are the entries that prove the moment, in full where they are asked for.
func (s *flowScreen) evidence(theme look.Theme, at run.Moment, width int) []string {
	var out []string
	for _, e := range s.run.Evidence {
		if !slices.Contains(at.Evidence, e.ID) {
			continue
		}
		source := theme.Paint(lookOfSource(e.Source), fit(clean(e.Source), 10))
		for i, line := range wrap(e.Summary, width-11) {
			if i > 0 {
				source = strings.Repeat(" ", 10)
			}
			out = append(out, source+" "+line)
		}
		if s.raw {
			out = append(out, raw(e, width)...)
		}
	}
	if len(out) == 0 {
		return []string{strong("Evidence"), quiet("none of its own: it follows from the steps before")}
	}
	more := quiet("  e: in full")
	if s.raw {
		more = quiet("  e: in short")
	}
	return append([]string{strong("Evidence") + more}, out...)
}

// lookOfSource is that of the component which left the evidence.
func lookOfSource(source string) look.Look {
	kind := map[string]run.ActorKind{
		"audit": run.KindAPIServer, "watch": run.KindAPIServer, "span": run.KindAPIServer, "etcd": run.KindEtcd,
		"decision": run.KindScheduler, "transition": run.KindControllerManager, "client": run.KindClient,
	}[source]
	return look.Of(kind)
}

// raw is an entry as its source delivered it.
func raw(e run.Evidence, width int) []string {
	if len(e.Raw) == 0 {
		return []string{quiet(fmt.Sprintf("  not shown: it has %d bytes", e.TooLarge))}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, e.Raw, "  ", "  "); err != nil {
		return wrap("not shown: "+err.Error(), width)
	}
	return verbatim("  "+indented.String(), width)
}

// stored is the object as etcd has it at the cursor.
func (s *flowScreen) stored(at run.Moment, width int) []string {
	index := slices.IndexFunc(s.run.States, func(state run.State) bool { return state.Revision == at.Revision })
	if index < 0 {
		return nil
	}
	state := s.run.States[index]
	title := strong("Stored at revision " + number(state.Revision))
	switch {
	case state.Removed:
		return []string{title, "removed: etcd has no such key any more"}
	case len(state.Object) == 0:
		return append([]string{title}, wrap(state.Unavailable, width)...)
	}
	object := state.Object
	if !s.raw {
		title += quiet("  without managedFields; e: in full")
		object = withoutManagedFields(object)
	}
	text, err := yaml.JSONToYAML(object)
	if err != nil {
		return append([]string{title}, wrap("not shown: "+err.Error(), width)...)
	}
	return append([]string{title}, verbatim(string(text), width)...)
}

// withoutManagedFields leaves out what kubectl leaves out, too. What cannot be read
// stays as it is.
func withoutManagedFields(object json.RawMessage) json.RawMessage {
	var fields, metadata map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil || json.Unmarshal(fields["metadata"], &metadata) != nil {
		return object
	}
	delete(metadata, "managedFields")
	var err error
	if fields["metadata"], err = json.Marshal(metadata); err != nil {
		return object
	}
	short, err := json.Marshal(fields)
	if err != nil {
		return object
	}
	return short
}

// verbatim keeps the lines of a text with their indents, without control characters.
func verbatim(text string, width int) []string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, fit(render.Clean(strings.TrimRight(line, "\n")), width))
	}
	return out
}
