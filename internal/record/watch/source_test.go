// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

func newTest() (*Source, *store, *record.Journal) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
	journal := record.NewJournal(record.JournalOptions{Clock: clock})
	s := New(Options{Resources: []schema.GroupVersionResource{v1alpha1.GroupVersion.WithResource("simpods")}, Clock: clock}, journal)
	return s, s.stores[0], journal
}

func object(name, version string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetNamespace("ns")
	o.SetName(name)
	o.SetUID(types.UID("u-" + name))
	o.SetResourceVersion(version)
	return o
}

// seen is what the test compares of an entry.
type seen struct {
	Type     string
	Revision int64
	Initial  bool
}

func entries(journal *record.Journal, name string) []seen {
	var out []seen
	for _, e := range journal.ByName(evidence.Object{Group: v1alpha1.GroupName, Resource: "simpods", Namespace: "ns", Name: name}) {
		out = append(out, seen{e.Watch.Type, e.Revision, e.Watch.Initial})
	}
	return out
}

func TestStore(t *testing.T) {
	source, store, journal := newTest()
	if source.State().Available || source.Since(v1alpha1.Resource("simpods")) != 0 {
		t.Error("available before the first list")
	}
	for _, err := range []error{
		store.Replace([]any{object("web", "5")}, "7"),
		store.Update(object("web", "8")),
		store.Add(object("other", "9")),
		// The watch was lost: web is unchanged, other has changed.
		store.Replace([]any{object("web", "8"), object("other", "15")}, "20"),
		store.Delete(object("web", "21")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]seen{{"ADDED", 5, true}, {"MODIFIED", 8, false}, {"DELETED", 21, false}}, entries(journal, "web")); diff != "" {
		t.Errorf("web (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]seen{{"ADDED", 9, false}, {"ADDED", 15, true}}, entries(journal, "other")); diff != "" {
		t.Errorf("other (-want +got):\n%s", diff)
	}
	state := source.State()
	if !state.Available || !strings.Contains(state.Reason, "started anew at revision 20; changes since revision 9 may be missing") {
		t.Errorf("state %+v", state)
	}
	if source.Since(v1alpha1.Resource("simpods")) != 20 || source.state.Gaps() != 1 || len(store.versions) != 1 {
		t.Errorf("since %d, %d gaps, %d versions", source.Since(v1alpha1.Resource("simpods")), source.state.Gaps(), len(store.versions))
	}
}

func TestFailures(t *testing.T) {
	source, store, _ := newTest()
	if err := store.Replace(nil, "7"); err != nil {
		t.Fatal(err)
	}
	source.failed(store, apierrors.NewResourceExpired("too old"))
	if !source.State().Available {
		t.Error("a version that is too old is healed by the list that follows")
	}
	source.failed(store, errors.New("connection refused"))
	if state := source.State(); state.Available || !strings.Contains(state.Reason, "connection refused") {
		t.Errorf("state %+v", state)
	}
	if err := store.Replace(nil, "9"); err != nil {
		t.Fatal(err)
	}
	if !source.State().Available {
		t.Errorf("state %+v after a list", source.State())
	}
	if err := store.Add("text"); err == nil {
		t.Error("no error for what is no object")
	}
	if err := store.Replace(nil, "x"); err == nil {
		t.Error("no error for a version that is no number")
	}
}

// remembered is what a follower was told.
type remembered struct{ told []string }

func (r *remembered) Observed(resource schema.GroupResource, object *unstructured.Unstructured, listed bool) {
	what := "changed"
	if listed {
		what = "listed"
	}
	r.told = append(r.told, what+" "+resource.Resource+" "+object.GetName())
}

func (r *remembered) Gone(resource schema.GroupResource, uid types.UID) {
	r.told = append(r.told, "gone "+resource.Resource+" "+string(uid))
}

func TestFollowerIsToldOfAllThatIs(t *testing.T) {
	for name, tc := range map[string]struct {
		recorded bool
		entries  int
	}{"recorded": {true, 4}, "not recorded": {false, 0}} {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
			journal, follower := record.NewJournal(record.JournalOptions{Clock: clock}), &remembered{}
			simPods := []schema.GroupVersionResource{v1alpha1.GroupVersion.WithResource("simpods")}
			options := Options{Follower: follower, Clock: clock}
			if tc.recorded {
				options.Resources = simPods
			} else {
				options.Unrecorded = simPods
			}
			source := New(options, journal)
			store := source.stores[0]
			for _, err := range []error{
				store.Replace([]any{object("a", "1"), object("b", "2")}, "10"),
				store.Update(object("a", "11")),
				store.Delete(object("a", "12")),
				// The watch is lost, and b goes meanwhile.
				store.Replace([]any{}, "20"),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			want := []string{"listed simpods a", "listed simpods b", "changed simpods a", "gone simpods u-a", "gone simpods u-b"}
			if diff := cmp.Diff(want, follower.told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if got := len(entries(journal, "a")) + len(entries(journal, "b")); got != tc.entries {
				t.Errorf("%d entries, want %d", got, tc.entries)
			}
			// What is not recorded is no evidence, and its gaps are none of it.
			if state := source.State(); state.Available != tc.recorded || (state.Reason != "") != tc.recorded {
				t.Errorf("state %+v", state)
			}
			if state := source.StateOf(v1alpha1.Resource("simpods")); !state.Available {
				t.Errorf("state of the resource %+v", state)
			}
		})
	}
}
