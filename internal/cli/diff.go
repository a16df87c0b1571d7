// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
	etcdhistory "github.com/glassplane/glassplane/internal/history"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/rundiff"
	"github.com/glassplane/glassplane/internal/substrate/snapshot"
)

// maxTraceBytes bounds a file with a walkthrough, as the observer's answers are.
const maxTraceBytes = maxAnswerBytes

func newDiffCommand(name string, io IO) *cobra.Command {
	output, exitCode := string(render.FormatText), false
	var color colorFlag
	command := &cobra.Command{
		Use:   "diff RUN1 RUN2",
		Short: "Compare two recorded runs: walkthroughs, or snapshots of control planes",
		Long: `Compare two recorded runs: walkthroughs, or snapshots of control planes.

Two walkthroughs, as "walk -o json" writes them, are compared by outcome, writes,
timings and decisions; two snapshots, as "snapshot save" writes them, by the simulated
objects that etcd has at their ends. A fork shares its history with what it comes from:
the revision up to which both are the same is named.`,
		Example: examples(name, `
# The same pod, here and on a fork from before it was bound
glassplane walk simpod/web -o json > here.json
glassplane walk simpod/web -o json --kubeconfig=/tmp/glassplane-123/kubeconfig > fork.json
glassplane diff here.json fork.json

# All objects of two control planes
glassplane snapshot save here.db
glassplane diff before.db here.db`),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("expected two files, RUN1 and RUN2, got %d arguments: %s diff RUN1 RUN2", len(args), name)
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := textOrJSON(output); err != nil {
				return err
			}
			result, err := diffRuns(args[0], args[1])
			if err != nil {
				return err
			}
			if err := render.RunDiff(io.Out, result, render.Format(output), render.Options{Width: io.width, Theme: color.theme(io)}); err != nil {
				return err
			}
			if exitCode && !result.Same {
				return &codedError{errors.New("the runs differ"), exitDiffers}
			}
			return nil
		},
	}
	addOutput(command, &output, render.FormatText, render.FormatJSON)
	command.Flags().BoolVar(&exitCode, "exit-code", false, "end with 2 where the runs differ in more than times")
	color.add(command)
	return command
}

// recordedRun is a run as a file has it: exactly one field is set.
type recordedRun struct {
	trace   *explain.Trace
	history *etcdhistory.History
}

func (r *recordedRun) what() string {
	if r.trace != nil {
		return "a walkthrough"
	}
	return "a snapshot"
}

func diffRuns(first, second string) (rundiff.Result, error) {
	a, errA := readRun(first)
	b, errB := readRun(second)
	if err := errors.Join(errA, errB); err != nil {
		return rundiff.Result{}, err
	}
	switch {
	case a.trace != nil && b.trace != nil:
		return rundiff.Traces(first, *a.trace, second, *b.trace), nil
	case a.history != nil && b.history != nil:
		return rundiff.Histories(first, a.history, second, b.history), nil
	}
	return rundiff.Result{}, fmt.Errorf("%s is %s and %s is %s: give two of a kind", first, a.what(), second, b.what())
}

// readRun reads a file, whose kind its first bytes tell.
func readRun(path string) (*recordedRun, error) {
	isJSON, err := startsAsJSON(path)
	if err != nil {
		return nil, err
	}
	if isJSON {
		trace, err := readTrace(path)
		return &recordedRun{trace: trace}, err
	}
	h, _, err := snapshot.History(path, v1alpha1.GroupName)
	if errors.Is(err, snapshot.ErrNotSnapshot) {
		return nil, fmt.Errorf("%w: nor is it a walkthrough, as \"walk -o json\" writes it", err)
	}
	return &recordedRun{history: h}, err
}

func startsAsJSON(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("reading the run: %w", err)
	}
	defer file.Close()
	start := make([]byte, 512)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("reading the run: %w", err)
	}
	return bytes.HasPrefix(bytes.TrimLeft(start[:n], " \t\r\n"), []byte("{")), nil
}

func readTrace(path string) (*explain.Trace, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxTraceBytes {
		err = fmt.Errorf("%s has %d bytes: a walkthrough has at most %d", path, info.Size(), maxTraceBytes)
	}
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the run: %w", err)
	}
	var trace explain.Trace
	var version struct {
		SchemaVersion string `json:"schemaVersion"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("%s: not a whole walkthrough: %w", path, err)
	}
	if version.SchemaVersion != explain.SchemaVersion {
		return nil, fmt.Errorf("%s: schemaVersion is %q: must be %q, as \"walk -o json\" writes it", path, version.SchemaVersion, explain.SchemaVersion)
	}
	if err := json.Unmarshal(data, &trace); err != nil {
		return nil, fmt.Errorf("%s: not a walkthrough: %w", path, err)
	}
	return &trace, nil
}
