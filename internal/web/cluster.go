// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/overview"
)

// Cluster answers what is asked of the cluster as a whole.
type Cluster interface {
	// Snapshot returns the cluster as it is now.
	Snapshot(ctx context.Context) overview.Snapshot
	// Delta returns what changed since a sequence number of an epoch; ok is false
	// where that needs a snapshot.
	Delta(ctx context.Context, epoch string, from uint64) (delta overview.Delta, ok bool)
	// Pods returns up to limit pods that match a filter.
	Pods(filter overview.Filter, limit int) overview.Matches
}

// Overview is what is known of all objects together; *observer.Overview
// implements it.
type Overview interface {
	Cluster
	// Latency returns where the time of the recorded pods went.
	Latency() overview.Latency
}

// quietInterval is how often rates and queues are sent where no object changes.
const quietInterval = time.Second

func (h *handler) cluster(request *http.Request) (any, error) {
	return h.overview.Snapshot(request.Context()), nil
}

func (h *handler) latency(*http.Request) (any, error) { return h.overview.Latency(), nil }

// clusterStream sends a snapshot and then what changes. A reader that is so slow
// that what it has is forgotten is sent a snapshot again.
func (h *handler) clusterStream(request *http.Request, s *stream) error {
	epoch, sequence, ok := parseEventID(s.lastEventID)
	if !ok {
		epoch = ""
	}
	for sent := (time.Time{}); ; {
		delta, ok := h.overview.Delta(request.Context(), epoch, sequence)
		switch {
		case !ok:
			snapshot := h.overview.Snapshot(request.Context())
			epoch, sequence, sent = snapshot.Epoch, snapshot.Sequence, time.Now()
			if err := s.send("snapshot", eventID(epoch, sequence), snapshot); err != nil {
				return err
			}
		case delta.To != sequence || time.Since(sent) >= quietInterval:
			sequence, sent = delta.To, time.Now()
			if err := s.send("delta", eventID(epoch, sequence), delta); err != nil {
				return err
			}
		}
		if err := s.pause(request.Context()); err != nil {
			return err
		}
	}
}

func eventID(epoch string, sequence uint64) string { return fmt.Sprintf("%s:%d", epoch, sequence) }

func parseEventID(id string) (epoch string, sequence uint64, ok bool) {
	epoch, number, ok := strings.Cut(id, ":")
	if !ok {
		return "", 0, false
	}
	sequence, err := strconv.ParseUint(number, 10, 64)
	return epoch, sequence, err == nil
}

func (h *handler) clusterPods(request *http.Request) (any, error) {
	query := request.URL.Query()
	filter := overview.Filter{Namespace: query.Get("namespace"), Search: strings.ToLower(query.Get("search"))}
	for what, value := range map[string]string{"namespace": filter.Namespace, "search": filter.Search} {
		if len(value) > maxNameLength {
			return nil, badRequest("%s must have at most %d characters", what, maxNameLength)
		}
	}
	if text := query.Get("labelSelector"); text != "" {
		selector, err := labels.Parse(text)
		if err != nil {
			return nil, badRequest("labelSelector %q cannot be read: %v", text, err)
		}
		filter.Selector = selector
	}
	for _, phase := range query["phase"] {
		index := slices.Index(overview.Phases, phase)
		if index < 0 {
			return nil, badRequest("phase %q is not known: use one or more of %s", phase, strings.Join(overview.Phases, ", "))
		}
		filter.Phases = append(filter.Phases, index)
	}
	limit, err := number(query, "limit", math.MaxInt32)
	if err != nil {
		return nil, err
	}
	return h.overview.Pods(filter, int(min(limit, math.MaxInt32))), nil
}
