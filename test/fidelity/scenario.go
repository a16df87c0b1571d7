// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Scenario is a cluster and a pod that needs a node.
type Scenario struct {
	// Name says where the scenario comes from.
	Name string `json:"name,omitempty"`
	// Variation is the name of the plugins' configuration.
	Variation string `json:"variation,omitempty"`
	// Namespaces of the cluster.
	Namespaces []*corev1.Namespace `json:"namespaces,omitempty"`
	// Nodes of the cluster.
	Nodes []*corev1.Node `json:"nodes,omitempty"`
	// Pods that are bound already.
	Pods []*corev1.Pod `json:"pods,omitempty"`
	// Nominated are pods for which room is being made on a node.
	Nominated []*corev1.Pod `json:"nominated,omitempty"`
	// Budgets that count in preemption.
	Budgets []*policyv1.PodDisruptionBudget `json:"budgets,omitempty"`
	// Services and ReplicaSets say which pods belong together, for the default
	// constraints of PodTopologySpread.
	Services    []*corev1.Service    `json:"services,omitempty"`
	ReplicaSets []*appsv1.ReplicaSet `json:"replicaSets,omitempty"`
	// The objects that say where volumes are and can be made.
	StorageClasses         []*storagev1.StorageClass       `json:"storageClasses,omitempty"`
	PersistentVolumes      []*corev1.PersistentVolume      `json:"persistentVolumes,omitempty"`
	PersistentVolumeClaims []*corev1.PersistentVolumeClaim `json:"persistentVolumeClaims,omitempty"`
	CSIDrivers             []*storagev1.CSIDriver          `json:"csiDrivers,omitempty"`
	CSINodes               []*storagev1.CSINode            `json:"csiNodes,omitempty"`
	CSIStorageCapacities   []*storagev1.CSIStorageCapacity `json:"csiStorageCapacities,omitempty"`
	VolumeAttachments      []*storagev1.VolumeAttachment   `json:"volumeAttachments,omitempty"`
	// Pod that needs a node.
	Pod *corev1.Pod `json:"pod,omitempty"`
}

// Manifest returns the scenario as YAML documents that kubectl accepts, the pod
// that needs a node last.
func (s *Scenario) Manifest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (configuration: %s)\n", s.Name, s.Variation)
	for _, o := range s.Namespaces {
		appendDocument(&b, "v1", "Namespace", o)
	}
	for _, o := range s.Nodes {
		appendDocument(&b, "v1", "Node", o)
	}
	for _, o := range s.Budgets {
		appendDocument(&b, "policy/v1", "PodDisruptionBudget", o)
	}
	for _, o := range s.Services {
		appendDocument(&b, "v1", "Service", o)
	}
	for _, o := range s.ReplicaSets {
		appendDocument(&b, "apps/v1", "ReplicaSet", o)
	}
	s.appendStorage(&b)
	for _, o := range s.Pods {
		appendDocument(&b, "v1", "Pod", o)
	}
	for _, o := range s.Nominated {
		appendDocument(&b, "v1", "Pod", o)
	}
	b.WriteString("# The pod that needs a node:\n")
	appendDocument(&b, "v1", "Pod", s.Pod)
	return b.String()
}

func (s *Scenario) appendStorage(b *strings.Builder) {
	for _, o := range s.StorageClasses {
		appendDocument(b, "storage.k8s.io/v1", "StorageClass", o)
	}
	for _, o := range s.PersistentVolumes {
		appendDocument(b, "v1", "PersistentVolume", o)
	}
	for _, o := range s.PersistentVolumeClaims {
		appendDocument(b, "v1", "PersistentVolumeClaim", o)
	}
	for _, o := range s.CSIDrivers {
		appendDocument(b, "storage.k8s.io/v1", "CSIDriver", o)
	}
	for _, o := range s.CSINodes {
		appendDocument(b, "storage.k8s.io/v1", "CSINode", o)
	}
	for _, o := range s.CSIStorageCapacities {
		appendDocument(b, "storage.k8s.io/v1", "CSIStorageCapacity", o)
	}
	for _, o := range s.VolumeAttachments {
		appendDocument(b, "storage.k8s.io/v1", "VolumeAttachment", o)
	}
}

func appendDocument(b *strings.Builder, apiVersion, kind string, object metav1.Object) {
	tree, err := toTree(object)
	if err != nil {
		fmt.Fprintf(b, "# %s %s: %v\n", kind, object.GetName(), err)
		return
	}
	document := tree.(map[string]any)
	document["apiVersion"], document["kind"] = apiVersion, kind
	dropEmpty(document)
	text, err := yaml.Marshal(document)
	if err != nil {
		fmt.Fprintf(b, "# %s %s: %v\n", kind, object.GetName(), err)
		return
	}
	fmt.Fprintf(b, "---\n%s", text)
}

// toTree returns the object as JSON maps and slices.
func toTree(object any) (any, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var tree any
	return tree, json.Unmarshal(data, &tree)
}

// dropEmpty removes what Go types print although it is empty. An empty selector
// or term has a meaning, so only the fields that are structs are removed.
func dropEmpty(tree map[string]any) {
	for key, value := range tree {
		child, isMap := value.(map[string]any)
		if isMap {
			dropEmpty(child)
		}
		if list, ok := value.([]any); ok {
			for _, element := range list {
				if m, ok := element.(map[string]any); ok {
					dropEmpty(m)
				}
			}
		}
		switch key {
		case "status", "spec", "resources", "daemonEndpoints", "nodeInfo":
			if isMap && (len(child) == 0 || key == "nodeInfo" || key == "daemonEndpoints") {
				delete(tree, key)
			}
		case "creationTimestamp":
			if value == nil {
				delete(tree, key)
			}
		}
	}
}
