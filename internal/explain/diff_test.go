// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	tests := []struct {
		name          string
		before, after string
		want          []change
		unreadable    bool
	}{
		{name: "equal", before: `{"a":1}`, after: `{"a":1}`},
		{name: "both absent"},
		{name: "field set", before: `{"spec":{}}`, after: `{"spec":{"nodeName":"n"}}`, want: []change{{"spec.nodeName", "", `"n"`}}},
		{name: "field removed", before: `{"spec":{"nodeName":"n"}}`, after: `{}`, want: []change{{"spec.nodeName", `"n"`, ""}}},
		{name: "field changed", before: `{"status":{"phase":"Pending"}}`, after: `{"status":{"phase":"Running"}}`,
			want: []change{{"status.phase", `"Pending"`, `"Running"`}}},
		{name: "null is absent", before: `{"metadata":{"creationTimestamp":null}}`, after: `{"metadata":{}}`},
		{name: "managedFields and resourceVersion say nothing", before: `{"metadata":{"resourceVersion":"1"}}`,
			after: `{"metadata":{"resourceVersion":"2","managedFields":[{"manager":"m"}]}}`},
		{name: "list element by key", before: `{"c":[{"type":"A","status":"False"},{"type":"B"}]}`, after: `{"c":[{"type":"B"},{"type":"A","status":"True"}]}`,
			want: []change{{"c[A].status", `"False"`, `"True"`}}},
		{name: "list element added", before: `{"c":[]}`, after: `{"c":[{"name":"x","n":1}]}`, want: []change{{"c[x]", "", `{"n":1,"name":"x"}`}}},
		{name: "list without keys is one value", before: `{"f":["a"]}`, after: `{"f":["a","b"]}`, want: []change{{"f", `["a"]`, `["a","b"]`}}},
		{name: "key with a dot", before: `{"labels":{}}`, after: `{"labels":{"a.b/c":"d"}}`, want: []change{{"labels[a.b/c]", "", `"d"`}}},
		{name: "type changes", before: `{"a":{"b":1}}`, after: `{"a":2}`, want: []change{{"a", `{"b":1}`, "2"}}},
		{name: "created", after: `{"a":{"b":1}}`, want: []change{{"a.b", "", "1"}}},
		{name: "long value is clipped", after: `{"a":"` + strings.Repeat("x", 300) + `"}`,
			want: []change{{"a", "", `"` + strings.Repeat("x", maxValueLength-4) + "…"}}},
		{name: "not JSON", before: `{`, after: `{}`, unreadable: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := diff(json.RawMessage(tt.before), json.RawMessage(tt.after))
			if ok == tt.unreadable {
				t.Errorf("diff() readable = %v, want %v", ok, !tt.unreadable)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("diff() (-want +got):\n%s", d)
			}
		})
	}
}

func TestDescribeIsBounded(t *testing.T) {
	var changes []change
	for range 30 {
		changes = append(changes, change{Path: "a", To: "1"})
	}
	lines := describe(changes, maxChanges)
	if got, want := len(lines), maxChanges+1; got != want {
		t.Fatalf("%d lines, want %d", got, want)
	}
	if got, want := lines[maxChanges], "… and 6 more fields"; got != want {
		t.Errorf("last line %q, want %q", got, want)
	}
}
