// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conditions keeps conditions within what their schema allows. It is pure.
package conditions

import (
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MaxMessage is the longest message of a metav1.Condition, in characters.
const MaxMessage = 32768

// Set sets the condition as meta.SetStatusCondition does and says whether that
// changed anything. A message that is too long, such as that of an error, is cut:
// the API server would refuse the whole status with it.
func Set(list *[]metav1.Condition, c metav1.Condition) bool {
	c.Message = cut(c.Message)
	return meta.SetStatusCondition(list, c)
}

// cut shortens a text to MaxMessage characters, of which the last one says that
// some are missing.
func cut(text string) string {
	if len(text) <= MaxMessage || utf8.RuneCountInString(text) <= MaxMessage {
		return text
	}
	return string([]rune(text)[:MaxMessage-1]) + "…"
}
