// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/glassplane/glassplane/internal/render"
)

// Everything on the screen is lines: strings that may hold escape sequences of
// ours, but none of the cluster's, and whose width is measured in cells.

// clean makes a text of the cluster's one line without control characters.
func clean(s string) string {
	return strings.Join(strings.Fields(render.Clean(s)), " ")
}

// fit makes a line exactly as wide as asked for. What is cut off is said to be.
func fit(line string, width int) string {
	if width <= 0 {
		return ""
	}
	if n := ansi.StringWidth(line); n <= width {
		return line + strings.Repeat(" ", width-n)
	}
	line = ansi.Truncate(line, width, "…")
	// A wide character may have left half of its room.
	return line + strings.Repeat(" ", max(width-ansi.StringWidth(line), 0))
}

// right is fit for numbers: at the right end of the width.
func right(line string, width int) string {
	if n := ansi.StringWidth(line); n < width {
		return strings.Repeat(" ", width-n) + line
	}
	return fit(line, width)
}

// ends puts one text at each end of a line; the left one gives way.
func ends(left, at string, width int) string {
	room := width - ansi.StringWidth(at)
	if room < 0 {
		return fit(at, width)
	}
	return fit(left, room) + at
}

// wrap breaks a text of the cluster's into lines.
func wrap(s string, width int) []string {
	if s = clean(s); s == "" || width <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, width, "/.,-:"), "\n")
}

// window shows height lines from an offset, and says what is above and below.
func window(lines []string, offset, width, height int) []string {
	if height <= 0 {
		return nil
	}
	offset = clamp(offset, 0, max(len(lines)-height, 0))
	out := make([]string, height)
	for i := range out {
		line := ""
		if offset+i < len(lines) {
			line = lines[offset+i]
		}
		out[i] = fit(line, width)
	}
	if below := len(lines) - offset - height; below > 0 && height > 1 {
		out[height-1] = fit(quiet(fmt.Sprintf("↓ %d more lines", below+1)), width)
	}
	if offset > 0 && height > 2 {
		out[0] = fit(quiet(fmt.Sprintf("↑ %d more lines", offset+1)), width)
	}
	return out
}

// beside joins two blocks of lines of given widths.
func beside(left []string, leftWidth int, right []string, rightWidth int) []string {
	out := make([]string, max(len(left), len(right)))
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return ""
	}
	for i := range out {
		out[i] = fit(at(left, i), leftWidth) + fit(at(right, i), rightWidth)
	}
	return out
}

func clamp(n, low, high int) int { return max(low, min(n, high)) }

var (
	bold    = ansi.Style{}.Bold()
	faint   = ansi.Style{}.Faint()
	inverse = ansi.Style{}.Reverse(true)
)

// strong is what happens now, quiet what only accompanies it, and chosen what keys
// act on.
func strong(s string) string { return styled(bold, s) }
func quiet(s string) string  { return styled(faint, s) }
func chosen(s string) string { return styled(inverse, s) }

func styled(style ansi.Style, s string) string {
	if s == "" {
		return ""
	}
	return style.Styled(s)
}

// span is a length of time with three digits at most, and its unit.
func span(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs == 0:
		return "0 ms"
	case abs < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case abs < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case abs < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case abs < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case abs < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case abs < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case abs < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// age is how long ago something was, to the second.
func age(since, now time.Time) string {
	d := now.Sub(since)
	if since.IsZero() || now.IsZero() {
		return "?"
	}
	if d < time.Minute {
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 0))
	}
	return span(d)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// bar fills a width by a share, in eighths of a cell where there are signs for it.
func bar(share float64, width int, ascii bool) string {
	share = min(max(share, 0), 1)
	if ascii {
		full := int(share*float64(width) + 0.5)
		return strings.Repeat("#", full) + strings.Repeat(".", width-full)
	}
	eighths := int(share*float64(width)*8 + 0.5)
	if eighths == 0 && share > 0 {
		eighths = 1
	}
	full := eighths / 8
	out := strings.Repeat("█", full)
	if rest := eighths % 8; rest > 0 {
		out += string([]rune(" ▏▎▍▌▋▊▉")[rest])
		full++
	}
	return out + strings.Repeat("·", width-full)
}

// onlyASCII is how a screen is shown where nothing else can be: as many cells
// as before.
func onlyASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case asciiOf[r] != 0:
			b.WriteByte(asciiOf[r])
		default:
			b.WriteString(strings.Repeat("?", ansi.StringWidth(string(r))))
		}
	}
	return b.String()
}

var asciiOf = map[rune]byte{
	'─': '-', '━': '=', '┄': '.', '╌': '-', '╍': '=', '│': '|', '▶': '>', '◀': '<', '…': '~', '·': '.', '→': '>', '←': '<', '↑': '^', '↓': 'v',
	'╭': '/', '╮': '\\', '╰': '\\', '╯': '/', '╱': '/', '╲': '\\', '┌': '+', '┐': '+', '└': '+', '┘': '+', '├': '+', '┤': '+', '●': '*', '○': 'o', '▸': '>',
	'★': '*', '×': 'x', 'µ': 'u', '⇧': '^', '“': '"', '”': '"', '’': '\'', '–': '-', '—': '-', '≤': '<', '≥': '>',
}
