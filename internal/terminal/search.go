// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import "strings"

// search narrows a list to the rows that have all of its words.
type search struct{ text string }

// shown says what is searched for, beside a title.
func (s search) shown() string {
	if s.text == "" {
		return ""
	}
	return "  " + strong("/"+clean(s.text)) + quiet(" esc: all")
}

// none says why a list is empty.
func (s search) none(why string) string {
	if s.text == "" {
		return why
	}
	return "None has " + strings.Join(strings.Fields(clean(s.text)), " and ") + ". esc shows all."
}

// filtered are the rows whose text has all words of the search, in any case.
func filtered[T any](rows []T, s search, text func(T) string) []T {
	words := strings.Fields(strings.ToLower(s.text))
	if len(words) == 0 {
		return rows
	}
	var out []T
	for _, row := range rows {
		has := strings.ToLower(text(row))
		found := true
		for _, word := range words {
			found = found && strings.Contains(has, word)
		}
		if found {
			out = append(out, row)
		}
	}
	return out
}
