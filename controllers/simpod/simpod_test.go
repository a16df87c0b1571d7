// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
)

func TestHistoryServesPages(t *testing.T) {
	h := NewHistory(4)
	for i := range 6 {
		h.Record(kubelet.Transition{Namespace: "default", Name: "p" + strconv.Itoa(i%2), UID: types.UID(strconv.Itoa(i))})
	}
	tests := []struct {
		name    string
		query   string
		code    int
		uids    []string
		next    uint64
		dropped uint64
	}{
		{name: "all that is left", code: 200, uids: []string{"2", "3", "4", "5"}, next: 6, dropped: 2},
		{name: "limited", query: "limit=3", code: 200, uids: []string{"2", "3", "4"}, next: 5, dropped: 2},
		{name: "what follows", query: "since=5", code: 200, uids: []string{"5"}, next: 6, dropped: 2},
		{name: "nothing new", query: "since=6", code: 200, uids: []string{}, next: 6, dropped: 2},
		{name: "counted by an earlier process", query: "since=900", code: 200, uids: []string{"2", "3", "4", "5"}, next: 6, dropped: 2},
		{name: "one pod", query: "uid=4", code: 200, uids: []string{"4"}, next: 6, dropped: 2},
		{name: "one name", query: "namespace=default&name=p1", code: 200, uids: []string{"3", "5"}, next: 6, dropped: 2},
		{name: "not a number", query: "since=x", code: 400},
		{name: "negative", query: "limit=-1", code: 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			h.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/transitions?"+tt.query, nil))
			if recorder.Code != tt.code {
				t.Fatalf("code %d, want %d: %s", recorder.Code, tt.code, recorder.Body)
			}
			if tt.code != http.StatusOK {
				return
			}
			var page Page
			if err := json.Unmarshal(recorder.Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, item := range page.Items {
				got = append(got, string(item.UID))
			}
			if diff := cmp.Diff(tt.uids, got); diff != "" || page.Next != tt.next || page.Dropped != tt.dropped {
				t.Errorf("next %d, dropped %d, want %d and %d; items (-want +got):\n%s", page.Next, page.Dropped, tt.next, tt.dropped, diff)
			}
		})
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/transitions", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST gives %d", recorder.Code)
	}
}

func TestMemory(t *testing.T) {
	version := func(uid, version string) *v1alpha1.SimPod {
		return &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), ResourceVersion: version}}
	}
	at := time.Unix(100, 0)
	m := newMemory(2)
	m.observe(version("a", "5"), at)
	m.observe(version("a", "5"), at.Add(time.Second))
	if got := m.observedAt("a", "5"); !got.Equal(at) {
		t.Errorf("observed at %s, want the first time %s", got, at)
	}
	if got := m.observedAt("a", "6"); !got.IsZero() {
		t.Errorf("a version that was not seen was observed at %s", got)
	}
	m.wroteVersion(version("a", "10"))
	for v, want := range map[string]bool{"9": true, "10": false, "11": false} {
		if got := m.behind(version("a", v)); got != want {
			t.Errorf("version %s behind 10: %v", v, got)
		}
	}
	m.wrote("a", &v1alpha1.SimPodStatus{Message: "exact"})
	if got := m.written("a"); got == nil || got.Message != "exact" {
		t.Errorf("written %v", got)
	}
	m.observe(version("b", "1"), at)
	m.observe(version("c", "1"), at)
	if got := m.observedAt("c", "1"); !got.IsZero() {
		t.Error("the memory is larger than its bound")
	}
	m.forget("a")
	m.observe(version("c", "1"), at)
	if m.written("a") != nil || m.observedAt("c", "1").IsZero() {
		t.Error("forgetting a pod does not make room")
	}
}
