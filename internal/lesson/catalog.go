// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lesson

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/glassplane/glassplane/internal/experiment"
)

//go:embed files/*.yaml
var files embed.FS

// order is that in which the lessons build on each other.
var order = []string{"eight-steps", "why-pending", "what-etcd-keeps", "a-node-dies", "a-rollout-goes-wrong"}

// catalog reads the lessons that ship, once.
var catalog = sync.OnceValue(func() []*Lesson {
	var all []*Lesson
	for _, name := range order {
		file := name + ".yaml"
		data, err := files.ReadFile(path.Join("files", file))
		if err != nil {
			panic(err) // a programming error: a test compares the order with the folder
		}
		l, err := Parse(file, data)
		if err != nil {
			panic(err) // a programming error: a test parses each file
		}
		all = append(all, l)
	}
	return all
})

// All are the lessons that ship, in the order in which they build on each other. They
// must not be changed.
func All() []*Lesson { return slices.Clone(catalog()) }

// Find returns the lesson with a name; the error suggests those that are near.
func Find(name string) (*Lesson, error) {
	for _, l := range catalog() {
		if l.Name == name {
			return l, nil
		}
	}
	if near := experiment.Nearest(name, order); len(near) > 0 {
		return nil, fmt.Errorf("there is no lesson %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return nil, fmt.Errorf("there is no lesson %q; there are %s", name, strings.Join(order, ", "))
}
