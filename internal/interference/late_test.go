// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interference

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Events that arrive together are late together, in their order, and a fault that
// ends lets go of what it holds back.
func TestLateBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var delay atomic.Int64
		reader, writer := io.Pipe()
		late := newLateBody(reader, func() time.Duration { return time.Duration(delay.Load()) })
		next := func() string {
			buffer := make([]byte, 16)
			n, err := late.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			return string(buffer[:n])
		}
		begin := time.Now()
		go func() { _, _ = writer.Write([]byte("a")) }()
		if got := next(); got != "a" || time.Since(begin) != 0 {
			t.Errorf("without a delay: %q after %s", got, time.Since(begin))
		}
		delay.Store(int64(2 * time.Second))
		go func() {
			_, _ = writer.Write([]byte("b"))
			_, _ = writer.Write([]byte("c"))
		}()
		if got := next() + next(); got != "bc" || time.Since(begin) != 2*time.Second {
			t.Errorf("with a delay: %q after %s", got, time.Since(begin))
		}
		go func() {
			_, _ = writer.Write([]byte("d"))
			delay.Store(0)
		}()
		if got := next(); got != "d" || time.Since(begin) > 2100*time.Millisecond {
			t.Errorf("healed: %q after %s", got, time.Since(begin))
		}
		if err := late.Close(); err != nil {
			t.Error(err)
		}
		if _, err := late.Read(make([]byte, 1)); err == nil {
			t.Error("a closed body can be read")
		}
	})
}
