// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prose has the small forms that explanations are written in: times,
// counts, sentences, and texts cut to what an API object has room for.
package prose

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Clip shortens a text to at most limit bytes, at a boundary of characters.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

// Micro returns nil for the zero time: an unknown time is absent.
func Micro(t time.Time) *metav1.MicroTime {
	if t.IsZero() {
		return nil
	}
	return new(metav1.NewMicroTime(t.UTC()))
}

// Clock renders a time of the day as prose has it.
func Clock(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

// Span renders a duration with a precision that fits its size.
func Span(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs >= time.Minute:
		return d.Round(time.Second).String()
	case abs >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// Count is a number of things, such as "1 node" or "2 nodes".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Sentence makes a sentence of a text: a capital letter, unless it begins with a
// name, and a full stop.
func Sentence(s string) string {
	if s == "" {
		return ""
	}
	if word, _, _ := strings.Cut(s, " "); word != "etcd" && !strings.ContainsAny(word, "-./_0123456789") {
		first, size := utf8.DecodeRuneInString(s)
		s = strings.ToUpper(string(first)) + s[size:]
	}
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// Sentences makes one text of parts, each a sentence; empty ones are left out.
func Sentences(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, Sentence(p))
		}
	}
	return strings.Join(kept, " ")
}

// OrNone names the empty text.
func OrNone(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

// Prefixed puts the prefix before a text, but not before the empty one.
func Prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// Bounds of the texts of an explanation: it also has to fit into a Walkthrough.
const (
	// MaxLine bounds each text that comes from a source, in bytes.
	MaxLine = 400
	// MaxValue bounds each value that is listed, in bytes.
	MaxValue = 120
	// MaxEffect bounds the texts of a step, in bytes.
	MaxEffect = 1500
	// MaxTold bounds how many of a kind a text tells one by one.
	MaxTold = 6
)
