// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
)

// ms is a time after the test's start, in milliseconds.
func ms(n float64) time.Time {
	return time.Unix(1000, 0).Add(time.Duration(n * float64(time.Millisecond)))
}

func simPod(name, uid string) evidence.Object {
	return evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: name, UID: types.UID(uid)}
}

func createdBy(object evidence.Object, auditID string, received, answered float64) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceAudit, Object: object, Audit: &evidence.Audit{
		AuditID: auditID, Stage: "ResponseComplete", Verb: "create", Code: 201, ReceivedAt: ms(received), StageAt: ms(answered),
	}}
}

func storedAt(object evidence.Object, revision, version int64, at float64) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceEtcd, Object: object, Revision: revision, Time: ms(at), Etcd: &evidence.Etcd{Version: version}}
}

func watchedAt(object evidence.Object, revision int64, kind string, at float64) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceWatch, Object: object, Revision: revision, Watch: &evidence.Watch{Type: kind, ArrivedAt: ms(at)}}
}

// spansOf are those of a create whose write to etcd took from sent to returned.
func spansOf(auditID string, sent, returned float64) evidence.Entry {
	span := func(id, parent, service, name string, kind evidence.SpanKind, begin, end float64) evidence.Span {
		return evidence.Span{ID: id, Parent: parent, Service: service, Name: name, Kind: kind, Begin: ms(begin), End: ms(end), Attributes: map[string]string{
			"audit-id": auditID, "rpc.system": "grpc", "rpc.service": "etcdserverpb.KV", "rpc.method": "Txn",
		}}
	}
	return evidence.Entry{Source: evidence.SourceSpan, Spans: &evidence.Spans{AuditID: auditID, TraceID: "t", Spans: []evidence.Span{
		span("a", "", evidence.ServiceAPIServer, "Create /apis/sim.glassplane.dev/v1alpha1/namespaces/ns/simpods", evidence.SpanServer, 0, 10),
		span("b", "a", evidence.ServiceAPIServer, "Create", evidence.SpanInternal, 1, 9),
		span("c", "b", evidence.ServiceAPIServer, "Create etcd3", evidence.SpanInternal, sent, returned),
		span("d", "c", evidence.ServiceAPIServer, "etcdserverpb.KV/Txn", evidence.SpanClient, sent, returned),
	}}}
}

func decidedAt(object evidence.Object, attempt int, version string, bind *evidence.BindOutcome, observed, queued, popped, decided float64) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceDecision, Object: object, Decision: &evidence.Decision{
		Pod: evidence.PodReference{UID: object.UID, ResourceVersion: version}, Attempt: attempt, Bind: bind,
		ObservedAt: ms(observed), QueuedAt: ms(queued), PoppedAt: ms(popped), DecidedAt: ms(decided),
	}}
}

func wrote(object evidence.Object, to string, observed, written float64) evidence.Entry {
	return evidence.Entry{Source: evidence.SourceTransition, Object: object, Transition: &evidence.Transition{
		UID: object.UID, To: to, ObservedAt: ms(observed), WrittenAt: ms(written),
	}}
}

// way is what is recorded of a pod whose first attempt fails.
func way(object, inAudit evidence.Object) []evidence.Entry {
	return []evidence.Entry{
		createdBy(inAudit, "id-1", 0, 10),
		spansOf("id-1", 4, 7),
		storedAt(object, 100, 1, 8),
		watchedAt(object, 100, "ADDED", 9),
		decidedAt(object, 1, "100", nil, 12, 13, 14, 15),
		decidedAt(object, 2, "100", &evidence.BindOutcome{SentAt: ms(51), AnsweredAt: ms(60), ResourceVersion: "101"}, 12, 13, 43, 50),
		storedAt(object, 101, 2, 58),
		watchedAt(object, 101, "MODIFIED", 59),
		wrote(object, "Pending", 63, 70),
		storedAt(object, 102, 3, 69),
		wrote(object, "Running", 163, 170),
	}
}

// told are the hops in milliseconds.
func told(l *Latencies) map[string]float64 {
	out := map[string]float64{}
	for _, h := range l.Latency().Hops {
		if h.Count > 0 {
			out[h.ID] = h.P50.Seconds() * 1000
		}
	}
	return out
}

func TestHops(t *testing.T) {
	named, anonymous := simPod("web", "u-1"), simPod("web", "")
	real := evidence.Object{Resource: "pods", Namespace: "ns", Name: "web", UID: "u-2"}
	all := map[string]float64{
		"admission": 10, "etcd": 3, "watch": 4, "queue": 30, "decide": 7, "bind": 9, "see": 5, "start": 107, "total": 170,
	}
	without := func(hops ...string) map[string]float64 {
		out := map[string]float64{}
		for hop, d := range all {
			if !slices.Contains(hops, hop) {
				out[hop] = d
			}
		}
		return out
	}
	only := func(entries []evidence.Entry, keep func(*evidence.Entry) bool) (out []evidence.Entry) {
		for i := range entries {
			if keep(&entries[i]) {
				out = append(out, entries[i])
			}
		}
		return out
	}
	last := func(entries []evidence.Entry, source evidence.Source) []evidence.Entry {
		return append(only(entries, func(e *evidence.Entry) bool { return e.Source != source }),
			only(entries, func(e *evidence.Entry) bool { return e.Source == source })...)
	}
	lack := func(source evidence.Source) []evidence.Entry {
		return only(way(named, named), func(e *evidence.Entry) bool { return e.Source != source })
	}
	tests := map[string]struct {
		entries []evidence.Entry
		want    map[string]float64
	}{
		"in order":                         {way(named, named), all},
		"the audit log has no UID":         {way(named, anonymous), all},
		"the audit log comes last":         {last(last(way(named, anonymous), evidence.SourceAudit), evidence.SourceSpan), all},
		"decisions come last":              {last(way(named, named), evidence.SourceDecision), all},
		"no spans":                         {lack(evidence.SourceSpan), without("etcd")},
		"no audit log":                     {lack(evidence.SourceAudit), without("admission", "etcd", "total")},
		"no decisions":                     {lack(evidence.SourceDecision), without("watch", "queue", "decide", "bind", "see")},
		"no transitions":                   {lack(evidence.SourceTransition), without("see", "start", "total")},
		"the watch alone says what is new": {lack(evidence.SourceEtcd), map[string]float64{"admission": 10, "etcd": 3, "watch": 3, "queue": 30, "decide": 7, "bind": 9, "see": 4, "start": 107, "total": 170}},
		"the scheduler was faster than all evidence": {[]evidence.Entry{
			storedAt(named, 100, 1, 8), decidedAt(named, 1, "100", nil, 6, 6, 7, 8),
		}, map[string]float64{"watch": 0}},
		"a bind that was refused": {[]evidence.Entry{
			storedAt(named, 100, 1, 8),
			decidedAt(named, 1, "100", &evidence.BindOutcome{SentAt: ms(1), AnsweredAt: ms(2), Error: "409"}, 10, 10, 11, 12),
		}, map[string]float64{"watch": 2}},
		"a pod whose creation was not seen": {[]evidence.Entry{
			storedAt(named, 101, 2, 8), watchedAt(named, 101, "MODIFIED", 8), wrote(named, "Running", 1, 2),
		}, map[string]float64{}},
		"a request of an earlier pod of the name": {[]evidence.Entry{
			createdBy(anonymous, "id-0", -9000, -8000), storedAt(named, 100, 1, 8),
		}, map[string]float64{}},
		"a dry run, a refusal, an update and another subresource": {func() (entries []evidence.Entry) {
			for i := range 4 {
				e := createdBy(named, fmt.Sprint(i), 0, 10)
				switch i {
				case 0:
					e.Audit.URI = "/apis/x?dryRun=All"
				case 1:
					e.Audit.Code = 422
				case 2:
					e.Audit.Code, e.Audit.Verb = 200, "patch"
				case 3:
					e.Audit.Subresource = "eviction"
				}
				entries = append(entries, e)
			}
			return entries
		}(), map[string]float64{}},
		"a real Pod": {[]evidence.Entry{
			createdBy(real, "id-2", 0, 10), storedAt(real, 100, 1, 8),
			{Source: evidence.SourceAudit, Object: evidence.Object{Resource: "pods", Namespace: "ns", Name: "web"}, Audit: &evidence.Audit{
				AuditID: "id-3", Stage: "ResponseComplete", Verb: "create", Subresource: "binding", Code: 201, ReceivedAt: ms(20), StageAt: ms(24),
			}},
		}, map[string]float64{"admission": 10, "bind": 4, "total": 500}},
		"another resource": {[]evidence.Entry{createdBy(evidence.Object{Group: "sim.glassplane.dev", Resource: "simreplicasets", Name: "a", UID: "u"}, "id", 0, 1)}, map[string]float64{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := NewLatencies(0)
			for i := range tc.entries {
				l.Recorded(&tc.entries[i])
			}
			l.Ran(real.UID, ms(500))
			l.Ran(real.UID, ms(600))
			if diff := cmp.Diff(tc.want, told(l)); diff != "" {
				t.Errorf("hops in ms (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFactsAreForgottenOnceAllIsKnown(t *testing.T) {
	l := NewLatencies(0)
	for _, entry := range way(simPod("web", "u-1"), simPod("web", "")) {
		l.Recorded(&entry)
	}
	if j := l.journeys["u-1"]; j.facts != nil || len(l.unnamed) != 0 {
		t.Errorf("facts %+v, %d creations without a pod", j.facts, len(l.unnamed))
	}
}

func TestOldestPodsAreForgotten(t *testing.T) {
	l := NewLatencies(3)
	for i := range 10 {
		entry := createdBy(simPod(fmt.Sprint(i), ""), fmt.Sprint("id-", i), 0, 10)
		l.Recorded(&entry)
		entry = storedAt(simPod(fmt.Sprint(i), fmt.Sprint("u-", i)), int64(100+i), 1, 8)
		l.Recorded(&entry)
	}
	latency := l.Latency()
	if latency.Pods != 3 || latency.Forgotten != 7 || latency.Hops[hopAdmission].Count != 3 {
		t.Errorf("%d pods, %d forgotten, admission of %d", latency.Pods, latency.Forgotten, latency.Hops[hopAdmission].Count)
	}
	if len(l.journeys) != 3 || len(l.byName) != 3 || len(l.creations) != 3 || len(l.recent) != 3 || len(l.unnamed) != 0 {
		t.Errorf("kept: %d journeys, %d names, %d and %d creations, %d without a pod", len(l.journeys), len(l.byName), len(l.creations), len(l.recent), len(l.unnamed))
	}
}

// TestPercentilesAreExact compares with what can be counted.
func TestPercentilesAreExact(t *testing.T) {
	var all []measured
	pods := []Subject{{}}
	for i := 1; i <= 1000; i++ {
		all = append(all, measured{time.Duration(i) * time.Millisecond, i})
		pods = append(pods, Subject{Name: fmt.Sprint(i)})
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	var h Hop
	h.summarize(all, pods)
	if h.Count != 1000 || h.P50 != 500*time.Millisecond || h.P90 != 900*time.Millisecond || h.P99 != 990*time.Millisecond || h.Max != time.Second {
		t.Errorf("%d: %v, %v, %v, %v", h.Count, h.P50, h.P90, h.P99, h.Max)
	}
	sum, end := 0, time.Duration(0)
	for _, b := range h.Buckets {
		var n int
		if _, err := fmt.Sscan(b.Example.Name, &n); err != nil {
			t.Fatal(err)
		}
		if d := time.Duration(n) * time.Millisecond; d < b.Low || d >= b.High || b.Low < end || b.Count == 0 {
			t.Errorf("bucket %v to %v with %d has the example %v", b.Low, b.High, b.Count, d)
		}
		sum, end = sum+b.Count, b.High
	}
	if sum != 1000 {
		t.Errorf("%d in all buckets", sum)
	}
	var one Hop
	one.summarize([]measured{{Duration: time.Millisecond}}, pods)
	if one.P50 != time.Millisecond || one.P99 != time.Millisecond || len(one.Buckets) != 1 {
		t.Errorf("of one pod: %+v", one)
	}
}

func TestBuckets(t *testing.T) {
	for d, want := range map[time.Duration][2]time.Duration{
		0:                    {0, time.Microsecond},
		999:                  {0, time.Microsecond},
		time.Microsecond:     {1000, 1259},
		time.Millisecond:     {1_000_000, 1_258_925},
		time.Millisecond - 1: {794_328, 1_000_000},
		10 * time.Second:     {10_000_000_000, 12_589_254_118},
	} {
		if b := bucketOf(d); b.Low != want[0] || b.High != want[1] {
			t.Errorf("%v is from %d to %d, want %d to %d", d, b.Low, b.High, want[0], want[1])
		}
	}
}

// TestSpansThatWereRecorded takes those of a real API server and etcd, each of
// which sends its own.
func TestSpansThatWereRecorded(t *testing.T) {
	data, err := os.ReadFile("../explain/handling/testdata/create.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Received time.Time
		Spans    evidence.Spans
	}
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatal(err)
	}
	l := NewLatencies(0)
	entry := createdBy(simPod("web", "u-1"), recorded.Spans.AuditID, 0, 10)
	entry.Audit.ReceivedAt = recorded.Received
	l.Recorded(&entry)
	for _, service := range []string{evidence.ServiceEtcd, evidence.ServiceAPIServer} {
		part := recorded.Spans
		part.Spans = slices.DeleteFunc(slices.Clone(part.Spans), func(s evidence.Span) bool { return s.Service != service })
		l.Recorded(&evidence.Entry{Source: evidence.SourceSpan, Spans: &part})
	}
	if got := told(l)["etcd"]; got <= 0 || got > 25 {
		t.Errorf("the write took %v ms, of a request of 24 ms", got)
	}
}
