// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/test/golden"
)

// recordedRun is what a run of scheduler-down with the predictions b, a, a has printed
// with -o json.
func recordedRun(t *testing.T) experiment.Result {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "whatif.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r experiment.Result
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIf(t *testing.T) {
	differs := recordedRun(t)
	differs.Outcome = experiment.Differs
	differs.Problem = "step running: waited 20s for this: simpod/web is in etcd; found: nothing"
	differs.Checks[0].Holds = false
	differs.Invariants[0].Unavailable, differs.Invariants[0].Holds = "the audit log is off", false
	differs.Questions[0].Right, differs.Questions[0].Correct = nil, new(false)
	differs.Steps[3].EndedAt, differs.Steps[3].Problem = nil, "nobody answers"
	differs.Timeline[0].Revision, differs.Timeline[0].At, differs.Timeline[0].After = 0, nil, nil
	differs.Traces = nil
	for name, r := range map[string]experiment.Result{"as-expected": recordedRun(t), "differs": differs} {
		for _, format := range []Format{FormatText, FormatMarkdown} {
			t.Run(name+" "+string(format), func(t *testing.T) {
				var out bytes.Buffer
				if err := WhatIf(&out, r, format, Options{Width: 120}); err != nil {
					t.Fatal(err)
				}
				golden.Check(t, filepath.Join("testdata", "whatif-"+name+"."+string(format)+".golden"), out.String())
			})
		}
	}
}

// What is printed as JSON can be read as the same result.
func TestWhatIfJSON(t *testing.T) {
	want := recordedRun(t)
	var out bytes.Buffer
	if err := WhatIf(&out, want, FormatJSON, Options{}); err != nil {
		t.Fatal(err)
	}
	var got experiment.Result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDescribeExperiment(t *testing.T) {
	r := recordedRun(t)
	var out bytes.Buffer
	if err := Experiment(&out, r.Experiment, Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "whatif-describe.golden"), out.String())
	for i := range r.Questions {
		if why := strings.Fields(r.Questions[i].Why); strings.Contains(out.String(), strings.Join(why[:4], " ")) {
			t.Errorf("the description tells the answer: %s", r.Questions[i].Why)
		}
	}
}
