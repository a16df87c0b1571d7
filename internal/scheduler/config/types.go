// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config reads the scheduler's configuration file. Names and meaning
// are those of KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1), of
// which it has the part that says which plugins run and how.
package config

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// APIVersion and Kind of the file.
const (
	APIVersion = "config.glassplane.dev/v1alpha1"
	Kind       = "SchedulerConfiguration"
)

// Configuration is the content of the file.
type Configuration struct {
	metav1.TypeMeta `json:",inline"`
	// PercentageOfNodesToScore holds for the profiles that do not say otherwise.
	PercentageOfNodesToScore *int32 `json:"percentageOfNodesToScore,omitempty"`
	// Profiles are the configurations by schedulerName. Default: one profile with
	// the default plugins.
	Profiles []Profile `json:"profiles,omitempty"`
}

// Profile is the configuration for the pods of one schedulerName.
type Profile struct {
	// SchedulerName is the spec.schedulerName of the pods. It may be left out where
	// there is one profile: then it is glassplane-scheduler.
	SchedulerName string `json:"schedulerName,omitempty"`
	// PercentageOfNodesToScore is the share of nodes that must fit before the
	// search ends, in percent; 0 lets it shrink as the cluster grows.
	PercentageOfNodesToScore *int32 `json:"percentageOfNodesToScore,omitempty"`
	// Plugins changes the default set of plugins.
	Plugins Plugins `json:"plugins,omitzero"`
	// PluginConfig has arguments of plugins.
	PluginConfig []PluginConfig `json:"pluginConfig,omitempty"`
}

// Plugins says which plugins run. A plugin runs at all its extension points or
// at none.
type Plugins struct {
	MultiPoint PluginSet `json:"multiPoint,omitzero"`

	// points are the changes at single extension points, which only a
	// KubeSchedulerConfiguration has.
	points pointSets
}

// PluginSet is a change of the default plugins.
type PluginSet struct {
	// Enabled plugins run after the default ones, in their order. One that is
	// enabled by default stays in its place and gets the weight.
	Enabled []Plugin `json:"enabled,omitempty"`
	// Disabled are default plugins that do not run; * for all of them.
	Disabled []Plugin `json:"disabled,omitempty"`
}

// Plugin is a plugin and the weight of its scores.
type Plugin struct {
	Name string `json:"name"`
	// Weight from 1 to 100 of a plugin that scores. Default: 1.
	Weight *int32 `json:"weight,omitempty"`
}

// PluginConfig has the arguments of one plugin.
type PluginConfig struct {
	Name string `json:"name"`
	// Args is the plugin's type of arguments. It may have an apiVersion and a kind,
	// as those of kube-scheduler have.
	Args json.RawMessage `json:"args,omitempty"`
}

// NodeAffinityArgs are the arguments of NodeAffinity.
type NodeAffinityArgs struct {
	metav1.TypeMeta `json:",inline"`
	// AddedAffinity applies to every pod beside its own.
	AddedAffinity *corev1.NodeAffinity `json:"addedAffinity,omitempty"`
}

// NodeResourcesFitArgs are the arguments of NodeResourcesFit.
type NodeResourcesFitArgs struct {
	metav1.TypeMeta `json:",inline"`
	// IgnoredResources are extended resources that are not checked.
	IgnoredResources []string `json:"ignoredResources,omitempty"`
	// IgnoredResourceGroups are the domains of extended resources that are not checked.
	IgnoredResourceGroups []string `json:"ignoredResourceGroups,omitempty"`
	// ScoringStrategy scores nodes. Default: LeastAllocated of cpu and memory.
	ScoringStrategy *ScoringStrategy `json:"scoringStrategy,omitempty"`
}

// ScoringStrategy says which nodes NodeResourcesFit prefers.
type ScoringStrategy struct {
	// Type is LeastAllocated, MostAllocated or RequestedToCapacityRatio.
	Type string `json:"type,omitempty"`
	// Resources that count. Default: cpu and memory.
	Resources []ResourceSpec `json:"resources,omitempty"`
	// RequestedToCapacityRatio belongs to the type of that name.
	RequestedToCapacityRatio *RequestedToCapacityRatioParam `json:"requestedToCapacityRatio,omitempty"`
}

// ResourceSpec is a resource and its weight, from 1 to 100. Default: 1.
type ResourceSpec struct {
	Name   string `json:"name"`
	Weight int64  `json:"weight,omitempty"`
}

// RequestedToCapacityRatioParam is the function from utilization to score.
type RequestedToCapacityRatioParam struct {
	Shape []UtilizationShapePoint `json:"shape,omitempty"`
}

// UtilizationShapePoint is a point of that function: utilization in percent,
// score from 0 to 10.
type UtilizationShapePoint struct {
	Utilization int32 `json:"utilization"`
	Score       int32 `json:"score"`
}

// NodeResourcesBalancedAllocationArgs are the arguments of
// NodeResourcesBalancedAllocation.
type NodeResourcesBalancedAllocationArgs struct {
	metav1.TypeMeta `json:",inline"`
	// Resources that are balanced, each with weight 1. Default: cpu and memory.
	Resources []ResourceSpec `json:"resources,omitempty"`
}

// PodTopologySpreadArgs are the arguments of PodTopologySpread.
type PodTopologySpreadArgs struct {
	metav1.TypeMeta `json:",inline"`
	// DefaultConstraints apply to pods that have none and belong to a service or a
	// replica set. They have no labelSelector. Only with defaultingType List.
	DefaultConstraints []corev1.TopologySpreadConstraint `json:"defaultConstraints,omitempty"`
	// DefaultingType is System or List. Default: System.
	DefaultingType string `json:"defaultingType,omitempty"`
}

// InterPodAffinityArgs are the arguments of InterPodAffinity.
type InterPodAffinityArgs struct {
	metav1.TypeMeta `json:",inline"`
	// HardPodAffinityWeight is what a required affinity term of another pod counts
	// for, from 0 to 100. Default: 1.
	HardPodAffinityWeight *int32 `json:"hardPodAffinityWeight,omitempty"`
	// IgnorePreferredTermsOfExistingPods scores only by the terms of the pod itself.
	IgnorePreferredTermsOfExistingPods bool `json:"ignorePreferredTermsOfExistingPods,omitempty"`
}

// DefaultPreemptionArgs are the arguments of DefaultPreemption.
type DefaultPreemptionArgs struct {
	metav1.TypeMeta `json:",inline"`
	// MinCandidateNodesPercentage is how many nodes are looked at, in percent of
	// those on which preemption may help. Default: 10.
	MinCandidateNodesPercentage *int32 `json:"minCandidateNodesPercentage,omitempty"`
	// MinCandidateNodesAbsolute is the same as a number; the larger of both counts.
	// Default: 100.
	MinCandidateNodesAbsolute *int32 `json:"minCandidateNodesAbsolute,omitempty"`
}

// VolumeBindingArgs are the arguments of VolumeBinding, which only profiles for
// real pods have.
type VolumeBindingArgs struct {
	metav1.TypeMeta `json:",inline"`
	// BindTimeoutSeconds is how long kube-scheduler waits for a volume to be bound.
	// It changes no decision.
	BindTimeoutSeconds *int64 `json:"bindTimeoutSeconds,omitempty"`
	// Shape is the function from the share of storage that is taken to the score.
	Shape []UtilizationShapePoint `json:"shape,omitempty"`
}
