// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lesson"
	"github.com/glassplane/glassplane/internal/render"
	learned "github.com/glassplane/glassplane/internal/tutor/progress"
)

func TestLearnBadInput(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("apiVersion: glassplane.dev/lesson/v1\nsteps: []\ntitel: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"unknown lesson":      {[]string{"run", "why-pendin"}, []string{`there is no lesson "why-pendin"; did you mean why-pending?`, "To see all: learn list"}},
		"unknown step":        {[]string{"run", "why-pending", "--from=rom"}, []string{`invalid --from "rom"`, "would-deleting-help, room"}},
		"no terminal":         {[]string{"run", "why-pending"}, []string{"a lesson is taken at a terminal", "learn run why-pending --solve"}},
		"no name":             {[]string{"run"}, []string{"expected one NAME, got 0 arguments"}},
		"output without":      {[]string{"run", "why-pending", "-o", "json"}, []string{"only --solve has a report"}},
		"wrong output":        {[]string{"list", "-o", "xml"}, []string{`invalid --output "xml": must be text or json`}},
		"no such file":        {[]string{"describe", "./nowhere.yaml"}, []string{"reading the lesson", "no such file"}},
		"wrong file":          {[]string{"validate", bad}, []string{bad + ": ", "titel: there is no such field; did you mean title?", "minutes: Invalid value: 0", "steps: Invalid value: 0"}},
		"reset without names": {[]string{"reset"}, []string{"name the lessons whose progress is to be forgotten, or give --all"}},
		"reset of a path":     {[]string{"reset", "../../other"}, []string{`invalid name "../../other"`}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := invoke(t, map[string]string{"XDG_STATE_HOME": t.TempDir()}, append([]string{"learn"}, test.args...)...)
			if code != 1 || out != "" {
				t.Errorf("code %d, out %q", code, out)
			}
			for _, want := range test.want {
				if !strings.Contains(errOut, want) {
					t.Errorf("stderr has no %q:\n%s", want, errOut)
				}
			}
		})
	}
}

func TestLearnProgress(t *testing.T) {
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	store, err := learned.DefaultStore(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	l, err := lesson.Find("why-pending")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Pass(l.Name, l.Steps[0].Name, l.StepNames(), time.Now()); err != nil {
		t.Fatal(err)
	}
	row := func() (out render.LessonRow) {
		t.Helper()
		code, text, errOut := invoke(t, env, "learn", "list", "-o", "json")
		var rows []render.LessonRow
		if err := json.Unmarshal([]byte(text), &rows); code != 0 || err != nil {
			t.Fatalf("code %d, %v: %s", code, err, errOut)
		}
		for _, each := range rows {
			if each.Name == l.Name {
				out = each
			}
		}
		return out
	}
	if got := row(); got.Passed != 1 || got.Next != l.Steps[1].Name || got.Problem != "" {
		t.Errorf("one step was passed: %+v", got)
	}
	damaged := filepath.Join(store.Dir, l.Name+".json")
	if err := os.WriteFile(damaged, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := row(); got.Passed != 0 || !strings.Contains(got.Problem, damaged+" is damaged") {
		t.Errorf("the file is damaged: %+v", got)
	}
	code, out, errOut := invoke(t, env, "learn", "list")
	if code != 0 || !strings.Contains(out, "not available") || !strings.Contains(errOut, damaged+" is damaged") {
		t.Errorf("code %d:\n%s%s", code, out, errOut)
	}
	if code, out, errOut := invoke(t, env, "learn", "reset", l.Name); code != 0 || out != "lesson why-pending: progress is forgotten\n" {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	if got := row(); got.Passed != 0 || got.Problem != "" {
		t.Errorf("progress was reset: %+v", got)
	}
	if _, out, _ := invoke(t, env, "learn", "reset", l.Name); out != "lesson why-pending: there was no progress\n" {
		t.Errorf("reset again: %s", out)
	}
}

func TestLearnDescribe(t *testing.T) {
	for _, l := range lesson.All() {
		for _, format := range []string{"text", "json"} {
			code, out, errOut := invoke(t, map[string]string{"XDG_STATE_HOME": t.TempDir()}, "learn", "describe", l.Name, "-o", format)
			if code != 0 || !strings.Contains(out, l.Title) {
				t.Errorf("%s: code %d: %s%s", l.Name, code, out, errOut)
			}
			for i := range l.Steps {
				if !strings.Contains(out, l.Steps[i].Name) {
					t.Errorf("%s -o %s does not name step %s", l.Name, format, l.Steps[i].Name)
				}
			}
		}
	}
}

// atTerminal is a pupil who has typed some lines.
func atTerminal(t *testing.T, typed string) (*pupil, *bytes.Buffer) {
	t.Helper()
	l, err := lesson.Find("why-pending")
	if err != nil {
		t.Fatal(err)
	}
	out := &bytes.Buffer{}
	io := IO{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(typed), Out: out, ErrOut: out}, width: 80}
	return newPupil(t.Context(), io, l, "export KUBECONFIG=/k", render.Options{}.Theme), out
}

func TestPupilChooses(t *testing.T) {
	question := experiment.ListedQuestion{ID: "q", Asks: "Which?", Choices: []experiment.ListedChoice{{ID: "a", Says: "This"}, {ID: "b", Says: "That"}}}
	for name, test := range map[string]struct {
		typed, want, says string
		err               error
	}{
		"a choice":             {"b\n", "b", "a) This", nil},
		"in capitals":          {" B \n", "b", "", nil},
		"first a wrong one":    {"c\na\n", "a", `"c" is no choice: give one of a, b.`, nil},
		"none":                 {"\n", "", "", nil},
		"leaves":               {"q\n", "", "", errLeft},
		"the terminal is gone": {"", "", "", errLeft},
	} {
		t.Run(name, func(t *testing.T) {
			p, out := atTerminal(t, test.typed)
			got, err := p.Choose(t.Context(), question)
			if got != test.want || !errors.Is(err, test.err) || !strings.Contains(out.String(), test.says) {
				t.Errorf("Choose = %q, %v:\n%s", got, err, out)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p, _ := atTerminal(t, "")
		p.lines = nil // nothing is ever typed
		if _, err := p.Choose(ctx, question); !errors.Is(err, context.Canceled) {
			t.Errorf("Choose = %v", err)
		}
	})
}

func TestPupilBegins(t *testing.T) {
	p, out := atTerminal(t, "\nq\n")
	if err := p.Begin(t.Context(), 0); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"STEP 1 OF 6: pending", "Pending says only that a pod is stored", "Enter goes on, q leaves"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if err := p.Begin(t.Context(), 1); err != nil { // a question waits for its own answer
		t.Error(err)
	}
	if err := p.Begin(t.Context(), 0); !errors.Is(err, errLeft) {
		t.Errorf("Begin = %v", err)
	}
}
