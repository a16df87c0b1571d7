// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/decide"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Ours is our scheduler: the scheduling cycle, and its plugins one by one.
type Ours struct {
	profile *framework.Profile
	// enabled are the names of all plugins of the profile.
	enabled []string
	seed    int64
}

// NewOurs returns our scheduler with the plugins.
func NewOurs(list []framework.WeightedPlugin) (*Ours, error) {
	profile, err := framework.NewProfile(corev1.DefaultSchedulerName, 0, list...)
	if err != nil {
		return nil, err
	}
	o := &Ours{profile: profile}
	for _, p := range list {
		o.enabled = append(o.enabled, p.Name())
	}
	return o, nil
}

// Judge returns all that our scheduler says of the scenario.
func (o *Ours) Judge(s *Scenario) *Report {
	snapshot := newCluster(s)
	pod := framework.NewPodInfo(s.Pod)
	report := &Report{}
	o.seed++
	nominated := make(map[string][]*framework.PodInfo)
	for _, p := range s.Nominated {
		nominated[p.Status.NominatedNodeName] = append(nominated[p.Status.NominatedNodeName], framework.NewPodInfo(p))
	}
	result := decide.Decide(decide.Input{Snapshot: snapshot, Pod: pod, Profile: o.profile, Seed: o.seed, Nominated: nominated})
	report.Chosen, report.Fit = result.Node, result.NodesFeasible
	switch {
	case result.Status.Code() == framework.Error:
		report.Error = true
	case result.Node == "":
		report.Message = result.Status.Message()
	}
	if strings.HasPrefix(result.PostFilterMessage, "running PostFilter plugin") {
		report.Preemption = []Preemption{{Failed: true}}
		report.Message = strings.TrimSuffix(report.Message, " "+result.PostFilterMessage)
	}
	if p := result.PostFilter; p != nil {
		preemption := Preemption{Node: p.NominatedNode}
		for _, victim := range p.Victims {
			preemption.Victims = append(preemption.Victims, victim.Pod.Namespace+"/"+victim.Pod.Name)
		}
		slices.Sort(preemption.Victims)
		report.Preemption = []Preemption{preemption}
	}
	o.judgeNodes(snapshot, pod, report)
	if plugin, s := o.profile.RunPreEnqueue(s.Pod); !s.IsSuccess() {
		report.PreEnqueue = new(newVerdict(s.Code(), s.Reasons(), plugin))
	}
	return report
}

// judgeNodes asks each plugin about each node.
func (o *Ours) judgeNodes(snapshot framework.Snapshot, pod *framework.PodInfo, report *Report) {
	state := framework.NewCycleState(snapshot)
	outcome := o.profile.RunPreFilters(state, pod)
	if s := outcome.Status; !s.IsSuccess() {
		report.PreFilter = new(newVerdict(s.Code(), s.Reasons(), outcome.Plugin))
		return
	}
	report.Filters = make(map[string]map[string]Verdict)
	var feasible []*framework.NodeInfo
	for _, node := range snapshot.List() {
		verdicts := make([]*framework.Status, o.profile.NumFilters())
		o.profile.RunAllFilters(state, pod, node, verdicts)
		name := node.Node().Name
		report.Filters[name] = make(map[string]Verdict)
		for i, s := range verdicts {
			if !s.IsSuccess() {
				report.Filters[name][o.profile.FilterName(i)] = newVerdict(s.Code(), s.Reasons(), "")
			}
		}
		if len(report.Filters[name]) == 0 && (outcome.NodeNames == nil || outcome.NodeNames.Has(name)) {
			feasible = append(feasible, node)
		}
	}
	if len(feasible) == 1 {
		report.Best = []string{feasible[0].Node().Name}
	}
	scored := feasible
	if len(feasible) < 2 {
		scored = snapshot.List()
	}
	o.score(state, pod, scored, report, len(feasible) >= 2)
}

// score runs the score plugins; with rank it also finds the best nodes.
func (o *Ours) score(state *framework.CycleState, pod *framework.PodInfo, nodes []*framework.NodeInfo, report *Report, rank bool) {
	if len(nodes) == 0 {
		return
	}
	if s := o.profile.RunPreScores(state, pod, nodes); !s.IsSuccess() {
		report.Error = report.Error || rank
		return
	}
	scores, s := o.profile.RunScores(state, pod, nodes, func(n int) []int64 { return make([]int64, n) })
	if !s.IsSuccess() {
		report.Error = report.Error || rank
		return
	}
	report.Scores = make(map[string]map[string]Score, len(nodes))
	highest := int64(-1)
	for i, node := range nodes {
		name, total := node.Node().Name, int64(0)
		report.Scores[name] = make(map[string]Score)
		for _, plugin := range scores {
			total += plugin.Normalized[i] * plugin.Weight
			if score := (Score{Raw: plugin.Raw[i], Normalized: plugin.Normalized[i]}); score != (Score{}) {
				report.Scores[name][plugin.Plugin] = score
			}
		}
		switch {
		case !rank || total < highest:
		case total > highest:
			highest, report.Best = total, []string{name}
		default:
			report.Best = append(report.Best, name)
		}
	}
	slices.Sort(report.Best)
}

// cluster is a snapshot of our scheduler's cache. The status of budgets is the
// scenario's: our cache computes it from what pods report, for Pods a controller
// does. So are the objects for volumes, which our cache does not hold.
type cluster struct {
	*cache.Snapshot
	budgets []*policyv1.PodDisruptionBudget
	storage *framework.Storage
}

var (
	_ framework.DisruptionBudgetSnapshot = (*cluster)(nil)
	_ framework.StorageSnapshot          = (*cluster)(nil)
)

func newCluster(s *Scenario) *cluster {
	c := cache.New()
	for _, ns := range s.Namespaces {
		c.SetNamespace(ns.Name, ns.Labels)
	}
	for _, node := range s.Nodes {
		c.SetNode(node)
	}
	for _, pod := range s.Pods {
		c.SetPod(framework.NewPodInfo(pod))
	}
	for _, service := range s.Services {
		c.SetService(service.Namespace, service.Name, service.Spec.Selector)
	}
	for _, rs := range s.ReplicaSets {
		if selector, err := metav1.LabelSelectorAsSelector(rs.Spec.Selector); err == nil {
			c.SetOwner(cache.Owner{UID: rs.UID, Namespace: rs.Namespace, Selector: selector})
		}
	}
	out := &cluster{Snapshot: cache.NewSnapshot(), budgets: s.Budgets, storage: framework.NewStorage(framework.StorageObjects{
		PersistentVolumeClaims: valuesOf(s.PersistentVolumeClaims), PersistentVolumes: valuesOf(s.PersistentVolumes),
		StorageClasses: valuesOf(s.StorageClasses), CSINodes: valuesOf(s.CSINodes), CSIDrivers: valuesOf(s.CSIDrivers),
		CSIStorageCapacities: valuesOf(s.CSIStorageCapacities), VolumeAttachments: valuesOf(s.VolumeAttachments),
	})}
	c.UpdateSnapshot(out.Snapshot)
	return out
}

// DisruptionBudgets implements framework.DisruptionBudgetSnapshot.
func (c *cluster) DisruptionBudgets() []*policyv1.PodDisruptionBudget { return c.budgets }

// Storage implements framework.StorageSnapshot.
func (c *cluster) Storage() *framework.Storage { return c.storage }

func valuesOf[T any](list []*T) []T {
	out := make([]T, len(list))
	for i := range list {
		out[i] = *list[i]
	}
	return out
}
