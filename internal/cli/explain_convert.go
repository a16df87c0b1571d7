// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// convertPod makes a SimPod of a Pod: the fields have the same names. The notes
// say what was left out because a simulated pod does not have it.
func convertPod(pod *corev1.Pod, raw map[string]any) (*v1alpha1.SimPod, []string, error) {
	if pod.Spec.HostNetwork { // as SetDefaults_Pod of k8s.io/kubernetes/pkg/apis/core/v1
		useHostPorts(pod.Spec.InitContainers)
		useHostPorts(pod.Spec.Containers)
	}
	var notes []string
	switch pod.Spec.SchedulerName {
	case "", corev1.DefaultSchedulerName:
		pod.Spec.SchedulerName = v1alpha1.DefaultSchedulerName
		notes = append(notes, "The Pod is read as a SimPod of "+v1alpha1.DefaultSchedulerName+".")
	default:
		notes = append(notes, "The Pod is read as a SimPod.")
	}
	data, err := json.Marshal(pod)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the pod: %w", err)
	}
	sim := &v1alpha1.SimPod{}
	if err := json.Unmarshal(data, sim); err != nil {
		return nil, nil, fmt.Errorf("converting the Pod to a SimPod: %w", err)
	}
	sim.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SimPod"))
	ignored, err := leftOut(sim, raw)
	if err != nil {
		return nil, nil, err
	}
	if len(ignored) > 0 {
		notes = append(notes, "Left out, for a simulated pod does not have it: "+strings.Join(ignored, ", ")+".")
	}
	return sim, notes, nil
}

func useHostPorts(containers []corev1.Container) {
	for i := range containers {
		for j := range containers[i].Ports {
			if port := &containers[i].Ports[j]; port.HostPort == 0 {
				port.HostPort = port.ContainerPort
			}
		}
	}
}

// maxLeftOut bounds the fields that a note names.
const maxLeftOut = 20

// leftOut lists the fields of the spec that the SimPod has not.
func leftOut(sim *v1alpha1.SimPod, raw map[string]any) ([]string, error) {
	data, err := json.Marshal(sim)
	if err != nil {
		return nil, fmt.Errorf("encoding the pod: %w", err)
	}
	kept := map[string]any{}
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, fmt.Errorf("decoding the pod: %w", err)
	}
	out := missing("spec", raw["spec"], kept["spec"])
	// It has an effect: the ports of the containers are those of the node.
	out = slices.DeleteFunc(out, func(path string) bool { return path == "spec.hostNetwork" })
	if len(out) > maxLeftOut {
		out = append(out[:maxLeftOut], fmt.Sprintf("and %d more", len(out)-maxLeftOut))
	}
	return out, nil
}

// missing lists the paths below which kept has nothing of what given has.
func missing(path string, given, kept any) []string {
	switch given := given.(type) {
	case map[string]any:
		kept, ok := kept.(map[string]any)
		if !ok && len(given) > 0 {
			return []string{path}
		}
		var out []string
		for _, key := range slices.Sorted(maps.Keys(given)) {
			out = append(out, missing(path+"."+key, given[key], kept[key])...)
		}
		return out
	case []any:
		kept, ok := kept.([]any)
		if !ok && len(given) > 0 {
			return []string{path}
		}
		var out []string
		for i := range given {
			if i < len(kept) {
				out = append(out, missing(fmt.Sprintf("%s[%d]", path, i), given[i], kept[i])...)
			}
		}
		return out
	}
	if kept == nil && !isZero(given) {
		return []string{path}
	}
	return nil
}

// isZero is true for values that are left out when an object is encoded.
func isZero(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case float64:
		return value == 0
	}
	return false
}
