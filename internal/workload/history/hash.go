// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"hash/fnv"
	"strconv"

	"github.com/glassplane/glassplane/internal/workload"
)

// hashOf names data in at most ten characters, which may be a part of a name and the
// value of a label. collisions is how often the name was taken by that of other
// data. It is HashControllerRevision of k8s.io/kubernetes/pkg/controller/history.
func hashOf(data []byte, collisions int32) string {
	sum := fnv.New32()
	_, _ = sum.Write(data)                                             // never fails
	_, _ = sum.Write([]byte(strconv.FormatInt(int64(collisions), 10))) // never fails
	return workload.SafeEncode(sum.Sum32())
}
