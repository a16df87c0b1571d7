// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package index names the indexes of the controller manager's cache. Several
// controllers use the same ones and a cache takes each once, so they are
// registered in one place.
package index

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
)

const (
	// PodNodeName finds the SimPods that are bound to a node.
	PodNodeName = "spec.nodeName"
	// PodIP finds the SimPods that have an address.
	PodIP = "status.podIP"
	// PodController finds the SimPods whose controller has a UID. Those without a
	// controller are found under Orphan.
	PodController = "metadata.ownerReferences.controller"
	// SetController finds the SimReplicaSets whose controller has a UID. Those
	// without a controller are found under Orphan.
	SetController = "metadata.ownerReferences.controller"
	// PodEnded finds, by Yes, the SimPods that have succeeded or failed.
	PodEnded = "status.phase.ended"
	// NodeController finds the SimNodes whose controller has a UID. Those without a
	// controller are not in it.
	NodeController = "metadata.ownerReferences.controller"
	// NodeIP finds the SimNodes that have an internal address.
	NodeIP = "status.addresses"

	// Orphan is the value of PodController and SetController for objects without a
	// controller.
	Orphan = "none"
	// Yes is the value of PodEnded.
	Yes = "true"
)

// Register adds all indexes to a cache that has not started yet. It is called
// once per manager, before controllers are set up.
func Register(ctx context.Context, indexer client.FieldIndexer) error {
	pod, node, set := &v1alpha1.SimPod{}, &v1alpha1.SimNode{}, &v1alpha1.SimReplicaSet{}
	for _, i := range []struct {
		object  client.Object
		field   string
		extract client.IndexerFunc
	}{
		{pod, PodNodeName, func(o client.Object) []string { return nonEmpty(o.(*v1alpha1.SimPod).Spec.NodeName) }},
		{pod, PodIP, func(o client.Object) []string { return nonEmpty(o.(*v1alpha1.SimPod).Status.PodIP) }},
		{pod, PodController, controllerOf},
		{pod, PodEnded, ended},
		{set, SetController, controllerOf},
		{node, NodeController, controllerOfNode},
		{node, NodeIP, func(o client.Object) []string { return nonEmpty(kubelet.HostIP(o.(*v1alpha1.SimNode))) }},
	} {
		if err := indexer.IndexField(ctx, i.object, i.field, i.extract); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", i.object, i.field, err)
		}
	}
	return nil
}

// RevisionsOfWorkloads selects the apps/v1 ControllerRevisions of simulated
// workloads, which alone are worth a place in a cache.
func RevisionsOfWorkloads() labels.Selector {
	requirement, err := labels.NewRequirement(v1alpha1.LabelWorkload, selection.Exists, nil)
	if err != nil {
		panic(err) // a programming error: the label is invalid
	}
	return labels.NewSelector().Add(*requirement)
}

func nonEmpty(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func controllerOf(o client.Object) []string {
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
		return []string{string(owner.UID)}
	}
	return []string{Orphan}
}

func controllerOfNode(o client.Object) []string {
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
		return []string{string(owner.UID)}
	}
	return nil
}

func ended(o client.Object) []string {
	if phase := o.(*v1alpha1.SimPod).Status.Phase; phase != corev1.PodSucceeded && phase != corev1.PodFailed {
		return nil
	}
	return []string{Yes}
}
