// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package render turns explanations into text for people and for programs. It
// writes to an io.Writer and knows nothing of terminals: the caller says how
// wide the text may be and whether it may have colours.
package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/render/look"
)

// Format is one of the forms of a trace.
type Format string

// The formats, as the flag -o names them.
const (
	// FormatText is the full view for a terminal.
	FormatText Format = "text"
	// FormatTable is the table of the steps alone.
	FormatTable Format = "table"
	// FormatJSON is the schema of docs/trace-schema.md.
	FormatJSON Format = "json"
	// FormatYAML is the same as YAML.
	FormatYAML Format = "yaml"
	// FormatMarkdown is the full view as a document.
	FormatMarkdown Format = "markdown"
)

// Formats lists the formats in the order in which help shows them.
var Formats = []Format{FormatText, FormatTable, FormatJSON, FormatYAML, FormatMarkdown}

// DefaultWidth is the width of tables where none is given, in characters.
const DefaultWidth = 120

// Unwrapped is the width with which no line is broken: what a pipe gets, so that
// a program that looks for a name or a URI finds it.
const Unwrapped = -1

// unwrappedTable is the width that a table of sentences is made for where no width is
// known, in characters. Names and URIs may make it wider.
const unwrappedTable = 100

// minWidth is the least width that the columns of a table fit into.
const minWidth = 80

// Options say how text is written.
type Options struct {
	// Width of tables in characters: DefaultWidth where it is 0, and no less
	// than 80; or Unwrapped.
	Width int
	// Theme of the terminal; the zero one has no colours, which only repeat what
	// the text says.
	Theme look.Theme
	// HideAnswers leaves out the answers to the quiz, in every format.
	HideAnswers bool
}

func (o Options) width() int {
	if o.Width == 0 {
		return DefaultWidth
	}
	return max(o.Width, minWidth)
}

// Trace writes a trace in a format. It fails where the format is not known or
// the writer fails.
func Trace(w io.Writer, t explain.Trace, format Format, o Options) error {
	if o.HideAnswers {
		t = t.WithoutAnswers()
	}
	switch format {
	case FormatText:
		return Text(w, t, o)
	case FormatTable:
		return Table(w, t, o)
	case FormatJSON:
		return JSON(w, t)
	case FormatYAML:
		return YAML(w, t)
	case FormatMarkdown:
		return Markdown(w, t)
	}
	return fmt.Errorf("format %q: must be one of %s", format, formatNames())
}

func formatNames() string {
	names := make([]string, 0, len(Formats))
	for _, f := range Formats {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// JSON writes the trace as docs/trace-schema.md describes it.
func JSON(w io.Writer, t explain.Trace) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(t); err != nil {
		return fmt.Errorf("write the trace as JSON: %w", err)
	}
	return nil
}

// YAML writes the same as JSON does, as YAML.
func YAML(w io.Writer, t explain.Trace) error {
	data, err := yaml.Marshal(t)
	if err != nil {
		return fmt.Errorf("write the trace as YAML: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write the trace as YAML: %w", err)
	}
	return nil
}
