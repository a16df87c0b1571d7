// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
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
	// lateAttempt is how much later than due an attempt must be to be missed.
	lateAttempt = 15 * time.Second
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
func ExplainText(w io.Writer, e explanation.Explanation, o ExplainOptions) error {
	p := &explainPrinter{printer: newPrinter(w, o.Options), o: o, width: o.width()}
	if e.State != nil {
		p.state(e.Pod, *e.State, e.NotEvaluated)
	}
	switch {
	case e.Decision != nil:
		p.verdict(e)
		p.nodes(*e.Decision)
	case e.Prediction != nil:
		p.predicted(e)
		p.nodes(best(*e.Prediction))
	case !e.Real:
		p.line("No decision on this pod is recorded: the scheduler has not tried to place it, or its record is gone.")
	}
	p.attempts(e.Attempts)
	if e.Prediction != nil {
		p.now(e)
	}
	p.report(e.Report)
	p.notEvaluated(e.NotEvaluated)
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

// state says first what has become of a pod that does not wait or run any more.
func (p *explainPrinter) state(pod string, s explanation.State, missing []explanation.NotEvaluated) {
	text := strings.ToLower(string(s.Outcome))
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	with := red
	if s.Outcome == explain.OutcomeSucceeded || s.Outcome == explain.OutcomeRunning {
		with = green
	}
	p.headline(pod, with, text+but(missing))
}

func (p *explainPrinter) verdict(e explanation.Explanation) {
	d := *e.Decision
	text, with := "pending: no node was chosen", red
	switch {
	case d.Node != "" && d.Bind != nil && d.Bind.Error != "":
		text = "node " + d.Node + " was chosen, but the bind was refused: " + d.Bind.Error
	case d.Node != "":
		text, with = "assigned to node "+d.Node, green
	case d.NominatedNode != "":
		text = fmt.Sprintf("pending: preempts %s on node %s: %s", number(len(d.Victims), "pod"), d.NominatedNode, podNames(d.Victims))
	}
	if e.State != nil { // which is the headline
		p.paragraph("What was decided: "+strings.TrimPrefix(text, "pending: ")+".", p.width, "  ")
	} else {
		p.headline(e.Pod, with, text)
	}
	p.why(d)
	p.tie(d)
	p.priority(e.Priority)
	p.paragraph(fmt.Sprintf("Attempt %d of profile %s at %s%s: %d of %d nodes considered, %d fit, decided in %s, seed %d.",
		d.Attempt, cmp.Or(d.Profile, "<none>"), d.DecidedAt.UTC().Format(time.RFC3339), prefixed(", woken by ", wokenBy(d.WokenBy)),
		d.NodesEvaluated, d.NodesTotal, d.NodesFeasible, d.DecidedAt.Sub(d.PoppedAt), d.Seed), p.width, "  ")
}

// tie says how one of several equal nodes was chosen.
func (p *explainPrinter) tie(d explanation.Decision) {
	if d.Node == "" || d.NodesBest < 2 {
		return
	}
	p.paragraph(fmt.Sprintf("%d nodes had the most points: the seed of the attempt picked one of them, where kube-scheduler takes any.", d.NodesBest),
		p.width, "  ")
}

func (p *explainPrinter) priority(priority *explanation.Priority) {
	if priority == nil {
		return
	}
	text := fmt.Sprintf("Priority %d", priority.Value)
	if priority.Class != "" {
		text += " of PriorityClass " + priority.Class
	}
	if priority.Stored {
		text += ", stored in spec.priority"
	}
	p.paragraph(text+".", p.width, "  ")
}

// predicted says what would be decided, and on what that is based.
func (p *explainPrinter) predicted(e explanation.Explanation) {
	prediction := *e.Prediction
	d := prediction.Decision
	text, with := "would stay pending: no node would be chosen", red
	switch best := prediction.BestNodes; {
	case len(best) > 1:
		text, with = fmt.Sprintf("would be assigned to one of %d nodes with the same points: %s", len(best), names(best)), green
	case d.Node != "":
		text, with = "would be assigned to node "+d.Node, green
	case d.NominatedNode != "":
		text = fmt.Sprintf("would stay pending until %s on node %s %s preempted: %s",
			number(len(d.Victims), "pod"), d.NominatedNode, isOrAre(len(d.Victims)), podNames(d.Victims))
	}
	switch r := e.Replicas; {
	case e.Admission != nil && len(e.Admission.Refusals) > 0:
		text, with = "the API server would refuse it; if it did not, it "+text, red
	case r == nil:
	case r.Kind == "DaemonSet":
		text = fmt.Sprintf("would run on %s", number(r.Placed, "node"))
	case r.Placed < r.Wanted:
		text, with = fmt.Sprintf("%d of %d pods would get a node, the next one %s", r.Placed, r.Wanted, text), red
	default:
		text, with = fmt.Sprintf("all %d pods would get a node", r.Wanted), green
	}
	if e.State != nil { // which is the headline
		p.paragraph("If it had to be placed now, as if it were not there, it "+text+".", p.width, "  ")
	} else {
		p.headline(e.Pod, with, text+but(e.NotEvaluated))
	}
	p.replicas(e.Replicas)
	p.admission(e.Admission)
	p.why(d)
	p.priority(e.Priority)
	p.paragraph(fmt.Sprintf("A prediction for profile %s, nothing was written: %d of %d nodes considered, %d fit. %s",
		cmp.Or(d.Profile, "<none>"), d.NodesEvaluated, d.NodesTotal, d.NodesFeasible, readAt(prediction)), p.width, "  ")
}

// replicas says where the pods of a manifest would go.
func (p *explainPrinter) replicas(r *explanation.Replicas) {
	if r == nil || len(r.Nodes) == 0 {
		return
	}
	list := make([]string, len(r.Nodes))
	for i, n := range r.Nodes {
		list[i] = fmt.Sprintf("%s ×%d", n.Node, n.Pods)
	}
	p.paragraph("Placed one after the other: "+names(list)+".", p.width, "  ")
}

func (p *explainPrinter) headline(pod string, with style, text string) {
	p.printf("%s: %s\n", Clean(pod), p.styled(with, Clean(text)))
}

func (p *explainPrinter) why(d explanation.Decision) {
	if d.Message != "" {
		p.paragraph(d.Message, p.width, "  ")
	}
	if d.PreFilter != nil {
		p.paragraph(fmt.Sprintf("Plugin %s rejected the pod for all nodes (%s): %s%s.", d.PreFilter.Plugin, d.PreFilter.Code,
			strings.Join(d.PreFilter.Reasons, ", "), dueTo(d.PreFilter.Pods, d.PreFilter.Objects)), p.width, "  ")
	}
}

// readAt says what a prediction is based on.
func readAt(prediction explanation.Prediction) string {
	var counts, missing []string
	for _, list := range prediction.Lists {
		if list.Error != "" && prediction.Source != "" {
			missing = append(missing, list.Resource)
			continue
		}
		if list.Error != "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", list.Resource, list.Error))
			continue
		}
		counts = append(counts, fmt.Sprintf("%s %d%s", list.Resource, list.Items, prefixed(" of namespace ", list.Namespace)))
	}
	text := fmt.Sprintf("The lists were read at %s: %s.", prediction.ReadAt.UTC().Format(timeFormat), strings.Join(counts, ", "))
	if prediction.Source != "" {
		at := ""
		if !prediction.ReadAt.IsZero() {
			at = ", read at " + prediction.ReadAt.UTC().Format(timeFormat)
		}
		text = fmt.Sprintf("The lists are those of %s%s: %s.", prediction.Source, at, strings.Join(counts, ", "))
	}
	if len(missing) > 0 && prediction.Source != "" {
		return text + " Not in it: " + strings.Join(missing, ", ") + "."
	}
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

// number is a count with its noun, such as "1 pod" and "2 pods".
func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// prefixed is the text behind a prefix; empty where there is no text.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// wokenBy says what made a pod worth an attempt; empty where it had not waited.
func wokenBy(w *evidence.Wake) string {
	switch {
	case w == nil:
		return ""
	case w.Event == evidence.EventBackoffComplete:
		return "the end of its backoff"
	case w.Event == evidence.EventUnschedulableTimeout:
		return "the flush of pods that have waited for 5 minutes"
	}
	return w.Event + prefixed(" of ", w.Object) + waitedFor(w.Plugin)
}

func waitedFor(plugin string) string {
	if plugin == "" {
		return ""
	}
	return ", for which " + plugin + " waits"
}

// podNames lists the first pods.
func podNames(list []evidence.PodReference) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.Namespace + "/" + v.Name
	}
	return names(out)
}

// attempts has a row per attempt, where there are several.
func (p *explainPrinter) attempts(list []explanation.Attempt) {
	if len(list) < 2 {
		return
	}
	p.heading("ATTEMPTS")
	columns := []column{{title: "ATTEMPT", width: 9}, {title: "TIME", width: 20}}
	woken := slices.ContainsFunc(list, func(a explanation.Attempt) bool { return a.WokenBy != nil })
	rest := p.width - 9 - 20 - 2*len(gap)
	if woken {
		const by = 38
		columns = append(columns, column{title: "WOKEN BY", width: by})
		rest -= by + len(gap)
	}
	columns = append(columns, column{title: "RESULT", width: rest})
	var rows [][]string
	for i, a := range list {
		if i > 0 && i <= len(list)-maxListedAttempts {
			continue
		}
		row := []string{fmt.Sprint(a.Attempt), a.DecidedAt.UTC().Format(time.RFC3339)}
		if a.Shown {
			row[0] += " shown"
		}
		if woken {
			row = append(row, wokenBy(a.WokenBy))
		}
		result := a.Message
		if a.Node != "" {
			result = strings.TrimSuffix("chose "+a.Node+": "+a.Message, ": ")
		}
		rows = append(rows, append(row, result))
	}
	p.table(columns, rows)
	if more := len(list) - len(rows); more > 0 {
		p.line(fmt.Sprintf("%d attempts between the first and these are not listed; -o json has them.", more))
	}
}

// now says what holds at the time of the prediction, and what would help.
func (p *explainPrinter) now(e explanation.Explanation) {
	prediction := *e.Prediction
	if e.Decision != nil {
		p.heading("NOW")
		p.paragraph(nowText(*e.Decision, prediction), p.width, "")
		if e.Wait != nil {
			p.paragraph(waitText(*e.Wait, e.Decision.DecidedAt, prediction), p.width, "")
		}
		if p.o.Wide {
			p.details(prediction.Decision.Nodes)
		}
	}
	if prediction.Suggestions != nil && len(prediction.Suggestions.FitsNow) == 0 {
		p.suggestions(*prediction.Suggestions)
	}
}

func nowText(then explanation.Decision, prediction explanation.Prediction) string {
	d := prediction.Decision
	switch {
	case d.Node != "":
		return "The pod would fit now: " + names(prediction.BestNodes) + ". " + readAt(prediction)
	case d.Message == then.Message:
		return "The decision would be the same. " + readAt(prediction)
	default:
		return "The decision would be: " + d.Message + " " + readAt(prediction)
	}
}

// waitText says where the pod waits, and what wakes it.
func waitText(w explanation.Wait, attempt time.Time, prediction explanation.Prediction) string {
	now := prediction.ReadUntil
	var plugins, waits []string
	for _, plugin := range w.Plugins {
		plugins = append(plugins, plugin.Plugin)
		waits = append(waits, plugin.Plugin+" ("+cmp.Or(strings.Join(plugin.Events, "; "), "not available: what it waits for, because its profile is not known")+")")
	}
	var text strings.Builder
	switch {
	case w.BackoffEnds != nil:
		fmt.Fprintf(&text, "It waits for the end of its backoff at %s.", w.BackoffEnds.UTC().Format(time.RFC3339))
	case !w.Waits():
		text.WriteString("It is in the active queue and is tried when its turn comes, by its priority.")
	default:
		fmt.Fprintf(&text, "It waits in the unschedulable queue since its attempt at %s. Only an event wakes it that one of these waits for, and that can help it: %s. ",
			attempt.UTC().Format(time.RFC3339), strings.Join(waits, ", "))
		if prediction.Decision.Node != "" && w.NotWoken(w.At, now) {
			fmt.Fprintf(&text, "What has changed since did not wake it: no hint of %s said that it helps. ", strings.Join(plugins, " or "))
		}
		fmt.Fprintf(&text, "Without one it is tried again between %s and %s, when the queue is flushed of pods that have waited for 5 minutes.",
			w.TriedFrom.UTC().Format(time.RFC3339), w.TriedBy.UTC().Format(time.RFC3339))
	}
	if now.After(w.TriedBy.Add(lateAttempt)) {
		text.WriteString(" No later attempt is recorded: the scheduler is not running, or is busy with other pods.")
	}
	return text.String()
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
			p.printf("  %d: %s\n", i+1, Clean(change.Command))
		}
	}
}
