// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// clip shortens a text to at most limit bytes, at a boundary of characters.
func clip(s string, limit int) string {
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

// micro returns nil for the zero time: an unknown time is absent.
func micro(t time.Time) *metav1.MicroTime {
	if t.IsZero() {
		return nil
	}
	return new(metav1.NewMicroTime(t.UTC()))
}

// clock renders a time of the day as prose has it.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

// span renders a duration with a precision that fits its size.
func span(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs >= time.Minute:
		return d.Round(time.Second).String()
	case abs >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// sentence makes a sentence of a text: a capital letter, unless it begins with a
// name, and a full stop.
func sentence(s string) string {
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

func sentences(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, sentence(p))
		}
	}
	return strings.Join(kept, " ")
}

func orNone(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}
