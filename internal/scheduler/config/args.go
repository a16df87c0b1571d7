// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/defaultpreemption"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/podtopologyspread"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/shape"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumebinding"
)

// builders build the plugins that have arguments, by name.
var builders = map[string]func(args []byte) (framework.Plugin, error){
	nodeaffinity.Name: decoding(func(a *NodeAffinityArgs) (framework.Plugin, error) {
		return nodeaffinity.New(a.AddedAffinity)
	}),
	noderesources.FitName:                decoding(newFit),
	noderesources.BalancedAllocationName: decoding(newBalancedAllocation),
	podtopologyspread.Name: decoding(func(a *PodTopologySpreadArgs) (framework.Plugin, error) {
		return podtopologyspread.New(podtopologyspread.Args{
			DefaultConstraints: a.DefaultConstraints, DefaultingType: podtopologyspread.DefaultingType(a.DefaultingType),
		})
	}),
	interpodaffinity.Name: decoding(func(a *InterPodAffinityArgs) (framework.Plugin, error) {
		return interpodaffinity.New(interpodaffinity.Args{
			HardPodAffinityWeight: a.HardPodAffinityWeight, IgnorePreferredTermsOfExistingPods: a.IgnorePreferredTermsOfExistingPods,
		})
	}),
	defaultpreemption.Name: decoding(func(a *DefaultPreemptionArgs) (framework.Plugin, error) {
		return defaultpreemption.New(defaultpreemption.Args{
			MinCandidateNodesPercentage: a.MinCandidateNodesPercentage, MinCandidateNodesAbsolute: a.MinCandidateNodesAbsolute,
		})
	}),
	volumebinding.Name: decoding(newVolumeBinding),
}

// newVolumeBinding mirrors ValidateVolumeBindingArgs.
func newVolumeBinding(a *VolumeBindingArgs) (framework.Plugin, error) {
	if s := a.BindTimeoutSeconds; s != nil && *s < 0 {
		return nil, field.Invalid(field.NewPath("bindTimeoutSeconds"), *s, "invalid BindTimeoutSeconds, should not be a negative value")
	}
	var args volumebinding.Args
	for _, point := range a.Shape {
		args.Shape = append(args.Shape, shape.Point(point))
	}
	return volumebinding.New(args)
}

// decoding returns a function that decodes arguments strictly and builds the plugin of them.
func decoding[T any](build func(*T) (framework.Plugin, error)) func([]byte) (framework.Plugin, error) {
	return func(data []byte) (framework.Plugin, error) {
		args := new(T)
		if err := decode(data, args); err != nil {
			return nil, err
		}
		return build(args)
	}
}

// buildPlugin builds a plugin with arguments. The fields that errors name stand below path.
func buildPlugin(name string, args []byte, path *field.Path) (framework.Plugin, error) {
	build, ok := builders[name]
	switch {
	case !ok:
		return nil, field.Forbidden(path, "the plugin "+name+" has no arguments")
	case len(args) == 0:
		args = []byte("{}")
	}
	if err := validateArgsType(name, args); err != nil {
		return nil, below(path, err)
	}
	plugin, err := build(args)
	return plugin, below(path, err)
}

// upstreamAPIVersion lets arguments be copied from a kube-scheduler's file.
const upstreamAPIVersion = "kubescheduler.config.k8s.io/v1"

// validateArgsType mirrors the check of DecodeNestedObjects of
// k8s.io/kube-scheduler/config/v1.
func validateArgsType(plugin string, args []byte) error {
	var t metav1.TypeMeta
	if err := json.Unmarshal(args, &t); err != nil {
		return err
	}
	var errs field.ErrorList
	if v := t.APIVersion; v != "" && v != APIVersion && v != upstreamAPIVersion {
		errs = append(errs, field.NotSupported(field.NewPath("apiVersion"), v, []string{APIVersion, upstreamAPIVersion}))
	}
	if want := plugin + "Args"; t.Kind != "" && t.Kind != want {
		errs = append(errs, field.NotSupported(field.NewPath("kind"), t.Kind, []string{want}))
	}
	return errs.ToAggregate()
}

// below puts the fields that an error names below path; an error that names none
// gets the path itself.
func below(path *field.Path, err error) error {
	var list utilerrors.Aggregate
	var one *field.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &list):
		var errs []error
		for _, e := range list.Errors() {
			errs = append(errs, below(path, e))
		}
		return utilerrors.NewAggregate(errs)
	case errors.As(err, &one):
		moved := *one
		moved.Field = path.Child(one.Field).String()
		return &moved
	}
	return fmt.Errorf("%s: %w", path, err)
}

// newFit mirrors ValidateNodeResourcesFitArgs and SetDefaults_NodeResourcesFitArgs
// of kube-scheduler.
func newFit(a *NodeResourcesFitArgs) (framework.Plugin, error) {
	var errs field.ErrorList
	for i, name := range a.IgnoredResources {
		errs = append(errs, metav1validation.ValidateLabelName(name, field.NewPath("ignoredResources").Index(i))...)
	}
	for i, group := range a.IgnoredResourceGroups {
		path := field.NewPath("ignoredResourceGroups").Index(i)
		if strings.Contains(group, "/") {
			errs = append(errs, field.Invalid(path, group, "resource group name can't contain '/'"))
		}
		errs = append(errs, metav1validation.ValidateLabelName(group, path)...)
	}
	args := noderesources.FitArgs{IgnoredResources: a.IgnoredResources, IgnoredResourceGroups: a.IgnoredResourceGroups}
	if s := a.ScoringStrategy; s != nil {
		path := field.NewPath("scoringStrategy")
		errs = append(errs, s.validate(path)...)
		args.ScoringStrategy = s.convert()
	}
	if err := errs.ToAggregate(); err != nil {
		return nil, err
	}
	return noderesources.NewFit(args)
}

var strategyTypes = []noderesources.ScoringStrategyType{
	noderesources.LeastAllocated, noderesources.MostAllocated, noderesources.RequestedToCapacityRatio,
}

func (s *ScoringStrategy) validate(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	ratio := path.Child("requestedToCapacityRatio")
	needsShape := s.Type == string(noderesources.RequestedToCapacityRatio)
	switch t := noderesources.ScoringStrategyType(s.Type); {
	case !sets.New(strategyTypes...).Has(t):
		errs = append(errs, field.NotSupported(path.Child("type"), t, strategyTypes))
	case needsShape && s.RequestedToCapacityRatio == nil:
		errs = append(errs, field.Required(ratio, "must be specified when type is RequestedToCapacityRatio"))
	case !needsShape && s.RequestedToCapacityRatio != nil:
		errs = append(errs, field.Forbidden(ratio, "must be left out when type is not RequestedToCapacityRatio"))
	}
	for i, r := range s.Resources {
		if r.Weight < 0 || r.Weight > 100 {
			errs = append(errs, field.Invalid(path.Child("resources").Index(i).Child("weight"), r.Weight, "not in valid range [1, 100]"))
		}
	}
	return errs
}

func (s *ScoringStrategy) convert() *noderesources.ScoringStrategy {
	out := &noderesources.ScoringStrategy{Type: noderesources.ScoringStrategyType(s.Type), Resources: convertResources(s.Resources)}
	if len(out.Resources) == 0 {
		out.Resources = noderesources.DefaultScoringStrategy().Resources
	}
	if s.RequestedToCapacityRatio != nil {
		for _, point := range s.RequestedToCapacityRatio.Shape {
			out.Shape = append(out.Shape, noderesources.UtilizationShapePoint(point))
		}
	}
	return out
}

func convertResources(in []ResourceSpec) []noderesources.ResourceSpec {
	var out []noderesources.ResourceSpec
	for _, r := range in {
		if r.Weight == 0 {
			r.Weight = 1
		}
		out = append(out, noderesources.ResourceSpec{Name: corev1.ResourceName(r.Name), Weight: r.Weight})
	}
	return out
}

// newBalancedAllocation mirrors ValidateNodeResourcesBalancedAllocationArgs.
func newBalancedAllocation(a *NodeResourcesBalancedAllocationArgs) (framework.Plugin, error) {
	var errs field.ErrorList
	seen := sets.New[string]()
	resources := convertResources(a.Resources)
	for i, r := range resources {
		path := field.NewPath("resources").Index(i)
		if seen.Has(string(r.Name)) {
			errs = append(errs, field.Duplicate(path.Child("name"), string(r.Name)))
		}
		seen.Insert(string(r.Name))
		if r.Weight != 1 {
			errs = append(errs, field.Invalid(path.Child("weight"), r.Weight, "must be 1"))
		}
	}
	if err := errs.ToAggregate(); err != nil {
		return nil, err
	}
	return noderesources.NewBalancedAllocation(resources...)
}
