// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/render"
)

// viewFlags say how a walkthrough is printed.
type viewFlags struct {
	output      string
	quiet       bool
	hideAnswers bool
}

var viewFormats = []string{"text", "table", "json", "yaml", "markdown"}

func (f *viewFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&f.output, "output", "o", "text", strings.Join(viewFormats, ", "))
	flags.BoolVar(&f.hideAnswers, "hide-answers", false, "leave the answers of the quiz out")
}

func (f *viewFlags) validate() error {
	if !slices.Contains(viewFormats, f.output) {
		return fmt.Errorf("invalid --output %q: must be one of %s", f.output, strings.Join(viewFormats, ", "))
	}
	return nil
}

func (f *viewFlags) print(out io.Writer, trace explain.Trace) error {
	if f.hideAnswers {
		trace = trace.WithoutAnswers()
	}
	format := f.output
	if f.quiet && format == "text" {
		format = "table"
	}
	switch format {
	case "table":
		return render.Table(out, trace)
	case "json":
		return render.JSON(out, trace)
	case "yaml":
		return render.YAML(out, trace)
	case "markdown":
		return render.Markdown(out, trace)
	default:
		return render.Text(out, trace)
	}
}
