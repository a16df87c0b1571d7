// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"maps"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// setSpec is a variation of the spec of a set, beside selector and template.
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

// A set gets the same verdict as apps/v1's own validation gives to a real one.
func TestSetsAsThoseOfApps(t *testing.T) {
	for kind, specs := range map[string][]setSpec{"StatefulSet": statefulSetSpecs, "DaemonSet": daemonSetSpecs} {
		t.Run(kind, func(t *testing.T) {
			for _, s := range specs {
				compareSets(t, environment.Client, kind, s)
			}
		})
	}
}

func compareSets(t *testing.T, c client.Client, kind string, s setSpec) {
	t.Helper()
	object := func(apiVersion, kind string) map[string]any {
		spec := decode(t, `
selector: {matchLabels: {app: web}}
template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}`)
		maps.Copy(spec, decode(t, s.spec))
		return map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": "parity", "namespace": "default"}, "spec": spec}
	}
	real, err := verdict(t, c, object("apps/v1", kind))
	if err != nil {
		t.Fatalf("%s as %s: %v", s.spec, kind, err)
	}
	sim, err := verdict(t, c, object(groupVersionOf("Sim"+kind), "Sim"+kind))
	if err != nil {
		t.Fatalf("%s as Sim%s: %v", s.spec, kind, err)
	}
	if same := (real == nil) == (sim == nil); same != (s.why == "") {
		t.Errorf("%s:\n\t%s: %.500v\n\tSim%s: %.500v\n\tmeant to differ: %q", s.spec, kind, real, kind, sim, s.why)
	}
}
