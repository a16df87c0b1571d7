// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/scheduler/explanation"
)

// PendingJSON writes the groups as JSON.
func PendingJSON(w io.Writer, pending explanation.Pending) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(pending); err != nil {
		return fmt.Errorf("write the pending pods as JSON: %w", err)
	}
	return nil
}

// PendingYAML writes the same as YAML.
func PendingYAML(w io.Writer, pending explanation.Pending) error {
	data, err := yaml.Marshal(pending)
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("write the pending pods as YAML: %w", err)
	}
	return nil
}

// PendingText says for people which pods wait, why, and what would free the most.
func PendingText(w io.Writer, pending explanation.Pending, o Options) error {
	p := &explainPrinter{printer: newPrinter(w, o), o: ExplainOptions{Options: o}, width: o.width()}
	with := red
	if pending.Pods == 0 {
		with = green
	}
	text := number(pending.Pods, "pod") + " pending"
	if n := len(pending.Causes); n > 0 {
		text += " for " + number(n, "reason")
	}
	if pending.OnNodes > 0 {
		text += fmt.Sprintf(", %d on nodes", pending.OnNodes)
	}
	p.headline(pending.About, with, text+but(pending.NotEvaluated))
	p.paragraph("A prediction, nothing was written. "+readAt(explanation.Prediction{
		ReadAt: pending.ReadAt, Lists: pending.Lists, Source: pending.Source,
	}), p.width, "  ")
	for _, c := range pending.Causes {
		p.cause(c)
	}
	for _, u := range pending.NotDecided {
		p.heading(fmt.Sprintf("%s NOT DECIDED ABOUT", strings.ToUpper(number(len(u.Pods), "pod"))))
		p.paragraph(u.Why+": "+names(u.Pods)+".", p.width, "")
	}
	p.freeing(pending.Changes)
	p.notEvaluated(pending.NotEvaluated)
	return p.err
}

func (p *explainPrinter) cause(c explanation.Cause) {
	p.heading(fmt.Sprintf("%s: %s", strings.ToUpper(number(len(c.Pods), "pod")), names(c.Pods)))
	if c.Message == "" {
		p.paragraph("Would fit now: "+names(c.Nodes)+". The scheduler may not have tried since.", p.width, "")
		return
	}
	p.paragraph(c.Message, p.width, "")
	p.groups(explanation.Decision{Rejections: c.Rejections})
}

func (p *explainPrinter) freeing(changes []explanation.Freeing) {
	if len(changes) == 0 {
		return
	}
	p.heading("WHAT WOULD FREE THE MOST")
	p.paragraph("Each of these alone; checked by placing the pods one after the other, the most important first.", p.width, "")
	const place, count, where = 2, 5, 36
	columns := []column{{title: "#", width: place}, {title: "FREES", width: count},
		{title: "CHANGE", width: p.width - place - count - where - 3*len(gap)}, {title: "PODS", width: where}}
	var rows [][]string
	for i, c := range changes {
		rows = append(rows, []string{fmt.Sprint(i + 1), fmt.Sprint(c.Frees), c.Description, names(c.Pods)})
	}
	p.table(columns, rows)
	for i, c := range changes {
		if c.Command != "" { // not wrapped, so that it can be copied
			p.printf("  %d: %s\n", i+1, Clean(c.Command))
		}
	}
}
