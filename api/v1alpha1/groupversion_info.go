// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every kind in this package.
const GroupName = "sim.glassplane.dev"

// GroupVersion is the group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

var (
	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers every kind of this package with a scheme.
	AddToScheme = schemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&SimPod{}, &SimPodList{},
		&SimNode{}, &SimNodeList{},
		&SimReplicaSet{}, &SimReplicaSetList{},
		&SimDeployment{}, &SimDeploymentList{},
		&SimStatefulSet{}, &SimStatefulSetList{},
		&SimDaemonSet{}, &SimDaemonSetList{},
		&SimJob{}, &SimJobList{},
		&SimNodePool{}, &SimNodePoolList{},
		&Walkthrough{}, &WalkthroughList{},
		&Fault{}, &FaultList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// Resource qualifies a plural resource name with this API group.
func Resource(resource string) schema.GroupResource {
	return schema.GroupResource{Group: GroupName, Resource: resource}
}
