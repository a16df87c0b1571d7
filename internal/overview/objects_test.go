// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func read(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestPhases(t *testing.T) {
	for name, tc := range map[string]struct{ manifest, want string }{
		"nothing is known":        {`{}`, PhasePending},
		"new":                     {`{status: {phase: Pending}}`, PhasePending},
		"rejected":                {`{status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable}]}}`, PhaseUnschedulable},
		"the scheduler failed":    {`{status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: SchedulerError}]}}`, PhasePending},
		"gated":                   {`{spec: {schedulingGates: [{name: a}]}, status: {phase: Pending}}`, PhaseGated},
		"bound":                   {`{spec: {nodeName: n1}, status: {phase: Pending}}`, PhaseStarting},
		"running":                 {`{spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`, PhaseRunning},
		"not ready":               {`{spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: "False"}]}}`, PhaseNotReady},
		"says nothing of ready":   {`{spec: {nodeName: n1}, status: {phase: Running}}`, PhaseNotReady},
		"succeeded":               {`{spec: {nodeName: n1}, status: {phase: Succeeded}}`, PhaseSucceeded},
		"failed":                  {`{spec: {nodeName: n1}, status: {phase: Failed}}`, PhaseFailed},
		"is being deleted":        {`{metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}, spec: {nodeName: n1}, status: {phase: Running}}`, PhaseTerminating},
		"ended, is being deleted": {`{metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}, spec: {nodeName: n1}, status: {phase: Failed}}`, PhaseFailed},
		"of another type":         {`{metadata: [], spec: 3, status: {phase: [], conditions: {}}}`, PhasePending},
	} {
		t.Run(name, func(t *testing.T) {
			if got := phaseOf(read(t, tc.manifest).Object); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestPodOf(t *testing.T) {
	for name, tc := range map[string]struct {
		manifest string
		want     Pod
	}{
		"containers are summed up": {
			manifest: `
metadata: {namespace: ns, name: web, uid: u-1, labels: {app: web}}
spec:
  nodeName: n1
  containers:
  - resources: {requests: {cpu: 100m, memory: 64Mi}}
  - resources: {requests: {cpu: "0.5"}, limits: {memory: 1Ki}}
status: {phase: Pending}`,
			want: Pod{UID: "u-1", Namespace: "ns", Name: "web", NodeName: "n1", Phase: PhaseStarting, CPU: 600, Memory: 64<<20 + 1<<10, Labels: map[string]string{"app": "web"}},
		},
		"init containers, sidecars and overhead count": {
			manifest: `
spec:
  overhead: {cpu: 10m}
  initContainers:
  - {restartPolicy: Always, resources: {requests: {cpu: 100m}}}
  - {resources: {requests: {cpu: 1, memory: 1Gi}}}
  containers:
  - resources: {requests: {cpu: 200m, memory: 1Mi}}`,
			want: Pod{Phase: PhasePending, CPU: 1110, Memory: 1 << 30},
		},
		"the pod as a whole": {
			manifest: `{spec: {resources: {requests: {cpu: 2}}, containers: [{resources: {requests: {cpu: 1, memory: 1Mi}}}]}}`,
			want:     Pod{Phase: PhasePending, CPU: 2000, Memory: 1 << 20},
		},
		"what cannot be read counts as nothing": {
			manifest: `{spec: {containers: [{resources: {requests: {cpu: much}}}, 3]}}`,
			want:     Pod{Phase: PhasePending},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, PodOf(read(t, tc.manifest), false)); diff != "" {
				t.Errorf("pod (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodeOf(t *testing.T) {
	manifest := `
metadata: {name: n1, labels: {topology.kubernetes.io/zone: zone-a}}
spec:
  unschedulable: true
  taints: [{key: gpu, value: "yes", effect: NoSchedule}, {key: old, effect: NoExecute}]
status:
  allocatable: {cpu: 3920m, memory: 8Gi, pods: "110"}
  conditions: [{type: MemoryPressure, status: "False"}, {type: Ready, status: "True"}]`
	want := Node{
		Name: "n1", Kind: KindNode, Zone: "zone-a", Ready: true, Unschedulable: true,
		Taints:      []string{"gpu=yes:NoSchedule", "old:NoExecute"},
		Allocatable: Amounts{CPU: 3920, Memory: 8 << 30, Pods: 110},
		Labels:      map[string]string{"topology.kubernetes.io/zone": "zone-a"},
	}
	if diff := cmp.Diff(want, NodeOf(read(t, manifest), true)); diff != "" {
		t.Errorf("node (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Node{Name: "n2", Kind: KindSimNode}, NodeOf(read(t, `{metadata: {name: n2}}`), false)); diff != "" {
		t.Errorf("new node (-want +got):\n%s", diff)
	}
}
