// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Describe tells of a template what DescribePodTemplate of k8s.io/kubectl/pkg/describe
// does, as far as simulated pods have it.
func Describe(t *v1alpha1.SimPodTemplateSpec, cause string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 0, '\t', 0)
	line := func(level int, format string, args ...any) {
		fmt.Fprintf(w, strings.Repeat("  ", level)+format+"\n", args...)
	}
	line(0, "Pod Template:")
	annotations := maps.Clone(t.Metadata.Annotations)
	if cause != "" {
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations["kubernetes.io/change-cause"] = cause
	}
	describeMap(w, "  Labels:", "=", t.Metadata.Labels)
	if len(annotations) > 0 {
		describeMap(w, "  Annotations:", ": ", annotations)
	}
	describeContainers(line, "Init Containers", t.Spec.InitContainers)
	describeContainers(line, "Containers", t.Spec.Containers)
	if t.Spec.PriorityClassName != "" {
		line(1, "Priority Class Name:\t%s", t.Spec.PriorityClassName)
	}
	describeMap(w, "  Node-Selectors:", "=", t.Spec.NodeSelector)
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func describeMap[V ~string](w *tabwriter.Writer, title, between string, values map[string]V) {
	if len(values) == 0 {
		fmt.Fprintf(w, "%s\t<none>\n", title)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(w, "%s\t%s%s%s\n", title, key, between, string(values[key]))
		title = ""
	}
}

func describeContainers(line func(int, string, ...any), title string, containers []v1alpha1.Container) {
	if len(containers) > 0 {
		line(1, "%s:", title)
	}
	for i := range containers {
		c := &containers[i]
		line(1, " %s:", c.Name)
		line(2, "Image:\t%s", c.Image)
		var ports, hostPorts []string
		for _, p := range c.Ports {
			ports = append(ports, fmt.Sprintf("%d/%s", p.ContainerPort, cmp.Or(string(p.Protocol), "TCP")))
			hostPorts = append(hostPorts, fmt.Sprintf("%d/%s", p.HostPort, cmp.Or(string(p.Protocol), "TCP")))
		}
		line(2, "Port:\t%s", cmp.Or(strings.Join(ports, ", "), "<none>"))
		line(2, "Host Port:\t%s", cmp.Or(strings.Join(hostPorts, ", "), "<none>"))
		describeResources(line, "Limits", c.Resources.Limits)
		describeResources(line, "Requests", c.Resources.Requests)
	}
}

func describeResources(line func(int, string, ...any), title string, resources v1alpha1.ResourceList) {
	if len(resources) > 0 {
		line(2, "%s:", title)
	}
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		quantity := resources[name]
		line(2, "  %s:\t%s", name, quantity.String())
	}
}
