// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readBytes is how much is read at once.
const readBytes = 256 << 10

// tail reads the lines that are appended to a file. It follows the file when it
// is renamed and a new one takes its place, as the API server rotates its log,
// and starts over when it is truncated.
type tail struct {
	path string
	// fromStart is false where lines that are there already are to be skipped.
	fromStart bool
	maxLine   int
	// line is called with each complete line; the slice is valid until it returns.
	line func(line []byte)
	// lost is called when part of the log could not be read, and why.
	lost func(why string)

	file    *os.File
	offset  int64
	partial []byte
	// skip is true while the rest of a line is to be dropped.
	skip  bool
	chunk []byte
}

// read delivers every line that is complete now. The error says why the file
// cannot be read; what is there is read the next time.
func (t *tail) read() error {
	for {
		if err := t.open(); err != nil {
			return err
		}
		if err := t.drain(); err != nil {
			return err
		}
		switch replaced, err := t.replaced(); {
		case err != nil:
			return err
		case !replaced:
			return nil
		}
		// Whatever was written until the file was renamed is there by now.
		if err := t.drain(); err != nil {
			return err
		}
		t.close()
	}
}

func (t *tail) open() error {
	if t.file != nil {
		return nil
	}
	file, err := os.Open(t.path)
	if err != nil {
		return err
	}
	t.file, t.offset = file, 0
	if !t.fromStart {
		if err := t.skipToEnd(); err != nil {
			t.file = nil
			return errors.Join(err, file.Close())
		}
	}
	// A file that takes this one's place is read from its start.
	t.fromStart = true
	return nil
}

// skipToEnd goes to the end of the file, or to its last newline if the writer is
// in the middle of a line.
func (t *tail) skipToEnd() error {
	end, err := t.file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("seek to the end of %s: %w", t.path, err)
	}
	t.offset = end
	last := []byte{'\n'}
	if end > 0 {
		if _, err := t.file.ReadAt(last, end-1); err != nil {
			return fmt.Errorf("read the end of %s: %w", t.path, err)
		}
	}
	t.skip = last[0] != '\n'
	return nil
}

func (t *tail) close() {
	if t.file == nil {
		return
	}
	// Nothing was written, so there is nothing that closing could lose.
	_ = t.file.Close()
	t.file = nil
	if len(t.partial) > 0 {
		t.lost("the last line of a rotated file has no end")
	}
	t.partial, t.skip = nil, false
}

func (t *tail) drain() error {
	if t.chunk == nil {
		t.chunk = make([]byte, readBytes)
	}
	for {
		n, err := t.file.ReadAt(t.chunk, t.offset)
		t.offset += int64(n)
		t.split(t.chunk[:n])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read %s: %w", t.path, err)
		}
	}
}

// split delivers the lines in data and keeps the rest for the next call.
func (t *tail) split(data []byte) {
	for len(data) > 0 {
		line, rest, complete := bytes.Cut(data, []byte{'\n'})
		data = rest
		if !t.skip {
			t.extend(line)
		}
		if !complete {
			return
		}
		if !t.skip && len(t.partial) > 0 {
			t.line(t.partial)
		}
		t.partial, t.skip = t.partial[:0], false
	}
}

func (t *tail) extend(line []byte) {
	if len(t.partial)+len(line) > t.maxLine {
		t.lost(fmt.Sprintf("a line is longer than %d bytes", t.maxLine))
		t.partial, t.skip = nil, true
		return
	}
	t.partial = append(t.partial, line...)
}

// replaced says whether another file has taken the place of the one that is
// open. A truncated file is read again from its start.
func (t *tail) replaced() (bool, error) {
	current, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // Renamed; the new one is not there yet.
	}
	if err != nil {
		return false, err
	}
	opened, err := t.file.Stat()
	if err != nil {
		return false, err
	}
	if !os.SameFile(current, opened) {
		return true, nil
	}
	if current.Size() < t.offset {
		t.lost("the file was truncated")
		t.offset, t.partial, t.skip = 0, nil, false
		return false, t.drain()
	}
	return false, nil
}
