// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// A recording builds the record that a control plane would leave behind. Each write
// leaves an audit event per stage, an event of etcd's watch and a watch event.
type recording struct {
	now      time.Time
	revision int64
	// own is the object's revision: the cluster's may be a later one.
	own      int64
	object   map[string]any
	created  int64
	version  int64
	requests int
	level    string
	record   evidence.Record
	attempt  int
	queued   time.Time
	// seen is when watchers saw the last revision.
	seen time.Time
}

type client struct {
	user, agent string
	groups      []string
}

var (
	alice     = client{"alice", "kubectl/v1.37.2 (linux/amd64) kubernetes/abcdef0", []string{"dev", "system:authenticated"}}
	scheduler = client{"system:serviceaccount:glassplane-system:glassplane-scheduler", "glassplane-scheduler/v0.1.0 (linux/amd64)",
		[]string{"system:serviceaccounts", "system:serviceaccounts:glassplane-system", "system:authenticated"}}
	manager = client{"system:serviceaccount:glassplane-system:glassplane-controller-manager", "glassplane-controller-manager/v0.1.0 (linux/amd64)",
		[]string{"system:serviceaccounts", "system:serviceaccounts:glassplane-system", "system:authenticated"}}
)

const (
	podUID     = types.UID("5f0c1f1e-0000-4000-8000-000000000001")
	collection = "/apis/sim.glassplane.dev/v1alpha1/namespaces/default/simpods"
	etcdKey    = "/registry/sim.glassplane.dev/simpods/default/mypod"
)

func newRecording() *recording {
	start := time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)
	s := &recording{now: start, revision: 217, level: "RequestResponse"}
	s.record.Subject = evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "default", Name: "mypod"}
	for _, source := range []evidence.Source{evidence.SourceAudit, evidence.SourceWatch, evidence.SourceEtcd,
		evidence.SourceDecision, evidence.SourceTransition, evidence.SourceClient} {
		s.record.Sources = append(s.record.Sources, evidence.SourceState{Source: source, Available: true})
	}
	return s
}

func (s *recording) after(d time.Duration) *recording {
	s.now = s.now.Add(d)
	return s
}

func (s *recording) add(e evidence.Entry) {
	s.record.Entries = append(s.record.Entries, e)
	s.record.Entries[len(s.record.Entries)-1].Sequence = uint64(len(s.record.Entries))
}

// call is a request that is being built.
type call struct {
	by                     client
	verb, uri, subresource string
	code                   int32
	reason, message        string
	request, response      any
	annotations            map[string]string
	nameUnknown            bool
}

// send adds both stages of a request and returns its audit ID.
func (s *recording) send(c call) string {
	s.requests++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests)
	if c.annotations == nil {
		c.annotations = map[string]string{
			"authorization.k8s.io/decision": "allow",
			"authorization.k8s.io/reason":   `RBAC: allowed by ClusterRoleBinding "glassplane" of ClusterRole "glassplane-edit"`,
		}
	}
	subject := s.record.Subject
	if c.nameUnknown {
		subject.Name = ""
	}
	received := s.now
	a := evidence.Audit{AuditID: id, Stage: "RequestReceived", Level: s.level, Verb: c.verb, URI: c.uri, Subresource: c.subresource,
		User: c.by.user, Groups: c.by.groups, UserAgent: c.by.agent, SourceIPs: []string{"127.0.0.1"}, ReceivedAt: received, StageAt: received}
	s.add(evidence.Entry{Source: evidence.SourceAudit, Time: received, Recorded: received, Object: subject, Audit: new(a)})
	s.after(4 * time.Millisecond)
	a.Stage, a.StageAt, a.Code, a.Reason, a.Message, a.Annotations = "ResponseComplete", s.now, c.code, c.reason, c.message, c.annotations
	revision := int64(0)
	if s.level == "RequestResponse" {
		a.RequestObject, a.ResponseObject = raw(c.request), raw(c.response)
		if o := timeline.Decode(a.ResponseObject); o != nil && !o.IsStatus() {
			a.ResponseUID, a.ResponseRevision = o.Metadata.UID, timeline.Number(o.Metadata.ResourceVersion)
			revision, subject.UID = a.ResponseRevision, a.ResponseUID
		}
	}
	s.add(evidence.Entry{Source: evidence.SourceAudit, Time: s.now, Recorded: s.now, Object: subject, Revision: revision, Audit: new(a)})
	return id
}

func raw(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func clone(o map[string]any) map[string]any {
	var c map[string]any
	if err := json.Unmarshal(raw(o), &c); err != nil {
		panic(err)
	}
	return c
}

// write makes the next revision of the object and leaves what etcd and a watch
// would say of it. It is called after the request was received.
func (s *recording) write(by client, subresource string, mutate func(map[string]any)) map[string]any {
	s.revision++
	s.own = s.revision
	s.version++
	o := clone(s.object)
	mutate(o)
	metadata := o["metadata"].(map[string]any)
	agent, _, _ := strings.Cut(by.agent, "/")
	field := map[string]any{"manager": agent, "operation": "Update", "time": s.now.Format(time.RFC3339),
		"fieldsV1": map[string]any{"f:revision": map[string]any{"v:" + strconv.FormatInt(s.revision, 10): map[string]any{}}}}
	if subresource != "" {
		field["subresource"] = subresource
	}
	kept := []any{field}
	if old, ok := metadata["managedFields"].([]any); ok {
		for _, f := range old {
			if m := f.(map[string]any); m["manager"] != agent || m["subresource"] != field["subresource"] {
				kept = append(kept, f)
			}
		}
	}
	metadata["managedFields"] = kept
	s.object = o
	if s.created == 0 {
		s.created = s.revision
	}
	value := raw(o)
	subject := s.record.Subject
	subject.UID = podUID
	s.seen = s.now.Add(5 * time.Millisecond)
	s.add(evidence.Entry{Source: evidence.SourceEtcd, Time: s.now.Add(3 * time.Millisecond), Recorded: s.seen, Object: subject, Revision: s.revision,
		Etcd: &evidence.Etcd{Key: etcdKey, CreateRevision: s.created, ModRevision: s.revision, Version: s.version, Bytes: int64(len(value)), Value: value}})
	answer := clone(o)
	answer["metadata"].(map[string]any)["resourceVersion"] = strconv.FormatInt(s.revision, 10)
	kind := "MODIFIED"
	if s.version == 1 {
		kind = "ADDED"
	}
	s.add(evidence.Entry{Source: evidence.SourceWatch, Time: s.seen, Recorded: s.seen, Object: subject, Revision: s.revision,
		Watch: &evidence.Watch{Type: kind, ArrivedAt: s.seen, Object: raw(answer)}})
	return answer
}

func manifest() map[string]any {
	return map[string]any{
		"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimPod",
		"metadata": map[string]any{"name": "mypod", "namespace": "default"},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "mypod", "image": "nginx"}}},
	}
}

// create sends the manifest, after the changes, and stores it with its defaults.
func (s *recording) create(by client, changes ...func(map[string]any)) *recording {
	sent := manifest()
	for _, change := range changes {
		change(sent)
	}
	// As on a real API server, the audit log has the object as it was decoded:
	// with the defaults of the schema.
	spec := sent["spec"].(map[string]any)
	spec["restartPolicy"], spec["schedulerName"], spec["terminationGracePeriodSeconds"] = "Always", "glassplane-scheduler", 30
	spec["preemptionPolicy"] = "PreemptLowerPriority"
	s.object = clone(sent)
	answer := s.write(by, "", func(o map[string]any) {
		m := o["metadata"].(map[string]any)
		m["uid"], m["creationTimestamp"], m["generation"] = string(podUID), s.now.Format(time.RFC3339), 1
	})
	id := s.send(call{by: by, verb: "create", uri: collection + "?fieldManager=kubectl-create", code: 201, request: sent, response: answer})
	s.record.Subject.UID = podUID
	s.record.AuditID = id
	s.queued = s.seen
	return s
}

// applied adds the annotation of kubectl apply, which keeps what was sent.
func applied(o map[string]any) {
	sent := string(raw(o))
	o["metadata"].(map[string]any)["annotations"] = map[string]any{lastApplied: sent}
}

func gated(o map[string]any) {
	o["spec"].(map[string]any)["schedulingGates"] = []any{map[string]any{"name": "example.com/quota"}}
}

// startGated adds the gate that keeps a kubelet from accepting the pod.
func startGated(o map[string]any) {
	o["metadata"].(map[string]any)["annotations"] = map[string]any{"sim.glassplane.dev/start-gate": "glassplane-run-k2"}
}

func ownedBy(kind, name string) func(map[string]any) {
	return func(o map[string]any) {
		o["metadata"].(map[string]any)["ownerReferences"] = []any{map[string]any{
			"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": kind, "name": name, "uid": "rs-uid", "controller": true}}
	}
}

// refuse sends the manifest and answers it with an error.
func (s *recording) refuse(by client, code int32, reason, message string, annotations map[string]string) *recording {
	var sent any
	if code != 401 && annotations["authorization.k8s.io/decision"] != "forbid" {
		sent = manifest()
	}
	s.record.AuditID = s.send(call{by: by, verb: "create", uri: collection, code: code, reason: reason, message: message, annotations: annotations,
		nameUnknown: sent == nil, request: sent,
		response: map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}})
	return s
}

// absent reads the key and finds nothing.
func (s *recording) absent() *recording {
	s.add(evidence.Entry{Source: evidence.SourceEtcd, Time: s.now, Recorded: s.now, Object: s.record.Subject,
		Etcd: &evidence.Etcd{Key: etcdKey, Read: true, ReadRevision: s.revision}})
	return s
}

func success(plugins ...string) []evidence.PluginVerdict {
	var verdicts []evidence.PluginVerdict
	for _, p := range plugins {
		verdicts = append(verdicts, evidence.PluginVerdict{Plugin: p, Code: "Success"})
	}
	return verdicts
}

func fits(name string, rank int, fit, balanced int64) evidence.NodeVerdict {
	return evidence.NodeVerdict{Name: name, Feasible: true, Rank: rank, Total: fit + balanced,
		Filters: success("NodeUnschedulable", "TaintToleration", "NodeResourcesFit"),
		Scores: []evidence.PluginScore{
			{Plugin: "NodeResourcesFit", Raw: fit, Normalized: fit, Weight: 1, Weighted: fit},
			{Plugin: "NodeResourcesBalancedAllocation", Raw: balanced, Normalized: balanced, Weight: 1, Weighted: balanced},
		}}
}

func rejected(name, plugin, reason string) evidence.NodeVerdict {
	return evidence.NodeVerdict{Name: name, Filters: append(success("NodeUnschedulable"),
		evidence.PluginVerdict{Plugin: plugin, Code: "Unschedulable", Reasons: []string{reason}})}
}

// decide adds an attempt on the last revision.
func (s *recording) decide(change func(*evidence.Decision)) *evidence.Decision {
	s.attempt++
	s.after(time.Millisecond)
	d := &evidence.Decision{
		Pod:     evidence.PodReference{Namespace: "default", Name: "mypod", UID: podUID, ResourceVersion: strconv.FormatInt(s.revision, 10)},
		Attempt: s.attempt, Profile: "glassplane-scheduler", ObservedAt: s.seen, QueuedAt: s.queued, PoppedAt: s.now, DecidedAt: s.now.Add(400 * time.Microsecond), Seed: 42,
	}
	change(d)
	subject := s.record.Subject
	s.add(evidence.Entry{Source: evidence.SourceDecision, Time: d.DecidedAt, Recorded: s.now.Add(time.Second), Object: subject, Decision: d})
	s.after(time.Millisecond)
	return d
}

func nodes(verdicts ...evidence.NodeVerdict) func(*evidence.Decision) {
	return func(d *evidence.Decision) {
		d.Nodes, d.NodesTotal, d.NodesEvaluated = verdicts, len(verdicts), len(verdicts)
		for _, v := range verdicts {
			if v.Feasible {
				d.NodesFeasible++
			}
		}
	}
}

// schedule decides on node-a of three nodes and binds the pod to it.
func (s *recording) schedule() *recording {
	s.after(2 * time.Millisecond)
	d := s.decide(func(d *evidence.Decision) {
		nodes(fits("node-a", 1, 92, 88), fits("node-b", 2, 80, 88), rejected("node-c", "NodeResourcesFit", "Insufficient cpu"))(d)
		d.Node = "node-a"
	})
	return s.bind(d)
}

func (s *recording) bind(d *evidence.Decision) *recording {
	d.Bind = &evidence.BindOutcome{SentAt: s.now, ResourceVersion: strconv.FormatInt(s.revision+1, 10)}
	patch := map[string]any{
		"metadata": map[string]any{"resourceVersion": strconv.FormatInt(s.revision, 10), "finalizers": []any{"sim.glassplane.dev/kubelet"}},
		"spec":     map[string]any{"nodeName": d.Node},
	}
	answer := s.write(scheduler, "", func(o map[string]any) {
		o["spec"].(map[string]any)["nodeName"] = d.Node
		o["metadata"].(map[string]any)["finalizers"] = []any{"sim.glassplane.dev/kubelet"}
	})
	s.send(call{by: scheduler, verb: "patch", uri: collection + "/mypod", code: 200, request: patch, response: answer})
	d.Bind.AnsweredAt = s.now
	return s
}

// lose adds the bind of another scheduler that came too late.
func (s *recording) lose(node string) *recording {
	s.send(call{by: client{"other-scheduler", "other-scheduler/v1", nil}, verb: "patch", uri: collection + "/mypod", code: 409, reason: "Conflict",
		message:  `Operation cannot be fulfilled on simpods.sim.glassplane.dev "mypod": the object has been modified`,
		request:  map[string]any{"metadata": map[string]any{"resourceVersion": "218"}, "spec": map[string]any{"nodeName": node}},
		response: map[string]any{"kind": "Status", "reason": "Conflict", "code": 409}})
	return s
}

// status writes a status as the client does.
func (s *recording) status(by client, mutate func(map[string]any)) *recording {
	answer := s.write(by, "status", func(o map[string]any) {
		status, ok := o["status"].(map[string]any)
		if !ok {
			status = map[string]any{}
			o["status"] = status
		}
		mutate(status)
	})
	s.send(call{by: by, verb: "patch", subresource: "status", uri: collection + "/mypod/status", code: 200, request: map[string]any{"status": answer["status"]}, response: answer})
	return s
}

// unscheduled writes the PodScheduled condition.
func (s *recording) unscheduled(reason, message string) *recording {
	return s.status(scheduler, func(status map[string]any) {
		status["conditions"] = []any{map[string]any{"type": "PodScheduled", "status": "False", "reason": reason, "message": message}}
	})
}

// transition is a status write of the simulated kubelet.
func (s *recording) transition(from, to, reason string, restarts int) *recording {
	observed, at := s.revision, s.seen
	s.after(3 * time.Millisecond)
	s.status(manager, func(status map[string]any) {
		status["phase"] = to
		status["containerStatuses"] = []any{map[string]any{"name": "mypod", "restartCount": restarts, "ready": to == "Running"}}
	})
	s.add(evidence.Entry{Source: evidence.SourceTransition, Time: s.now, Recorded: s.now, Object: s.record.Subject, Revision: s.revision,
		Transition: &evidence.Transition{Namespace: "default", Name: "mypod", UID: podUID, Node: "node-a", ObservedAt: at,
			ObservedResourceVersion: strconv.FormatInt(observed, 10), WrittenAt: s.now, ResourceVersion: strconv.FormatInt(s.revision, 10),
			From: from, To: to, Reason: reason}})
	return s
}

// read gets the pod.
func (s *recording) read(by client) *recording {
	s.after(20 * time.Millisecond)
	answer := clone(s.object)
	answer["metadata"].(map[string]any)["resourceVersion"] = strconv.FormatInt(s.revision, 10)
	s.send(call{by: by, verb: "get", uri: collection + "/mypod", code: 200, response: answer})
	return s
}

// watching adds a watch by the client that is still open.
func (s *recording) watching(by client) *recording {
	s.send(call{by: by, verb: "watch", uri: collection + "?fieldSelector=metadata.name%3Dmypod&watch=true", code: 200})
	s.record.Entries[len(s.record.Entries)-1].Audit.Stage = "ResponseStarted"
	return s
}

// printed adds what the client says of the request.
func (s *recording) printed(line string) *recording {
	s.add(evidence.Entry{Source: evidence.SourceClient, Time: s.now, Recorded: s.now, Object: s.record.Subject, Client: &evidence.Client{
		AuditID: s.record.AuditID, SentAt: s.record.Entries[0].Time.Add(-time.Millisecond), AnsweredAt: s.now.Add(time.Millisecond), Code: 201, Line: line}})
	return s
}

// remove deletes the key.
func (s *recording) remove() {
	s.revision++
	subject := s.record.Subject
	s.seen = s.now.Add(5 * time.Millisecond)
	s.add(evidence.Entry{Source: evidence.SourceEtcd, Time: s.now.Add(3 * time.Millisecond), Recorded: s.seen, Object: subject, Revision: s.revision,
		Etcd: &evidence.Etcd{Key: etcdKey, ModRevision: s.revision, Deleted: true}})
	last := clone(s.object)
	last["metadata"].(map[string]any)["resourceVersion"] = strconv.FormatInt(s.revision, 10)
	s.add(evidence.Entry{Source: evidence.SourceWatch, Time: s.seen, Recorded: s.seen, Object: subject, Revision: s.revision,
		Watch: &evidence.Watch{Type: "DELETED", ArrivedAt: s.seen, Object: raw(last)}})
}

// deletePending deletes a pod without finalizers: the key goes at once.
func (s *recording) deletePending(by client) *recording {
	s.after(time.Second)
	s.remove()
	s.send(call{by: by, verb: "delete", uri: collection + "/mypod", code: 200,
		response: map[string]any{"kind": "Status", "status": "Success", "details": map[string]any{"name": "mypod", "uid": string(podUID)}}})
	return s
}

// deleteRunning marks a bound pod; the kubelet then removes its finalizer.
func (s *recording) deleteRunning(by client) *recording {
	s.after(time.Second)
	marked := s.write(by, "", func(o map[string]any) {
		m := o["metadata"].(map[string]any)
		m["deletionTimestamp"], m["deletionGracePeriodSeconds"] = s.now.Format(time.RFC3339), 0
	})
	s.send(call{by: by, verb: "delete", uri: collection + "/mypod", code: 200, response: marked})
	s.after(10 * time.Millisecond)
	s.remove()
	s.send(call{by: manager, verb: "patch", uri: collection + "/mypod", code: 200,
		request: map[string]any{"metadata": map[string]any{"finalizers": nil}}, response: marked})
	return s
}

// without makes a source unavailable.
func (s *recording) without(source evidence.Source, reason string) *recording {
	var kept []evidence.Entry
	for _, e := range s.record.Entries {
		if e.Source != source {
			kept = append(kept, e)
		}
	}
	s.record.Entries = kept
	for i := range s.record.Sources {
		if s.record.Sources[i].Source == source {
			s.record.Sources[i].Available, s.record.Sources[i].Reason = false, reason
		}
	}
	return s
}

func (s *recording) atLevel(level string) *recording {
	s.level = level
	return s
}

func (s *recording) dropped(n uint64) *recording {
	s.record.Dropped = n
	return s
}

func (s *recording) end() evidence.Record {
	s.record.CollectedAt = s.now.Add(time.Second)
	return s.record
}
