// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"cmp"
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
	if kind != "SimNode" && kind != "SimNodePool" && kind != "Fault" {
		u.SetNamespace("default")
	}
	return u
}

const pod = `spec: {containers: [{name: c, image: i}]`

// Every rule has an object that passes and one that fails, with what the message says.
func TestCreate(t *testing.T) {
	tests := map[string]struct {
		kind, goodName, name, good, bad, want string
	}{
		"pod without containers": {
			kind: "SimPod", good: pod + `}`, bad: `spec: {containers: []}`,
			want: "spec.containers",
		},
		"pod name too long": {
			kind: "SimPod", goodName: strings.Repeat("n", 253), name: strings.Repeat("n", 254), good: pod + `}`, bad: pod + `}`,
			want: "metadata.name: Invalid value",
		},
		"restart policy of a container": {
			kind: "SimPod", good: pod + `, initContainers: [{name: s, image: i, restartPolicy: Always}]}`,
			bad:  `spec: {containers: [{name: c, image: i, restartPolicy: Always}]}`,
			want: "spec.containers[0].restartPolicy: Forbidden: may not be set for containers other than init containers",
		},
		"restart policy of an init container": {
			kind: "SimPod", good: pod + `, initContainers: [{name: s, image: i}]}`,
			bad:  pod + `, initContainers: [{name: s, image: i, restartPolicy: Never}]}`,
			want: `spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"`,
		},
		"resources of the pod": {
			kind: "SimPod",
			good: `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}], resources: {requests: {cpu: 1}}}`,
			bad:  `spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}], resources: {requests: {cpu: 900m}}}`,
			want: `spec.resources.requests[cpu]: Invalid value: "900m": must be greater than or equal to what all containers request together`,
		},
		"toleration": {
			kind: "SimPod", good: pod + `, tolerations: [{key: a, operator: Exists}]}`,
			bad: pod + `, tolerations: [{key: a, operator: Exists, value: b}, {key: c, operator: Gt, value: "1"}]}`,
			want: "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'; " +
				`spec.tolerations[1].operator: Unsupported value: "Gt": supported values: "Equal", "Exists"`,
		},
		"set of pods that end": {
			kind: "SimReplicaSet", good: `spec: {` + set + `}`,
			bad:  `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `, restartPolicy: Never}}}`,
			want: "spec.template.spec.restartPolicy: Invalid value: must be Always",
		},
		"set of pods with a deadline": {
			kind: "SimReplicaSet", good: `spec: {` + set + `}`,
			bad:  `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `, activeDeadlineSeconds: 2}}}`,
			want: "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in a SimReplicaSet is not supported",
		},
		"set of bad pods": {
			kind: "SimReplicaSet", good: `spec: {` + set + `}`,
			bad:  `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, ` + pod + `, tolerations: [{effect: Never, operator: Exists}]}}}`,
			want: `spec.template.spec.tolerations[0].effect: Unsupported value: "Never"`,
		},
		"selector whose expression misses the template": {
			kind: "SimReplicaSet",
			good: `spec: {selector: {matchExpressions: [{key: a, operator: In, values: [b, c]}]}, template: {metadata: {labels: {a: b}}, ` + pod + `}}}`,
			bad:  `spec: {selector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}, template: {metadata: {labels: {a: b}}, ` + pod + `}}}`,
			want: "spec.template.metadata.labels: Invalid value: spec.selector.matchExpressions[0] does not match the labels of the template",
		},
		"fault without a target": {
			kind: "Fault", good: `spec: {type: Stop, target: {component: scheduler}}`, bad: `spec: {type: Stop, target: {}}`,
			want: "spec.target: Invalid value: exactly one of the fields in [component controller nodes pods] must be set",
		},
		"fault with two targets": {
			kind: "Fault", good: `spec: {type: Stop, target: {controller: simpod}}`, bad: `spec: {type: Stop, target: {controller: simpod, component: scheduler}}`,
			want: "exactly one of the fields in [component controller nodes pods] must be set",
		},
		"fault of an unknown type": {
			kind: "Fault", good: `spec: {type: NodeCrash, target: {nodes: {names: [a]}}}`, bad: `spec: {type: Explode, target: {nodes: {names: [a]}}}`,
			want: `spec.type: Unsupported value: "Explode": supported values: "Stop", "NodeCrash"`,
		},
		"fault of an unknown component": {
			kind: "Fault", good: `spec: {type: Stop, target: {component: observer}}`, bad: `spec: {type: Stop, target: {component: kubelet}}`,
			want: `spec.target.component: Unsupported value: "kubelet": supported values: "scheduler", "controller-manager", "observer"`,
		},
		"stop of a node": {
			kind: "Fault", good: `spec: {type: Stop, target: {component: scheduler}}`, bad: `spec: {type: Stop, target: {nodes: {names: [a]}}}`,
			want: "spec.target: Invalid value: a Stop needs target.component or target.controller",
		},
		"crash of a component": {
			kind: "Fault", good: `spec: {type: NodePartition, target: {nodes: {selector: {}}}}`, bad: `spec: {type: NodePartition, target: {component: scheduler}}`,
			want: "spec.target: Invalid value: this type needs target.nodes",
		},
		"nodes of a fault": {
			kind: "Fault", good: `spec: {type: NodeCrash, target: {nodes: {selector: {matchLabels: {zone: a}}}}}`,
			bad:  `spec: {type: NodeCrash, target: {nodes: {names: [a], selector: {}}}}`,
			want: "spec.target.nodes: Invalid value: exactly one of the fields in [names selector] must be set",
		},
		"failing starts without a reason": {
			kind: "Fault", good: `spec: {type: StartFailure, target: {pods: {}}, reason: ImagePullBackOff, percent: 30, seed: 1}`,
			bad:  `spec: {type: StartFailure, target: {pods: {}}}`,
			want: "spec.reason: Invalid value: reason, ImagePullBackOff or CrashLoopBackOff, is needed by StartFailure",
		},
		"failing starts of nodes": {
			kind: "Fault", good: `spec: {type: StartFailure, target: {pods: {namespaces: [default]}}, reason: CrashLoopBackOff}`,
			bad:  `spec: {type: StartFailure, target: {nodes: {names: [a]}}, reason: CrashLoopBackOff}`,
			want: "spec.target: Invalid value: a StartFailure needs target.pods",
		},
		"delay that is missing": {
			kind: "Fault", good: `spec: {type: NodeSlow, target: {nodes: {names: [a]}}, delay: 500ms}`, bad: `spec: {type: NodeSlow, target: {nodes: {names: [a]}}}`,
			want: "spec.delay: Invalid value: delay, such as 5s, is needed by NodeSlow, LeaseDelay and WatchDelay",
		},
		"delay of a crash": {
			kind: "Fault", good: `spec: {type: LeaseDelay, target: {component: scheduler}, delay: 5s}`, bad: `spec: {type: NodeCrash, target: {nodes: {names: [a]}}, delay: 5s}`,
			want: "and no other type has one",
		},
		"delay that is too long": {
			kind: "Fault", good: `spec: {type: WatchDelay, target: {component: scheduler}, delay: 1h}`, bad: `spec: {type: WatchDelay, target: {component: scheduler}, delay: 61m}`,
			want: `spec.delay: Invalid value: "61m": delay must be more than 0s and at most 1h`,
		},
		"watch delay of nodes": {
			kind: "Fault", good: `spec: {type: WatchDelay, target: {component: scheduler}, delay: 1s}`, bad: `spec: {type: WatchDelay, target: {nodes: {names: [a]}}, delay: 1s}`,
			want: "spec.target: Invalid value: this type needs target.component",
		},
		"lease delay of a controller": {
			kind: "Fault", good: `spec: {type: LeaseDelay, target: {nodes: {names: [a]}}, delay: 1s}`, bad: `spec: {type: LeaseDelay, target: {controller: simpod}, delay: 1s}`,
			want: "spec.target: Invalid value: a LeaseDelay needs target.nodes or target.component",
		},
		"duration that is too short": {
			kind: "Fault", good: `spec: {type: Stop, target: {component: scheduler}, duration: 1s}`, bad: `spec: {type: Stop, target: {component: scheduler}, duration: 500ms}`,
			want: `spec.duration: Invalid value: "500ms": duration must be at least 1s`,
		},
		"percent of a stop": {
			kind: "Fault", good: `spec: {type: WriteConflict, target: {component: scheduler}, percent: 10}`, bad: `spec: {type: Stop, target: {component: scheduler}, percent: 10}`,
			want: "spec.percent: Invalid value: only StartFailure and WriteConflict hit a percentage of their targets",
		},
		"seed of a stop": {
			kind: "Fault", good: `spec: {type: WriteConflict, target: {component: scheduler}, seed: 10}`, bad: `spec: {type: Stop, target: {component: scheduler}, seed: 10}`,
			want: "spec.seed: Invalid value: only StartFailure and WriteConflict draw",
		},
		"name of a controller": {
			kind: "Fault", good: `spec: {type: Stop, target: {controller: simpod}}`, bad: `spec: {type: Stop, target: {controller: Sim_Pod}}`,
			want: `spec.target.controller: Invalid value: "Sim_Pod": controller must be a lower-case name`,
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
			want: `spec.containers[0].resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1`,
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
			kind: "SimReplicaSet", goodName: strings.Repeat("n", 253), name: strings.Repeat("n", 254),
			good: `spec: {` + set + `}`, bad: `spec: {` + set + `}`, want: "metadata.name: Invalid value",
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
			good := object(t, test.kind, cmp.Or(test.goodName, "good"), test.good)
			if err := environment.Client.Create(t.Context(), good, client.DryRunAll); err != nil {
				t.Errorf("creating the good object: %v", err)
			}
			bad := object(t, test.kind, cmp.Or(test.name, "bad"), test.bad)
			wantRefusal(t, environment.Client.Create(t.Context(), bad, client.DryRunAll), test.want)
		})
	}
}

func TestUpdate(t *testing.T) {
	const constrained = pod + `, tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 5}], schedulingGates: [{name: g}], nodeSelector: {a: b}, overhead: {cpu: 1m}}`
	tests := map[string]struct {
		kind, spec, good, bad, want string
	}{
		"type of a fault": {
			kind: "Fault", spec: `spec: {type: NodeCrash, target: {nodes: {names: [a]}}}`,
			good: `{spec: {duration: 5s}}`, bad: `{spec: {type: NodePartition}}`,
			want: "type and target are immutable: delete the Fault and create another one",
		},
		"target of a fault": {
			kind: "Fault", spec: `spec: {type: NodeSlow, target: {nodes: {names: [a]}}, delay: 1s}`,
			good: `{spec: {delay: 2s}}`, bad: `{spec: {target: {nodes: {names: [b]}}}}`,
			want: "type and target are immutable",
		},
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
			want: "spec.containers: Forbidden: immutable except for the image",
		},
		"gates": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {schedulingGates: []}}`, bad: `{spec: {schedulingGates: [{name: g}, {name: h}]}}`,
			want: "spec.schedulingGates: Forbidden: only deletion is allowed",
		},
		"tolerations": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 9}, {key: b}]}}`, bad: `{spec: {tolerations: [{key: b}]}}`,
			want: "spec.tolerations: Forbidden: existing toleration can not be modified",
		},
		"node selector": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {nodeSelector: {a: b, c: d}}}`, bad: `{spec: {nodeSelector: {a: c}}}`,
			want: "spec.nodeSelector: Invalid value: immutable, but for additions",
		},
		"overhead": {
			kind: "SimPod", spec: constrained,
			good: `{spec: {overhead: {cpu: 1m}}}`, bad: `{spec: {overhead: {cpu: 2m}}}`,
			want: "spec.overhead: Forbidden: immutable",
		},
		"affinity": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {activeDeadlineSeconds: 5}}`,
			bad:  `{spec: {affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}}}`,
			want: "spec.affinity: Forbidden: immutable",
		},
		"spread": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {activeDeadlineSeconds: 5}}`,
			bad:  `{spec: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: DoNotSchedule}]}}`,
			want: "spec.topologySpreadConstraints: Forbidden: immutable",
		},
		"grace period": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {terminationGracePeriodSeconds: 30}}`, bad: `{spec: {terminationGracePeriodSeconds: 29}}`,
			want: "spec.terminationGracePeriodSeconds: Invalid value: terminationGracePeriodSeconds is immutable",
		},
		"longer deadline": {
			kind: "SimPod", spec: pod + `, activeDeadlineSeconds: 10}`,
			good: `{spec: {activeDeadlineSeconds: 9}}`, bad: `{spec: {activeDeadlineSeconds: 11}}`,
			want: "spec.activeDeadlineSeconds: Invalid value: activeDeadlineSeconds may be set or made smaller",
		},
		"no deadline": {
			kind: "SimPod", spec: pod + `, activeDeadlineSeconds: 10}`,
			good: `{spec: {activeDeadlineSeconds: 1}}`, bad: `{spec: {activeDeadlineSeconds: null}}`,
			want: "spec.activeDeadlineSeconds: Invalid value: activeDeadlineSeconds may be set or made smaller",
		},
		"priority at the bind": {
			kind: "SimPod", spec: pod + `}`,
			good: `{spec: {nodeName: node-1, priority: 5}}`, bad: `{spec: {priorityClassName: c}}`,
			want: "spec.priorityClassName: Invalid value: priorityClassName is immutable",
		},
		"priority": {
			kind: "SimPod", spec: pod + `, priority: 5}`,
			good: `{spec: {priority: 5}}`, bad: `{spec: {priority: 6}}`,
			want: "spec.priority: Invalid value: priority is immutable once it is set",
		},
		"init containers": {
			kind: "SimPod", spec: pod + `, initContainers: [{name: d, image: i}]}`,
			good: `{spec: {initContainers: [{name: d, image: other}]}}`, bad: `{spec: {initContainers: null}}`,
			want: "spec.initContainers: Forbidden: immutable",
		},
		"simulation": {
			kind: "SimPod", spec: pod + `, simulation: {seed: 1}}`,
			good: `{spec: {simulation: {seed: 1}}}`, bad: `{spec: {simulation: {seed: 2}}}`,
			want: "spec.simulation: Forbidden: immutable",
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
