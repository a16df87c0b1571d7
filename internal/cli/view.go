// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	runs "github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/redact"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/web/page"
)

// viewFlags say how a walkthrough is printed.
type viewFlags struct {
	output      string
	quiet       bool
	hideAnswers bool
	color       colorFlag
}

func (f *viewFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVarP(&f.output, "output", "o", string(render.FormatText), formats())
	flags.BoolVar(&f.hideAnswers, "hide-answers", false, "leave the answers of the quiz out")
	f.color.add(command)
	completeFlags(command, map[string]cobra.CompletionFunc{"output": oneOf(formatNames()...)})
}

// The formats that show a run rather than its explanation.
const (
	// formatOTLP is the run as one OpenTelemetry trace.
	formatOTLP = "otlp"
	// formatHTML is the page with one run in it, as a file.
	formatHTML = "html"
)

func (f *viewFlags) validate() error {
	if !slices.Contains(formatNames(), f.output) {
		return fmt.Errorf("invalid --output %q: must be %s", f.output, formats())
	}
	return nil
}

// asFile reports whether a file is wanted, which needs the whole record.
func (f *viewFlags) asFile() bool { return f.output == formatHTML || f.output == formatOTLP }

// printFile writes the file that shows a record.
func (f *viewFlags) printFile(io IO, record evidence.Record) error {
	r := runs.Of(redact.Record(record))
	if f.output == formatOTLP {
		return render.OTLP(io.Out, r)
	}
	if f.hideAnswers {
		r.Trace = r.Trace.WithoutAnswers()
	}
	return page.Export(io.Out, r)
}

func (f *viewFlags) print(io IO, trace explain.Trace) error {
	format := render.Format(f.output)
	if f.quiet && format == render.FormatText {
		format = render.FormatTable
	}
	return render.Trace(io.Out, trace, format, render.Options{Width: io.width, HideAnswers: f.hideAnswers, Theme: f.color.theme(io)})
}

// formats lists the formats as in "text, table or json".
func formats() string {
	names := formatNames()
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func formatNames() []string {
	var names []string
	for _, format := range render.Formats {
		names = append(names, string(format))
	}
	return append(names, formatOTLP, formatHTML)
}
