// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"hash/fnv"
	"math"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// failedExitCode is the exit code of a run that failureProbabilityPercent hit.
const failedExitCode = 1

// longest bounds a simulated duration, so that adding it to a time and to
// others cannot overflow.
const longest = 100 * 365 * 24 * time.Hour

func (s *sync) simulation() v1alpha1.PodSimulation {
	if s.pod.Spec.Simulation == nil {
		return v1alpha1.PodSimulation{}
	}
	return *s.pod.Spec.Simulation
}

// length returns a simulated duration with its random part. It is the same
// whenever it is asked for: what is drawn depends on the seed, the pod's
// namespace and name, the purpose, the container and its restart count only.
func (s *sync) length(d *v1alpha1.SimulatedDuration, purpose, container string, restarts int32) time.Duration {
	if d == nil || d.Duration.Duration <= 0 {
		return 0
	}
	length := float64(d.Duration.Duration)
	if d.JitterPercent > 0 {
		length += length * float64(d.JitterPercent) / 100 * s.draw(purpose, container, restarts)
	}
	return time.Duration(min(length, float64(longest)))
}

// wholeDuration converts seconds of the API.
func wholeDuration(seconds int64) time.Duration {
	return time.Duration(min(seconds, int64(longest/time.Second))) * time.Second
}

// exitCode of a container's run, once it is over. The simulation's exitCode is
// that of containers, not of init containers: would those end with it too, a
// pod whose exitCode is not 0 could never start.
func (s *sync) exitCode(c *v1alpha1.ContainerStatus) int32 {
	switch {
	case s.crashes(c), s.fails(c):
		return failedExitCode
	case s.isInit(c.Name):
		return 0
	}
	return s.simulation().ExitCode
}

func (s *sync) fails(c *v1alpha1.ContainerStatus) bool {
	percent := s.simulation().FailureProbabilityPercent
	return percent > 0 && s.draw("fail", c.Name, c.RestartCount)*100 < float64(percent)
}

// draw returns a number from 0 up to but not including 1. FNV alone does not
// spread short inputs well over the high bits; the finalizer of SplitMix64 does.
func (s *sync) draw(purpose, container string, restarts int32) float64 {
	h := fnv.New64a()
	for _, part := range []string{
		strconv.FormatInt(s.simulation().Seed, 10), s.pod.Namespace, s.pod.Name,
		purpose, container, strconv.Itoa(int(restarts)),
	} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return float64(mix(h.Sum64())>>11) / math.Exp2(53)
}

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
