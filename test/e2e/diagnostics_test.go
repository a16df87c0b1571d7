// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// What a failure shows, at most.
	maxLogLines = 60
	maxEvents   = 40
)

// A failure shows what the components have said and what has happened.
var _ = JustAfterEach(func(ctx SpecContext) {
	if !CurrentSpecReport().Failed() {
		return
	}
	for name, text := range diagnostics(ctx) {
		AddReportEntry(name, text, ReportEntryVisibilityFailureOrVerbose)
	}
})

func diagnostics(ctx context.Context) map[string]string {
	pods, err := kubeClient.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return map[string]string{"pods": err.Error()}
	}
	all := map[string]string{"recent events": recentEvents(ctx)}
	for _, pod := range pods.Items {
		all[pod.Name] = fmt.Sprintf("%s %+v\n%s", pod.Status.Phase, pod.Status.ContainerStatuses, logOf(ctx, pod.Name))
	}
	return all
}

// logOf returns the end of a pod's log, of the container that crashed before too.
func logOf(ctx context.Context, pod string) string {
	var text strings.Builder
	for _, previous := range []bool{true, false} {
		options := &corev1.PodLogOptions{TailLines: new(int64(maxLogLines)), Previous: previous}
		log, err := kubeClient.CoreV1().Pods(namespace).GetLogs(pod, options).DoRaw(ctx)
		if err == nil {
			text.Write(log)
		} else if !previous {
			text.WriteString(err.Error())
		}
	}
	return text.String()
}

func recentEvents(ctx context.Context) string {
	events, err := kubeClient.EventsV1().Events(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	slices.SortFunc(events.Items, func(a, b eventsv1.Event) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var lines []string
	for _, e := range events.Items[max(0, len(events.Items)-maxEvents):] {
		lines = append(lines, fmt.Sprintf("%s %s/%s %s: %s", e.CreationTimestamp.Format("15:04:05"), e.Regarding.Kind, e.Regarding.Name, e.Reason, e.Note))
	}
	return strings.Join(lines, "\n")
}
