// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
)

// privilege is one thing that a component may do.
type privilege struct {
	// group and resource, with its subresource if any; or a path of a component's
	// endpoint, which is no resource.
	group, resource, path string
	// verbs that are allowed. idle says of those that the load of this suite may
	// not need why they are granted all the same.
	verbs []string
	idle  map[string]string
	// namespace where it is allowed; everywhere where it is empty.
	namespace string
	// name of the only object that it is allowed for; any where it is empty.
	name string
	// why the component needs it.
	why string
}

// accounts are the components that hold privileges.
var accounts = []string{manager.SchedulerName, manager.ControllerManagerName, manager.ObserverName}

// cached is what a component needs to keep all objects of a kind in a cache. It
// reads them there, so it needs no get.
func cached(group, resource, why string) privilege {
	return privilege{
		group: group, resource: resource, verbs: []string{"list", "watch"}, why: why,
		idle: map[string]string{"list": "an API server that can streams the list as the start of the watch (WatchList)"},
	}
}

const (
	sim    = v1alpha1.GroupName
	system = v1alpha1.SystemNamespace
	leases = "coordination.k8s.io"
)

// privileges is all that each component may do, and nothing else: tests compare
// it with the manifests, with what the API server allows, and with what the
// components did.
var privileges = map[string][]privilege{
	manager.SchedulerName: append([]privilege{
		cached(sim, "simpods", "pods wait for a node and take up room"),
		{group: sim, resource: "simpods", verbs: []string{"patch"}, why: "binds a pod: sets spec.nodeName"},
		{group: sim, resource: "simpods", verbs: []string{"delete"}, why: "preempts a pod of lower priority"},
		{
			group: sim, resource: "simpods/binding", verbs: []string{"create"}, why: "the policy simpod-binding asks for it when a pod is bound",
			idle: map[string]string{"create": "virtual: the API server asks itself within the bind"},
		},
		{group: sim, resource: "simpods/status", verbs: []string{"patch"}, why: "condition PodScheduled and the nominated node"},
		cached(sim, "simnodes", "where pods may run"),
		cached(sim, "simreplicasets", "pods that belong together are spread"),
		cached(sim, "simstatefulsets", "pods that belong together are spread"),
		cached("", "namespaces", "namespace selectors of pod affinity"),
		cached("", "services", "pods that belong together are spread"),
		cached("scheduling.k8s.io", "priorityclasses", "priority and preemption policy of pods"),
		cached("policy", "poddisruptionbudgets", "preemption spares what they protect"),
		{group: "events.k8s.io", resource: "events", verbs: []string{"create"}, why: "Scheduled, FailedScheduling, Preempted"},
	}, common(manager.SchedulerName)...),

	manager.ControllerManagerName: append([]privilege{
		cached(sim, "simpods", "runs what is bound"),
		{
			group: sim, resource: "simpods", verbs: []string{"get"}, why: "makes sure that a created pod is gone which the cache never had",
			idle: map[string]string{"get": "only where the watch has missed it for long"},
		},
		{group: sim, resource: "simpods", verbs: []string{"create"}, why: "pods of workloads and Walkthroughs"},
		{group: sim, resource: "simpods", verbs: []string{"patch"}, why: "removes the finalizers of kubelet and job; adopts and releases pods"},
		{group: sim, resource: "simpods", verbs: []string{"delete"}, why: "scale-down, eviction, pods of vanished nodes"},
		{group: sim, resource: "simpods/status", verbs: []string{"patch"}, why: "what the kubelet reports"},
		cached(sim, "simnodes", "runs their kubelets, watches over their health"),
		{group: sim, resource: "simnodes", verbs: []string{"get"}, why: "makes sure that a node is gone before its pods are collected"},
		{group: sim, resource: "simnodes", verbs: []string{"patch"}, why: "labels that a kubelet sets, and taints that follow from conditions"},
		{group: sim, resource: "simnodes/status", verbs: []string{"patch"}, why: "conditions, addresses, what is allocated"},
		cached(sim, "simreplicasets", "keeps as many pods as they ask for"),
		{group: sim, resource: "simreplicasets", verbs: []string{"get"}, why: "makes sure that a set is not being deleted before it adopts"},
		{group: sim, resource: "simreplicasets/status", verbs: []string{"patch"}, why: "counts of replicas"},
		blocking("simreplicasets"),
		{group: sim, resource: "simreplicasets", verbs: []string{"create", "patch", "delete"}, why: "those of a deployment: one per template, scaled, and deleted when they are old"},
		cached(sim, "simdeployments", "replaces the pods of one template by those of another"),
		cached(sim, "simstatefulsets", "keeps as many pods with fixed names as they ask for"),
		cached(sim, "simdaemonsets", "keeps a pod on each node"),
		cached(sim, "simjobs", "creates pods until as many have succeeded as they ask for"),
		cached(sim, "simnodepools", "keeps as many nodes as they ask for"),
		adopting("simdeployments", "replica set"), adopting("simstatefulsets", "set"), adopting("simdaemonsets", "set"),
		{group: sim, resource: "simjobs", verbs: []string{"get"}, why: "makes sure that a job is gone, or not being deleted, before its pods are let go or adopted"},
		{group: sim, resource: "simdeployments", verbs: []string{"patch"}, why: "the annotation with the revision of its template"},
		{group: sim, resource: "simdeployments/status", verbs: []string{"patch"}, why: "counts of replicas, how the rollout goes"},
		{group: sim, resource: "simstatefulsets/status", verbs: []string{"patch"}, why: "counts of replicas"},
		{group: sim, resource: "simdaemonsets/status", verbs: []string{"patch"}, why: "counts of nodes"},
		{group: sim, resource: "simjobs/status", verbs: []string{"patch"}, why: "counts of pods, whether it is complete"},
		{group: sim, resource: "simnodepools/status", verbs: []string{"patch"}, why: "counts of nodes"},
		{group: sim, resource: "simjobs", verbs: []string{"delete"}, why: "ttlSecondsAfterFinished has passed"},
		{group: sim, resource: "simnodes", verbs: []string{"create", "delete"}, why: "those of a node pool"},
		cached("apps", "controllerrevisions", "the templates that daemon sets and stateful sets had"),
		{group: "apps", resource: "controllerrevisions", verbs: []string{"create", "patch", "delete"}, why: "stores a new template, numbers one anew that is back, forgets old ones"},
		{
			group: "apps", resource: "controllerrevisions", verbs: []string{"get"}, why: "compares a stored template whose name is taken with the new one",
			idle: map[string]string{"get": "only where the cache is behind"},
		},
		blocking("simdeployments"), blocking("simstatefulsets"), blocking("simdaemonsets"), blocking("simjobs"), blocking("simnodepools"),
		cached(sim, "walkthroughs", "creates the pod of a Walkthrough"),
		blocking("walkthroughs"),
		{
			group: leases, resource: "leases", verbs: []string{"list", "watch", "create", "patch"}, namespace: v1alpha1.NodeLeaseNamespace, why: "heartbeats of simulated nodes",
			idle: cached("", "", "").idle,
		},
		{
			group: leases, resource: "leases", verbs: []string{"get"}, namespace: v1alpha1.NodeLeaseNamespace, why: "makes sure that the heartbeats have stopped before a node is taken for dead",
			idle: map[string]string{"get": "a node has 40 seconds"},
		},
		{group: "events.k8s.io", resource: "events", verbs: []string{"create", "patch"}, why: "what workloads, node pools and Walkthroughs did; patch counts repetitions"},
	}, common(manager.ControllerManagerName)...),

	manager.ObserverName: append([]privilege{
		cached(sim, "simpods", "records it"),
		cached(sim, "simreplicasets", "records it"),
		cached(sim, "simdeployments", "records it"),
		cached(sim, "simstatefulsets", "records it"),
		cached(sim, "simdaemonsets", "records it"),
		cached(sim, "simjobs", "records it"),
		cached(sim, "walkthroughs", "records it, and keeps its status"),
		cached("", "pods", "records real Pods beside simulated ones"),
		{group: sim, resource: "walkthroughs/status", verbs: []string{"patch"}, why: "the only thing that it writes of all that it records"},
		{group: "events.k8s.io", resource: "events", verbs: []string{"create"}, why: "its supervisor says when a Fault begins and ends"},
		cached(sim, "simnodes", "shows the cluster's nodes, and what is requested of them"),
		cached("", "nodes", "shows real Nodes beside simulated ones"),
		{path: manager.DecisionsPath, verbs: []string{"get"}, why: "records what the scheduler decided"},
		{
			path: manager.QueuePath, verbs: []string{"get"}, why: "shows which pods wait, and for what",
			idle: map[string]string{"get": "only while somebody looks at the cluster"},
		},
		{path: manager.TransitionsPath, verbs: []string{"get"}, why: "records what the simulated kubelets did"},
		{resource: "configmaps", verbs: []string{"get"}, namespace: system, name: endpointOf(manager.SchedulerName), why: "finds the scheduler's endpoint and its certificate"},
		{resource: "configmaps", verbs: []string{"get"}, namespace: system, name: endpointOf(manager.ControllerManagerName), why: "finds the controller manager's"},
	}, common(manager.ObserverName)...),
}

// blocking is what owner references need that block the deletion of their owner.
func blocking(owners string) privilege {
	return privilege{
		group: sim, resource: owners + "/finalizers", verbs: []string{"update"}, why: "owner references of what it makes block its deletion",
		idle: map[string]string{"update": "virtual: OwnerReferencesPermissionEnforcement asks within the create"},
	}
}

// adopting is what a controller needs that adopts orphans of its owners.
func adopting(owners, noun string) privilege {
	return privilege{
		group: sim, resource: owners, verbs: []string{"get"}, why: "makes sure that a " + noun + " is not being deleted before it adopts",
		idle: map[string]string{"get": "only where there are orphans"},
	}
}

// common is what every component needs for itself.
func common(component string) []privilege {
	return []privilege{
		{group: leases, resource: "leases", verbs: []string{"create"}, namespace: system, why: "elects its leader; the name is not part of what is authorized"},
		{group: leases, resource: "leases", verbs: []string{"get", "update"}, namespace: system, name: component, why: "elects its leader"},
		{resource: "events", verbs: []string{"create"}, namespace: system, why: "elections are reported as core/v1 events"},
		{group: "authentication.k8s.io", resource: "tokenreviews", verbs: []string{"create"}, why: "asks who calls its endpoint"},
		{group: "authorization.k8s.io", resource: "subjectaccessreviews", verbs: []string{"create"}, why: "asks whether the caller may"},
		{resource: "configmaps", verbs: []string{"get", "patch"}, namespace: system, name: endpointOf(component), why: "publishes where it serves"},
		cached(sim, "faults", "its supervisor stops it, and starts it again, as they say"),
		{group: sim, resource: "faults/status", verbs: []string{"patch"}, why: "its supervisor says what became of them"},
	}
}

// endpointOf is the ConfigMap where a component publishes its endpoint.
func endpointOf(component string) string { return component + "-endpoint" }
