// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

const (
	// BurstReplicas is the most pods that one pass creates or deletes, as in
	// k8s.io/kubernetes/pkg/controller/replicaset.
	BurstReplicas = 500
	// SlowStartInitialBatchSize is the size of the first batch of creates.
	SlowStartInitialBatchSize = 1
)

// Batches returns the sizes of the batches in which count creates are sent:
// each twice the one before, so that creates that all fail fail early. It is
// slowStartBatch of k8s.io/kubernetes/pkg/controller/replicaset.
func Batches(count int) []int {
	var out []int
	for size := min(count, SlowStartInitialBatchSize); size > 0; size = min(2*size, count) {
		out = append(out, size)
		count -= size
	}
	return out
}
