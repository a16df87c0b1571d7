// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/overview"
)

const (
	// queueInterval is the least time between two questions for the queue.
	queueInterval = time.Second
	// queueKept is how long an answer stands while a newer one is waited for.
	queueKept = 5 * time.Second
	// queuePatience is how long who asks waits for an answer that is under way.
	queuePatience = 300 * time.Millisecond
	// queueTimeout bounds one question.
	queueTimeout = 5 * time.Second
)

// document is what the scheduler says of its queue.
type document interface {
	Read(ctx context.Context) (evidence.Queue, error)
}

// queueReader asks the scheduler for its queue only while somebody asks for it,
// and once a second at most. It is safe for use by several goroutines.
type queueReader struct {
	document document
	clock    clock.Clock

	mu sync.Mutex
	// reading is closed when the question under way is answered; nil where none is.
	reading chan struct{}
	// askedAt is when the last question began.
	askedAt time.Time
	// queue was read at readAt; err is what came of the last question.
	queue  evidence.Queue
	readAt time.Time
	err    error
}

func newQueueReader(document document, clock clock.Clock) *queueReader {
	return &queueReader{document: document, clock: clock}
}

// get returns the queue as it is now or was a moment ago.
func (q *queueReader) get(ctx context.Context) overview.Queues {
	q.mu.Lock()
	if q.reading == nil && (q.askedAt.IsZero() || q.clock.Since(q.askedAt) >= queueInterval) {
		q.reading, q.askedAt = make(chan struct{}), q.clock.Now()
		go q.read(context.WithoutCancel(ctx))
	}
	reading := q.reading
	q.mu.Unlock()
	if reading != nil {
		timer := q.clock.NewTimer(queuePatience)
		defer timer.Stop()
		select {
		case <-reading:
		case <-timer.C():
		case <-ctx.Done():
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch age := q.clock.Since(q.readAt); {
	case !q.readAt.IsZero() && age <= queueKept && (q.err == nil || q.reading != nil):
		return overview.Queues{Available: true, Queue: q.queue}
	case q.err != nil:
		return overview.Queues{Reason: "the scheduler does not say: " + q.err.Error()}
	}
	return overview.Queues{Reason: fmt.Sprintf("the scheduler has not answered for %s", q.clock.Since(q.askedAt).Round(100*time.Millisecond))}
}

// read asks the scheduler. It ends by itself.
func (q *queueReader) read(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, queueTimeout, errors.New("no answer in time"))
	defer cancel()
	queue, err := q.document.Read(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err = err; err == nil {
		q.queue, q.readAt = queue, q.clock.Now()
	}
	close(q.reading)
	q.reading = nil
}
