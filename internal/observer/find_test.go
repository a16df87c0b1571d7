// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/redact"
)

func at(second int) time.Time { return time.Unix(int64(second), 0) }

func pod(uid types.UID) evidence.Object {
	return evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: "web", UID: uid}
}

// audited is a request without a UID, as at audit level Metadata.
func audited(second int, id, verb string, code int32) evidence.Entry {
	return evidence.Entry{
		Source: evidence.SourceAudit, Time: at(second), Object: pod(""),
		Audit: &evidence.Audit{AuditID: id, Stage: "ResponseComplete", Verb: verb, Code: code, ReceivedAt: at(second), StageAt: at(second)},
	}
}

func stored(second int, uid types.UID, create, mod int64) evidence.Entry {
	return evidence.Entry{
		Source: evidence.SourceEtcd, Time: at(second), Object: pod(uid), Revision: mod,
		Etcd: &evidence.Etcd{CreateRevision: create, ModRevision: mod, Version: mod - create + 1},
	}
}

func removed(second int, uid types.UID, mod int64) evidence.Entry {
	entry := stored(second, uid, 0, mod)
	entry.Etcd = &evidence.Etcd{ModRevision: mod, Deleted: true}
	return entry
}

func watched(second int, uid types.UID, mod int64) evidence.Entry {
	return evidence.Entry{
		Source: evidence.SourceWatch, Time: at(second), Object: pod(uid), Revision: mod,
		Watch: &evidence.Watch{Type: "ADDED", ArrivedAt: at(second)},
	}
}

// fakeSource is a source whose state is given.
type fakeSource struct {
	state evidence.SourceState
	since int64
}

func (fakeSource) Run(context.Context) error          { return nil }
func (f fakeSource) State() evidence.SourceState      { return f.state }
func (f fakeSource) Since(schema.GroupResource) int64 { return f.since }

// fakeKeys answers reads of etcd.
func TestStored(t *testing.T) {
	o := newTest()
	if _, err := o.Stored(t.Context(), pod("u-1")); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("without etcd: %v", err)
	}
	secret := evidence.Entry{Source: evidence.SourceEtcd, Object: pod("u-1"), Etcd: &evidence.Etcd{Key: "k", CreateRevision: 5, ModRevision: 7,
		Value: []byte(`{"kind":"Pod","spec":{"containers":[{"env":[{"name":"PASSWORD","value":"hunter2222"}]}]}}`)}}
	o.reader = &fakeKeys{read: secret}
	got, err := o.Stored(t.Context(), pod("u-1"))
	if err != nil || got.Etcd.ModRevision != 7 || strings.Contains(string(got.Etcd.Value), "hunter") || !strings.Contains(string(got.Etcd.Value), "PASSWORD") {
		t.Errorf("stored %s, %v: want revision 7 without the secret", got.Etcd.Value, err)
	}
	o.reader = &fakeKeys{err: errors.New("no leader")}
	if _, err := o.Stored(t.Context(), pod("u-1")); !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "no leader") {
		t.Errorf("where etcd fails: %v", err)
	}
}

type fakeKeys struct {
	read    evidence.Entry
	history []evidence.Entry
	err     error
	readAt  []int64
}

func (f *fakeKeys) ReadKey(_ context.Context, _ evidence.Object, revision int64) (evidence.Entry, error) {
	f.readAt = append(f.readAt, revision)
	return f.read, f.err
}

func (f *fakeKeys) History(_ context.Context, _ evidence.Object, _, before int64) ([]evidence.Entry, error) {
	return slices.DeleteFunc(f.history, func(e evidence.Entry) bool { return e.Revision >= before }), f.err
}

func newTest(entries ...evidence.Entry) *Observer {
	clock := clocktesting.NewFakeClock(at(5000))
	o := newObserver(clock, record.NewJournal(record.JournalOptions{Clock: clock}))
	for _, entry := range entries {
		o.journal.Append(entry)
	}
	return o
}

// The name is used twice, with requests that do not say whom they are about.
var reused = []evidence.Entry{
	audited(5, "refused-before", "create", 422),
	audited(10, "create-1", "create", 201),
	stored(11, "u-1", 100, 100),
	audited(12, "conflict-1", "create", 409),
	audited(13, "patch-1", "patch", 200),
	stored(14, "u-1", 100, 101),
	audited(15, "delete-1", "delete", 200),
	removed(16, "u-1", 102),
	audited(20, "refused-between", "create", 422),
	audited(30, "create-2", "create", 201),
	stored(31, "u-2", 110, 110),
	audited(32, "get-2", "get", 200),
}

func ids(entries []evidence.Entry) (out []string) {
	for _, entry := range entries {
		if entry.Audit != nil {
			out = append(out, entry.Audit.AuditID)
		}
	}
	return out
}

func TestFind(t *testing.T) {
	tests := map[string]struct {
		query    Query
		wantUID  types.UID
		wantIDs  []string
		wantNext int64
		wantNone bool
	}{
		"the last object of the name": {query: Query{Object: pod("")}, wantUID: "u-2", wantIDs: []string{"create-2", "get-2"}},
		"an earlier one":              {query: Query{Object: pod("u-1")}, wantUID: "u-1", wantIDs: []string{"create-1", "conflict-1", "patch-1", "delete-1"}},
		"by a request of it":          {query: Query{AuditID: "patch-1"}, wantUID: "u-1", wantIDs: []string{"create-1", "conflict-1", "patch-1", "delete-1"}},
		"a request refused before":    {query: Query{AuditID: "refused-before"}, wantIDs: []string{"refused-before"}, wantNext: 100},
		"a request refused between":   {query: Query{AuditID: "refused-between"}, wantIDs: []string{"refused-between"}, wantNext: 110},
		"unknown UID":                 {query: Query{Object: pod("u-9")}, wantUID: "u-9", wantNone: true},
		"unknown request":             {query: Query{AuditID: "id-9"}, wantNone: true},
		"request of another object": {
			query:    Query{AuditID: "patch-1", Object: evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: "other"}},
			wantNone: true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			found, ok := newTest(reused...).find(tc.query)
			if ok == tc.wantNone {
				t.Fatalf("found: %v", ok)
			}
			if found.Subject.UID != tc.wantUID || found.Next != tc.wantNext {
				t.Errorf("UID %q, next %d, want %q, %d", found.Subject.UID, found.Next, tc.wantUID, tc.wantNext)
			}
			if diff := cmp.Diff(tc.wantIDs, ids(found.Entries)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			for _, entry := range found.Entries {
				if uid := entry.Object.UID; uid != "" && uid != tc.wantUID {
					t.Errorf("an entry of %s", uid)
				}
			}
		})
	}
}

func TestNeverCreatedIsAboutTheLastCreate(t *testing.T) {
	o := newTest(audited(1, "first", "create", 422), audited(2, "second", "create", 422), audited(3, "get", "get", 404))
	found, ok := o.find(Query{Object: pod("")})
	if !ok || found.AuditID != "second" || len(found.Entries) != 1 {
		t.Errorf("found %v: %s with %d entries", ok, found.AuditID, len(found.Entries))
	}
}

func TestReadKeys(t *testing.T) {
	absent := evidence.Entry{Source: evidence.SourceEtcd, Object: pod(""), Etcd: &evidence.Etcd{Read: true, ReadRevision: 7}}
	present := stored(50, "u-1", 100, 103)
	present.Etcd.Read = true
	tests := map[string]struct {
		journal  []evidence.Entry
		query    Query
		keys     fakeKeys
		wantRead []int64
		want     []int64 // revisions that etcd has
		wantErr  bool
	}{
		"a refusal is proved":             {journal: reused[:1], query: Query{Object: pod("")}, keys: fakeKeys{read: absent}, wantRead: []int64{0}, want: []int64{0}},
		"right before the next object":    {journal: reused, query: Query{AuditID: "refused-between"}, keys: fakeKeys{read: absent}, wantRead: []int64{109}, want: []int64{0}},
		"nothing is missing":              {journal: reused, query: Query{Object: pod("")}, want: []int64{110}},
		"the first revisions are missing": {journal: []evidence.Entry{stored(1, "u-1", 100, 102)}, query: Query{Object: pod("")}, keys: fakeKeys{history: []evidence.Entry{stored(2, "u-1", 100, 100), stored(2, "u-1", 100, 101), stored(2, "u-1", 100, 102)}}, want: []int64{100, 101, 102}},
		"written before the start":        {query: Query{Object: pod("")}, keys: fakeKeys{read: present, history: []evidence.Entry{stored(2, "u-1", 100, 100), present}}, wantRead: []int64{0}, want: []int64{100, 103}},
		"another object has the name":     {query: Query{Object: pod("u-9")}, keys: fakeKeys{read: present}, wantRead: []int64{0}, wantErr: true},
		"nothing is known":                {query: Query{Object: pod("")}, keys: fakeKeys{read: absent}, wantRead: []int64{0}, wantErr: true},
		"etcd is down":                    {journal: reused[:1], query: Query{Object: pod("")}, keys: fakeKeys{err: errors.New("connection refused")}, wantRead: []int64{0}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o := newTest(tc.journal...)
			o.reader = &tc.keys
			o.sources = []Source{fakeSource{state: evidence.SourceState{Source: evidence.SourceEtcd, Available: true}}}
			got, err := o.Record(t.Context(), tc.query)
			if (err != nil) != tc.wantErr {
				t.Fatalf("error %v", err)
			}
			if notFound := (*NotFoundError)(nil); tc.wantErr && !errors.As(err, &notFound) {
				t.Errorf("error %v is not a NotFoundError", err)
			}
			if diff := cmp.Diff(tc.wantRead, tc.keys.readAt); diff != "" {
				t.Errorf("reads (-want +got):\n%s", diff)
			}
			var revisions []int64
			for _, entry := range got.Entries {
				if entry.Etcd != nil {
					revisions = append(revisions, entry.Revision)
				}
			}
			if diff := cmp.Diff(tc.want, revisions); diff != "" {
				t.Errorf("revisions (-want +got):\n%s", diff)
			}
			if err == nil && got.Sources[0].Available != (tc.keys.err == nil) {
				t.Errorf("sources %+v", got.Sources)
			}
		})
	}
}

func TestRecordWaitsUntilSourcesAgree(t *testing.T) {
	tests := map[string]struct {
		watchSince int64
		available  bool
		arrives    bool
		wantWait   bool
	}{
		"the watch has it soon":      {watchSince: 50, available: true, arrives: true, wantWait: true},
		"the watch never has it":     {watchSince: 50, available: true, wantWait: true},
		"the watch began later":      {watchSince: 200, available: true},
		"the watch is not available": {watchSince: 50},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o := newTest(stored(11, "u-1", 100, 100))
			watch := fakeSource{since: tc.watchSince, state: evidence.SourceState{Source: evidence.SourceWatch, Available: tc.available}}
			o.sources, o.watch = []Source{watch}, watch
			records := make(chan evidence.Record, 1)
			go func() {
				got, err := o.Record(t.Context(), Query{Object: pod("")})
				if err != nil {
					t.Error(err)
				}
				records <- got
			}()
			if tc.wantWait {
				clock := o.clock.(*clocktesting.FakeClock)
				waitFor(t, clock.HasWaiters)
				if tc.arrives {
					o.journal.Append(watched(12, "u-1", 100))
				} else {
					clock.Step(defaultSettleTimeout)
				}
			}
			got := <-records
			if want := map[bool]int{true: 2, false: 1}[tc.arrives]; len(got.Entries) != want {
				t.Errorf("%d entries, want %d", len(got.Entries), want)
			}
		})
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the condition does not become true")
		}
	}
}

// Nothing leaves the observer with a secret in it: no record, whatever it was read
// from, and no summary.
func TestRecordsAreRedacted(t *testing.T) {
	const secret = "s3cr3t-value"
	object := []byte(`{"metadata":{"name":"web","uid":"u-1"},"spec":{"containers":[{"env":[{"name":"P","value":"` + secret + `"}]}]}}`)
	created, now := audited(10, "create-1", "create", 201), stored(11, "u-1", 100, 101)
	created.Audit.RequestObject, now.Etcd.Value = object, object
	o := newTest(created, now)
	before := stored(9, "u-1", 100, 100)
	before.Etcd.Value, before.Etcd.Read = object, true
	o.reader = &fakeKeys{history: []evidence.Entry{before}}
	current, err := o.Current(t.Context(), Query{Object: pod("u-1")})
	if err != nil {
		t.Fatal(err)
	}
	peeked, ok := o.Peek(pod("u-1"))
	if !ok || len(current.Entries) != 3 || len(peeked.Entries) != 2 {
		t.Fatalf("%d and %d entries", len(current.Entries), len(peeked.Entries))
	}
	for what, found := range map[string]any{"record": current, "peek": peeked} {
		data, err := json.Marshal(found)
		if err != nil || strings.Contains(string(data), secret) || !strings.Contains(string(data), redact.Text) {
			t.Errorf("%s: %s, %v", what, data, err)
		}
	}
}

// TestMembers checks which objects a record of a deletecollection has: those of its
// answer or, where that is not kept, those that ended at its time.
func TestMembers(t *testing.T) {
	named := func(e evidence.Entry, name string) evidence.Entry {
		e.Object.Name = name
		return e
	}
	all := func(response string, code int32, query string) evidence.Entry {
		e := named(audited(20, "all", "deletecollection", code), "")
		e.Audit.ResponseObject, e.Audit.URI = []byte(response), "/apis/sim.glassplane.dev/v1alpha1/namespaces/ns/simpods"+query
		return e
	}
	const answer = `{"kind":"SimPodList","items":[{"metadata":{"name":"web","uid":"u-1"}},{"metadata":{"name":"away","uid":"u-9"}}]}`
	tests := map[string]struct {
		all  evidence.Entry
		want []string
	}{
		"by the answer":              {all(answer, 200, ""), []string{"web"}},
		"by the time":                {all("", 200, ""), []string{"other", "web"}},
		"of a dry run":               {all(answer, 200, "?dryRun=All"), nil},
		"refused":                    {all("", 403, ""), nil},
		"of an answer that is empty": {all(`{"items":[]}`, 200, ""), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakeClock(at(0))
			o := newObserver(clock, record.NewJournal(record.JournalOptions{Clock: clock}))
			for _, e := range []evidence.Entry{
				stored(10, "u-1", 100, 100), named(stored(10, "u-2", 101, 101), "other"), named(stored(10, "u-3", 102, 102), "stays"),
				named(stored(2, "u-4", 90, 90), "before"), named(removed(3, "u-4", 91), "before"),
				tt.all, removed(20, "u-1", 103), named(removed(21, "u-2", 104), "other"),
			} {
				clock.SetTime(e.Time)
				o.journal.Append(e)
			}
			clock.SetTime(at(5000))
			o.settleTimeout = 0
			got, err := o.Record(t.Context(), Query{AuditID: "all"})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, c := range got.Children {
				names = append(names, c.Subject.Name)
				for _, e := range c.Entries {
					if e.Audit != nil && e.Audit.ResponseObject != nil {
						t.Error("the answer is kept for each member")
					}
				}
			}
			if d := cmp.Diff(tt.want, names); d != "" {
				t.Errorf("members (-want +got):\n%s", d)
			}
		})
	}
}

// Who asks for a read that was folded into others is told so, and at once.
func TestFoldedRead(t *testing.T) {
	o := newTest()
	for i := range 30 {
		e := audited(i, fmt.Sprintf("read-%d", i), "get", 200)
		e.Audit.User = "alice"
		o.journal.Append(e)
	}
	_, err := o.Record(t.Context(), Query{AuditID: "read-7"})
	const want = "request read-7 was folded into equal ones: it is one of the reads (get of simpods ns/web by alice) that got the same answer since " +
		"1970-01-01T00:00:00Z; the first and the newest of them are kept: ask for request/read-0"
	if err == nil || err.Error() != want || !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want %s", err, want)
	}
}
