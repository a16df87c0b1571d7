// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
)

// storyOrder is the order of the steps without those that answer.
func storyOrder(steps []v1alpha1.WalkthroughStep) (story, answer []int32) {
	for _, s := range steps {
		if s.Step >= 7 {
			answer = append(answer, s.Step)
		} else {
			story = append(story, s.Step)
		}
	}
	return story, answer
}

// TestDroppedIsNoText checks that how much the journal has dropped is a field and
// no part of any text: it changes as others are recorded, and a text that is kept
// in a Walkthrough would be written again each time.
func TestDroppedIsNoText(t *testing.T) {
	for _, all := range []map[string]func() evidence.Record{scenarios, requests, setRecords} {
		for name, record := range all {
			once, later := record(), record()
			once.Dropped, later.Dropped = 12, 13
			before, after := Explain(once), Explain(later)
			if after.Dropped != 13 {
				t.Errorf("%s: dropped %d, want 13", name, after.Dropped)
			}
			after.Dropped = before.Dropped
			if d := cmp.Diff(string(raw(before)), string(raw(after))); d != "" {
				t.Errorf("%s is told otherwise once one entry more was dropped:\n%s", name, d)
			}
		}
	}
}

// checkTrace checks what must hold for every record.
func checkTrace(t *testing.T, record evidence.Record, trace Trace) {
	t.Helper()
	story, answer := storyOrder(trace.Steps)
	sorted := slices.Compact(slices.Sorted(slices.Values(story)))
	first := min(3, len(story))
	if len(sorted) != len(story) || !slices.Equal(sorted[:first], story[:first]) {
		t.Errorf("steps 1 to 6 come as %v", story)
	}
	if len(trace.Steps) > 0 && !slices.Equal(answer, []int32{7, 8}) {
		t.Errorf("steps 7 and 8 come as %v", answer)
	}
	if len(trace.Snapshot) != 5 {
		t.Errorf("%d lines in the snapshot, want 5", len(trace.Snapshot))
	}
	if len(trace.Tracker) != 5 {
		t.Errorf("%d moments in the tracker, want 5", len(trace.Tracker))
	}
	if len(trace.KeyMoments) < 3 {
		t.Errorf("%d key moments, want at least 3", len(trace.KeyMoments))
	}
	known := knownStrings(record)
	for _, s := range trace.Steps {
		if len(s.Evidence) > maxEvidence {
			t.Errorf("step %d has %d pieces of evidence, the API holds %d", s.Step, len(s.Evidence), maxEvidence)
		}
		for _, e := range s.Evidence {
			checkEvidence(t, known, s.Step, e)
		}
		if len(s.Evidence) == 0 && !strings.Contains(strings.ToLower(s.Effect), "not available: ") {
			t.Errorf("step %d has no evidence and does not say why: %s", s.Step, s.Effect)
		}
	}
	checkQuiz(t, trace.Quiz)
}

// knownStrings is the record as text, in which everything shown must occur.
func knownStrings(record evidence.Record) string {
	return string(raw(record))
}

// checkEvidence checks that nothing in a piece of evidence was made up: each
// value and each time is in the record.
func checkEvidence(t *testing.T, known string, step int32, e v1alpha1.Evidence) {
	t.Helper()
	values := append([]string{e.AuditID, e.User, e.UserAgent, e.Verb, e.URI, e.Key, e.Stage, e.Source}, e.Groups...)
	for _, v := range values {
		if v != "" && !strings.Contains(known, strings.Trim(string(raw(v)), `"`)) {
			t.Errorf("step %d shows %q, which is not in the record", step, v)
		}
	}
	for _, n := range []int64{e.CreateRevision, e.ModRevision, e.Bytes, int64(e.Code)} {
		if n != 0 && !strings.Contains(known, fmt.Sprint(n)) {
			t.Errorf("step %d shows the number %d, which is not in the record", step, n)
		}
	}
	if e.Time != nil && !timeIn(known, e.Time.Time) {
		t.Errorf("step %d shows the time %s, which is not in the record", step, e.Time)
	}
	if len(e.Details) > maxDetails {
		t.Errorf("step %d shows %d details, the API holds %d", step, len(e.Details), maxDetails)
	}
}

func timeIn(known string, want time.Time) bool {
	return strings.Contains(known, want.UTC().Format(time.RFC3339Nano))
}

func checkQuiz(t *testing.T, quiz []Question) {
	t.Helper()
	ids := map[string]bool{}
	for _, q := range quiz {
		if ids[q.ID] {
			t.Errorf("question %s is asked twice", q.ID)
		}
		ids[q.ID] = true
		if q.Answer == "" || q.Why == "" {
			t.Errorf("question %s has no answer or no explanation: %+v", q.ID, q)
		}
		if len(q.Choices) > 0 && !slices.Contains(q.Choices, q.Answer) {
			t.Errorf("the answer %q of %s is not one of its choices %q", q.Answer, q.ID, q.Choices)
		}
		for _, other := range quiz {
			if gives(other.Question, q.Answer) {
				t.Errorf("question %s gives away the answer of %s: %q has %q", other.ID, q.ID, other.Question, q.Answer)
			}
		}
	}
}

// gives reports whether a text holds an answer as words of its own.
func gives(text, answer string) bool {
	return regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(answer) + `\b`).MatchString(text)
}

func TestScenarios(t *testing.T) {
	for name, record := range scenarios {
		t.Run(name, func(t *testing.T) {
			r := record()
			trace := Explain(r)
			checkTrace(t, r, trace)
			if min := 5; len(trace.Quiz) < min && len(r.Entries) > 0 {
				t.Errorf("%d questions, want at least %d", len(trace.Quiz), min)
			}
			if len(trace.Disagreements) > 0 {
				t.Errorf("sources that agree are said to disagree: %+v", trace.Disagreements)
			}
		})
	}
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		scenario string
		want     Outcome
		complete bool
		steps    []int32
	}{
		{"fits", OutcomeRunning, true, []int32{1, 2, 3, 4, 5, 6, 7, 8}},
		{"fits-watched", OutcomeRunning, true, []int32{1, 2, 3, 4, 5, 6, 7, 8}},
		{"fits-no-wait", OutcomeRunning, true, []int32{1, 2, 3, 7, 8, 4, 5, 6}},
		{"unschedulable", OutcomeUnschedulable, true, []int32{1, 2, 3, 7, 8, 4, 6}},
		{"deleted-pending", OutcomeDeleted, true, []int32{1, 2, 3, 7, 8, 4, 6}},
		{"deleted-running", OutcomeDeleted, true, []int32{1, 2, 3, 4, 5, 6, 7, 8}},
		{"restarts", OutcomeRunning, true, []int32{1, 2, 3, 7, 8, 4, 5, 6}},
		{"failed", OutcomeFailed, true, []int32{1, 2, 3, 7, 8, 4, 5, 6}},
		{"invalid", OutcomeRejected, true, []int32{1, 2, 7, 8}},
		{"denied-by-policy", OutcomeRejected, true, []int32{1, 2, 7, 8}},
		{"bad-request", OutcomeRejected, true, []int32{1, 2, 7, 8}},
		{"forbidden", OutcomeForbidden, true, []int32{1, 2, 7, 8}},
		{"unauthenticated", OutcomeUnauthenticated, true, []int32{1, 2, 7, 8}},
		{"already-exists", OutcomeAlreadyExists, true, []int32{1, 2, 7, 8}},
		{"dry-run", OutcomeDryRun, true, []int32{1, 2, 7, 8}},
		{"etcd-down", OutcomeError, true, []int32{1, 2, 7, 8}},
		{"gated", OutcomeSchedulingGated, true, []int32{1, 2, 3, 7, 8, 4, 6}},
		{"held", OutcomeRunning, true, []int32{1, 2, 3, 4, 5, 6, 7, 8}},
		{"held-start", OutcomeScheduled, false, []int32{1, 2, 3, 7, 8, 4, 6}},
		{"waited", OutcomeRunning, true, []int32{1, 2, 3, 7, 8, 4, 5, 6}},
		{"no-audit", OutcomeRunning, true, []int32{1, 2, 3, 4, 5, 6, 7, 8}},
		{"nothing", OutcomeUnknown, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			trace := Explain(scenarios[tt.scenario]())
			if trace.Outcome != tt.want || trace.Complete != tt.complete {
				t.Errorf("outcome %s, complete %v, want %s, %v", trace.Outcome, trace.Complete, tt.want, tt.complete)
			}
			var steps []int32
			for _, s := range trace.Steps {
				steps = append(steps, s.Step)
			}
			if !slices.Equal(steps, tt.steps) {
				t.Errorf("steps %v, want %v", steps, tt.steps)
			}
		})
	}
}

// TestHolds checks that the story tells of what held a pod on its way, and who
// ended that.
func TestHolds(t *testing.T) {
	tests := []struct {
		scenario string
		step     int32
		want     string
	}{
		{"held", 2, "hold.sim.glassplane.dev/held: for 2.5s, until who sent the request went on"},
		{"held", 4, "The scheduling gate example.com/quota held the pod back until revision 220, with which alice took it off, 3"},
		{"held", 5, "The start gate glassplane-run-k2 kept the kubelet from accepting the pod until revision 222, with which alice took it off, 4"},
		{"fits", 4, "The choice is node-a"},
	}
	for _, tt := range tests {
		trace := Explain(scenarios[tt.scenario]())
		i := slices.IndexFunc(trace.Steps, func(s v1alpha1.WalkthroughStep) bool { return s.Step == tt.step })
		if effect := trace.Steps[i].Effect; !strings.Contains(effect, tt.want) {
			t.Errorf("%s, step %d: %q lacks %q", tt.scenario, tt.step, effect, tt.want)
		}
	}
	const want = "bound to node-a, not yet reported as running; the start gate glassplane-run-k2 keeps the kubelet from accepting it"
	if got := Explain(scenarios["held-start"]()).Reason; got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
	for _, name := range []string{"fits", "waited", "gated"} {
		for _, s := range Explain(scenarios[name]()).Steps {
			if strings.Contains(s.Effect, "took it off") {
				t.Errorf("%s, step %d tells of a gate that nobody took off: %q", name, s.Step, s.Effect)
			}
		}
	}
}

// TestAnswers checks the answers against what the story put into the record.
func TestAnswers(t *testing.T) {
	tests := []struct{ scenario, id, want string }{
		{"fits", "assigned-step", "Step 4"},
		{"fits", "state-after-step-6", "Running"},
		{"fits", "bind-revision", "Revision 219"},
		{"fits", "second-node", "node-b"},
		{"fits", "answer-code", "HTTP 201"},
		{"fits", "revision-count", "3 states"},
		{"fits", "status-writer", "Controller manager"},
		{"unschedulable", "assigned-step", answerNever},
		{"unschedulable", "state-after-step-6", "Unschedulable"},
		{"unschedulable", "revision-count", "2 states"},
		{"waited", "bind-revision", "Revision 220"},
		{"deleted-pending", "state-after-step-6", "Deleted"},
		{"forbidden", "answer-code", "HTTP 403"},
		{"forbidden", "state-after-step-6", answerNotReached},
		{"invalid", "revision-count", "0 states"},
		{"invalid", "no-write", "Nothing: this request stored nothing anyway"},
		{"gated", "state-after-step-6", "SchedulingGated"},
	}
	for _, tt := range tests {
		t.Run(tt.scenario+"/"+tt.id, func(t *testing.T) {
			quiz := Explain(scenarios[tt.scenario]()).Quiz
			i := slices.IndexFunc(quiz, func(q Question) bool { return q.ID == tt.id })
			if i < 0 {
				t.Fatalf("the question is not asked: %+v", quiz)
			}
			if got := quiz[i].Answer; got != tt.want {
				t.Errorf("answer %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWithoutAnswers(t *testing.T) {
	trace := Explain(scenarios["fits"]())
	for _, q := range trace.WithoutAnswers().Quiz {
		if q.Answer != "" || q.Why != "" {
			t.Errorf("question %s still has its answer", q.ID)
		}
	}
	if trace.Quiz[0].Answer == "" {
		t.Error("the trace itself lost its answers")
	}
}

func TestDisagreements(t *testing.T) {
	tests := []struct {
		name   string
		change func(*evidence.Entry)
		about  string
	}{
		{"node of the decision", func(e *evidence.Entry) {
			if e.Decision != nil {
				e.Decision.Node = "node-x"
			}
		}, "spec.nodeName at revision 219"},
		{"phase of the transition", func(e *evidence.Entry) {
			if e.Transition != nil {
				e.Transition.To = "Failed"
			}
		}, "status.phase at revision 220"},
		{"create revision in etcd", func(e *evidence.Entry) {
			if e.Etcd != nil && e.Etcd.CreateRevision == 218 && e.Etcd.ModRevision == 218 {
				e.Audit, e.Etcd.CreateRevision = nil, 200
			}
		}, "the revision that created the object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			record := scenarios["fits"]()
			for i := range record.Entries {
				tt.change(&record.Entries[i])
			}
			trace := Explain(record)
			if !slices.ContainsFunc(trace.Disagreements, func(d Disagreement) bool { return d.About == tt.about && len(d.Claims) > 1 }) {
				t.Errorf("no disagreement about %q in %+v", tt.about, trace.Disagreements)
			}
		})
	}
}

// TestOrderOfEntries checks that the order of arrival changes nothing.
func TestOrderOfEntries(t *testing.T) {
	for name, record := range scenarios {
		t.Run(name, func(t *testing.T) {
			want := raw(Explain(record()))
			for seed := range uint64(10) {
				shuffled := record()
				shuffle(&shuffled, seed)
				if got := raw(Explain(shuffled)); string(got) != string(want) {
					t.Fatalf("with the entries in the order of seed %d the explanation differs:\n%s\n%s", seed, got, want)
				}
			}
		})
	}
}

func shuffle(record *evidence.Record, seed uint64) {
	random := rand.New(rand.NewPCG(seed, seed))
	random.Shuffle(len(record.Entries), func(i, j int) {
		record.Entries[i], record.Entries[j] = record.Entries[j], record.Entries[i]
	})
}

// FuzzExplain explains records of which entries are missing, out of order or damaged.
func FuzzExplain(f *testing.F) {
	// Creates, and requests that change, end and read what is there.
	records := map[string]func() evidence.Record{}
	for _, all := range []map[string]func() evidence.Record{scenarios, requests, setRecords} {
		maps.Copy(records, all)
	}
	names := slices.Sorted(maps.Keys(records))
	for i := range names {
		f.Add(uint8(i), uint64(i), uint64(0b1011011101))
	}
	f.Fuzz(func(t *testing.T, scenario uint8, seed, keep uint64) {
		record := records[names[int(scenario)%len(names)]]()
		shuffle(&record, seed)
		var kept []evidence.Entry
		for i, e := range record.Entries {
			if keep>>(i%64)&1 == 1 {
				kept = append(kept, e)
			}
		}
		record.Entries = kept
		damage(&record, seed)
		checkTrace(t, record, Explain(record))
	})
}

// damage takes away what sources may lack.
func damage(record *evidence.Record, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	if random.IntN(4) == 0 {
		record.Subject.UID = ""
	}
	if random.IntN(4) == 0 {
		record.AuditID = ""
	}
	for i := range record.Entries {
		e := &record.Entries[i]
		if random.IntN(4) > 0 {
			continue
		}
		switch {
		case e.Etcd != nil:
			e.Etcd.Value = json.RawMessage(`"damaged"`)
		case e.Watch != nil:
			e.Watch.Object = nil
		case e.Audit != nil:
			e.Audit.ResponseObject, e.Audit.ResponseRevision, e.Audit.RequestObject = nil, 0, nil
		case e.Decision != nil:
			e.Decision.Nodes, e.Decision.Bind = nil, nil
		case e.Transition != nil:
			e.Transition.ResourceVersion = "not a number"
		}
	}
}
