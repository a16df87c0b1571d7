// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package interpodaffinity keeps pods close to other pods or away from them. It
// mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity with
// the default of the feature gate InterPodAffinityHostnameFastPath in Kubernetes
// 1.37: alpha and off, which changes no verdict.
package interpodaffinity

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "InterPodAffinity"

// Reasons of nodes that are rejected.
const (
	// ErrReasonAffinityRulesNotMatch is the reason of a node far from the pods that
	// the pod wants to be close to.
	ErrReasonAffinityRulesNotMatch = "node(s) didn't match pod affinity rules"
	// ErrReasonAntiAffinityRulesNotMatch is the reason of a node close to pods that
	// the pod wants to be far from.
	ErrReasonAntiAffinityRulesNotMatch = "node(s) didn't match pod anti-affinity rules"
	// ErrReasonExistingAntiAffinityRulesNotMatch is the reason of a node close to
	// pods that want to be far from the pod.
	ErrReasonExistingAntiAffinityRulesNotMatch = "node(s) didn't satisfy existing pods anti-affinity rules"
)

// DefaultHardPodAffinityWeight is what a required affinity term of another pod
// counts for where Args do not say otherwise.
const DefaultHardPodAffinityWeight int32 = 1

var (
	_ framework.PreFilterPlugin     = (*InterPodAffinity)(nil)
	_ framework.PreFilterExtensions = (*InterPodAffinity)(nil)
	_ framework.FilterPlugin        = (*InterPodAffinity)(nil)
	_ framework.PreScorePlugin      = (*InterPodAffinity)(nil)
	_ framework.ScorePlugin         = (*InterPodAffinity)(nil)
	_ framework.ScoreExtensions     = (*InterPodAffinity)(nil)
	_ framework.EnqueueExtensions   = (*InterPodAffinity)(nil)

	skip = framework.NewStatus(framework.Skip)
)

// Args configures the plugin. Names and meaning are those of
// InterPodAffinityArgs of kube-scheduler.
type Args struct {
	// HardPodAffinityWeight is what a required affinity term of another pod that
	// selects the pod counts for, from 0 to 100; 1 where it is nil.
	HardPodAffinityWeight *int32
	// IgnorePreferredTermsOfExistingPods scores only by the terms of the pod itself.
	// It takes effect for pods without preferred terms of their own.
	IgnorePreferredTermsOfExistingPods bool
}

// InterPodAffinity rejects and scores nodes by the pods in their topology
// domains: by what the pod wants of them, and what they want of the pod.
type InterPodAffinity struct {
	hardPodAffinityWeight              int32
	ignorePreferredTermsOfExistingPods bool
}

// New returns the plugin. It fails where the weight is out of range.
func New(args Args) (*InterPodAffinity, error) {
	p := &InterPodAffinity{
		hardPodAffinityWeight:              DefaultHardPodAffinityWeight,
		ignorePreferredTermsOfExistingPods: args.IgnorePreferredTermsOfExistingPods,
	}
	if args.HardPodAffinityWeight != nil {
		p.hardPodAffinityWeight = *args.HardPodAffinityWeight
	}
	if w := p.hardPodAffinityWeight; w < 0 || w > 100 {
		return nil, field.Invalid(field.NewPath("hardPodAffinityWeight"), w, "not in valid range [0, 100]")
	}
	return p, nil
}

// Name implements framework.Plugin.
func (*InterPodAffinity) Name() string { return Name }

// matches is true where a term of the pod that needs a node selects another
// pod. A namespace that the snapshot does not know is selected only by an empty
// namespaceSelector. It replaces mergeAffinityTermNamespacesIfNotEmpty, which
// lists the namespaces that a selector selects.
func matches(term *framework.AffinityTerm, other *corev1.Pod, snapshot framework.Snapshot) bool {
	if !term.Namespaces.Has(other.Namespace) && !term.NamespaceSelector.Empty() {
		set := snapshot.NamespaceLabels(other.Namespace)
		if set == nil || !term.NamespaceSelector.Matches(set) {
			return false
		}
	}
	return term.Selector.Matches(labels.Set(other.Labels))
}

// matchesAll is true where there are terms and all select the pod. It mirrors
// podMatchesAllAffinityTerms.
func matchesAll(terms []framework.AffinityTerm, other *corev1.Pod, snapshot framework.Snapshot) bool {
	for i := range terms {
		if !matches(&terms[i], other, snapshot) {
			return false
		}
	}
	return len(terms) > 0
}
