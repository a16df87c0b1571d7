// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/glassplane/glassplane/internal/render/look"
)

// printer writes text and remembers the first error, so that views read as
// plain lists of what they show.
type printer struct {
	w     io.Writer
	theme look.Theme
	// whole keeps the lines of texts and cells as they are, however long.
	whole bool
	err   error
}

func newPrinter(w io.Writer, o Options) printer {
	return printer{w: w, theme: o.Theme, whole: o.Width == Unwrapped}
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, err := fmt.Fprintf(p.w, format, args...)
		p.err = errors.Join(p.err, err)
	}
}

func (p *printer) line(s string) { p.printf("%s\n", Clean(s)) }

// heading starts a section.
func (p *printer) heading(s string) { p.printf("\n%s\n", p.styled(bold, s)) }

// style is an ANSI escape sequence.
type style string

const (
	bold  style = "\x1b[1m"
	green style = "\x1b[32m"
	red   style = "\x1b[31m"
	reset style = "\x1b[0m"
)

func (p *printer) styled(with style, s string) string {
	if !p.theme.Colors() {
		return s
	}
	return string(with) + s + string(reset)
}

// paragraph writes wrapped text, each line with the indent.
func (p *printer) paragraph(s string, width int, indent string) {
	for _, l := range p.wrap(s, width-utf8.RuneCountInString(indent)) {
		p.printf("%s%s\n", indent, l)
	}
}

// wrap breaks a text into lines, unless they are to be kept whole.
func (p *printer) wrap(s string, width int) []string {
	if !p.whole {
		return wrap(s, width)
	}
	var lines []string
	for line := range strings.SplitSeq(Clean(s), "\n") {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

// CleanWriter returns a writer that replaces control characters in what is
// written, but for line feeds. A character must not be divided between two writes.
func CleanWriter(w io.Writer) io.Writer { return cleanWriter{w} }

type cleanWriter struct{ w io.Writer }

func (c cleanWriter) Write(data []byte) (int, error) {
	if _, err := io.WriteString(c.w, Clean(string(data))); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Clean replaces control characters, but for line feeds: texts come from clients
// of the API server, and a user agent with an escape sequence, or one that changes
// the direction of what follows, must not reach the terminal.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return '·'
		}
		return r
	}, s)
}

// wrap breaks a text into lines of at most width characters, between words
// where it can.
func wrap(s string, width int) []string {
	var lines []string
	for part := range strings.SplitSeq(Clean(s), "\n") {
		lines = append(lines, wrapLine(part, max(width, 1))...)
	}
	return lines
}

func wrapLine(s string, width int) []string {
	var lines []string
	var current []rune
	for _, word := range strings.Fields(s) {
		rest := []rune(word)
		if len(current) > 0 && len(current)+1+len(rest) <= width {
			current = append(append(current, ' '), rest...)
			continue
		}
		if len(current) > 0 {
			lines = append(lines, string(current))
		}
		for len(rest) > width {
			cut := breakAt(rest, width)
			lines = append(lines, string(rest[:cut]))
			rest = rest[cut:]
		}
		current = rest
	}
	return append(lines, string(current))
}

// breakAt is where to break a word that is too long: after a slash, a dot, a
// comma or a dash in its second half, so that paths stay readable.
func breakAt(word []rune, width int) int {
	for i := width; i > width/2; i-- {
		if strings.ContainsRune("/.,-:", word[i-1]) {
			return i
		}
	}
	return width
}

// column of a table.
type column struct {
	title string
	// width in characters; the cells are wrapped to it, unless lines are kept whole.
	width int
	// lines is how many lines of a cell are shown; 0 means all of them.
	lines int
	// sentences is true where the cells are wrapped between words also where lines
	// are kept whole: no word of them is broken, and all lines are shown.
	sentences bool
	// components is true where the cells name components, in their colours.
	components bool
}

// gap is what separates columns, as kubectl has it.
const gap = "   "

// table writes rows in columns.
func (p *printer) table(columns []column, rows [][]string) {
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	if p.whole {
		columns = p.fit(columns, rows)
	}
	p.row(columns, titles)
	for _, r := range rows {
		p.cells(columns, r, p.paint)
	}
}

// wrapCell breaks a cell into lines.
func (p *printer) wrapCell(c column, cell string) []string {
	if p.whole && c.sentences {
		return wrapWords(cell, c.width)
	}
	return p.wrap(cell, c.width)
}

// wrapWords breaks a text into lines of at most width characters, but only between
// words: a longer word has a line of its own, and stands out.
func wrapWords(s string, width int) []string {
	var lines []string
	for part := range strings.SplitSeq(Clean(s), "\n") {
		line := ""
		for word := range strings.FieldsSeq(part) {
			switch {
			case line == "":
				line = word
			case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
				line += " " + word
			default:
				lines = append(lines, line)
				line = word
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// fit makes columns as wide as what is in them, and shows all of it.
func (p *printer) fit(columns []column, rows [][]string) []column {
	out := make([]column, len(columns))
	for i, c := range columns {
		out[i] = column{title: c.title, width: utf8.RuneCountInString(c.title), components: c.components, sentences: c.sentences}
		if c.sentences {
			out[i].width = c.width
			continue
		}
		for _, r := range rows {
			for _, line := range p.wrap(r[i], 0) {
				out[i].width = max(out[i].width, utf8.RuneCountInString(line))
			}
		}
	}
	return out
}

func (p *printer) row(columns []column, cells []string) {
	p.cells(columns, cells, func(_ column, _, line string) string { return line })
}

// paint gives a line of a cell the colour of the component that the cell names.
func (p *printer) paint(c column, cell, line string) string {
	if !c.components {
		return line
	}
	return p.theme.Paint(look.OfComponent(cell), line)
}

// cells writes a row, whose lines are painted once they are measured.
func (p *printer) cells(columns []column, cells []string, paint func(c column, cell, line string) string) {
	wrapped := make([][]string, len(columns))
	height := 0
	for i, c := range columns {
		wrapped[i] = limit(p.wrapCell(c, cells[i]), c.lines)
		height = max(height, len(wrapped[i]))
	}
	for n := range height {
		var line strings.Builder
		for i, c := range columns {
			cell := ""
			if n < len(wrapped[i]) {
				cell = wrapped[i][n]
			}
			line.WriteString(paint(c, cells[i], cell))
			if i < len(columns)-1 {
				line.WriteString(strings.Repeat(" ", max(c.width-utf8.RuneCountInString(cell), 0)) + gap)
			}
		}
		p.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// limit keeps the first lines of a cell and marks that there are more.
func limit(lines []string, most int) []string {
	if most == 0 || len(lines) <= most {
		return lines
	}
	kept := append([]string{}, lines[:most]...)
	last := []rune(kept[most-1])
	if n := len(last); n > 1 {
		last = last[:n-1]
	}
	kept[most-1] = string(last) + "…"
	return kept
}
