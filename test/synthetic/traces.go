// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
)

// Who sends the requests.
var (
	user       = client{"jane", "kubectl/v1.37.0 (linux/amd64)"}
	scheduler  = client{"system:serviceaccount:glassplane-system:glassplane-scheduler", "glassplane-scheduler/dev"}
	controller = client{"system:serviceaccount:glassplane-system:glassplane-controller-manager", "glassplane-controller-manager/dev"}
)

type client struct{ user, agent string }

// request is one that the API server has answered.
type request struct {
	client
	verb, subresource string
	code              int32
	body              object
	// received and answered are when.
	received, answered time.Time
}

func objectOf(pod *unstructured.Unstructured) evidence.Object {
	return evidence.Object{
		Group: v1alpha1.GroupName, Resource: "simpods", Namespace: pod.GetNamespace(), Name: pod.GetName(), UID: pod.GetUID(),
	}
}

// encoded is JSON of what has just been made, which always has some.
func encoded(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// wrote records a write: that it came and was answered, what etcd stored, and
// what watchers were told.
func (s *Source) wrote(pod *unstructured.Unstructured, r request, kind string) {
	of := objectOf(pod)
	s.audited(of, pod, r)
	first, version := s.revisions[of.UID], int64(1)
	if first.created == 0 {
		first.created = s.revision
	} else {
		version = first.version + 1
	}
	s.revisions[of.UID] = revisions{created: first.created, version: version}
	value := encoded(pod.Object)
	stored := r.answered.Add(-r.answered.Sub(r.received) / 4)
	etcd := &evidence.Etcd{
		Key: fmt.Sprintf("/registry/sim.glassplane.dev/simpods/%s/%s", of.Namespace, of.Name), CreateRevision: first.created,
		ModRevision: s.revision, Version: version, Bytes: int64(len(value)), Value: value,
	}
	if kind == "DELETED" {
		*etcd = evidence.Etcd{Key: etcd.Key, ModRevision: s.revision, Deleted: true}
		delete(s.revisions, of.UID)
	}
	s.journal.Append(evidence.Entry{Source: evidence.SourceEtcd, Time: stored, Object: of, Revision: s.revision, Etcd: etcd})
	s.journal.Append(evidence.Entry{
		Source: evidence.SourceWatch, Time: stored, Object: of, Revision: s.revision,
		Watch: &evidence.Watch{Type: kind, ArrivedAt: stored.Add(300 * time.Microsecond), Object: value},
	})
}

func (s *Source) audited(of evidence.Object, pod *unstructured.Unstructured, r request) {
	s.requests++
	audit := evidence.Audit{
		AuditID: fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests), Stage: "ResponseComplete", Level: "RequestResponse", Verb: r.verb,
		URI:         fmt.Sprintf("/apis/sim.glassplane.dev/v1alpha1/namespaces/%s/simpods/%s", of.Namespace, of.Name),
		Subresource: r.subresource, User: r.user, UserAgent: r.agent, SourceIPs: []string{"127.0.0.1"},
		ReceivedAt: r.received, StageAt: r.answered, Code: r.code,
		Annotations: map[string]string{"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "made up"},
	}
	if r.verb == "create" {
		audit.URI = fmt.Sprintf("/apis/sim.glassplane.dev/v1alpha1/namespaces/%s/simpods", of.Namespace)
	} else if r.subresource != "" {
		audit.URI += "/" + r.subresource
	}
	arrived := audit
	arrived.Stage, arrived.StageAt, arrived.Code = "RequestReceived", r.received, 0
	unnamed := of
	if unnamed.UID = ""; r.verb == "create" {
		unnamed.Name = ""
	}
	s.journal.Append(evidence.Entry{Source: evidence.SourceAudit, Time: r.received, Object: unnamed, Audit: &arrived})
	if r.body != nil {
		audit.RequestObject = encoded(r.body)
	}
	if r.code >= http.StatusBadRequest {
		audit.Reason, audit.Message = "Conflict", "the object has been modified; please apply your changes to the latest version and try again"
		s.journal.Append(evidence.Entry{Source: evidence.SourceAudit, Time: r.answered, Object: unnamed, Audit: &audit})
		return
	}
	s.revision++
	pod.SetResourceVersion(fmt.Sprint(s.revision))
	audit.ResponseObject, audit.ResponseUID, audit.ResponseRevision = encoded(pod.Object), of.UID, s.revision
	s.journal.Append(evidence.Entry{Source: evidence.SourceAudit, Time: r.answered, Object: of, Revision: s.revision, Audit: &audit})
}

// decided records the attempt that bound a pod, in the version before.
func (s *Source) decided(pod *unstructured.Unstructured, before string, w *way, bind request) {
	popped := bind.received.Add(-s.some(2 * time.Millisecond))
	decision := &evidence.Decision{
		Pod:     evidence.PodReference{Namespace: pod.GetNamespace(), Name: pod.GetName(), UID: pod.GetUID(), ResourceVersion: before},
		Attempt: 1, Profile: v1alpha1.DefaultSchedulerName, ObservedAt: w.observedAt, QueuedAt: w.observedAt,
		PoppedAt: popped, DecidedAt: bind.received.Add(-s.some(300 * time.Microsecond)), NodesTotal: len(s.nodes),
		NodesEvaluated: len(s.nodes), NodesFeasible: max(1, len(s.nodes)*9/10), NodesBest: 1, Node: w.node,
		NodesOmitted: max(0, len(s.nodes)-1),
		Nodes: []evidence.NodeVerdict{{Name: w.node, Feasible: true, Total: 291, Rank: 1, Filters: []evidence.PluginVerdict{
			{Plugin: "NodeUnschedulable", Code: "Success"}, {Plugin: "NodeResourcesFit", Code: "Success"},
		}, Scores: []evidence.PluginScore{
			{Plugin: "NodeResourcesFit", Raw: 91, Normalized: 91, Weight: 1, Weighted: 91},
			{Plugin: "PodTopologySpread", Raw: 100, Normalized: 100, Weight: 2, Weighted: 200},
		}}},
		Bind: &evidence.BindOutcome{SentAt: bind.received.Add(-200 * time.Microsecond), AnsweredAt: bind.answered.Add(200 * time.Microsecond), ResourceVersion: pod.GetResourceVersion()},
	}
	s.journal.Append(evidence.Entry{Source: evidence.SourceDecision, Time: decision.DecidedAt, Object: objectOf(pod), Revision: s.revision, Decision: decision})
}

// transitioned records why the status was written.
func (s *Source) transitioned(pod *unstructured.Unstructured, before string, w *way, status request) {
	t := evidence.Transition{
		Namespace: pod.GetNamespace(), Name: pod.GetName(), UID: pod.GetUID(), Node: w.node, ObservedAt: w.seenAt, ObservedResourceVersion: before,
		WrittenAt: status.answered.Add(200 * time.Microsecond), ResourceVersion: pod.GetResourceVersion(), From: "Pending", To: "Running",
		Reason: "start delay is over: containers started",
	}
	s.journal.Append(evidence.Entry{Source: evidence.SourceTransition, Time: t.WrittenAt, Object: objectOf(pod), Revision: s.revision, Transition: &t})
}

// revisions of a key.
type revisions struct{ created, version int64 }

// way is a pod that is on its way to Running.
type way struct {
	pod  *unstructured.Unstructured
	node string
	// due is when it goes a step on.
	due time.Time
	// observedAt is when the scheduler saw it, seenAt when the controller manager
	// saw it bound.
	observedAt, seenAt time.Time
}

// queue says of the pods that wait what they wait for.
func (s *Source) queue() evidence.Queue {
	queue := evidence.Queue{At: s.options.Clock.Now()}
	add := func(place string, count *int, pods []*unstructured.Unstructured, tell func(*evidence.Waiting)) {
		*count = len(pods)
		for i, pod := range pods[:min(len(pods), evidence.MaxWaiting/3)] {
			w := evidence.Waiting{
				Namespace: pod.GetNamespace(), Name: pod.GetName(), UID: pod.GetUID(), Queue: place, Place: i + 1,
				Since: pod.GetCreationTimestamp().Time, Attempts: 1,
			}
			tell(&w)
			queue.Waiting = append(queue.Waiting, w)
		}
	}
	var active []*unstructured.Unstructured
	for _, w := range s.waiting {
		active = append(active, w.pod)
	}
	add(evidence.QueueActive, &queue.Active, active, func(w *evidence.Waiting) { w.For, w.Attempts = "its turn", 0 })
	add(evidence.QueueUnschedulable, &queue.Unschedulable, s.unschedulable, func(w *evidence.Waiting) {
		w.For = "a change: node added or its allocatable changed; pod on a node deleted"
		w.Plugins, w.TriedBy = []string{"NodeResourcesFit"}, new(w.Since.Add(331*time.Second))
	})
	add(evidence.QueueGated, &queue.Gated, s.gated, func(w *evidence.Waiting) {
		w.For, w.Plugins, w.Attempts = "waiting for scheduling gates: [example.com/quota]", []string{"SchedulingGates"}, 0
	})
	return queue
}
