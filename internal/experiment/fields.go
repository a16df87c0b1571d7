// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// pathStep is one step into an object: the field of a map, the item of a list with
// an index, or the first item whose field has a value.
type pathStep struct {
	field      string
	index      int
	key, value string
	isIndex    bool
}

// parsePath reads a path such as status.conditions[type=Ready].status. What is in
// brackets is an index, a field with its value, or the name of a field that has dots.
func parsePath(path string) ([]pathStep, error) {
	var steps []pathStep
	for rest := path; rest != ""; {
		if strings.HasPrefix(rest, "[") {
			inside, after, found := strings.Cut(rest[1:], "]")
			if !found || inside == "" {
				return nil, errors.New("must have a ] for each [, with something between them")
			}
			steps, rest = append(steps, bracket(inside)), after
			if strings.HasPrefix(rest, ".") {
				if rest = rest[1:]; rest == "" {
					return nil, errors.New("must not end with a dot")
				}
			}
			continue
		}
		end := strings.IndexAny(rest, ".[")
		name, after := rest, ""
		if end >= 0 {
			name, after = rest[:end], rest[end:]
		}
		if name == "" {
			return nil, errors.New("must be names of fields with dots between them")
		}
		steps = append(steps, pathStep{field: name})
		if rest = strings.TrimPrefix(after, "."); rest == "" && after == "." {
			return nil, errors.New("must not end with a dot")
		}
	}
	return steps, nil
}

func bracket(inside string) pathStep {
	if index, err := strconv.Atoi(inside); err == nil && index >= 0 {
		return pathStep{isIndex: true, index: index}
	}
	if key, value, found := strings.Cut(inside, "="); found {
		return pathStep{key: key, value: value}
	}
	return pathStep{field: inside}
}

// lookUp returns the value at a path; nil where there is none.
func lookUp(object any, path string) any {
	steps, err := parsePath(path)
	if err != nil {
		return nil
	}
	for _, step := range steps {
		object = step.into(object)
	}
	return object
}

func (s pathStep) into(value any) any {
	if s.field != "" {
		fields, _ := value.(map[string]any)
		return fields[s.field]
	}
	items, _ := value.([]any)
	if s.isIndex {
		if s.index < len(items) {
			return items[s.index]
		}
		return nil
	}
	for _, item := range items {
		if fields, ok := item.(map[string]any); ok && fmt.Sprint(fields[s.key]) == s.value {
			return item
		}
	}
	return nil
}

// holds says whether the field of an object is as the condition says.
func (f *Field) holds(object map[string]any) bool {
	value := lookUp(object, f.Path)
	switch {
	case f.Set != nil:
		return isSet(value) == *f.Set
	case f.Contains != nil:
		return contains(value, f.Contains)
	case f.OneOf != nil:
		return slices.ContainsFunc(f.OneOf, func(each any) bool { return same(value, each) })
	default:
		return same(value, f.Equals)
	}
}

// wanted is the condition in words.
func (f *Field) wanted() string {
	switch {
	case f.Set != nil && *f.Set:
		return f.Path + " is set"
	case f.Set != nil:
		return f.Path + " is not set"
	case f.Contains != nil:
		return fmt.Sprintf("%s contains %s", f.Path, text(f.Contains))
	case f.OneOf != nil:
		all := make([]string, 0, len(f.OneOf))
		for _, each := range f.OneOf {
			all = append(all, text(each))
		}
		return fmt.Sprintf("%s is %s", f.Path, strings.Join(all, " or "))
	}
	return fmt.Sprintf("%s is %s", f.Path, text(f.Equals))
}

func isSet(value any) bool {
	if value == nil {
		return false
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String:
		return v.Len() > 0
	}
	return true
}

func contains(value, item any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, func(each any) bool { return same(each, item) })
	case string:
		part, ok := item.(string)
		return ok && strings.Contains(value, part)
	}
	return false
}

// same compares values as JSON does: 3 and 3.0 are one number.
func same(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// maxText bounds how much of a value is shown.
const maxText = 120

// text is a value as JSON, in a line that is not too long.
func text(value any) string {
	if value == nil {
		return "nothing"
	}
	if s, ok := value.(string); ok {
		return clip(s)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return clip(fmt.Sprint(value))
	}
	return clip(string(data))
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > maxText {
		return string(runes[:maxText-1]) + "…"
	}
	return s
}
