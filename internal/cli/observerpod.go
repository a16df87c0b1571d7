// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	observerDeployment = "glassplane-observer"
	// observerSelector selects the observer's pods; config/manager/observer.yaml
	// sets the labels.
	observerSelector = "app.kubernetes.io/name=glassplane,app.kubernetes.io/component=observer"
)

// findObserver returns the pod of a cluster's observer.
func findObserver(ctx context.Context, clientset kubernetes.Interface) (*corev1.Pod, error) {
	pods, err := clientset.CoreV1().Pods(v1alpha1.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: observerSelector})
	switch {
	case apierrors.IsForbidden(err):
		return nil, &hintError{fmt.Errorf("looking for the observer: %w", err), permissionHint}
	case err != nil:
		return nil, fmt.Errorf("looking for the observer: %w", err)
	}
	return chooseObserver(pods.Items)
}

// chooseObserver returns the pod that is ready and, of several, has recorded
// for the longest time.
func chooseObserver(pods []corev1.Pod) (*corev1.Pod, error) {
	if len(pods) == 0 {
		return nil, &hintError{
			fmt.Errorf("no observer runs in this cluster: namespace %s has no pod with the labels %s", v1alpha1.SystemNamespace, observerSelector),
			"Deploy Glassplane with \"make deploy\" or \"kubectl apply --server-side -f dist/install.yaml\", name another cluster with --context, or an observer with --observer.",
		}
	}
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		if by := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); by != 0 {
			return by
		}
		return strings.Compare(a.Name, b.Name)
	})
	reasons := make([]string, len(pods))
	for i := range pods {
		if reasons[i] = whyNotReady(&pods[i]); reasons[i] == "" {
			return &pods[i], nil
		}
		reasons[i] = "pod " + pods[i].Name + " " + reasons[i]
	}
	return nil, &hintError{
		errors.New("the observer is not ready: " + strings.Join(reasons, "; ")),
		fmt.Sprintf("Wait for it: kubectl rollout status -n %s deployment/%s", v1alpha1.SystemNamespace, observerDeployment),
	}
}

// whyNotReady says in words that follow the pod's name why a pod does not
// serve. It is empty for one that does.
func whyNotReady(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "is being deleted"
	}
	ready := podCondition(pod, corev1.PodReady)
	if pod.Status.Phase == corev1.PodRunning && ready.Status == corev1.ConditionTrue {
		return ""
	}
	if scheduled := podCondition(pod, corev1.PodScheduled); scheduled.Status == corev1.ConditionFalse {
		return fmt.Sprintf("has no node: %s: %s", scheduled.Reason, scheduled.Message)
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		switch state := container.State; {
		case state.Waiting != nil && state.Waiting.Message != "":
			return fmt.Sprintf("waits: %s: %s", state.Waiting.Reason, state.Waiting.Message)
		case state.Waiting != nil:
			return "waits: " + state.Waiting.Reason
		case state.Terminated != nil && state.Terminated.ExitCode != 0:
			return fmt.Sprintf("has ended with exit code %d: %s", state.Terminated.ExitCode, state.Terminated.Reason)
		}
	}
	if pod.Status.Phase == corev1.PodRunning {
		return "runs, but its readiness probe has not succeeded"
	}
	return "is " + string(pod.Status.Phase)
}

// podCondition returns the condition of a type, without a status if there is none.
func podCondition(pod *corev1.Pod, kind corev1.PodConditionType) corev1.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return corev1.PodCondition{}
	}
	return pod.Status.Conditions[i]
}
