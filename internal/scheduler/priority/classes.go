// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package priority gives pods the priority of their PriorityClass. For Pods the
// API server does that when they are created (admission plugin Priority,
// k8s.io/kubernetes/plugin/pkg/admission/priority); for custom resources nobody
// does, so that the scheduler does it when it reads them.
package priority

import (
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
)

// UnknownClassError says that a pod names a PriorityClass that does not exist.
type UnknownClassError struct {
	// Class is the name that the pod has.
	Class string
}

// Error is in the words in which the API server refuses such a Pod.
func (e *UnknownClassError) Error() string {
	return fmt.Sprintf("no PriorityClass with name %s was found", e.Class)
}

// Classes are the PriorityClasses of a cluster. The zero value has none. It is
// safe for use by several goroutines.
type Classes struct {
	mu     sync.RWMutex
	byName map[string]class
	// fallback is the global default; of several the one with the lowest value.
	fallback *class
}

type class struct {
	value         int32
	never         bool
	globalDefault bool
}

// Set adds or updates a class.
func (c *Classes) Set(pc *schedulingv1.PriorityClass) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = make(map[string]class)
	}
	c.byName[pc.Name] = class{
		value: pc.Value, globalDefault: pc.GlobalDefault,
		never: pc.PreemptionPolicy != nil && *pc.PreemptionPolicy == corev1.PreemptNever,
	}
	c.chooseFallback()
}

// Remove forgets a class.
func (c *Classes) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
	c.chooseFallback()
}

// chooseFallback mirrors getDefaultPriorityClass.
func (c *Classes) chooseFallback() {
	c.fallback = nil
	for _, class := range c.byName {
		if class.globalDefault && (c.fallback == nil || class.value < c.fallback.value) {
			c.fallback = &class
		}
	}
}

// Resolve sets the priority that the pod has: its own spec.priority, else that
// of its class, else that of the global default class, else 0. A pod also never
// preempts where its class says so: spec.preemptionPolicy is defaulted before
// the class is known, so that PreemptLowerPriority does not tell whether
// somebody chose it. It fails with an UnknownClassError where the pod names a
// class that does not exist; the pod then has its own priority, or 0. Only
// pod.Spec is changed, and not what it points at.
func (c *Classes) Resolve(pod *corev1.Pod) error {
	class, err := c.of(&pod.Spec)
	if pod.Spec.Priority == nil {
		pod.Spec.Priority = &class.value
	}
	if class.never {
		pod.Spec.PreemptionPolicy = new(corev1.PreemptNever)
	}
	return err
}

func (c *Classes) of(spec *corev1.PodSpec) (class, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if name := spec.PriorityClassName; name != "" {
		known, ok := c.byName[name]
		if !ok {
			return class{}, &UnknownClassError{Class: name}
		}
		return known, nil
	}
	if spec.Priority == nil && c.fallback != nil {
		return *c.fallback, nil
	}
	return class{}, nil
}
