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

// resourceRules says how the writes of one resource look in the audit log.
type resourceRules struct {
	// kind of the object, for where no object was kept.
	kind string
	// runner is the component that runs a bound pod and reports its status.
	runner string
	shapes map[writeKind][]requestShape
}

var (
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
		kind: "Pod", runner: "Kubelet",
		shapes: withShapes(map[writeKind][]requestShape{
			writeBind: {{verbs: []string{"create"}, subresource: "binding"}},
			writeMark: {{verbs: deletes}, {verbs: []string{"create"}, subresource: "eviction"}},
			writeRemove: {{verbs: deletes}, {verbs: changes},
				{verbs: []string{"create"}, subresource: "eviction"}},
			writeChange: {{verbs: changes}, {verbs: changes, subresource: "ephemeralcontainers"},
				{verbs: changes, subresource: "resize"}},
		}),
	},
}

func withShapes(own map[writeKind][]requestShape) map[writeKind][]requestShape {
	all := map[writeKind][]requestShape{writeCreate: genericShapes[writeCreate], writeStatus: genericShapes[writeStatus]}
	for kind, shapes := range own {
		all[kind] = shapes
	}
	return all
}

func rulesFor(o evidence.Object) resourceRules {
	rules, ok := rulesByResource[schema.GroupResource{Group: o.Group, Resource: o.Resource}]
	if !ok {
		rules = resourceRules{runner: componentManager, shapes: genericShapes}
	}
	return rules
}

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
	componentEtcd      = "etcd"
)

// identity names a component by the user and the user agent of its requests.
type identity struct {
	component string
	// users match as a whole, or after the last colon, as those of ServiceAccounts.
	users []string
	// agents match the start of a user agent.
	agents []string
}

var identities = []identity{
	{componentScheduler, []string{"glassplane-scheduler", "kube-scheduler"}, []string{"glassplane-scheduler", "kube-scheduler"}},
	{componentManager, []string{"glassplane-controller-manager", "kube-controller-manager"},
		[]string{"glassplane-controller-manager", "kube-controller-manager"}},
	{"Kubelet", nil, []string{"kubelet/"}},
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
		return "Kubelet"
	}
	for _, id := range identities {
		if slices.ContainsFunc(id.agents, func(p string) bool { return strings.HasPrefix(a.UserAgent, p) }) {
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
