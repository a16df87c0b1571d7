// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// applied is what one owner applies, of which object and subresource.
type applied struct {
	owner, kind, manifest string
	status                bool
}

func (a applied) apply(t *testing.T, name string) (*unstructured.Unstructured, error) {
	t.Helper()
	u := object(t, a.kind, name, a.manifest)
	owner := client.FieldOwner(a.owner)
	if a.status {
		return u, environment.Client.Status().Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), owner)
	}
	return u, environment.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), owner)
}

// condition is one of a status, as its writer applies it.
func condition(kind string) string {
	return `{type: ` + kind + `, status: "True", reason: Because, message: "", lastTransitionTime: "2026-01-02T03:04:05Z"}`
}

const set = `selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `}}`

// Two owners apply different elements of one list. Where the list is a map, each
// keeps its own; where it is atomic, as in core/v1, the second is told of the first.
func TestApplyByTwo(t *testing.T) {
	tests := map[string]struct {
		one, two applied
		want     []string // what the object holds in the end, as the list's path, and the keys of its elements
		conflict string
	}{
		"containers": {
			one:  applied{kind: "SimReplicaSet", manifest: `spec: {` + set + `}`},
			two:  applied{kind: "SimReplicaSet", manifest: `spec: {template: {spec: {containers: [{name: d, image: j}]}}}`},
			want: []string{"spec.template.spec.containers", "c", "d"},
		},
		"tolerations": {
			one:      applied{kind: "SimPod", manifest: pod + `, tolerations: [{key: a, operator: Exists}]}`},
			two:      applied{kind: "SimPod", manifest: pod + `, tolerations: [{key: b, operator: Exists}]}`},
			conflict: ".spec.tolerations",
		},
		"conditions of a pod": {
			one:  applied{kind: "SimPod", status: true, manifest: `status: {conditions: [` + condition("PodScheduled") + `]}`},
			two:  applied{kind: "SimPod", status: true, manifest: `status: {conditions: [` + condition("Ready") + `]}`},
			want: []string{"status.conditions", "PodScheduled", "Ready"},
		},
		"the same condition": {
			one:      applied{kind: "SimPod", status: true, manifest: `status: {conditions: [` + condition("Ready") + `]}`},
			two:      applied{kind: "SimPod", status: true, manifest: `status: {conditions: [` + strings.Replace(condition("Ready"), "True", "False", 1) + `]}`},
			conflict: `.status.conditions[type="Ready"].status`,
		},
		"taints": {
			one:  applied{kind: "SimNode", manifest: `spec: {capacity: {cpu: 1}, taints: [{key: a, effect: NoSchedule}]}`},
			two:  applied{kind: "SimNode", manifest: `spec: {taints: [{key: b, effect: NoSchedule}]}`},
			want: []string{"spec.taints", "a", "b"},
		},
		"labels of a template": {
			one:  applied{kind: "SimReplicaSet", manifest: `spec: {` + set + `}`},
			two:  applied{kind: "SimReplicaSet", manifest: `spec: {template: {metadata: {labels: {c: d}}}}`},
			want: []string{"spec.template.metadata.labels", "a", "c"},
		},
		"replicas": {
			one:      applied{kind: "SimReplicaSet", manifest: `spec: {replicas: 2, ` + set + `}`},
			two:      applied{kind: "SimReplicaSet", manifest: `spec: {replicas: 3}`},
			conflict: ".spec.replicas",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objectName := "by-two-" + strings.ReplaceAll(name, " ", "-")
			if tt.one.status {
				if err := environment.Client.Create(t.Context(), object(t, tt.one.kind, objectName, pod+"}")); err != nil {
					t.Fatal(err)
				}
			}
			tt.one.owner, tt.two.owner = "one", "two"
			if _, err := tt.one.apply(t, objectName); err != nil {
				t.Fatalf("the first apply: %v", err)
			}
			u, err := tt.two.apply(t, objectName)
			if tt.conflict != "" {
				if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), tt.conflict) {
					t.Errorf("the second apply: error %v, want a conflict about %s", err, tt.conflict)
				}
				return
			}
			if err != nil {
				t.Fatalf("the second apply: %v", err)
			}
			wantKeys(t, u, tt.want[0], tt.want[1:])
		})
	}
}

func wantKeys(t *testing.T, u *unstructured.Unstructured, path string, want []string) {
	t.Helper()
	value, _, err := unstructured.NestedFieldNoCopy(u.Object, strings.Split(path, ".")...)
	if err != nil {
		t.Fatal(err)
	}
	got := map[any]bool{}
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			got[key] = true
		}
	case []any:
		for _, element := range value {
			for _, key := range []string{"name", "type", "key"} {
				if name, ok := element.(map[string]any)[key]; ok {
					got[name] = true
				}
			}
		}
	}
	for _, key := range want {
		if !got[key] {
			t.Errorf("%s has no %s: %v", path, key, value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s is %v, want %v", path, value, want)
	}
}

// What is applied again writes nothing, and what the API server defaults belongs
// to nobody: another may set it.
func TestApplyTwice(t *testing.T) {
	const port = `spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}], resources: {requests: {cpu: "0.5", memory: 1024Mi}}}]`
	tests := map[string]struct {
		kind, manifest, other string
	}{
		"pod": {
			kind: "SimPod", manifest: port + `, simulation: {startDelay: {duration: 90s}}}`,
			other: `spec: {activeDeadlineSeconds: 5}`,
		},
		"node": {
			kind: "SimNode", manifest: `spec: {capacity: {cpu: 4, memory: 1024Mi}, simulation: {bootDelay: 60s}}`,
			other: `spec: {simulation: {heartbeatInterval: 20s}}`,
		},
		"replica set": {
			kind: "SimReplicaSet", manifest: `spec: {` + set + `}`, other: `spec: {replicas: 3}`,
		},
		"walkthrough": {
			kind: "Walkthrough", manifest: `spec: {subjectRef: {name: p}}`, other: `metadata: {labels: {a: b}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			one, two := applied{owner: "one", kind: tt.kind, manifest: tt.manifest}, applied{owner: "two", kind: tt.kind, manifest: tt.other}
			objectName := "twice-" + strings.ReplaceAll(name, " ", "-")
			if _, err := one.apply(t, objectName); err != nil {
				t.Fatal(err)
			}
			// What the schema says of the status of an object that nobody has
			// reported on is stored with the first update, whatever that is.
			first, err := one.apply(t, objectName)
			if err != nil {
				t.Fatal(err)
			}
			second, err := one.apply(t, objectName)
			if err != nil {
				t.Fatal(err)
			}
			if first.GetResourceVersion() != second.GetResourceVersion() {
				t.Errorf("applied again, the resourceVersion goes from %s to %s", first.GetResourceVersion(), second.GetResourceVersion())
			}
			third, err := two.apply(t, objectName)
			if err != nil {
				t.Fatalf("another sets what is defaulted: %v", err)
			}
			again, err := one.apply(t, objectName)
			if err != nil {
				t.Fatal(err)
			}
			if third.GetResourceVersion() != again.GetResourceVersion() {
				t.Error("the first takes back what the other has set")
			}
		})
	}
}
