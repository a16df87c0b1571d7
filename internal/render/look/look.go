// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package look says what each component looks like: one shape and one colour
// each, the same in the terminal, in documents and on the page. Shape and name
// always say what the colour says.
package look

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/explain/run"
)

// Shape is the outline of a component in a diagram.
type Shape string

// The shapes of the components.
const (
	RoundedBox Shape = "rounded box"
	Hexagon    Shape = "hexagon"
	Cylinder   Shape = "cylinder"
	Diamond    Shape = "diamond"
	Circle     Shape = "circle"
	PlainBox   Shape = "plain box"
)

// Ink is one colour on each ground, in as many colours as a terminal may have.
type Ink struct {
	// Dark and Light are for a dark and for a light ground, as #rrggbb. The page has
	// the same in css/tokens.css.
	Dark, Light string
	// indexed are the nearest of the 256 colours that are far enough apart and
	// readable on the ground, named those of the terminal's own 16 ones.
	darkIndexed, lightIndexed ansi.IndexedColor
	darkNamed, lightNamed     ansi.BasicColor
}

// Inks for what is well, what is not there yet, and what is not well.
var (
	Good    = Ink{"#35b58a", "#00704f", 36, 23, ansi.BrightGreen, ansi.Green}
	Waiting = Ink{"#e9b03c", "#8a5a00", 178, 94, ansi.BrightYellow, ansi.Yellow}
	Bad     = Ink{"#ff8a80", "#b3261e", 210, 124, ansi.BrightRed, ansi.Red}
)

// Look is what a component looks like.
type Look struct {
	Kind  run.ActorKind
	Shape Shape
	Ink   Ink
	// glyph and ascii are the shape in one character, and in three of ASCII.
	glyph, ascii string
}

// grey is the only ink without a hue: of a terminal's own 16 colours none of that
// kind is readable on every ground.
var grey = Ink{"#9fb0c3", "#5b6b7f", 145, 60, ansi.White, ansi.BrightBlack}

// looks follow Okabe and Ito, whose hues stay apart with any colour vision.
var looks = []Look{
	{run.KindClient, RoundedBox, grey, "▢", "(>)"},
	{run.KindAPIServer, Hexagon, Ink{"#5aa9e6", "#0b6fb8", 74, 25, ansi.BrightBlue, ansi.Blue}, "⬡", "<#>"},
	{run.KindEtcd, Cylinder, Ink{"#35b58a", "#007a57", 36, 29, ansi.BrightGreen, ansi.Green}, "≡", "(=)"},
	{run.KindScheduler, Diamond, Ink{"#e9b03c", "#8f5e00", 178, 94, ansi.BrightYellow, ansi.Yellow}, "◇", "<?>"},
	{run.KindControllerManager, Circle, Ink{"#d58ab5", "#a8487d", 175, 125, ansi.BrightMagenta, ansi.Magenta}, "○", "(o)"},
	{run.KindKubelet, PlainBox, Ink{"#e8804a", "#b8480c", 209, 130, ansi.BrightRed, ansi.Red}, "□", "[ ]"},
}

// All returns the looks in the order of the map.
func All() []Look { return append([]Look(nil), looks...) }

// Of returns the look of an actor. One of a kind that is not known looks like a
// client: somebody who asks.
func Of(kind run.ActorKind) Look {
	for _, l := range looks {
		if l.Kind == kind {
			return l
		}
	}
	return looks[0]
}

// OfComponent returns the look of a component by the name that steps have for it.
func OfComponent(name string) Look {
	switch name {
	case component.APIServer:
		return Of(run.KindAPIServer)
	case component.Etcd:
		return Of(run.KindEtcd)
	case component.Scheduler:
		return Of(run.KindScheduler)
	case component.Manager, component.KubeManager:
		return Of(run.KindControllerManager)
	case component.Kubelet:
		return Of(run.KindKubelet)
	}
	return Of(run.KindClient)
}

// Ground is what colours are seen on.
type Ground int

const (
	// Unknown is a ground that the terminal does not tell. Then only the
	// terminal's own colours are used, which its user has chosen to be readable.
	Unknown Ground = iota
	// Dark is a ground that is known to be dark.
	Dark
	// Light is a ground that is known to be light.
	Light
)

// Theme is what a terminal can show. The zero Theme has no colours.
type Theme struct {
	Profile colorprofile.Profile
	Ground  Ground
	// ASCII is true where other characters cannot be shown.
	ASCII bool
}

// Colors reports whether there are any.
func (t Theme) Colors() bool { return t.Profile >= colorprofile.ANSI }

// Color returns an ink's colour in the theme; nil where it has none.
func (t Theme) Color(ink Ink) color.Color {
	switch {
	case !t.Colors():
		return nil
	case t.Ground == Unknown && ink == grey:
		return nil
	case t.Ground == Unknown:
		return ink.lightNamed
	case t.Profile == colorprofile.ANSI && t.Ground == Dark:
		return ink.darkNamed
	case t.Profile == colorprofile.ANSI:
		return ink.lightNamed
	case t.Profile == colorprofile.ANSI256 && t.Ground == Dark:
		return ink.darkIndexed
	case t.Profile == colorprofile.ANSI256:
		return ink.lightIndexed
	case t.Ground == Dark:
		return lipgloss.Color(ink.Dark)
	}
	return lipgloss.Color(ink.Light)
}

// Write gives a text the colour of an ink.
func (t Theme) Write(ink Ink, s string) string {
	c := t.Color(ink)
	if c == nil || s == "" {
		return s
	}
	return ansi.Style{}.ForegroundColor(c).Styled(s)
}

// Paint gives a text the colour of a component.
func (t Theme) Paint(l Look, s string) string { return t.Write(l.Ink, s) }

// Glyph is the shape of a component in a few characters.
func (t Theme) Glyph(l Look) string {
	if t.ASCII {
		return l.ascii
	}
	return l.glyph
}
