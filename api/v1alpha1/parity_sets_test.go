// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// setKind is a workload that exists twice, real and simulated. Deployments and
// ReplicaSets are compared with the pods of their templates.
type setKind struct {
	apiVersion, kind string
	// base is a spec that both accept.
	base string
	// specs are laid over it.
	specs []setSpec
}

const (
	selected = `
selector: {matchLabels: {app: web}}
template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}`
	ending = `
template: {metadata: {labels: {app: web}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}`
)

var setKinds = []setKind{
	{"apps/v1", "StatefulSet", selected, statefulSetSpecs},
	{"apps/v1", "DaemonSet", selected, daemonSetSpecs},
	jobKind,
}

var jobKind = setKind{"batch/v1", "Job", ending, jobSpecs}

// setSpec is a variation of the base of a workload.
type setSpec struct {
	spec string
	// why the verdicts differ, where they are meant to: docs/workloads.md says so, too.
	why string
}

var statefulSetSpecs = []setSpec{
	{spec: `{}`},
	{spec: `{replicas: 0}`},
	{spec: `{replicas: -1}`},
	{spec: `{podManagementPolicy: OrderedReady}`},
	{spec: `{podManagementPolicy: Parallel}`},
	{spec: `{podManagementPolicy: Random}`},
	{spec: `{updateStrategy: {type: RollingUpdate}}`},
	{spec: `{updateStrategy: {type: OnDelete}}`},
	{spec: `{updateStrategy: {type: Random}}`},
	{spec: `{updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 9}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: -1}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 2}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: -1}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 100%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 101%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: some}}}`},
	{spec: `{minReadySeconds: 5}`},
	{spec: `{minReadySeconds: -1}`},
	{spec: `{revisionHistoryLimit: 0}`},
	{spec: `{revisionHistoryLimit: -1}`, why: "upstream, a negative limit means that every revision is kept: a history must have a bound"},
	{spec: `{ordinals: {start: 5}}`},
	{spec: `{ordinals: {start: -1}}`},
	{spec: `{selector: {}}`},
	{spec: `{selector: {matchLabels: {app: other}}}`},
	{spec: `{template: {metadata: {labels: {app: web}}, spec: {restartPolicy: OnFailure, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {metadata: {labels: {app: web}}, spec: {activeDeadlineSeconds: 5, containers: [{name: c, image: i}]}}}`},
}

var daemonSetSpecs = []setSpec{
	{spec: `{}`},
	{spec: `{updateStrategy: {type: RollingUpdate}}`},
	{spec: `{updateStrategy: {type: OnDelete}}`},
	{spec: `{updateStrategy: {type: Random}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 2}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: -1}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 30%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 101%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: some}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 10%, maxUnavailable: 0%}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}}`},
	{spec: `{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 101%, maxUnavailable: 0}}}`},
	{spec: `{minReadySeconds: 5}`},
	{spec: `{minReadySeconds: -1}`},
	{spec: `{revisionHistoryLimit: 0}`},
	{spec: `{revisionHistoryLimit: -1}`},
	{spec: `{selector: {}}`},
	{spec: `{selector: {matchLabels: {app: other}}}`},
	{spec: `{template: {metadata: {labels: {app: web}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {metadata: {labels: {app: web}}, spec: {activeDeadlineSeconds: 5, containers: [{name: c, image: i}]}}}`},
}

var jobSpecs = []setSpec{
	{spec: `{}`},
	{spec: `{parallelism: 0}`},
	{spec: `{parallelism: -1}`},
	{spec: `{completions: 0}`},
	{spec: `{completions: -1}`},
	{spec: `{completions: 5, parallelism: 3}`},
	{spec: `{completionMode: NonIndexed}`},
	{spec: `{completionMode: Indexed}`, why: "upstream, completions is 1 where neither it nor parallelism is set: the schema of a custom resource cannot default one field by another"},
	{spec: `{completionMode: Indexed, completions: 3}`},
	{spec: `{completionMode: Indexed, completions: 3, parallelism: 100001}`},
	{spec: `{completionMode: Indexed, completions: 100000, parallelism: 100}`},
	{spec: `{completionMode: Random}`},
	{spec: `{backoffLimit: 0}`},
	{spec: `{backoffLimit: -1}`},
	{spec: `{activeDeadlineSeconds: 1}`},
	{spec: `{activeDeadlineSeconds: -1}`},
	{spec: `{ttlSecondsAfterFinished: 0}`},
	{spec: `{ttlSecondsAfterFinished: -1}`},
	{spec: `{suspend: true}`},
	{spec: `{podReplacementPolicy: Failed}`},
	{spec: `{podReplacementPolicy: TerminatingOrFailed}`},
	{spec: `{podReplacementPolicy: Never}`},
	{spec: `{podFailurePolicy: {rules: []}}`},
	{spec: `{podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [1, 2]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [0]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: NotIn, values: [0]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [1, 1]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: Is, values: [1]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: []}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget, status: "True"}]}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget, status: Maybe}]}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: "a b", status: "True"}]}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Ignore}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Never, onExitCodes: {operator: In, values: [1]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: In, values: [1]}, onPodConditions: [{type: DisruptionTarget, status: "True"}]}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Count, onExitCodes: {containerName: c, operator: In, values: [1]}}]}}`},
	{spec: `{podFailurePolicy: {rules: [{action: Count, onExitCodes: {containerName: other, operator: In, values: [1]}}]}}`},
	{spec: `{podReplacementPolicy: TerminatingOrFailed, podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: In, values: [1]}}]}}`},
	{spec: `{podReplacementPolicy: Failed, podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: In, values: [1]}}]}}`},
	{spec: `{template: {metadata: {labels: {"a b": c}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {metadata: {annotations: {"A/b": c}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {metadata: {annotations: {"a/b/c": d}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {spec: {containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {spec: {restartPolicy: Always, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: i}]}}}`},
	{spec: `{template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: i}]}}, podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: In, values: [1]}}]}}`},
	{spec: `{template: {spec: {restartPolicy: Never, activeDeadlineSeconds: 5, containers: [{name: c, image: i}]}}}`},
}

// A workload gets the same verdict as its real kind's own validation gives.
func TestSetsAsReal(t *testing.T) {
	for _, kind := range setKinds {
		t.Run(kind.kind, func(t *testing.T) {
			for _, s := range kind.specs {
				compareSets(t, environment.Client, kind, s)
			}
		})
	}
}

func compareSets(t *testing.T, c client.Client, kind setKind, s setSpec) {
	t.Helper()
	real, err := verdict(t, c, kind.object(t, kind.apiVersion, kind.kind, s.spec))
	if err != nil {
		t.Fatalf("%s as %s: %v", s.spec, kind.kind, err)
	}
	sim, err := verdict(t, c, kind.object(t, groupVersionOf("Sim"+kind.kind), "Sim"+kind.kind, s.spec))
	if err != nil {
		t.Fatalf("%s as Sim%s: %v", s.spec, kind.kind, err)
	}
	if same := (real == nil) == (sim == nil); same != (s.why == "") {
		t.Errorf("%s:\n\t%s: %.500v\n\tSim%s: %.500v\n\tmeant to differ: %q", s.spec, kind.kind, real, kind.kind, sim, s.why)
	}
}

// object is one whose spec is the base with others laid over it.
func (k setKind) object(t *testing.T, apiVersion, kind, spec string) map[string]any {
	t.Helper()
	merged := decode(t, k.base)
	maps.Copy(merged, decode(t, spec))
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": "parity", "namespace": "default"}, "spec": merged}
}

// What may be changed of a job is what may be changed of a real one.
func TestJobUpdatesAsReal(t *testing.T) {
	policy := `podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: In, values: [1]}}]}`
	tests := map[string]struct {
		from, to string
		refused  bool
	}{
		"parallelism":                   {`{parallelism: 1}`, `{parallelism: 5}`, false},
		"suspend":                       {`{suspend: true}`, `{suspend: false}`, false},
		"backoffLimit":                  {`{backoffLimit: 1}`, `{backoffLimit: 3}`, false},
		"deadline":                      {`{activeDeadlineSeconds: 10}`, `{activeDeadlineSeconds: 20}`, false},
		"deadline taken away":           {`{activeDeadlineSeconds: 10}`, `{activeDeadlineSeconds: null}`, false},
		"ttl":                           {`{ttlSecondsAfterFinished: 10}`, `{ttlSecondsAfterFinished: 20}`, false},
		"completions":                   {`{completions: 3}`, `{completions: 4}`, true},
		"completions first":             {`{}`, `{completions: 4}`, true},
		"completions of indexes":        {`{completionMode: Indexed, completions: 3, parallelism: 3}`, `{completions: 4}`, true},
		"completions with parallelism":  {`{completionMode: Indexed, completions: 3, parallelism: 3}`, `{completions: 4, parallelism: 4}`, false},
		"completionMode":                {`{completionMode: Indexed, completions: 3}`, `{completionMode: NonIndexed}`, true},
		"podFailurePolicy":              {`{` + policy + `}`, `{podFailurePolicy: {rules: [{action: Ignore, onExitCodes: {operator: In, values: [1]}}]}}`, true},
		"podFailurePolicy taken away":   {`{` + policy + `}`, `{podFailurePolicy: null}`, true},
		"podReplacementPolicy":          {`{podReplacementPolicy: Failed}`, `{podReplacementPolicy: TerminatingOrFailed}`, false},
		"the template":                  {`{}`, `{template: {spec: {terminationGracePeriodSeconds: 5}}}`, true},
		"the template of one suspended": {`{suspend: true}`, `{template: {spec: {nodeSelector: {a: b}}}}`, false},
		"tolerations and labels of one suspended": {`{suspend: true}`, `{template: {metadata: {labels: {c: d}, annotations: {e: f}}, spec: {tolerations: [{key: a, operator: Exists}], schedulingGates: [{name: a}]}}}`, false},
		"nodeAffinity of one suspended":           {`{suspend: true}`, `{template: {spec: {affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}]}}}}}`, false},
		"podAffinity of one suspended":            {`{suspend: true}`, `{template: {spec: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z}]}}}}}`, true},
		"a grace period of one suspended":         {`{suspend: true}`, `{template: {spec: {terminationGracePeriodSeconds: 5}}}`, true},
		"requests of one suspended":               {`{suspend: true}`, `{template: {spec: {containers: [{name: c, image: i, resources: {requests: {cpu: "1"}}}]}}}`, false},
		"the image of one suspended":              {`{suspend: true}`, `{template: {spec: {containers: [{name: c, image: other}]}}}`, true},
	}
	number := 0
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"Job", "SimJob"} {
				apiVersion := jobKind.apiVersion
				if kind != jobKind.kind {
					apiVersion = groupVersionOf(kind)
				}
				// Jobs are deleted after those that depend on them, so each has a name of its own.
				number++
				object := jobKind.object(t, apiVersion, kind, tt.from)
				object["metadata"].(map[string]any)["name"] = fmt.Sprintf("parity-%d", number)
				err := update(t, object, `{spec: `+tt.to+`}`)
				if err != nil && !apierrors.IsInvalid(err) {
					t.Fatalf("%s: %v", kind, err)
				}
				if refused := err != nil; refused != tt.refused {
					t.Errorf("%s: %v; refused must be %t", kind, err, tt.refused)
				}
			}
		})
	}
}

// update creates an object and returns what the API server says of a change of it.
func update(t *testing.T, object map[string]any, patch string) error {
	t.Helper()
	u := &unstructured.Unstructured{Object: object}
	if err := environment.Client.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended.
		if err := environment.Client.Delete(context.Background(), u); err != nil {
			t.Error(err)
		}
	})
	return environment.Client.Patch(t.Context(), u, mergePatch(t, patch), client.DryRunAll)
}
