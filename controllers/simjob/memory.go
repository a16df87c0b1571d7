// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simjob

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload/job"
)

// memory is what this process knows of jobs before the cache does, so that an end
// is not counted again, and the back-off of each. A job has an entry until it is
// over or gone.
type memory struct {
	mu   sync.Mutex
	jobs map[types.NamespacedName]*remembered
}

type remembered struct {
	uid types.UID
	// version is that of the status that was written last.
	version string
	// released are pods whose tracking finalizer was removed, until the cache shows it.
	released sets.Set[types.UID]
	backoff  job.Backoff
}

func newMemory() *memory { return &memory{jobs: make(map[types.NamespacedName]*remembered)} }

// entry returns what is remembered of a job, which may be nothing yet.
func (m *memory) entry(j *v1alpha1.SimJob) *remembered {
	key := client.ObjectKeyFromObject(j)
	e := m.jobs[key]
	if e == nil || e.uid != j.UID {
		e = &remembered{uid: j.UID, released: sets.New[types.UID]()}
		m.jobs[key] = e
	}
	return e
}

func (m *memory) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.jobs, key)
}

// behind says whether a job is older than the status that was written last.
func (m *memory) behind(j *v1alpha1.SimJob) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.jobs[client.ObjectKeyFromObject(j)]
	if e == nil || e.uid != j.UID || e.version == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(j.ResourceVersion, e.version)
	return err == nil && order < 0
}

func (m *memory) wrote(j *v1alpha1.SimJob) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entry(j).version = j.ResourceVersion
}

// of returns the pods of a job whose finalizer was removed though the cache still
// shows it, and the job's back-off.
func (m *memory) of(j *v1alpha1.SimJob, pods []*v1alpha1.SimPod) (sets.Set[types.UID], job.Backoff) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.jobs[client.ObjectKeyFromObject(j)]
	e := m.entry(j)
	if e != known {
		e.backoff = job.BackoffOf(j, pods)
	}
	shown := sets.New[types.UID]()
	for _, pod := range pods {
		if job.Tracked(pod) && e.released.Has(pod.UID) {
			shown.Insert(pod.UID)
		}
	}
	e.released = shown
	return shown.Clone(), e.backoff
}

func (m *memory) backedOff(j *v1alpha1.SimJob, b job.Backoff) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entry(j).backoff = b
}

func (m *memory) released(j *v1alpha1.SimJob, pods []*v1alpha1.SimPod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(j)
	for _, pod := range pods {
		e.released.Insert(pod.UID)
	}
}

// tracked notes that pods have the finalizer again.
func (m *memory) tracked(j *v1alpha1.SimJob, pods []*v1alpha1.SimPod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(j)
	for _, pod := range pods {
		e.released.Delete(pod.UID)
	}
}
