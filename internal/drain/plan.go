// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// The words of k8s.io/kubectl/pkg/drain for pods that nothing would replace, and for
// those that would be back at once.
const (
	daemonFatal      = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"
	daemonWarning    = "ignoring DaemonSet-managed Pods"
	unmanagedFatal   = "Pods that declare no controller (use --force to override)"
	unmanagedWarning = "deleting Pods that declare no controller"
)

// Plan says what is to be done with the pods of a node. It mirrors the filters
// of k8s.io/kubectl/pkg/drain, as far as simulated pods have what they ask for:
// there are no mirror pods and no local storage.
type Plan struct {
	// Delete are the pods to delete.
	Delete []v1alpha1.SimPod
	// Warnings say what the user should know of them.
	Warnings []string
	// refused are pods that must not be deleted, by why.
	refused map[string][]string
}

// NewPlan decides about the pods of a node.
func NewPlan(pods []v1alpha1.SimPod, o Options, now time.Time) Plan {
	plan := Plan{refused: map[string][]string{}}
	var unmanaged, daemons []string
	for _, pod := range pods {
		controller := metav1.GetControllerOfNoCopy(&pod)
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		managed := ended || controller != nil
		isDaemon := !ended && controller != nil && controller.Kind == "SimDaemonSet"
		switch {
		case isSkipped(&pod, o.SkipTerminating, now):
			continue
		case isDaemon && !o.IgnoreDaemonSets:
			plan.refused[daemonFatal] = append(plan.refused[daemonFatal], nameOf(&pod))
			continue
		case isDaemon:
			daemons = append(daemons, nameOf(&pod))
			continue
		case !managed && !o.Force:
			plan.refused[unmanagedFatal] = append(plan.refused[unmanagedFatal], nameOf(&pod))
			continue
		case !managed:
			unmanaged = append(unmanaged, nameOf(&pod))
		}
		plan.Delete = append(plan.Delete, pod)
	}
	if len(daemons) > 0 {
		plan.Warnings = append(plan.Warnings, daemonWarning+": "+strings.Join(daemons, ", "))
	}
	if len(unmanaged) > 0 {
		plan.Warnings = append(plan.Warnings, unmanagedWarning+": "+strings.Join(unmanaged, ", "))
	}
	return plan
}

// Err says which pods stand in the way.
func (p Plan) Err() error {
	var errs []error
	for _, why := range slices.Sorted(maps.Keys(p.refused)) {
		errs = append(errs, fmt.Errorf("cannot delete %s: %s", why, strings.Join(p.refused[why], ", ")))
	}
	return errors.Join(errs...)
}

// isSkipped mirrors shouldSkipPod of k8s.io/kubectl/pkg/drain.
func isSkipped(pod *v1alpha1.SimPod, skip time.Duration, now time.Time) bool {
	return skip > 0 && pod.DeletionTimestamp != nil && now.Sub(pod.DeletionTimestamp.Time) > skip
}

func nameOf(pod *v1alpha1.SimPod) string { return pod.Namespace + "/" + pod.Name }
