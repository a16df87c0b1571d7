// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/explain/run"
)

// grounds are those of the page, where the colours are exact, and those of
// terminals, where they are the nearest of 256.
var grounds = map[colorprofile.Profile]map[Ground][]string{
	colorprofile.TrueColor: {Dark: {"#0d1117", "#131a23", "#000000"}, Light: {"#f6f8fa", "#ffffff"}},
	colorprofile.ANSI256:   {Dark: {"#000000", "#1e1e1e"}, Light: {"#ffffff"}},
}

func TestContrast(t *testing.T) {
	const text = 4.5 // WCAG 2.2, 1.4.3
	for name, ink := range inks() {
		for profile, byGround := range grounds {
			for ground, hexes := range byGround {
				for _, hex := range hexes {
					got := contrast(Theme{Profile: profile, Ground: ground}.Color(ink), lipgloss.Color(hex))
					if got < text {
						t.Errorf("%s in %s on %s has contrast %.2f, want at least %.1f", name, profile, hex, got, text)
					}
				}
			}
		}
	}
}

// inks are all of them by the names that the page has for them.
func inks() map[string]Ink {
	all := map[string]Ink{"ok": Good, "warn": Waiting, "bad": Bad}
	for _, l := range All() {
		all[string(l.Kind)] = l.Ink
	}
	return all
}

// TestPageHasTheSameColors reads those of the page.
func TestPageHasTheSameColors(t *testing.T) {
	tokens, err := os.ReadFile(filepath.Join("..", "..", "web", "page", "static", "css", "tokens.css"))
	if err != nil {
		t.Fatal(err)
	}
	for name, ink := range inks() {
		want := fmt.Sprintf("--%s: light-dark(%s, %s);", name, ink.Light, ink.Dark)
		if !strings.Contains(string(tokens), want) {
			t.Errorf("the page does not have %s", want)
		}
	}
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative one of WCAG 2.2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestEachComponentLooksDifferent(t *testing.T) {
	for _, theme := range []Theme{
		{Profile: colorprofile.ANSI}, {Profile: colorprofile.ANSI, Ground: Dark}, {Profile: colorprofile.ANSI, Ground: Light},
		{Profile: colorprofile.ANSI256, Ground: Dark}, {Profile: colorprofile.ANSI256, Ground: Light},
		{Profile: colorprofile.TrueColor, Ground: Dark}, {Profile: colorprofile.TrueColor, Ground: Light}, {ASCII: true},
	} {
		seen := map[string]run.ActorKind{}
		for _, l := range All() {
			for _, property := range []string{string(l.Shape), "glyph " + theme.Glyph(l), fmt.Sprint("color ", theme.Color(l.Ink))} {
				if other, ok := seen[property]; ok && theme.Colors() {
					t.Errorf("%+v: %s and %s both have %s", theme, l.Kind, other, property)
				}
				seen[property] = l.Kind
			}
		}
	}
}

// TestGlyphsHaveOneWidth keeps diagrams in line.
func TestGlyphsHaveOneWidth(t *testing.T) {
	for _, l := range All() {
		if n := ansi.StringWidth(Theme{}.Glyph(l)); n != 1 {
			t.Errorf("%s: glyph %q is %d cells wide, want 1", l.Kind, Theme{}.Glyph(l), n)
		}
		if n := len(Theme{ASCII: true}.Glyph(l)); n != 3 {
			t.Errorf("%s: ASCII glyph %q has %d bytes, want 3", l.Kind, Theme{ASCII: true}.Glyph(l), n)
		}
	}
}

func TestOfComponent(t *testing.T) {
	want := map[string]run.ActorKind{
		component.Client: run.KindClient, component.APIServer: run.KindAPIServer, component.Etcd: run.KindEtcd,
		component.Scheduler: run.KindScheduler, component.Manager: run.KindControllerManager,
		component.KubeManager: run.KindControllerManager, component.Kubelet: run.KindKubelet, "somebody": run.KindClient,
	}
	for name, kind := range want {
		if got := OfComponent(name).Kind; got != kind {
			t.Errorf("%s looks like %s, want %s", name, got, kind)
		}
	}
}

func TestDetect(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want Theme
	}{
		"nothing is said":     {nil, Theme{Profile: colorprofile.ANSI}},
		"xterm of 256":        {map[string]string{"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, Theme{Profile: colorprofile.ANSI256}},
		"true colour on dark": {map[string]string{"COLORTERM": "truecolor", "COLORFGBG": "15;0"}, Theme{Profile: colorprofile.TrueColor, Ground: Dark}},
		"light":               {map[string]string{"TERM": "xterm", "COLORFGBG": "0;default;15"}, Theme{Profile: colorprofile.ANSI, Ground: Light}},
		"a ground in words":   {map[string]string{"COLORFGBG": "default;default"}, Theme{Profile: colorprofile.ANSI}},
		"NO_COLOR":            {map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, Theme{}},
		"dumb":                {map[string]string{"TERM": "dumb"}, Theme{}},
		"C locale":            {map[string]string{"TERM": "xterm", "LC_ALL": "C", "LANG": "en_US.UTF-8"}, Theme{Profile: colorprofile.ANSI, ASCII: true}},
		"Latin-1":             {map[string]string{"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}, Theme{Profile: colorprofile.ANSI, ASCII: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Detect(func(name string) string { return tt.env[name] }); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestPaint(t *testing.T) {
	scheduler := Of(run.KindScheduler)
	for theme, want := range map[Theme]string{
		{}:                           "bind",
		{Profile: colorprofile.ANSI}: "\x1b[33mbind\x1b[m",
		{Profile: colorprofile.ANSI, Ground: Dark}:         "\x1b[93mbind\x1b[m",
		{Profile: colorprofile.ANSI256, Ground: Light}:     "\x1b[38;5;94mbind\x1b[m",
		{Profile: colorprofile.TrueColor, Ground: Dark}:    "\x1b[38;2;233;176;60mbind\x1b[m",
		{Profile: colorprofile.TrueColor, Ground: Unknown}: "\x1b[33mbind\x1b[m",
	} {
		if got := theme.Paint(scheduler, "bind"); got != want {
			t.Errorf("%+v: got %q, want %q", theme, got, want)
		}
	}
}
