// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/lesson"
	"github.com/glassplane/glassplane/internal/render"
	learned "github.com/glassplane/glassplane/internal/tutor/progress"
)

func newLearnCommand(name string, io IO, clients *clients) *cobra.Command {
	command := &cobra.Command{
		Use:   "learn",
		Short: "Take lessons on a real control plane: texts, predictions, small tasks",
		Long: `Take lessons on a real control plane: texts, predictions, small tasks.

A task is done with kubectl, in another terminal. Whether it is done is judged by
what etcd stores. Hints are given on request.`,
		Example: examples(name, `
# Which lessons there are, and how far you are
glassplane learn list

# Take one, on a control plane of its own
glassplane learn run eight-steps`),
		Args: cobra.NoArgs,
		Run:  func(command *cobra.Command, _ []string) { _ = command.Help() },
	}
	command.AddCommand(newLearnListCommand(name, io), newLearnDescribeCommand(name, io), newLearnRunCommand(name, io, clients), newLearnValidateCommand(name, io), newLearnResetCommand(name, io))
	return command
}

func newLearnListCommand(name string, io IO) *cobra.Command {
	output := string(render.FormatText)
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the lessons that ship, and how far you are",
		Example: examples(name, "glassplane learn list"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := textOrJSON(output); err != nil {
				return err
			}
			rows := []render.LessonRow{}
			for _, l := range lesson.All() {
				rows = append(rows, lessonRow(io, l))
			}
			if output == string(render.FormatJSON) {
				return render.Listings(io.Out, rows)
			}
			for i := range rows {
				if rows[i].Problem != "" {
					fmt.Fprintf(io.ErrOut, "progress of %s is not available: %s\n", rows[i].Name, rows[i].Problem)
				}
			}
			return render.Lessons(io.Out, rows, render.Options{Width: io.width})
		},
	}
	addOutput(command, &output, render.FormatText, render.FormatJSON)
	return command
}

// lessonRow is a lesson with the learner's progress, or why that is not known.
func lessonRow(io IO, l *lesson.Lesson) render.LessonRow {
	row := render.LessonRow{Name: l.Name, Title: l.Title, Minutes: l.Minutes, Steps: len(l.Steps)}
	store, err := learned.DefaultStore(io.Env)
	if err == nil {
		var p learned.Progress
		p, err = store.Load(l.Name)
		row.Passed, row.Next = p.Of(l.StepNames())
	}
	if err != nil {
		row.Problem = err.Error()
	}
	return row
}

func newLearnDescribeCommand(name string, io IO) *cobra.Command {
	output := string(render.FormatText)
	var color colorFlag
	command := &cobra.Command{
		Use:   "describe NAME|FILE",
		Short: "Say what a lesson is about, without its answers, hints and solutions",
		Example: examples(name, `
glassplane learn describe why-pending`),
		Args:              exactName(name + " learn describe NAME|FILE"),
		ValidArgsFunction: completeLessons(true),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := textOrJSON(output); err != nil {
				return err
			}
			l, err := findLesson(args[0])
			if err != nil {
				return err
			}
			if output == string(render.FormatJSON) {
				return render.Listings(io.Out, l.Listing())
			}
			return render.Lesson(io.Out, l, lessonRow(io, l), render.Options{Width: io.width, Theme: color.theme(io)})
		},
	}
	addOutput(command, &output, render.FormatText, render.FormatJSON)
	color.add(command)
	return command
}

func newLearnValidateCommand(name string, io IO) *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check files with lessons, and say all that is wrong",
		Long: `Check files with lessons, and say all that is wrong.

That a lesson can be done is proved by: learn run FILE --solve`,
		Example: examples(name, `
glassplane learn validate ./my-lesson.yaml`),
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return validateFiles(io, "lesson", args, func(file string) (string, error) {
				l, err := readLesson(file)
				if err != nil {
					return "", err
				}
				return l.Name, nil
			})
		},
	}
}

func newLearnResetCommand(name string, io IO) *cobra.Command {
	all := false
	command := &cobra.Command{
		Use:   "reset NAME...",
		Short: "Forget how far you are",
		Example: examples(name, `
glassplane learn reset why-pending
glassplane learn reset --all`),
		ValidArgsFunction: completeLessons(false),
		RunE: func(_ *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return errors.New("name the lessons whose progress is to be forgotten, or give --all")
			}
			if all {
				for _, l := range lesson.All() {
					args = append(args, l.Name)
				}
			}
			return resetLessons(io, args, all)
		},
	}
	command.Flags().BoolVar(&all, "all", false, "of all lessons that ship")
	return command
}

// resetLessons forgets the progress of lessons, by the names that they have or had.
func resetLessons(io IO, names []string, quiet bool) error {
	store, err := learned.DefaultStore(io.Env)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := lesson.Find(name); err != nil && !lesson.IsName(name) {
			return fmt.Errorf("invalid name %q: %w", name, err)
		}
		there, err := store.Reset(name)
		switch {
		case err != nil:
			return err
		case there:
			fmt.Fprintf(io.Out, "lesson %s: progress is forgotten\n", name)
		case !quiet:
			fmt.Fprintf(io.Out, "lesson %s: there was no progress\n", name)
		}
	}
	return nil
}

// findLesson reads a file, or finds a lesson that ships.
func findLesson(nameOrFile string) (*lesson.Lesson, error) {
	if isFile(nameOrFile) {
		return readLesson(nameOrFile)
	}
	l, err := lesson.Find(nameOrFile)
	if err != nil {
		return nil, &hintError{err, "To see all: learn list. A file of your own is named with its path, such as ./" + cmp.Or(nameOrFile, "my-lesson") + ".yaml."}
	}
	return l, nil
}

func readLesson(file string) (*lesson.Lesson, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the lesson: %w", err)
	}
	return lesson.Parse(file, data)
}

// completeLessons completes the names of those that ship and, where they can be given,
// files.
func completeLessons(files bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if files && len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []cobra.Completion
		for _, l := range lesson.All() {
			if strings.HasPrefix(l.Name, toComplete) {
				names = append(names, cobra.CompletionWithDesc(l.Name, l.Title))
			}
		}
		if files {
			return names, cobra.ShellCompDirectiveDefault
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
