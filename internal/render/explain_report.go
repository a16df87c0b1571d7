// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/scheduler/explanation"
)

// but says in the first line what was not evaluated.
func but(missing []explanation.NotEvaluated) string {
	if len(missing) == 0 {
		return ""
	}
	list := make([]string, len(missing))
	for i, m := range missing {
		list[i] = m.What
	}
	return " (not evaluated: " + strings.Join(list, ", ") + ")"
}

// notEvaluated has a line for each thing that the scheduler of the cluster looks at
// and the prediction does not.
func (p *explainPrinter) notEvaluated(missing []explanation.NotEvaluated) {
	if len(missing) == 0 {
		return
	}
	p.heading("NOT EVALUATED")
	for _, m := range missing {
		p.paragraph(fmt.Sprintf("%s: %s; so %s.", m.What, m.Why, m.Effect), p.width, "")
	}
}

// report puts what the scheduler of the cluster wrote beside the prediction.
func (p *explainPrinter) report(r *explanation.Report) {
	if r == nil {
		return
	}
	p.heading("WHAT ITS SCHEDULER WROTE")
	if r.Message != "" {
		p.paragraph(r.Message, p.width, "  ")
	}
	when := "pending since " + r.Since.UTC().Format(time.RFC3339)
	if r.WrittenAt != nil {
		when += ", last written at " + r.WrittenAt.UTC().Format(time.RFC3339)
	}
	if r.Agrees {
		p.paragraph(fmt.Sprintf("The prediction counts the same nodes for the same reasons. (%s: %s.)", r.Reason, when), p.width, "")
		return
	}
	p.paragraph(fmt.Sprintf("The prediction differs: the cluster has changed since, or something is not evaluated. (%s: %s.)", r.Reason, when), p.width, "")
	if len(r.Differences) == 0 {
		return
	}
	const count = 9
	columns := []column{{title: "SCHEDULER", width: count}, {title: "PREDICTED", width: count}, {title: "NODES", width: p.width - 2*count - 2*len(gap)}}
	var rows [][]string
	for _, d := range r.Differences {
		rows = append(rows, []string{fmt.Sprint(d.Scheduler), fmt.Sprint(d.Predicted), d.Reason})
	}
	p.table(columns, rows)
}

// admission says what the API server would refuse and add.
func (p *explainPrinter) admission(a *explanation.Admission) {
	if a == nil {
		return
	}
	for _, r := range a.Refusals {
		p.paragraph("Refused: "+r.Message+".", p.width, "  ")
	}
	for _, added := range a.Additions {
		p.paragraph(fmt.Sprintf("Added by %s: %s %s.", added.By, added.Field, added.Value), p.width, "  ")
	}
}
