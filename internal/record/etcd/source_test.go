// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

var (
	now     = time.Unix(1000, 0)
	simPods = schema.GroupResource{Group: "sim.glassplane.dev", Resource: "simpods"}
	web     = evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: "web"}
)

const (
	webKey   = "/registry/sim.glassplane.dev/simpods/ns/web"
	webValue = `{"metadata":{"name":"web","uid":"u-1"}}`
)

// watchAnswer is what one call of Watch delivers before its channel is closed,
// unless it stays open.
type watchAnswer struct {
	responses []clientv3.WatchResponse
	open      bool
}

// fakeReader answers from a list of prepared answers and notes what was asked.
type fakeReader struct {
	get     func(key string, revision int64) (*clientv3.GetResponse, error)
	watches []watchAnswer
	from    []int64
	// asked is told of each request for progress where it is not nil.
	asked chan struct{}
}

func (f *fakeReader) RequestProgress(context.Context) error {
	if f.asked != nil {
		f.asked <- struct{}{}
	}
	return nil
}

func (f *fakeReader) Get(_ context.Context, key string, options ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	return f.get(key, clientv3.OpGet(key, options...).Rev())
}

func (f *fakeReader) Watch(ctx context.Context, key string, options ...clientv3.OpOption) clientv3.WatchChan {
	f.from = append(f.from, clientv3.OpGet(key, options...).Rev())
	answer := watchAnswer{open: true}
	if len(f.watches) > 0 {
		answer, f.watches = f.watches[0], f.watches[1:]
	}
	channel := make(chan clientv3.WatchResponse, len(answer.responses))
	for _, response := range answer.responses {
		channel <- response
	}
	if answer.open {
		context.AfterFunc(ctx, func() { close(channel) })
	} else {
		close(channel)
	}
	return channel
}

func kv(create, mod, version int64, value string) *mvccpb.KeyValue {
	return &mvccpb.KeyValue{Key: []byte(webKey), CreateRevision: create, ModRevision: mod, Version: version, Value: []byte(value)}
}

func put(create, mod, version int64) *clientv3.Event {
	return &clientv3.Event{Type: clientv3.EventTypePut, Kv: kv(create, mod, version, webValue+"\n")}
}

func deleted(mod int64) *clientv3.Event {
	return &clientv3.Event{Type: clientv3.EventTypeDelete, Kv: kv(0, mod, 0, "")}
}

func events(list ...*clientv3.Event) clientv3.WatchResponse {
	return clientv3.WatchResponse{Header: &pb.ResponseHeader{}, Events: list}
}

func got(header int64, kvs ...*mvccpb.KeyValue) *clientv3.GetResponse {
	return &clientv3.GetResponse{Header: &pb.ResponseHeader{Revision: header}, Kvs: kvs}
}

func newTest(reader *fakeReader) (*Source, *record.Journal) {
	clock := clocktesting.NewFakeClock(now)
	journal := record.NewJournal(record.JournalOptions{Clock: clock})
	return New(Options{Reader: reader, Resources: []schema.GroupResource{simPods}, Clock: clock}, journal), journal
}

func TestWatch(t *testing.T) {
	reader := &fakeReader{
		get:     func(string, int64) (*clientv3.GetResponse, error) { return got(10), nil },
		watches: []watchAnswer{{responses: []clientv3.WatchResponse{events(put(11, 11, 1), put(11, 12, 2)), events(deleted(13))}}},
	}
	source, journal := newTest(reader)
	next, err := source.watch(t.Context(), source.watches[0], 0)
	if !errors.Is(err, errWatchClosed) {
		t.Fatal(err)
	}
	if next != 14 || reader.from[0] != 11 || source.Since(simPods) != 10 {
		t.Errorf("from %v, next %d, since %d", reader.from, next, source.Since(simPods))
	}
	object := web
	object.UID = "u-1"
	entry := func(sequence uint64, revision int64, etcd evidence.Etcd) evidence.Entry {
		etcd.Key, etcd.ModRevision = webKey, revision
		return evidence.Entry{Sequence: sequence, Source: evidence.SourceEtcd, Time: now, Recorded: now, Object: object, Revision: revision, Etcd: &etcd}
	}
	want := []evidence.Entry{
		entry(1, 11, evidence.Etcd{CreateRevision: 11, Version: 1, Bytes: int64(len(webValue)) + 1, Value: []byte(webValue)}),
		entry(2, 12, evidence.Etcd{CreateRevision: 11, Version: 2, Bytes: int64(len(webValue)) + 1, Value: []byte(webValue)}),
		entry(3, 13, evidence.Etcd{Deleted: true}),
	}
	if diff := cmp.Diff(want, journal.ByName(web)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if len(source.watches[0].uids) != 0 {
		t.Error("the UID of a deleted key is kept")
	}
}

func TestWatchGoesOnAfterCompaction(t *testing.T) {
	reader := &fakeReader{watches: []watchAnswer{{responses: []clientv3.WatchResponse{{Header: &pb.ResponseHeader{}, CompactRevision: 20, Canceled: true}}}}}
	source, _ := newTest(reader)
	source.watches[0].since.Store(10)
	next, err := source.watch(t.Context(), source.watches[0], 15)
	if err != nil || next != 20 {
		t.Errorf("next %d, %v", next, err)
	}
	source.update()
	if state := source.State(); !strings.Contains(state.Reason, "revisions 15 to 19 of /registry/sim.glassplane.dev/simpods/ were compacted") {
		t.Errorf("state %+v", state)
	}
}

// What etcd says of its progress is where an idle watch goes on: a compaction
// before that has lost nothing.
func TestProgressOfAnIdleWatch(t *testing.T) {
	progress := clientv3.WatchResponse{Header: &pb.ResponseHeader{Revision: 900}}
	created := clientv3.WatchResponse{Header: &pb.ResponseHeader{Revision: 950}, Created: true}
	reader := &fakeReader{
		get:     func(string, int64) (*clientv3.GetResponse, error) { return got(10), nil },
		watches: []watchAnswer{{responses: []clientv3.WatchResponse{created, events(put(11, 11, 1)), progress}}},
	}
	source, _ := newTest(reader)
	next, err := source.watch(t.Context(), source.watches[0], 0)
	if !errors.Is(err, errWatchClosed) || next != 901 {
		t.Errorf("next %d, %v", next, err)
	}
}

func TestAsksForProgress(t *testing.T) {
	reader := &fakeReader{asked: make(chan struct{})}
	source, _ := newTest(reader)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		source.askForProgress(ctx)
	}()
	clock := source.clock.(*clocktesting.FakeClock)
	for !clock.HasWaiters() {
		goruntime.Gosched()
	}
	clock.Step(progressInterval)
	<-reader.asked
	cancel()
	<-done
}

func TestRunReconnectsFromTheLastRevision(t *testing.T) {
	reader := &fakeReader{
		get: func(string, int64) (*clientv3.GetResponse, error) { return got(10), nil },
		watches: []watchAnswer{
			{responses: []clientv3.WatchResponse{events(put(11, 11, 1))}},
			{responses: []clientv3.WatchResponse{events(put(11, 12, 2))}, open: true},
		},
	}
	source, journal := newTest(reader)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()
	changed, stop := journal.Notify(record.Interest{Names: []evidence.Object{web}})
	defer stop()
	for len(journal.ByName(web)) < 2 {
		<-changed
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]int64{11, 12}, reader.from); diff != "" {
		t.Errorf("watched from (-want +got):\n%s", diff)
	}
}

func TestUnreachable(t *testing.T) {
	reader := &fakeReader{get: func(string, int64) (*clientv3.GetResponse, error) { return nil, errors.New("connection refused") }}
	source, _ := newTest(reader)
	_, err := source.watch(t.Context(), source.watches[0], 0)
	source.fail(source.watches[0], err)
	if state := source.State(); state.Available || !strings.Contains(state.Reason, "connection refused") {
		t.Errorf("state %+v", state)
	}
}

func TestReadKey(t *testing.T) {
	tests := map[string]struct {
		revision int64
		response *clientv3.GetResponse
		err      error
		want     *evidence.Etcd
	}{
		"stored now": {
			response: got(30, kv(11, 12, 2, webValue)),
			want:     &evidence.Etcd{Key: webKey, CreateRevision: 11, ModRevision: 12, Version: 2, Bytes: int64(len(webValue)), Value: []byte(webValue), Read: true, ReadRevision: 30},
		},
		"stored then": {
			revision: 11, response: got(30, kv(11, 11, 1, webValue)),
			want: &evidence.Etcd{Key: webKey, CreateRevision: 11, ModRevision: 11, Version: 1, Bytes: int64(len(webValue)), Value: []byte(webValue), Read: true, ReadRevision: 11},
		},
		"nothing stored": {
			response: got(30), want: &evidence.Etcd{Key: webKey, Read: true, ReadRevision: 30},
		},
		"compacted": {
			revision: 5, err: rpctypes.ErrCompacted,
			want: &evidence.Etcd{Key: webKey, Read: true, ReadRevision: 5, Unavailable: "not available: revision 5 is compacted"},
		},
		"unreachable": {err: errors.New("connection refused")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			source, _ := newTest(&fakeReader{get: func(key string, revision int64) (*clientv3.GetResponse, error) {
				if key != webKey || revision != tc.revision {
					t.Errorf("read %s at %d", key, revision)
				}
				return tc.response, tc.err
			}})
			entry, err := source.ReadKey(t.Context(), web, tc.revision)
			if (err != nil) != (tc.want == nil) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, entry.Etcd); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	read := func(string, int64) (*clientv3.GetResponse, error) { return got(30, kv(11, 14, 3, webValue)), nil }
	compacted := func(revision int64) watchAnswer {
		return watchAnswer{responses: []clientv3.WatchResponse{{Header: &pb.ResponseHeader{}, CompactRevision: revision, Canceled: true}}}
	}
	tests := map[string]struct {
		watches         []watchAnswer
		before          int64
		want            []int64
		wantUnavailable string
	}{
		"all":               {watches: []watchAnswer{{responses: []clientv3.WatchResponse{events(put(11, 11, 1)), events(put(11, 12, 2), put(11, 14, 3))}, open: true}}, want: []int64{11, 12, 14}},
		"the first is gone": {watches: []watchAnswer{compacted(12), {responses: []clientv3.WatchResponse{events(put(11, 12, 2), put(11, 14, 3))}, open: true}}, want: []int64{11, 12, 14}, wantUnavailable: "not available: revisions 11 to 11 are compacted"},
		"before another":    {before: 14, watches: []watchAnswer{{responses: []clientv3.WatchResponse{events(put(11, 11, 1)), events(put(11, 12, 2), put(11, 14, 3))}, open: true}}, want: []int64{11, 12}},
		"none before it is": {before: 14, watches: []watchAnswer{compacted(25)}, want: []int64{11}, wantUnavailable: "not available: revisions 11 to 24 are compacted"},
		"only the last is":  {watches: []watchAnswer{compacted(25)}, want: []int64{11, 14}, wantUnavailable: "not available: revisions 11 to 24 are compacted"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			source, _ := newTest(&fakeReader{watches: tc.watches, get: read})
			if tc.before == 0 {
				tc.before = 100
			}
			entries, err := source.History(t.Context(), web, 11, tc.before)
			if err != nil {
				t.Fatal(err)
			}
			var revisions []int64
			for _, entry := range entries {
				revisions = append(revisions, entry.Revision)
			}
			if diff := cmp.Diff(tc.want, revisions); diff != "" {
				t.Fatalf("revisions (-want +got):\n%s", diff)
			}
			if got := entries[0].Etcd.Unavailable; got != tc.wantUnavailable {
				t.Errorf("unavailable %q, want %q", got, tc.wantUnavailable)
			}
		})
	}
}

// Of a long life the beginning and the end are kept, and the rest is counted.
func TestHistoryIsBounded(t *testing.T) {
	for name, tc := range map[string]struct {
		revisions, bytes      int
		wantFirst, wantNewest int
	}{
		"by number": {revisions: 5000, bytes: 10, wantFirst: maxFirst, wantNewest: maxNewest},
		"by size":   {revisions: 50, bytes: 1 << 20, wantFirst: 3, wantNewest: 15},
		"at all":    {revisions: 2, bytes: 2 * maxNewestBytes, wantFirst: 1, wantNewest: 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{before: 1 << 40}
			for i := range tc.revisions {
				h.add(newEntry(web, kv(1, int64(i+1), int64(i+1), `{"metadata":{"name":"`+strings.Repeat("x", tc.bytes)+`"}}`), now))
			}
			entries := h.entries()
			leftOut := tc.revisions - tc.wantFirst - tc.wantNewest
			var got []int64
			for _, entry := range entries {
				if entry.Etcd.Unavailable == "" {
					got = append(got, entry.Revision)
				}
			}
			var want []int64
			for i := range tc.revisions {
				if i < tc.wantFirst || i >= tc.wantFirst+leftOut {
					want = append(want, int64(i+1))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("revisions (-want +got):\n%s", diff)
			}
			if leftOut == 0 {
				return
			}
			gap := entries[tc.wantFirst]
			if text := fmt.Sprintf("%d revisions of ", leftOut); gap.Revision != int64(tc.wantFirst+1) || !strings.Contains(gap.Etcd.Unavailable, text) {
				t.Errorf("the gap is at %d: %q", gap.Revision, gap.Etcd.Unavailable)
			}
		})
	}
}

func TestDecodeValue(t *testing.T) {
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "u-1"}}
	stored, err := runtime.Encode(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme), pod)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		value           []byte
		wantUID         string
		wantUnavailable string
	}{
		"JSON":           {value: []byte(webValue + "\n"), wantUID: "u-1"},
		"protobuf":       {value: stored, wantUID: "u-1"},
		"broken":         {value: []byte("k8s\x00\xff"), wantUnavailable: "stored as protobuf that this version cannot decode"},
		"encrypted":      {value: []byte("k8s:enc:aescbc:v1:key:xyz"), wantUnavailable: "encrypted at rest"},
		"something else": {value: []byte("\x01\x02"), wantUnavailable: "unknown encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			object, unavailable := decodeValue(tc.value)
			if got := string(metadataOf(object).UID); got != tc.wantUID {
				t.Errorf("UID %q in %s, want %q", got, object, tc.wantUID)
			}
			if !strings.Contains(unavailable, tc.wantUnavailable) || (unavailable == "") != (tc.wantUnavailable == "") {
				t.Errorf("unavailable %q, want %q", unavailable, tc.wantUnavailable)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	k := keys{prefix: DefaultPrefix}
	for key, object := range map[string]evidence.Object{
		webKey:                web,
		"/registry/pods/ns/p": {Resource: "pods", Namespace: "ns", Name: "p"},
		"/registry/sim.glassplane.dev/simnodes/n-1": {Group: "sim.glassplane.dev", Resource: "simnodes", Name: "n-1"},
	} {
		if got := k.object(object); got != key {
			t.Errorf("key %s, want %s", got, key)
		}
		resource := schema.GroupResource{Group: object.Group, Resource: object.Resource}
		if diff := cmp.Diff(object, k.parse(resource, key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}
