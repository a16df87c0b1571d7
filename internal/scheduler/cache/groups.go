// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var _ framework.DefaultSelectorSnapshot = (*Snapshot)(nil)

// groups are what makes pods belong together. What the maps point at is not
// changed but replaced, so that snapshots share it.
type groups struct {
	// services has the selectors of the services of each namespace.
	services map[string][]service
	// owners are the replica sets by UID.
	owners map[types.UID]*Owner
}

type service struct {
	name     string
	selector labels.Set
}

// Owner is the controller of pods, as far as scheduling looks at it.
type Owner struct {
	UID       types.UID
	Namespace string
	// Selector of its pods.
	Selector labels.Selector
	// Replicas is how many pods it should have.
	Replicas int32
}

func newGroups() groups {
	return groups{services: make(map[string][]service), owners: make(map[types.UID]*Owner)}
}

func (g groups) clone() groups {
	return groups{services: maps.Clone(g.services), owners: maps.Clone(g.owners)}
}

// SetService adds or updates the selector of a service.
func (c *Cache) SetService(namespace, name string, selector labels.Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setServices(namespace, append(c.servicesWithout(namespace, name), service{name, selector}))
}

// RemoveService forgets a service.
func (c *Cache) RemoveService(namespace, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setServices(namespace, c.servicesWithout(namespace, name))
}

func (c *Cache) servicesWithout(namespace, name string) []service {
	return slices.DeleteFunc(slices.Clone(c.groups.services[namespace]), func(s service) bool { return s.name == name })
}

func (c *Cache) setServices(namespace string, services []service) {
	c.groupsGen++
	if len(services) == 0 {
		delete(c.groups.services, namespace)
		return
	}
	c.groups.services[namespace] = services
}

// SetOwner adds or updates a controller of pods.
func (c *Cache) SetOwner(o Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groupsGen++
	c.groups.owners[o.UID] = &o
	c.budgets.ownerChanged(o.Namespace)
}

// RemoveOwner forgets a controller of pods.
func (c *Cache) RemoveOwner(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.groups.owners[uid]; ok {
		c.groupsGen++
		delete(c.groups.owners, uid)
		c.budgets.ownerChanged(o.Namespace)
	}
}

// DefaultSelector implements framework.DefaultSelectorSnapshot.
func (s *Snapshot) DefaultSelector(pod *corev1.Pod) labels.Selector {
	var selectors []labels.Set
	for _, service := range s.groups.services[pod.Namespace] {
		selectors = append(selectors, service.selector)
	}
	var owner labels.Selector
	if ref := metav1.GetControllerOfNoCopy(pod); ref != nil {
		if o := s.groups.owners[ref.UID]; o != nil {
			owner = o.Selector
		}
	}
	return framework.MergeDefaultSelector(pod, selectors, owner)
}
