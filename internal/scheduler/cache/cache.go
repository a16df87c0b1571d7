// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var (
	_ PodCache    = (*Cache)(nil)
	_ ObjectCache = (*Cache)(nil)
)

// Cache is safe for use by several goroutines.
type Cache struct {
	mu sync.Mutex
	// head is the node that changed last; from there nodes follow in the order of
	// their changes, so that a snapshot stops at the first one that it has already.
	head       *entry
	generation int64
	nodes      map[string]*entry
	// order changes when a node object comes or goes.
	order    nodeOrder
	orderGen int64

	pods       map[types.UID]*podState
	assumed    int
	images     map[string]sets.Set[string]
	namespaces map[string]labels.Set
	// namespacesGen changes with namespaces.
	namespacesGen int64
	groups        groups
	// groupsGen changes with groups.
	groupsGen int64
	budgets   budgets
}

// entry is a node in the list of changes.
type entry struct {
	info       *framework.NodeInfo
	prev, next *entry
}

type podState struct {
	info    *framework.PodInfo
	node    string
	assumed bool
}

// New returns an empty cache.
func New() *Cache {
	return &Cache{
		nodes: make(map[string]*entry), pods: make(map[types.UID]*podState),
		images: make(map[string]sets.Set[string]), namespaces: make(map[string]labels.Set),
		groups: newGroups(), budgets: budgets{byNamespace: make(map[string][]*budget)},
	}
}

// Counts are the sizes of the cache.
type Counts struct{ Nodes, Pods, AssumedPods int }

// Counts returns the sizes of the cache.
func (c *Cache) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Counts{Nodes: c.order.count, Pods: len(c.pods), AssumedPods: c.assumed}
}

// AssumePod implements PodCache.
func (c *Cache) AssumePod(pod *framework.PodInfo, nodeName string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pods[pod.Pod.UID]; ok {
		return fmt.Errorf("pod %s/%s (%s) is in the cache, so it cannot be assumed", pod.Pod.Namespace, pod.Pod.Name, pod.Pod.UID)
	}
	c.addPod(pod, nodeName, true)
	return nil
}

// ForgetPod implements PodCache.
func (c *Cache) ForgetPod(uid types.UID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, ok := c.pods[uid]
	if !ok || !state.assumed {
		return fmt.Errorf("pod %s is not assumed, so it cannot be forgotten", uid)
	}
	c.removePod(uid)
	return nil
}

// IsAssumed implements PodCache.
func (c *Cache) IsAssumed(uid types.UID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, ok := c.pods[uid]
	return ok && state.assumed
}

// Pod returns a pod that is on a node or assumed there; nil where there is none.
func (c *Cache) Pod(uid types.UID) *framework.PodInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state, ok := c.pods[uid]; ok {
		return state.info
	}
	return nil
}

// SetPod implements ObjectCache.
func (c *Cache) SetPod(pod *framework.PodInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removePod(pod.Pod.UID)
	c.addPod(pod, pod.Pod.Spec.NodeName, false)
}

// RemovePod implements ObjectCache.
func (c *Cache) RemovePod(uid types.UID) (node string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.removePod(uid)
}

func (c *Cache) addPod(pod *framework.PodInfo, nodeName string, assumed bool) {
	c.pods[pod.Pod.UID] = &podState{info: pod, node: nodeName, assumed: assumed}
	if assumed {
		c.assumed++
	}
	e := c.entry(nodeName)
	e.info.AddPod(pod)
	c.changed(e)
	c.budgets.count(pod.Pod, 1)
}

func (c *Cache) removePod(uid types.UID) (node string, ok bool) {
	state, ok := c.pods[uid]
	if !ok {
		return "", false
	}
	delete(c.pods, uid)
	if state.assumed {
		c.assumed--
	}
	e := c.nodes[state.node]
	e.info.RemovePod(uid)
	c.changed(e)
	c.budgets.count(state.info.Pod, -1)
	c.dropIfEmpty(state.node, e)
	return state.node, true
}

// SetNode implements ObjectCache.
func (c *Cache) SetNode(node *corev1.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(node.Name)
	if old := e.info.Node(); old == nil {
		c.order.add(node)
		c.orderGen++
	} else if zoneOf(old) != zoneOf(node) {
		c.order.remove(old)
		c.order.add(node)
		c.orderGen++
	}
	c.removeImages(e.info)
	e.info.SetNode(node)
	c.addImages(e.info)
	c.changed(e)
}

// RemoveNode implements ObjectCache.
func (c *Cache) RemoveNode(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.nodes[name]
	if !ok || e.info.Node() == nil {
		return
	}
	c.order.remove(e.info.Node())
	c.orderGen++
	c.removeImages(e.info)
	e.info.RemoveNode()
	c.changed(e)
	c.dropIfEmpty(name, e)
}

// SetNamespace adds or updates the labels of a namespace.
func (c *Cache) SetNamespace(name string, set labels.Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespaces[name] = set
	c.namespacesGen++
}

// RemoveNamespace forgets a namespace.
func (c *Cache) RemoveNamespace(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.namespaces, name)
	c.namespacesGen++
}

// entry returns the entry of a node, which it makes where there is none.
func (c *Cache) entry(name string) *entry {
	e, ok := c.nodes[name]
	if !ok {
		e = &entry{info: framework.NewNodeInfo()}
		c.nodes[name] = e
	}
	return e
}

// changed moves the entry to the head of the list and gives it a new generation.
func (c *Cache) changed(e *entry) {
	c.generation++
	e.info.Generation = c.generation
	if c.head == e {
		return
	}
	c.unlink(e)
	e.next = c.head
	if c.head != nil {
		c.head.prev = e
	}
	c.head = e
}

func (c *Cache) unlink(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	if c.head == e {
		c.head = e.next
	}
	e.prev, e.next = nil, nil
}

// dropIfEmpty forgets an entry that has neither node nor pods.
func (c *Cache) dropIfEmpty(name string, e *entry) {
	if e.info.Node() != nil || len(e.info.Pods) > 0 {
		return
	}
	c.unlink(e)
	delete(c.nodes, name)
}

// addImages mirrors addNodeImageStates of kube-scheduler: the number of nodes
// that have an image is counted when the node is seen.
func (c *Cache) addImages(info *framework.NodeInfo) {
	node := info.Node()
	states := make(map[string]framework.ImageStateSummary, len(node.Status.Images))
	for _, image := range node.Status.Images {
		for _, name := range image.Names {
			if c.images[name] == nil {
				c.images[name] = sets.New[string]()
			}
			c.images[name].Insert(node.Name)
			states[name] = framework.ImageStateSummary{Size: image.SizeBytes}
		}
	}
	info.ImageStates = states
}

func (c *Cache) removeImages(info *framework.NodeInfo) {
	if info.Node() == nil {
		return
	}
	for name := range info.ImageStates {
		c.images[name].Delete(info.Node().Name)
		if len(c.images[name]) == 0 {
			delete(c.images, name)
		}
	}
}
