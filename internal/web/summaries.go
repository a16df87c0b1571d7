// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/lru"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/record"
)

// Listed is a subject in a list, with what became of it so far.
type Listed struct {
	record.Subject
	// Outcome and Headline are those of its explanation.
	Outcome  explain.Outcome `json:"outcome"`
	Headline string          `json:"headline"`
	// RequestedAt is when the API server received the request that made it; nil
	// where no audit log says so.
	RequestedAt *metav1.MicroTime `json:"requestedAt,omitempty"`
}

// maxSummaries bounds the summaries that are kept: more than a list may have.
const maxSummaries = 4096

// summaries sum subjects up. Each is kept until more is recorded of it, so that
// many lists of the same cost little.
type summaries struct {
	recorder Recorder
	kept     *lru.Cache
}

func newSummaries(recorder Recorder) *summaries {
	return &summaries{recorder: recorder, kept: lru.New(maxSummaries)}
}

// of sums subjects up, in their order.
func (s *summaries) of(subjects []record.Subject) []Listed {
	list := make([]Listed, 0, len(subjects))
	for _, subject := range subjects {
		list = append(list, s.one(subject))
	}
	return list
}

func (s *summaries) one(subject record.Subject) Listed {
	if kept, ok := s.kept.Get(subject.Object); ok && kept.(Listed).Sequence == subject.Sequence {
		return kept.(Listed)
	}
	listed := Listed{Subject: subject, Outcome: explain.OutcomeUnknown}
	if found, ok := s.recorder.Peek(subject.Object); ok {
		tale := story.Tell(timeline.Of(found))
		listed.Outcome, listed.Headline = tale.Outcome, explain.Headline(tale)
		if tale.Asked != nil {
			listed.RequestedAt = prose.Micro(tale.Asked.ReceivedAt)
		}
	}
	s.kept.Add(subject.Object, listed)
	return listed
}

// tracesStream sends the subjects that are new or changed. The ID of an event is
// the sequence number up to which the reader then has all. Of more than a list may
// have at once, the reader is sent the newest.
func (h *handler) tracesStream(request *http.Request, s *stream) error {
	changed, stop := h.observer.FollowAll()
	defer stop()
	after, err := strconv.ParseUint(s.lastEventID, 10, 64)
	// A number that was not given yet is that of an observer before this one.
	if err != nil || after > h.observer.Last() {
		after = 0
	}
	for limit := defaultLimit; ; limit = maxLimit {
		if subjects := h.observer.SubjectsSince(after, limit); len(subjects) > 0 {
			after = subjects[0].Sequence
			if err := s.send("traces", strconv.FormatUint(after, 10), Traces{Items: h.summaries.of(subjects)}); err != nil {
				return err
			}
		}
		if err := s.await(request.Context(), changed); err != nil {
			return err
		}
	}
}
