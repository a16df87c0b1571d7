// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func parse(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := map[string]any{}
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: object}
}

const containers = "{containers: [{name: main, image: a, ports: [{containerPort: 80}], resources: {limits: {cpu: 2}}}], hostNetwork: true}"

func TestRead(t *testing.T) {
	tests := map[string]struct {
		manifest string
		replicas int
	}{
		"Pod":         {"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: " + containers, 1},
		"Deployment":  {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3, template: {metadata: {labels: {app: web}}, spec: " + containers + "}}", 3},
		"StatefulSet": {"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {template: {spec: " + containers + "}}", 1},
		"DaemonSet":   {"apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: web}\nspec: {template: {spec: " + containers + "}}", 0},
		"Job":         {"apiVersion: batch/v1\nkind: Job\nmetadata: {name: web}\nspec: {parallelism: 5, completions: 4, template: {spec: " + containers + "}}", 4},
	}
	for kind, test := range tests {
		t.Run(kind, func(t *testing.T) {
			object := parse(t, test.manifest)
			if !IsReal(object) {
				t.Error("it is not taken for a real one")
			}
			got, err := Read(object, "default")
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != kind || got.Name != "web" || got.Namespace != "default" || got.Replicas != test.replicas {
				t.Errorf("template is %+v, want %d replicas", got, test.replicas)
			}
			c := got.Pod.Spec.Containers[0]
			if got.Pod.Spec.SchedulerName != "default-scheduler" || c.Ports[0].HostPort != 80 || c.Ports[0].Protocol != corev1.ProtocolTCP ||
				c.Resources.Requests.Cpu().String() != "2" {
				t.Errorf("defaults are missing: %+v", got.Pod.Spec)
			}
			want := 2
			if kind == "DaemonSet" {
				want = 7
			}
			if n := len(got.Pod.Spec.Tolerations); n != want {
				t.Errorf("%d tolerations, want %d: %v", n, want, got.Pod.Spec.Tolerations)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for name, test := range map[string]struct{ manifest, want string }{
		"another kind":     {"apiVersion: v1\nkind: Service\nmetadata: {name: a}", `kind is "Service"`},
		"an unknown field": {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeSelectr: {a: b}, containers: [{name: a}]}", `unknown field "spec.nodeSelectr"`},
		"a wrong type":     {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: a}", "not a valid Pod"},
		"no name":          {"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}", "metadata.name is missing"},
		"no container":     {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}", "containers is empty"},
		"bound":            {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: node-1, containers: [{name: a}]}", `nodeName is "node-1"`},
		"too many":         {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 5000, template: {spec: {containers: [{name: a}]}}}", "at most 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(parse(t, test.manifest), "default"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}
