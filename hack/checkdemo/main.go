// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command checkdemo reads what `glassplane demo -o json` prints from standard
// input and fails unless it tells the whole story of a request: eight steps,
// each with evidence, and those that change what etcd holds with evidence from
// sources that do not depend on each other.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// walkthrough is the part of the documented JSON that is checked. It is not the
// type that the command encodes: a field that is renamed there must fail here.
type walkthrough struct {
	Steps []step `json:"steps"`
}

type step struct {
	Step      int        `json:"step"`
	Component string     `json:"component"`
	Action    string     `json:"action"`
	Evidence  []evidence `json:"evidence"`
}

type evidence struct {
	Source string `json:"source"`
}

const wantSteps = 8

func main() {
	var got walkthrough
	if err := json.NewDecoder(os.Stdin).Decode(&got); err != nil {
		fmt.Fprintln(os.Stderr, "checkdemo: not the JSON of a walkthrough:", err)
		os.Exit(1)
	}
	if err := check(got); err != nil {
		fmt.Fprintln(os.Stderr, "checkdemo:", err)
		os.Exit(1)
	}
	report(os.Stdout, got)
}

// check returns all that is missing, joined.
func check(w walkthrough) error {
	var errs []error
	if len(w.Steps) != wantSteps {
		errs = append(errs, fmt.Errorf("%d steps, want %d", len(w.Steps), wantSteps))
	}
	for i, s := range w.Steps {
		if s.Step != i+1 {
			errs = append(errs, fmt.Errorf("step %d comes at position %d", s.Step, i+1))
		}
		if s.Component == "" || s.Action == "" {
			errs = append(errs, fmt.Errorf("step %d does not say which component did what", s.Step))
		}
		if got, want := len(sources(s)), wantSources(s.Step); got < want {
			errs = append(errs, fmt.Errorf("step %d has evidence from %d of at least %d sources", s.Step, got, want))
		}
	}
	return errors.Join(errs...)
}

// wantSources is the number of sources that must agree on a step: from the
// write of the pending pod to the last state in etcd, each step changes or
// reads stored state, which more than one source sees.
func wantSources(step int) int {
	if step >= 3 && step <= 6 {
		return 2
	}
	return 1
}

func sources(s step) map[string]bool {
	found := map[string]bool{}
	for _, e := range s.Evidence {
		if e.Source != "" {
			found[e.Source] = true
		}
	}
	return found
}

func report(out io.Writer, w walkthrough) {
	for _, s := range w.Steps {
		fmt.Fprintf(out, "step %d: %d pieces of evidence from %d sources\n", s.Step, len(s.Evidence), len(sources(s)))
	}
}
