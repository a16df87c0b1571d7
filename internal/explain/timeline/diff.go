// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/explain/prose"
)

// MaxChanges bounds the changes that are listed for one revision.
const MaxChanges = 24

// Change is a field that differs between two states of an object. From or To
// is empty where the field is not set.
type Change struct {
	Path     string
	From, To string
}

func (c Change) String() string {
	switch {
	case c.From == "":
		return fmt.Sprintf("%s: set to %s", c.Path, c.To)
	case c.To == "":
		return fmt.Sprintf("%s: removed, was %s", c.Path, c.From)
	}
	return fmt.Sprintf("%s: %s → %s", c.Path, c.From, c.To)
}

// ignoredFields change with each write and say nothing about its content.
var ignoredFields = []string{"metadata.managedFields", "metadata.resourceVersion"}

// listKeys identify the elements of a list, in the order in which they are
// tried: the map keys of the lists that pods have.
var listKeys = []string{"type", "name", "containerPort", "uid", "topologyKey", "key"}

// Diff lists the fields in which two JSON objects differ, sorted by path.
// Either may be nil. The second result is false where one cannot be read.
func Diff(before, after json.RawMessage) ([]Change, bool) {
	b, okB := decodeAny(before)
	a, okA := decodeAny(after)
	if !okA || !okB {
		return nil, false
	}
	d := differ{}
	d.compare("", b, a)
	return d.changes, true
}

func decodeAny(raw json.RawMessage) (any, bool) {
	if len(raw) == 0 {
		return nil, true
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, false
	}
	return v, true
}

type differ struct{ changes []Change }

func (d *differ) compare(path string, before, after any) {
	if slices.Contains(ignoredFields, path) || reflect.DeepEqual(before, after) {
		return
	}
	if b, a, ok := asMaps(before, after); ok && !tellsCondition(before, after) {
		d.compareMaps(path, b, a)
		return
	}
	if b, a, ok := asKeyedLists(before, after); ok {
		d.compareLists(path, b, a)
		return
	}
	if from, to := show(before), show(after); from != to || from != "" {
		d.changes = append(d.changes, Change{Path: path, From: from, To: to})
	}
}

func (d *differ) compareMaps(path string, before, after map[string]any) {
	for _, key := range sortedKeys(before, after) {
		d.compare(joinPath(path, key), before[key], after[key])
	}
}

// compareLists compares element by element. An element that was added or
// removed is one change, not one for each of its fields.
func (d *differ) compareLists(path string, before, after map[string]any) {
	for _, key := range sortedKeys(before, after) {
		element := fmt.Sprintf("%s[%s]", path, key)
		b, inBefore := before[key]
		a, inAfter := after[key]
		if inBefore && inAfter {
			d.compare(element, b, a)
			continue
		}
		d.changes = append(d.changes, Change{Path: element, From: show(b), To: show(a)})
	}
}

func sortedKeys(a, b map[string]any) []string {
	keys := slices.Collect(maps.Keys(a))
	keys = slices.AppendSeq(keys, maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// asMaps takes an absent value for an empty map when the other one is a map.
func asMaps(before, after any) (map[string]any, map[string]any, bool) {
	b, okB := before.(map[string]any)
	a, okA := after.(map[string]any)
	return b, a, (okA || okB) && (okA || after == nil) && (okB || before == nil)
}

// asKeyedLists returns lists as maps by the key of their elements.
func asKeyedLists(before, after any) (map[string]any, map[string]any, bool) {
	b, okB := before.([]any)
	a, okA := after.([]any)
	if !okA && !okB || !okA && after != nil || !okB && before != nil {
		return nil, nil, false
	}
	for _, key := range listKeys {
		bm, ok1 := byKey(b, key)
		am, ok2 := byKey(a, key)
		if ok1 && ok2 {
			return bm, am, true
		}
	}
	return nil, nil, false
}

func byKey(list []any, key string) (map[string]any, bool) {
	m := make(map[string]any, len(list))
	for _, element := range list {
		fields, ok := element.(map[string]any)
		if !ok || fields[key] == nil {
			return nil, false
		}
		name := fmt.Sprint(fields[key])
		if _, twice := m[name]; twice {
			return nil, false
		}
		m[name] = element
	}
	return m, true
}

func joinPath(path, key string) string {
	switch {
	case strings.ContainsAny(key, "./"):
		return fmt.Sprintf("%s[%s]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

// show renders a value as compact JSON; an absent or null one as nothing.
func show(v any) string {
	if v == nil {
		return ""
	}
	if text, ok := conditionText(v); ok {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "(not JSON)"
	}
	return prose.Clip(string(raw), prose.MaxValue)
}

// tellsCondition reports whether two values are a condition before and after a
// change of what it says. It is shown as a whole: a status means nothing without
// its reason.
func tellsCondition(before, after any) bool {
	from, wasOne := conditionText(before)
	to, isOne := conditionText(after)
	return (wasOne || isOne) && from != to
}

// conditionText is a condition as people read it: its status, its reason and its
// message. The reason is never cut off.
func conditionText(v any) (string, bool) {
	fields, ok := v.(map[string]any)
	if !ok {
		return "", false
	}
	kind, hasType := fields["type"].(string)
	status, hasStatus := fields["status"].(string)
	_, hasTime := fields["lastTransitionTime"]
	reason, _ := fields["reason"].(string)
	message, _ := fields["message"].(string)
	if !hasType || kind == "" || !hasStatus || !hasTime && reason == "" {
		return "", false
	}
	return status + prose.Prefixed(", ", reason) + prose.Prefixed(": ", prose.Clip(message, prose.MaxLine)), true
}

// Describe lists changes as lines, no more than limit.
func Describe(changes []Change, limit int) []string {
	lines := make([]string, 0, min(len(changes), limit)+1)
	for i, c := range changes {
		if i == limit {
			return append(lines, fmt.Sprintf("… and %d more fields", len(changes)-limit))
		}
		lines = append(lines, c.String())
	}
	return lines
}

// Removals lists the fields that a merge patch takes away, which are null in it,
// sorted by path.
func Removals(patch json.RawMessage) []Change {
	body, ok := decodeAny(patch)
	if !ok {
		return nil
	}
	var removals []Change
	var find func(path string, v any)
	find = func(path string, v any) {
		fields, isMap := v.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			find(joinPath(path, key), fields[key])
		}
		if v == nil && !isMap && path != "" {
			removals = append(removals, Change{Path: path, From: "whatever it is"})
		}
	}
	find("", body)
	return removals
}

// Example is the change that says most of a write: one of the spec rather than
// of the metadata that every object gets; nil for no changes.
func Example(changes []Change) *Change {
	if len(changes) == 0 {
		return nil
	}
	return &changes[max(0, slices.IndexFunc(changes, func(c Change) bool { return strings.HasPrefix(c.Path, "spec.") }))]
}

// PathOf is the path of a field with a key that may hold dots or slashes.
func PathOf(path, key string) string { return joinPath(path, key) }
