// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

// maxPageBytes bounds the entries of one page of a record, as record.Size counts
// them. A page has one entry at least, so that a large one does not end a listing.
const maxPageBytes = 4 << 20

// raw answers with a page of the record itself. The parameter source, which may
// be given several times, asks for the entries of some sources only.
func (find recorder) raw(request *http.Request) (any, error) {
	query := request.URL.Query()
	sources, err := sourcesIn(query)
	if err != nil {
		return nil, err
	}
	from, err := number(query, "continue", 0)
	if err != nil {
		return nil, err
	}
	found, err := find(request)
	if err != nil {
		return nil, err
	}
	if len(sources) > 0 {
		found.Entries = slices.DeleteFunc(found.Entries, func(e evidence.Entry) bool { return !slices.Contains(sources, e.Source) })
	}
	return page(found, from, maxPageBytes), nil
}

func sourcesIn(query url.Values) ([]evidence.Source, error) {
	var sources []evidence.Source
	for _, name := range query["source"] {
		source := evidence.Source(name)
		if !slices.Contains(evidence.Sources, source) {
			names := make([]string, len(evidence.Sources))
			for i, known := range evidence.Sources {
				names[i] = string(known)
			}
			return nil, badRequest("source %q is not known: use one of %s", name, strings.Join(names, ", "))
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// page cuts out of a record the entries from an index on that fit into a number
// of bytes. Later pages have no children.
func page(r evidence.Record, from uint64, budget int64) evidence.Record {
	start := int(min(from, uint64(len(r.Entries))))
	end := start
	for size := int64(0); end < len(r.Entries); end++ {
		if size += record.Size(&r.Entries[end]); size > budget && end > start {
			break
		}
	}
	if end < len(r.Entries) {
		r.Continue = strconv.Itoa(end)
	}
	if start > 0 {
		r.Children, r.ChildrenLeftOut = nil, 0
	}
	r.Entries = r.Entries[start:end]
	return r
}
