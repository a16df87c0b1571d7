// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
)

var now = time.Unix(1000, 0)

func newTestJournal(options JournalOptions) *Journal {
	options.Clock = clocktesting.NewFakePassiveClock(now)
	return NewJournal(options)
}

func pod(name string, uid types.UID) evidence.Object {
	return evidence.Object{Group: "g", Resource: "simpods", Namespace: "ns", Name: name, UID: uid}
}

func audited(object evidence.Object, id string) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceAudit, Object: object, Audit: &evidence.Audit{AuditID: id, Verb: "create"}}
}

func stored(object evidence.Object, size int) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceEtcd, Object: object, Etcd: &evidence.Etcd{Value: make([]byte, size)}}
}

func sequences(entries []evidence.Entry) []uint64 {
	var out []uint64
	for _, entry := range entries {
		out = append(out, entry.Sequence)
	}
	return out
}

func TestJournalIndexes(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	j.Append(audited(pod("", ""), "id-1"))
	j.Append(audited(pod("a", "u-1"), "id-1"))
	j.Append(stored(pod("a", "u-1"), 1))
	j.Append(stored(pod("a", "u-2"), 1))
	j.Append(stored(pod("b", "u-3"), 1))

	for name, tc := range map[string]struct{ got, want []uint64 }{
		"by name":               {sequences(j.ByName(pod("a", "ignored"))), []uint64{2, 3, 4}},
		"by UID":                {sequences(j.ByUID("u-1")), []uint64{2, 3}},
		"by audit ID":           {sequences(j.ByAuditID("id-1")), []uint64{1, 2}},
		"other":                 {sequences(j.ByName(pod("c", ""))), nil},
		"requests without name": {sequences(j.ByName(pod("", ""))), nil},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := j.ByUID("u-3")[0].Recorded; !got.Equal(now) {
		t.Errorf("recorded at %v, want %v", got, now)
	}
}

func TestJournalDropsOldestByCount(t *testing.T) {
	j := newTestJournal(JournalOptions{MaxEntries: 100})
	for i := range 250 {
		object := pod(fmt.Sprintf("p-%d", i%7), types.UID(fmt.Sprintf("u-%d", i%7)))
		if got := j.Append(stored(object, 1)); got != uint64(i+1) {
			t.Fatalf("sequence %d, want %d", got, i+1)
		}
	}
	stats := j.Stats()
	if stats.Entries != 100 || stats.Dropped != 150 || stats.Appended[evidence.SourceEtcd] != 250 {
		t.Errorf("stats %+v", stats)
	}
	total := 0
	for i := range 7 {
		for _, entry := range j.ByName(pod(fmt.Sprintf("p-%d", i), "")) {
			total++
			if entry.Sequence <= 150 || entry.Object.Name != fmt.Sprintf("p-%d", i) {
				t.Errorf("entry %d of %s under p-%d", entry.Sequence, entry.Object.Name, i)
			}
		}
	}
	if total != 100 {
		t.Errorf("%d entries in the index, want 100", total)
	}
}

func TestJournalDropsOldestBySize(t *testing.T) {
	one := stored(pod("a", "u-1"), 1000)
	j := newTestJournal(JournalOptions{MaxBytes: 3 * Size(&one)})
	for range 5 {
		j.Append(one)
	}
	if stats := j.Stats(); stats.Entries != 3 || stats.Dropped != 2 || stats.Bytes != 3*Size(&one) {
		t.Errorf("stats %+v", stats)
	}
	// What is larger than the bound is kept alone.
	j.Append(stored(pod("b", "u-2"), 10_000))
	if stats := j.Stats(); stats.Entries != 1 || stats.Dropped != 5 {
		t.Errorf("stats %+v", stats)
	}
	if got := j.ByName(pod("a", "")); got != nil {
		t.Errorf("%d entries of a dropped object", len(got))
	}
	if len(j.byName) != 1 || len(j.byUID) != 1 {
		t.Errorf("indexes keep %d names and %d UIDs of dropped objects", len(j.byName), len(j.byUID))
	}
}

// TestJournalSharesRoom lets one resource fill the journal: others keep their
// share of it.
func TestJournalSharesRoom(t *testing.T) {
	busy := evidence.Object{Resource: "pods", Namespace: "ns", Name: "busy", UID: "u-busy"}
	one := stored(pod("a", "u-1"), 1000)
	for name, options := range map[string]JournalOptions{
		"by count": {MaxEntries: 100},
		"by size":  {MaxBytes: 100 * Size(&one)},
	} {
		t.Run(name, func(t *testing.T) {
			j := newTestJournal(options)
			for range 40 {
				j.Append(stored(pod("a", "u-1"), 1000))
			}
			for range 1000 {
				j.Append(stored(busy, 1000))
			}
			if got := len(j.ByUID("u-1")); got != 40 {
				t.Errorf("%d entries of the quiet resource are left, want all 40", got)
			}
			for range 1000 {
				j.Append(stored(pod("a", "u-1"), 1000))
			}
			if got := len(j.ByUID("u-busy")); got < 49 {
				t.Errorf("%d entries of the other resource are left, want its half", got)
			}
			if got := j.Stats(); got.Entries < 99 || got.Entries > 100 || got.Entries+int(got.Dropped) != 2040 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

func TestSizeCountsWhatGrows(t *testing.T) {
	small := audited(pod("a", ""), "id")
	base := Size(&small)
	large := audited(pod("a", ""), "id")
	large.Audit.RequestObject = make([]byte, 500)
	large.Audit.ResponseObject = make([]byte, 500)
	if got := Size(&large); got != base+1000 {
		t.Errorf("size %d, want %d", got, base+1000)
	}
}

func TestSubjects(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	j.Append(stored(pod("a", "u-1"), 1))
	j.Append(stored(pod("b", "u-2"), 1))
	j.Append(audited(pod("refused", ""), "id-1"))
	j.Append(stored(pod("a", "u-3"), 1))
	j.Append(audited(pod("a", ""), "id-2")) // Stands for no object of its own.
	j.Append(stored(pod("b", "u-2"), 1))
	j.Append(stored(evidence.Object{Resource: "simnodes", Name: "n", UID: "u-4"}, 1))
	pods := func(object evidence.Object) bool { return object.Resource == "simpods" }

	first := j.Subjects(pods, 0, 2)
	second := j.Subjects(pods, first[len(first)-1].Sequence, 2)
	want := []Subject{
		{Object: pod("b", "u-2"), LastSeen: now, Sequence: 6, Entries: 2},
		{Object: pod("a", "u-3"), LastSeen: now, Sequence: 4, Entries: 1},
		{Object: pod("refused", ""), LastSeen: now, Sequence: 3, Entries: 1},
		{Object: pod("a", "u-1"), LastSeen: now, Sequence: 1, Entries: 1},
	}
	if diff := cmp.Diff(want, append(first, second...)); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
}

func TestChanged(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	changed := j.Changed()
	select {
	case <-changed:
		t.Fatal("changed before an entry arrived")
	default:
	}
	j.Append(stored(pod("a", ""), 1))
	<-changed
}

func TestJournalIsSafeForConcurrentUse(t *testing.T) {
	j := NewJournal(JournalOptions{MaxEntries: 500})
	var group sync.WaitGroup
	for writer := range 4 {
		group.Go(func() {
			for i := range 2000 {
				j.Append(stored(pod(fmt.Sprintf("p-%d", i%50), types.UID(fmt.Sprintf("u-%d-%d", writer, i%50))), 10))
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for i := range 500 {
				for _, entry := range j.ByName(pod(fmt.Sprintf("p-%d", i%50), "")) {
					if entry.Etcd == nil {
						t.Error("an entry without content")
					}
				}
				j.Subjects(func(evidence.Object) bool { return true }, 0, 10)
				j.Stats()
			}
		})
	}
	group.Wait()
	if stats := j.Stats(); stats.Entries != 500 || stats.Dropped != 7500 {
		t.Errorf("stats %+v", stats)
	}
}

func TestMetrics(t *testing.T) {
	j := newTestJournal(JournalOptions{MaxEntries: 2})
	for range 3 {
		j.Append(stored(pod("a", ""), 1))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(j)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		metric := family.GetMetric()[0]
		got[family.GetName()] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
	}
	want := map[string]float64{
		"glassplane_journal_dropped_total": 1,
		"glassplane_journal_entries":       2,
		"glassplane_journal_entries_total": 3,
		"glassplane_journal_bytes":         float64(j.Stats().Bytes),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestState(t *testing.T) {
	s := NewState(evidence.SourceEtcd)
	if got := s.Get(); got.Available || got.Reason == "" {
		t.Errorf("a new state is %+v", got)
	}
	s.Available()
	s.Gap("revisions 1 to 2")
	want := evidence.SourceState{Source: evidence.SourceEtcd, Available: true, Reason: "has a gap: revisions 1 to 2"}
	if diff := cmp.Diff(want, s.Get()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.Unavailable("refused")
	want = evidence.SourceState{Source: evidence.SourceEtcd, Reason: "refused"}
	if diff := cmp.Diff(want, s.Get()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkAppend(b *testing.B) {
	j := NewJournal(JournalOptions{})
	entry := stored(pod("a", "u-1"), 2000)
	objects := make([]evidence.Object, 1000)
	for i := range objects {
		objects[i] = pod(fmt.Sprintf("p-%d", i), types.UID(fmt.Sprintf("u-%d", i)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		entry.Object = objects[i%len(objects)]
		j.Append(entry)
	}
}
