// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// maxRemembered bounds the pods that are remembered. A pod beyond it is run all
// the same, see memory.
const maxRemembered = 200_000

// memory holds what the API does not: when the watch delivered a version, the
// exact times of the status that was written last, its version, and which
// containers were told to stop. Nothing depends on it but evidence, repeated
// events and fractions of seconds: a pod that it does not have, because the
// process is new or the memory is full, runs the same.
type memory struct {
	mu   sync.Mutex
	max  int
	pods map[types.UID]*remembered
}

type remembered struct {
	observedVersion string
	observedAt      time.Time
	writtenVersion  string
	written         *v1alpha1.SimPodStatus
	// kills has the begin, in seconds since 1970, of the run of each container
	// that was told to stop last.
	kills map[string]int64
	// known is the pod as its kubelet knew it when it was cut off, and kept what it
	// has to report since; nil where it is not cut off.
	known *v1alpha1.SimPod
	kept  *v1alpha1.SimPodStatus
	// connectedAt is when the kubelet was back.
	connectedAt time.Time
	// due is since when a slow kubelet has something to do.
	due time.Time
}

func newMemory(limit int) *memory {
	return &memory{max: limit, pods: make(map[types.UID]*remembered)}
}

// observe notes when a version of the pod was seen. The first time counts.
func (m *memory) observe(pod *v1alpha1.SimPod, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.pods[pod.UID]
	if !ok {
		if len(m.pods) >= m.max {
			return
		}
		e = &remembered{}
		m.pods[pod.UID] = e
	}
	if e.observedVersion != pod.ResourceVersion {
		e.observedVersion, e.observedAt = pod.ResourceVersion, now
	}
}

// observedAt returns when that version was seen; the zero time where it is not
// remembered.
func (m *memory) observedAt(uid types.UID, version string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok && e.observedVersion == version {
		return e.observedAt
	}
	return time.Time{}
}

// wroteVersion notes the version that a write made. It makes no entry: the pod
// may be gone, and forgotten, by the time the write is answered.
func (m *memory) wroteVersion(pod *v1alpha1.SimPod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[pod.UID]; ok {
		e.writtenVersion = pod.ResourceVersion
	}
}

// wrote notes the exact status behind the one that the API returned; nil where
// no timer depends on it.
func (m *memory) wrote(uid types.UID, status *v1alpha1.SimPodStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok {
		e.written = status.DeepCopy()
	}
}

func (m *memory) written(uid types.UID) *v1alpha1.SimPodStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok {
		return e.written
	}
	return nil
}

// killed notes that a run of a container was told to stop, and says whether that
// is news.
func (m *memory) killed(uid types.UID, kill kubelet.Kill) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.pods[uid]
	if !ok {
		return true
	}
	at := kill.StartedAt.Unix()
	if last, known := e.kills[kill.Container]; known && last == at {
		return false
	}
	if e.kills == nil {
		e.kills = make(map[string]int64)
	}
	e.kills[kill.Container] = at
	return true
}

// behind says whether the pod, read from the cache, is older than what was
// written.
func (m *memory) behind(pod *v1alpha1.SimPod) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.pods[pod.UID]
	if !ok || e.writtenVersion == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, e.writtenVersion)
	return err == nil && order < 0
}

// cutOff returns the pod as its kubelet knew it when it was cut off, and what the
// kubelet has to report since; no pod where there is no room for it.
func (m *memory) cutOff(pod *v1alpha1.SimPod) (*v1alpha1.SimPod, *v1alpha1.SimPodStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.pods[pod.UID]
	if !ok {
		return nil, nil
	}
	if e.known == nil {
		e.known = pod.DeepCopy()
		e.known.Status = kubelet.Exact(pod.Status, e.written)
	}
	return e.known, e.kept
}

// keep notes what a kubelet that is cut off has to report of the pod.
func (m *memory) keep(uid types.UID, status *v1alpha1.SimPodStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok {
		e.kept = status
	}
}

// connect notes that the pod's kubelet hears of it, and returns what the kubelet has
// to report of the time in which it did not, and since when it does; the zero time
// where it always did.
func (m *memory) connect(uid types.UID, now time.Time) (*v1alpha1.SimPodStatus, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.pods[uid]
	if !ok {
		return nil, time.Time{}
	}
	if e.known != nil {
		e.known, e.connectedAt = nil, now
	}
	return e.kept, e.connectedAt
}

// reported notes that nothing is left to report of the time in which the kubelet was
// cut off.
func (m *memory) reported(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok {
		e.known, e.kept = nil, nil
	}
}

// owe notes since when a slow kubelet has something to do with the pod; the zero
// time for nothing.
func (m *memory) owe(uid types.UID, due time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok {
		e.due = due
	}
}

func (m *memory) owed(uid types.UID) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pods[uid]; ok {
		return e.due
	}
	return time.Time{}
}

func (m *memory) forget(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pods, uid)
}
