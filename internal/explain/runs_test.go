// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/test/golden"
)

// goldenRuns are the records whose runs are compared with files, by the name of
// the file. The page is tested with these files.
var goldenRuns = map[string]string{
	"fits": "fits", "unschedulable": "unschedulable", "gated": "gated", "deleted": "deleted-running", "rejected": "denied-by-policy",
	"forbidden": "forbidden", "restarted": "restarts", "waited": "waited", "race": "race", "replicaset": "set", "scaled": "set-scaled",
	"dry-run": "dry-run", "patch": "label", "delete": "delete", "get": "get", "no-audit": "no-audit", "nothing": "nothing",
	"pod": "captured/pod-running", "pod-evicted": "captured/pod-evicted", "measured": "captured/simpod-measured",
	"preempted": "captured/simpod-preempted", "preempting": "captured/simpod-preempting", "crashing": "captured/simpod-restarted",
	"replicaset-of-three": "captured/simreplicaset", "from-page": "captured/simpod-from-page",
}

// TestRunGolden compares runs with golden files. Run it with -update to write
// them, and read the difference before it is committed.
func TestRunGolden(t *testing.T) {
	records := explain.Recordings(t)
	for name, source := range goldenRuns {
		t.Run(name, func(t *testing.T) {
			golden.CheckJSON(t, filepath.Join("run", "testdata", name+".golden.json"), run.Of(records[source]()))
		})
	}
}

// TestRuns checks what holds for each run, whatever was recorded.
func TestRuns(t *testing.T) {
	for name, record := range explain.Recordings(t) {
		t.Run(name, func(t *testing.T) {
			r := run.Of(record())
			checkReferences(t, r)
			checkTimes(t, r)
			checkMoments(t, r)
			if len(r.States) != len(r.Trace.Revisions) {
				t.Errorf("%d states of %d revisions", len(r.States), len(r.Trace.Revisions))
			}
			for i, s := range r.States {
				if s.Revision != r.Trace.Revisions[i].Revision {
					t.Errorf("state %d is of revision %d, want %d", i, s.Revision, r.Trace.Revisions[i].Revision)
				}
				if shown := len(s.Object) > 0; shown == (s.Removed || s.Unavailable != "") {
					t.Errorf("revision %d: removed %v, unavailable %q, %d bytes", s.Revision, s.Removed, s.Unavailable, len(s.Object))
				}
			}
		})
	}
}

// checkReferences checks that IDs are unique, and that what is named is there.
func checkReferences(t *testing.T, r run.Run) {
	t.Helper()
	actors, things, pieces := map[string]bool{}, map[string]bool{}, map[string]bool{}
	add := func(to map[string]bool, id string) {
		if id == "" || to[id] {
			t.Errorf("ID %q is empty or there twice", id)
		}
		to[id] = true
	}
	for _, a := range r.Actors {
		add(actors, a.ID)
	}
	for _, e := range r.Evidence {
		add(pieces, e.ID)
	}
	proved := func(what string, ids []string) {
		for _, id := range ids {
			if !pieces[id] {
				t.Errorf("%s rests on %s, which is not there", what, id)
			}
		}
	}
	for _, m := range r.Messages {
		add(things, m.ID)
		proved(m.ID, m.Evidence)
		if !actors[m.From] || !actors[m.To] || m.Label == "" || m.Text == "" {
			t.Errorf("message is not whole: %+v", m)
		}
	}
	for _, a := range r.Activities {
		add(things, a.ID)
		proved(a.ID, a.Evidence)
		if !actors[a.Actor] || a.Begin == nil {
			t.Errorf("activity is not whole: %+v", a)
		}
	}
	for _, m := range r.Moments {
		proved(m.Title, m.Evidence)
		for _, id := range slices.Concat(m.Messages, m.Activities) {
			if !things[id] {
				t.Errorf("moment %q has %s, which is not there", m.Title, id)
			}
		}
		if !actors[m.Actor] || m.Label == "" || m.Title == "" {
			t.Errorf("moment is not whole: %+v", m)
		}
	}
}

// checkTimes checks that no time contradicts another, and that an unknown one is
// said to be so.
func checkTimes(t *testing.T, r run.Run) {
	t.Helper()
	after := func(x, y *metav1.MicroTime) bool { return x != nil && y != nil && x.After(y.Time) }
	for _, m := range r.Messages {
		if after(m.NotBefore, m.NotAfter) || after(m.SentAt, m.NotAfter) {
			t.Errorf("times of %s contradict each other: %+v", m.ID, m)
		}
		if (m.SentAt == nil || m.ReceivedAt == nil) && m.Unknown == "" {
			t.Errorf("nothing says why a time of %s is not known", m.ID)
		}
	}
	for _, a := range r.Activities {
		if after(a.Begin, a.End) {
			t.Errorf("activity %s ends before it begins", a.ID)
		}
	}
	for _, m := range r.Moments {
		if after(m.NotBefore, m.NotAfter) {
			t.Errorf("moment %q lies between %s and %s", m.Title, m.NotBefore, m.NotAfter)
		}
		if m.At != nil && (m.At.Before(r.Begin) || m.At.After(r.End.Time)) {
			t.Errorf("moment %q is outside of the run", m.Title)
		}
	}
}

// checkMoments checks that the cursor stops once at each step, and at each
// revision of a life.
func checkMoments(t *testing.T, r run.Run) {
	t.Helper()
	var steps []int32
	revisions := map[int64]bool{}
	last := int64(0)
	for _, m := range r.Moments {
		if m.Step > 0 {
			steps = append(steps, m.Step)
		}
		if m.Step == 3 && m.Revision == 0 && len(r.Trace.Revisions) > 0 && r.Trace.Revisions[0].Step == 3 {
			t.Errorf("moment %q is at no revision", m.Title)
		}
		if m.Revision < last {
			t.Errorf("moment %q is at revision %d, after one at %d", m.Title, m.Revision, last)
		}
		last = m.Revision
		revisions[m.Revision] = true
	}
	var want []int32
	for _, s := range r.Trace.Steps {
		want = append(want, s.Step)
	}
	if d := cmp.Diff(want, steps); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if r.Trace.Kind != "create" {
		return
	}
	for _, revision := range r.Trace.Revisions {
		if !revisions[revision.Revision] {
			t.Errorf("no moment at revision %d", revision.Revision)
		}
	}
	if n := len(r.Moments); n > 0 && r.Moments[n-1].Outcome != r.Trace.Outcome {
		t.Errorf("at the end it is %s, want %s", r.Moments[n-1].Outcome, r.Trace.Outcome)
	}
}

// TestRunOfAnyOrder checks that the order in which entries arrived changes nothing.
func TestRunOfAnyOrder(t *testing.T) {
	for _, name := range []string{"fits", "waited", "set", "captured/pod-evicted"} {
		record := explain.Recordings(t)[name]()
		want, err := json.Marshal(run.Of(record))
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 2))
		random.Shuffle(len(record.Entries), func(i, k int) {
			record.Entries[i], record.Entries[k] = record.Entries[k], record.Entries[i]
		})
		got, err := json.Marshal(run.Of(record))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s: the order changes the run:\n%s", name, d)
		}
	}
}

// TestRunIsBounded makes a long life: what is left out is counted, and the run
// stays small.
func TestRunIsBounded(t *testing.T) {
	began := time.Now()
	r := run.Of(explain.LongRecording(2000))
	if len(r.Messages) != run.MaxMessages || len(r.Evidence) > run.MaxEvidence || len(r.Activities) > run.MaxActivities || len(r.States) > explain.MaxRevisions {
		t.Errorf("%d messages, %d activities, %d pieces of evidence, %d states", len(r.Messages), len(r.Activities), len(r.Evidence), len(r.States))
	}
	if r.MessagesOmitted == 0 || r.EvidenceOmitted == 0 || r.ActivitiesOmitted == 0 {
		t.Errorf("omitted: %d messages, %d activities, %d pieces of evidence", r.MessagesOmitted, r.ActivitiesOmitted, r.EvidenceOmitted)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 8<<20 {
		t.Errorf("the run has %d bytes", len(data))
	}
	t.Logf("%d bytes in %s", len(data), time.Since(began))
	checkReferences(t, r)
}
