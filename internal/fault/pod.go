// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// PodEffect is what is broken of the start of a pod. The zero value is nothing.
type PodEffect struct {
	// StartFailure is why the pod's containers do not start; empty where they do.
	StartFailure v1alpha1.StartFailureReason
	// Until is when one of the faults ends by itself; zero where none does.
	Until time.Time
}

// OnPod returns what is broken of the start of a pod at a time. Where faults
// disagree, an image that is not there counts: nothing can crash without it.
func OnPod(faults []v1alpha1.Fault, pod *v1alpha1.SimPod, now time.Time) PodEffect {
	var effect PodEffect
	var h horizon
	for i := range faults {
		f := &faults[i]
		if f.Spec.Type != v1alpha1.FaultStartFailure || !HitsPod(f, pod) || !h.take(f, now) {
			continue
		}
		if effect.StartFailure != v1alpha1.StartFailureImagePull {
			effect.StartFailure = f.Spec.Reason
		}
	}
	effect.Until = h.until
	return effect
}

// HitsPod says whether a fault is meant for the pod: it matches, and it is of the
// share that is drawn by the fault's seed and the pod's UID.
func HitsPod(f *v1alpha1.Fault, pod *v1alpha1.SimPod) bool {
	target := f.Spec.Target.Pods
	if target == nil || (len(target.Namespaces) > 0 && !slices.Contains(target.Namespaces, pod.Namespace)) {
		return false
	}
	return matches(target.Selector, pod.Labels) && Drawn(seedOf(f), percentOf(f), string(pod.UID))
}

func seedOf(f *v1alpha1.Fault) int64 {
	if f.Spec.Seed == nil {
		return 0
	}
	return *f.Spec.Seed
}

// Drawn says whether a key is of the share of all keys, in percent, that a seed
// draws. With the same seed a larger share has all keys of a smaller one.
func Drawn(seed int64, percent int32, key string) bool {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatInt(seed, 10) + "\x00" + key))
	return int32(mix(h.Sum64())%100) < percent
}

// mix is the finalizer of SplitMix64: FNV alone does not spread short inputs well.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
