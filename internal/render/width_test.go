// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
)

// What is piped is searched: no name and no URI may be broken, or cut off.
func TestUnwrapped(t *testing.T) {
	long := "/apis/" + strings.Repeat("a-b.c,", 60) + "end"
	trace := explain.Trace{
		Outcome: explain.OutcomePending, Reason: "because of " + long,
		Steps:      []v1alpha1.WalkthroughStep{{Step: 1, Component: long, Action: long, Effect: strings.Repeat(long+" ", 9) + "last"}},
		Transcript: "Then " + long,
	}
	for _, format := range []Format{FormatText, FormatTable} {
		var out bytes.Buffer
		if err := Trace(&out, trace, format, Options{Width: Unwrapped}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), long); n < 11 || !strings.Contains(out.String(), "last") {
			t.Errorf("%s: %d whole names, want at least 11; and \"last\" in:\n%s", format, n, out.String())
		}
	}
}

func TestCleanWriter(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain":              {"a line\n漢字 ✓\n", "a line\n漢字 ✓\n"},
		"escape sequences":   {"\x1b]0;owned\x07\x1b[2K\r", "·]0;owned··[2K·"},
		"writing direction":  {"a\u202eb", "a·b"},
		"C1 as a character":  {"a\u009bb", "a·b"},
		"a byte that is not": {"a\x9bb", "a\ufffdb"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			n, err := CleanWriter(&out).Write([]byte(tt.in))
			if n != len(tt.in) || err != nil || out.String() != tt.want {
				t.Errorf("wrote %d, %v, %q; want %d, %q", n, err, out.String(), len(tt.in), tt.want)
			}
		})
	}
}

// A table of steps is no wider than 100 characters where no width is known, but for
// names and URIs that are longer.
func TestUnwrappedTable(t *testing.T) {
	const uri = "/apis/sim.glassplane.dev/v1alpha1/namespaces/default/simpods?fieldManager=kubectl-create&fieldValidation=Strict"
	trace := explain.Trace{Steps: []v1alpha1.WalkthroughStep{
		{Step: 1, Component: "User / API client", Action: "sends the request", Effect: strings.Repeat("many words of an effect ", 30) + uri + " and more",
			Evidence: []v1alpha1.Evidence{{Source: "etcd", ModRevision: 218}, {Source: "audit", AuditID: "00000000-0000-4000-8000-000000000001", Code: 201}}},
	}}
	var out bytes.Buffer
	if err := Table(&out, trace, Options{Width: Unwrapped}); err != nil {
		t.Fatal(err)
	}
	wide := 0
	for line := range strings.Lines(out.String()) {
		if len(strings.TrimRight(line, "\n")) <= unwrappedTable {
			continue
		}
		if wide++; !strings.Contains(line, uri) {
			t.Errorf("wider than %d characters: %s", unwrappedTable, line)
		}
	}
	if wide != 1 {
		t.Errorf("%d lines are wider, want the one with the URI", wide)
	}
}
