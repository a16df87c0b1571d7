// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"fmt"
	"slices"
	"strings"
	"unique"

	"k8s.io/apimachinery/pkg/labels"
)

// Filter says which pods are looked for: those for which all of it is true.
type Filter struct {
	// Namespace of the pods; empty for any.
	Namespace string
	// Selector of their labels; nil for any.
	Selector labels.Selector
	// Phases of the pods, by their indices; none for any.
	Phases []int
	// Search is a part of namespace/name, in small letters; empty for any.
	Search string
}

// Matches are pods that were looked for.
type Matches struct {
	// IDs as in the snapshot, in their order.
	IDs []uint32 `json:"ids"`
	// Total is how many there are, those beyond the limit included.
	Total int `json:"total"`
	// Epoch of the IDs.
	Epoch string `json:"epoch"`
	// Unavailable says of which pods it is not known whether they match.
	Unavailable string `json:"unavailable,omitempty"`
}

// Select returns up to limit pods that match a filter.
func (c *Cluster) Select(filter Filter, limit int) Matches {
	matches := Matches{IDs: []uint32{}, Epoch: c.epoch}
	selected := map[unique.Handle[string]]bool{}
	unknown := 0
	for i := range c.rows {
		r := &c.rows[i]
		if r.gone || !filter.mayMatch(r) {
			continue
		}
		if filter.Selector != nil {
			if r.labels.Value() == labelsLeftOut {
				unknown++
				continue
			}
			matched, known := selected[r.labels]
			if !known {
				matched = filter.selects(r.labels.Value())
				selected[r.labels] = matched
			}
			if !matched {
				continue
			}
		}
		if matches.Total++; len(matches.IDs) < limit {
			matches.IDs = append(matches.IDs, r.id)
		}
	}
	if unknown > 0 {
		matches.Unavailable = fmt.Sprintf("the labels of %d pods are not kept, because they have more than %d bytes", unknown, c.limits.LabelBytes)
	}
	return matches
}

// mayMatch looks at everything but the labels.
func (f *Filter) mayMatch(r *row) bool {
	namespace := r.namespace.Value()
	return (f.Namespace == "" || f.Namespace == namespace) &&
		(len(f.Phases) == 0 || slices.Contains(f.Phases, int(r.phase))) &&
		(f.Search == "" || strings.Contains(namespace+"/"+r.name, f.Search))
}

// selects matches labels in the form that is kept, which pods have in common.
func (f *Filter) selects(kept string) bool {
	set := labels.Set{}
	for pair := range strings.SplitSeq(kept, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			set[key] = value
		}
	}
	return f.Selector.Matches(set)
}
