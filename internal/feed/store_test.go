// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

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

	"github.com/glassplane/glassplane/internal/evidence"
)

// note is an item of the tests, about a pod of that name.
type note struct {
	Pod   string `json:"pod"`
	Text  string `json:"text"`
	Bytes int    `json:"bytes,omitempty"`
}

func (n note) About() evidence.PodReference {
	return evidence.PodReference{Namespace: "ns", Name: n.Pod, UID: types.UID("uid-" + n.Pod)}
}

func (n note) Size() int { return max(n.Bytes, 1) }

func texts(items []note) (out []string) {
	for _, n := range items {
		out = append(out, n.Pod+n.Text)
	}
	return out
}

func all(evidence.PodReference) bool { return true }

func TestStoreBounds(t *testing.T) {
	tests := map[string]struct {
		limits      Limits
		record      []note
		want        []string
		wantDropped uint64
	}{
		"by count": {
			limits: Limits{Items: 2, Bytes: 100},
			record: []note{{Pod: "a"}, {Pod: "b"}, {Pod: "c"}},
			want:   []string{"b", "c"}, wantDropped: 1,
		},
		"by pod": {
			limits: Limits{Items: 9, Bytes: 100, PerPod: 2},
			record: []note{{Pod: "a", Text: "1"}, {Pod: "b", Text: "1"}, {Pod: "b", Text: "2"}, {Pod: "b", Text: "3"}, {Pod: "a", Text: "2"}},
			want:   []string{"a1", "b2", "b3", "a2"}, wantDropped: 1,
		},
		"by bytes": {
			limits: Limits{Items: 9, Bytes: 10},
			record: []note{{Pod: "a", Bytes: 2}, {Pod: "b", Bytes: 3}, {Pod: "c", Bytes: 6}},
			want:   []string{"b", "c"}, wantDropped: 1,
		},
		"the last item is always kept": {
			limits: Limits{Items: 1, Bytes: 1, PerPod: 1},
			record: []note{{Pod: "a", Bytes: 5}, {Pod: "b", Bytes: 5}},
			want:   []string{"b"}, wantDropped: 1,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewStore[note](tc.limits)
			for _, n := range tc.record {
				s.Record(n)
			}
			page := s.page(query{limit: 100, match: all})
			if diff := cmp.Diff(tc.want, texts(page.Items)); diff != "" {
				t.Error(diff)
			}
			if page.Dropped != tc.wantDropped || s.Dropped() != tc.wantDropped || page.Next != uint64(len(tc.record)) || s.Len() != len(tc.want) {
				t.Errorf("dropped %d, next %d, length %d", page.Dropped, page.Next, s.Len())
			}
		})
	}
}

func TestEmptySlotsAreBounded(t *testing.T) {
	s := NewStore[note](Limits{Items: 10, Bytes: 100, PerPod: 2})
	s.Record(note{Pod: "old"})
	for range 1000 {
		s.Record(note{Pod: "busy"})
	}
	if len(s.slots) > 40 || s.Len() != 2 || len(s.ByPod("uid-busy")) != 2 || len(s.ByPod("uid-old")) != 0 {
		t.Errorf("%d slots for %d items", len(s.slots), s.Len())
	}
}

func TestHandler(t *testing.T) {
	s := NewStore[note](Limits{Items: 3, Bytes: 1 << 30})
	for i := range 4 {
		s.Record(note{Pod: []string{"a", "b"}[i%2], Text: fmt.Sprint(i)})
	}
	tests := map[string]struct {
		method, query string
		wantCode      int
		wantItems     []string
		wantNext      uint64
		wantMore      bool
		wantBody      string
	}{
		"all":                   {query: "", wantCode: 200, wantItems: []string{"b1", "a2", "b3"}, wantNext: 4},
		"page":                  {query: "since=0&limit=2", wantCode: 200, wantItems: []string{"b1", "a2"}, wantNext: 3, wantMore: true},
		"last page":             {query: "since=3&limit=1", wantCode: 200, wantItems: []string{"b3"}, wantNext: 4},
		"nothing new":           {query: "since=4", wantCode: 200, wantNext: 4},
		"not counted yet":       {query: "since=99", wantCode: 200, wantItems: []string{"b1", "a2", "b3"}, wantNext: 4},
		"this epoch":            {query: "since=3&epoch=" + s.epoch, wantCode: 200, wantItems: []string{"b3"}, wantNext: 4},
		"another epoch":         {query: "since=3&epoch=other", wantCode: 200, wantItems: []string{"b1", "a2", "b3"}, wantNext: 4},
		"uid":                   {query: "uid=uid-b", wantCode: 200, wantItems: []string{"b1", "b3"}, wantNext: 4},
		"uid, page":             {query: "uid=uid-b&limit=1", wantCode: 200, wantItems: []string{"b1"}, wantNext: 3, wantMore: true},
		"name":                  {query: "namespace=ns&name=a", wantCode: 200, wantItems: []string{"a2"}, wantNext: 4},
		"other namespace":       {query: "namespace=other&name=a", wantCode: 200, wantNext: 4},
		"no name":               {query: "namespace=ns", wantCode: 400, wantBody: "namespace and name go together: give both"},
		"no namespace":          {query: "name=a", wantCode: 400, wantBody: "namespace and name go together: give both"},
		"not a number":          {query: "since=-1", wantCode: 400, wantBody: `since must be a number from 0, not "-1"`},
		"limit is not a number": {query: "limit=x", wantCode: 400, wantBody: `limit must be a number from 0, not "x"`},
		"write":                 {method: http.MethodPost, wantCode: 405, wantBody: "only GET is served"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if tc.method == "" {
				tc.method = http.MethodGet
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tc.method, "/notes?"+tc.query, nil))
			if w.Code != tc.wantCode {
				t.Fatalf("code %d: %s", w.Code, w.Body)
			}
			if tc.wantCode != 200 {
				if got := strings.TrimSpace(w.Body.String()); got != tc.wantBody {
					t.Errorf("body %q, want %q", got, tc.wantBody)
				}
				return
			}
			var page Page[note]
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.wantItems, texts(page.Items)); diff != "" {
				t.Error(diff)
			}
			if page.Next != tc.wantNext || page.More != tc.wantMore || page.Dropped != 1 || page.Items == nil || page.Epoch != s.epoch {
				t.Errorf("page %+v", page)
			}
		})
	}
}

// Large items must not make a page that nobody can read.
func TestPagesAreBoundedInBytes(t *testing.T) {
	s := NewStore[note](Limits{Items: 100, Bytes: 1 << 30})
	s.Record(note{Pod: "a", Bytes: 2 * maxPageBytes})
	s.Record(note{Pod: "b", Bytes: maxPageBytes})
	s.Record(note{Pod: "c"})
	var got [][]string
	for since, more := uint64(0), true; more; {
		page := s.page(query{since: since, limit: 100, match: all})
		got, since, more = append(got, texts(page.Items)), page.Next, page.More
	}
	if diff := cmp.Diff([][]string{{"a"}, {"b"}, {"c"}}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestStoreConcurrentUse(t *testing.T) {
	s := NewStore[note](Limits{Items: 50, Bytes: 1 << 20, PerPod: 3})
	var users sync.WaitGroup
	for u := range 4 {
		users.Go(func() {
			for i := range 200 {
				s.Record(note{Pod: fmt.Sprintf("p%d", (u+i)%20)})
				s.page(query{limit: 10, match: all})
			}
		})
	}
	users.Wait()
	if got := s.page(query{limit: 1000, match: all}); got.Next != 800 || uint64(len(got.Items))+got.Dropped != 800 {
		t.Errorf("%d kept, %d dropped, next %d", len(got.Items), got.Dropped, got.Next)
	}
}
