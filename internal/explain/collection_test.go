// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/test/golden"
)

// A member is a pod of a collection: what it was before, and what becomes of it.
type member struct {
	name string
	// running has a finalizer, so that the request only marks it.
	running bool
	// released is true where the kubelet lets it go in the end.
	released bool
	// others is true where somebody else deletes it at the same time.
	others bool
}

// collectionOf is the record of a deletecollection by bob of the members.
func collectionOf(query, level string, members ...member) evidence.Record {
	s := newRecording()
	s.record.Subject.Name = ""
	var pods []*recording
	next := func(c *recording) { // the clock and the revisions are those of the cluster
		c.now, c.revision = s.now.Add(time.Millisecond), s.revision
	}
	past := func(c *recording) { s.now, s.revision = c.now, c.revision }
	items := []any{}
	for i, m := range members {
		c := newRecording()
		c.level, c.requests, c.record.Subject.Name = level, 100*(i+1), m.name
		next(c)
		c.create(alice, func(o map[string]any) { o["metadata"].(map[string]any)["name"] = m.name })
		if m.running {
			c.schedule().transition("", "Running", started, 0)
		}
		past(c)
		pods, items = append(pods, c), append(items, c.answer())
	}
	s.after(time.Second)
	received := s.now
	for i, m := range members {
		c := pods[i]
		next(c)
		switch by := bob; {
		case m.others:
			c.deleteRunning(alice)
			c.record.Entries = c.record.Entries[:len(c.record.Entries)-4]
		case m.running:
			c.write(by, "", c.mark())
		default:
			c.remove()
		}
		s.revision = c.revision
	}
	s.now, s.level = received, level
	id := s.send(call{by: bob, verb: "deletecollection", uri: collection + query, code: 200,
		response: map[string]any{"kind": "SimPodList", "apiVersion": "sim.glassplane.dev/v1alpha1", "items": items}})
	s.after(100 * time.Millisecond)
	for i, m := range members {
		c := pods[i]
		for _, e := range s.record.Entries {
			audit := *e.Audit
			audit.ResponseObject = nil
			e.Audit = &audit
			c.record.Entries = append(c.record.Entries, e)
		}
		if m.released {
			next(c)
			c.release()
			past(c)
		}
		s.record.Children = append(s.record.Children, evidence.Child{Subject: c.record.Subject, Entries: c.record.Entries})
	}
	return s.about(id).end()
}

// TestCollections checks what is told of a request that ends several objects: it
// names each revision that it made, and what came of it.
func TestCollections(t *testing.T) {
	type told struct {
		Marked, Removed int64
		// By whom it was removed.
		Remover string
	}
	const removedBy = "Controller manager"
	tests := map[string]struct {
		record  evidence.Record
		outcome Outcome
		reason  string
		steps   []int32
		effect  string // of step 3
		want    map[string]told
	}{
		"collection": {collectionOf("", "RequestResponse", member{"web-a", true, true, false}, member{"web-b", true, true, false}, member{"web-c", false, false, false}),
			OutcomeDeleted, "3 pods deleted, and gone from etcd", []int32{1, 2, 3, 7, 8, 5, 6},
			"2 pods marked for deletion: web-a (revision 225), web-b (revision 226). 1 pod removed from etcd: web-c (revision 227).",
			map[string]told{"web-a": {225, 228, removedBy}, "web-b": {226, 229, removedBy}, "web-c": {0, 227, "bob"}}},
		"collection-metadata": {collectionOf("", "Metadata", member{"web-a", true, true, false}, member{"web-b", true, false, false}),
			OutcomeTerminating, "2 pods marked for deletion, 1 of them gone from etcd; web-b: the kubelet of node node-a has still to stop",
			[]int32{1, 2, 3, 7, 8, 5, 6}, "2 pods marked for deletion: web-a (revision 224), web-b (revision 225).",
			map[string]told{"web-a": {224, 226, removedBy}, "web-b": {225, 0, ""}}},
		"collection-of-none": {collectionOf("", "RequestResponse"), OutcomeUnchanged, "no object was selected, so the request changed nothing",
			[]int32{1, 2, 7, 8}, "", nil},
		"collection-shared": {collectionOf("", "RequestResponse", member{"web-a", true, false, true}, member{"web-b", true, false, false}),
			OutcomeTerminating, "1 pod marked for deletion and still stored; web-b:", []int32{1, 2, 3, 7, 8},
			"1 pod marked for deletion: web-b (revision 226).", map[string]told{"web-b": {226, 0, ""}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			trace := Explain(tt.record)
			checkTrace(t, tt.record, trace)
			checkTimes(t, trace)
			golden.CheckJSON(t, filepath.Join("testdata", "requests", name+".golden.json"), trace)
			if trace.Kind != story.DeleteCollection || trace.Outcome != tt.outcome || !strings.HasPrefix(trace.Reason, tt.reason) {
				t.Errorf("told as %s: %s, %s; want %s, %s", trace.Kind, trace.Outcome, trace.Reason, tt.outcome, tt.reason)
			}
			if d := cmp.Diff(tt.steps, numbersOf(trace)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			if s := trace.Step(3); tt.effect != "" && (s == nil || !strings.HasPrefix(s.Effect, tt.effect)) {
				t.Errorf("step 3 does not say %q: %+v", tt.effect, s)
			}
			var got map[string]told
			for _, c := range trace.Children {
				if got == nil {
					got = map[string]told{}
				}
				one := told{}
				if c.Marked != nil {
					one.Marked = c.Marked.Revision
				}
				if c.Removed != nil {
					one.Removed, one.Remover = c.Removed.Revision, c.Removed.Writer
				}
				got[c.Subject.Name] = one
				if c.Created != nil {
					t.Errorf("the creation of %s is told of the request that ends it", c.Subject.Name)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("members (-want +got):\n%s", d)
			}
		})
	}
}

// TestStoppedCollection checks what is told of a request that was refused on its
// way: what it had ended by then is ended.
func TestStoppedCollection(t *testing.T) {
	const message = `simpods.sim.glassplane.dev "web-b" is forbidden: ValidatingAdmissionPolicy 'hold' with binding 'hold' denied request: it is held`
	record := collectionOf("", "RequestResponse", member{"web-a", false, false, false})
	refuse := func(entries []evidence.Entry) {
		for i := range entries {
			a := entries[i].Audit
			if a != nil && a.Verb == "deletecollection" && a.Stage == "ResponseComplete" {
				a.Code, a.Reason, a.Message, a.ResponseObject = 403, "Forbidden", message, raw(failureStatus(403, "Forbidden", message))
			}
		}
	}
	refuse(record.Entries)
	refuse(record.Children[0].Entries)
	trace := Explain(record)
	checkTrace(t, record, trace)
	golden.CheckJSON(t, filepath.Join("testdata", "requests", "collection-stopped.golden.json"), trace)
	if trace.Outcome != OutcomeRejected || !strings.HasSuffix(trace.Reason, "; 1 pod had been ended before that, and stay so") {
		t.Errorf("told as %s: %s", trace.Outcome, trace.Reason)
	}
	if d := cmp.Diff([]int32{1, 2, 3, 7, 8}, numbersOf(trace)); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if len(trace.Children) != 1 || trace.Children[0].Removed == nil {
		t.Errorf("children: %+v", trace.Children)
	}
	if text := string(raw(trace)); strings.Contains(text, "othing was written") || strings.Contains(text, "othing was stored") {
		t.Error("it is said that nothing was stored")
	}
}

// TestSelectorOfMembers checks that an object which the selectors do not select is
// not told as ended by the request, whatever ended it at that time.
func TestSelectorOfMembers(t *testing.T) {
	for query, want := range map[string]int{
		"?labelSelector=app%3Dother": 0, "?labelSelector=%21app": 1,
		"?fieldSelector=spec.nodeName%3Dnode-a": 1, "?fieldSelector=spec.nodeName%3Dnode-b": 0,
		"?fieldSelector=status.phase%21%3DRunning": 0, "?fieldSelector=metadata.name%3Dweb-a": 1, "?fieldSelector=metadata.name%3Dweb-b": 0,
		"?fieldSelector=status.reason%3D": 1,
	} {
		record := collectionOf(query, "Metadata", member{"web-a", true, false, false})
		if got := len(Explain(record).Children); got != want {
			t.Errorf("%s: %s members, want %d", query, strconv.Itoa(got), want)
		}
	}
}

// TestAnsweredLate checks that a collection of which some objects are gone before
// the request is answered is told in the order in which that happened.
func TestAnsweredLate(t *testing.T) {
	record := collectionOf("", "RequestResponse", member{"web-a", true, true, false}, member{"web-b", true, true, false})
	late := func(entries []evidence.Entry) {
		for i := range entries {
			if audit := entries[i].Audit; audit != nil && audit.Verb == "deletecollection" {
				audit.StageAt = audit.ReceivedAt.Add(time.Minute)
			}
		}
	}
	late(record.Entries)
	for _, c := range record.Children {
		late(c.Entries)
	}
	trace := Explain(record)
	checkTimes(t, trace)
	if d := cmp.Diff([]int32{1, 2, 3, 5, 6, 7, 8}, numbersOf(trace)); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
}
