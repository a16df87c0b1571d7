// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/test/golden"
)

var (
	namespaces = client{"system:serviceaccount:kube-system:namespace-controller",
		"kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/abcdef0/system:serviceaccount:kube-system:namespace-controller",
		[]string{"system:serviceaccounts", "system:authenticated"}}
	bob = client{"bob", "kubectl/v1.37.2 (linux/amd64) kubernetes/abcdef0", []string{"dev", "system:authenticated"}}
)

// running is a pod that runs.
func runningPod() *recording {
	return newRecording().create(alice).schedule().transition("", "Running", started, 0).after(time.Second)
}

// about makes the record one about the request.
func (s *recording) about(id string) *recording {
	s.record.AuditID = id
	return s
}

// change writes the object as a request that changes it, and returns its audit ID.
func (s *recording) change(by client, verb, query string, request any, mutate func(map[string]any)) string {
	answer := s.write(by, "", mutate)
	return s.send(call{by: by, verb: verb, uri: collection + "/mypod" + query, code: 200, request: request, response: answer})
}

// answer is the object as it is, with its resourceVersion.
func (s *recording) answer() map[string]any {
	o := clone(s.object)
	o["metadata"].(map[string]any)["resourceVersion"] = strconv.FormatInt(s.own, 10)
	return o
}

func failureStatus(code int32, reason, message string) map[string]any {
	return map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}
}

// denied sends a request that is refused.
func (s *recording) denied(c call, code int32, reason, message string) string {
	c.code, c.reason, c.message, c.response = code, reason, message, failureStatus(code, reason, message)
	return s.send(c)
}

func labels(values map[string]any) map[string]any {
	return map[string]any{"metadata": map[string]any{"labels": values}}
}

func setLabel(o map[string]any) {
	o["metadata"].(map[string]any)["labels"] = map[string]any{"touched": "yes"}
}

// marked is what a delete of an object with finalizers stores.
func (s *recording) mark() func(map[string]any) {
	return func(o map[string]any) {
		m := o["metadata"].(map[string]any)
		m["deletionTimestamp"], m["deletionGracePeriodSeconds"] = s.now.Format(time.RFC3339), 0
	}
}

// release is the kubelet's last write: it takes the last finalizer off, which
// removes the object and is answered with the state before.
func (s *recording) release() *recording {
	s.after(10 * time.Millisecond)
	before := s.own
	marked := s.answer()
	request := map[string]any{"metadata": map[string]any{"finalizers": nil, "resourceVersion": strconv.FormatInt(before, 10)}}
	delete(marked["metadata"].(map[string]any), "finalizers")
	s.remove()
	s.send(call{by: manager, verb: "patch", uri: collection + "/mypod?fieldManager=glassplane-controller-manager", code: 200, request: request, response: marked})
	s.add(evidence.Entry{Source: evidence.SourceTransition, Time: s.now, Recorded: s.now, Object: s.record.Subject,
		Transition: &evidence.Transition{Namespace: "default", Name: "mypod", UID: podUID, Node: "node-a", ObservedAt: s.now, WrittenAt: s.now,
			ObservedResourceVersion: strconv.FormatInt(before, 10), ResourceVersion: strconv.FormatInt(before, 10),
			From: "Running", To: "Running", Reason: "containers stopped, finalizer removed"}})
	return s
}

// deleteAll is the deletecollection of a namespace that ends.
func (s *recording) deleteAll(by client) string {
	s.write(by, "", s.mark())
	name := s.record.Subject.Name
	s.record.Subject.Name = ""
	level := s.level
	s.level = "Metadata"
	id := s.send(call{by: by, verb: "deletecollection", uri: collection, code: 200})
	s.level, s.record.Subject.Name = level, name
	return id
}

// requests are records about one request each, by name.
var requests = map[string]func() evidence.Record{
	"get": func() evidence.Record {
		s := runningPod()
		table := map[string]any{"kind": "Table", "apiVersion": "meta.k8s.io/v1",
			"columnDefinitions": []any{map[string]any{"name": "Name", "priority": 0}, map[string]any{"name": "Ready", "priority": 0},
				map[string]any{"name": "IP", "priority": 1}, map[string]any{"name": "Restarts", "priority": 0}},
			"rows": []any{map[string]any{"cells": []any{"mypod", "1/1", "10.0.0.1", 0}}}}
		return s.about(s.send(call{by: bob, verb: "get", uri: collection + "/mypod", code: 200, response: table})).end()
	},
	"get-polled": func() evidence.Record {
		s := runningPod()
		first := s.now
		s.after(time.Minute)
		id := s.send(call{by: bob, verb: "get", uri: collection + "/mypod", code: 200, response: s.answer()})
		for i := range s.record.Entries {
			if a := s.record.Entries[i].Audit; a != nil && a.AuditID == id {
				a.Reads = &evidence.Reads{Count: 120, First: first}
			}
		}
		return s.about(id).end()
	},
	"get-missing": func() evidence.Record {
		s := newRecording()
		id := s.denied(call{by: bob, verb: "get", uri: collection + "/mypod"}, 404, "NotFound", `simpods.sim.glassplane.dev "mypod" not found`)
		return s.about(id).absent().end()
	},
	"list": func() evidence.Record {
		s := newRecording()
		s.record.Subject.Name, s.level = "", "Metadata"
		return s.about(s.send(call{by: bob, verb: "list", uri: collection, code: 200})).end()
	},
	"watch": func() evidence.Record {
		s := runningPod().watching(bob)
		return s.about(s.record.Entries[len(s.record.Entries)-1].Audit.AuditID).end()
	},
	"label": func() evidence.Record {
		s := runningPod()
		return s.about(s.change(bob, "patch", "?fieldManager=kubectl-label", labels(map[string]any{"touched": "yes"}), setLabel)).end()
	},
	"unlabel": func() evidence.Record {
		s := runningPod()
		s.change(bob, "patch", "?fieldManager=kubectl-label", labels(map[string]any{"touched": "yes"}), setLabel)
		id := s.change(bob, "patch", "?fieldManager=kubectl-label", labels(map[string]any{"touched": nil}), func(o map[string]any) {
			delete(o["metadata"].(map[string]any), "labels")
		})
		return s.about(id).end()
	},
	"label-dry-run": func() evidence.Record {
		s := runningPod()
		answer := s.answer()
		setLabel(answer)
		return s.about(s.send(call{by: bob, verb: "patch", uri: collection + "/mypod?dryRun=All&fieldManager=kubectl-label", code: 200,
			request: labels(map[string]any{"touched": "yes"}), response: answer})).end()
	},
	"annotate": func() evidence.Record {
		s := runningPod()
		return s.about(s.change(bob, "patch", "?fieldManager=kubectl-annotate", map[string]any{"metadata": map[string]any{"annotations": map[string]any{"a": "b"}}},
			func(o map[string]any) {
				o["metadata"].(map[string]any)["annotations"] = map[string]any{"a": "b"}
			})).end()
	},
	"patch-dry-run": func() evidence.Record {
		s := runningPod()
		answer := s.answer()
		setLabel(answer)
		return s.about(s.send(call{by: bob, verb: "patch", uri: collection + "/mypod?dryRun=All&fieldManager=kubectl-patch", code: 200,
			request: labels(map[string]any{"touched": "yes"}), response: answer})).end()
	},
	"patch-nothing": func() evidence.Record {
		s := runningPod()
		return s.about(s.send(call{by: bob, verb: "patch", uri: collection + "/mypod?fieldManager=kubectl-patch", code: 200,
			request: map[string]any{}, response: s.answer()})).end()
	},
	"update": func() evidence.Record {
		s := runningPod()
		sent := s.answer()
		setLabel(sent)
		return s.about(s.change(bob, "update", "?fieldManager=kubectl-replace", sent, setLabel)).end()
	},
	"conflict": func() evidence.Record {
		s := runningPod()
		sent := s.answer()
		sent["metadata"].(map[string]any)["resourceVersion"] = "218"
		return s.about(s.denied(call{by: bob, verb: "update", uri: collection + "/mypod?fieldManager=kubectl-replace", request: sent}, 409, "Conflict",
			`Operation cannot be fulfilled on simpods.sim.glassplane.dev "mypod": the object has been modified; please apply your changes to the latest version and try again`)).end()
	},
	"apply": func() evidence.Record {
		s := runningPod()
		return s.about(s.change(bob, "patch", "?fieldManager=team-b&fieldValidation=Strict&force=true", manifest(), func(o map[string]any) {
			o["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)["image"] = "nginx:2"
		})).end()
	},
	"apply-conflict": func() evidence.Record {
		s := runningPod()
		return s.about(s.denied(call{by: bob, verb: "patch", uri: collection + "/mypod?fieldManager=team-b&fieldValidation=Strict&force=false", request: manifest()},
			409, "Conflict", `Apply failed with 1 conflict: conflict with "kubectl-create" using sim.glassplane.dev/v1alpha1: .spec.containers[name="mypod"].image`)).end()
	},
	"apply-client-side": func() evidence.Record {
		s := runningPod()
		return s.about(s.change(bob, "patch", "?fieldManager=kubectl-client-side-apply&fieldValidation=Strict", labels(map[string]any{"touched": "yes"}), setLabel)).end()
	},
	"patch-denied-by-policy": func() evidence.Record {
		s := runningPod()
		return s.about(s.denied(call{by: bob, verb: "patch", uri: collection + "/mypod?fieldManager=kubectl-patch",
			request: map[string]any{"spec": map[string]any{"nodeName": "node-b"}}}, 422, "Invalid",
			`simpods.sim.glassplane.dev "mypod" is invalid: : ValidatingAdmissionPolicy 'simpod-update' with binding 'simpod-update' denied request: spec.nodeName is immutable`)).end()
	},
	"patch-forbidden": func() evidence.Record {
		s := runningPod()
		return s.about(s.denied(call{by: bob, verb: "patch", uri: collection + "/mypod?fieldManager=kubectl-patch", annotations: map[string]string{
			"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}}, 403, "Forbidden",
			`simpods.sim.glassplane.dev "mypod" is forbidden: User "bob" cannot patch resource "simpods" in API group "sim.glassplane.dev" in the namespace "default"`)).end()
	},
	"create-over-quota": func() evidence.Record {
		return newRecording().refuse(alice, 403, "Forbidden", `simpods.sim.glassplane.dev "mypod" is forbidden: exceeded quota: few, requested: count/simpods.sim.glassplane.dev=1, used: count/simpods.sim.glassplane.dev=2, limited: count/simpods.sim.glassplane.dev=2`,
			map[string]string{"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "RBAC: allowed"}).absent().end()
	},
	"delete": func() evidence.Record {
		s := runningPod()
		id := s.change(bob, "delete", "", map[string]any{"kind": "DeleteOptions", "propagationPolicy": "Background"}, s.mark())
		return s.about(id).release().end()
	},
	"delete-held": func() evidence.Record {
		s := runningPod()
		s.change(bob, "patch", "?fieldManager=kubectl-patch", map[string]any{"metadata": map[string]any{"finalizers": []any{"example.com/hold"}}}, func(o map[string]any) {
			o["metadata"].(map[string]any)["finalizers"] = []any{"sim.glassplane.dev/kubelet", "example.com/hold"}
		})
		return s.about(s.change(bob, "delete", "", nil, s.mark())).end()
	},
	"delete-again": func() evidence.Record {
		s := runningPod()
		s.change(bob, "delete", "", nil, s.mark())
		return s.about(s.send(call{by: alice, verb: "delete", uri: collection + "/mypod", code: 200, response: s.answer()})).end()
	},
	"delete-dry-run": func() evidence.Record {
		s := runningPod()
		return s.about(s.send(call{by: bob, verb: "delete", uri: collection + "/mypod", code: 200,
			request: map[string]any{"kind": "DeleteOptions", "dryRun": []any{"All"}}, response: s.answer()})).end()
	},
	"deletecollection": func() evidence.Record {
		s := runningPod()
		return s.about(s.deleteAll(namespaces)).release().end()
	},
	"status": func() evidence.Record {
		s := runningPod()
		s.status(bob, func(status map[string]any) { status["message"] = "by hand" })
		return s.about(s.record.Entries[len(s.record.Entries)-1].Audit.AuditID).end()
	},
	"ungate": func() evidence.Record {
		s := newRecording().create(alice, gated).after(time.Second)
		id := s.change(bob, "patch", "?fieldManager=kubectl-patch", map[string]any{"spec": map[string]any{"schedulingGates": nil}}, func(o map[string]any) {
			delete(o["spec"].(map[string]any), "schedulingGates")
		})
		return s.about(id).schedule().transition("", "Running", started, 0).end()
	},
}

// TestRequestsGolden compares the story of each request with its golden file.
func TestRequestsGolden(t *testing.T) {
	for name, record := range requests {
		t.Run(name, func(t *testing.T) {
			golden.CheckJSON(t, filepath.Join("testdata", "requests", name+".golden.json"), Explain(record()))
		})
	}
}

// TestRequests checks what is told of each request: what it was, what became of
// it, which steps it took and what the client showed.
func TestRequests(t *testing.T) {
	const kind = "simpod.sim.glassplane.dev"
	ended := []int32{1, 2, 7, 8}
	stored := []int32{1, 2, 3, 7, 8}
	followed := []int32{1, 2, 3, 7, 8, 5, 6}
	tests := map[string]struct {
		kind    story.Kind
		outcome Outcome
		steps   []int32
		// deed is what step 3 says that was done; empty where nothing was written.
		deed    string
		printed string
	}{
		"get":           {story.Get, OutcomeAnswered, ended, "", "NAME    READY   RESTARTS\nmypod   1/1     0"},
		"get-polled":    {story.Get, OutcomeAnswered, ended, "", ""},
		"get-missing":   {story.Get, OutcomeRejected, ended, "", `Error from server (NotFound): simpods.sim.glassplane.dev "mypod" not found`},
		"list":          {story.List, OutcomeAnswered, ended, "", ""},
		"watch":         {story.Watch, OutcomeAnswered, ended, "", ""},
		"label":         {story.Patch, OutcomeChanged, stored, "revision 221 changes metadata.labels.touched", kind + "/mypod labeled"},
		"unlabel":       {story.Patch, OutcomeChanged, stored, "revision 222 changes metadata.labels.touched", kind + "/mypod unlabeled"},
		"annotate":      {story.Patch, OutcomeChanged, stored, "revision 221 changes metadata.annotations.a", kind + "/mypod annotated"},
		"label-dry-run": {story.Patch, OutcomeDryRun, ended, "", kind + "/mypod labeled (server dry run)"},
		// kubectl patch leaves out that it was a dry run.
		"patch-dry-run": {story.Patch, OutcomeDryRun, ended, "", kind + "/mypod patched"},
		"patch-nothing": {story.Patch, OutcomeUnchanged, ended, "", kind + "/mypod patched (no change)"},
		"update":        {story.Update, OutcomeChanged, stored, "revision 221 changes metadata.labels.touched", kind + "/mypod replaced"},
		"conflict":      {story.Update, OutcomeRejected, ended, "", `Error from server (Conflict): Operation cannot be fulfilled on simpods.sim.glassplane.dev "mypod": the object has been modified; please apply your changes to the latest version and try again`},
		"apply":         {story.Apply, OutcomeChanged, stored, "revision 221 changes spec.containers[mypod].image", kind + "/mypod serverside-applied"},
		"apply-conflict": {story.Apply, OutcomeRejected, ended, "",
			`error: Apply failed with 1 conflict: conflict with "kubectl-create" using sim.glassplane.dev/v1alpha1: .spec.containers[name="mypod"].image` + conflictHints},
		"apply-client-side":      {story.Patch, OutcomeChanged, stored, "revision 221 changes metadata.labels.touched", kind + "/mypod configured"},
		"patch-denied-by-policy": {story.Patch, OutcomeRejected, ended, "", `The SimPod "mypod" is invalid: : ValidatingAdmissionPolicy 'simpod-update' with binding 'simpod-update' denied request: spec.nodeName is immutable`},
		"patch-forbidden":        {story.Patch, OutcomeForbidden, ended, "", `Error from server (Forbidden): simpods.sim.glassplane.dev "mypod" is forbidden: User "bob" cannot patch resource "simpods" in API group "sim.glassplane.dev" in the namespace "default"`},
		"create-over-quota":      {story.Create, OutcomeRejected, ended, "", `Error from server (Forbidden): simpods.sim.glassplane.dev "mypod" is forbidden: exceeded quota: few, requested: count/simpods.sim.glassplane.dev=1, used: count/simpods.sim.glassplane.dev=2, limited: count/simpods.sim.glassplane.dev=2`},
		"delete":                 {story.Delete, OutcomeDeleted, followed, "revision 221 marks the object for deletion", kind + ` "mypod" deleted from default namespace`},
		"delete-held":            {story.Delete, OutcomeTerminating, stored, "revision 222 marks the object for deletion", kind + ` "mypod" deleted from default namespace`},
		"delete-again":           {story.Delete, OutcomeUnchanged, ended, "", kind + ` "mypod" deleted from default namespace`},
		"delete-dry-run":         {story.Delete, OutcomeDryRun, ended, "", kind + ` "mypod" deleted from default namespace (server dry run)`},
		"deletecollection":       {story.DeleteCollection, OutcomeDeleted, followed, "revision 221 marks the object for deletion", ""},
		"status":                 {story.Status, OutcomeChanged, stored, "revision 221 writes the status (phase Running)", kind + "/mypod patched"},
		"ungate":                 {story.Patch, OutcomeChanged, []int32{1, 2, 3, 7, 8, 4, 6}, "revision 219 changes spec.schedulingGates[example.com/quota]", kind + "/mypod patched"},
	}
	if len(tests) != len(requests) {
		t.Errorf("%d requests are checked, %d recorded", len(tests), len(requests))
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			record := requests[name]()
			trace := Explain(record)
			checkTrace(t, record, trace)
			if trace.Kind != tt.kind || trace.Outcome != tt.outcome {
				t.Errorf("%s is told as %s with outcome %s, want %s, %s (%s)", name, trace.Kind, trace.Outcome, tt.kind, tt.outcome, trace.Reason)
			}
			if trace.AuditID != record.AuditID {
				t.Errorf("the trace is of request %s, want %s", trace.AuditID, record.AuditID)
			}
			if d := cmp.Diff(tt.steps, numbersOf(trace)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			if s := trace.Step(3); tt.deed != "" && (s == nil || !strings.HasPrefix(s.Effect, sentenceOf(tt.deed))) {
				t.Errorf("step 3 does not say %q: %+v", tt.deed, s)
			}
			line := ""
			if trace.Printed != nil {
				line = trace.Printed.Line
			}
			if d := cmp.Diff(tt.printed, line); d != "" {
				t.Errorf("printed (-want +got):\n%s", d)
			}
			if len(trace.Disagreements) > 0 {
				t.Errorf("sources that agree are said to disagree: %+v", trace.Disagreements)
			}
			checkTimes(t, trace)
			checkOnce(t, record)
		})
	}
}

// TestPolledRead checks that a read which stands for many says so.
func TestPolledRead(t *testing.T) {
	const want = "the same client read it 120 times between 09:26:54.608793 and 09:27:54.612793, with the same answer"
	trace := Explain(requests["get-polled"]())
	if !strings.HasSuffix(trace.Reason, "; "+want) {
		t.Errorf("reason: %s", trace.Reason)
	}
	for _, step := range []int32{1, 7} {
		if !slices.ContainsFunc(trace.Step(step).Evidence, func(e v1alpha1.Evidence) bool { return slices.Contains(e.Details, want) }) {
			t.Errorf("the evidence of step %d does not say it: %+v", step, trace.Step(step).Evidence)
		}
	}
}

func sentenceOf(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func numbersOf(trace Trace) []int32 {
	var numbers []int32
	for _, s := range trace.Steps {
		numbers = append(numbers, s.Step)
	}
	return numbers
}

// checkTimes checks that the times which the API server's clock gave never run
// backwards.
func checkTimes(t *testing.T, trace Trace) {
	t.Helper()
	var last time.Time
	for _, s := range trace.Steps {
		byAudit := slices.ContainsFunc(s.Evidence, func(e v1alpha1.Evidence) bool {
			return e.Source == "audit" && e.Time != nil && s.Time != nil && e.Time.Equal(s.Time)
		})
		if !byAudit {
			continue
		}
		if s.Time.Time.Before(last) {
			t.Errorf("step %d was done at %s, before the one in front of it at %s", s.Step, s.Time, last)
		}
		last = s.Time.Time
	}
}

// checkOnce checks that no request is said to have made two revisions.
func checkOnce(t *testing.T, record evidence.Record) {
	t.Helper()
	tale := told(record)
	made := map[string]int64{}
	for _, r := range tale.Revisions {
		if r.Write == nil || tale.Resource.Graceful {
			continue
		}
		if other := made[r.Write.AuditID]; other != 0 {
			t.Errorf("request %s is said to have made the revisions %d and %d", r.Write.AuditID, other, r.Number)
		}
		made[r.Write.AuditID] = r.Number
	}
}

// TestRequestsInAnyOrder checks that the order of arrival changes nothing of what
// is told of a request.
func TestRequestsInAnyOrder(t *testing.T) {
	for name, record := range requests {
		t.Run(name, func(t *testing.T) {
			want := string(raw(Explain(record())))
			for seed := range uint64(5) {
				shuffled := record()
				shuffle(&shuffled, seed)
				if d := cmp.Diff(want, string(raw(Explain(shuffled)))); d != "" {
					t.Fatalf("in the order of seed %d the explanation differs:\n%s", seed, d)
				}
			}
		})
	}
}

// TestEndsAreAttributed checks who is said to have marked and who to have removed
// a pod, in the story of its life.
func TestEndsAreAttributed(t *testing.T) {
	life := func(r evidence.Record) evidence.Record {
		r.AuditID = ""
		return r
	}
	tests := map[string]struct {
		record evidence.Record
		want   []deed
		reason []string
	}{
		"deleted": {life(requests["delete"]()), []deed{{"bob", marked}, {component.Manager, gone}},
			[]string{"deleted by bob", "Controller manager took the last finalizer off (sim.glassplane.dev/kubelet)"}},
		"deleted with its namespace": {life(requests["deletecollection"]()), []deed{{component.KubeManager, marked}, {component.Manager, gone}},
			[]string{"by kube-controller-manager (namespace-controller)", "because the namespace is being deleted"}},
		"held": {life(requests["delete-held"]()), []deed{{"bob", marked}},
			[]string{"deleted by bob", "the finalizer example.com/hold keeps it", "the kubelet of node node-a has still to stop"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			deeds := deedsOf(tt.record)
			if d := cmp.Diff(tt.want, deeds[len(deeds)-len(tt.want):], cmp.AllowUnexported(deed{})); d != "" {
				t.Errorf("ends (-want +got):\n%s", d)
			}
			trace := Explain(tt.record)
			for _, text := range tt.reason {
				if !strings.Contains(trace.Reason, text) || !strings.Contains(trace.Headline, text) {
					t.Errorf("reason %q, want %q in it", trace.Reason, text)
				}
			}
			if run := trace.Step(5); !strings.Contains(run.Effect, "1 write of the status confirmed it: revision 220 (phase Running)") {
				t.Errorf("step 5 says: %s", run.Effect)
			}
			checkTrace(t, tt.record, trace)
			checkTimes(t, trace)
		})
	}
}

// TestAtRevision checks that a view put at a revision knows nothing of what came
// later.
func TestAtRevision(t *testing.T) {
	record := requests["delete"]()
	record.AuditID = ""
	tests := []struct {
		revision int64
		outcome  Outcome
		states   int
	}{
		{217, OutcomeDeleted, 5}, // before its first state there is nothing to cut
		{218, OutcomePending, 1}, {219, OutcomeScheduled, 2}, {220, OutcomeRunning, 3},
		{221, OutcomeTerminating, 4}, {222, OutcomeDeleted, 5}, {999, OutcomeDeleted, 5},
	}
	for _, tt := range tests {
		t.Run(strconv.FormatInt(tt.revision, 10), func(t *testing.T) {
			trace := ExplainAt(record, tt.revision)
			if trace.Outcome != tt.outcome || len(trace.Revisions) != tt.states {
				t.Errorf("outcome %s with %d states, want %s with %d", trace.Outcome, len(trace.Revisions), tt.outcome, tt.states)
			}
			checkTrace(t, record, trace)
		})
	}
}

// TestShorterGracePeriod checks that the change which a second delete makes of a
// Pod that is ending is that delete's.
func TestShorterGracePeriod(t *testing.T) {
	s := newRecording()
	s.record.Subject = evidence.Object{Resource: "pods", Namespace: "default", Name: "mypod"}
	s.create(alice)
	end := func(by client, seconds int) {
		s.after(time.Second)
		answer := s.write(by, "", func(o map[string]any) {
			m := o["metadata"].(map[string]any)
			m["deletionTimestamp"], m["deletionGracePeriodSeconds"] = s.now.Add(time.Duration(seconds)*time.Second).Format(time.RFC3339), seconds
		})
		s.send(call{by: by, verb: "delete", uri: "/api/v1/namespaces/default/pods/mypod", code: 200,
			request: map[string]any{"kind": "DeleteOptions", "gracePeriodSeconds": seconds}, response: answer})
	}
	end(alice, 20)
	end(bob, 10)
	s.record.AuditID = ""
	want := []deed{{"alice", asStored}, {"alice", marked}, {"bob", graceEnded}}
	record := s.end()
	if d := cmp.Diff(want, deedsOf(record), cmp.AllowUnexported(deed{})); d != "" {
		t.Errorf("revisions (-want +got):\n%s", d)
	}
	metadata(&record)
	if d := cmp.Diff(want, deedsOf(record), cmp.AllowUnexported(deed{})); d != "" {
		t.Errorf("revisions at level Metadata (-want +got):\n%s", d)
	}
}

// TestDecidedTooLate checks the order of the steps where the scheduler decides on
// a pod that is gone already.
func TestDecidedTooLate(t *testing.T) {
	s := newRecording().create(alice)
	created := s.revision
	s.deletePending(alice).after(time.Second)
	s.decide(func(d *evidence.Decision) {
		unschedulable(d)
		d.Pod.ResourceVersion = strconv.FormatInt(created, 10)
	})
	record := s.end()
	trace := Explain(record)
	checkTrace(t, record, trace)
	for i, step := range trace.Steps[1:] {
		if before := trace.Steps[i]; step.Time != nil && before.Time != nil && step.Time.Time.Before(before.Time.Time) {
			t.Errorf("step %d was done at %s, before step %d in front of it at %s", step.Step, step.Time, before.Step, before.Time)
		}
	}
}

// TestSelectorOfCollection checks that a deletecollection is not said to have
// ended an object that its label selector does not select.
func TestSelectorOfCollection(t *testing.T) {
	for selector, want := range map[string]bool{"app%3Dother": false, "%21app": true} {
		record := requests["deletecollection"]()
		record.AuditID = ""
		for i := range record.Entries {
			if a := record.Entries[i].Audit; a != nil && a.Verb == "deletecollection" {
				a.URI += "?labelSelector=" + selector
			}
		}
		if got := told(record).Mark.Write != nil; got != want {
			t.Errorf("with the selector %s the mark is given to the request: %v, want %v", selector, got, want)
		}
	}
}
