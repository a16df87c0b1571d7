// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"
)

// progress tells on stderr what was done, and how long it took.
type progress struct {
	io      IO
	started time.Time
}

func newProgress(io IO) *progress { return &progress{io: io, started: io.Clock.Now()} }

func (p *progress) tell(format string, args ...any) {
	elapsed := p.io.Clock.Since(p.started).Seconds()
	fmt.Fprintf(p.io.ErrOut, "%5.1fs  %s\n", elapsed, strings.TrimSpace(fmt.Sprintf(format, args...)))
}
