// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

const (
	// maxListed is how many nodes are listed one by one. With more, those that did
	// not fit are grouped by reason.
	maxListed = 20
	// maxListedAttempts is how many attempts are listed: the first and the last ones.
	maxListedAttempts = 20
	// maxScored is how many nodes have their scores shown plugin by plugin.
	maxScored = 5
	// timeFormat is RFC 3339 in milliseconds.
	timeFormat = "2006-01-02T15:04:05.000Z07:00"
)

// ExplainOptions say how much is written.
type ExplainOptions struct {
	Options
	// AllNodes lists every node one by one, however many they are.
	AllNodes bool
	// Wide says of each listed node what each plugin said.
	Wide bool
}

// ExplainText says for people which node a pod got or would get and why, or why
// it is pending and what would help.
func ExplainText(w io.Writer, e Explanation, o ExplainOptions) error {
	p := &explainPrinter{printer: printer{w: w, color: o.Color}, o: o, width: o.width()}
	switch {
	case e.Decision != nil:
		p.verdict(e.Pod, *e.Decision)
		p.nodes(*e.Decision)
	case e.Prediction != nil:
		p.predicted(e.Pod, *e.Prediction)
		p.nodes(e.Prediction.best())
	default:
		p.line("No decision on this pod is recorded: the scheduler has not tried to place it, or its record is gone.")
	}
	p.attempts(e.Attempts)
	if e.Prediction != nil {
		p.now(e)
	}
	for _, note := range e.Notes {
		p.printf("\n")
		p.paragraph("Note: "+note, p.width, "")
	}
	return p.err
}

type explainPrinter struct {
	printer
	o     ExplainOptions
	width int
}

func (p *explainPrinter) verdict(pod string, d Decision) {
	switch {
	case d.Node != "" && d.Bind != nil && d.Bind.Error != "":
		p.headline(pod, red, "node "+d.Node+" was chosen, but the bind was refused: "+d.Bind.Error)
	case d.Node != "":
		p.headline(pod, green, "assigned to node "+d.Node)
	case d.NominatedNode != "":
		p.headline(pod, red, fmt.Sprintf("pending: preempts %d pods on node %s", len(d.Victims), d.NominatedNode))
	default:
		p.headline(pod, red, "pending: no node was chosen")
	}
	p.why(d)
	p.paragraph(fmt.Sprintf("Attempt %d of profile %s at %s: %d of %d nodes considered, %d fit, decided in %s, seed %d.",
		d.Attempt, cmp.Or(d.Profile, "<none>"), d.DecidedAt.UTC().Format(time.RFC3339), d.NodesEvaluated, d.NodesTotal, d.NodesFeasible,
		d.DecidedAt.Sub(d.PoppedAt), d.Seed), p.width, "  ")
}

// predicted says what would be decided, and on what that is based.
func (p *explainPrinter) predicted(pod string, prediction Prediction) {
	d := prediction.Decision
	switch best := prediction.BestNodes; {
	case len(best) > 1:
		p.headline(pod, green, fmt.Sprintf("would be assigned to one of %d nodes with the same points: %s", len(best), names(best)))
	case d.Node != "":
		p.headline(pod, green, "would be assigned to node "+d.Node)
	case d.NominatedNode != "":
		p.headline(pod, red, fmt.Sprintf("would stay pending until %d pods on node %s are preempted: %s",
			len(d.Victims), d.NominatedNode, victims(d.Victims)))
	default:
		p.headline(pod, red, "would stay pending: no node would be chosen")
	}
	p.why(d)
	p.paragraph(fmt.Sprintf("A prediction for profile %s, nothing was written: %d of %d nodes considered, %d fit. %s",
		cmp.Or(d.Profile, "<none>"), d.NodesEvaluated, d.NodesTotal, d.NodesFeasible, readAt(prediction)), p.width, "  ")
}

func (p *explainPrinter) headline(pod string, with style, text string) {
	p.printf("%s: %s\n", clean(pod), p.styled(with, clean(text)))
}

func (p *explainPrinter) why(d Decision) {
	if d.Message != "" {
		p.paragraph(d.Message, p.width, "  ")
	}
	if d.PreFilter != nil {
		p.paragraph(fmt.Sprintf("Plugin %s rejected the pod for all nodes (%s): %s.", d.PreFilter.Plugin, d.PreFilter.Code,
			strings.Join(d.PreFilter.Reasons, ", ")), p.width, "  ")
	}
}

// readAt says what a prediction is based on.
func readAt(prediction Prediction) string {
	var counts, missing []string
	for _, list := range prediction.Lists {
		if list.Error != "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", list.Resource, list.Error))
			continue
		}
		counts = append(counts, fmt.Sprintf("%d %s", list.Items, list.Resource))
	}
	text := fmt.Sprintf("The lists were read at %s: %s.", prediction.ReadAt.UTC().Format(timeFormat), strings.Join(counts, ", "))
	if len(missing) > 0 {
		text += " Not read: " + strings.Join(missing, ", ") + "."
	}
	return text
}

// names lists the first names.
func names(list []string) string {
	const most = 5
	if len(list) > most {
		return strings.Join(list[:most], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

func victims(list []framework.PodReference) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.Namespace + "/" + v.Name
	}
	return names(out)
}

// attempts has a row per attempt, where there are several.
func (p *explainPrinter) attempts(list []Attempt) {
	if len(list) < 2 {
		return
	}
	p.heading("ATTEMPTS")
	const attempt, at = 9, 20
	var rows [][]string
	for i, a := range list {
		if i > 0 && i <= len(list)-maxListedAttempts {
			continue
		}
		number := fmt.Sprint(a.Attempt)
		if a.Shown {
			number += " shown"
		}
		result := a.Message
		if a.Node != "" {
			result = strings.TrimSuffix("chose "+a.Node+": "+a.Message, ": ")
		}
		rows = append(rows, []string{number, a.DecidedAt.UTC().Format(time.RFC3339), result})
	}
	p.table([]column{{title: "ATTEMPT", width: attempt}, {title: "TIME", width: at}, {title: "RESULT", width: p.width - attempt - at - 2*len(gap)}}, rows)
	if more := len(list) - len(rows); more > 0 {
		p.line(fmt.Sprintf("%d attempts between the first and these are not listed; -o json has them.", more))
	}
}

// now says what holds at the time of the prediction, and what would help.
func (p *explainPrinter) now(e Explanation) {
	prediction := *e.Prediction
	if e.Decision != nil {
		p.heading("NOW")
		p.paragraph(nowText(*e.Decision, prediction), p.width, "")
		if p.o.Wide {
			p.details(prediction.Decision.Nodes)
		}
	}
	if prediction.Suggestions != nil && len(prediction.Suggestions.FitsNow) == 0 {
		p.suggestions(*prediction.Suggestions)
	}
}

func nowText(then Decision, prediction Prediction) string {
	d := prediction.Decision
	switch {
	case d.Node != "":
		return "The pod would fit now: " + names(prediction.BestNodes) + ". The scheduler tries it again after a change that could help, or a backoff. " + readAt(prediction)
	case d.Message == then.Message:
		return "The decision would be the same. " + readAt(prediction)
	default:
		return "The decision would be: " + d.Message + " " + readAt(prediction)
	}
}

// suggestions has a row per change.
func (p *explainPrinter) suggestions(s whatif.Suggestions) {
	p.heading("WHAT WOULD LET IT FIT")
	switch {
	case len(s.Changes) == 0 && s.Exhausted:
		p.paragraph(fmt.Sprintf("No single change was found in %d decisions, where the search ended.", s.Checks), p.width, "")
		return
	case len(s.Changes) == 0:
		p.paragraph(fmt.Sprintf("No single change of the pod or of one node does (%d decisions): more than one thing is in the way.", s.Checks), p.width, "")
		return
	}
	p.paragraph(fmt.Sprintf("Each of these alone, the smallest first; checked by %d decisions.", s.Checks), p.width, "")
	const number, where = 2, 36
	columns := []column{{title: "#", width: number}, {title: "CHANGE", width: p.width - number - where - 2*len(gap)}, {title: "THEN FITS ON", width: where}}
	var rows [][]string
	for i, change := range s.Changes {
		fits := strings.Join(change.Nodes, ", ")
		if more := change.NodesFeasible - len(change.Nodes); more > 0 {
			fits += fmt.Sprintf(" and %d more", more)
		}
		rows = append(rows, []string{fmt.Sprint(i + 1), change.Description, fits})
	}
	p.table(columns, rows)
	for i, change := range s.Changes {
		if change.Command != "" { // not wrapped, so that it can be copied
			p.printf("  %d: %s\n", i+1, clean(change.Command))
		}
	}
}
