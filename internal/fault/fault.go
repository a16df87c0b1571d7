// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Begins returns when a fault begins: with its creation.
func Begins(f *v1alpha1.Fault) time.Time { return f.CreationTimestamp.Time }

// Ends returns when a fault ends by itself, and false where it never does.
func Ends(f *v1alpha1.Fault) (time.Time, bool) {
	if f.Spec.Duration == nil {
		return time.Time{}, false
	}
	return Begins(f).Add(f.Spec.Duration.Duration), true
}

// InEffect says whether a fault breaks what it is meant for: until its duration
// is over or somebody deletes it, even where a finalizer keeps the object.
func InEffect(f *v1alpha1.Fault, now time.Time) bool {
	if f.DeletionTimestamp != nil {
		return false
	}
	end, ends := Ends(f)
	return !ends || now.Before(end)
}

// horizon is until when an answer holds if no Fault changes before: the first end
// of a fault that it comes from. Zero where there is none.
type horizon struct{ until time.Time }

// take says whether the fault is in effect, and where it is, that the answer
// holds until its end at most.
func (h *horizon) take(f *v1alpha1.Fault, now time.Time) bool {
	if !InEffect(f, now) {
		return false
	}
	if end, ends := Ends(f); ends && (h.until.IsZero() || end.Before(h.until)) {
		h.until = end
	}
	return true
}

func delayOf(f *v1alpha1.Fault) time.Duration {
	if f.Spec.Delay == nil {
		return 0
	}
	return f.Spec.Delay.Duration
}

// percentOf is the share of its targets that a fault hits.
func percentOf(f *v1alpha1.Fault) int32 {
	if f.Spec.Percent == 0 {
		return 100
	}
	return f.Spec.Percent
}

// matches says whether labels are selected. A selector that cannot be read selects
// nothing; SelectorError says why.
func matches(selector *v1alpha1.LabelSelector, of map[string]string) bool {
	if selector == nil {
		return true
	}
	s, err := asSelector(selector)
	return err == nil && s.Matches(labels.Set(of))
}

func asSelector(in *v1alpha1.LabelSelector) (labels.Selector, error) {
	out := metav1.LabelSelector{MatchExpressions: in.MatchExpressions}
	if len(in.MatchLabels) > 0 {
		out.MatchLabels = make(map[string]string, len(in.MatchLabels))
		for key, value := range in.MatchLabels {
			out.MatchLabels[key] = string(value)
		}
	}
	return metav1.LabelSelectorAsSelector(&out)
}

// SelectorError says what is wrong with the selector of a fault's target; nil for
// nothing.
func SelectorError(f *v1alpha1.Fault) error {
	var selector *v1alpha1.LabelSelector
	switch target := f.Spec.Target; {
	case target.Nodes != nil:
		selector = target.Nodes.Selector
	case target.Pods != nil:
		selector = target.Pods.Selector
	}
	if selector == nil {
		return nil
	}
	_, err := asSelector(selector)
	return err
}

// first returns the first names in alphabetical order, as many as a status has,
// and how many there are.
func first(names []string) ([]string, int32) {
	count := int32(min(len(names), 1<<31-1))
	names = slices.Sorted(slices.Values(names))
	return names[:min(len(names), v1alpha1.MaxFaultTargets)], count
}
