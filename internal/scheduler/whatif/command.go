// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// commands are the commands of kubectl that make changes: to simulated objects,
// or to real ones.
type commands struct {
	simulated bool
	// owner has the template of a real pod; nil for none.
	owner *Controller
}

func (s *search) commands() commands { return commands{s.base.Simulated, s.base.Owner} }

func (c commands) uncordon(node string) string {
	if c.simulated {
		return patch("simnode", node, `{"spec":{"unschedulable":false}}`)
	}
	return "kubectl uncordon " + quote(node)
}

// untaint is empty for simulated nodes, which "kubectl taint" does not know.
func (c commands) untaint(node string, taint *corev1.Taint) string {
	if c.simulated {
		return ""
	}
	return fmt.Sprintf("kubectl taint node %s %s", quote(node), quote(taint.Key+":"+string(taint.Effect)+"-"))
}

// label sets a label, given as key=value, or removes one, given as key-.
func (c commands) label(node, change string) string {
	kind := "node"
	if c.simulated {
		kind = "simnode"
	}
	if !strings.HasSuffix(change, "-") || strings.Contains(change, "=") {
		return fmt.Sprintf("kubectl label %s %s --overwrite %s", kind, quote(node), quote(change))
	}
	return fmt.Sprintf("kubectl label %s %s %s", kind, quote(node), quote(change))
}

// capacityField is where the capacity of a node is said.
func (c commands) capacityField() string {
	if c.simulated {
		return "spec.capacity"
	}
	return "status.capacity"
}

// raise is empty for real nodes: they have what their machine has.
func (c commands) raise(node string, name corev1.ResourceName, to resource.Quantity) string {
	if !c.simulated {
		return ""
	}
	return patch("simnode", node, fmt.Sprintf(`{"spec":{"capacity":{%q:%q}}}`, name, to.String()))
}

func (c commands) patchPod(pod *corev1.Pod, json string) string {
	kind := "pod"
	if c.simulated {
		kind = "simpod"
	}
	return patch(kind+" -n "+quote(pod.Namespace), pod.Name, json)
}

// template is the command that merges a patch into the template from which the
// pod was made; empty where that cannot be changed, or is not known.
func (c commands) template(spec string) string {
	if c.owner == nil || c.simulated {
		return ""
	}
	switch c.owner.Kind {
	case "Deployment", "StatefulSet", "DaemonSet":
		return fmt.Sprintf("kubectl patch %s -n %s %s -p %s", strings.ToLower(c.owner.Kind), quote(c.owner.Namespace), quote(c.owner.Name),
			quote(`{"spec":{"template":{"spec":`+spec+`}}}`))
	}
	return ""
}

// request is the command that sets what a container of the template requests.
func (c commands) request(list, container string, name corev1.ResourceName, to resource.Quantity) string {
	return c.template(fmt.Sprintf(`{%q:[{"name":%q,"resources":{"requests":{%q:%q}}}]}`, list, container, name, to.String()))
}

// selector is the command that sets a label of the template's nodeSelector, or
// drops it where there is no value.
func (c commands) selector(key string, value *string) string {
	to := "null"
	if value != nil {
		to = strconv.Quote(*value)
	}
	return c.template(fmt.Sprintf(`{"nodeSelector":{%q:%s}}`, key, to))
}

// patch is the command that merges a patch into an object.
func patch(kind, name, json string) string {
	return fmt.Sprintf("kubectl patch %s %s --type=merge -p %s", kind, quote(name), quote(json))
}

// quote makes one word of the text for a shell. What a command holds comes from
// manifests and from objects of others, and is copied into terminals.
func quote(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
