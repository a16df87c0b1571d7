// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"maps"
	"slices"
	"strings"
)

// walker goes through a decoded JSON value, and remembers whether it has replaced
// anything.
type walker struct {
	*scrubber
	changed bool
}

// value returns a value without its secrets; objects and lists are changed in
// place.
func (w *walker) value(value any) any {
	switch v := value.(type) {
	case map[string]any:
		w.object(v)
	case []any:
		for i := range v {
			v[i] = w.value(v[i])
		}
	case string:
		return w.keep(v, w.text(v))
	}
	return value
}

// keep notices whether a text was replaced.
func (w *walker) keep(was, is string) string {
	w.changed = w.changed || was != is
	return is
}

func (w *walker) object(o map[string]any) {
	if path, ok := o["path"].(string); ok && o["op"] != nil {
		w.operation(o, path)
	}
	secret := o["kind"] == "Secret"
	// In the order of the keys, so that the same value is always the first.
	for _, key := range slices.Sorted(maps.Keys(o)) {
		value := o[key]
		switch {
		case key == "env", key == "httpHeaders":
			w.named(value)
		case secret && (key == "data" || key == "stringData"):
			w.all(value)
		case key == "token":
			o[key] = w.all(value)
		}
		o[key] = w.value(o[key])
	}
}

// operation is one of a JSON patch (RFC 6902), which names by a path what it puts
// where.
func (w *walker) operation(o map[string]any, path string) {
	value, ok := o["value"]
	if !ok {
		return
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if segment != "env" && segment != "httpHeaders" {
			continue
		}
		switch rest := segments[i+1:]; {
		case len(rest) == 0: // the whole list
			w.named(value)
		case len(rest) == 1: // one of it
			w.named([]any{value})
		case rest[1] == "value":
			o["value"] = w.all(value)
		}
	}
	if last := segments[len(segments)-1]; last == "token" {
		o["value"] = w.all(value)
	}
}

// named replaces the values of a list of names with values. A value that is taken
// from elsewhere is none.
func (w *walker) named(list any) {
	items, ok := list.([]any)
	if !ok {
		return
	}
	for _, item := range items {
		if variable, ok := item.(map[string]any); ok && variable["value"] != nil {
			variable["value"] = w.all(variable["value"])
		}
	}
}

// all replaces every text in a value, whatever it says.
func (w *walker) all(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			v[key] = w.all(v[key])
		}
	case []any:
		for i := range v {
			v[i] = w.all(v[i])
		}
	case string:
		return w.keep(v, w.replace(v))
	}
	return value
}
