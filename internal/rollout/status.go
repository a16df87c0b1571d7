// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rollout says how a rollout goes and which templates there were, in the words
// of kubectl rollout. It is pure and mirrors k8s.io/kubectl/pkg/polymorphichelpers.
package rollout

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload/deployment"
)

// Status says how the rollout of a workload goes, in a line, and whether it is over.
// revision is the one that is asked about, 0 for the present one; only deployments
// have it.
func Status(object runtime.Object, revision int64) (text string, done bool, err error) {
	switch object := object.(type) {
	case *v1alpha1.SimDeployment:
		return ofDeployment(object, revision)
	case *v1alpha1.SimDaemonSet:
		return ofDaemonSet(object)
	case *v1alpha1.SimStatefulSet:
		return ofStatefulSet(object)
	}
	return "", false, fmt.Errorf("no status viewer has been implemented for %T", object)
}

// ofDeployment is DeploymentStatusViewer.
func ofDeployment(d *v1alpha1.SimDeployment, revision int64) (string, bool, error) {
	if running := deployment.Revision(d); revision > 0 && revision != running {
		return "", false, fmt.Errorf("desired revision (%d) is different from the running revision (%d)", revision, running)
	}
	s, wanted := d.Status, deployment.Replicas(d)
	if d.Generation > s.ObservedGeneration {
		return "Waiting for deployment spec update to be observed...\n", false, nil
	}
	c := meta.FindStatusCondition(s.Conditions, v1alpha1.SimDeploymentProgressing)
	if c != nil && c.Reason == v1alpha1.ReasonProgressDeadlineExceeded {
		return "", false, fmt.Errorf("deployment %q exceeded its progress deadline", d.Name)
	}
	waiting := fmt.Sprintf("Waiting for deployment %q rollout to finish: ", d.Name)
	switch {
	case s.UpdatedReplicas < wanted:
		return waiting + fmt.Sprintf("%d out of %d new replicas have been updated...\n", s.UpdatedReplicas, wanted), false, nil
	case s.Replicas > s.UpdatedReplicas:
		return waiting + fmt.Sprintf("%d old replicas are pending termination...\n", s.Replicas-s.UpdatedReplicas), false, nil
	case s.AvailableReplicas < s.UpdatedReplicas:
		return waiting + fmt.Sprintf("%d of %d updated replicas are available...\n", s.AvailableReplicas, s.UpdatedReplicas), false, nil
	}
	return fmt.Sprintf("deployment %q successfully rolled out\n", d.Name), true, nil
}

var errOnlyRolling = errors.New("rollout status is only available for RollingUpdate strategy type")

// ofDaemonSet is DaemonSetStatusViewer.
func ofDaemonSet(d *v1alpha1.SimDaemonSet) (string, bool, error) {
	if d.Spec.UpdateStrategy.Type == v1alpha1.OnDeleteSet {
		return "", true, errOnlyRolling
	}
	s := d.Status
	waiting := fmt.Sprintf("Waiting for daemon set %q rollout to finish: ", d.Name)
	switch {
	case d.Generation > s.ObservedGeneration:
		return "Waiting for daemon set spec update to be observed...\n", false, nil
	case s.UpdatedNumberScheduled < s.DesiredNumberScheduled:
		return waiting + fmt.Sprintf("%d out of %d new pods have been updated...\n", s.UpdatedNumberScheduled, s.DesiredNumberScheduled), false, nil
	case s.NumberAvailable < s.DesiredNumberScheduled:
		return waiting + fmt.Sprintf("%d of %d updated pods are available...\n", s.NumberAvailable, s.DesiredNumberScheduled), false, nil
	}
	return fmt.Sprintf("daemon set %q successfully rolled out\n", d.Name), true, nil
}

// ofStatefulSet is StatefulSetStatusViewer. A StatefulSet without a partition has one of
// 0, by default.
func ofStatefulSet(set *v1alpha1.SimStatefulSet) (string, bool, error) {
	if set.Spec.UpdateStrategy.Type == v1alpha1.OnDeleteSet {
		return "", true, errOnlyRolling
	}
	s, wanted, partition := set.Status, int32(1), int32(0)
	if set.Spec.Replicas != nil {
		wanted = *set.Spec.Replicas
	}
	if r := set.Spec.UpdateStrategy.RollingUpdate; r != nil {
		partition = r.Partition
	}
	switch {
	case s.ObservedGeneration == 0 || set.Generation > s.ObservedGeneration:
		return "Waiting for statefulset spec update to be observed...\n", false, nil
	case s.ReadyReplicas < wanted:
		return fmt.Sprintf("Waiting for %d pods to be ready...\n", wanted-s.ReadyReplicas), false, nil
	case s.UpdatedReplicas < wanted-partition:
		return fmt.Sprintf("Waiting for partitioned roll out to finish: %d out of %d new pods have been updated...\n", s.UpdatedReplicas, wanted-partition), false, nil
	}
	return fmt.Sprintf("partitioned roll out complete: %d new pods have been updated...\n", s.UpdatedReplicas), true, nil
}
