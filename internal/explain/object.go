// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// object is the part of a stored object that explanations read. Pods and
// SimPods have it under the same names.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name              string       `json:"name"`
		Namespace         string       `json:"namespace"`
		UID               types.UID    `json:"uid"`
		ResourceVersion   string       `json:"resourceVersion"`
		DeletionTimestamp *time.Time   `json:"deletionTimestamp"`
		Finalizers        []string     `json:"finalizers"`
		OwnerReferences   []owner      `json:"ownerReferences"`
		ManagedFields     []fieldOwner `json:"managedFields"`
	} `json:"metadata"`
	Spec struct {
		NodeName        string `json:"nodeName"`
		SchedulingGates []struct {
			Name string `json:"name"`
		} `json:"schedulingGates"`
	} `json:"spec"`
	Status struct {
		Phase             string      `json:"phase"`
		Summary           string      `json:"summary"`
		Reason            string      `json:"reason"`
		Message           string      `json:"message"`
		Conditions        []condition `json:"conditions"`
		ContainerStatuses []struct {
			Name         string `json:"name"`
			RestartCount int32  `json:"restartCount"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

type owner struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Controller *bool  `json:"controller"`
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// fieldOwner is an entry of managedFields.
type fieldOwner struct {
	Manager     string          `json:"manager"`
	Operation   string          `json:"operation"`
	Subresource string          `json:"subresource"`
	Time        string          `json:"time"`
	FieldsV1    json.RawMessage `json:"fieldsV1"`
}

// decode returns nil where raw is no object: what cannot be read is treated as
// what was not kept.
func decode(raw json.RawMessage) *object {
	if len(raw) == 0 {
		return nil
	}
	o := &object{}
	if json.Unmarshal(raw, o) != nil {
		return nil
	}
	return o
}

// isStatus reports whether the object is a metav1.Status: an answer without an object.
func (o *object) isStatus() bool { return o.Kind == "Status" }

func (o *object) condition(kind string) *condition {
	for i := range o.Status.Conditions {
		if o.Status.Conditions[i].Type == kind {
			return &o.Status.Conditions[i]
		}
	}
	return nil
}

func (o *object) restarts() int32 {
	var sum int32
	for _, c := range o.Status.ContainerStatuses {
		sum += c.RestartCount
	}
	return sum
}

// controller is the owner that manages the object, if one does.
func (o *object) controller() *owner {
	for i, ref := range o.Metadata.OwnerReferences {
		if ref.Controller != nil && *ref.Controller {
			return &o.Metadata.OwnerReferences[i]
		}
	}
	return nil
}
