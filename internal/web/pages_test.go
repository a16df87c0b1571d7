// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

// TestPagesHaveEachEntryOnce reads a record page by page.
func TestPagesHaveEachEntryOnce(t *testing.T) {
	entry := func(sequence uint64, size int) evidence.Entry {
		return evidence.Entry{Sequence: sequence, Source: evidence.SourceEtcd, Etcd: &evidence.Etcd{Value: make(json.RawMessage, size)}}
	}
	whole := evidence.Record{Children: []evidence.Child{{}}}
	for i := range 20 {
		whole.Entries = append(whole.Entries, entry(uint64(i), 100*i))
	}
	large := entry(20, 100_000)
	whole.Entries = append(whole.Entries, large, entry(21, 1))
	const budget = 5000

	var got []uint64
	for from, pages := uint64(0), 0; ; pages++ {
		if pages > len(whole.Entries) {
			t.Fatal("the pages do not end")
		}
		p := page(whole, from, budget)
		size := int64(0)
		for _, e := range p.Entries {
			got = append(got, e.Sequence)
			size += record.Size(&e)
		}
		if size > budget && len(p.Entries) > 1 {
			t.Errorf("page from %d has %d bytes, want at most %d", from, size, budget)
		}
		if hasChildren := len(p.Children) > 0; hasChildren != (pages == 0) {
			t.Errorf("page %d has children: %v", pages, hasChildren)
		}
		if p.Continue == "" {
			break
		}
		next, err := strconv.ParseUint(p.Continue, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		from = next
	}
	if len(got) != len(whole.Entries) {
		t.Fatalf("%d entries on all pages, want %d", len(got), len(whole.Entries))
	}
	for i, sequence := range got {
		if sequence != uint64(i) {
			t.Errorf("entry %d is %d", i, sequence)
		}
	}
}

func TestPageAfterTheEndIsEmpty(t *testing.T) {
	p := page(evidence.Record{Entries: make([]evidence.Entry, 2)}, 99, 1000)
	if len(p.Entries) != 0 || p.Continue != "" {
		t.Errorf("got %d entries, continue %q", len(p.Entries), p.Continue)
	}
}
