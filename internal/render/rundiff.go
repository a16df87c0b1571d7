// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/rundiff"
)

// RunDiff writes in what two runs differ, as text or as JSON.
func RunDiff(w io.Writer, r rundiff.Result, format Format, o Options) error {
	switch format {
	case FormatText:
		return runDiffText(w, r, o)
	case FormatJSON:
		return whatIfJSON(w, r)
	}
	return fmt.Errorf("format %q: must be text or json", format)
}

func runDiffText(w io.Writer, r rundiff.Result, o Options) error {
	p := new(newPrinter(w, o))
	width := o.width()
	p.printf("1  %s\n", Clean(r.First.Name))
	p.paragraph(r.First.Says, width, "   ")
	p.printf("2  %s\n", Clean(r.Second.Name))
	p.paragraph(r.Second.Says, width, "   ")
	switch {
	case r.SharedTo > 0:
		p.printf("\nThey share their history up to revision %d of etcd.\n", r.SharedTo)
	case r.Kind == rundiff.Walkthroughs:
		p.printf("\nThey are about two objects, or share no revision of etcd.\n")
	default:
		p.printf("\nThey share no revision of etcd.\n")
	}
	if r.Same {
		p.printf("%s\n", p.styled(green, "They are the same, but for times."))
	}
	p.diffObjects(r, width)
	p.diffWrites(r.Writes, width)
	p.diffTimings(r.Timings, width)
	p.diffDecisions(r.Decisions, width)
	for i, missing := range r.Missing {
		if i == 0 {
			p.printf("\n")
		}
		p.paragraph("not available: "+missing, width, "")
	}
	return p.err
}

// sideBySide are columns of which the last two are as wide as there is room.
func (p *printer) sideBySide(width int, fixed ...column) []column {
	rest := width - 2*len(gap)
	for _, c := range fixed {
		rest -= c.width + len(gap)
	}
	if p.whole {
		rest = 100
	}
	return append(fixed, column{title: "1", width: rest / 2, sentences: true}, column{title: "2", width: rest - rest/2, sentences: true})
}

func (p *printer) diffObjects(r rundiff.Result, width int) {
	if len(r.Objects) == 0 {
		return
	}
	p.heading("OBJECTS")
	const name = 36
	columns := p.sideBySide(width, column{title: "OBJECT", width: name})
	var rows [][]string
	for i := range r.Objects {
		o := &r.Objects[i]
		rows = append(rows, []string{o.Name, o.First, o.Second})
	}
	p.table(columns, rows)
	for i := range r.Objects {
		p.objectChanges(&r.Objects[i], width)
	}
	if r.ObjectsOmitted > 0 {
		p.printf("and %d more objects\n", r.ObjectsOmitted)
	}
}

func (p *printer) objectChanges(o *rundiff.Object, width int) {
	if !o.Replaced && len(o.Changes) == 0 {
		return
	}
	p.printf("\n%s\n", Clean(o.Name))
	if o.Replaced {
		p.printf("  another object: the UIDs differ\n")
	}
	for _, change := range o.Changes {
		p.paragraph(change, width, "  ")
	}
	if o.ChangesOmitted > 0 {
		p.printf("  and %d more fields\n", o.ChangesOmitted)
	}
}

func (p *printer) diffWrites(writes []rundiff.Write, width int) {
	if len(writes) == 0 {
		return
	}
	p.heading("WRITES")
	const number, same = 3, 4
	columns := p.sideBySide(width, column{title: "#", width: number}, column{title: "SAME", width: same})
	var rows [][]string
	for i := range writes {
		w := &writes[i]
		rows = append(rows, []string{fmt.Sprint(w.Number), yesNo(w.Same), cmp.Or(w.First, "<none>"), cmp.Or(w.Second, "<none>")})
	}
	p.table(columns, rows)
}

func (p *printer) diffTimings(timings []rundiff.Timing, width int) {
	if len(timings) == 0 {
		return
	}
	p.heading("TIMINGS")
	const step, component, at = 4, 18, 12
	columns := []column{{title: "STEP", width: step}, {title: "COMPONENT", width: component, components: true}, {title: "1", width: at}, {title: "2", width: at}, {title: "LATER", width: at},
		{title: "ACTION", width: width - step - component - 3*at - 5*len(gap), sentences: true}}
	if p.whole {
		columns[5].width = 60
	}
	var rows [][]string
	for i := range timings {
		t := &timings[i]
		later := "<none>"
		if t.Later != nil {
			later = fmt.Sprintf("%+.3f s", t.Later.Seconds())
		}
		rows = append(rows, []string{fmt.Sprint(t.Step), t.Component, seconds(t.First), seconds(t.Second), later, t.Action})
	}
	p.table(columns, rows)
}

func seconds(d *metav1.Duration) string {
	if d == nil {
		return "<none>"
	}
	return fmt.Sprintf("%.3f s", d.Round(time.Millisecond).Seconds())
}

func (p *printer) diffDecisions(decisions []rundiff.Decision, width int) {
	if len(decisions) == 0 {
		return
	}
	p.heading("DECISIONS")
	const what = 24
	columns := p.sideBySide(width, column{title: "WHAT", width: what}, column{title: "SAME", width: 4})
	var rows [][]string
	for i := range decisions {
		d := &decisions[i]
		rows = append(rows, []string{fmt.Sprintf("attempt %d", d.Attempt), yesNo(d.Same), cmp.Or(d.First, "<none>"), cmp.Or(d.Second, "<none>")})
		for _, n := range d.Nodes {
			rows = append(rows, []string{"  " + n.Name, "no", n.First, n.Second})
		}
		if d.NodesOmitted > 0 {
			rows = append(rows, []string{fmt.Sprintf("  %d more nodes", d.NodesOmitted), "no", "", ""})
		}
	}
	p.table(columns, rows)
}
