// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// RecordAnnotation of a PodDisruptionBudget lists the simulated pods that are about
// to be deleted, with the time at which that was decided. Who decides writes it with
// an optimistic lock before the pod is deleted: of two who decide at once on the same
// grounds one is refused, and whoever comes later sees what was decided. It has the
// part of status.disruptedPods, which the disruption controller empties, because it
// knows no simulated pods.
const RecordAnnotation = v1alpha1.GroupName + "/disrupted-pods"

// DeletionTimeout is how long a pod counts as about to be deleted that is not:
// DeletionTimeout of the disruption controller.
const DeletionTimeout = 2 * time.Minute

// MaxRecorded bounds the pods of a record: MaxDisruptedPodSize of the eviction
// subresource.
const MaxRecorded = 2000

// Recorded returns the pods of a budget that are about to be deleted, by name. A
// record that cannot be read is an error: without it too many pods might go.
func Recorded(budget *policyv1.PodDisruptionBudget, now time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	text := budget.Annotations[RecordAnnotation]
	if text == "" {
		return out, nil
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("annotation %s of the disruption budget %s is not a record of disruptions; remove it: %w", RecordAnnotation, budget.Name, err)
	}
	maps.DeleteFunc(out, func(_ string, at time.Time) bool { return !now.Before(at.Add(DeletionTimeout)) })
	return out, nil
}

// Record adds a pod to the record of its budget. Those that are gone or are being
// deleted are left out of it: buildDisruptedPodMap of the disruption controller.
func Record(budget *policyv1.PodDisruptionBudget, pods []v1alpha1.SimPod, name string, now time.Time) error {
	recorded, err := Recorded(budget, now)
	if err != nil {
		return err
	}
	kept := map[string]time.Time{name: now.UTC().Truncate(time.Second)}
	for i := range pods {
		if at, ok := recorded[pods[i].Name]; ok && pods[i].DeletionTimestamp == nil && pods[i].Name != name {
			kept[pods[i].Name] = at
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("encoding the record of disruptions: %w", err)
	}
	metav1.SetMetaDataAnnotation(&budget.ObjectMeta, RecordAnnotation, string(text))
	return nil
}
