// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"maps"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

const (
	noFit     = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector."
	started   = "start delay is over: containers started"
	forbidden = `simpods.sim.glassplane.dev is forbidden: User "mallory" cannot create resource "simpods" in API group "sim.glassplane.dev" in the namespace "default"`
	invalid   = `SimPod.sim.glassplane.dev "mypod" is invalid: spec.containers: Invalid value: 0: spec.containers in body should have at least 1 items`
	denied    = `simpods.sim.glassplane.dev "mypod" is forbidden: ValidatingAdmissionPolicy 'simpod-binding' with binding 'simpod-binding' denied request: spec.nodeName may be set only by who may create simpods/binding`
	exists    = `simpods.sim.glassplane.dev "mypod" already exists`
)

// unschedulable is an attempt that no node passes.
func unschedulable(d *evidence.Decision) {
	nodes(rejected("node-a", "NodeResourcesFit", "Insufficient cpu"),
		rejected("node-b", "NodeAffinity", "node(s) didn't match Pod's node affinity/selector"))(d)
	d.Message = noFit
}

// scenarios are the runs that must be explained right, by name.
var scenarios = map[string]func() evidence.Record{
	"fits": func() evidence.Record {
		return newRecording().absent().create(alice).schedule().transition("", "Running", started, 0).
			read(alice).printed("simpod.sim.glassplane.dev/mypod created").end()
	},
	"fits-watched": func() evidence.Record {
		return newRecording().watching(alice).create(alice).schedule().transition("", "Running", started, 0).
			printed("simpod.sim.glassplane.dev/mypod created").end()
	},
	"fits-no-wait": func() evidence.Record {
		return newRecording().create(alice, applied).schedule().transition("", "Running", started, 0).end()
	},
	"unschedulable": func() evidence.Record {
		s := newRecording().create(alice)
		s.decide(unschedulable)
		return s.unscheduled("Unschedulable", noFit).end()
	},
	"deleted-pending": func() evidence.Record {
		s := newRecording().create(alice)
		s.decide(unschedulable)
		return s.unscheduled("Unschedulable", noFit).deletePending(alice).end()
	},
	"deleted-running": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).read(alice).deleteRunning(alice).end()
	},
	"restarts": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).after(time.Second).
			transition("Running", "Running", "container mypod exited with code 1: back-off 10s", 0).after(10*time.Second).
			transition("Running", "Running", "back-off is over: container mypod restarted", 1).end()
	},
	"failed": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).after(time.Second).
			transition("Running", "Failed", "container mypod exited with code 1, restartPolicy Never", 0).end()
	},
	"invalid": func() evidence.Record {
		return newRecording().refuse(alice, 422, "Invalid", invalid, nil).absent().end()
	},
	"denied-by-policy": func() evidence.Record {
		return newRecording().refuse(alice, 403, "Forbidden", denied, map[string]string{
			"authorization.k8s.io/decision":                         "allow",
			"authorization.k8s.io/reason":                           `RBAC: allowed by ClusterRoleBinding "glassplane"`,
			"validation.policy.admission.k8s.io/validation_failure": `[{"message":"spec.nodeName may be set only by who may create simpods/binding","policy":"simpod-binding"}]`,
		}).absent().end()
	},
	"forbidden": func() evidence.Record {
		s := newRecording()
		s.record.Subject.Name = ""
		return s.refuse(client{"mallory", "kubectl/v1.37.2", []string{"system:authenticated"}}, 403, "Forbidden", forbidden,
			map[string]string{"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}).end()
	},
	"unauthenticated": func() evidence.Record {
		return newRecording().refuse(client{}, 401, "Unauthorized", "Unauthorized", map[string]string{}).absent().end()
	},
	"bad-request": func() evidence.Record {
		return newRecording().refuse(alice, 400, "BadRequest", `strict decoding error: unknown field "spec.foo"`, nil).absent().end()
	},
	"already-exists": func() evidence.Record {
		s := newRecording().create(alice)
		s.record.Subject.UID = ""
		return s.after(time.Second).refuse(alice, 409, "AlreadyExists", exists, nil).end()
	},
	"dry-run": func() evidence.Record {
		s := newRecording()
		id := s.send(call{by: alice, verb: "create", uri: collection + "?dryRun=All", code: 201, request: manifest(), response: manifest()})
		s.record.AuditID = id
		return s.absent().end()
	},
	"etcd-down": func() evidence.Record {
		return newRecording().refuse(alice, 500, "InternalError", "etcdserver: request timed out", nil).
			without(evidence.SourceEtcd, "etcdserver: no leader").end()
	},
	"replicaset": func() evidence.Record {
		return newRecording().create(manager, ownedBy("SimReplicaSet", "web")).schedule().transition("", "Running", started, 0).end()
	},
	"gated": func() evidence.Record {
		s := newRecording().create(alice, gated)
		s.decide(func(d *evidence.Decision) {
			d.PreFilter = &evidence.PluginVerdict{Plugin: "SchedulingGates", Code: "UnschedulableAndUnresolvable",
				Reasons: []string{"waiting for scheduling gates: [example.com/quota]"}}
			d.Message = "Scheduling is blocked due to non-empty scheduling gates"
		})
		return s.unscheduled("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates").end()
	},
	"held": func() evidence.Record {
		return held(newRecording()).transition("", "Running", started, 0).read(alice).end()
	},
	"held-start": func() evidence.Record { return newRecording().create(alice, startGated).schedule().end() },
	"waited": func() evidence.Record {
		s := newRecording().create(alice)
		s.decide(unschedulable)
		s.unscheduled("Unschedulable", noFit).after(5 * time.Second)
		return s.schedule().transition("", "Running", started, 0).end()
	},
	"race": func() evidence.Record {
		return newRecording().create(alice).schedule().lose("node-b").transition("", "Running", started, 0).end()
	},
	"no-watch": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).
			without(evidence.SourceWatch, "the server has no such resource").end()
	},
	"no-etcd": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).
			without(evidence.SourceEtcd, "no access to etcd").end()
	},
	"no-decision": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).
			without(evidence.SourceDecision, "the scheduler does not answer").end()
	},
	"no-audit": func() evidence.Record {
		return newRecording().create(alice).schedule().transition("", "Running", started, 0).
			without(evidence.SourceAudit, "the API server has no audit log").end()
	},
	"metadata": func() evidence.Record {
		return newRecording().atLevel("Metadata").create(alice).schedule().transition("", "Running", started, 0).read(alice).end()
	},
	"metadata-only": func() evidence.Record {
		return newRecording().atLevel("Metadata").create(alice).schedule().transition("", "Running", started, 0).read(alice).
			without(evidence.SourceEtcd, "no access to etcd").without(evidence.SourceWatch, "forbidden").
			without(evidence.SourceDecision, "no endpoint").without(evidence.SourceTransition, "no endpoint").end()
	},
	"dropped": func() evidence.Record {
		s := newRecording().create(alice).schedule().transition("", "Running", started, 0).dropped(12)
		s.record.Entries = s.record.Entries[4:]
		return s.end()
	},
	"nothing": func() evidence.Record { return newRecording().end() },
}

// held is a pod that waited at a webhook, behind a scheduling gate and behind a
// start gate, which its client took off.
func held(s *recording) *recording {
	s.create(alice, gated, startGated)
	for i := range s.record.Entries {
		if a := s.record.Entries[i].Audit; a != nil && a.Stage == "ResponseComplete" {
			a.Annotations = maps.Clone(a.Annotations)
			a.Annotations["hold.sim.glassplane.dev/held"] = "for 2.5s, until who sent the request went on"
		}
	}
	s.unscheduled("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates").after(3 * time.Second)
	s.change(alice, "patch", "", map[string]any{"spec": map[string]any{"schedulingGates": nil}}, func(o map[string]any) {
		delete(o["spec"].(map[string]any), "schedulingGates")
	})
	s.schedule().after(4 * time.Second)
	none := map[string]any{"sim.glassplane.dev/start-gate": nil}
	s.change(alice, "patch", "", map[string]any{"metadata": map[string]any{"annotations": none}}, func(o map[string]any) {
		delete(o["metadata"].(map[string]any), "annotations")
	})
	return s
}
