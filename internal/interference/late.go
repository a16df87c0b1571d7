// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interference

import (
	"io"
	"sync"
	"time"
)

const (
	// chunkSize is how much is read at once.
	chunkSize = 32 << 10
	// maxChunks bounds what is held back of one watch, 2 MiB: beyond it nothing is
	// read, so that the API server has to wait. Nothing is dropped.
	maxChunks = 64
)

// lateBody delivers the bytes of a watch a while after they have arrived. As long
// as there is no delay it reads straight through; once there was one, what arrives
// passes a queue until the watch ends.
type lateBody struct {
	body  io.ReadCloser
	delay func() time.Duration

	start  sync.Once
	stop   sync.Once
	queued bool
	chunks chan chunk
	closed chan struct{}
	// rest is what was due and is not read yet.
	rest chunk
}

// chunk is what arrived at a time, or the error that ended the stream.
type chunk struct {
	data []byte
	err  error
	at   time.Time
}

func newLateBody(body io.ReadCloser, delay func() time.Duration) *lateBody {
	return &lateBody{body: body, delay: delay, closed: make(chan struct{})}
}

// Read implements io.Reader. It is called by one goroutine at a time.
func (l *lateBody) Read(p []byte) (int, error) {
	if !l.queued && l.delay() <= 0 {
		n, err := l.body.Read(p)
		if l.delay() <= 0 || n == 0 {
			return n, err
		}
		// The delay began while this was waited for.
		return n, l.hold(chunk{at: time.Now()}, err)
	}
	l.start.Do(func() {
		l.queued, l.chunks = true, make(chan chunk, maxChunks)
		go l.pump()
	})
	for len(l.rest.data) == 0 && l.rest.err == nil {
		select {
		case l.rest = <-l.chunks:
		case <-l.closed:
			return 0, io.ErrClosedPipe
		}
		if err := l.hold(l.rest, nil); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest.data)
	l.rest.data = l.rest.data[n:]
	if len(l.rest.data) == 0 && l.rest.err != nil {
		return n, l.rest.err
	}
	return n, nil
}

// hold waits until a chunk is due. The delay is looked at again and again, so that a
// fault that ends lets go of what it holds back.
func (l *lateBody) hold(c chunk, err error) error {
	const step = 50 * time.Millisecond
	for {
		left := time.Until(c.at.Add(l.delay()))
		if left <= 0 {
			return err
		}
		timer := time.NewTimer(min(left, step))
		select {
		case <-timer.C:
		case <-l.closed:
			timer.Stop()
			return io.ErrClosedPipe
		}
	}
}

// pump notes when bytes arrive, until the stream ends or is closed.
func (l *lateBody) pump() {
	for {
		data := make([]byte, chunkSize)
		n, err := l.body.Read(data)
		select {
		case l.chunks <- chunk{data: data[:n], err: err, at: time.Now()}:
		case <-l.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

// Close implements io.Closer.
func (l *lateBody) Close() error {
	l.stop.Do(func() { close(l.closed) })
	return l.body.Close()
}
