// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/explain/prose"
)

// Object is the part of a stored object that explanations read. Pods and
// SimPods have it under the same names.
type Object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		UID               types.UID         `json:"uid"`
		ResourceVersion   string            `json:"resourceVersion"`
		DeletionTimestamp *time.Time        `json:"deletionTimestamp"`
		GracePeriod       *int64            `json:"deletionGracePeriodSeconds"`
		Generation        int64             `json:"generation"`
		Finalizers        []string          `json:"finalizers"`
		Annotations       map[string]string `json:"annotations"`
		Labels            map[string]string `json:"labels"`
		OwnerReferences   []Owner           `json:"ownerReferences"`
		ManagedFields     []FieldOwner      `json:"managedFields"`
	} `json:"metadata"`
	Spec struct {
		NodeName        string `json:"nodeName"`
		Replicas        *int32 `json:"replicas"`
		SchedulingGates []struct {
			Name string `json:"name"`
		} `json:"schedulingGates"`
	} `json:"spec"`
	Status struct {
		Phase                 string      `json:"phase"`
		Summary               string      `json:"summary"`
		Reason                string      `json:"reason"`
		Message               string      `json:"message"`
		StartTime             *time.Time  `json:"startTime"`
		Conditions            []Condition `json:"conditions"`
		InitContainerStatuses []Container `json:"initContainerStatuses"`
		ContainerStatuses     []Container `json:"containerStatuses"`
		ObservedGeneration    int64       `json:"observedGeneration"`
		Replicas              *int32      `json:"replicas"`
		ReadyReplicas         int32       `json:"readyReplicas"`

		DesiredNumberScheduled int32 `json:"desiredNumberScheduled"`
		CurrentNumberScheduled int32 `json:"currentNumberScheduled"`
		NumberReady            int32 `json:"numberReady"`

		Progress string `json:"progress"`
		Active   int32  `json:"active"`
		Failed   int32  `json:"failed"`
	} `json:"status"`
}

// Container is the state of one container.
type Container struct {
	Name         string `json:"name"`
	RestartCount int32  `json:"restartCount"`
	State        struct {
		Waiting    *ContainerState `json:"waiting"`
		Terminated *ContainerState `json:"terminated"`
	} `json:"state"`
}

// ContainerState says how a container waits or ended.
type ContainerState struct {
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	ExitCode int32  `json:"exitCode"`
}

// Owner is an entry of ownerReferences.
type Owner struct {
	Kind       string    `json:"kind"`
	Name       string    `json:"name"`
	UID        types.UID `json:"uid"`
	Controller *bool     `json:"controller"`
}

// Condition is an entry of status.conditions.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// FieldOwner is an entry of managedFields.
type FieldOwner struct {
	Manager     string          `json:"manager"`
	Operation   string          `json:"operation"`
	Subresource string          `json:"subresource"`
	APIVersion  string          `json:"apiVersion"`
	Time        string          `json:"time"`
	FieldsV1    json.RawMessage `json:"fieldsV1"`
}

// Decode reads an object. It returns nil where raw is no object: what cannot be read is treated as
// what was not kept.
func Decode(raw json.RawMessage) *Object {
	if len(raw) == 0 {
		return nil
	}
	o := &Object{}
	if json.Unmarshal(raw, o) != nil {
		return nil
	}
	return o
}

// IsStatus reports whether the object is a metav1.Status: an answer without an object.
func (o *Object) IsStatus() bool { return o.Kind == "Status" }

// Condition returns the condition of a type, or nil.
func (o *Object) Condition(kind string) *Condition {
	for i := range o.Status.Conditions {
		if o.Status.Conditions[i].Type == kind {
			return &o.Status.Conditions[i]
		}
	}
	return nil
}

// Holds reports whether a condition is True.
func (o *Object) Holds(condition string) bool {
	c := o.Condition(condition)
	return c != nil && c.Status == "True"
}

func (o *Object) restarts() int32 {
	var sum int32
	for _, c := range o.Status.ContainerStatuses {
		sum += c.RestartCount
	}
	return sum
}

// Waiting is the first container that waits for another reason than that it is
// about to be started; nil where none does.
func (o *Object) Waiting() *Container {
	for _, c := range slices.Concat(o.Status.InitContainerStatuses, o.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return &c
		}
	}
	return nil
}

// Summary is the state of the pod in a word or two, where it says more than the phase.
func (o *Object) Summary() string {
	if c := o.Waiting(); c != nil && o.Status.Summary == "" {
		return c.State.Waiting.Reason
	}
	return o.Status.Summary
}

// Failure says which container failed first, and how; empty where none did.
func (o *Object) Failure() string {
	for _, c := range slices.Concat(o.Status.InitContainerStatuses, o.Status.ContainerStatuses) {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s ended with exit code %d (%s)", c.Name, t.ExitCode, prose.OrNone(t.Reason))
		}
	}
	return ""
}

// Controller is the owner that manages the object, if one does.
func (o *Object) Controller() *Owner {
	for i, ref := range o.Metadata.OwnerReferences {
		if ref.Controller != nil && *ref.Controller {
			return &o.Metadata.OwnerReferences[i]
		}
	}
	return nil
}
