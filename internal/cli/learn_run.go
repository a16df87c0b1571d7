// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/lesson"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/tutor"
	learned "github.com/glassplane/glassplane/internal/tutor/progress"
)

type learnRunCommand struct {
	io      IO
	clients *clients

	from    string
	solve   bool
	output  string
	color   colorFlag
	verbose bool

	lesson   *lesson.Lesson
	store    learned.Store
	progress *progress
}

func newLearnRunCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &learnRunCommand{io: io, clients: clients, output: string(render.FormatText)}
	command := &cobra.Command{
		Use:   "run NAME|FILE",
		Short: "Take a lesson, at a terminal",
		Long: `Take a lesson, at a terminal.

It runs on a control plane that is started for it and removed afterwards, or on a
running one that --context or --kubeconfig names, in a namespace of its own. What is
made for it is deleted at the end, also after Ctrl-C.

What you have passed is remembered, and the next run goes on there.

With --solve each task is done by the solution that the file carries: it proves that
the lesson can be done, that no task is done before its solution, and that each
question has an answer which the evidence bears out. The exit code is 2 where it has
none, or an experiment differs from what it expects.`,
		Example: examples(name, `
glassplane learn run why-pending
glassplane learn run why-pending --from=label

# Prove that a lesson of your own can be done
glassplane learn run ./my-lesson.yaml --solve`),
		Args:              exactName(name + " learn run NAME|FILE"),
		ValidArgsFunction: completeLessons(true),
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
	flags.StringVar(&c.from, "from", "", "the step to begin with; the tasks before it are done by their solutions")
	flags.BoolVar(&c.solve, "solve", false, "do the tasks by their solutions, without questions; nothing is remembered")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log what the components do")
	addOutput(command, &c.output, render.FormatText, render.FormatJSON)
	c.color.add(command)
	completeFlags(command, map[string]cobra.CompletionFunc{"from": completeSteps})
	return command
}

// completeSteps completes the names of a lesson's steps.
func completeSteps(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	l, err := findLesson(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return l.StepNames(), cobra.ShellCompDirectiveNoFileComp
}

// Complete finds the lesson and where progress is kept.
func (c *learnRunCommand) Complete(args []string) (err error) {
	c.progress = newProgress(c.io)
	if c.lesson, err = findLesson(args[0]); err != nil {
		return err
	}
	c.store, err = learned.DefaultStore(c.io.Env)
	return err
}

// Validate says what is wrong with the flags.
func (c *learnRunCommand) Validate() error {
	if err := textOrJSON(c.output); err != nil {
		return err
	}
	if c.from != "" && c.lesson.Index(c.from) < 0 {
		err := fmt.Errorf("invalid --from %q: lesson %s has no such step", c.from, c.lesson.Name)
		return &hintError{err, "It has: " + strings.Join(c.lesson.StepNames(), ", ")}
	}
	if c.solve {
		return nil
	}
	if c.output == string(render.FormatJSON) {
		return errors.New("invalid --output json: only --solve has a report")
	}
	if terminalOf(c.io.In) == nil {
		return &hintError{errors.New("a lesson is taken at a terminal, and this is none"), "To prove that it can be done, without a terminal: learn run " + c.lesson.Name + " --solve"}
	}
	return nil
}

// Run takes the lesson.
func (c *learnRunCommand) Run(ctx context.Context) error {
	if c.solve {
		return c.prove(ctx)
	}
	if err := c.resume(); err != nil {
		return err
	}
	return c.onPlane(ctx, func(plane lab.Plane, kubectl string) error {
		learner := newPupil(ctx, c.io, c.lesson, kubectl, c.color.theme(c.io))
		_, err := tutor.Run(ctx, plane, c.lesson, tutor.Options{From: c.from, Learner: learner, Tell: c.progress.tell, Passed: c.passed})
		if errors.Is(err, errLeft) {
			fmt.Fprintf(c.io.Out, "Left. What you have passed is remembered: run it again to go on.\n")
			return nil
		}
		if err == nil {
			fmt.Fprintf(c.io.Out, "\nThat was the lesson %s.\n", c.lesson.Name)
		}
		return err
	})
}

// prove does the lesson by its solutions, and prints the report.
func (c *learnRunCommand) prove(ctx context.Context) error {
	var report lesson.Report
	err := c.onPlane(ctx, func(plane lab.Plane, _ string) (err error) {
		report, err = tutor.Run(ctx, plane, c.lesson, tutor.Options{From: c.from, Learner: tutor.Solver{}, Tell: c.progress.tell})
		return err
	})
	if report.SchemaVersion != "" {
		printed := render.LessonReport(c.io.Out, report, render.Format(c.output), render.Options{Width: c.io.width, Theme: c.color.theme(c.io)})
		err = errors.Join(err, printed)
	}
	if err == nil && report.Outcome == experiment.Differs {
		return &codedError{fmt.Errorf("%s: reality differs from what the lesson expects: %s", c.lesson.Name, report.Problem), exitDiffers}
	}
	return err
}

// resume begins where the learner has left the lesson, unless a step is named.
func (c *learnRunCommand) resume() error {
	done, err := c.store.Load(c.lesson.Name)
	if damaged, ok := errors.AsType[*learned.DamagedError](err); ok {
		fmt.Fprintln(c.io.ErrOut, damaged)
	} else if err != nil {
		return err
	}
	passed, next := done.Of(c.lesson.StepNames())
	if c.from == "" && passed > 0 && next != "" {
		c.from = next
		fmt.Fprintf(c.io.Out, "You have passed %d of %d steps, and go on with %s. To begin anew: --from=%s\n", passed, len(c.lesson.Steps), next, c.lesson.Steps[0].Name)
	}
	return nil
}

func (c *learnRunCommand) passed(step string) error {
	return c.store.Pass(c.lesson.Name, step, c.lesson.StepNames(), c.io.Clock.Now())
}

// onPlane takes the lesson on a control plane; kubectl says how kubectl finds it.
func (c *learnRunCommand) onPlane(ctx context.Context, take func(plane lab.Plane, kubectl string) error) error {
	plane := &labPlane{
		io: c.io, clients: c.clients, progress: c.progress, verbose: c.verbose, what: "the lesson", needs: c.lesson.Needs,
		traceSampling: 1, // the walkthroughs of tasks have spans
	}
	return plane.do(ctx, func(plane lab.Plane, own ownPlane) error {
		if own == nil {
			return take(plane, "Give kubectl and glassplane the same cluster, and: --namespace="+c.lesson.Namespace())
		}
		kubeconfig, err := c.kubeconfig(own)
		if err != nil {
			return err
		}
		return take(plane, "export KUBECONFIG="+kubeconfig)
	})
}

// kubeconfig gives the control plane's own the namespace of the lesson: by it other
// commands find the observer, and it is removed with the control plane.
func (c *learnRunCommand) kubeconfig(own ownPlane) (string, error) {
	if err := own.WriteInstance(); err != nil {
		return "", err
	}
	path := own.KubeconfigPath()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	for _, each := range config.Contexts {
		each.Namespace = c.lesson.Namespace()
	}
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("giving the kubeconfig the namespace of the lesson: %w", err)
	}
	return path, nil
}
