// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// BigCluster returns nodes in zones z0 to z9 and pods that are spread over them
// in turn, for benchmarks. build may change each pod; it gets its number.
func BigCluster(nodes, pods int, build func(i int, pod *Pod)) *Snapshot {
	list := make([]*corev1.Node, nodes)
	for i := range list {
		list[i] = MakeNode("node-"+strconv.Itoa(i)).Zone("z"+strconv.Itoa(i%10)).
			Label("kubernetes.io/os", "linux", "kubernetes.io/arch", "amd64", "node.kubernetes.io/instance-type", "m5").
			Allocatable("cpu", "64", "memory", "256Gi").Obj()
	}
	existing := make([]*corev1.Pod, pods)
	for i := range existing {
		pod := MakePod("pod-"+strconv.Itoa(i)).On(list[i%nodes].Name).Req("cpu", "100m", "memory", "100Mi")
		build(i, pod)
		existing[i] = pod.Obj()
	}
	return NewSnapshot(list, existing)
}
