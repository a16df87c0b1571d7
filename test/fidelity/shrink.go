// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"encoding/json"
	"slices"
)

// maxShrinkTries bounds how often a scenario is tried while it is shrunk.
const maxShrinkTries = 5000

// needed are fields without which an object is not what it was: shrinking
// keeps them, so that what remains is still a manifest that can be applied.
var needed = map[string]bool{
	"name": true, "namespace": true, "uid": true, "variation": true, "metadata": true, "spec": true, "status": true,
	"pod": true, "containers": true, "image": true, "topologyKey": true, "maxSkew": true, "whenUnsatisfiable": true,
	"weight": true, "operator": true, "key": true, "effect": true, "nodeName": true, "allocatable": true,
	"schedulerName": true, "nominatedNodeName": true, "containerPort": true, "hostPort": true, "nodeSelectorTerms": true, "podAffinityTerm": true,
	"preference": true, "names": true, "sizeBytes": true, "pods": true, "claimName": true, "pdName": true, "volumeID": true, "iqn": true,
	"monitors": true, "provisioner": true, "driver": true, "volumeHandle": true, "attacher": true, "source": true, "drivers": true, "nodeID": true,
}

// Shrink returns a smaller scenario for which fails is still true: it leaves
// out objects, list elements and fields, one after the other, until none can be
// left out (delta debugging over the tree of JSON values).
func Shrink(s *Scenario, fails func(*Scenario) bool) *Scenario {
	k := &shrinker{best: s, fails: fails}
	for again := true; again && k.tries < maxShrinkTries; {
		tree, err := toTree(k.best)
		if err != nil {
			return k.best
		}
		k.tree, again = tree.(map[string]any), false
		// Whole nodes and pods first: that is what costs most to read.
		for _, list := range []string{"pods", "nodes", "nominated", "budgets", "services", "replicaSets", "persistentVolumes",
			"persistentVolumeClaims", "csiNodes", "csiDrivers", "csiStorageCapacities", "volumeAttachments", "storageClasses", "namespaces"} {
			if k.shrinkList(k.tree, list) {
				again = true
			}
		}
		if k.shrinkMap(k.tree) {
			again = true
		}
	}
	return k.best
}

type shrinker struct {
	tree  map[string]any
	best  *Scenario
	fails func(*Scenario) bool
	tries int
}

// holds is true where the tree, as it is now, still fails.
func (k *shrinker) holds() bool {
	if k.tries++; k.tries > maxShrinkTries {
		return false
	}
	data, err := json.Marshal(k.tree)
	if err != nil {
		return false
	}
	s := &Scenario{}
	if json.Unmarshal(data, s) != nil || s.Pod == nil || !k.fails(s) {
		return false
	}
	k.best = s
	return true
}

// shrinkMap tries to remove each field, or something below it.
func (k *shrinker) shrinkMap(m map[string]any) bool {
	shrunk := false
	for _, key := range sortedKeys(m) {
		value := m[key]
		if !needed[key] {
			delete(m, key)
			if k.holds() {
				shrunk = true
				continue
			}
			m[key] = value
		}
		switch child := value.(type) {
		case map[string]any:
			shrunk = k.shrinkMap(child) || shrunk
		case []any:
			shrunk = k.shrinkList(m, key) || shrunk
			for _, element := range m[key].([]any) {
				if object, ok := element.(map[string]any); ok {
					shrunk = k.shrinkMap(object) || shrunk
				}
			}
		}
	}
	return shrunk
}

// shrinkList tries to remove halves of the list, then quarters, then single elements.
func (k *shrinker) shrinkList(parent map[string]any, key string) bool {
	list, ok := parent[key].([]any)
	if !ok {
		return false
	}
	shrunk := false
	for size := max(1, len(list)/2); ; size /= 2 {
		for i := 0; i < len(list); {
			shorter := slices.Delete(slices.Clone(list), i, min(i+size, len(list)))
			if key == "containers" && len(shorter) == 0 {
				break
			}
			parent[key] = shorter
			if k.holds() {
				list, shrunk = shorter, true
				continue
			}
			parent[key] = list
			i += size
		}
		if size <= 1 {
			return shrunk
		}
	}
}
