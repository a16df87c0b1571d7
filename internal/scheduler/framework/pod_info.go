// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	resourcehelper "k8s.io/component-helpers/resource"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"

	"github.com/glassplane/glassplane/internal/evidence"
)

// What a container that requests no cpu or memory counts for when nodes are
// scored, so that pods without requests spread too. They are
// DefaultMilliCPURequest and DefaultMemoryRequest of kube-scheduler.
const (
	DefaultMilliCPURequest int64 = 100
	DefaultMemoryRequest   int64 = 200 * 1024 * 1024
)

// PodInfo is a pod and all that plugins need of it and that does not depend on
// nodes, computed once. It is immutable. It mirrors framework.PodInfo of
// kube-scheduler.
type PodInfo struct {
	// Pod must not be changed.
	Pod *corev1.Pod
	// Priority of the pod; 0 where it has none.
	Priority int32
	// Requests of the pod with init containers and overhead.
	Requests Resource
	// Scalars are the entries of Requests.ScalarResources above zero, by name.
	Scalars []ScalarRequest
	// NonZeroMilliCPU and NonZeroMemory are the requests with the defaults for
	// containers that have none; they count when nodes are scored.
	NonZeroMilliCPU, NonZeroMemory int64
	// HostPorts are the ports of the node that the pod's containers use.
	HostPorts []HostPort
	// The terms of the pod's affinity and anti-affinity to other pods.
	RequiredAffinityTerms      []AffinityTerm
	RequiredAntiAffinityTerms  []AffinityTerm
	PreferredAffinityTerms     []WeightedAffinityTerm
	PreferredAntiAffinityTerms []WeightedAffinityTerm
	// LabelClass identifies the pods of the namespace with the same labels.
	LabelClass Class
	// TermClass identifies the pods with the same terms of affinity and anti-affinity.
	TermClass Class
	// ParseError says which affinity terms cannot be read; nil where all can. Those
	// terms are left out above.
	ParseError error
}

// ScalarRequest is what a pod requests of one scalar resource.
type ScalarRequest struct {
	Name  corev1.ResourceName
	Value int64
}

// NewPodInfo computes what plugins need of a pod. It shares memory with the pod.
func NewPodInfo(pod *corev1.Pod) *PodInfo {
	info := &PodInfo{Pod: pod, Priority: corev1helpers.PodPriority(pod), HostPorts: hostPorts(pod)}
	info.setRequests()
	info.setAffinity()
	info.LabelClass, info.TermClass = labelClass(pod.Namespace, pod.Labels), info.termClass()
	return info
}

// setRequests mirrors PodInfo.CalculateResource of kube-scheduler: a pod that is
// resized takes the most of what it asks for, was given and has. Simulated pods
// are not resized.
func (p *PodInfo) setRequests() {
	p.Requests = NewResource(resourcehelper.PodRequests(p.Pod, resourcehelper.PodResourcesOptions{UseStatusResources: true}))
	for name, value := range p.Requests.ScalarResources {
		if value > 0 {
			p.Scalars = append(p.Scalars, ScalarRequest{Name: name, Value: value})
		}
	}
	slices.SortFunc(p.Scalars, func(a, b ScalarRequest) int { return compareStrings(string(a.Name), string(b.Name)) })

	nonZero := resourcehelper.PodRequests(p.Pod, resourcehelper.PodResourcesOptions{
		UseStatusResources: true,
		NonMissingContainerRequests: corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(DefaultMilliCPURequest, resource.DecimalSI),
			corev1.ResourceMemory: *resource.NewQuantity(DefaultMemoryRequest, resource.DecimalSI),
		},
	})
	p.NonZeroMilliCPU = MilliValue(*nonZero.Cpu())
	p.NonZeroMemory = Value(*nonZero.Memory())
}

// nonZero is what the pod counts for when nodes are scored.
func (p *PodInfo) nonZero() Resource {
	return Resource{MilliCPU: p.NonZeroMilliCPU, Memory: p.NonZeroMemory}
}

func (p *PodInfo) setAffinity() {
	affinity := p.Pod.Spec.Affinity
	if affinity == nil {
		return
	}
	var errs [4]error // in kube-scheduler's order
	if a := affinity.PodAffinity; a != nil {
		p.RequiredAffinityTerms, errs[0] = affinityTerms(p.Pod, a.RequiredDuringSchedulingIgnoredDuringExecution)
		p.PreferredAffinityTerms, errs[2] = weightedAffinityTerms(p.Pod, a.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if a := affinity.PodAntiAffinity; a != nil {
		p.RequiredAntiAffinityTerms, errs[1] = affinityTerms(p.Pod, a.RequiredDuringSchedulingIgnoredDuringExecution)
		p.PreferredAntiAffinityTerms, errs[3] = weightedAffinityTerms(p.Pod, a.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	for i, name := range [...]string{
		"requiredAffinityTerms", "requiredAntiAffinityTerms", "preferredAffinityTerms", "preferredAntiAffinityTerms",
	} {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("%s: %w", name, errs[i])
		}
	}
	p.ParseError = utilerrors.NewAggregate(errs[:])
}

// HasAffinity is true where the pod has affinity or anti-affinity to other
// pods. It mirrors podWithAffinity of kube-scheduler.
func (p *PodInfo) HasAffinity() bool {
	a := p.Pod.Spec.Affinity
	return a != nil && (a.PodAffinity != nil || a.PodAntiAffinity != nil)
}

// HasRequiredAntiAffinity mirrors podWithRequiredAntiAffinity of kube-scheduler.
func (p *PodInfo) HasRequiredAntiAffinity() bool {
	a := p.Pod.Spec.Affinity
	return a != nil && a.PodAntiAffinity != nil &&
		len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0
}

// Reference identifies the pod in the version that was decided on.
func (p *PodInfo) Reference() evidence.PodReference {
	return evidence.PodReference{
		Namespace: p.Pod.Namespace, Name: p.Pod.Name, UID: p.Pod.UID, ResourceVersion: p.Pod.ResourceVersion,
	}
}

// AffinityTerm is a PodAffinityTerm, parsed. It mirrors framework.AffinityTerm
// of kube-scheduler.
type AffinityTerm struct {
	// Namespaces by name: the pod's own where the term names none.
	Namespaces sets.Set[string]
	// Selector of pods.
	Selector labels.Selector
	// TopologyKey is the label of nodes that says what counts as one place.
	TopologyKey string
	// NamespaceSelector selects more namespaces by their labels.
	NamespaceSelector labels.Selector
}

// WeightedAffinityTerm is a preferred term and its weight.
type WeightedAffinityTerm struct {
	AffinityTerm
	Weight int32
}

// Matches is true where the term selects the pod, whose namespace has the given labels.
func (t *AffinityTerm) Matches(pod *corev1.Pod, namespaceLabels labels.Set) bool {
	if t.Namespaces.Has(pod.Namespace) || t.NamespaceSelector.Matches(namespaceLabels) {
		return t.Selector.Matches(labels.Set(pod.Labels))
	}
	return false
}

// affinityTerms returns no term at all where one cannot be parsed, as
// GetAffinityTerms of kube-scheduler does.
func affinityTerms(pod *corev1.Pod, terms []corev1.PodAffinityTerm) ([]AffinityTerm, error) {
	var out []AffinityTerm
	for i := range terms {
		t, err := newAffinityTerm(pod, &terms[i])
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func weightedAffinityTerms(pod *corev1.Pod, terms []corev1.WeightedPodAffinityTerm) ([]WeightedAffinityTerm, error) {
	var out []WeightedAffinityTerm
	for i := range terms {
		t, err := newAffinityTerm(pod, &terms[i].PodAffinityTerm)
		if err != nil {
			return nil, err
		}
		out = append(out, WeightedAffinityTerm{AffinityTerm: t, Weight: terms[i].Weight})
	}
	return out, nil
}

// newAffinityTerm adds the requirements of matchLabelKeys and
// mismatchLabelKeys itself, because the API server does so for Pods only
// (applyMatchLabelKeysAndMismatchLabelKeys of k8s.io/kubernetes/pkg/registry/core/pod).
func newAffinityTerm(pod *corev1.Pod, term *corev1.PodAffinityTerm) (AffinityTerm, error) {
	selector, err := metav1.LabelSelectorAsSelector(withLabelKeys(pod, term))
	if err != nil {
		return AffinityTerm{}, err
	}
	namespaceSelector, err := metav1.LabelSelectorAsSelector(term.NamespaceSelector)
	if err != nil {
		return AffinityTerm{}, err
	}
	namespaces := sets.New(term.Namespaces...)
	if len(term.Namespaces) == 0 && term.NamespaceSelector == nil {
		namespaces.Insert(pod.Namespace)
	}
	return AffinityTerm{
		Namespaces: namespaces, Selector: selector, TopologyKey: term.TopologyKey, NamespaceSelector: namespaceSelector,
	}, nil
}

// withLabelKeys leaves out keys that the pod has no label for. A selector that
// already has the requirement, as those of real Pods do, means the same with it twice.
func withLabelKeys(pod *corev1.Pod, term *corev1.PodAffinityTerm) *metav1.LabelSelector {
	if term.LabelSelector == nil || len(term.MatchLabelKeys)+len(term.MismatchLabelKeys) == 0 {
		return term.LabelSelector
	}
	selector := term.LabelSelector.DeepCopy()
	add := func(keys []string, operator metav1.LabelSelectorOperator) {
		for _, key := range keys {
			if value, ok := pod.Labels[key]; ok {
				selector.MatchExpressions = append(selector.MatchExpressions,
					metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: []string{value}})
			}
		}
	}
	add(term.MatchLabelKeys, metav1.LabelSelectorOpIn)
	add(term.MismatchLabelKeys, metav1.LabelSelectorOpNotIn)
	return selector
}

// QueuedPodInfo is a pod in the scheduling queue and its history there. It
// mirrors framework.QueuedPodInfo of kube-scheduler. Only the queue changes it.
type QueuedPodInfo struct {
	*PodInfo
	// ObservedAt is when the watch delivered the pod in this version.
	ObservedAt time.Time
	// Timestamp is when the pod entered the part of the queue that it is in. Pods
	// of equal priority are tried in its order.
	Timestamp time.Time
	// InitialAttemptTimestamp is when the pod could be tried for the first time.
	InitialAttemptTimestamp time.Time
	// QueuedAt is when the pod entered the queue for the first time.
	QueuedAt time.Time
	// Attempts counts the attempts, from 1 during the first.
	Attempts int
	// UnschedulableCount counts the attempts that found the pod unschedulable; the
	// backoff grows with it.
	UnschedulableCount int
	// ConsecutiveErrorsCount counts the errors since the last other outcome; the
	// backoff after an error grows with it.
	ConsecutiveErrorsCount int
	// UnschedulablePlugins are the plugins that rejected the pod in the last attempt.
	UnschedulablePlugins sets.Set[string]
	// PendingPlugins are those of them that returned Pending.
	PendingPlugins sets.Set[string]
	// GatingPlugin is the plugin that keeps the pod from being tried at all; empty
	// where none does.
	GatingPlugin string
	// GatingMessage says what the gating plugin waits for.
	GatingMessage string
	// WokenBy is what made the pod worth its next attempt; nil where it did not wait
	// for anything.
	WokenBy *evidence.Wake
}

// UID returns the pod's UID, by which the queue knows it.
func (q *QueuedPodInfo) UID() types.UID { return q.Pod.UID }

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
