// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
)

// kubeKind is the kind of kube-scheduler's own file, of upstreamAPIVersion.
const kubeKind = "KubeSchedulerConfiguration"

// KubeProfile is a profile of kube-scheduler, with what of it is not built in here.
type KubeProfile struct {
	*framework.Profile
	NotBuiltIn []NotBuiltIn
}

// NotBuiltIn is a plugin or an extender that a file enables and that is unknown here.
type NotBuiltIn struct {
	// What is its name, such as "plugin Coscheduling", and Why says what the file
	// says of it.
	What, Why string
}

// kubeConfiguration is kubescheduler.config.k8s.io/v1. What says nothing about
// decisions is read, so that it is not an unknown field, and not looked at.
type kubeConfiguration struct {
	metav1.TypeMeta           `json:",inline"`
	Parallelism               json.RawMessage `json:"parallelism,omitempty"`
	LeaderElection            json.RawMessage `json:"leaderElection,omitempty"`
	ClientConnection          json.RawMessage `json:"clientConnection,omitempty"`
	HealthzBindAddress        json.RawMessage `json:"healthzBindAddress,omitempty"`
	MetricsBindAddress        json.RawMessage `json:"metricsBindAddress,omitempty"`
	EnableProfiling           json.RawMessage `json:"enableProfiling,omitempty"`
	EnableContentionProfiling json.RawMessage `json:"enableContentionProfiling,omitempty"`
	PodInitialBackoffSeconds  json.RawMessage `json:"podInitialBackoffSeconds,omitempty"`
	PodMaxBackoffSeconds      json.RawMessage `json:"podMaxBackoffSeconds,omitempty"`
	DelayCacheUntilActive     json.RawMessage `json:"delayCacheUntilActive,omitempty"`
	PercentageOfNodesToScore  *int32          `json:"percentageOfNodesToScore,omitempty"`
	Profiles                  []kubeProfile   `json:"profiles,omitempty"`
	Extenders                 []kubeExtender  `json:"extenders,omitempty"`
}

type kubeProfile struct {
	SchedulerName            string         `json:"schedulerName,omitempty"`
	PercentageOfNodesToScore *int32         `json:"percentageOfNodesToScore,omitempty"`
	Plugins                  *kubePlugins   `json:"plugins,omitempty"`
	PluginConfig             []PluginConfig `json:"pluginConfig,omitempty"`
}

// kubePlugins are the changes of the default plugins. Those of points after a
// node is chosen decide nothing here.
type kubePlugins struct {
	PreEnqueue PluginSet `json:"preEnqueue,omitzero"`
	QueueSort  PluginSet `json:"queueSort,omitzero"`
	PreFilter  PluginSet `json:"preFilter,omitzero"`
	Filter     PluginSet `json:"filter,omitzero"`
	PostFilter PluginSet `json:"postFilter,omitzero"`
	PreScore   PluginSet `json:"preScore,omitzero"`
	Score      PluginSet `json:"score,omitzero"`
	Reserve    PluginSet `json:"reserve,omitzero"`
	Permit     PluginSet `json:"permit,omitzero"`
	PreBind    PluginSet `json:"preBind,omitzero"`
	Bind       PluginSet `json:"bind,omitzero"`
	PostBind   PluginSet `json:"postBind,omitzero"`
	MultiPoint PluginSet `json:"multiPoint,omitzero"`
}

// kubeExtender is a webhook. Only its name and what it is asked matter here.
type kubeExtender struct {
	URLPrefix        string          `json:"urlPrefix"`
	FilterVerb       string          `json:"filterVerb,omitempty"`
	PreemptVerb      string          `json:"preemptVerb,omitempty"`
	PrioritizeVerb   string          `json:"prioritizeVerb,omitempty"`
	Weight           json.RawMessage `json:"weight,omitempty"`
	BindVerb         string          `json:"bindVerb,omitempty"`
	EnableHTTPS      json.RawMessage `json:"enableHTTPS,omitempty"`
	TLSConfig        json.RawMessage `json:"tlsConfig,omitempty"`
	HTTPTimeout      json.RawMessage `json:"httpTimeout,omitempty"`
	NodeCacheCapable json.RawMessage `json:"nodeCacheCapable,omitempty"`
	ManagedResources json.RawMessage `json:"managedResources,omitempty"`
	Ignorable        json.RawMessage `json:"ignorable,omitempty"`
}

// irrelevant are plugins of kube-scheduler that say nothing of where a pod fits,
// and those that are named by what a pod asks for.
var irrelevant = sets.New("DefaultBinder", "DynamicResources", "GangScheduling", "NodeDeclaredFeatures")

// ParseKube reads a KubeSchedulerConfiguration as kube-scheduler does, and returns
// its profiles. A field that is unknown or said twice is an error, which names it;
// what is known and not built in is part of the profile.
func ParseKube(data []byte) ([]KubeProfile, error) {
	document, err := onlyDocument(data)
	if err != nil {
		return nil, err
	}
	converted, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	var t metav1.TypeMeta
	if err := json.Unmarshal(converted, &t); err != nil {
		return nil, err
	}
	if t.APIVersion != upstreamAPIVersion || t.Kind != kubeKind {
		return nil, fmt.Errorf("apiVersion is %q and kind %q: real pods are decided about with %s of %s", t.APIVersion, t.Kind, kubeKind, upstreamAPIVersion)
	}
	c := &kubeConfiguration{}
	if err := decode(converted, c); err != nil {
		return nil, err
	}
	return c.build()
}

// DefaultKube returns the profile that kube-scheduler has without a file.
func DefaultKube() (KubeProfile, error) {
	list, err := (&kubeConfiguration{}).build()
	if err != nil {
		return KubeProfile{}, err
	}
	return list[0], nil
}

func (c *kubeConfiguration) build() ([]KubeProfile, error) {
	errs := []error{validatePercentage(c.PercentageOfNodesToScore, field.NewPath("percentageOfNodesToScore"))}
	list := c.Profiles
	if len(list) == 0 {
		list = []kubeProfile{{}}
	}
	var out []KubeProfile
	names := sets.New[string]()
	for i := range list {
		p, path := &list[i], field.NewPath("profiles").Index(i)
		if p.SchedulerName == "" && len(list) == 1 {
			p.SchedulerName = corev1.DefaultSchedulerName
		}
		if p.PercentageOfNodesToScore == nil {
			p.PercentageOfNodesToScore = c.PercentageOfNodesToScore
		} else {
			errs = append(errs, validatePercentage(p.PercentageOfNodesToScore, path.Child("percentageOfNodesToScore")))
		}
		errs = append(errs, validateName(p.SchedulerName, names, path.Child("schedulerName")))
		profile, err := p.build(path)
		errs = append(errs, err)
		profile.NotBuiltIn = append(profile.NotBuiltIn, c.extenders()...)
		out = append(out, profile)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func (c *kubeConfiguration) extenders() []NotBuiltIn {
	var out []NotBuiltIn
	for _, e := range c.Extenders {
		var asked []string
		for what, verb := range map[string]string{"filters": e.FilterVerb, "preempts": e.PreemptVerb, "scores": e.PrioritizeVerb} {
			if verb != "" {
				asked = append(asked, what)
			}
		}
		slices.Sort(asked)
		if len(asked) > 0 {
			out = append(out, NotBuiltIn{What: "extender " + e.URLPrefix, Why: "the scheduler asks it over HTTP; it " + strings.Join(asked, ", ")})
		}
	}
	return out
}

func (p *kubeProfile) build(path *field.Path) (KubeProfile, error) {
	list, err := plugins.ForPods()
	if err != nil {
		return KubeProfile{}, err
	}
	var out KubeProfile
	own := Profile{SchedulerName: p.SchedulerName, PercentageOfNodesToScore: p.PercentageOfNodesToScore}
	unknown := sets.New[string]()
	if p.Plugins != nil {
		own.Plugins.MultiPoint = p.Plugins.MultiPoint.builtIn(list, unknown)
		for _, at := range p.Plugins.points() {
			set := at.set.builtIn(list, unknown)
			own.Plugins.points = append(own.Plugins.points, pointSet{at.points, set})
			if at.points == framework.AtFilter && len(set.Enabled) > 0 {
				out.NotBuiltIn = append(out.NotBuiltIn, NotBuiltIn{"the order of plugins.filter.enabled",
					"filters run in their default order; of several that object to a node, another one may be counted"})
			}
		}
	}
	for _, c := range p.PluginConfig {
		if find(list, c.Name) >= 0 {
			own.PluginConfig = append(own.PluginConfig, c)
		} else if !irrelevant.Has(c.Name) {
			unknown.Insert(c.Name)
		}
	}
	for _, name := range sets.List(unknown) {
		out.NotBuiltIn = append(out.NotBuiltIn, NotBuiltIn{"plugin " + name, "the configuration names it, and it is not built in"})
	}
	out.Profile, err = own.build(list, path)
	return out, err
}

// points are the sets of single extension points.
func (p *kubePlugins) points() pointSets {
	return pointSets{
		{framework.AtPreEnqueue, p.PreEnqueue}, {framework.AtPreFilter, p.PreFilter}, {framework.AtFilter, p.Filter},
		{framework.AtPostFilter, p.PostFilter}, {framework.AtPreScore, p.PreScore}, {framework.AtScore, p.Score},
	}
}

// builtIn is the set without plugins that are not in the list, whose names it
// adds to unknown where they are enabled.
func (s PluginSet) builtIn(list []framework.WeightedPlugin, unknown sets.Set[string]) PluginSet {
	var out PluginSet
	for _, p := range s.Enabled {
		if find(list, p.Name) >= 0 {
			out.Enabled = append(out.Enabled, p)
		} else if !irrelevant.Has(p.Name) {
			unknown.Insert(p.Name)
		}
	}
	for _, p := range s.Disabled {
		if p.Name == all || find(list, p.Name) >= 0 {
			out.Disabled = append(out.Disabled, p)
		}
	}
	return out
}

// pointSet is a change of the plugins at one extension point.
type pointSet struct {
	points framework.Points
	set    PluginSet
}

type pointSets []pointSet

// apply changes at which points plugins run, and adds those of known that run at
// single ones only. It mirrors what expandMultiPointPlugins of
// k8s.io/kubernetes/pkg/scheduler/framework/runtime does, but for the order.
func (s pointSets) apply(list, known []framework.WeightedPlugin) []framework.WeightedPlugin {
	out := slices.Clone(list)
	for _, at := range s {
		for _, p := range at.set.Disabled {
			for i := range out {
				if p.Name == all || p.Name == out[i].Name() {
					out[i].Off |= at.points
				}
			}
		}
		for _, p := range at.set.Enabled {
			i := find(out, p.Name)
			if i < 0 {
				added := known[find(known, p.Name)]
				added.Off, added.Weight = framework.Everywhere, 1
				out = append(out, added)
				i = len(out) - 1
			}
			out[i].Off &^= at.points
			if at.points == framework.AtScore && p.Weight != nil {
				out[i].Weight = int64(*p.Weight)
			}
		}
	}
	return out
}
