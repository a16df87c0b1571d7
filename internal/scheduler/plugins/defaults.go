// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plugins lists the scheduler's plugins.
package plugins

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/defaultpreemption"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/imagelocality"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodename"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeports"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeunschedulable"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodevolumelimits"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/podtopologyspread"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/queuesort"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/schedulinggates"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/tainttoleration"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumebinding"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumerestrictions"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumezone"
)

// Default returns the plugins for simulated pods: those of ForPods without the
// ones for volumes, which a simulated pod has not. It fails only where a plugin's
// default configuration is not valid.
func Default() ([]framework.WeightedPlugin, error) {
	affinity, errAffinity := nodeaffinity.New(nil)
	fit, errFit := noderesources.NewFit(noderesources.FitArgs{})
	spread, errSpread := podtopologyspread.New(podtopologyspread.Args{})
	interPod, errInterPod := interpodaffinity.New(interpodaffinity.Args{})
	preemption, errPreemption := defaultpreemption.New(defaultpreemption.Args{})
	balanced, errBalanced := noderesources.NewBalancedAllocation()
	if err := errors.Join(errAffinity, errFit, errSpread, errInterPod, errPreemption, errBalanced); err != nil {
		return nil, fmt.Errorf("building the default plugins: %w", err)
	}
	return []framework.WeightedPlugin{
		{Plugin: schedulinggates.New()},
		{Plugin: queuesort.New()},
		{Plugin: nodename.New()},
		{Plugin: nodeunschedulable.New()},
		{Plugin: tainttoleration.New(), Weight: 3},
		{Plugin: affinity, Weight: 2},
		{Plugin: nodeports.New()},
		{Plugin: fit, Weight: 1},
		{Plugin: spread, Weight: 2},
		{Plugin: interPod, Weight: 2},
		{Plugin: preemption},
		{Plugin: balanced, Weight: 1},
		{Plugin: imagelocality.New(), Weight: 1},
	}, nil
}

// ForPods returns the plugins for real pods in the order and with the weights of
// kube-scheduler 1.37 (getDefaultPlugins of
// k8s.io/kubernetes/pkg/scheduler/apis/config/v1), without DynamicResources and
// those that only bind. It fails as Default does.
func ForPods() ([]framework.WeightedPlugin, error) {
	list, errDefault := Default()
	binding, errBinding := volumebinding.New(volumebinding.Args{})
	if err := errors.Join(errDefault, errBinding); err != nil {
		return nil, fmt.Errorf("building the plugins for volumes: %w", err)
	}
	at := slices.IndexFunc(list, func(p framework.WeightedPlugin) bool { return p.Name() == podtopologyspread.Name })
	return slices.Insert(list, at,
		framework.WeightedPlugin{Plugin: volumerestrictions.New()},
		framework.WeightedPlugin{Plugin: nodevolumelimits.New()},
		framework.WeightedPlugin{Plugin: binding, Weight: 1},
		framework.WeightedPlugin{Plugin: volumezone.New()},
	), nil
}

// DefaultProfile returns a profile with the default plugins.
func DefaultProfile(schedulerName string) (*framework.Profile, error) {
	list, err := Default()
	if err != nil {
		return nil, err
	}
	return framework.NewProfile(schedulerName, 0, list...)
}
