// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unique"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
)

// Class identifies pods that are alike in some respect. Two pods are of the
// same class exactly where the classes are equal. Pods of one controller mostly
// are, so that a question needs an answer per class and not per pod.
type Class = unique.Handle[string]

// labelClass identifies the pods of one namespace with the same labels: what
// selects one selects all.
func labelClass(namespace string, set map[string]string) Class {
	var b strings.Builder
	b.WriteString(namespace)
	for _, key := range slices.Sorted(maps.Keys(set)) {
		b.WriteByte(0)
		b.WriteString(key)
		b.WriteByte(0)
		b.WriteString(set[key])
	}
	return unique.Make(b.String())
}

// termClass identifies the pods with the same terms of affinity and
// anti-affinity: what one selects all select.
func (p *PodInfo) termClass() Class {
	var b strings.Builder
	for _, terms := range [][]AffinityTerm{p.RequiredAffinityTerms, p.RequiredAntiAffinityTerms} {
		for i := range terms {
			terms[i].describe(&b, 0)
		}
		b.WriteByte('\n')
	}
	for _, terms := range [][]WeightedAffinityTerm{p.PreferredAffinityTerms, p.PreferredAntiAffinityTerms} {
		for i := range terms {
			terms[i].describe(&b, terms[i].Weight)
		}
		b.WriteByte('\n')
	}
	return unique.Make(b.String())
}

// describe writes a text that is the same only for terms that mean the same.
func (t *AffinityTerm) describe(b *strings.Builder, weight int32) {
	b.WriteString(strconv.Itoa(int(weight)))
	b.WriteString(strconv.Quote(t.TopologyKey))
	for _, namespace := range sets.List(t.Namespaces) {
		b.WriteString(strconv.Quote(namespace))
	}
	for _, selector := range [...]labels.Selector{t.Selector, t.NamespaceSelector} {
		// The texts of a selector of nothing and of one of everything are both empty.
		_, selectable := selector.Requirements()
		b.WriteString(strconv.FormatBool(selectable))
		b.WriteString(strconv.Quote(selector.String()))
	}
}

// maxClasses bounds what a ClassMemo remembers, in classes. Where there are
// more, the rest is computed each time.
const maxClasses = 1024

// ClassMemo remembers the answer to one question for each class of pods. It is
// for one goroutine.
type ClassMemo[T any] struct {
	answer  func(*PodInfo) T
	answers map[Class]T
	hits    int
	// useless is true where hardly two pods are of one class: looking up then costs
	// more than it saves.
	useless bool
}

// NewClassMemo returns a memo for a question whose answer is the same for all
// pods of a class.
func NewClassMemo[T any](answer func(*PodInfo) T) *ClassMemo[T] {
	return &ClassMemo[T]{answer: answer, answers: make(map[Class]T)}
}

// Of returns the answer for a pod of the class.
func (m *ClassMemo[T]) Of(class Class, pod *PodInfo) T {
	if m.useless {
		return m.answer(pod)
	}
	if known, ok := m.answers[class]; ok {
		m.hits++
		return known
	}
	answer := m.answer(pod)
	if len(m.answers) < maxClasses {
		m.answers[class] = answer
	} else if m.hits < maxClasses {
		m.useless = true
	}
	return answer
}
