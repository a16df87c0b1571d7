// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/glassplane/glassplane/internal/evidence"
)

// writeKind is what a write did to an object.
type writeKind string

const (
	writeCreate writeKind = "create"
	writeBind   writeKind = "bind"
	writeStatus writeKind = "status"
	// writeMark sets metadata.deletionTimestamp: finalizers keep the object.
	writeMark   writeKind = "mark for deletion"
	writeRemove writeKind = "remove"
	writeChange writeKind = "change"
)

// requestShape is a form that a request for a kind of write can have.
type requestShape struct {
	verbs       []string
	subresource string
}

// resourceRules is what distinguishes one resource from another in the traces
// that its objects leave, and in who takes part in their lives.
type resourceRules struct {
	// kind of the object, for where no object was kept.
	kind string
	// runner is the component that runs a bound pod and reports its status.
	runner string
	// aside is what is to be said of step 5 in general; empty for nothing.
	aside  string
	shapes map[writeKind][]requestShape
	// lock is what keeps two schedulers from binding one pod where the bind
	// request has no resourceVersion.
	lock string
	// graceful is true where a delete stores the object again, with the time at
	// which its grace period ends, before it removes it.
	graceful bool
	// silent are the sources that have nothing of this resource, and why.
	silent map[evidence.Source]string
}

var (
	creates = []string{"create"}
	changes = []string{"patch", "update"}
	deletes = []string{"delete", "deletecollection"}
)

// genericShapes are those of every resource that the API server serves.
var genericShapes = map[writeKind][]requestShape{
	// A server-side apply creates with the verb patch.
	writeCreate: {{verbs: []string{"create", "patch", "update"}}},
	writeBind:   {{verbs: changes}},
	writeStatus: {{verbs: changes, subresource: "status"}},
	writeMark:   {{verbs: deletes}},
	// The change that removes the last finalizer removes the object too.
	writeRemove: {{verbs: deletes}, {verbs: changes}},
	writeChange: {{verbs: changes}},
}

// rulesByResource is the whole knowledge of how resources differ. A resource
// that is not listed follows genericShapes.
var rulesByResource = map[schema.GroupResource]resourceRules{
	{Group: "sim.glassplane.dev", Resource: "simpods"}: {
		kind: "SimPod", runner: componentManager, shapes: genericShapes,
	},
	{Resource: "pods"}: {
		kind: "Pod", runner: componentKubelet,
		aside:  "The controller manager has no part in it: the kubelet of the node runs the pod",
		shapes: podShapes,
		// k8s.io/kubernetes/pkg/registry/core/pod/storage.BindingREST.
		lock: "names the pod by UID and no resourceVersion: the API server itself sets spec.nodeName only while it is empty, " +
			"and refuses the second of two binds with 409",
		graceful: true,
		silent: map[evidence.Source]string{
			evidence.SourceDecision:   "kube-scheduler serves no decisions; of a Pod only its writes tell what it decided",
			evidence.SourceTransition: "a kubelet serves no transitions; of a Pod only its writes tell what it did",
		},
	},
}

// podShapes are those of core/v1 Pods: what the API server's subresources do.
var podShapes = map[writeKind][]requestShape{
	writeCreate: genericShapes[writeCreate],
	writeBind:   {{verbs: creates, subresource: "binding"}},
	writeStatus: genericShapes[writeStatus],
	writeMark:   {{verbs: deletes}, {verbs: creates, subresource: "eviction"}},
	writeRemove: {{verbs: deletes}, {verbs: changes}, {verbs: creates, subresource: "eviction"}},
	writeChange: {{verbs: changes}, {verbs: changes, subresource: "ephemeralcontainers"}, {verbs: changes, subresource: "resize"}},
}

func rulesFor(o evidence.Object) resourceRules {
	rules, ok := rulesByResource[schema.GroupResource{Group: o.Group, Resource: o.Resource}]
	if !ok {
		rules = resourceRules{runner: componentManager, shapes: genericShapes}
	}
	return rules
}

// Runner names the component that runs a pod of the object's resource: the one
// of step 5.
func Runner(o evidence.Object) string { return rulesFor(o).runner }

// speaking are the sources with those that are silent about the resource said
// to be so.
func (r resourceRules) speaking(sources []evidence.SourceState) []evidence.SourceState {
	sources = slices.Clone(sources)
	for i := range sources {
		if why, silent := r.silent[sources[i].Source]; silent {
			sources[i].Available, sources[i].Reason = false, why
		}
	}
	return sources
}

// ends reports whether a request can have removed an object or begun to.
func (r resourceRules) ends(a *evidence.Audit) bool { return r.allows(writeMark, a) }

// allows reports whether a request can have done a write of the kind.
func (r resourceRules) allows(kind writeKind, a *evidence.Audit) bool {
	return slices.ContainsFunc(r.shapes[kind], func(s requestShape) bool {
		return s.subresource == a.Subresource && slices.Contains(s.verbs, a.Verb)
	})
}

// The components of the story, as the steps name them.
const (
	componentClient    = "User / API client"
	componentAPIServer = "API server"
	componentScheduler = "Scheduler"
	componentManager   = "Controller manager"
	componentKubelet   = "Kubelet"
	componentEtcd      = "etcd"
)

// identity names a component by the user and the user agent of its requests.
type identity struct {
	component string
	// users match as a whole, or after the last colon, as those of ServiceAccounts.
	users []string
	// agents are the programs that user agents name before their version, which
	// is also how the API server names the managers of fields.
	agents []string
}

var identities = []identity{
	{componentScheduler, []string{"glassplane-scheduler", "kube-scheduler"}, []string{"glassplane-scheduler", "kube-scheduler"}},
	{componentManager, []string{"glassplane-controller-manager", "kube-controller-manager"},
		[]string{"glassplane-controller-manager", "kube-controller-manager"}},
	{componentKubelet, nil, []string{"kubelet"}},
	{"Observer", []string{"glassplane-observer"}, []string{"glassplane-observer"}},
}

// componentOf names the component that sent a request; empty where it is none
// that is known. The user counts for more than the user agent, which a client
// chooses freely.
func componentOf(a *evidence.Audit) string {
	user := a.User[strings.LastIndex(a.User, ":")+1:]
	for _, id := range identities {
		if slices.Contains(id.users, user) {
			return id.component
		}
	}
	if strings.HasPrefix(a.User, "system:node:") {
		return componentKubelet
	}
	program, _, _ := strings.Cut(a.UserAgent, "/")
	for _, id := range identities {
		if slices.Contains(id.agents, program) {
			return id.component
		}
	}
	return ""
}

// isProgram reports whether a request comes from a program rather than from a
// person's client: it has an account of its own in the cluster.
func isProgram(a *evidence.Audit) bool {
	return componentOf(a) != "" || strings.HasPrefix(a.User, "system:serviceaccount:") ||
		slices.Contains(a.Groups, "system:serviceaccounts") || slices.Contains(a.Groups, "system:nodes")
}
