// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
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

func TestIsDryRun(t *testing.T) {
	tests := []struct {
		name  string
		audit evidence.Audit
		want  bool
	}{
		{"a create", evidence.Audit{Verb: "create", URI: "/apis/x/v1/namespaces/ns/simpods?fieldManager=kubectl"}, false},
		{"in the URI", evidence.Audit{Verb: "create", URI: "/apis/x/v1/namespaces/ns/simpods?dryRun=All&fieldManager=kubectl"}, true},
		{"in the options of a delete", evidence.Audit{Verb: "delete", RequestObject: []byte(`{"kind":"DeleteOptions","dryRun":["All"]}`)}, true},
		{"in those of a deletecollection", evidence.Audit{Verb: "deletecollection", RequestObject: []byte(`{"dryRun":["All"]}`)}, true},
		{"in those of an eviction", evidence.Audit{Verb: "create", Subresource: "eviction", RequestObject: []byte(`{"deleteOptions":{"dryRun":["All"]}}`)}, true},
		{"a delete without it", evidence.Audit{Verb: "delete", RequestObject: []byte(`{"kind":"DeleteOptions","propagationPolicy":"Background"}`)}, false},
		{"a delete without a body", evidence.Audit{Verb: "delete"}, false},
		{"a body that is no JSON", evidence.Audit{Verb: "delete", RequestObject: []byte(`{`)}, false},
		{"an object that has such a field", evidence.Audit{Verb: "create", RequestObject: []byte(`{"dryRun":["All"]}`)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := IsDryRun(&tt.audit); got != tt.want {
				t.Errorf("IsDryRun() = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRequestCreates(t *testing.T) {
	tests := []struct {
		name  string
		audit evidence.Audit
		want  bool
	}{
		{"a create", evidence.Audit{Verb: "create", Code: 201}, true},
		{"a create that was refused", evidence.Audit{Verb: "create", Code: 422}, true},
		{"a create as a dry run", evidence.Audit{Verb: "create", Code: 201, URI: "/x?dryRun=All"}, false},
		{"an apply of a new object", evidence.Audit{Verb: "patch", Code: 201}, true},
		{"an apply of an object that is there", evidence.Audit{Verb: "patch", Code: 200}, false},
		{"a binding", evidence.Audit{Verb: "create", Subresource: "binding", Code: 201}, false},
		{"an eviction", evidence.Audit{Verb: "create", Subresource: "eviction", Code: 201}, false},
		{"a read", evidence.Audit{Verb: "get", Code: 200}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.audit.AuditID, tt.audit.Stage = "id", "ResponseComplete"
			r := Requests([]evidence.Entry{{Audit: &tt.audit}})[0]
			if got := r.Creates(); got != tt.want {
				t.Errorf("Creates() = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestSelectLife tells lives of one name apart where requests do not say which
// one they are about.
func TestSelectLife(t *testing.T) {
	dryRun := audited(20, "dry-run", "create", 201)
	dryRun.Audit.URI = "/apis/sim.glassplane.dev/v1alpha1/namespaces/ns/simpods?dryRun=All"
	applied := audited(30, "apply-2", "patch", 201)
	named := []evidence.Entry{
		audited(10, "create-1", "create", 201), stored(11, "u-1", 100, 100),
		audited(15, "delete-1", "delete", 200), removed(16, "u-1", 102),
		dryRun,
		applied, stored(31, "u-2", 110, 110),
	}
	tests := []struct {
		name, auditID string
		uid           types.UID
		wantUID       types.UID
		wantRequests  []string
		wantNext      int64
	}{
		{name: "the last life was made by an apply", wantUID: "u-2", wantRequests: []string{"apply-2"}},
		{name: "the first one, by its UID", uid: "u-1", wantUID: "u-1", wantRequests: []string{"create-1", "delete-1"}},
		{name: "the first one, by a request", auditID: "delete-1", wantUID: "u-1", wantRequests: []string{"create-1", "delete-1"}},
		{name: "a dry run is part of none", auditID: "dry-run", wantRequests: []string{"dry-run"}, wantNext: 110},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Select(named, pod(tt.uid), tt.auditID)
			if !ok {
				t.Fatal("nothing is selected")
			}
			var ids []string
			for _, r := range Requests(got.Entries) {
				ids = append(ids, r.AuditID)
			}
			if got.Subject.UID != tt.wantUID || got.Next != tt.wantNext {
				t.Errorf("UID %q, next %d, want %q, %d", got.Subject.UID, got.Next, tt.wantUID, tt.wantNext)
			}
			if diff := cmp.Diff(tt.wantRequests, ids); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	bind := audited(14, "bind", "patch", 200)
	bind.Revision = 101
	read := stored(90, "u-1", 100, 100)
	read.Etcd.Read = true
	entries := []evidence.Entry{
		watched(15, "u-1", 101), bind, read,
		audited(13, "before-bind", "get", 200), audited(40, "after-all", "get", 200),
		stored(11, "u-1", 100, 100), audited(10, "arrival", "create", 0),
	}
	Order(entries)
	var got []string
	for _, e := range entries {
		switch {
		case e.Audit != nil:
			got = append(got, e.Audit.AuditID)
		case e.Watch != nil:
			got = append(got, "watch-101")
		case e.Etcd.Read:
			got = append(got, "read-100")
		default:
			got = append(got, "etcd-100")
		}
	}
	want := []string{"arrival", "etcd-100", "before-bind", "read-100", "bind", "watch-101", "after-all"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestEnds(t *testing.T) {
	with := func(e evidence.Entry, change func(*evidence.Entry)) evidence.Entry {
		change(&e)
		return e
	}
	status := with(audited(3, "status", "patch", 200), func(e *evidence.Entry) { e.Audit.Subresource = "status" })
	dryRun := with(audited(3, "dry-run", "delete", 200), func(e *evidence.Entry) { e.Audit.RequestObject = []byte(`{"dryRun":["All"]}`) })
	told := with(stored(4, "u-1", 100, 102), func(e *evidence.Entry) {
		e.Etcd.Value = []byte(`{"metadata":{"annotations":{"note":"\"deletionTimestamp\" is not set"}}}`)
	})
	marked := with(stored(5, "u-1", 100, 103), func(e *evidence.Entry) {
		e.Etcd.Value = []byte(`{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}`)
	})
	want := []evidence.Entry{audited(1, "create", "create", 201), stored(1, "u-1", 100, 100), watched(1, "u-1", 100), told, audited(5, "delete", "delete", 200), marked, removed(6, "u-1", 104)}
	entries := []evidence.Entry{
		want[0], want[1], want[2], audited(2, "get", "get", 200), stored(2, "u-1", 100, 101), status, dryRun, told, want[4], want[5], want[6],
	}
	if diff := cmp.Diff(want, Ends(entries)); diff != "" {
		t.Errorf("Ends() (-want +got):\n%s", diff)
	}
}

func TestSelected(t *testing.T) {
	collection := evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns"}
	one, two := pod("u-1"), pod("u-2")
	two.Name = "other"
	tests := []struct {
		name, verb, response string
		want                 []evidence.Object
		known                bool
	}{
		{"a list", "deletecollection", `{"kind":"SimPodList","items":[{"metadata":{"name":"web","uid":"u-1"}},{"metadata":{"name":"other","uid":"u-2"}}]}`,
			[]evidence.Object{one, two}, true},
		{"a list of none", "deletecollection", `{"kind":"SimPodList","items":[]}`, nil, true},
		{"a Status", "deletecollection", `{"kind":"Status","status":"Failure"}`, nil, false},
		{"no answer", "deletecollection", "", nil, false},
		{"no JSON", "deletecollection", "{", nil, false},
		{"the answer of a list", "list", `{"kind":"SimPodList","items":[{"metadata":{"name":"web","uid":"u-1"}}]}`, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Audit: evidence.Audit{Verb: tt.verb, ResponseObject: []byte(tt.response)}, Object: collection}
			got, known := r.Selected()
			if d := cmp.Diff(tt.want, got); d != "" || known != tt.known {
				t.Errorf("known %v, want %v; (-want +got):\n%s", known, tt.known, d)
			}
		})
	}
}

func TestMayHaveWritten(t *testing.T) {
	decision := func(s string) map[string]string { return map[string]string{"authorization.k8s.io/decision": s} }
	tests := []struct {
		name  string
		audit evidence.Audit
		want  bool
	}{
		{"a patch", evidence.Audit{Verb: "patch", Code: 200}, true},
		{"a patch that was refused", evidence.Audit{Verb: "patch", Code: 422, Annotations: decision("allow")}, false},
		{"a get", evidence.Audit{Verb: "get", Code: 200}, false},
		{"a collection", evidence.Audit{Verb: "deletecollection", Code: 200}, true},
		{"a collection that a policy stopped", evidence.Audit{Verb: "deletecollection", Code: 403, Annotations: decision("allow")}, true},
		{"a collection that authorization refused", evidence.Audit{Verb: "deletecollection", Code: 403, Annotations: decision("forbid")}, false},
		{"a dry run of a collection", evidence.Audit{Verb: "deletecollection", Code: 403, URI: "/x?dryRun=All", Annotations: decision("allow")}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Audit: tt.audit, Answered: true, dryRun: IsDryRun(&tt.audit)}
			if got := r.MayHaveWritten(); got != tt.want {
				t.Errorf("MayHaveWritten() = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestEndsKeepsTheStateBefore checks that a selector can be put to the object as it
// was before its end.
func TestEndsKeepsTheStateBefore(t *testing.T) {
	marked := stored(14, "u-1", 100, 103)
	marked.Etcd.Value = []byte(`{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}`)
	entries := []evidence.Entry{stored(10, "u-1", 100, 100), stored(11, "u-1", 100, 101), stored(12, "u-1", 100, 102), marked, removed(15, "u-1", 104)}
	var got []int64
	for _, e := range Ends(entries) {
		got = append(got, e.Revision)
	}
	if d := cmp.Diff([]int64{100, 102, 103, 104}, got); d != "" {
		t.Errorf("revisions (-want +got):\n%s", d)
	}
	if got := Ends(entries[:3]); len(got) != 1 {
		t.Errorf("%d entries of an object that has not ended, want its first", len(got))
	}
}

// TestOthersAreNoPartOfALife checks that the answer of a deletecollection, which
// holds all its objects, is not kept for each of them.
func TestOthersAreNoPartOfALife(t *testing.T) {
	all := audited(15, "all", "deletecollection", 200)
	all.Object.Name, all.Audit.ResponseObject = "", []byte(`{"items":[{"metadata":{"name":"other"}}]}`)
	selected, ok := Select([]evidence.Entry{audited(10, "create", "create", 201), stored(11, "u-1", 100, 100), all, removed(16, "u-1", 101)}, pod("u-1"), "")
	if !ok || len(selected.Entries) != 4 {
		t.Fatalf("%d entries", len(selected.Entries))
	}
	for _, e := range selected.Entries {
		if e.Audit != nil && e.Audit.ResponseObject != nil {
			t.Errorf("the answer is kept: %s", e.Audit.ResponseObject)
		}
	}
	if all.Audit.ResponseObject == nil {
		t.Error("the answer was taken from the journal's entry, too")
	}
}
