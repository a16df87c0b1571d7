// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/render/look"
)

// colorFlag is the value of --color, as other programs have it.
type colorFlag string

const (
	colorAuto   colorFlag = "auto"
	colorAlways colorFlag = "always"
	colorNever  colorFlag = "never"
)

var colorValues = []string{string(colorAuto), string(colorAlways), string(colorNever)}

// String returns the value.
func (f *colorFlag) String() string { return string(*f) }

// Type names the value in help.
func (f *colorFlag) Type() string { return "string" }

// Set takes a value, or says which there are.
func (f *colorFlag) Set(value string) error {
	if !slices.Contains(colorValues, value) {
		return fmt.Errorf("must be %s", strings.Join(colorValues, ", "))
	}
	*f = colorFlag(value)
	return nil
}

func (f *colorFlag) add(command *cobra.Command) {
	*f = colorAuto
	command.Flags().Var(f, "color", "write with colours: auto (on a terminal, unless $NO_COLOR is set), always or never")
	command.Flags().Lookup("color").NoOptDefVal = string(colorAlways)
	completeFlags(command, map[string]cobra.CompletionFunc{"color": oneOf(colorValues...)})
}

// theme is what text is written with. A flag counts for more than NO_COLOR.
func (f *colorFlag) theme(io IO) look.Theme {
	switch *f {
	case colorNever:
		return look.Theme{ASCII: io.theme.ASCII}
	case colorAlways:
		return look.Detect(func(name string) string {
			if name == "NO_COLOR" {
				return ""
			}
			return io.Env(name)
		})
	}
	return io.theme
}
