// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/podtopologyspread"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumebinding"
)

// Variations returns the configurations that are compared.
func Variations() []Variation {
	return []Variation{
		{Name: "default", Ours: plugins.ForPods},
		{Name: "arguments", Upstream: setArguments, Ours: func() ([]framework.WeightedPlugin, error) {
			return ourPlugins(arguments{
				addedAffinity: addedAffinity,
				fit: noderesources.FitArgs{
					IgnoredResources: ignoredResources, IgnoredResourceGroups: ignoredGroups,
					ScoringStrategy: &noderesources.ScoringStrategy{Type: noderesources.MostAllocated, Resources: ourResources(resources)},
				},
				balanced:         ourResources(balancedResources),
				spread:           podtopologyspread.Args{DefaultingType: podtopologyspread.ListDefaulting, DefaultConstraints: defaultConstraints},
				binding:          volumebinding.Args{Shape: ourShape()},
				interPodAffinity: interpodaffinity.Args{HardPodAffinityWeight: new(hardPodAffinityWeight), IgnorePreferredTermsOfExistingPods: true},
			})
		}},
		{Name: "ratio", Upstream: setRatio, Ours: func() ([]framework.WeightedPlugin, error) {
			return ourPlugins(arguments{fit: noderesources.FitArgs{ScoringStrategy: &noderesources.ScoringStrategy{
				Type: noderesources.RequestedToCapacityRatio, Resources: ourResources(resources), Shape: ourShape(),
			}}})
		}},
	}
}

// The arguments that differ from the default ones.
var (
	addedAffinity = &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
			{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "gpu", Operator: corev1.NodeSelectorOpDoesNotExist}}},
			{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{"ssd"}}}},
		}},
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 7, Preference: corev1.NodeSelectorTerm{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "cores", Operator: corev1.NodeSelectorOpGt, Values: []string{"4"}}},
		}}},
	}
	ignoredResources   = []string{"example.org/other"}
	ignoredGroups      = []string{"example.com"}
	defaultConstraints = []corev1.TopologySpreadConstraint{
		{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule},
		{MaxSkew: 2, TopologyKey: "rack", WhenUnsatisfiable: corev1.ScheduleAnyway},
	}
	hardPodAffinityWeight int32 = 60
	resources                   = []config.ResourceSpec{
		{Name: "cpu", Weight: 2}, {Name: "memory", Weight: 1}, {Name: "example.com/gpu", Weight: 5}, {Name: "hugepages-2Mi", Weight: 1},
	}
	balancedResources = []config.ResourceSpec{
		{Name: "memory", Weight: 1}, {Name: "example.com/gpu", Weight: 1}, {Name: "ephemeral-storage", Weight: 1}, {Name: "cpu", Weight: 1},
	}
	shape = []config.UtilizationShapePoint{
		{Utilization: 0, Score: 0}, {Utilization: 35, Score: 9}, {Utilization: 70, Score: 2}, {Utilization: 100, Score: 10},
	}
)

func ourResources(resources []config.ResourceSpec) []noderesources.ResourceSpec {
	var out []noderesources.ResourceSpec
	for _, r := range resources {
		out = append(out, noderesources.ResourceSpec{Name: corev1.ResourceName(r.Name), Weight: r.Weight})
	}
	return out
}

func ourShape() []noderesources.UtilizationShapePoint {
	var out []noderesources.UtilizationShapePoint
	for _, p := range shape {
		out = append(out, noderesources.UtilizationShapePoint{Utilization: p.Utilization, Score: p.Score})
	}
	return out
}

// setArguments gives kube-scheduler the arguments of the variation.
func setArguments(profile *config.KubeSchedulerProfile) {
	for _, c := range profile.PluginConfig {
		switch args := c.Args.(type) {
		case *config.NodeAffinityArgs:
			args.AddedAffinity = addedAffinity
		case *config.NodeResourcesFitArgs:
			args.IgnoredResources, args.IgnoredResourceGroups = ignoredResources, ignoredGroups
			args.ScoringStrategy = &config.ScoringStrategy{Type: config.MostAllocated, Resources: resources}
		case *config.NodeResourcesBalancedAllocationArgs:
			args.Resources = balancedResources
		case *config.PodTopologySpreadArgs:
			args.DefaultingType, args.DefaultConstraints = config.ListDefaulting, defaultConstraints
		case *config.VolumeBindingArgs:
			args.Shape = shape
		case *config.InterPodAffinityArgs:
			args.HardPodAffinityWeight, args.IgnorePreferredTermsOfExistingPods = hardPodAffinityWeight, true
		}
	}
}

// setRatio does so for the strategy RequestedToCapacityRatio.
func setRatio(profile *config.KubeSchedulerProfile) {
	for _, c := range profile.PluginConfig {
		if args, ok := c.Args.(*config.NodeResourcesFitArgs); ok {
			args.ScoringStrategy = &config.ScoringStrategy{
				Type: config.RequestedToCapacityRatio, Resources: resources,
				RequestedToCapacityRatio: &config.RequestedToCapacityRatioParam{Shape: shape},
			}
		}
	}
}

// arguments of our plugins; the zero value is the default.
type arguments struct {
	addedAffinity    *corev1.NodeAffinity
	fit              noderesources.FitArgs
	balanced         []noderesources.ResourceSpec
	spread           podtopologyspread.Args
	interPodAffinity interpodaffinity.Args
	binding          volumebinding.Args
}

// ourPlugins returns our default plugins, those with arguments built again.
func ourPlugins(a arguments) ([]framework.WeightedPlugin, error) {
	list, err := plugins.ForPods()
	affinity, errAffinity := nodeaffinity.New(a.addedAffinity)
	fit, errFit := noderesources.NewFit(a.fit)
	balanced, errBalanced := noderesources.NewBalancedAllocation(a.balanced...)
	spread, errSpread := podtopologyspread.New(a.spread)
	interPod, errInterPod := interpodaffinity.New(a.interPodAffinity)
	binding, errBinding := volumebinding.New(a.binding)
	if err := errors.Join(err, errAffinity, errFit, errBalanced, errSpread, errInterPod, errBinding); err != nil {
		return nil, err
	}
	for _, plugin := range []framework.Plugin{affinity, fit, balanced, spread, interPod, binding} {
		for i := range list {
			if list[i].Name() == plugin.Name() {
				list[i].Plugin = plugin
			}
		}
	}
	return list, nil
}
