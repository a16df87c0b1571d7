// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cli holds the commands of glassplane. Each command is a value with
// what it needs and the steps Complete, Validate and Run.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/render/look"
)

// IO is what every command reads from and writes to.
type IO struct {
	genericiooptions.IOStreams
	// Clock tells the time of what the client itself does.
	Clock clock.Clock
	// Env reads the environment.
	Env func(string) string

	// width of text in characters; see render.Options.
	width int
	// terminal is the one that Out leads to; nil for none. theme is what it can show.
	terminal *os.File
	// errTerminal is true where ErrOut leads to one: progress is told there only.
	errTerminal bool
	theme       look.Theme
}

// The exit codes of commands that a signal ended, as shells have them.
const (
	exitInterrupted = 128 + 2  // SIGINT
	exitClosedPipe  = 128 + 13 // SIGPIPE
)

// Main runs the command that the arguments name and returns the exit code: 0
// if it succeeded, 130 if it was interrupted, 141 without a word if nobody reads
// what it writes any more, else 1, or the error's own code, with the error on stderr.
func Main(ctx context.Context, program string, args []string, io IO) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &pipe{w: io.Out, closed: cancel}
	io.errTerminal = terminalOf(io.ErrOut) != nil
	io.width, io.terminal, io.theme = widthOf(io.Out), terminalOf(io.Out), themeOf(io.Out, io.Env)
	// What is written there is for people, and some of it comes from objects.
	io.Out, io.ErrOut = out, render.CleanWriter(io.ErrOut)
	code := execute(ctx, program, args, io)
	if out.isClosed() {
		return exitClosedPipe
	}
	return code
}

func execute(ctx context.Context, program string, args []string, io IO) int {
	if programName(program) == completionProgram {
		args = append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	command := NewCommand(program, io)
	command.SetArgs(args)
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if out, ok := io.Out.(*pipe); ok && out.isClosed() {
		return exitClosedPipe
	}
	if quiet, ok := errors.AsType[exitCode](err); ok {
		return int(quiet)
	}
	code, text := 1, message(err)
	if coded, ok := errors.AsType[*codedError](err); ok {
		code = coded.code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) || errors.Is(err, errInterrupted) {
		code, text = exitInterrupted, "interrupted"
	}
	fmt.Fprintln(io.ErrOut, text)
	if hint, ok := errors.AsType[*hintError](err); ok {
		fmt.Fprintln(io.ErrOut, hint.hint)
	}
	return code
}

// hintError is an error that comes with advice.
type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e *codedError) Unwrap() error { return e.error }

// exitCode ends a command that has said all there is to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exactName is the check of a command's only argument.
func exactName(usage string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("expected one NAME, got %d arguments: %s", len(args), usage)
		}
		return nil
	}
}

// message is what kubectl would print for the error.
func message(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Reason != "" {
		return fmt.Sprintf("Error from server (%s): %v", status.Status().Reason, err)
	}
	return "error: " + err.Error()
}

// NewCommand returns the command line: glassplane, or kubectl glassplane where
// the program is called as kubectl's plugin.
func NewCommand(program string, io IO) *cobra.Command {
	// What the user typed is what the user can type again.
	name := program
	if strings.HasPrefix(programName(program), "kubectl") {
		name = "kubectl glassplane"
	}
	root := &cobra.Command{
		Use:   "glassplane",
		Short: "A Kubernetes control plane that you can see through",
		Long: `A Kubernetes control plane that you can see through.

Glassplane runs simulated pods and nodes on a real API server and a real etcd,
and follows each request through them: every statement is proved by what the
components themselves left behind.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: programName(name)},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		Run:           func(command *cobra.Command, _ []string) { _ = command.Help() },
	}
	root.SetIn(io.In)
	root.SetOut(io.Out)
	root.SetErr(io.ErrOut)
	clients := newClients(io)
	clients.addFlags(root.PersistentFlags())
	completeFlags(root, map[string]cobra.CompletionFunc{"namespace": clients.completeNamespaces, "context": clients.completeContexts})
	root.AddCommand(localCommands(name, io, clients)...)
	root.AddCommand(
		newRunCommand(name, io, clients),
		newWalkCommand(name, io, clients),
		newWatchCommand(name, io, clients),
		newExplainCommand(name, io, clients),
		newPendingCommand(name, io, clients),
		newCapacityCommand(name, io, clients),
		newWhatIfCommand(name, io, clients),
		newLearnCommand(name, io, clients),
		newConvertCommand(name, io, clients),
		newCordonCommand(name, io, clients),
		newUncordonCommand(name, io, clients),
		newDrainCommand(name, io, clients),
		newRolloutCommand(name, io, clients),
		newBreakCommand(name, io, clients),
		newSnapshotCommand(name, io, clients),
		newDiffCommand(name, io),
		newUninstallCommand(name, io, clients),
		newVersionCommand(io),
	)
	return root
}

// programName is the name of an executable's file.
func programName(program string) string {
	return strings.TrimSuffix(filepath.Base(program), ".exe")
}

// examples indents the examples of a command and names the program in them, without
// the folder that it was called from.
func examples(name, text string) string {
	name = programName(name)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		if arguments, found := strings.CutPrefix(line, "glassplane "); found {
			line = name + " " + arguments
		}
		lines[i] = "  " + line
	}
	return strings.Join(lines, "\n")
}
