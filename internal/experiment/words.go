// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/history"
)

// NothingStored are the words for a key that does not exist.
const NothingStored = "nothing in etcd"

// Words say what is stored of an object.
func Words(v *history.Version) string {
	switch {
	case v == nil || v.Deleted():
		return NothingStored
	case v.Undecoded:
		return "stored"
	}
	text := wordsOf(v)
	if lookUp(v.Value, "metadata.deletionTimestamp") != nil {
		text += ", marked for deletion"
		if held, _ := lookUp(v.Value, "metadata.finalizers").([]any); len(held) > 0 {
			text += fmt.Sprintf(", held by %s", joined(held))
		}
	}
	return text
}

func wordsOf(v *history.Version) string {
	switch v.Object.Resource {
	case "simpods", "pods":
		return podWords(v.Value)
	case "simnodes":
		return nodeWords(v.Value)
	}
	if wanted := lookUp(v.Value, "spec.replicas"); wanted != nil {
		return fmt.Sprintf("%s replicas wanted, %s there, %s ready", text(wanted),
			orZero(lookUp(v.Value, "status.replicas")), orZero(lookUp(v.Value, "status.readyReplicas")))
	}
	if holder := str(v.Value, "spec.holderIdentity"); holder != "" {
		return "held by " + holder
	}
	return "stored"
}

func podWords(pod map[string]any) string {
	state := cmp.Or(str(pod, "status.phase"), "Pending")
	if node := str(pod, "spec.nodeName"); node != "" {
		state += " on " + node
	} else {
		state += ", not bound"
	}
	if str(pod, "status.conditions[type=Ready].status") == "True" {
		state += ", ready"
	}
	if reason := str(pod, "status.conditions[type=PodScheduled].reason"); reason != "" && str(pod, "spec.nodeName") == "" {
		state += ", " + reason
	}
	return state
}

func nodeWords(node map[string]any) string {
	state := "Ready " + cmp.Or(str(node, "status.conditions[type=Ready].status"), "not reported")
	if lookUp(node, "spec.unschedulable") == true {
		state += ", cordoned"
	}
	taints, _ := lookUp(node, "spec.taints").([]any)
	for _, taint := range taints {
		fields, _ := taint.(map[string]any)
		state += fmt.Sprintf(", taint %s:%s", text(fields["key"]), text(fields["effect"]))
	}
	return state
}

func orZero(value any) string {
	if value == nil {
		return "0"
	}
	return text(value)
}

func str(object map[string]any, path string) string {
	s, _ := lookUp(object, path).(string)
	return s
}

func joined(values []any) string {
	parts := make([]string, 0, len(values))
	for _, value := range values {
		parts = append(parts, text(value))
	}
	return strings.Join(parts, ", ")
}

// kindOf says what a change did to an object.
func kindOf(before, after *history.Version) string {
	switch {
	case after.Deleted():
		return string(followed.Remove)
	case before == nil:
		return string(followed.Create)
	case lookUp(before.Value, "metadata.deletionTimestamp") == nil && lookUp(after.Value, "metadata.deletionTimestamp") != nil:
		return string(followed.Mark)
	case str(before.Value, "spec.nodeName") == "" && str(after.Value, "spec.nodeName") != "":
		return string(followed.Bind)
	case !same(before.Value["status"], after.Value["status"]) && same(before.Value["spec"], after.Value["spec"]):
		return string(followed.Status)
	}
	return string(followed.Change)
}

func subjectOf(o history.Object, uid string) evidence.Object {
	return evidence.Object{Group: o.Group, Resource: o.Resource, Namespace: o.Namespace, Name: o.Name, UID: types.UID(uid)}
}

func micro(t time.Time) *metav1.MicroTime {
	if t.IsZero() {
		return nil
	}
	m := metav1.NewMicroTime(t)
	return &m
}

func sinceStart(at, began time.Time) *metav1.Duration {
	if at.IsZero() {
		return nil
	}
	return &metav1.Duration{Duration: at.Sub(began).Round(time.Millisecond)}
}

// list is at most five of several names, and how many more there are.
func list(names []string) string {
	const most = 5
	names = slices.Clone(names)
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}
