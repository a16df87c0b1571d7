// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package followed is the one table of the resources whose objects are recorded
// and explained. Observer, API, command line and explanation read it: a further
// resource is an entry here.
package followed

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// Role is the part that an object has in the story.
type Role string

const (
	// Pod is scheduled, bound to a node and run there.
	Pod Role = "pod"
	// Set keeps a number of pods in existence, by itself or through sets of its own.
	Set Role = "set"
	// Other objects are only stored.
	Other Role = ""
)

// Count is what the status of a set counts.
type Count string

const (
	// Replicas are objects of which a number should exist.
	Replicas Count = "replicas"
	// Nodes are those that should have an object each.
	Nodes Count = "nodes"
	// Completions are objects that have succeeded, of those that must.
	Completions Count = "completions"
)

// WriteKind is what a write did to an object.
type WriteKind string

const (
	// Create stores the object.
	Create WriteKind = "create"
	// Bind sets spec.nodeName of a pod.
	Bind WriteKind = "bind"
	// Status changes the status.
	Status WriteKind = "status"
	// Mark sets metadata.deletionTimestamp: the object ends, but is still stored.
	Mark WriteKind = "mark for deletion"
	// Remove removes the key.
	Remove WriteKind = "remove"
	// Change is any other change.
	Change WriteKind = "change"
)

// Shape is a form that a request for a kind of write can have.
type Shape struct {
	Verbs       []string
	Subresource string
}

// Resource is what distinguishes one resource from another in the traces that
// its objects leave, and in who takes part in their lives.
type Resource struct {
	schema.GroupVersionResource
	// Kind of the objects.
	Kind string
	// ShortNames are the other names that kubectl accepts, beside the singular,
	// the plural, and both with the group.
	ShortNames []string
	// Role of the objects in the story.
	Role Role
	// Counts is what the status of a set counts; empty for other objects.
	Counts Count
	// Runner is the component that acts on the object once it is stored: for a
	// pod the one that runs it when it is bound and reports its status.
	Runner string
	// Aside is what is to be said of step 5 in general; empty for nothing.
	Aside string
	// Shapes are the requests that can make each kind of write.
	Shapes map[WriteKind][]Shape
	// Lock is what keeps two schedulers from binding one pod where the bind
	// request has no resourceVersion.
	Lock string
	// Graceful is true where a delete stores the object again, with the time at
	// which its grace period ends, before it removes it.
	Graceful bool
	// Silent are the sources that have nothing of this resource, and why.
	Silent map[evidence.Source]string
}

var (
	creates = []string{"create"}
	changes = []string{"patch", "update"}
	deletes = []string{"delete", "deletecollection"}
)

// genericShapes are those of every resource that the API server serves.
var genericShapes = map[WriteKind][]Shape{
	// A server-side apply creates with the verb patch.
	Create: {{Verbs: []string{"create", "patch", "update"}}},
	Bind:   {{Verbs: changes}},
	Status: {{Verbs: changes, Subresource: "status"}},
	Mark:   {{Verbs: deletes}},
	// The change that removes the last finalizer removes the object too.
	Remove: {{Verbs: deletes}, {Verbs: changes}},
	Change: {{Verbs: changes}},
}

// podShapes are those of core/v1 Pods: what the API server's subresources do.
var podShapes = map[WriteKind][]Shape{
	Create: genericShapes[Create],
	Bind:   {{Verbs: creates, Subresource: "binding"}},
	Status: genericShapes[Status],
	Mark:   {{Verbs: deletes}, {Verbs: creates, Subresource: "eviction"}},
	Remove: {{Verbs: deletes}, {Verbs: changes}, {Verbs: creates, Subresource: "eviction"}},
	Change: {{Verbs: changes}, {Verbs: changes, Subresource: "ephemeralcontainers"}, {Verbs: changes, Subresource: "resize"}},
}

// setShapes are those of objects with a scale.
var setShapes = map[WriteKind][]Shape{
	Create: genericShapes[Create],
	Status: genericShapes[Status],
	Mark:   genericShapes[Mark],
	Remove: genericShapes[Remove],
	Change: {{Verbs: changes}, {Verbs: changes, Subresource: "scale"}},
}

// fixedShapes are those of sets without a scale.
var fixedShapes = map[WriteKind][]Shape{
	Create: genericShapes[Create],
	Status: genericShapes[Status],
	Mark:   genericShapes[Mark],
	Remove: genericShapes[Remove],
	Change: genericShapes[Change],
}

// resources is the whole knowledge of how resources differ.
var resources = []Resource{
	{
		GroupVersionResource: v1alpha1.GroupVersion.WithResource("simpods"), Kind: "SimPod", ShortNames: []string{"sp"},
		Role: Pod, Runner: component.Manager, Shapes: genericShapes,
	},
	{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("pods"), Kind: "Pod", ShortNames: []string{"po"},
		Role: Pod, Runner: component.Kubelet,
		Aside:  "The controller manager has no part in it: the kubelet of the node runs the pod",
		Shapes: podShapes,
		// k8s.io/kubernetes/pkg/registry/core/pod/storage.BindingREST.
		Lock: "names the pod by UID and no resourceVersion: the API server itself sets spec.nodeName only while it is empty, " +
			"and refuses the second of two binds with 409",
		Graceful: true,
		Silent: map[evidence.Source]string{
			evidence.SourceDecision:   "kube-scheduler serves no decisions; of a Pod only its writes tell what it decided",
			evidence.SourceTransition: "a kubelet serves no transitions; of a Pod only its writes tell what it did",
		},
	},
	{
		GroupVersionResource: v1alpha1.GroupVersion.WithResource("simreplicasets"), Kind: "SimReplicaSet", ShortNames: []string{"srs"},
		Role: Set, Counts: Replicas, Runner: component.Manager, Shapes: setShapes,
	},
	{
		GroupVersionResource: v1alpha1.GroupVersion.WithResource("simdeployments"), Kind: "SimDeployment", ShortNames: []string{"sdeploy"},
		Role: Set, Counts: Replicas, Runner: component.Manager, Shapes: setShapes,
	},
	{
		GroupVersionResource: v1alpha1.GroupVersion.WithResource("simstatefulsets"), Kind: "SimStatefulSet", ShortNames: []string{"ssts"},
		Role: Set, Counts: Replicas, Runner: component.Manager, Shapes: setShapes,
	},
	{
		GroupVersionResource: v1alpha1.GroupVersion.WithResource("simdaemonsets"), Kind: "SimDaemonSet", ShortNames: []string{"sds"},
		Role: Set, Counts: Nodes, Runner: component.Manager, Shapes: fixedShapes,
	},
	{
		GroupVersionResource: v1alpha1.GroupVersion.WithResource("simjobs"), Kind: "SimJob", ShortNames: []string{"sjob"},
		Role: Set, Counts: Completions, Runner: component.Manager, Shapes: fixedShapes,
	},
}

// Resources are all that are followed.
func Resources() []Resource { return slices.Clone(resources) }

// SimPods is the entry of the simulated pods, the first one.
func SimPods() Resource { return resources[0] }

// Pods returns the entry of real pods.
func Pods() Resource {
	r, _ := ByName("pods")
	return r
}

// ByResource returns the entry of a resource, and whether it is followed. One
// that is not has the shapes that every resource has.
func ByResource(r schema.GroupResource) (Resource, bool) {
	i := slices.IndexFunc(resources, func(known Resource) bool { return known.GroupResource() == r })
	if i < 0 {
		return Resource{
			GroupVersionResource: schema.GroupVersionResource{Group: r.Group, Resource: r.Resource},
			Runner:               component.Manager, Shapes: genericShapes,
		}, false
	}
	return resources[i], true
}

// Of returns the entry of an object's resource, as ByResource does.
func Of(o evidence.Object) Resource {
	r, _ := ByResource(schema.GroupResource{Group: o.Group, Resource: o.Resource})
	return r
}

// ByName returns the entry that a user names as kubectl would let them, and
// whether there is one.
func ByName(name string) (Resource, bool) {
	name = strings.ToLower(name)
	i := slices.IndexFunc(resources, func(r Resource) bool { return slices.Contains(r.names(), name) })
	if i < 0 {
		return Resource{}, false
	}
	return resources[i], true
}

// ByPlural returns the entry of a resource by its plural name, such as simpods,
// and whether there is one.
func ByPlural(plural string) (Resource, bool) {
	i := slices.IndexFunc(resources, func(r Resource) bool { return r.Resource == plural })
	if i < 0 {
		return Resource{}, false
	}
	return resources[i], true
}

// Singular is the name of one object's type, such as simpod.
func (r Resource) Singular() string { return strings.ToLower(r.Kind) }

// names are those that kubectl accepts for the resource.
func (r Resource) names() []string {
	names := append([]string{r.Singular(), r.Resource}, r.ShortNames...)
	if r.Group != "" {
		names = append(names, r.Singular()+"."+r.Group, r.Resource+"."+r.Group)
	}
	return names
}

// Speaking are the sources with those that are silent about the resource said
// to be so.
func (r Resource) Speaking(sources []evidence.SourceState) []evidence.SourceState {
	sources = slices.Clone(sources)
	for i := range sources {
		if why, silent := r.Silent[sources[i].Source]; silent {
			sources[i].Available, sources[i].Reason = false, why
		}
	}
	return sources
}

// Ends reports whether a request can have removed an object or begun to.
func (r Resource) Ends(a *evidence.Audit) bool { return r.Allows(Mark, a) }

// Allows reports whether a request can have done a write of the kind.
func (r Resource) Allows(kind WriteKind, a *evidence.Audit) bool {
	return slices.ContainsFunc(r.Shapes[kind], func(s Shape) bool {
		return s.Subresource == a.Subresource && slices.Contains(s.Verbs, a.Verb)
	})
}
