// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/capacity"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
)

// CapacityJSON writes the report as JSON.
func CapacityJSON(w io.Writer, report capacity.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return fmt.Errorf("write the capacity as JSON: %w", err)
	}
	return nil
}

// CapacityYAML writes the same as YAML.
func CapacityYAML(w io.Writer, report capacity.Report) error {
	data, err := yaml.Marshal(report)
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("write the capacity as YAML: %w", err)
	}
	return nil
}

// CapacityText says for people how many pods fit, whether those of some nodes fit on
// the others, or which nodes could go.
func CapacityText(w io.Writer, report capacity.Report, o Options) error {
	p := &explainPrinter{printer: newPrinter(w, o), o: ExplainOptions{Options: o}, width: o.width()}
	about, text := answer(report)
	with := red
	if report.Fits() {
		with = green
	}
	p.headline(about, with, text+but(report.NotEvaluated))
	p.paragraph("A prediction, nothing was written. "+readAt(explanation.Prediction{
		ReadAt: report.ReadAt, Lists: report.Lists, Source: report.Source,
	}), p.width, "  ")
	switch {
	case report.Fit != nil:
		p.fit(*report.Fit)
	case report.Drain != nil:
		p.drain(*report.Drain)
	case report.Compress != nil:
		p.compress(*report.Compress)
	}
	p.notEvaluated(report.NotEvaluated)
	for i, note := range report.Notes {
		if i == 0 {
			p.printf("\n")
		}
		p.paragraph("Note: "+note, p.width, "")
	}
	return p.err
}

// answer is the first line: what was asked about, and the answer.
func answer(r capacity.Report) (about, text string) {
	switch {
	case r.Fit != nil:
		return r.Fit.Pod, fitAnswer(*r.Fit)
	case r.Drain != nil:
		return "drain " + strings.Join(r.Drain.Nodes, ", "), drainAnswer(*r.Drain)
	}
	text = fmt.Sprintf("%d of %s could go: their pods would fit on the others", len(r.Compress.CanGo), number(r.Compress.Nodes, "node"))
	if len(r.Compress.CanGo) == 0 {
		text = fmt.Sprintf("none of %s could go", number(r.Compress.Nodes, "node"))
	}
	if r.Compress.Bounded {
		text += fmt.Sprintf("; %s not tried, because --max=%d ended the search", number(r.Compress.Untried, "node"), r.Limit)
	}
	return "compress", text
}

func fitAnswer(f capacity.Fit) string {
	if f.Bounded {
		return fmt.Sprintf("at least %s, on %s; --max ended the count", fitting(f.Fits), number(len(f.Nodes), "node"))
	}
	text := "no more pods fit"
	if f.Fits > 0 {
		text = fmt.Sprintf("%s, on %s", fitting(f.Fits), number(len(f.Nodes), "node"))
	}
	switch next := f.Next; {
	case len(next.Admission) > 0:
		text += "; then the API server refuses more"
		if f.Fits == 0 {
			text = "no pod would be created: the API server refuses it"
		}
	case len(next.Scarce) > 0 && next.Scarce[0].Alone > 0:
		text += "; " + next.Scarce[0].Resource + " runs out first"
	}
	return text
}

func fitting(n int) string {
	if n == 1 {
		return "1 more pod fits"
	}
	return fmt.Sprintf("%d more pods fit", n)
}

func drainAnswer(d capacity.Drain) string {
	switch {
	case d.Pods == 0:
		return "no pods have to go elsewhere"
	case d.Placed == d.Pods && d.Pods == 1:
		return "the 1 pod that has to go would fit elsewhere" + inTheWay(d.Budgets)
	case d.Placed == d.Pods:
		return fmt.Sprintf("all %d pods that have to go would fit elsewhere", d.Pods) + inTheWay(d.Budgets)
	}
	return fmt.Sprintf("%d of %s would fit elsewhere", d.Placed, number(d.Pods, "pod")) + inTheWay(d.Budgets)
}

func inTheWay(budgets []capacity.Budget) string {
	switch len(budgets) {
	case 0:
		return ""
	case 1:
		return ", 1 disruption budget is in the way"
	}
	return fmt.Sprintf(", %d disruption budgets are in the way", len(budgets))
}

func (p *explainPrinter) fit(f capacity.Fit) {
	if f.Admission != nil { // refusals are said below
		p.admission(&explanation.Admission{Additions: f.Admission.Additions})
	}
	if len(f.Nodes) > 0 {
		p.heading("WHERE THEY FIT")
		var rows [][]string
		for _, n := range f.Nodes[:min(len(f.Nodes), maxListed)] {
			rows = append(rows, []string{n.Node, fmt.Sprint(n.Pods)})
		}
		p.table([]column{{title: "NODE", width: longest(rows)}, {title: "PODS", width: 6}}, rows)
		p.more(len(f.Nodes)-maxListed, "node")
	}
	if f.Next == nil {
		return
	}
	p.heading("WHAT REFUSES THE NEXT ONE")
	p.refusal(*f.Next)
}

// more says how many lines a table lacks.
func (p *explainPrinter) more(n int, noun string) {
	if n > 0 {
		p.line(number(n, "more "+noun) + ": -o json has all of them.")
	}
}

func (p *explainPrinter) refusal(r capacity.Refusal) {
	p.paragraph(r.Message, p.width, "")
	for _, more := range r.Admission[min(1, len(r.Admission)):] {
		p.paragraph(more.Message, p.width, "")
	}
	if r.NominatedNode != "" {
		p.paragraph(fmt.Sprintf("It would preempt %s on node %s: %s.", number(len(r.Victims), "pod"), r.NominatedNode, podNames(r.Victims)), p.width, "")
	}
	p.scarce(r.Scarce)
	p.groups(explanation.Decision{Rejections: r.Rejections})
}

func (p *explainPrinter) scarce(list []capacity.Scarce) {
	if len(list) == 0 {
		return
	}
	p.heading("WHAT IS SCARCE")
	p.paragraph("Of how many nodes too little is free; ALONE are those to which nothing else is missing.", p.width, "")
	var rows [][]string
	for _, s := range list {
		rows = append(rows, []string{s.Resource, fmt.Sprint(s.Nodes), fmt.Sprint(s.Alone), s.Request, fmt.Sprintf("%s (%s)", s.MostFree, s.Where), s.Free})
	}
	const amount, count = 12, 5
	name := longest(rows)
	p.table([]column{{title: "RESOURCE", width: max(name, len("RESOURCE"))}, {title: "NODES", width: count}, {title: "ALONE", width: count}, {title: "A POD ASKS", width: amount},
		{title: "MOST FREE", width: 32}, {title: "FREE IN ALL", width: amount}}, rows)
}

func (p *explainPrinter) drain(d capacity.Drain) {
	for _, c := range d.Causes {
		p.heading(fmt.Sprintf("%s WOULD NOT FIT: %s", strings.ToUpper(number(len(c.Pods), "pod")), names(c.Pods)))
		p.refusal(c.Refusal)
	}
	if len(d.Back) > 0 {
		p.heading("WOULD BE BACK")
		p.paragraph("These tolerate cordoned nodes, and would get a drained one again: "+names(d.Back)+".", p.width, "")
	}
	for _, u := range d.NotDecided {
		p.heading(fmt.Sprintf("%s NOT DECIDED ABOUT", strings.ToUpper(number(len(u.Pods), "pod"))))
		p.paragraph(u.Why+": "+names(u.Pods)+".", p.width, "")
	}
	p.budgets(d.Budgets)
	p.moves(d.Moves)
	if len(d.Unmanaged)+len(d.Left) > 0 {
		p.heading("WHAT ELSE IS ON THE NODES")
	}
	if len(d.Unmanaged) > 0 {
		p.paragraph("Without a controller, so that nothing would bring them back, and kubectl drain wants --force: "+names(d.Unmanaged)+".", p.width, "")
	}
	for _, left := range d.Left {
		p.paragraph(fmt.Sprintf("Not counted, %s: %s.", left.Why, names(left.Pods)), p.width, "")
	}
}

func (p *explainPrinter) budgets(budgets []capacity.Budget) {
	if len(budgets) == 0 {
		return
	}
	p.heading("DISRUPTION BUDGETS IN THE WAY")
	for _, b := range budgets {
		p.paragraph(fmt.Sprintf("%s: %s (%s).", strings.Join(b.Names, ", "), b.Why, names(b.Pods)), p.width, "")
	}
}

func (p *explainPrinter) moves(moves []capacity.Move) {
	if len(moves) == 0 {
		return
	}
	p.heading("WHERE THEY WOULD GO")
	var rows [][]string
	for _, m := range moves[:min(len(moves), maxListed)] {
		rows = append(rows, []string{m.Pod, m.From, m.To})
	}
	const node = 32
	p.table([]column{{title: "POD", width: longest(rows)}, {title: "FROM", width: node}, {title: "TO", width: node}}, rows)
	p.more(len(moves)-maxListed, "pod")
}

func (p *explainPrinter) compress(c capacity.Compress) {
	if len(c.CanGo) > 0 {
		p.heading("COULD GO, ALL OF THEM TOGETHER")
		var rows [][]string
		for _, e := range c.CanGo[:min(len(c.CanGo), maxListed)] {
			var to []string
			for _, n := range e.To {
				to = append(to, fmt.Sprintf("%s ×%d", n.Node, n.Pods))
			}
			rows = append(rows, []string{e.Node, fmt.Sprint(e.Pods), names(to)})
		}
		const count = 6
		name := longest(rows)
		p.table([]column{{title: "NODE", width: name}, {title: "PODS", width: count}, {title: "TO", width: max(p.width-name-count-2*len(gap), 16)}}, rows)
		p.more(len(c.CanGo)-maxListed, "node")
	}
	if len(c.Stay) == 0 {
		return
	}
	p.heading("WOULD HAVE TO STAY")
	for _, s := range c.Stay[:min(len(c.Stay), maxListed)] {
		p.paragraph(fmt.Sprintf("%s: %s.", names(s.Nodes), strings.TrimSuffix(s.Why, ".")), p.width, "")
	}
	p.more(len(c.Stay)-maxListed, "reason")
}
