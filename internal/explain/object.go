// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// object is the part of a stored object that explanations read. Pods and
// SimPods have it under the same names.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		UID               types.UID         `json:"uid"`
		ResourceVersion   string            `json:"resourceVersion"`
		DeletionTimestamp *time.Time        `json:"deletionTimestamp"`
		GracePeriod       *int64            `json:"deletionGracePeriodSeconds"`
		Finalizers        []string          `json:"finalizers"`
		Annotations       map[string]string `json:"annotations"`
		OwnerReferences   []owner           `json:"ownerReferences"`
		ManagedFields     []fieldOwner      `json:"managedFields"`
	} `json:"metadata"`
	Spec struct {
		NodeName        string `json:"nodeName"`
		SchedulingGates []struct {
			Name string `json:"name"`
		} `json:"schedulingGates"`
	} `json:"spec"`
	Status struct {
		Phase                 string      `json:"phase"`
		Summary               string      `json:"summary"`
		Reason                string      `json:"reason"`
		Message               string      `json:"message"`
		Conditions            []condition `json:"conditions"`
		InitContainerStatuses []container `json:"initContainerStatuses"`
		ContainerStatuses     []container `json:"containerStatuses"`
	} `json:"status"`
}

type container struct {
	Name         string `json:"name"`
	RestartCount int32  `json:"restartCount"`
	State        struct {
		Waiting    *containerState `json:"waiting"`
		Terminated *containerState `json:"terminated"`
	} `json:"state"`
}

type containerState struct {
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	ExitCode int32  `json:"exitCode"`
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

// waiting is the first container that waits for another reason than that it is
// about to be started; nil where none does.
func (o *object) waiting() *container {
	for _, c := range slices.Concat(o.Status.InitContainerStatuses, o.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return &c
		}
	}
	return nil
}

// summary is the state of the pod in a word or two, where it says more than the phase.
func (o *object) summary() string {
	if c := o.waiting(); c != nil && o.Status.Summary == "" {
		return c.State.Waiting.Reason
	}
	return o.Status.Summary
}

// failure says which container failed first, and how; empty where none did.
func (o *object) failure() string {
	for _, c := range slices.Concat(o.Status.InitContainerStatuses, o.Status.ContainerStatuses) {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s ended with exit code %d (%s)", c.Name, t.ExitCode, orNone(t.Reason))
		}
	}
	return ""
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
