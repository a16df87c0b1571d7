// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"maps"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An update gets the same verdict for a Pod and for a SimPod: some fields of a
// pod may change, and more of one that may not be scheduled yet
// (ValidatePodUpdate of k8s.io/kubernetes/pkg/apis/core/validation).
func TestUpdatesAsPods(t *testing.T) {
	const (
		container = `containers: [{name: c, image: i, ports: [{containerPort: 80}]}]
initContainers: [{name: s, image: i, restartPolicy: Always}]
`
		gates    = "schedulingGates: [{name: g}, {name: h}]\n"
		selector = "nodeSelector: {a: b}\n"
		required = `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}`
		podTerm  = `podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z, labelSelector: {matchLabels: {a: b}}}]}`
	)
	terms := func(terms string) string {
		return `{spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ` + terms + `}}}}}`
	}
	tests := map[string]struct {
		spec, patch string
		refused     bool
	}{
		"gated: more of the nodeSelector":        {container + gates + selector, `{spec: {nodeSelector: {c: d}}}`, false},
		"gated: a nodeSelector":                  {container + gates, `{spec: {nodeSelector: {c: d}}}`, false},
		"gated: less of the nodeSelector":        {container + gates + selector, `{spec: {nodeSelector: {a: null}}}`, true},
		"gated: another nodeSelector":            {container + gates + selector, `{spec: {nodeSelector: {a: c}}}`, true},
		"gated: an invalid nodeSelector":         {container + gates + selector, `{spec: {nodeSelector: {c: "a b"}}}`, true},
		"gated, and freed: more of it":           {container + gates + selector, `{spec: {schedulingGates: null, nodeSelector: {c: d}}}`, false},
		"gated: nodeAffinity":                    {container + gates, terms(`[{matchExpressions: [{key: a, operator: Exists}]}]`), false},
		"gated: nodeAffinity beside podAffinity": {container + gates + "affinity: {" + podTerm + "}", terms(`[{matchExpressions: [{key: a, operator: Exists}]}]`), false},
		"gated: invalid nodeAffinity":            {container + gates, terms(`[{matchExpressions: [{key: a, operator: Has}]}]`), true},
		"gated: nodeAffinity narrowed": {
			container + gates + required, terms(`[{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: Exists}]}]`), false,
		},
		"gated: nodeAffinity narrowed by a field": {
			container + gates + required,
			terms(`[{matchExpressions: [{key: a, operator: Exists}], matchFields: [{key: metadata.name, operator: In, values: [node-1]}]}]`), false,
		},
		"gated: nodeAffinity changed": {container + gates + required, terms(`[{matchExpressions: [{key: b, operator: Exists}]}]`), true},
		"gated: nodeAffinity in another order": {
			container + gates + required, terms(`[{matchExpressions: [{key: b, operator: Exists}, {key: a, operator: Exists}]}]`), true,
		},
		"gated: nodeAffinity widened": {
			container + gates + required, terms(`[{matchExpressions: [{key: a, operator: Exists}]}, {matchExpressions: [{key: b, operator: Exists}]}]`), true,
		},
		"gated: nodeAffinity removed": {container + gates + required, `{spec: {affinity: null}}`, true},
		"gated: preferred nodeAffinity": {
			container + gates + required,
			`{spec: {affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}]}}}}`,
			false,
		},
		"gated: an empty term filled": {
			container + gates + `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}]}}}`,
			terms(`[{matchExpressions: [{key: a, operator: Exists}]}]`), true,
		},
		"gated: podAffinity":                 {container + gates, `{spec: {affinity: {` + podTerm + `}}}`, true},
		"gated: one gate less":               {container + gates, `{spec: {schedulingGates: [{name: h}]}}`, false},
		"gated: another gate":                {container + gates, `{spec: {schedulingGates: [{name: g}, {name: x}]}}`, true},
		"no gates: a gate":                   {container, `{spec: {schedulingGates: [{name: g}]}}`, true},
		"no gates: more of the nodeSelector": {container + selector, `{spec: {nodeSelector: {c: d}}}`, true},
		"no gates: nodeAffinity":             {container, terms(`[{matchExpressions: [{key: a, operator: Exists}]}]`), true},
		"tolerations: one more":              {container + "tolerations: [{key: a, operator: Exists}]", `{spec: {tolerations: [{key: a, operator: Exists}, {key: b, operator: Exists}]}}`, false},
		"tolerations: one less":              {container + "tolerations: [{key: a, operator: Exists}]", `{spec: {tolerations: []}}`, true},
		"tolerations: a bad one more":        {container, `{spec: {tolerations: [{key: a, operator: Exists, value: b}]}}`, true},
		"tolerations: other seconds": {
			container + "tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]",
			`{spec: {tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 50}]}}`, false,
		},
		"tolerations: no seconds": {
			container + "tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]",
			`{spec: {tolerations: [{key: a, operator: Exists, effect: NoExecute}]}}`, false,
		},
		"tolerations: another effect": {
			container + "tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]",
			`{spec: {tolerations: [{key: a, operator: Exists, effect: NoSchedule}]}}`, true,
		},
		"deadline: set":              {container, `{spec: {activeDeadlineSeconds: 5}}`, false},
		"deadline: shorter":          {container + "activeDeadlineSeconds: 5", `{spec: {activeDeadlineSeconds: 4}}`, false},
		"deadline: longer":           {container + "activeDeadlineSeconds: 5", `{spec: {activeDeadlineSeconds: 6}}`, true},
		"deadline: none":             {container + "activeDeadlineSeconds: 5", `{spec: {activeDeadlineSeconds: null}}`, true},
		"grace period":               {container, `{spec: {terminationGracePeriodSeconds: 31}}`, true},
		"grace period: none":         {container + "terminationGracePeriodSeconds: 5", `{spec: {terminationGracePeriodSeconds: null}}`, true},
		"image":                      {container, `{spec: {containers: [{name: c, image: j, ports: [{containerPort: 80}]}]}}`, false},
		"image: with a blank":        {container, `{spec: {containers: [{name: c, image: " j", ports: [{containerPort: 80}]}]}}`, true},
		"image of an init container": {container, `{spec: {initContainers: [{name: s, image: j, restartPolicy: Always}]}}`, false},
		"containers: one more":       {container, `{spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}, {name: d, image: i}]}}`, true},
		"containers: a port":         {container, `{spec: {containers: [{name: c, image: i, ports: [{containerPort: 81}]}]}}`, true},
		"containers: resources":      {container, `{spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}], resources: {requests: {cpu: 1}}}]}}`, true},
		"initContainers: none":       {container, `{spec: {initContainers: null}}`, true},
		"initContainers: no sidecar": {container, `{spec: {initContainers: [{name: s, image: i}]}}`, true},
		"resources":                  {container, `{spec: {resources: {requests: {cpu: 1}}}}`, true},
		"priorityClassName":          {container, `{spec: {priorityClassName: system-node-critical}}`, true},
		"preemptionPolicy":           {container, `{spec: {preemptionPolicy: Never}}`, true},
		"schedulerName":              {container, `{spec: {schedulerName: other}}`, true},
		"restartPolicy":              {container, `{spec: {restartPolicy: Never}}`, true},
		"topologySpreadConstraints":  {container, `{spec: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}]}}`, true},
		"labels":                     {container, `{metadata: {labels: {a: b}}}`, false},
	}
	c := ordinaryUser(t)
	i := 0
	for name, tt := range tests {
		i++
		object := fmt.Sprintf("parity-update-%d", i)
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"Pod", "SimPod"} {
				spec := maps.Clone(decode(t, tt.spec))
				spec["schedulerName"] = "nobody"
				u := &unstructured.Unstructured{Object: map[string]any{
					"apiVersion": groupVersionOf(kind), "kind": kind,
					"metadata": map[string]any{"name": object, "namespace": "default"}, "spec": spec,
				}}
				if err := c.Create(t.Context(), u); err != nil {
					t.Fatalf("creating the %s: %v", kind, err)
				}
				err := c.Patch(t.Context(), u, mergePatch(t, tt.patch), client.DryRunAll)
				if err != nil && !apierrors.IsInvalid(err) {
					t.Fatalf("%s: %v", kind, err)
				}
				if (err != nil) != tt.refused {
					t.Errorf("%s: got %v, want a refusal: %v", kind, err, tt.refused)
				}
			}
		})
	}
}
