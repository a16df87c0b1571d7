// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// This is the version that is stored, and the one that others convert to and
// from (sigs.k8s.io/controller-runtime/pkg/conversion.Hub): a second version
// adds conversions of its own and changes nothing here.

// Hub marks the version of SimPod that others convert to and from.
func (*SimPod) Hub() {}

// Hub marks the version of SimNode that others convert to and from.
func (*SimNode) Hub() {}

// Hub marks the version of SimReplicaSet that others convert to and from.
func (*SimReplicaSet) Hub() {}

// Hub marks the version of SimDeployment that others convert to and from.
func (*SimDeployment) Hub() {}

// Hub marks the version of SimStatefulSet that others convert to and from.
func (*SimStatefulSet) Hub() {}

// Hub marks the version of SimDaemonSet that others convert to and from.
func (*SimDaemonSet) Hub() {}

// Hub marks the version of SimJob that others convert to and from.
func (*SimJob) Hub() {}

// Hub marks the version of SimNodePool that others convert to and from.
func (*SimNodePool) Hub() {}

// Hub marks the version of Walkthrough that others convert to and from.
func (*Walkthrough) Hub() {}

// Hub marks the version of Fault that others convert to and from.
func (*Fault) Hub() {}
