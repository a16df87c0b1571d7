// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podtopologyspread spreads pods over zones, nodes and other domains.
// It mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread.
//
// Default constraints have no selector of their own: they spread the pods that
// belong together. kube-scheduler asks its listers of Services, ReplicaSets,
// StatefulSets and ReplicationControllers which these are. Here the snapshot
// answers, so that a decision stays a function of it
// (framework.DefaultSelectorSnapshot): a SimPod belongs together with the pods
// that the selector of its controlling SimReplicaSet or SimStatefulSet selects, and
// of the Services that select it (framework.MergeDefaultSelector). A pod that belongs to nothing
// has no default constraints.
package podtopologyspread

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "PodTopologySpread"

// Reasons of nodes that are rejected.
const (
	// ErrReasonConstraintsNotMatch is the reason of a node whose domain already has
	// too many pods.
	ErrReasonConstraintsNotMatch = "node(s) didn't match pod topology spread constraints"
	// ErrReasonNodeLabelNotMatch is the reason of a node that is in no domain.
	ErrReasonNodeLabelNotMatch = ErrReasonConstraintsNotMatch + " (missing required label)"
)

var (
	_ framework.PreFilterPlugin     = (*PodTopologySpread)(nil)
	_ framework.PreFilterExtensions = (*PodTopologySpread)(nil)
	_ framework.FilterPlugin        = (*PodTopologySpread)(nil)
	_ framework.PreScorePlugin      = (*PodTopologySpread)(nil)
	_ framework.ScorePlugin         = (*PodTopologySpread)(nil)
	_ framework.ScoreExtensions     = (*PodTopologySpread)(nil)
	_ framework.EnqueueExtensions   = (*PodTopologySpread)(nil)
)

// DefaultingType says where the constraints of pods without any come from.
type DefaultingType string

const (
	// SystemDefaulting spreads pods softly over nodes and zones.
	SystemDefaulting DefaultingType = "System"
	// ListDefaulting uses Args.DefaultConstraints.
	ListDefaulting DefaultingType = "List"
)

// Args configures the plugin. Names and meaning are those of
// PodTopologySpreadArgs of kube-scheduler.
type Args struct {
	// DefaultingType defaults to System.
	DefaultingType DefaultingType
	// DefaultConstraints apply to pods without constraints of their own that
	// belong together with others (framework.DefaultSelectorSnapshot). They have no
	// labelSelector. Only with ListDefaulting.
	DefaultConstraints []corev1.TopologySpreadConstraint
}

var systemDefaultConstraints = []corev1.TopologySpreadConstraint{
	{TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway, MaxSkew: 3},
	{TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, MaxSkew: 5},
}

// PodTopologySpread rejects nodes whose domain has too many of the pods that a
// constraint selects, and prefers those whose domain has few.
type PodTopologySpread struct {
	defaults []corev1.TopologySpreadConstraint
	// systemDefaulted lets nodes without a zone take part in spreading over nodes.
	systemDefaulted bool
}

// New returns the plugin. It fails where the arguments are not valid.
func New(args Args) (*PodTopologySpread, error) {
	if args.DefaultingType == "" {
		args.DefaultingType = SystemDefaulting
	}
	if err := args.validate(); err != nil {
		return nil, err
	}
	if args.DefaultingType == SystemDefaulting {
		return &PodTopologySpread{defaults: systemDefaultConstraints, systemDefaulted: true}, nil
	}
	return &PodTopologySpread{defaults: args.DefaultConstraints}, nil
}

// Name implements framework.Plugin.
func (*PodTopologySpread) Name() string { return Name }

// validate mirrors ValidatePodTopologySpreadArgs of kube-scheduler.
func (a Args) validate() error {
	var errs field.ErrorList
	defaulting := field.NewPath("defaultingType")
	switch {
	case a.DefaultingType != SystemDefaulting && a.DefaultingType != ListDefaulting:
		errs = append(errs, field.NotSupported(defaulting, a.DefaultingType, []DefaultingType{SystemDefaulting, ListDefaulting}))
	case a.DefaultingType == SystemDefaulting && len(a.DefaultConstraints) > 0:
		errs = append(errs, field.Invalid(defaulting, a.DefaultingType, "when .defaultConstraints are not empty"))
	}
	type pair struct {
		key    string
		action corev1.UnsatisfiableConstraintAction
	}
	seen := make(map[pair]bool)
	for i := range a.DefaultConstraints {
		c, path := &a.DefaultConstraints[i], field.NewPath("defaultConstraints").Index(i)
		errs = append(errs, validateConstraint(c, path)...)
		p := pair{c.TopologyKey, c.WhenUnsatisfiable}
		if seen[p] {
			errs = append(errs, field.Duplicate(path, fmt.Sprintf("{%s, %s}", p.key, p.action)))
		}
		seen[p] = true
	}
	return errs.ToAggregate()
}

func validateConstraint(c *corev1.TopologySpreadConstraint, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.MaxSkew <= 0 {
		errs = append(errs, field.Invalid(path.Child("maxSkew"), c.MaxSkew, "not in valid range (0, inf)"))
	}
	key, action := path.Child("topologyKey"), path.Child("whenUnsatisfiable")
	if c.TopologyKey == "" {
		errs = append(errs, field.Required(key, "can not be empty"))
	} else {
		errs = append(errs, metav1validation.ValidateLabelName(c.TopologyKey, key)...)
	}
	switch c.WhenUnsatisfiable {
	case corev1.DoNotSchedule, corev1.ScheduleAnyway:
	case "":
		errs = append(errs, field.Required(action, "can not be empty"))
	default:
		errs = append(errs, field.NotSupported(action, c.WhenUnsatisfiable,
			[]corev1.UnsatisfiableConstraintAction{corev1.DoNotSchedule, corev1.ScheduleAnyway}))
	}
	if c.LabelSelector != nil {
		errs = append(errs, field.Forbidden(path.Child("labelSelector"), "constraint must not define a selector, as they deduced for each pod"))
	}
	return errs
}
