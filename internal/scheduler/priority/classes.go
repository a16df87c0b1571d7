// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package priority gives pods the priority of their PriorityClass. For Pods the
// API server does that once, when they are created (admission plugin Priority,
// k8s.io/kubernetes/plugin/pkg/admission/priority); for custom resources nobody
// does, so that the scheduler does it when it reads a pod for the first time, and
// stores what it found in spec.priority.
package priority

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

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
	// defaults are the classes that are a global default, by value and name: of
	// several the one with the lowest value counts.
	defaults []class
}

type class struct {
	name          string
	value         int32
	never         bool
	globalDefault bool
	created       time.Time
}

// Set adds or updates a class.
func (c *Classes) Set(pc *schedulingv1.PriorityClass) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = make(map[string]class)
	}
	c.byName[pc.Name] = class{
		name: pc.Name, value: pc.Value, globalDefault: pc.GlobalDefault, created: pc.CreationTimestamp.Time,
		never: pc.PreemptionPolicy != nil && *pc.PreemptionPolicy == corev1.PreemptNever,
	}
	c.sortDefaults()
}

// Remove forgets a class.
func (c *Classes) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
	c.sortDefaults()
}

func (c *Classes) sortDefaults() {
	c.defaults = c.defaults[:0]
	for _, class := range c.byName {
		if class.globalDefault {
			c.defaults = append(c.defaults, class)
		}
	}
	slices.SortFunc(c.defaults, func(a, b class) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.name, b.name)) })
}

// Resolve sets the priority that the pod has: its own spec.priority, else that
// of its class, else that of the global default class that there was when the pod
// was created, else 0. spec.priority is what counts where it is set: somebody
// chose it, or it was resolved before. Otherwise a pod also never preempts where
// its class says so: spec.preemptionPolicy is defaulted before the class is known,
// so that PreemptLowerPriority does not tell whether somebody chose it.
//
// It fails with an UnknownClassError where the pod has no priority and names a
// class that does not exist; its priority is then 0. Only pod.Spec is changed, and
// not what it points at.
func (c *Classes) Resolve(pod *corev1.Pod) error {
	if pod.Spec.Priority != nil {
		return nil
	}
	class, err := c.of(pod)
	pod.Spec.Priority = &class.value
	if class.never {
		pod.Spec.PreemptionPolicy = new(corev1.PreemptNever)
	}
	return err
}

// of mirrors getDefaultPriorityClass for pods that name no class.
func (c *Classes) of(pod *corev1.Pod) (class, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if name := pod.Spec.PriorityClassName; name != "" {
		known, ok := c.byName[name]
		if !ok {
			return class{}, &UnknownClassError{Class: name}
		}
		return known, nil
	}
	for _, fallback := range c.defaults {
		if pod.CreationTimestamp.IsZero() || !fallback.created.After(pod.CreationTimestamp.Time) {
			return fallback, nil
		}
	}
	return class{}, nil
}
