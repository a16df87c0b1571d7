// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
)

// all is the name that stands for all default plugins.
const all = "*"

// build returns the profiles, or everything that is wrong with them.
func (c *Configuration) build() ([]*framework.Profile, error) {
	errs := []error{validatePercentage(c.PercentageOfNodesToScore, field.NewPath("percentageOfNodesToScore"))}
	list := c.Profiles
	if len(list) == 0 {
		list = []Profile{{}}
	}
	var out []*framework.Profile
	names := sets.New[string]()
	for i, p := range list {
		path := field.NewPath("profiles").Index(i)
		if p.SchedulerName == "" && len(list) == 1 {
			p.SchedulerName = simv1alpha1.DefaultSchedulerName
		}
		if p.PercentageOfNodesToScore == nil {
			p.PercentageOfNodesToScore = c.PercentageOfNodesToScore
		} else {
			errs = append(errs, validatePercentage(p.PercentageOfNodesToScore, path.Child("percentageOfNodesToScore")))
		}
		errs = append(errs, validateName(p.SchedulerName, names, path.Child("schedulerName")))
		var profile *framework.Profile
		list, err := plugins.Default()
		if err == nil {
			profile, err = p.build(list, path)
		}
		errs, out = append(errs, err), append(out, profile)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func validateName(name string, taken sets.Set[string], path *field.Path) error {
	switch {
	case name == "":
		return field.Required(path, "several profiles need a name each")
	case taken.Has(name):
		return field.Duplicate(path, name)
	}
	taken.Insert(name)
	return nil
}

func validatePercentage(percentage *int32, path *field.Path) error {
	if percentage != nil && (*percentage < 0 || *percentage > 100) {
		return field.Invalid(path, *percentage, "not in valid range [0, 100]")
	}
	return nil
}

// build returns the profile: the plugins of the list, which it changes, as plugins
// and pluginConfig say.
func (p *Profile) build(list []framework.WeightedPlugin, path *field.Path) (*framework.Profile, error) {
	if err := p.configure(list, path.Child("pluginConfig")); err != nil {
		return nil, err
	}
	multiPoint := path.Child("plugins", "multiPoint")
	if err := p.Plugins.MultiPoint.validate(list, multiPoint); err != nil {
		return nil, err
	}
	percentage := int32(0)
	if p.PercentageOfNodesToScore != nil {
		percentage = min(max(*p.PercentageOfNodesToScore, 0), 100)
	}
	name := p.SchedulerName
	if name == "" { // which is said elsewhere
		name = all
	}
	profile, err := framework.NewProfile(name, percentage, p.Plugins.points.apply(p.Plugins.MultiPoint.apply(list), list)...)
	if err != nil {
		return nil, below(multiPoint, err)
	}
	return profile, nil
}

// configure replaces the plugins in the list that have arguments.
func (p *Profile) configure(list []framework.WeightedPlugin, path *field.Path) error {
	var errs []error
	seen := sets.New[string]()
	for i, c := range p.PluginConfig {
		at := find(list, c.Name)
		name := path.Index(i).Child("name")
		switch {
		case at < 0:
			errs = append(errs, field.NotSupported(name, c.Name, names(list)))
			continue
		case seen.Has(c.Name):
			errs = append(errs, field.Duplicate(name, c.Name))
			continue
		}
		seen.Insert(c.Name)
		plugin, err := buildPlugin(c.Name, c.Args, path.Index(i).Child("args"))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list[at].Plugin = plugin
	}
	return errors.Join(errs...)
}

func (s PluginSet) validate(known []framework.WeightedPlugin, path *field.Path) error {
	var errs field.ErrorList
	for i, p := range s.Disabled {
		name, weight := path.Child("disabled").Index(i).Child("name"), path.Child("disabled").Index(i).Child("weight")
		if p.Name != all && find(known, p.Name) < 0 {
			errs = append(errs, field.NotSupported(name, p.Name, append(names(known), all)))
		}
		if p.Weight != nil {
			errs = append(errs, field.Forbidden(weight, "a disabled plugin has no weight"))
		}
	}
	seen := sets.New[string]()
	for i, p := range s.Enabled {
		errs = append(errs, p.validate(known, seen, path.Child("enabled").Index(i))...)
	}
	return errs.ToAggregate()
}

func (p Plugin) validate(known []framework.WeightedPlugin, seen sets.Set[string], path *field.Path) field.ErrorList {
	var errs field.ErrorList
	at := find(known, p.Name)
	switch {
	case at < 0:
		return field.ErrorList{field.NotSupported(path.Child("name"), p.Name, names(known))}
	case seen.Has(p.Name):
		errs = append(errs, field.Duplicate(path.Child("name"), p.Name))
	}
	seen.Insert(p.Name)
	if p.Weight == nil {
		return errs
	}
	if *p.Weight < 1 || *p.Weight > 100 {
		errs = append(errs, field.Invalid(path.Child("weight"), *p.Weight, "not in valid range [1, 100]"))
	}
	if _, scores := known[at].Plugin.(framework.ScorePlugin); !scores {
		errs = append(errs, field.Forbidden(path.Child("weight"), "the plugin does not score"))
	}
	return errs
}

// apply changes the list of default plugins. It mirrors mergePluginSet of
// k8s.io/kubernetes/pkg/scheduler/apis/config/v1.
func (s PluginSet) apply(defaults []framework.WeightedPlugin) []framework.WeightedPlugin {
	disabled, enabled := sets.New[string](), make(map[string]Plugin)
	for _, p := range s.Disabled {
		disabled.Insert(p.Name)
	}
	for _, p := range s.Enabled {
		enabled[p.Name] = p
	}
	var out []framework.WeightedPlugin
	for _, p := range defaults {
		if disabled.HasAny(all, p.Name()) {
			continue
		}
		if e, ok := enabled[p.Name()]; ok {
			p.Weight = e.weight()
		}
		out = append(out, p)
	}
	for _, e := range s.Enabled {
		if find(out, e.Name) < 0 {
			out = append(out, framework.WeightedPlugin{Plugin: defaults[find(defaults, e.Name)].Plugin, Weight: e.weight()})
		}
	}
	return out
}

func (p Plugin) weight() int64 {
	if p.Weight == nil {
		return 1
	}
	return int64(*p.Weight)
}

func find(list []framework.WeightedPlugin, name string) int {
	return slices.IndexFunc(list, func(p framework.WeightedPlugin) bool { return p.Name() == name })
}

func names(list []framework.WeightedPlugin) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Name())
	}
	slices.Sort(out)
	return out
}
