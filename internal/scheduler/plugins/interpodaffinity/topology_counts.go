// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import "maps"

// topologyCounts counts matches by topology pair (a node label's key and
// value). What PreFilter has counted is shared by all clones; what AddPod and
// RemovePod change is kept beside it, so that a clone costs little however many
// pairs there are. The zero value is empty.
type topologyCounts struct {
	// keys are the topology keys that have pairs; they are few.
	keys []string
	// values[i] counts by value of keys[i].
	values []map[string]int64
	// changes has what must be added to values, in the same places; nil until there is any.
	changes []map[string]int64
	// pairs is the number of pairs whose count is not 0.
	pairs int
	// shared means that there are clones: keys and values must not change any more.
	shared bool
}

func (c *topologyCounts) clone() topologyCounts {
	c.shared = true
	clone := *c
	clone.changes = make([]map[string]int64, len(c.changes))
	for i, m := range c.changes {
		clone.changes[i] = maps.Clone(m)
	}
	return clone
}

// add adds to the pair of the node with these labels; nothing where the node
// lacks the key.
func (c *topologyCounts) add(nodeLabels map[string]string, key string, delta int64) {
	value, ok := nodeLabels[key]
	if !ok {
		return
	}
	i := c.place(key)
	before := c.at(i, value)
	if c.shared {
		if c.changes[i] == nil {
			c.changes[i] = make(map[string]int64, 1)
		}
		c.changes[i][value] += delta
	} else {
		c.values[i][value] += delta
	}
	switch after := before + delta; {
	case before == 0 && after != 0:
		c.pairs++
	case before != 0 && after == 0:
		c.pairs--
	}
}

// place returns where a key is; a new key is appended.
func (c *topologyCounts) place(key string) int {
	for i, k := range c.keys {
		if k == key {
			if c.shared && len(c.changes) < len(c.keys) {
				c.changes = append(c.changes, make([]map[string]int64, len(c.keys)-len(c.changes))...)
			}
			return i
		}
	}
	// The capacity is cut: a clone must not write where another one does.
	n := len(c.keys)
	c.keys = append(c.keys[:n:n], key)
	c.values = append(c.values[:n:n], make(map[string]int64))
	if c.shared {
		c.changes = append(c.changes, make([]map[string]int64, len(c.keys)-len(c.changes))...)
	}
	return n
}

func (c *topologyCounts) at(i int, value string) int64 {
	count := c.values[i][value]
	if i < len(c.changes) {
		count += c.changes[i][value]
	}
	return count
}

// empty is true where no pair has matches.
func (c *topologyCounts) empty() bool { return c.pairs == 0 }

// has is true where the pair has matches.
func (c *topologyCounts) has(key, value string) bool {
	for i, k := range c.keys {
		if k == key {
			return c.at(i, value) > 0
		}
	}
	return false
}

// hasAny is true where one of the pairs of the node with these labels has matches.
func (c *topologyCounts) hasAny(nodeLabels map[string]string) bool {
	for i, key := range c.keys {
		if value, ok := nodeLabels[key]; ok && c.at(i, value) > 0 {
			return true
		}
	}
	return false
}

// topologyPair is a value of a topology key: a place.
type topologyPair struct{ key, value string }

// pairsOf returns the pairs of the node with these labels that have matches.
func (c *topologyCounts) pairsOf(nodeLabels map[string]string) []topologyPair {
	var out []topologyPair
	for i, key := range c.keys {
		if value, ok := nodeLabels[key]; ok && c.at(i, value) > 0 {
			out = append(out, topologyPair{key, value})
		}
	}
	return out
}
