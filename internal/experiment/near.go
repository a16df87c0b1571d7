// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxNear is how many names are suggested at most.
const maxNear = 3

// Nearest returns the names that a mistyped one may have been meant as, the nearest
// first; none where no name is near.
func Nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, each := range names {
		d := distance(strings.ToLower(name), strings.ToLower(each))
		if strings.Contains(each, name) && len(name) > 2 {
			d = min(d, 1)
		}
		if d <= allowedEdits(name) {
			near = append(near, candidate{each, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var out []string
	for _, each := range near[:min(len(near), maxNear)] {
		out = append(out, each.name)
	}
	return out
}

// allowedEdits is how far a name may be from the one that was meant.
func allowedEdits(name string) int {
	if len(name) <= 3 {
		return 1
	}
	return max(2, len(name)/3)
}

// distance is that of Levenshtein, with the exchange of two neighbours as one edit.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// fieldNames are those that a file of a type may have, at any place.
func fieldNames(t reflect.Type) []string {
	names, seen := map[string]bool{}, map[reflect.Type]bool{}
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] || !strings.HasPrefix(t.PkgPath(), ownPackages) {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name != "" {
				names[name] = true
			}
			visit(t.Field(i).Type)
		}
	}
	visit(t)
	return slices.Sorted(maps.Keys(names))
}

// ownPackages have the types whose fields files may have.
const ownPackages = "github.com/glassplane/glassplane/internal/"
