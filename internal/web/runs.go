// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/observer"
)

// run answers with what a screen shows of the record.
func (find recorder) run(request *http.Request) (any, error) {
	found, err := find(request)
	if err != nil {
		return nil, err
	}
	return run.Of(found), nil
}

// runStream sends the run that a request asks for whenever something was recorded
// of it. The ID of an event is the sequence number of the latest entry, so that a
// reader that has it already is sent nothing until there is more.
func (h *handler) runStream(parse func(*http.Request) (observer.Query, error)) streamer {
	return func(request *http.Request, s *stream) error {
		query, err := parse(request)
		if err != nil {
			return err
		}
		return h.sendRuns(request.Context(), query, s)
	}
}

func (h *handler) sendRuns(ctx context.Context, query observer.Query, s *stream) error {
	found, err := h.first(ctx, query)
	if err != nil {
		return err
	}
	// The one that was found stays the subject, also when another one gets its name.
	query.Object = found.Subject
	changed, stop := h.observer.Follow(query)
	defer stop()
	for sent := s.lastEventID; ; {
		if id := sequenceOf(found); id != sent {
			if err := s.send("run", id, run.Of(found)); err != nil {
				return err
			}
			sent = id
		}
		if err := s.await(ctx, changed); err != nil {
			return err
		}
		if found, err = h.observer.Current(ctx, query); err != nil {
			return err
		}
	}
}

// first is what is known now or, where nothing is yet, within the time in which
// sources tell of what has just happened.
func (h *handler) first(ctx context.Context, query observer.Query) (evidence.Record, error) {
	found, err := h.observer.Current(ctx, query)
	if apierrors.IsNotFound(err) {
		return h.observer.Record(ctx, query)
	}
	return found, err
}

// sequenceOf is the sequence number of a record's latest entry.
func sequenceOf(r evidence.Record) string {
	var last uint64
	for i := range r.Entries {
		last = max(last, r.Entries[i].Sequence)
	}
	for _, child := range r.Children {
		for i := range child.Entries {
			last = max(last, child.Entries[i].Sequence)
		}
	}
	return strconv.FormatUint(last, 10)
}
