// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"

	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/render/look"
)

// pipe is where a command writes its results. It notices when nobody reads them
// any more, as after "| head", and ends the command: it may have processes to
// stop, so that it must not die of the write.
type pipe struct {
	w      io.Writer
	closed func()
	is     atomic.Bool
}

func (p *pipe) Write(data []byte) (int, error) {
	n, err := p.w.Write(data)
	if errors.Is(err, syscall.EPIPE) {
		p.is.Store(true)
		p.closed()
	}
	return n, err
}

func (p *pipe) isClosed() bool { return p.is.Load() }

// terminalOf returns the terminal that a stream is; nil where it is none.
func terminalOf(stream any) *os.File {
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return file
}

// themeOf returns what can be shown: no colours but on a terminal.
func themeOf(out io.Writer, env func(string) string) look.Theme {
	if terminalOf(out) == nil {
		return look.Theme{}
	}
	return look.Detect(env)
}

// widthOf returns how wide text may be: as wide as the terminal. What is not
// written to a terminal is not wrapped, so that programs find names and URIs.
func widthOf(out io.Writer) int {
	file := terminalOf(out)
	if file == nil {
		return render.Unwrapped
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return render.DefaultWidth
	}
	return width
}
