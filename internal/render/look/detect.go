// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// Detect returns the theme of a terminal by its environment: no colours where
// NO_COLOR is set (https://no-color.org) or TERM is dumb, the ground that
// COLORFGBG tells, and ASCII where the locale names another encoding than UTF-8.
func Detect(env func(string) string) Theme {
	theme := Theme{Ground: groundOf(env("COLORFGBG")), ASCII: !isUTF8(env)}
	if env("NO_COLOR") == "" && env("TERM") != "dumb" {
		theme.Profile = profileOf(env("TERM"), env("COLORTERM"))
	}
	return theme
}

// profileOf never says that a terminal has no colours: those of today have 16.
func profileOf(term, colorterm string) colorprofile.Profile {
	switch {
	case colorterm == "truecolor" || colorterm == "24bit" || strings.HasSuffix(term, "-direct"):
		return colorprofile.TrueColor
	case strings.Contains(term, "256color"):
		return colorprofile.ANSI256
	}
	return colorprofile.ANSI
}

// groundOf reads COLORFGBG, such as 15;0 or 15;default;0: the last number is that
// of the ground.
func groundOf(colors string) Ground {
	n, err := strconv.Atoi(colors[strings.LastIndex(colors, ";")+1:])
	switch {
	case err != nil || n < 0 || n > 15:
		return Unknown
	case n == 7 || n > 8:
		return Light
	}
	return Dark
}

// isUTF8 is true where nothing says otherwise: ssh and containers often leave the
// locale out, while terminals of today show UTF-8.
func isUTF8(env func(string) string) bool {
	locale := cmp.Or(env("LC_ALL"), env("LC_CTYPE"), env("LANG"))
	if locale == "" {
		return true
	}
	locale = strings.ToLower(locale)
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}
