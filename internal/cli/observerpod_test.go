// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestChooseObserver(t *testing.T) {
	born := metav1.NewTime(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	pod := func(name string, change ...func(*corev1.Pod)) corev1.Pod {
		p := corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: born},
			Status: corev1.PodStatus{
				Phase:      corev1.PodRunning,
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			},
		}
		for _, apply := range change {
			apply(&p)
		}
		return p
	}
	deleted := func(p *corev1.Pod) { p.DeletionTimestamp = &born }
	younger := func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(born.Add(time.Hour)) }
	unready := func(phase corev1.PodPhase, states ...corev1.ContainerState) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Conditions = phase, nil
			for _, state := range states {
				p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{State: state})
			}
		}
	}
	waiting := func(reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	unschedulable := func(p *corev1.Pod) {
		unready(corev1.PodPending)(p)
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes are available",
		}}
	}
	tests := map[string]struct {
		pods []corev1.Pod
		want string
		// wantErr and wantHint are parts of the error and of the advice.
		wantErr, wantHint string
	}{
		"none":                  {nil, "", "no observer runs in this cluster: namespace glassplane-system", "make deploy"},
		"ready":                 {[]corev1.Pod{pod("a")}, "a", "", ""},
		"the one that recorded": {[]corev1.Pod{pod("a", younger), pod("b")}, "b", "", ""},
		"as old":                {[]corev1.Pod{pod("b"), pod("a")}, "a", "", ""},
		"not the deleted one":   {[]corev1.Pod{pod("a", deleted), pod("b", younger)}, "b", "", ""},
		"not the pending one":   {[]corev1.Pod{pod("a", unready(corev1.PodPending)), pod("b", younger)}, "b", "", ""},
		"deleted":               {[]corev1.Pod{pod("a", deleted)}, "", "the observer is not ready: pod a is being deleted", "kubectl rollout status"},
		"no node":               {[]corev1.Pod{pod("a", unschedulable)}, "", "pod a has no node: Unschedulable: 0/1 nodes are available", "kubectl rollout status"},
		"no image": {[]corev1.Pod{pod("a", unready(corev1.PodPending, waiting("ErrImagePull", "no such image")))}, "",
			"pod a waits: ErrImagePull: no such image", "kubectl rollout status"},
		"no message": {[]corev1.Pod{pod("a", unready(corev1.PodPending, waiting("ContainerCreating", "")))}, "",
			"pod a waits: ContainerCreating", "kubectl rollout status"},
		"crashed": {[]corev1.Pod{pod("a", unready(corev1.PodRunning, corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"},
		}))}, "", "pod a has ended with exit code 2: Error", "kubectl rollout status"},
		"probe": {[]corev1.Pod{pod("a", unready(corev1.PodRunning)), pod("b", younger, deleted)}, "",
			"pod a runs, but its readiness probe has not succeeded; pod b is being deleted", "kubectl rollout status"},
		"failed": {[]corev1.Pod{pod("a", unready(corev1.PodFailed))}, "", "pod a is Failed", "kubectl rollout status"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := chooseObserver(test.pods)
			if test.wantErr == "" {
				if err != nil || got.Name != test.want {
					t.Fatalf("chooseObserver = %v, %v; want %s", got, err, test.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Fatalf("error %v; want %q", err, test.wantErr)
			}
			if hint, ok := errors.AsType[*hintError](err); !ok || !strings.Contains(hint.hint, test.wantHint) {
				t.Errorf("advice %+v; want %q", hint, test.wantHint)
			}
		})
	}
}
