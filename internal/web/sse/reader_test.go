// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestReader(t *testing.T) {
	tests := map[string]struct {
		stream string
		want   []Event
	}{
		"one event":               {"event: run\nid: 7\ndata: {}\n\n", []Event{{"run", "7", []byte("{}")}}},
		"CRLF":                    {"event: run\r\ndata: {}\r\n\r\n", []Event{{"run", "", []byte("{}")}}},
		"no name":                 {"data:x\n\n", []Event{{"message", "", []byte("x")}}},
		"several lines":           {"data: a\ndata: b\n\n", []Event{{"message", "", []byte("a\nb")}}},
		"empty data":              {"data:\n\n", []Event{{"message", "", []byte{}}}},
		"the ID stays":            {"id: e:1\ndata: a\n\ndata: b\n\n", []Event{{"message", "e:1", []byte("a")}, {"message", "e:1", []byte("b")}}},
		"an ID without data":      {"id: 9\n\ndata: a\n\n", []Event{{"message", "9", []byte("a")}}},
		"comments and the rest":   {": ping\nretry: 5\nwhat\ndata: a\n\n", []Event{{"message", "", []byte("a")}}},
		"a name without data":     {"event: run\n\ndata: a\n\n", []Event{{"message", "", []byte("a")}}},
		"only one space is taken": {"data:  a\n\n", []Event{{"message", "", []byte(" a")}}},
		"cut off":                 {"data: a\n\ndata: b\n", []Event{{"message", "", []byte("a")}}},
		"nothing":                 {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(tt.stream), iotest.OneByteReader(strings.NewReader(tt.stream))} {
				var got []Event
				reader := NewReader(in, 100)
				event, err := reader.Next()
				for ; err == nil; event, err = reader.Next() {
					got = append(got, event)
				}
				if !errors.Is(err, io.EOF) {
					t.Errorf("ended with %v, want EOF", err)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
			}
		})
	}
}

func TestReaderIsBounded(t *testing.T) {
	for name, stream := range map[string]string{
		"a long line":      "data: " + strings.Repeat("a", 20000) + "\n\n",
		"many lines":       strings.Repeat("data: aaaaaaaaaa\n", 2000) + "\n",
		"many empty lines": "data: a\n" + strings.Repeat("x:yyyyyyyyy\n", 2000) + "\n",
		"no end of line":   strings.Repeat("a", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewReader(strings.NewReader(stream), 8192).Next(); !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
		})
	}
	large := "data: " + strings.Repeat("a", 8000) + "\n\n"
	reader := NewReader(strings.NewReader(strings.Repeat(large, 3)), 8192)
	for range 3 {
		if _, err := reader.Next(); err != nil {
			t.Fatalf("events that are not too large: %v", err)
		}
	}
}
