// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/imagelocality"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeports"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/podtopologyspread"
)

// upstreamOrder is the order of the plugins in kube-scheduler's default
// profile, on which it depends who objects first.
var upstreamOrder = []string{
	"SchedulingGates", "PrioritySort", "NodeName", "NodeUnschedulable", "TaintToleration", "NodeAffinity", "NodePorts",
	"NodeResourcesFit", "PodTopologySpread", "InterPodAffinity", "DefaultPreemption", "NodeResourcesBalancedAllocation", "ImageLocality",
}

// Variations returns the configurations that are compared.
func Variations() []Variation {
	return []Variation{
		{Name: "default", Ours: func() ([]framework.WeightedPlugin, error) { return ourPlugins(arguments{}) }},
		{Name: "arguments", Upstream: setArguments, Ours: func() ([]framework.WeightedPlugin, error) {
			return ourPlugins(arguments{
				addedAffinity:   addedAffinity,
				fit:             noderesources.FitArgs{IgnoredResources: ignoredResources, IgnoredResourceGroups: ignoredGroups},
				spread:          podtopologyspread.Args{DefaultingType: podtopologyspread.ListDefaulting, DefaultConstraints: defaultConstraints},
				interPodAffinty: interpodaffinity.Args{HardPodAffinityWeight: new(hardPodAffinityWeight), IgnorePreferredTermsOfExistingPods: true},
			})
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
)

// setArguments gives them to kube-scheduler.
func setArguments(profile *config.KubeSchedulerProfile) {
	for _, c := range profile.PluginConfig {
		switch args := c.Args.(type) {
		case *config.NodeAffinityArgs:
			args.AddedAffinity = addedAffinity
		case *config.NodeResourcesFitArgs:
			args.IgnoredResources, args.IgnoredResourceGroups = ignoredResources, ignoredGroups
		case *config.PodTopologySpreadArgs:
			args.DefaultingType, args.DefaultConstraints = config.ListDefaulting, defaultConstraints
		case *config.InterPodAffinityArgs:
			args.HardPodAffinityWeight, args.IgnorePreferredTermsOfExistingPods = hardPodAffinityWeight, true
		}
	}
}

// arguments of our plugins.
type arguments struct {
	addedAffinity   *corev1.NodeAffinity
	fit             noderesources.FitArgs
	spread          podtopologyspread.Args
	interPodAffinty interpodaffinity.Args
}

// ourPlugins returns our default plugins, those with arguments built again.
func ourPlugins(a arguments) ([]framework.WeightedPlugin, error) {
	list, err := plugins.Default()
	affinity, errAffinity := nodeaffinity.New(a.addedAffinity)
	fit, errFit := noderesources.NewFit(a.fit)
	spread, errSpread := podtopologyspread.New(a.spread)
	interPod, errInterPod := interpodaffinity.New(a.interPodAffinty)
	if err := errors.Join(err, errAffinity, errFit, errSpread, errInterPod); err != nil {
		return nil, err
	}
	for _, p := range []framework.WeightedPlugin{
		{Plugin: affinity, Weight: 2}, {Plugin: nodeports.New()}, {Plugin: fit, Weight: 1},
		{Plugin: spread, Weight: 2}, {Plugin: interPod, Weight: 2}, {Plugin: imagelocality.New(), Weight: 1},
	} {
		list = slices.DeleteFunc(list, func(old framework.WeightedPlugin) bool { return old.Name() == p.Name() })
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b framework.WeightedPlugin) int {
		return slices.Index(upstreamOrder, a.Name()) - slices.Index(upstreamOrder, b.Name())
	})
	return list, nil
}
