// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// object is an object as JSON would have it.
type object = map[string]any

// What nodes and pods are made of, with pods of each kind in proportion.
var (
	zones      = []string{"zone-a", "zone-b", "zone-c"}
	namespaces = []string{"default", "shop", "payments", "search", "batch", "monitoring", "ingress", "team-with-a-rather-long-name"}
	apps       = []string{"web", "api", "worker", "cache", "db", "cron", "gateway", "indexer", "exporter", "frontend"}
	cpus       = []string{"50m", "100m", "100m", "250m", "250m", "500m", "1"}
	memories   = []string{"64Mi", "128Mi", "128Mi", "256Mi", "512Mi", "1Gi", "2Gi"}
)

// sizes of nodes: CPU and memory.
var sizes = [][2]string{{"4", "16Gi"}, {"8", "32Gi"}, {"16", "64Gi"}, {"32", "128Gi"}}

// uid is a UUID made of a random source that has a seed.
func uid(random *rand.Rand) types.UID {
	a, b := random.Uint64(), random.Uint64()
	return types.UID(fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), uint16(a)&0xfff, uint16(b>>48)&0x3fff|0x8000, b&0xffffffffffff))
}

func metadata(name, namespace string, id types.UID, at time.Time, labels object) object {
	m := object{
		"name": name, "uid": string(id), "labels": labels, "generation": int64(1),
		"creationTimestamp": at.UTC().Format(time.RFC3339),
	}
	if namespace != "" {
		m["namespace"] = namespace
	}
	return m
}

// newNode makes a SimNode. One in a hundred is not ready, cordoned or tainted.
func newNode(random *rand.Rand, number int, at time.Time) *unstructured.Unstructured {
	name := fmt.Sprintf("node-%04d", number)
	size := sizes[random.IntN(len(sizes))]
	zone := zones[number%len(zones)]
	ready, spec := "True", object{"capacity": object{"cpu": size[0], "memory": size[1], "pods": "110"}}
	switch random.IntN(100) {
	case 0:
		ready = "False"
	case 1:
		spec["unschedulable"] = true
	case 2:
		spec["taints"] = []any{object{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}}
	}
	return &unstructured.Unstructured{Object: object{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "SimNode",
		"metadata": metadata(name, "", uid(random), at, object{
			"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone,
			"node.kubernetes.io/instance-type": "sim." + size[0],
		}),
		"spec": spec,
		"status": object{
			"allocatable": object{"cpu": size[0], "memory": size[1], "pods": "110"},
			"conditions":  []any{object{"type": "Ready", "status": ready}},
		},
	}}
}

// newPod makes a SimPod that waits for a node.
func newPod(random *rand.Rand, number int, at time.Time) *unstructured.Unstructured {
	namespace, app := namespaces[random.IntN(len(namespaces))], apps[random.IntN(len(apps))]
	id := uid(random)
	return &unstructured.Unstructured{Object: object{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "SimPod",
		"metadata": metadata(fmt.Sprintf("%s-%s-%05d", app, id[:5], number), namespace, id, at, object{
			"app": app, "tier": strconv.Itoa(random.IntN(3)),
		}),
		"spec": object{
			"schedulerName": v1alpha1.DefaultSchedulerName,
			"containers": []any{object{
				"name": app, "image": "registry.example/" + app + ":1.4.2",
				"resources": object{"requests": object{
					"cpu": cpus[random.IntN(len(cpus))], "memory": memories[random.IntN(len(memories))],
				}},
			}},
		},
		"status": object{"phase": "Pending", "summary": "Pending", "ready": "0/1", "restarts": int64(0)},
	}}
}

// with returns a copy of an object in which a part is changed.
func with(o *unstructured.Unstructured, change func(object)) *unstructured.Unstructured {
	copied := o.DeepCopy()
	change(copied.Object)
	return copied
}

func part(o object, name string) object { return o[name].(map[string]any) }

func condition(o object, name, status, reason string) {
	conditions, _ := part(o, "status")["conditions"].([]any)
	kept := []any{object{"type": name, "status": status, "reason": reason}}
	for _, c := range conditions {
		if c.(map[string]any)["type"] != name {
			kept = append(kept, c)
		}
	}
	part(o, "status")["conditions"] = kept
}

func bound(node string) func(object) {
	return func(o object) {
		part(o, "spec")["nodeName"] = node
		condition(o, "PodScheduled", "True", "Scheduled")
	}
}

func running(o object) {
	part(o, "status")["phase"], part(o, "status")["summary"], part(o, "status")["ready"] = "Running", "Running", "1/1"
	condition(o, "Ready", "True", "PodReady")
}

func notReady(o object) {
	running(o)
	part(o, "status")["ready"] = "0/1"
	condition(o, "Ready", "False", "ContainersNotReady")
}

func ended(phase string) func(object) {
	return func(o object) { part(o, "status")["phase"], part(o, "status")["summary"] = phase, phase }
}

func unschedulable(o object) { condition(o, "PodScheduled", "False", "Unschedulable") }

func gated(o object) {
	part(o, "spec")["schedulingGates"] = []any{object{"name": "example.com/quota"}}
	condition(o, "PodScheduled", "False", "SchedulingGated")
}

func terminating(at time.Time) func(object) {
	return func(o object) { part(o, "metadata")["deletionTimestamp"] = at.UTC().Format(time.RFC3339) }
}
