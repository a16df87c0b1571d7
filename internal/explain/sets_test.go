// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/test/golden"
)

// replicaSet is a set of one pod that its controller has made.
func replicaSet() *recording {
	return setOf("SimReplicaSet", "simreplicasets", map[string]any{"replicas": 1}).child("web-a", nil).report(1, 1)
}

// statefulSet is a set of two pods, of which its controller has made the first.
func statefulSet() *recording {
	return setOf("SimStatefulSet", "simstatefulsets", map[string]any{"replicas": 2}).child("web-0", nil).report(1, 1)
}

// daemonSet is a set of one pod for each of two nodes.
func daemonSet() *recording {
	s := setOf("SimDaemonSet", "simdaemonsets", map[string]any{}).child("web-a", nil).child("web-b", nil)
	return s.status(manager, func(status map[string]any) {
		status["observedGeneration"], status["desiredNumberScheduled"], status["currentNumberScheduled"], status["numberReady"] = 1, 2, 2, 0
	})
}

// job wants two pods to succeed, of which its controller has made the first.
func job() *recording {
	return setOf("SimJob", "simjobs", map[string]any{"completions": 2}).child("web-a", nil).reportJob("0/2", 1, 0, "")
}

// reportJob is a status of the job's controller, with a condition that is True
// unless it is empty.
func (s *recording) reportJob(progress string, active, failed int, condition string) *recording {
	return s.status(manager, func(status map[string]any) {
		status["observedGeneration"], status["progress"], status["active"], status["failed"] = 1, progress, active, failed
		if condition != "" {
			status["conditions"] = []any{map[string]any{"type": condition, "status": "True", "reason": "BackoffLimitExceeded", "message": "job has reached its limit"}}
		}
	})
}

// setOf is a set that a user has created.
func setOf(kind, resource string, spec map[string]any) *recording {
	s := newRecording()
	s.record.Subject = evidence.Object{Group: "sim.glassplane.dev", Resource: resource, Namespace: "default", Name: "web"}
	sent := map[string]any{"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": kind,
		"metadata": map[string]any{"name": "web", "namespace": "default"}, "spec": spec}
	s.object = clone(sent)
	answer := s.write(alice, "", func(o map[string]any) {
		m := o["metadata"].(map[string]any)
		m["uid"], m["generation"] = string(podUID), 1
	})
	uri := "/apis/sim.glassplane.dev/v1alpha1/namespaces/default/" + resource + "?fieldManager=kubectl-create"
	s.record.AuditID = s.send(call{by: alice, verb: "create", uri: uri, code: 201, request: sent, response: answer})
	s.record.Subject.UID = podUID
	return s
}

const sets = "/apis/sim.glassplane.dev/v1alpha1/namespaces/default/simreplicasets"

// report is a status of the set's controller.
func (s *recording) report(generation, replicas int) *recording {
	return s.status(manager, func(status map[string]any) {
		status["observedGeneration"], status["replicas"], status["readyReplicas"] = generation, replicas, 0
	})
}

// child adds a pod that the controller makes, and what becomes of it.
func (s *recording) child(name string, then func(*recording)) *recording {
	c := newRecording()
	c.now, c.revision, c.requests = s.now.Add(time.Millisecond), s.revision, 100+s.requests+10*len(s.record.Children)
	c.record.Subject.Name = name
	c.create(manager, func(o map[string]any) { o["metadata"].(map[string]any)["name"] = name }, ownedBy(s.object["kind"].(string), "web"))
	if then != nil {
		then(c)
	}
	s.now, s.revision = c.now, c.revision
	s.record.Children = append(s.record.Children, evidence.Child{Subject: c.record.Subject, Entries: c.record.Entries})
	return s
}

// deployment has a set of one template; its controller has made it.
func deployment() *recording {
	s := newRecording()
	s.record.Subject = evidence.Object{Group: "sim.glassplane.dev", Resource: "simdeployments", Namespace: "default", Name: "web"}
	sent := map[string]any{"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimDeployment",
		"metadata": map[string]any{"name": "web", "namespace": "default"}, "spec": map[string]any{"replicas": 2, "image": "app:1"}}
	s.object = clone(sent)
	answer := s.write(alice, "", func(o map[string]any) {
		m := o["metadata"].(map[string]any)
		m["uid"], m["generation"] = string(podUID), 1
	})
	s.record.AuditID = s.send(call{by: alice, verb: "create", uri: deployments + "?fieldManager=kubectl-create", code: 201, request: sent, response: answer})
	s.record.Subject.UID = podUID
	return s.childSet("web-a", 2, nil).report(1, 2)
}

const deployments = "/apis/sim.glassplane.dev/v1alpha1/namespaces/default/simdeployments"

// childSet adds a set that the controller of a deployment makes, or goes on with it.
func (s *recording) childSet(name string, replicas int, then func(c *recording)) *recording {
	c := newRecording()
	c.now, c.revision, c.requests = s.now.Add(time.Millisecond), s.revision, 100+s.requests+10*len(s.record.Children)
	c.record.Subject = evidence.Object{Group: "sim.glassplane.dev", Resource: "simreplicasets", Namespace: "default", Name: name, UID: podUID}
	c.object = map[string]any{"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimReplicaSet",
		"metadata": map[string]any{"name": name, "namespace": "default", "uid": string(podUID)}, "spec": map[string]any{"replicas": replicas}}
	sent := clone(c.object)
	c.send(call{by: manager, verb: "create", uri: sets, code: 201, request: sent, response: c.write(manager, "", func(map[string]any) {})})
	if then != nil {
		then(c)
	}
	s.now, s.revision = c.now, c.revision
	s.record.Children = append(s.record.Children, evidence.Child{Subject: c.record.Subject, Entries: assemble.Ends(c.record.Entries)})
	return s
}

// scaleTo is a write of the controller of deployments to a set, after others.
func (s *recording) scaleTo(revision int64, replicas int) {
	s.revision = revision - 1
	s.after(time.Second)
	answer := s.write(manager, "", func(o map[string]any) { o["spec"].(map[string]any)["replicas"] = replicas })
	name := s.record.Subject.Name
	s.send(call{by: manager, verb: "patch", uri: sets + "/" + name, code: 200, request: map[string]any{"spec": map[string]any{"replicas": replicas}}, response: answer})
}

var setRecords = map[string]func() evidence.Record{
	"deployment": func() evidence.Record { return deployment().end() },
	"deployment-rolled-out": func() evidence.Record {
		s := deployment().after(time.Second)
		answer := s.write(alice, "", func(o map[string]any) {
			o["spec"].(map[string]any)["image"] = "app:2"
			o["metadata"].(map[string]any)["generation"] = 2
		})
		id := s.send(call{by: alice, verb: "patch", uri: deployments + "/web?fieldManager=kubectl-patch", code: 200,
			request: map[string]any{"spec": map[string]any{"image": "app:2"}}, response: answer})
		s.about(id)
		made := s.revision
		s.childSet("web-b", 1, func(c *recording) { c.scaleTo(made+3, 2) })
		// The set of the template before was scaled in between and after that.
		s.record.Children = slices.Delete(s.record.Children, 0, 1)
		old := deployment()
		old.record.Children = nil
		old.childSet("web-a", 2, func(c *recording) {
			c.scaleTo(made+2, 1)
			c.scaleTo(made+4, 0)
		})
		s.record.Children = append(s.record.Children, old.record.Children...)
		s.revision, s.now = made+4, s.now.Add(3*time.Second)
		// The controller notes the revision of the template: that asks for nothing new.
		s.write(manager, "", func(o map[string]any) {
			o["metadata"].(map[string]any)["annotations"] = map[string]any{"deployment.kubernetes.io/revision": "2"}
		})
		return s.report(2, 2).end()
	},
	"set":         func() evidence.Record { return replicaSet().end() },
	"statefulset": func() evidence.Record { return statefulSet().end() },
	"daemonset":   func() evidence.Record { return daemonSet().end() },
	"job":         func() evidence.Record { return job().end() },
	"job-complete": func() evidence.Record {
		return job().child("web-b", nil).reportJob("2/2", 0, 0, "Complete").end()
	},
	"job-failed": func() evidence.Record {
		return job().reportJob("0/2", 0, 1, "Failed").end()
	},
	"set-scaled": func() evidence.Record {
		s := replicaSet().after(time.Second)
		s.write(alice, "", func(o map[string]any) {
			o["spec"].(map[string]any)["replicas"] = 2
			o["metadata"].(map[string]any)["generation"] = 2
		})
		scale := map[string]any{"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": map[string]any{
			"name": "web", "namespace": "default", "uid": string(podUID), "resourceVersion": s.answer()["metadata"].(map[string]any)["resourceVersion"]},
			"spec": map[string]any{"replicas": 2}}
		id := s.send(call{by: alice, verb: "patch", subresource: "scale", uri: sets + "/web/scale", code: 200,
			request: map[string]any{"spec": map[string]any{"replicas": 2}}, response: scale})
		s.about(id)
		s.child("web-b", nil).report(2, 2).record.ChildrenLeftOut = 3
		return s.end()
	},
	"set-deleted": func() evidence.Record {
		s := replicaSet().after(time.Second)
		s.remove()
		id := s.send(call{by: alice, verb: "delete", uri: sets + "/web", code: 200,
			request:  map[string]any{"kind": "DeleteOptions", "propagationPolicy": "Background"},
			response: map[string]any{"kind": "Status", "status": "Success", "details": map[string]any{"name": "web", "uid": string(podUID)}}})
		return s.about(id).end()
	},
}

// TestSets checks the story of a set: who made its pods, and when.
func TestSets(t *testing.T) {
	tests := map[string]struct {
		kind     story.Kind
		outcome  Outcome
		reason   string
		steps    []int32
		children []string
		effect   string // of step 5
		printed  string
	}{
		"deployment": {story.Create, OutcomeStored, "replicas: 2 wanted, 2 existing, 0 ready", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a"},
			"1 set created: web-a (revision 219 by Controller manager", "simdeployment.sim.glassplane.dev/web created"},
		"deployment-rolled-out": {story.Patch, OutcomeChanged, "revision 221 changes spec.image", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a", "web-b"},
			"Scaled: web-a from 2 to 1 (revision 223 by Controller manager", "simdeployment.sim.glassplane.dev/web patched"},
		"set": {story.Create, OutcomeStored, "replicas: 1 wanted, 1 existing, 0 ready", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a"},
			"1 pod created: web-a (revision 219 by Controller manager, audit ID 00000000-0000-4000-8000-000000000102). Each has a walkthrough of its own, such as simpod/web-a.",
			"simreplicaset.sim.glassplane.dev/web created"},
		"statefulset": {story.Create, OutcomeStored, "replicas: 2 wanted, 1 existing, 0 ready", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-0"},
			"1 pod created: web-0 (revision 219 by Controller manager", "simstatefulset.sim.glassplane.dev/web created"},
		"daemonset": {story.Create, OutcomeStored, "nodes: 2 should have one, 2 have one, 0 ready", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a", "web-b"},
			"2 pods created: web-", "simdaemonset.sim.glassplane.dev/web created"},
		"job": {story.Create, OutcomeStored, "completions: 0/2, 1 active, 0 failed", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a"},
			"1 pod created: web-a (revision 219 by Controller manager", "simjob.sim.glassplane.dev/web created"},
		"job-complete": {story.Create, OutcomeSucceeded, "completions: 2/2, 0 active, 0 failed", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a", "web-b"},
			"2 pods created: web-", "simjob.sim.glassplane.dev/web created"},
		"job-failed": {story.Create, OutcomeFailed, "completions: 0/2, 0 active, 1 failed; failed with BackoffLimitExceeded: job has reached its limit",
			[]int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-a"}, "1 pod created: web-a", "simjob.sim.glassplane.dev/web created"},
		"set-scaled": {story.Scale, OutcomeChanged, "revision 221 changes spec.replicas", []int32{1, 2, 3, 7, 8, 5, 6}, []string{"web-b"},
			"1 pod created: web-b (revision 222 by Controller manager", "simreplicaset.sim.glassplane.dev/web scaled"},
		"set-deleted": {story.Delete, OutcomeDeleted, "the key is gone from etcd; deleted by alice", []int32{1, 2, 3, 7, 8}, nil, "",
			`simreplicaset.sim.glassplane.dev "web" deleted from default namespace`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			record := setRecords[name]()
			trace := Explain(record)
			checkTrace(t, record, trace)
			checkTimes(t, trace)
			golden.CheckJSON(t, filepath.Join("testdata", "requests", name+".golden.json"), trace)
			if trace.Kind != tt.kind || trace.Outcome != tt.outcome || !strings.HasPrefix(trace.Reason, tt.reason) {
				t.Errorf("told as %s: %s, %s; want %s: %s, %s", trace.Kind, trace.Outcome, trace.Reason, tt.kind, tt.outcome, tt.reason)
			}
			if d := cmp.Diff(tt.steps, numbersOf(trace)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			var children []string
			for _, c := range trace.Children {
				children = append(children, c.Subject.Name)
			}
			if d := cmp.Diff(tt.children, children); d != "" {
				t.Errorf("children (-want +got):\n%s", d)
			}
			if s := trace.Step(5); tt.effect != "" && (s == nil || !strings.Contains(s.Effect, tt.effect)) {
				t.Errorf("step 5 does not say %q: %+v", tt.effect, s)
			}
			if trace.Printed == nil || trace.Printed.Line != tt.printed {
				t.Errorf("printed %+v, want %q", trace.Printed, tt.printed)
			}
			if strings.Contains(strings.ToLower(string(raw(trace.Tracker))+trace.Transcript), "pending pod") {
				t.Error("a set is told as a pod")
			}
		})
	}
}
