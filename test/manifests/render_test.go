// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests tests what config/ renders to: that it promises no more
// rights than needed, that its parts fit each other, and that an API server
// takes it without a word.
package manifests

import (
	"path"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// The folders of config/ that are applied as a whole.
const (
	defaultConfig    = "default"
	kubeadmConfig    = "kubeadm"
	prometheusConfig = "prometheus"
	samplesConfig    = "samples"
)

// deployments are the overlays that hold the components.
var deployments = []string{defaultConfig, kubeadmConfig}

// renderFolder returns what "kustomize build config/<folder>" prints.
func renderFolder(folder string) ([]*unstructured.Unstructured, error) {
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).
		Run(filesys.MakeFsOnDisk(), path.Join("..", "..", "config", folder))
	if err != nil {
		return nil, err
	}
	objects := make([]*unstructured.Unstructured, 0, rendered.Size())
	for _, resource := range rendered.Resources() {
		data, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(data); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func render(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := renderFolder(folder)
	if err != nil {
		t.Fatalf("config/%s: %v", folder, err)
	}
	return objects
}

// ofKind returns the objects of a kind; a field that the kind does not have
// fails the test.
func ofKind[T any](t *testing.T, objects []*unstructured.Unstructured, kind string) []T {
	t.Helper()
	var result []T
	for _, object := range objects {
		if object.GetKind() != kind {
			continue
		}
		var typed T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &typed, true); err != nil {
			t.Fatalf("%s %s: %v", kind, object.GetName(), err)
		}
		result = append(result, typed)
	}
	return result
}

// components returns the three Deployments, in the order of their names.
func components(t *testing.T, folder string) []appsv1.Deployment {
	t.Helper()
	result := ofKind[appsv1.Deployment](t, render(t, folder), "Deployment")
	slices.SortFunc(result, func(a, b appsv1.Deployment) int { return strings.Compare(a.Name, b.Name) })
	var names []string
	for _, d := range result {
		names = append(names, d.Name)
	}
	want := []string{"glassplane-controller-manager", "glassplane-observer", "glassplane-scheduler"}
	if !slices.Equal(names, want) {
		t.Fatalf("config/%s has the Deployments %q; want %q", folder, names, want)
	}
	return result
}

func TestLabels(t *testing.T) {
	for _, folder := range []string{defaultConfig, kubeadmConfig, prometheusConfig, samplesConfig} {
		for _, object := range render(t, folder) {
			labels := object.GetLabels()
			if labels["app.kubernetes.io/name"] == "" && labels["app.kubernetes.io/part-of"] == "" {
				t.Errorf("config/%s: %s %s has neither label app.kubernetes.io/name nor part-of",
					folder, object.GetKind(), object.GetName())
			}
		}
	}
}
