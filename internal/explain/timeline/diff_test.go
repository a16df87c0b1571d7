// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/explain/prose"
)

func TestDiff(t *testing.T) {
	tests := []struct {
		name          string
		before, after string
		want          []Change
		unreadable    bool
	}{
		{name: "equal", before: `{"a":1}`, after: `{"a":1}`},
		{name: "both absent"},
		{name: "field set", before: `{"spec":{}}`, after: `{"spec":{"nodeName":"n"}}`, want: []Change{{"spec.nodeName", "", `"n"`}}},
		{name: "field removed", before: `{"spec":{"nodeName":"n"}}`, after: `{}`, want: []Change{{"spec.nodeName", `"n"`, ""}}},
		{name: "field changed", before: `{"status":{"phase":"Pending"}}`, after: `{"status":{"phase":"Running"}}`,
			want: []Change{{"status.phase", `"Pending"`, `"Running"`}}},
		{name: "null is absent", before: `{"metadata":{"creationTimestamp":null}}`, after: `{"metadata":{}}`},
		{name: "managedFields and resourceVersion say nothing", before: `{"metadata":{"resourceVersion":"1"}}`,
			after: `{"metadata":{"resourceVersion":"2","managedFields":[{"manager":"m"}]}}`},
		{name: "list element by key", before: `{"c":[{"type":"A","status":"False"},{"type":"B"}]}`, after: `{"c":[{"type":"B"},{"type":"A","status":"True"}]}`,
			want: []Change{{"c[A].status", `"False"`, `"True"`}}},
		{name: "list element added", before: `{"c":[]}`, after: `{"c":[{"name":"x","n":1}]}`, want: []Change{{"c[x]", "", `{"n":1,"name":"x"}`}}},
		{name: "list without keys is one value", before: `{"f":["a"]}`, after: `{"f":["a","b"]}`, want: []Change{{"f", `["a"]`, `["a","b"]`}}},
		{name: "key with a dot", before: `{"labels":{}}`, after: `{"labels":{"a.b/c":"d"}}`, want: []Change{{"labels[a.b/c]", "", `"d"`}}},
		{name: "type changes", before: `{"a":{"b":1}}`, after: `{"a":2}`, want: []Change{{"a", `{"b":1}`, "2"}}},
		{name: "created", after: `{"a":{"b":1}}`, want: []Change{{"a.b", "", "1"}}},
		{name: "long value is clipped", after: `{"a":"` + strings.Repeat("x", 300) + `"}`,
			want: []Change{{"a", "", `"` + strings.Repeat("x", prose.MaxValue-4) + "…"}}},
		{name: "not JSON", before: `{`, after: `{}`, unreadable: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Diff(json.RawMessage(tt.before), json.RawMessage(tt.after))
			if ok == tt.unreadable {
				t.Errorf("Diff() readable = %v, want %v", ok, !tt.unreadable)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("Diff() (-want +got):\n%s", d)
			}
		})
	}
}

func TestDescribeIsBounded(t *testing.T) {
	var changes []Change
	for range 30 {
		changes = append(changes, Change{Path: "a", To: "1"})
	}
	lines := Describe(changes, MaxChanges)
	if got, want := len(lines), MaxChanges+1; got != want {
		t.Fatalf("%d lines, want %d", got, want)
	}
	if got, want := lines[MaxChanges], "… and 6 more fields"; got != want {
		t.Errorf("last line %q, want %q", got, want)
	}
}

func TestRemovals(t *testing.T) {
	got := Removals(json.RawMessage(`{"spec":{"gates":null,"a":1},"metadata":{"labels":{"x":null}}}`))
	want := []Change{{Path: "metadata.labels.x", From: "whatever it is"}, {Path: "spec.gates", From: "whatever it is"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Removals() (-want +got):\n%s", d)
	}
}

func TestConditionsAreToldByTypeReasonAndMessage(t *testing.T) {
	before := json.RawMessage(`{"status":{"conditions":[{"type":"Ready","status":"False","reason":"NotYet","message":"soon","lastTransitionTime":"a"}]}}`)
	after := json.RawMessage(`{"status":{"conditions":[{"type":"Ready","status":"True","reason":"Done","lastTransitionTime":"b"},` +
		`{"type":"DisruptionTarget","status":"True","reason":"PreemptionByScheduler","message":"` + strings.Repeat("x", 500) + `","lastTransitionTime":"b"}]}}`)
	got, _ := Diff(before, after)
	want := []string{
		"status.conditions[DisruptionTarget]: set to True, PreemptionByScheduler: " + strings.Repeat("x", prose.MaxLine-3) + "…",
		"status.conditions[Ready]: False, NotYet: soon → True, Done",
	}
	if d := cmp.Diff(want, Describe(got, MaxChanges)); d != "" {
		t.Errorf("Describe() (-want +got):\n%s", d)
	}
}
