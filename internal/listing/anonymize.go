// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// substitutes are the names that stand for others, by what they name. Those of one
// class have the order of the names that they stand for, because ties are broken
// by names.
type substitutes struct {
	// names are the substitutes by class and name; while names are collected, empty.
	names map[string]map[string]string
	// generated are the claims of ephemeral volumes, whose names are made of those of
	// the pod and of the volume.
	generated map[types.NamespacedName][2]string
	// collecting is true until all names are known.
	collecting bool
}

// Anonymize puts others in place of all names and of values of labels, the same
// one for the same name, so that a decision stays what it is. Keys of labels and
// taints, names of resources, drivers and schedulers, and numbers stay.
func (s *Snapshot) Anonymize() { s.anonymize() }

func (s *Snapshot) anonymize() *substitutes {
	n := &substitutes{names: map[string]map[string]string{}, generated: map[types.NamespacedName][2]string{}, collecting: true}
	if s.Header.Anonymized {
		return n
	}
	s.HideImages()
	s.Header.Anonymized = true
	s.Header.LeftOut = append(s.Header.LeftOut[:len(s.Header.LeftOut):len(s.Header.LeftOut)],
		"all names and values of labels: others stand for them", "what the scheduler wrote, and why lists could not be read")
	for range 2 {
		for _, object := range s.objects {
			n.object(object)
		}
		for i := range s.Header.Lists {
			list := &s.Header.Lists[i]
			list.Namespace = n.of("namespace", list.Namespace)
			if list.Error != "" {
				list.Error = "could not be read"
			}
		}
		n.number()
	}
	return n
}

// number gives all names that were collected their substitutes.
func (n *substitutes) number() {
	n.collecting = false
	for class, names := range n.names {
		width := len(strconv.Itoa(len(names)))
		for i, name := range slices.Sorted(maps.Keys(names)) {
			names[name] = fmt.Sprintf("%s-%0*d", class, width, i+1)
		}
	}
}

// of returns what stands for a name of a class. It becomes part of the substitute.
func (n *substitutes) of(class, name string) string {
	if name == "" {
		return ""
	}
	if n.collecting {
		if n.names[class] == nil {
			n.names[class] = map[string]string{}
		}
		n.names[class][name] = ""
		return name
	}
	return n.names[class][name]
}

func (n *substitutes) set(class string, name *string) {
	if name != nil {
		*name = n.of(class, *name)
	}
}

func (n *substitutes) list(class string, names []string) {
	for i := range names {
		names[i] = n.of(class, names[i])
	}
}

// value returns what stands for the value of a label or taint. Numbers stay, for
// they may be compared with others.
func (n *substitutes) value(key, value string) string {
	if _, err := strconv.ParseInt(value, 10, 64); err == nil {
		return value
	}
	switch key {
	case corev1.LabelOSStable, corev1.LabelArchStable, "beta.kubernetes.io/os", "beta.kubernetes.io/arch":
		return value
	case corev1.LabelHostname:
		return n.of("node", value)
	case corev1.LabelMetadataName:
		return n.of("namespace", value)
	case corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone, corev1.LabelTopologyRegion, corev1.LabelFailureDomainBetaRegion:
		// A volume may be in several zones. The form is that of zones of GCE, of which
		// the name of a region is taken.
		zones := strings.Split(value, "__")
		n.list("zone-in", zones)
		return strings.Join(zones, "__")
	}
	return n.of("value", value)
}

func (n *substitutes) labels(in map[string]string) {
	for key, value := range in {
		in[key] = n.value(key, value)
	}
}

func (n *substitutes) selector(s *metav1.LabelSelector) {
	if s == nil {
		return
	}
	n.labels(s.MatchLabels)
	for _, e := range s.MatchExpressions {
		n.values(e.Key, e.Values)
	}
}

func (n *substitutes) values(key string, values []string) {
	for i := range values {
		values[i] = n.value(key, values[i])
	}
}

func (n *substitutes) nodeTerms(terms []corev1.NodeSelectorTerm) {
	for _, term := range terms {
		for _, e := range term.MatchExpressions {
			n.values(e.Key, e.Values)
		}
		for _, e := range term.MatchFields { // metadata.name
			n.list("node", e.Values)
		}
	}
}

// claim returns what stands for the name of a claim.
func (n *substitutes) claim(namespace, name string) string {
	if made, ok := n.generated[types.NamespacedName{Namespace: namespace, Name: name}]; ok && !n.collecting {
		return n.of("pod", made[0]) + "-" + n.of("volume", made[1])
	}
	return n.of("claim", name)
}

// meta changes the metadata of an object whose names are of a class.
func (n *substitutes) meta(class string, m *metav1.ObjectMeta) {
	m.Name, m.Namespace, m.UID = n.of(class, m.Name), n.of("namespace", m.Namespace), n.uid(m.UID)
	n.labels(m.Labels)
	for i := range m.OwnerReferences {
		o := &m.OwnerReferences[i]
		class := "owner"
		switch o.Kind {
		case "Node":
			class = "node"
		case "Pod":
			class = "pod"
		}
		o.Name, o.UID = n.of(class, o.Name), n.uid(o.UID)
	}
	for key, class := range map[string]string{corev1.BetaStorageClassAnnotation: "class", annSelectedNode: "node", corev1.MirrorPodAnnotationKey: "mirror"} {
		if value, ok := m.Annotations[key]; ok {
			m.Annotations[key] = n.of(class, value)
		}
	}
}

func (n *substitutes) uid(uid types.UID) types.UID { return types.UID(n.of("uid", string(uid))) }
