// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/render/look"
	"github.com/glassplane/glassplane/test/golden"
)

// traces are those that the tests of package explain check.
func traces(t *testing.T) map[string]explain.Trace {
	t.Helper()
	testdata := filepath.Join("..", "explain", "testdata")
	paths, err := filepath.Glob(filepath.Join(testdata, "*.golden.json"))
	pods, podsErr := filepath.Glob(filepath.Join(testdata, "captured", "pod-*.golden.json"))
	if paths = append(paths, pods...); err != nil || podsErr != nil || len(paths) == 0 || len(pods) == 0 {
		t.Fatalf("no traces found: %v", errors.Join(err, podsErr))
	}
	all := map[string]explain.Trace{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var trace explain.Trace
		if err := json.Unmarshal(data, &trace); err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".golden.json")] = trace
	}
	return all
}

func TestGolden(t *testing.T) {
	all := traces(t)
	for _, scenario := range []string{"fits", "unschedulable", "forbidden", "nothing"} {
		for _, format := range []Format{FormatText, FormatTable, FormatMarkdown} {
			t.Run(fmt.Sprintf("%s/%s", scenario, format), func(t *testing.T) {
				var got bytes.Buffer
				if err := Trace(&got, all[scenario], format, Options{}); err != nil {
					t.Fatal(err)
				}
				golden.Check(t, filepath.Join("testdata", fmt.Sprintf("%s.%s.golden", scenario, format)), got.String())
			})
		}
	}
}

// TestFlowOfPods draws real Pods: another component runs them, in more writes.
func TestFlowOfPods(t *testing.T) {
	all := traces(t)
	for _, scenario := range []string{"pod-running", "pod-too-large"} {
		t.Run(scenario, func(t *testing.T) {
			var got bytes.Buffer
			if err := Trace(&got, all[scenario], FormatText, Options{}); err != nil {
				t.Fatal(err)
			}
			flow, _, _ := strings.Cut(got.String(), "\nSTEPS\n")
			golden.Check(t, filepath.Join("testdata", scenario+".flow.golden"), flow)
		})
	}
}

func TestWidth(t *testing.T) {
	for name, trace := range traces(t) {
		for _, width := range []int{80, 120, 200} {
			for _, format := range []Format{FormatText, FormatTable} {
				var got bytes.Buffer
				if err := Trace(&got, trace, format, Options{Width: width}); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(got.String()) {
					// The flow diagram has lanes of a fixed width.
					if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > max(width, DefaultWidth) {
						t.Errorf("%s as %s: line of %d characters, want at most %d: %s", name, format, n, width, line)
					}
				}
			}
		}
	}
}

func TestJSONAndYAMLHoldTheTrace(t *testing.T) {
	for name, want := range traces(t) {
		t.Run(name, func(t *testing.T) {
			var asJSON, asYAML bytes.Buffer
			if err := Trace(&asJSON, want, FormatJSON, Options{}); err != nil {
				t.Fatal(err)
			}
			if err := Trace(&asYAML, want, FormatYAML, Options{}); err != nil {
				t.Fatal(err)
			}
			for format, data := range map[Format][]byte{FormatJSON: asJSON.Bytes(), FormatYAML: asYAML.Bytes()} {
				var got explain.Trace
				if err := yaml.UnmarshalStrict(data, &got); err != nil {
					t.Fatalf("%s: %v", format, err)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", format, d)
				}
			}
		})
	}
}

func TestHideAnswers(t *testing.T) {
	trace := traces(t)["fits"]
	for _, format := range Formats {
		t.Run(string(format), func(t *testing.T) {
			var got bytes.Buffer
			if err := Trace(&got, trace, format, Options{HideAnswers: true}); err != nil {
				t.Fatal(err)
			}
			for _, forbidden := range []string{"ANSWERS", "## Answers", `"answer":`, "answer: ", trace.Quiz[4].Why} {
				if strings.Contains(got.String(), forbidden) {
					t.Errorf("the output has %q", forbidden)
				}
			}
		})
	}
}

func TestAnswersComeLast(t *testing.T) {
	var got bytes.Buffer
	if err := Text(&got, traces(t)["fits"], Options{}); err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(got.String(), "\nANSWERS\n")
	if !found {
		t.Fatal("the answers are missing")
	}
	for _, section := range []string{"FLOW", "STEPS", "QUIZ", "TRANSCRIPT"} {
		if strings.Contains(after, "\n"+section+"\n") {
			t.Errorf("section %s comes after the answers", section)
		}
	}
}

func TestColor(t *testing.T) {
	trace := traces(t)["fits"]
	var plain, colored bytes.Buffer
	if err := Text(&plain, trace, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Text(&colored, trace, Options{Theme: look.Theme{Profile: colorprofile.TrueColor, Ground: look.Dark}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("there are colours although none were asked for")
	}
	stripped := ansi.Strip(colored.String())
	if d := cmp.Diff(plain.String(), stripped); d != "" {
		t.Errorf("colours change the text (-plain +coloured):\n%s", d)
	}
}

// TestControlCharacters checks that a recorded text cannot drive the terminal.
func TestControlCharacters(t *testing.T) {
	trace := traces(t)["fits"]
	evil := "kubectl\x1b[2J\u202e\r"
	trace.Reason, trace.Transcript, trace.Subject.Name = evil, evil, evil
	trace.Steps[0].Effect, trace.Steps[0].Evidence[0].UserAgent, trace.Steps[0].Evidence[0].Details = evil, evil, []string{evil}
	trace.Quiz[0].Question, trace.KeyMoments[0].Title, trace.Snapshot[0] = evil, evil, evil
	for _, format := range []Format{FormatText, FormatTable, FormatMarkdown} {
		var got bytes.Buffer
		if err := Trace(&got, trace, format, Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(got.String(), "\x1b\r\u202e") {
			t.Errorf("%s lets control characters through", format)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	err := Trace(&bytes.Buffer{}, explain.Trace{}, "xml", Options{})
	if err == nil || !strings.Contains(err.Error(), "text, table, json, yaml, markdown") {
		t.Errorf("error %v does not name the formats", err)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("pipe is broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	trace := traces(t)["fits"]
	for _, format := range Formats {
		if err := Trace(brokenWriter{}, trace, format, Options{}); !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v, want %v", format, err, errBroken)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name, text string
		width      int
		want       []string
	}{
		{"fits", "a b", 3, []string{"a b"}},
		{"between words", "one two three", 7, []string{"one two", "three"}},
		{"long word", "abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"long path breaks after a slash", "/registry/pods/x", 12, []string{"/registry/", "pods/x"}},
		{"lines stay", "a\n\nb", 9, []string{"a", "", "b"}},
		{"empty", "", 5, []string{""}},
		{"characters, not bytes", "→→ →→", 5, []string{"→→ →→"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, wrap(tt.text, tt.width)); d != "" {
				t.Errorf("wrap() (-want +got):\n%s", d)
			}
		})
	}
}

func TestLag(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2049554:  "lag 2.05ms",
		0:        "lag 0s",
		-4000:    "lag 0s",
		-6168695: "6.17ms before the answer",
	} {
		if got := lag(d); got != want {
			t.Errorf("lag(%d) = %q, want %q", d, got, want)
		}
	}
}

// TestMermaid checks that each component has its shape in documents too,
// and that nothing recorded is read as a part of the diagram.
func TestMermaid(t *testing.T) {
	trace := traces(t)["fits"]
	trace.Kind = "create\"]; click api \"javascript:alert(1)\" `<script>\n```"
	var got bytes.Buffer
	if err := Markdown(&got, trace); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(got.String(), "```mermaid\n")
	diagram, _, found := strings.Cut(rest, "\n```\n")
	if !found {
		t.Fatal("there is no diagram")
	}
	for _, want := range []string{`client("API client`, `api{{"API server`, `etcd[("etcd`, `scheduler{"Scheduler`, `runner(("Controller manager`} {
		if !strings.Contains(diagram, want) {
			t.Errorf("the diagram lacks %s:\n%s", want, diagram)
		}
	}
	for line := range strings.Lines(diagram) {
		if strings.HasPrefix(strings.TrimSpace(line), "click") || strings.ContainsAny(line, "`") || strings.Contains(line, "<script") {
			t.Errorf("a recorded text is read as a part of the diagram: %s", line)
		}
	}
	if strings.Count(diagram, `"`)%2 != 0 {
		t.Errorf("a recorded text ends a label:\n%s", diagram)
	}
}

// TestFlowInASCII draws for a terminal that shows nothing else.
func TestFlowInASCII(t *testing.T) {
	var got bytes.Buffer
	if err := Trace(&got, traces(t)["fits"], FormatText, Options{Theme: look.Theme{ASCII: true}}); err != nil {
		t.Fatal(err)
	}
	_, flow, _ := strings.Cut(got.String(), "\nFLOW\n")
	flow, _, _ = strings.Cut(flow, "\nSTEPS\n")
	golden.Check(t, filepath.Join("testdata", "fits.ascii.golden"), flow)
	if strings.ContainsFunc(flow, func(r rune) bool { return r > '~' }) {
		t.Errorf("the flow has other characters than ASCII:\n%s", flow)
	}
}
