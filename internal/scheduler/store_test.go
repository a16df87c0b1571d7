// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

func decision(pod string, attempt int) *framework.Decision {
	return &framework.Decision{Pod: framework.PodReference{Namespace: "ns", Name: pod, UID: types.UID(pod)}, Attempt: attempt}
}

func summaries(items []*framework.Decision) (out []string) {
	for _, d := range items {
		out = append(out, fmt.Sprintf("%d:%s/%d", d.Sequence, d.Pod.Name, d.Attempt))
	}
	return out
}

func TestStoreBounds(t *testing.T) {
	tests := map[string]struct {
		limits      StoreLimits
		add         []*framework.Decision
		want        []string
		wantDropped uint64
	}{
		"by count": {
			limits: StoreLimits{Decisions: 2, Bytes: 1 << 20, PerPod: 9},
			add:    []*framework.Decision{decision("a", 1), decision("b", 1), decision("c", 1)},
			want:   []string{"1:b/1", "2:c/1"}, wantDropped: 1,
		},
		"by pod": {
			limits: StoreLimits{Decisions: 9, Bytes: 1 << 20, PerPod: 2},
			add:    []*framework.Decision{decision("a", 1), decision("b", 1), decision("b", 2), decision("b", 3), decision("a", 2)},
			want:   []string{"0:a/1", "2:b/2", "3:b/3", "4:a/2"}, wantDropped: 1,
		},
		"by bytes": {
			limits: StoreLimits{Decisions: 9, Bytes: 1500, PerPod: 9},
			add:    []*framework.Decision{decision("a", 1), decision("b", 1), decision("c", 1)},
			want:   []string{"1:b/1", "2:c/1"}, wantDropped: 1,
		},
		"one decision is always kept": {
			limits: StoreLimits{Decisions: 1, Bytes: 1, PerPod: 1},
			add:    []*framework.Decision{decision("a", 1), decision("b", 1)},
			want:   []string{"1:b/1"}, wantDropped: 1,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewDecisionStore(test.limits)
			for _, d := range test.add {
				s.Add(d)
			}
			page := s.Since(0, 100)
			if diff := cmp.Diff(test.want, summaries(page.Items)); diff != "" {
				t.Error(diff)
			}
			if page.Dropped != test.wantDropped || page.Next != uint64(len(test.add)) || s.Len() != len(test.want) {
				t.Errorf("dropped %d, next %d, length %d", page.Dropped, page.Next, s.Len())
			}
		})
	}
}

func TestStoreHolesAreBounded(t *testing.T) {
	s := NewDecisionStore(StoreLimits{Decisions: 10, Bytes: 1 << 20, PerPod: 2})
	s.Add(decision("old", 1))
	for i := range 1000 {
		s.Add(decision("busy", i))
	}
	if len(s.decisions) > 40 || s.Len() != 2 {
		t.Errorf("%d places for %d decisions", len(s.decisions), s.Len())
	}
}

func TestStoreHandler(t *testing.T) {
	s := NewDecisionStore(StoreLimits{Decisions: 3, Bytes: 1 << 20, PerPod: 9})
	for i := range 4 {
		s.Add(decision([]string{"a", "b"}[i%2], i))
	}
	tests := map[string]struct {
		method, query string
		wantCode      int
		wantItems     []string
		wantNext      uint64
		wantBody      string
	}{
		"all":             {query: "", wantCode: 200, wantItems: []string{"1:b/1", "2:a/2", "3:b/3"}, wantNext: 4},
		"page":            {query: "since=0&limit=2", wantCode: 200, wantItems: []string{"1:b/1", "2:a/2"}, wantNext: 3},
		"last page":       {query: "since=3&limit=2", wantCode: 200, wantItems: []string{"3:b/3"}, wantNext: 4},
		"nothing new":     {query: "since=4", wantCode: 200, wantNext: 4},
		"future":          {query: "since=99", wantCode: 200, wantNext: 4},
		"uid":             {query: "uid=b", wantCode: 200, wantItems: []string{"1:b/1", "3:b/3"}, wantNext: 4},
		"name":            {query: "namespace=ns&name=a", wantCode: 200, wantItems: []string{"2:a/2"}, wantNext: 4},
		"other namespace": {query: "namespace=other&name=a", wantCode: 200, wantNext: 4},
		"no name":         {query: "namespace=ns", wantCode: 400, wantBody: "namespace needs a name"},
		"not a number":    {query: "since=-1", wantCode: 400, wantBody: `since must be a number from 0, not "-1"`},
		"write":           {method: http.MethodPost, wantCode: 405, wantBody: "only GET is served"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.method == "" {
				test.method = http.MethodGet
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(test.method, "/decisions?"+test.query, nil))
			if w.Code != test.wantCode {
				t.Fatalf("code %d: %s", w.Code, w.Body)
			}
			if test.wantCode != 200 {
				if got := strings.TrimSpace(w.Body.String()); got != test.wantBody {
					t.Errorf("body %q, want %q", got, test.wantBody)
				}
				return
			}
			var page Page
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.wantItems, summaries(page.Items)); diff != "" {
				t.Error(diff)
			}
			if page.Next != test.wantNext || page.Dropped != 1 || page.Items == nil {
				t.Errorf("page %+v", page)
			}
		})
	}
}

func TestStoreConcurrentUse(t *testing.T) {
	s := NewDecisionStore(StoreLimits{Decisions: 50, Bytes: 1 << 20, PerPod: 3})
	var users sync.WaitGroup
	for u := range 4 {
		users.Go(func() {
			for i := range 200 {
				s.Add(decision(fmt.Sprintf("p%d", (u+i)%20), i))
				s.Since(0, 10)
			}
		})
	}
	users.Wait()
	if got := s.Since(0, 1000); got.Next != 800 || uint64(len(got.Items))+got.Dropped != 800 {
		t.Errorf("%d kept, %d dropped, next %d", len(got.Items), got.Dropped, got.Next)
	}
}
