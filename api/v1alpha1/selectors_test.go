// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Pods are selected by the fields by which core/v1's are, nodes by whether they
// are cordoned; also those of which nobody has reported anything.
func TestFieldSelectors(t *testing.T) {
	const namespace = "selectors"
	if err := environment.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct{ kind, name, spec, status string }{
		{"SimPod", "runs", pod + `, nodeName: node-1}`, `{status: {phase: Running, podIP: 10.0.0.1}}`},
		{"SimPod", "ended", pod + `, nodeName: node-1, restartPolicy: Never}`, `{status: {phase: Succeeded}}`},
		{"SimPod", "waits", pod + `}`, `{status: {nominatedNodeName: node-2}}`},
		{"SimPod", "foreign", pod + `, schedulerName: other}`, ""},
		{"SimNode", "selected-cordoned", `spec: {capacity: {cpu: 1}, unschedulable: true}`, ""},
		{"SimNode", "selected-open", `spec: {capacity: {cpu: 1}}`, ""},
	} {
		u := object(t, o.kind, o.name, o.spec)
		u.SetLabels(map[string]string{"selected": "true"})
		if o.kind == "SimPod" {
			u.SetNamespace(namespace)
		}
		if err := environment.Client.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if o.status == "" {
			continue
		}
		if err := environment.Client.Status().Patch(t.Context(), u, mergePatch(t, o.status)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		kind, selector string
		want           []string
	}{
		{"SimPod", "spec.nodeName=node-1", []string{"ended", "runs"}},
		{"SimPod", "spec.nodeName=", []string{"foreign", "waits"}},
		{"SimPod", "spec.nodeName!=node-1", []string{"foreign", "waits"}},
		{"SimPod", "status.phase=Running", []string{"runs"}},
		{"SimPod", "status.phase=Pending", []string{"foreign", "waits"}},
		{"SimPod", "status.phase!=Succeeded,spec.nodeName=node-1", []string{"runs"}},
		{"SimPod", "spec.schedulerName=other", []string{"foreign"}},
		{"SimPod", "spec.restartPolicy=Never", []string{"ended"}},
		{"SimPod", "status.podIP=10.0.0.1", []string{"runs"}},
		{"SimPod", "status.nominatedNodeName=node-2", []string{"waits"}},
		{"SimPod", "metadata.name=waits", []string{"waits"}},
		{"SimNode", "spec.unschedulable=true", []string{"selected-cordoned"}},
		{"SimNode", "spec.unschedulable=false", []string{"selected-open"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.kind, " ", tt.selector), func(t *testing.T) {
			list := &unstructured.UnstructuredList{}
			list.SetAPIVersion("sim.glassplane.dev/v1alpha1")
			list.SetKind(tt.kind + "List")
			raw := &client.ListOptions{Raw: &metav1.ListOptions{FieldSelector: tt.selector, LabelSelector: "selected=true"}}
			options := []client.ListOption{raw}
			if tt.kind == "SimPod" {
				options = append(options, client.InNamespace(namespace))
			}
			if err := environment.Client.List(t.Context(), list, options...); err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range list.Items {
				got = append(got, list.Items[i].GetName())
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
