// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

// Who waits is woken by what it waits for, and by nothing else.
func TestNotify(t *testing.T) {
	request := audited(pod("", ""), "id-1")
	collection := audited(pod("", ""), "id-2")
	collection.Audit.Verb = "deletecollection"
	for name, tc := range map[string]struct {
		entry evidence.Entry
		want  bool
	}{
		"the object":               {stored(pod("a", "u-1"), 1), true},
		"its name, without a UID":  {audited(pod("a", ""), "id-3"), true},
		"the request":              {request, true},
		"its namespace's deletion": {collection, true},
		"a child":                  {childOf("set-1"), true},
		"another owner's child":    {childOf("set-2"), false},
		"another object":           {stored(pod("b", "u-2"), 1), false},
		"another request":          {audited(pod("b", ""), "id-3"), false},
		"another namespace":        {stored(evidence.Object{Group: "g", Resource: "simpods", Namespace: "other", Name: "a"}, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			j := newTestJournal(JournalOptions{})
			changed, stop := j.Notify(Interest{AuditID: "id-1", Names: []evidence.Object{pod("a", "ignored"), pod("", "")}, Controller: "set-1"})
			j.Append(tc.entry)
			j.Append(tc.entry)
			if got := len(changed) == 1; got != tc.want {
				t.Errorf("woken: %v, want %v", got, tc.want)
			}
			stop()
			if len(j.waiting) != 0 {
				t.Errorf("%d topics are kept of nobody who waits", len(j.waiting))
			}
		})
	}
}

func childOf(uid types.UID) evidence.Entry {
	entry := stored(pod("child", "u-9"), 1)
	entry.Controller = uid
	return entry
}

// Who waits for everything is woken by anything.
func TestNotifyOfAll(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	changed, stop := j.Notify(Interest{All: true})
	defer stop()
	j.Append(audited(pod("", ""), "id-1"))
	if len(changed) != 1 {
		t.Error("not woken")
	}
}

// A list of what is new looks no further back than it has to.
func TestSubjectsSince(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	all := func(evidence.Object) bool { return true }
	for i, name := range []string{"a", "b", "a", "c"} {
		j.Append(stored(pod(name, types.UID("u-"+name)), i+1))
	}
	var names []string
	for _, s := range j.SubjectsSince(all, 2, 10) {
		names = append(names, s.Object.Name)
	}
	if diff := cmp.Diff([]string{"c", "a"}, names); diff != "" {
		t.Errorf("since 2 (-want +got):\n%s", diff)
	}
	if got := j.SubjectsSince(all, j.Last(), 10); len(got) != 0 {
		t.Errorf("since the last one: %+v", got)
	}
	if got := j.SubjectsSince(all, 0, 1); len(got) != 1 || got[0].Object.Name != "c" {
		t.Errorf("the newest: %+v", got)
	}
}

func read(object evidence.Object, user string, revision int64) evidence.Entry {
	return evidence.Entry{
		Source: evidence.SourceAudit, Object: object, Revision: revision, Time: now,
		Audit: &evidence.Audit{Verb: "get", Stage: "ResponseComplete", URI: "/pods/a?x=1", User: user, Code: 200, ResponseObject: make([]byte, 1000)},
	}
}

// Whoever polls an object fills neither its record nor the journal.
func TestEqualReadsAreFolded(t *testing.T) {
	const polls = 10_000
	j := newTestJournal(JournalOptions{MaxEntries: 200})
	j.Append(stored(pod("a", "u-1"), 1))
	for i := range polls {
		entry := read(pod("a", "u-1"), "poller", 7)
		entry.Audit.AuditID, entry.Time = fmt.Sprintf("poll-%d", i), now.Add(time.Duration(i)*time.Second)
		j.Append(entry)
		if i%1000 == 0 {
			j.Append(stored(pod("b", "u-2"), 1))
		}
	}
	j.Append(read(pod("a", "u-1"), "somebody else", 7))
	j.Append(read(pod("a", "u-1"), "poller", 8))

	entries := j.ByUID("u-1")
	want := []string{"", "poll-0"}
	for i := polls - keptReads; i < polls; i++ {
		want = append(want, fmt.Sprintf("poll-%d", i))
	}
	want = append(want, "", "")
	var got []string
	for i := range entries {
		got = append(got, entries[i].AuditID())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&evidence.Reads{Count: polls, First: now}, entries[len(entries)-3].Audit.Reads); diff != "" {
		t.Errorf("the last poll (-want +got):\n%s", diff)
	}
	if entries[1].Audit.Reads != nil {
		t.Errorf("the first poll counts %+v", entries[1].Audit.Reads)
	}
	folded := polls - 1 - keptReads
	if stats := j.Stats(); stats.Dropped != 0 || stats.Folded != uint64(folded) || stats.Entries != len(entries)+10 {
		t.Errorf("stats %+v with %d entries", stats, len(entries))
	}
	if got := j.ByAuditID("poll-500"); got != nil {
		t.Errorf("a folded read is still found: %d entries", len(got))
	}
	if got := len(j.tracks[schema.GroupResource{Group: "g", Resource: "simpods"}].entries); got > 3*(len(entries)+10) {
		t.Errorf("%d places for %d entries", got, len(entries)+10)
	}
	all := func(evidence.Object) bool { return true }
	if got := j.Subjects(all, 0, 10); len(got) != 2 || got[0].Object.UID != "u-1" || got[0].Entries != len(entries) {
		t.Errorf("subjects %+v", got)
	}
}

// What servers measured of a read goes with it, and is found by its audit ID.
func TestSpansOfFoldedReadsAreLeftOut(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	for i := range 3 + keptReads {
		entry := read(pod("a", "u-1"), "poller", 7)
		id := fmt.Sprintf("poll-%d", i)
		entry.Audit.AuditID = id
		j.Append(entry)
		j.Append(evidence.Entry{Source: evidence.SourceSpan, Object: pod("a", ""), Spans: &evidence.Spans{AuditID: id, Spans: []evidence.Span{{Name: "Get"}}}})
	}
	for id, want := range map[string]int{"poll-0": 2, "poll-1": 0, "poll-2": 0, "poll-3": 2} {
		if got := j.ByAuditID(id); len(got) != want {
			t.Errorf("%d entries of %s, want %d", len(got), id, want)
		}
	}
	if stats := j.Stats(); stats.Folded != 2 || stats.Entries != 2*(1+keptReads) {
		t.Errorf("stats %+v", stats)
	}
}

// What is no read of one object stays as it is.
func TestOnlyReadsAreFolded(t *testing.T) {
	for name, change := range map[string]func(*evidence.Entry){
		"a patch":    func(e *evidence.Entry) { e.Audit.Verb = "patch" },
		"a list":     func(e *evidence.Entry) { e.Audit.Verb, e.Object.Name, e.Audit.AuditID = "list", "", "id" },
		"no request": func(e *evidence.Entry) { e.Audit, e.Etcd = nil, &evidence.Etcd{Read: true} },
	} {
		t.Run(name, func(t *testing.T) {
			j := newTestJournal(JournalOptions{})
			for range 100 {
				entry := read(pod("a", ""), "user", 7)
				change(&entry)
				j.Append(entry)
			}
			if stats := j.Stats(); stats.Entries != 100 || stats.Folded != 0 {
				t.Errorf("stats %+v", stats)
			}
		})
	}
}

// Reads are forgotten with their entries, however they go.
func TestFoldedReadsAreDroppedLikeOthers(t *testing.T) {
	j := newTestJournal(JournalOptions{MaxEntries: 20})
	for i := range 1000 {
		j.Append(read(pod("a", "u-1"), fmt.Sprintf("user-%d", i%3), 7))
		if i%50 == 0 {
			for range 30 {
				j.Append(stored(pod("b", "u-2"), 1))
			}
		}
	}
	for range 30 {
		j.Append(stored(pod("b", "u-2"), 1))
	}
	if stats := j.Stats(); stats.Entries != 20 || stats.Bytes <= 0 {
		t.Errorf("stats %+v", stats)
	}
	if len(j.reads) != 0 || len(j.ByUID("u-1")) != 0 {
		t.Errorf("%d groups of reads are kept without an entry", len(j.reads))
	}
}

func TestChildren(t *testing.T) {
	j := newTestJournal(JournalOptions{MaxEntries: 5})
	child := func(name string, uid, controller types.UID) evidence.Entry {
		entry := stored(pod(name, uid), 1)
		entry.Controller = controller
		return entry
	}
	j.Append(child("dropped", "u-0", "set"))
	j.Append(child("a", "u-1", "set"))
	j.Append(child("b", "u-2", "set"))
	j.Append(child("a", "u-1", "set"))
	j.Append(child("c", "u-3", "another set"))
	j.Append(stored(pod("d", "u-4"), 1))
	for limit, want := range map[int][]evidence.Object{1: {pod("a", "u-1")}, 2: {pod("a", "u-1"), pod("b", "u-2")}, 3: {pod("a", "u-1"), pod("b", "u-2")}} {
		got, more := j.Children("set", limit)
		if diff := cmp.Diff(want, got); diff != "" || more != 2-min(limit, 2) {
			t.Errorf("%d more than %d; children (-want +got):\n%s", more, limit, diff)
		}
	}
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
		"glassplane_journal_folded_total":  0,
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

// A name that was refused again and again must not keep the observer from
// recording while subjects are listed.
func BenchmarkSubjectsOfOneRefusedName(b *testing.B) {
	for _, entries := range []int{1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(entries), func(b *testing.B) {
			j := NewJournal(JournalOptions{})
			for i := range entries {
				j.Append(audited(pod("refused", ""), strconv.Itoa(i)))
			}
			for b.Loop() {
				if got := j.Subjects(func(evidence.Object) bool { return true }, 0, 100); len(got) != 1 {
					b.Fatalf("%d subjects", len(got))
				}
			}
		})
	}
}

// TestSeen checks which objects of a collection are found by when something of
// them arrived.
func TestSeen(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Unix(0, 0))
	j := NewJournal(JournalOptions{Clock: clock})
	add := func(second int64, resource, namespace, name string, revision int64) {
		clock.SetTime(time.Unix(second, 0))
		j.Append(evidence.Entry{Source: evidence.SourceEtcd, Revision: revision, Etcd: &evidence.Etcd{ModRevision: revision},
			Object: evidence.Object{Resource: resource, Namespace: namespace, Name: name, UID: types.UID("uid-" + name)}})
	}
	add(1, "simpods", "ns", "early", 1)
	add(5, "simpods", "ns", "a", 2)
	add(6, "simpods", "other", "b", 3)
	add(6, "simnodes", "ns", "c", 4)
	add(7, "simpods", "ns", "a", 5)
	add(8, "simpods", "ns", "d", 6)
	add(9, "simpods", "ns", "e", 7)
	add(20, "simpods", "ns", "late", 8)
	even := func(e *evidence.Entry) bool { return e.Revision%2 == 0 }
	any := func(*evidence.Entry) bool { return true }
	tests := map[string]struct {
		match func(*evidence.Entry) bool
		limit int
		want  []string
		more  int
	}{
		"all":        {any, 9, []string{"e", "d", "a"}, 0},
		"that match": {even, 9, []string{"d", "a"}, 0},
		"some":       {any, 1, []string{"e"}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects, more := j.Seen(evidence.Object{Resource: "simpods", Namespace: "ns"}, time.Unix(5, 0), time.Unix(10, 0), tt.match, tt.limit)
			var got []string
			for _, o := range objects {
				got = append(got, o.Name)
			}
			if d := cmp.Diff(tt.want, got); d != "" || more != tt.more {
				t.Errorf("%d more, want %d; (-want +got):\n%s", more, tt.more, d)
			}
		})
	}
}

// TestFolded checks that a read which was folded into others can be told from one
// that was never recorded, and that what is known of them has a bound.
func TestFolded(t *testing.T) {
	j := newTestJournal(JournalOptions{})
	read := func(i int) {
		for _, stage := range []string{"RequestReceived", "ResponseComplete"} {
			j.Append(evidence.Entry{Source: evidence.SourceAudit, Time: now.Add(time.Duration(i) * time.Second), Object: pod("web", "u-1"),
				Audit: &evidence.Audit{AuditID: strconv.Itoa(i), Stage: stage, Verb: "get", User: "alice", Code: 200}})
		}
	}
	for i := range 30 {
		read(i)
	}
	got, ok := j.Folded("7")
	want := Fold{Object: pod("web", "u-1"), Verb: "get", User: "alice", Count: 30, First: now,
		Kept: []string{"0", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29"}}
	if d := cmp.Diff(want, got); d != "" || !ok {
		t.Errorf("Folded() is known: %v (-want +got):\n%s", ok, d)
	}
	for _, id := range []string{"0", "25", "unheard of"} {
		if _, ok := j.Folded(id); ok {
			t.Errorf("request %s is said to be folded", id)
		}
	}
	for i := range 2 * keptFolds {
		read(30 + i)
	}
	if n := len(j.folds.byID); n != keptFolds || len(j.folds.order) != keptFolds {
		t.Errorf("%d folded reads are known, want %d", n, keptFolds)
	}
	if _, ok := j.Folded("7"); ok {
		t.Error("the oldest folded read is still known")
	}
}
