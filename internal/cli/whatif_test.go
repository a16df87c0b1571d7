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

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/glassplane/glassplane/internal/experiment"
)

// ownExperiment is a valid file.
const ownExperiment = `apiVersion: glassplane.dev/what-if/v1
name: mine
title: Where the pod ends
before: A pod is asked for.
after: It ran.
subjects: [{resource: simpods, name: web}]
steps:
- {name: stop, does: The scheduler is stopped, break: {component: scheduler}}
- name: create
  does: A pod is asked for
  request: {verb: create, object: {apiVersion: sim.glassplane.dev/v1alpha1, kind: SimPod, metadata: {name: web}, spec: {containers: [{name: main, image: nginx}]}}}
questions:
- id: told
  asks: What is the client told?
  why: It is stored.
  choices:
  - {says: It is created, when: [{request: {step: create, codes: [201]}}]}
  - {says: It is refused, when: [{request: {step: create, codes: [503]}}]}
checks:
- {says: It is there, state: {resource: simpods, name: web}}
`

// someCluster is the kubeconfig of a cluster that nobody of us has started.
const someCluster = `apiVersion: v1
kind: Config
current-context: far
clusters: [{name: far, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: far, context: {cluster: far, user: far}}]
users: [{name: far, user: {}}]
`

func writeTemp(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What is wrong ends with exit code 1 before anything is started.
func TestWhatIfBadInput(t *testing.T) {
	mine := writeTemp(t, "mine.yaml", ownExperiment)
	wrong := writeTemp(t, "wrong.yaml", strings.NewReplacer("break:", "brake:", "codes: [503]", "codes: [5030]", "image: nginx", "imagine: nginx").Replace(ownExperiment))
	far := writeTemp(t, "kubeconfig", someCluster)
	tests := map[string]struct {
		args []string
		// want are parts of what is said.
		want []string
	}{
		"a name that is near": {[]string{"run", "etcd-dwon"}, []string{`there is no experiment "etcd-dwon"; did you mean etcd-down?`, "To see all: what-if list"}},
		"a name that is far":  {[]string{"describe", "xyz"}, []string{`there is no experiment "xyz"; there are etcd-down, scheduler-down`, "./xyz.yaml"}},
		"no name":             {[]string{"run"}, []string{"expected one NAME, got 0 arguments: glassplane what-if run NAME|FILE"}},
		"no such file":        {[]string{"run", "./nowhere.yaml"}, []string{"reading the experiment: open ./nowhere.yaml: no such file"}},
		"a file with wrong fields": {[]string{"validate", wrong}, []string{
			"wrong.yaml: 4 problems:", "steps[0].brake: there is no such field; did you mean break?",
			"steps[1].request.object.spec.containers[0].imagine: Invalid value",
			"questions[0].choices[1].when[0].request.codes[0]: Invalid value: 5030",
		}},
		"a run of such a file":   {[]string{"run", wrong}, []string{"steps[0].brake"}},
		"nothing to validate":    {[]string{"validate"}, []string{"requires at least 1 arg"}},
		"an output that is none": {[]string{"run", "etcd-down", "-o", "yaml"}, []string{`invalid --output "yaml": must be text, json or markdown`}},
		"a list as markdown":     {[]string{"list", "-o", "markdown"}, []string{`invalid --output "markdown": must be text or json`}},
		"too few answers":        {[]string{"run", mine, "--answers=a,b"}, []string{`invalid --answers "a,b": mine asks 1 questions, so give 1 letters`}},
		"an answer that is none": {[]string{"run", mine, "--answers=c"}, []string{`"c" answers question 1 (What is the client told?): must be a, b`}},
		"answers and none":       {[]string{"run", mine, "--answers=a", "--no-predict"}, []string{"--answers and --no-predict exclude each other"}},
		"a cluster of somebody": {[]string{"run", "etcd-down", "--kubeconfig", far}, []string{
			"this control plane does not offer what the experiment needs: it needs to read etcd: it is reached only on a local control plane",
			"it needs etcd to be disrupted (Kill): its processes belong to somebody else: leave --context and --kubeconfig out",
		}},
		"a context that is none": {[]string{"run", "etcd-down", "--kubeconfig", far, "--context", "near"}, []string{"context was not found for specified context: near"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := invoke(t, nil, append([]string{"what-if"}, test.args...)...)
			if code != 1 || out != "" {
				t.Errorf("exit code %d, stdout %q; want 1 and nothing", code, out)
			}
			for _, want := range test.want {
				if !strings.Contains(errOut, want) {
					t.Errorf("stderr lacks %q:\n%s", want, errOut)
				}
			}
		})
	}
}

func TestWhatIfValidate(t *testing.T) {
	mine := writeTemp(t, "mine.yaml", ownExperiment)
	code, out, errOut := invoke(t, nil, "what-if", "validate", mine)
	if diff := cmp.Diff(mine+": experiment mine is valid\n", out); diff != "" || code != 0 || errOut != "" {
		t.Errorf("exit code %d, stderr %q, stdout (-want +got):\n%s", code, errOut, diff)
	}
}

// What may be shown before a prediction has no answer, in no output.
func TestWhatIfListAndDescribe(t *testing.T) {
	code, out, _ := invoke(t, nil, "what-if", "list")
	for _, e := range experiment.All() {
		if code != 0 || !strings.Contains(out, e.Name) {
			t.Errorf("exit code %d; the list lacks %s:\n%s", code, e.Name, out)
		}
		_, described, _ := invoke(t, nil, "what-if", "describe", e.Name)
		_, asJSON, _ := invoke(t, nil, "what-if", "describe", e.Name, "-o", "json")
		var listing experiment.Listing
		decoder := json.NewDecoder(bytes.NewReader([]byte(asJSON)))
		decoder.DisallowUnknownFields() // such as those that judge a choice
		if err := decoder.Decode(&listing); err != nil || listing.Name != e.Name {
			t.Errorf("%s as JSON: %v\n%s", e.Name, err, asJSON)
		}
		told := strings.Join(strings.Fields(described), " ")
		for _, q := range e.Questions {
			if !strings.Contains(told, strings.Join(strings.Fields(q.Asks), " ")) || strings.Contains(told, strings.Join(strings.Fields(q.Why), " ")) {
				t.Errorf("%s asks not, or tells the answer of, %q:\n%s", e.Name, q.Asks, described)
			}
		}
	}
}

func TestWhatIfExitCodes(t *testing.T) {
	failed := errors.New("etcd cannot be started")
	tests := map[string]struct {
		outcome experiment.Outcome
		err     error
		want    int
	}{
		"as expected":     {experiment.AsExpected, nil, 0},
		"differs":         {experiment.Differs, nil, exitDiffers},
		"failed":          {experiment.Failed, failed, 1},
		"differs, failed": {experiment.Differs, failed, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := concluded("mine", test.outcome, test.err)
			code := 0
			if coded, ok := errors.AsType[*codedError](err); ok {
				code = coded.code
			} else if err != nil {
				code = 1
			}
			if code != test.want || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("exit code %d, %v", code, err)
			}
		})
	}
}

// A question is asked again until the answer is one of its letters, or none.
func TestWhatIfAsks(t *testing.T) {
	e, err := experiment.Parse("mine.yaml", []byte(ownExperiment))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		typed, want string
		again       bool
	}{
		"a letter":          {"a\n", "a", false},
		"a capital":         {" B \n", "b", false},
		"none":              {"\n", "", false},
		"the input's end":   {"", "", false},
		"one that is wrong": {"x\nb\n", "b", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			streams, in, _, errOut := genericiooptions.NewTestIOStreams()
			in.WriteString(test.typed)
			c := &whatIfRunCommand{io: IO{IOStreams: streams}}
			got, err := c.ask(t.Context(), e.Listing())
			if err != nil || got["told"] != test.want || strings.Contains(errOut.String(), "is no choice: give one of a, b") != test.again {
				t.Errorf("answers %v, %v; said:\n%s", got, err, errOut)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		streams, _, _, _ := genericiooptions.NewTestIOStreams()
		reader, writer, err := os.Pipe() // that nobody writes to
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = reader.Close(), writer.Close() }()
		streams.In = reader
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := (&whatIfRunCommand{io: IO{IOStreams: streams}}).ask(ctx, e.Listing()); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	})
}
