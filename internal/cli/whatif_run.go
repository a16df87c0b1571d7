// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/render"
)

type whatIfRunCommand struct {
	io      IO
	clients *clients
	// program is how the user calls glassplane.
	program string

	output    string
	color     colorFlag
	noPredict bool
	answers   []string
	verbose   bool

	experiment *experiment.Experiment
	namespace  string
	progress   *progress
}

func newWhatIfRunCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &whatIfRunCommand{io: io, clients: clients, program: name, output: string(render.FormatText)}
	command := &cobra.Command{
		Use:   "run NAME|FILE",
		Short: "Ask what you expect, break the control plane, and compare",
		Long: `Ask what you expect, break the control plane, and compare.

The experiment is done to a control plane that is started for it and removed
afterwards; with --context or --kubeconfig of a running "glassplane up", to that one.
Another cluster is refused with the reason: its etcd, which experiments are judged by,
cannot be reached. What is broken is healed before the command returns, also after
Ctrl-C.

The exit code is 0 where all came as the experiment expects, 2 where reality
differs from it, 1 for errors of the command itself, and 130 after Ctrl-C. Your
own predictions have no part in it.`,
		Example: examples(name, `
# Predict first, where there is a terminal
glassplane what-if run etcd-down

# Without questions, or with answers from the command line
glassplane what-if run etcd-down --no-predict
glassplane what-if run etcd-down --answers=b,b,b -o markdown > etcd-down.md

# A file of your own
glassplane what-if run ./my-experiment.yaml

# On the control plane of a running "glassplane up", by the kubeconfig that it prints
glassplane what-if run scheduler-down --kubeconfig=$HOME/.cache/glassplane/local/kubeconfig`),
		Args:              exactName(name + " what-if run NAME|FILE"),
		ValidArgsFunction: completeExperiments,
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.Complete(args); err != nil {
				return err
			}
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.BoolVar(&c.noPredict, "no-predict", false, "do not ask what you expect")
	flags.StringSliceVar(&c.answers, "answers", nil, "the letters of the choices that you expect, one per question, such as b,a")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log what the components do")
	addOutput(command, &c.output, render.WhatIfFormats...)
	c.color.add(command)
	return command
}

// Complete finds the experiment.
func (c *whatIfRunCommand) Complete(args []string) (err error) {
	c.progress = newProgress(c.io)
	if c.experiment, err = findExperiment(args[0]); err != nil {
		return err
	}
	if c.clients.isExplicit() {
		c.namespace, err = c.clients.namespace()
	}
	return err
}

// Validate says what is wrong with the flags.
func (c *whatIfRunCommand) Validate() error {
	if !slices.Contains(render.WhatIfFormats, render.Format(c.output)) {
		return fmt.Errorf("invalid --output %q: must be text, json or markdown", c.output)
	}
	if c.answers == nil {
		return nil
	}
	if c.noPredict {
		return errors.New("--answers and --no-predict exclude each other: leave one of them out")
	}
	questions := c.experiment.Listing().Questions
	if len(c.answers) != len(questions) {
		return fmt.Errorf("invalid --answers %q: %s asks %d questions, so give %d letters", strings.Join(c.answers, ","), c.experiment.Name, len(questions), len(questions))
	}
	for i, q := range questions {
		if !slices.ContainsFunc(q.Choices, func(choice experiment.ListedChoice) bool { return choice.ID == c.answers[i] }) {
			return fmt.Errorf("invalid --answers: %q answers question %d (%s): must be %s", c.answers[i], i+1, q.Asks, letters(q))
		}
	}
	return nil
}

func letters(q experiment.ListedQuestion) string {
	ids := make([]string, 0, len(q.Choices))
	for _, choice := range q.Choices {
		ids = append(ids, choice.ID)
	}
	return strings.Join(ids, ", ")
}

// Run does the experiment and prints what came of it.
func (c *whatIfRunCommand) Run(ctx context.Context) error {
	plane := &labPlane{
		io: c.io, clients: c.clients, progress: c.progress, verbose: c.verbose, what: "the experiment", needs: c.experiment.Needs,
	}
	var result experiment.Result
	err := plane.do(ctx, func(plane lab.Plane, _ ownPlane) (err error) {
		result, err = lab.Run(ctx, plane, c.experiment, lab.Options{Namespace: c.namespace, Predict: c.predict(), Tell: c.progress.tell})
		return err
	})
	if result.SchemaVersion != "" {
		printed := render.WhatIf(c.io.Out, result, render.Format(c.output), render.Options{Width: c.io.width, Theme: c.color.theme(c.io)})
		err = errors.Join(err, printed)
	}
	return concluded(c.experiment.Name, result.Outcome, err)
}

// concluded is the command's error after a run: that it differs, where nothing else
// is wrong.
func concluded(name string, outcome experiment.Outcome, err error) error {
	if err == nil && outcome == experiment.Differs {
		return &codedError{fmt.Errorf("%s: reality differs from what the experiment expects", name), exitDiffers}
	}
	return err
}

// predict asks in the way that flags and terminal allow; nil for not at all.
func (c *whatIfRunCommand) predict() func(context.Context, experiment.Listing) (map[string]string, error) {
	switch {
	case c.answers != nil:
		return func(_ context.Context, l experiment.Listing) (map[string]string, error) {
			predicted := map[string]string{}
			for i, q := range l.Questions {
				predicted[q.ID] = c.answers[i]
			}
			return predicted, nil
		}
	case c.noPredict || terminalOf(c.io.In) == nil:
		return nil
	}
	return c.ask
}

// ask asks on the terminal, on stderr, so that what comes of it can go elsewhere.
func (c *whatIfRunCommand) ask(ctx context.Context, l experiment.Listing) (map[string]string, error) {
	options := render.Options{Width: widthOf(c.io.ErrOut), Theme: c.color.theme(c.io)}
	if err := render.Experiment(c.io.ErrOut, l, options); err != nil {
		return nil, err
	}
	lines := readLines(ctx, c.io.In)
	predicted := map[string]string{}
	for i, q := range l.Questions {
		answer, err := askChoice(ctx, c.io.ErrOut, lines, i, q)
		if err != nil {
			return nil, err
		}
		predicted[q.ID] = answer
	}
	return predicted, nil
}

// askChoice asks until the answer is a choice, or empty for no prediction.
func askChoice(ctx context.Context, out io.Writer, lines <-chan string, index int, q experiment.ListedQuestion) (string, error) {
	for {
		fmt.Fprintf(out, "\n%d. %s\nYour answer (%s; Enter for none): ", index+1, q.Asks, letters(q))
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case line, open := <-lines:
			answer := strings.ToLower(strings.TrimSpace(line))
			if !open || answer == "" || slices.ContainsFunc(q.Choices, func(choice experiment.ListedChoice) bool { return choice.ID == answer }) {
				return answer, nil
			}
			fmt.Fprintf(out, "%q is no choice: give one of %s.\n", answer, letters(q))
		}
	}
}

// readLines reads lines until ctx ends, so that Ctrl-C works while one is waited for.
func readLines(ctx context.Context, from io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(from); scanner.Scan(); {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// traceWith explains objects by an observer.
func traceWith(o *observer) func(context.Context, evidence.Object) (explain.Trace, error) {
	return func(ctx context.Context, of evidence.Object) (explain.Trace, error) {
		return o.trace(ctx, subject{resource: of.Resource, namespace: of.Namespace, name: of.Name})
	}
}
