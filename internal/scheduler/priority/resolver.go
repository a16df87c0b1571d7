// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package priority

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Resolver resolves the priority of each pod once: what becomes of its class
// later changes nothing. It remembers a pod until its priority is stored or
// Forget is called. The zero value knows no class and no pod. It is safe for use
// by several goroutines.
type Resolver struct {
	Classes

	mu       sync.Mutex
	resolved map[types.UID]resolution
}

// resolution is what a pod's class said when the pod was read for the first time.
type resolution struct {
	priority *int32
	policy   *corev1.PreemptionPolicy
}

// Resolve does what Classes.Resolve does, and remembers it. Call it for pods that
// exist; a pod that is deleted must be forgotten.
func (r *Resolver) Resolve(pod *corev1.Pod) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if pod.Spec.Priority != nil {
		delete(r.resolved, pod.UID)
		return nil
	}
	if r.recall(pod) {
		return nil
	}
	if err := r.Classes.Resolve(pod); err != nil {
		return err
	}
	if r.resolved == nil {
		r.resolved = make(map[types.UID]resolution)
	}
	r.resolved[pod.UID] = resolution{pod.Spec.Priority, pod.Spec.PreemptionPolicy}
	return nil
}

// Lookup does what Resolve does, and remembers nothing.
func (r *Resolver) Lookup(pod *corev1.Pod) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if pod.Spec.Priority != nil || r.recall(pod) {
		return nil
	}
	return r.Classes.Resolve(pod)
}

// Forget forgets a pod.
func (r *Resolver) Forget(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.resolved, uid)
}

func (r *Resolver) recall(pod *corev1.Pod) bool {
	known, ok := r.resolved[pod.UID]
	if ok {
		pod.Spec.Priority, pod.Spec.PreemptionPolicy = known.priority, known.policy
	}
	return ok
}
