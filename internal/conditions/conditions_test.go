// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"strings"
	"testing"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSetBoundsMessages(t *testing.T) {
	tests := []struct {
		name, message string
		want          int
		cut           bool
	}{
		{name: "short", message: "refused", want: 7},
		{name: "as long as allowed, in characters", message: strings.Repeat("漢", MaxMessage), want: MaxMessage},
		{name: "too long", message: strings.Repeat("漢", MaxMessage+1), want: MaxMessage, cut: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var list []metav1.Condition
			c := metav1.Condition{Type: "T", Status: metav1.ConditionTrue, Reason: "R", Message: tt.message}
			if !Set(&list, c) || Set(&list, c) {
				t.Error("a condition must change when it is set, and only then")
			}
			got := list[0].Message
			if n := utf8.RuneCountInString(got); n != tt.want || !utf8.ValidString(got) || strings.HasSuffix(got, "…") != tt.cut {
				t.Errorf("%d characters, want %d; end %q", n, tt.want, got[max(0, len(got)-6):])
			}
		})
	}
}
