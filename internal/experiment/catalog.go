// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"cmp"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed files/*.yaml
var files embed.FS

// catalog reads the experiments that ship, once.
var catalog = sync.OnceValue(func() []*Experiment {
	entries, err := files.ReadDir("files")
	if err != nil {
		panic(err) // a programming error: the folder is embedded
	}
	var all []*Experiment
	for _, entry := range entries {
		data, err := files.ReadFile(path.Join("files", entry.Name()))
		if err != nil {
			panic(err)
		}
		e, err := Parse(entry.Name(), data)
		if err != nil {
			panic(err) // a programming error: a test parses each file
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Experiment) int {
		return cmp.Or(cmp.Compare(place(a.Name), place(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return all
})

// order is that in which one learns most: from the single request to the cluster.
var order = []string{
	"etcd-down", "scheduler-down", "controller-manager-down", "api-server-down", "two-schedulers", "node-crash", "stale-watch",
	"rolling-update", "preemption", "drain-with-budget", "full-etcd", "slow-webhook", "stuck-finalizer", "two-leaders",
}

func place(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// All are the experiments that ship, in the order in which one learns most. They
// must not be changed.
func All() []*Experiment { return slices.Clone(catalog()) }

// Listings are what may be shown of the experiments that ship before they are run.
func Listings() []Listing {
	var listings []Listing
	for _, e := range catalog() {
		listings = append(listings, e.Listing())
	}
	return listings
}

// Find returns the experiment with a name; the error suggests those that are near.
func Find(name string) (*Experiment, error) {
	var names []string
	for _, e := range catalog() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	if near := Nearest(name, names); len(near) > 0 {
		return nil, fmt.Errorf("there is no experiment %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return nil, fmt.Errorf("there is no experiment %q; there are %s", name, strings.Join(names, ", "))
}
