// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"github.com/glassplane/glassplane/internal/render/look"
)

func TestColorFlag(t *testing.T) {
	terminal := look.Theme{Profile: colorprofile.ANSI256}
	tests := map[string]struct {
		flag colorFlag
		// detected is what the terminal can show; the zero one for none.
		detected look.Theme
		env      map[string]string
		want     look.Theme
	}{
		"auto on a terminal":           {colorAuto, terminal, nil, terminal},
		"auto without one":             {colorAuto, look.Theme{}, map[string]string{"TERM": "xterm-256color"}, look.Theme{}},
		"never":                        {colorNever, terminal, nil, look.Theme{}},
		"never in ASCII":               {colorNever, look.Theme{Profile: colorprofile.ANSI, ASCII: true}, nil, look.Theme{ASCII: true}},
		"always without a terminal":    {colorAlways, look.Theme{}, map[string]string{"TERM": "xterm-256color"}, terminal},
		"always outweighs the default": {colorAlways, look.Theme{}, map[string]string{"TERM": "xterm-256color", "NO_COLOR": "1"}, terminal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.flag.theme(IO{theme: tt.detected, Env: func(name string) string { return tt.env[name] }})
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestUnknownColorIsRefused(t *testing.T) {
	code, stderr := offline(t, "", io.Discard, "walk", "simpod/web", "--color=yes")
	if code != 1 || !strings.Contains(stderr, `"yes"`) || !strings.Contains(stderr, "auto, always, never") {
		t.Errorf("exit code %d, stderr %q; want 1 with the value and those that there are", code, stderr)
	}
}
