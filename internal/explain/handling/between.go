// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package handling

import (
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

// ends says which phase ends with an event, by its name in the handlers of
// k8s.io/apiserver (pkg/endpoints/handlers) and in its storage
// (pkg/storage/etcd3/store.go).
var ends = map[string]Phase{
	"limitedReadBody succeeded":            Decode,
	"limitedReadBody failed":               Decode,
	"Decoded delete options":               Decode,
	"Recorded the audit event":             Decode,
	"About to convert to expected version": Decode,
	"Conversion done":                      Decode,
	"initial value restored":               Load,
	"Retry value restored":                 Load,
	"About to check admission control":     Patch,
	"Encode succeeded":                     Encode,
	"Encode failed":                        Encode,
	"TransformToStorage succeeded":         Encode,
	"Transaction prepared":                 Encode,
	"TransformFromStorage succeeded":       Restore,
	"Decode succeeded":                     Restore,
	"Decode failed":                        Restore,
}

// segment is the time between two points of a handler.
type segment struct {
	phase      Phase
	begin, end time.Time
}

// mark is a point in time within a handler, and the phase that ends there; empty
// for what has no name.
type mark struct {
	at    time.Time
	phase Phase
	// span is true where a span of its own follows: up to the next mark the time is
	// that span's.
	span bool
}

// between cuts the time of a handler into segments. Neighbours of one phase are one
// segment, and what is a span of its own has none.
func (r *reader) between(handler *evidence.Span, spans []*evidence.Span) []segment {
	var segments []segment
	last := mark{at: handler.Begin}
	for _, m := range r.marks(handler, spans) {
		if m.phase != "" && !last.span && m.at.After(last.at) {
			if n := len(segments); n > 0 && segments[n-1].phase == m.phase && segments[n-1].end.Equal(last.at) {
				segments[n-1].end = m.at
			} else {
				segments = append(segments, segment{phase: m.phase, begin: last.at, end: m.at})
			}
		}
		last = m
	}
	return segments
}

// marks are the points in time of a handler, in order.
func (r *reader) marks(handler *evidence.Span, spans []*evidence.Span) []mark {
	var marks []mark
	for _, e := range handler.Events {
		marks = append(marks, mark{at: e.At, phase: r.endedBy(e.Name, handler)})
	}
	stored := false
	for _, s := range spans {
		m := mark{at: s.Begin, span: true}
		switch {
		case isStorage(s):
			marks, stored = append(marks, storageMarks(s)...), true
			continue
		case isCall(s):
			// Only a delete calls etcd without a span of the storage: it was admitted
			// up to there.
			if !stored && isWrite(s) {
				m.phase = Admit
			}
			stored = true
		case s.Name != "SerializeObject":
			continue
		}
		marks = append(marks, m, mark{at: s.End})
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return a.at.Compare(b.at) })
	return marks
}

// endedBy is the phase that an event of the handler ends. What fails before it is
// stored was not admitted.
func (r *reader) endedBy(event string, handler *evidence.Span) Phase {
	if event == "Write to database call failed" && !slices.ContainsFunc(r.below(handler), isStorage) {
		return Admit
	}
	return ends[event]
}

func isStorage(s *evidence.Span) bool {
	return s.Service == evidence.ServiceAPIServer && strings.HasSuffix(s.Name, " etcd3")
}

const (
	createStorage = "Create etcd3"
	updateStorage = "GuaranteedUpdate etcd3"
)

// storageMarks are the points in time of a storage's span. A create is admitted
// before it; an update within, as what it changes may have changed meanwhile.
func storageMarks(s *evidence.Span) []mark {
	begin := mark{at: s.Begin}
	if s.Name == createStorage {
		begin.phase = Admit
	}
	marks := []mark{begin}
	encoded := false
	for _, e := range s.Events {
		m := mark{at: e.At, phase: ends[e.Name]}
		if e.Name == "About to Encode" && s.Name == updateStorage {
			m.phase, encoded = Admit, true
		}
		marks = append(marks, m)
	}
	end := mark{at: s.End}
	if s.Name == updateStorage && !encoded {
		end.phase = Admit
	}
	return append(marks, end)
}
