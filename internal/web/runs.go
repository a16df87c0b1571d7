// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

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

// Exporter writes a file that shows one run.
type Exporter func(w io.Writer, r run.Run) error

// export answers with a file to be saved.
func (h *handler) export(find recorder, export Exporter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		found, err := find(request)
		if err != nil {
			h.fail(w, err)
			return
		}
		var file bytes.Buffer
		if err := export(&file, run.Of(found)); err != nil {
			h.fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(found)}))
		h.send(w, file.Bytes())
	})
}

// fileName names the file of a record.
func fileName(r evidence.Record) string {
	parts := []string{"glassplane"}
	for _, part := range []string{r.Subject.Resource, r.Subject.Namespace, r.Subject.Name} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	name := strings.Map(func(c rune) rune {
		if c < '!' || c > '~' || strings.ContainsRune(`"%/:\<>|?*`, c) {
			return '-'
		}
		return c
	}, strings.Join(parts, "-"))
	return name[:min(len(name), 200)] + ".html"
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
