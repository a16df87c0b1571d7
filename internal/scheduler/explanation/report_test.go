// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/schedulinggates"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

func TestParseMessage(t *testing.T) {
	tests := map[string]struct {
		message string
		want    map[string]int
	}{
		"with preemption": {
			"0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
			map[string]int{nodesTotal: 3, "Insufficient cpu": 1, "node(s) had untolerated taint(s)": 2},
		},
		"taints by name": {
			"0/3 nodes are available: 1 node(s) had untolerated taint {a: b, c}, 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
			map[string]int{nodesTotal: 3, "node(s) had untolerated taint(s)": 3},
		},
		"without preemption": {"0/1 nodes are available: 1 node(s) were unschedulable.", map[string]int{nodesTotal: 1, "node(s) were unschedulable": 1}},
		"a reason for all": {
			"0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
			map[string]int{nodesTotal: 2, "pod has unbound immediate PersistentVolumeClaims": 2},
		},
		"words before preemption": {
			"0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
			map[string]int{nodesTotal: 1, "Insufficient memory": 1},
		},
		"gated": {"Scheduling is blocked due to non-empty scheduling gates", nil},
		"empty": {"", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseMessage(test.message)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportOf(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	fields := &metav1.FieldsV1{}
	fields.SetRawString(`{"f:status":{"f:conditions":{"k:{\"type\":\"PodScheduled\"}":{"f:message":{}}}}}`)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{
			{Manager: "kubectl", Time: &metav1.Time{Time: at.Add(-time.Minute)}, FieldsV1: fields},
			{Manager: "kube-scheduler", Subresource: "status", Time: &at, FieldsV1: fields},
		}},
		Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, LastTransitionTime: at,
			Message: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: x.",
		}}},
	}
	same := ReportOf(pod, evidence.Decision{Message: "0/3 nodes are available: 2 node(s) were unschedulable, 1 Insufficient cpu. preemption: y."})
	if !same.Agrees || same.Differences != nil || same.WrittenAt == nil || !same.WrittenAt.Equal(at.Time) {
		t.Errorf("report is %+v, want that both agree", same)
	}
	other := ReportOf(pod, evidence.Decision{Message: "0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable."})
	want := []CountDifference{{"node(s) were unschedulable", 2, 1}, {"Insufficient cpu", 1, 2}}
	if diff := cmp.Diff(want, other.Differences); other.Agrees || diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	gated := evidence.Decision{PreFilter: &evidence.PluginVerdict{Plugin: schedulinggates.Name}, Message: "waiting for scheduling gates: [a]"}
	pod.Status.Conditions[0].Reason, pod.Status.Conditions[0].Message = corev1.PodReasonSchedulingGated, "Scheduling is blocked due to non-empty scheduling gates"
	if r := ReportOf(pod, gated); !r.Agrees {
		t.Errorf("both keep the pod for its gates, but %+v", r)
	}
	pod.Status.Conditions = nil
	if r := ReportOf(pod, evidence.Decision{}); r != nil {
		t.Errorf("report of a pod to which nothing was written: %+v", r)
	}
}

func TestNotEvaluatedFor(t *testing.T) {
	profile, err := plugins.DefaultProfile("default-scheduler")
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		ResourceClaims:  []corev1.PodResourceClaim{{Name: "gpu"}},
		SchedulingGroup: &corev1.PodSchedulingGroup{PodGroupName: new("gang")},
		Volumes: []corev1.Volume{
			{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}}
	lists := []whatif.List{
		{Resource: "nodes"}, {Resource: "services", Error: "forbidden", Effect: "x"}, {Resource: "replicasets", Error: "forbidden", Effect: "x"},
		{Resource: "pods", Namespace: "default", Effect: "y"}, {Resource: "poddisruptionbudgets", Error: "forbidden", Affects: whatif.Manifests, Effect: "z"},
	}
	pod.Spec.Priority = new(int32(0))
	var got []string
	for _, m := range NotEvaluatedFor(pod, profile, lists) {
		got = append(got, m.What)
	}
	if diff := cmp.Diff([]string{"DynamicResources", "GangScheduling", "volumes", "services, replicasets", "pods"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := NotEvaluatedFor(&corev1.Pod{}, profile, nil); got != nil {
		t.Errorf("of a plain pod %+v is not evaluated", got)
	}
}
