// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/test/env"
)

var environment *env.Environment

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if environment, err = env.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return m.Run()
}

// object decodes a manifest of the sim API; kind and metadata are added.
func object(t *testing.T, kind, name, spec string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(spec), &u.Object); err != nil {
		t.Fatalf("decoding %s: %v", spec, err)
	}
	u.SetAPIVersion("sim.glassplane.dev/v1alpha1")
	u.SetKind(kind)
	u.SetName(name)
	if kind != "SimNode" {
		u.SetNamespace("default")
	}
	return u
}

const pod = `spec: {containers: [{name: c, image: i}]`

// Every rule has an object that passes and one that fails, with what the message says.
func TestCreate(t *testing.T) {
	tests := map[string]struct {
		kind, name, good, bad, want string
	}{
		"pod without containers": {
			kind: "SimPod", good: pod + `}`, bad: `spec: {containers: []}`,
			want: "spec.containers",
		},
		"pod name too long": {
			kind: "SimPod", name: strings.Repeat("n", 64), good: pod + `}`, bad: pod + `}`,
			want: "metadata.name must be no more than 63 characters",
		},
		"container name": {
			kind: "SimPod", good: pod + `}`, bad: `spec: {containers: [{name: UPPER, image: i}]}`,
			want: "spec.containers[0].name",
		},
		"container twice": {
			kind: "SimPod", good: pod + `}`, bad: `spec: {containers: [{name: c, image: i}, {name: c, image: j}]}`,
			want: "Duplicate value",
		},
		"negative request": {
			kind: "SimPod",
			good: `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 500m, memory: 1}}}]}`,
			bad:  `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: -500m}}}]}`,
			want: "quantities must not be negative",
		},
		"negative integer request": {
			kind: "SimPod",
			good: `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]}`,
			bad:  `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: -1}}}]}`,
			want: "quantities must not be negative",
		},
		"negative overhead": {
			kind: "SimPod", good: pod + `, overhead: {cpu: 1m}}`, bad: pod + `, overhead: {cpu: -1m}}`,
			want: "quantities must not be negative",
		},
		"request above limit": {
			kind: "SimPod",
			good: `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 500m}, limits: {cpu: 1}}}]}`,
			bad:  `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1500m}, limits: {cpu: 1}}}]}`,
			want: "resources.requests must be less than or equal to resources.limits",
		},
		"node name and gates": {
			kind: "SimPod", good: pod + `, schedulingGates: [{name: a}]}`,
			bad:  pod + `, schedulingGates: [{name: a}], nodeName: node-1}`,
			want: "nodeName cannot be set until all schedulingGates have been cleared",
		},
		"restart policy": {
			kind: "SimPod", good: pod + `, restartPolicy: Never}`, bad: pod + `, restartPolicy: Sometimes}`,
			want: `supported values: "Always", "OnFailure", "Never"`,
		},
		"unknown field": {
			kind: "SimPod", good: pod + `}`, bad: pod + `, nodeNam: n}`,
			want: `unknown field "spec.nodeNam"`,
		},
		"failure without an end": {
			kind: "SimPod",
			good: pod + `, simulation: {failureProbabilityPercent: 10, runDuration: {duration: 1s}}}`,
			bad:  pod + `, simulation: {failureProbabilityPercent: 10}}`,
			want: "failureProbabilityPercent needs a runDuration",
		},
		"exit code without an end": {
			kind: "SimPod",
			good: pod + `, simulation: {exitCode: 1, runDuration: {duration: 1s}}}`,
			bad:  pod + `, simulation: {exitCode: 1}}`,
			want: "exitCode needs a runDuration",
		},
		"negative duration": {
			kind: "SimPod",
			good: pod + `, simulation: {startDelay: {duration: 0s}}}`,
			bad:  pod + `, simulation: {startDelay: {duration: -1s}}}`,
			want: "duration must not be negative",
		},
		"negative capacity": {
			kind: "SimNode", good: `spec: {capacity: {cpu: 4}}`, bad: `spec: {capacity: {cpu: "-4"}}`,
			want: "quantities must not be negative",
		},
		"no capacity": {
			kind: "SimNode", good: `spec: {capacity: {cpu: 4}}`, bad: `spec: {capacity: {}}`,
			want: "capacity must name at least one resource",
		},
		"reserved of nothing": {
			kind: "SimNode", good: `spec: {capacity: {cpu: 4}, reserved: {cpu: 1}}`,
			bad:  `spec: {capacity: {cpu: 4}, reserved: {memory: 1}}`,
			want: "reserved must only name resources of capacity",
		},
		"heartbeat too often": {
			kind: "SimNode", good: `spec: {capacity: {cpu: 4}, simulation: {heartbeatInterval: 1s}}`,
			bad:  `spec: {capacity: {cpu: 4}, simulation: {heartbeatInterval: 999ms}}`,
			want: "heartbeatInterval must be at least 1s",
		},
		"negative boot delay": {
			kind: "SimNode", good: `spec: {capacity: {cpu: 4}, simulation: {bootDelay: 1s}}`,
			bad:  `spec: {capacity: {cpu: 4}, simulation: {bootDelay: -1s}}`,
			want: "bootDelay must not be negative",
		},
		"empty selector": {
			kind: "SimReplicaSet",
			good: `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `}}}`,
			bad:  `spec: {selector: {}, template: {metadata: {labels: {a: b}}, ` + pod + `}}}`,
			want: "selector must not be empty",
		},
		"selector that misses the template": {
			kind: "SimReplicaSet",
			good: `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b, c: d}}, ` + pod + `}}}`,
			bad:  `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, ` + pod + `}}}`,
			want: "template.metadata.labels must match the selector",
		},
		"replica set name too long": {
			kind: "SimReplicaSet", name: strings.Repeat("n", 58),
			good: `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `}}}`,
			bad:  `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `}}}`,
			want: "metadata.name must be no more than 57 characters",
		},
		"walkthrough of two subjects": {
			kind: "Walkthrough", good: `spec: {subjectRef: {name: p}}`,
			bad:  `spec: {subjectRef: {name: p}, template: {` + pod + `}}}`,
			want: "exactly one of the fields in [template subjectRef] must be set",
		},
		"walkthrough of none": {
			kind: "Walkthrough", good: `spec: {template: {` + pod + `}}}`, bad: `spec: {}`,
			want: "exactly one of the fields in [template subjectRef] must be set",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			good := object(t, test.kind, "good", test.good)
			if err := environment.Client.Create(t.Context(), good, client.DryRunAll); err != nil {
				t.Errorf("creating the good object: %v", err)
			}
			badName := test.name
			if badName == "" {
				badName = "bad"
			}
			bad := object(t, test.kind, badName, test.bad)
			wantRefusal(t, environment.Client.Create(t.Context(), bad, client.DryRunAll), test.want)
		})
	}
}

func TestUpdate(t *testing.T) {
	const constrained = pod + `, tolerations: [{key: a}], schedulingGates: [{name: g}], nodeSelector: {a: b}, overhead: {cpu: 1m}}`
	tests := map[string]struct {
		kind, spec, good, bad, want string
	}{
		"node name": {
			kind: "SimPod", spec: pod + `, nodeName: node-1}`,
			good: `{spec: {nodeName: node-1}}`, bad: `{spec: {nodeName: node-2}}`,
			want: "nodeName is immutable once it is set",
		},
		"node name removed": {
			kind: "SimPod", spec: pod + `, nodeName: node-1}`,
			good: `{metadata: {labels: {a: b}}}`, bad: `{spec: {nodeName: null}}`,
			want: "nodeName is immutable once it is set",
		},
		"scheduler name": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {schedulerName: glassplane-scheduler}}`, bad: `{spec: {schedulerName: other}}`,
			want: "schedulerName is immutable",
		},
		"restart policy": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {restartPolicy: Always}}`, bad: `{spec: {restartPolicy: Never}}`,
			want: "restartPolicy is immutable",
		},
		"containers": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {containers: [{name: c, image: other}]}}`,
			bad:  `{spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]}}`,
			want: "spec.containers are immutable except for their image",
		},
		"gates": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {schedulingGates: []}}`, bad: `{spec: {schedulingGates: [{name: g}, {name: h}]}}`,
			want: "spec.schedulingGates can only be removed",
		},
		"tolerations": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {tolerations: [{key: a}, {key: b}]}}`, bad: `{spec: {tolerations: [{key: b}]}}`,
			want: "spec.tolerations can only be added",
		},
		"node selector": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {nodeSelector: {a: b}}}`, bad: `{spec: {nodeSelector: {a: c}}}`,
			want: "spec.nodeSelector is immutable",
		},
		"overhead": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {overhead: {cpu: 1m}}}`, bad: `{spec: {overhead: {cpu: 2m}}}`,
			want: "spec.overhead is immutable",
		},
		"affinity": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {activeDeadlineSeconds: 5}}`,
			bad:  `{spec: {affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}}}`,
			want: "spec.affinity is immutable",
		},
		"spread": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {activeDeadlineSeconds: 5}}`,
			bad:  `{spec: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: DoNotSchedule}]}}`,
			want: "spec.topologySpreadConstraints are immutable",
		},
		"priority": {
			kind: "SimPod", spec: pod + `, priority: 5}`,
			good: `{spec: {priority: 5}}`, bad: `{spec: {priority: 6}}`,
			want: "spec.priority, spec.priorityClassName and spec.preemptionPolicy",
		},
		"init containers": {
			kind: "SimPod", spec: pod + `, initContainers: [{name: c, image: i}]}`,
			good: `{spec: {initContainers: [{name: c, image: other}]}}`, bad: `{spec: {initContainers: null}}`,
			want: "spec.initContainers are immutable",
		},
		"simulation": {
			kind: "SimPod", spec: pod + `, simulation: {seed: 1}}`,
			good: `{spec: {simulation: {seed: 1}}}`, bad: `{spec: {simulation: {seed: 2}}}`,
			want: "spec.simulation is immutable",
		},
		"selector": {
			kind: "SimReplicaSet", spec: `spec: {` + set + `}`,
			good: `{spec: {replicas: 5}}`, bad: `{spec: {selector: {matchLabels: {c: d}}}}`,
			want: "selector is immutable",
		},
		"walkthrough": {
			kind: "Walkthrough", spec: `spec: {subjectRef: {name: p}}`,
			good: `{metadata: {labels: {a: b}}}`, bad: `{spec: {subjectRef: {name: q}}}`,
			want: "spec is immutable",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := object(t, test.kind, "update-"+strings.ReplaceAll(name, " ", "-"), test.spec)
			if err := environment.Client.Create(t.Context(), u); err != nil {
				t.Fatalf("creating the object: %v", err)
			}
			wantRefusal(t, environment.Client.Patch(t.Context(), u.DeepCopy(), mergePatch(t, test.bad)), test.want)
			if err := environment.Client.Patch(t.Context(), u.DeepCopy(), mergePatch(t, test.good)); err != nil {
				t.Errorf("the good update: %v", err)
			}
		})
	}
}

func mergePatch(t *testing.T, patch string) client.Patch {
	t.Helper()
	content, err := yaml.YAMLToJSON([]byte(patch))
	if err != nil {
		t.Fatalf("decoding %s: %v", patch, err)
	}
	return client.RawPatch("application/merge-patch+json", content)
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("the bad request was accepted; want a refusal that says %q", want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("the refusal says %q; want it to say %q", err, want)
	}
}

// What the schema adds is what the documentation of the fields promises.
func TestDefaults(t *testing.T) {
	u := object(t, "SimPod", "defaults", pod+`}`)
	if err := environment.Client.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"restartPolicy": "Always", "schedulerName": "glassplane-scheduler",
		"preemptionPolicy": "PreemptLowerPriority", "terminationGracePeriodSeconds": int64(30),
	}
	for field, value := range want {
		got, _, err := unstructured.NestedFieldNoCopy(u.Object, "spec", field)
		if err != nil || got != value {
			t.Errorf("spec.%s is %v (%v); want %v", field, got, err, value)
		}
	}
}
