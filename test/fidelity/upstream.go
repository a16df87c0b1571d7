// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	resourceslicetracker "k8s.io/dynamic-resource-allocation/resourceslice/tracker"
	"k8s.io/klog/v2"
	configv1 "k8s.io/kube-scheduler/config/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	frameworkplugins "k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/dynamicresources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/util/assumecache"
)

// preemptionTries is how often kube-scheduler picks among its candidates, to
// find those that it holds for equally good: it iterates over a map.
const preemptionTries = 32

// Upstream is kube-scheduler in this process: its scheduling algorithm, and its
// plugins one by one. It is for one goroutine.
type Upstream struct {
	scheduler *scheduler.Scheduler
	snapshot  *internalcache.Snapshot
	framework framework.Framework
	nominated nominated
	// plugins are the instances that the framework runs, in its order.
	plugins []fwk.Plugin

	namespaces, budgets, pods, services, replicaSets                                  cache.Indexer
	claims, volumes, classes, csiNodes, csiDrivers, csiStorageCapacities, attachments cache.Indexer
}

// NewUpstream returns kube-scheduler with the default profile, of which only
// the named plugins run; configure changes their arguments.
func NewUpstream(ctx context.Context, enabled []string, configure func(*config.KubeSchedulerProfile)) (*Upstream, error) {
	profile, err := defaultProfile(enabled)
	if err != nil {
		return nil, err
	}
	if configure != nil {
		configure(profile)
	}
	u := &Upstream{snapshot: internalcache.NewEmptySnapshot()}
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	recorder := events.NewEventBroadcasterAdapterWithContext(ctx, client).NewRecorder("fidelity")
	u.scheduler, err = scheduler.New(ctx, client, factory, nil,
		func(string) events.EventRecorderLogger { return recorder },
		scheduler.WithProfiles(*profile), scheduler.WithNodeInfoSnapshot(u.snapshot))
	if err != nil {
		return nil, fmt.Errorf("building kube-scheduler: %w", err)
	}
	dra, err := newDRAManager(ctx, client, factory)
	if err != nil {
		return nil, err
	}
	u.framework, err = frameworkruntime.NewFramework(ctx, u.recording(), profile,
		frameworkruntime.WithClientSet(client),
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithSharedDRAManager(dra),
		frameworkruntime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(factory.Storage().V1().CSINodes().Lister())),
		frameworkruntime.WithSnapshotSharedLister(u.snapshot),
		frameworkruntime.WithMutableSnapshotLister(u.snapshot),
		frameworkruntime.WithPodNominator(&u.nominated),
		frameworkruntime.WithPodActivator(u.scheduler.SchedulingQueue),
		frameworkruntime.WithWaitingPods(frameworkruntime.NewWaitingPodsMap()),
		frameworkruntime.WithPodsInPreBind(frameworkruntime.NewPodsInPreBindMap()),
		frameworkruntime.WithPodGroupManager(u.scheduler.Cache),
		frameworkruntime.WithEventRecorder(recorder),
	)
	if err != nil {
		return nil, fmt.Errorf("building kube-scheduler's plugins: %w", err)
	}
	u.namespaces = factory.Core().V1().Namespaces().Informer().GetIndexer()
	u.budgets = factory.Policy().V1().PodDisruptionBudgets().Informer().GetIndexer()
	u.services = factory.Core().V1().Services().Informer().GetIndexer()
	u.replicaSets = factory.Apps().V1().ReplicaSets().Informer().GetIndexer()
	u.pods = factory.Core().V1().Pods().Informer().GetIndexer()
	u.claims = factory.Core().V1().PersistentVolumeClaims().Informer().GetIndexer()
	u.volumes = factory.Core().V1().PersistentVolumes().Informer().GetIndexer()
	u.classes = factory.Storage().V1().StorageClasses().Informer().GetIndexer()
	u.csiNodes = factory.Storage().V1().CSINodes().Informer().GetIndexer()
	u.csiDrivers = factory.Storage().V1().CSIDrivers().Informer().GetIndexer()
	u.csiStorageCapacities = factory.Storage().V1().CSIStorageCapacities().Informer().GetIndexer()
	u.attachments = factory.Storage().V1().VolumeAttachments().Informer().GetIndexer()
	return u, nil
}

// newDRAManager returns what NodeResourcesFit asks whether an extended resource
// is a device; there are no devices here.
func newDRAManager(ctx context.Context, client kubernetes.Interface, factory informers.SharedInformerFactory) (fwk.SharedDRAManager, error) {
	tracker, err := resourceslicetracker.StartTracker(ctx, resourceslicetracker.Options{
		SliceInformer: factory.Resource().V1().ResourceSlices(), KubeClient: client,
	})
	if err != nil {
		return nil, fmt.Errorf("tracking resource slices: %w", err)
	}
	claims := assumecache.NewAssumeCache(klog.FromContext(ctx), factory.Resource().V1().ResourceClaims().Informer(), "ResourceClaim", "", nil)
	return dynamicresources.NewDRAManager(ctx, claims, tracker, factory), nil
}

// recording returns the registry of plugins, whose instances are kept.
func (u *Upstream) recording() frameworkruntime.Registry {
	registry := frameworkplugins.NewInTreeRegistry()
	for name, factory := range registry {
		registry[name] = func(ctx context.Context, args runtime.Object, handle fwk.Handle) (fwk.Plugin, error) {
			plugin, err := factory(ctx, args, handle)
			u.plugins = append(u.plugins, plugin)
			return plugin, err
		}
	}
	return registry
}

// defaultProfile returns kube-scheduler's default profile with the enabled
// plugins only, and the one that binds, without which there is no profile.
func defaultProfile(enabled []string) (*config.KubeSchedulerProfile, error) {
	var versioned configv1.KubeSchedulerConfiguration
	scheme.Scheme.Default(&versioned)
	var internal config.KubeSchedulerConfiguration
	if err := scheme.Scheme.Convert(&versioned, &internal, nil); err != nil {
		return nil, fmt.Errorf("reading the default profile: %w", err)
	}
	profile := &internal.Profiles[0]
	names := sets.New(enabled...).Insert("DefaultBinder", "PrioritySort")
	profile.Plugins.MultiPoint.Enabled = slices.DeleteFunc(profile.Plugins.MultiPoint.Enabled,
		func(p config.Plugin) bool { return !names.Has(p.Name) })
	profile.PluginConfig = slices.DeleteFunc(profile.PluginConfig,
		func(p config.PluginConfig) bool { return !names.Has(p.Name) })
	return profile, nil
}

// FilterPlugins and ScorePlugins return the names of the plugins that filter or score.
func (u *Upstream) FilterPlugins() []string { return namesOf[fwk.FilterPlugin](u.plugins) }

// ScorePlugins returns the names of the plugins that score.
func (u *Upstream) ScorePlugins() []string { return namesOf[fwk.ScorePlugin](u.plugins) }

func namesOf[T fwk.Plugin](plugins []fwk.Plugin) []string {
	var out []string
	for _, p := range plugins {
		if _, ok := p.(T); ok {
			out = append(out, p.Name())
		}
	}
	slices.Sort(out)
	return out
}

// Judge returns all that kube-scheduler says of the scenario.
func (u *Upstream) Judge(ctx context.Context, s *Scenario) (*Report, error) {
	if err := u.load(s); err != nil {
		return nil, err
	}
	pod := admitted(s.Pod)
	report := &Report{}
	if err := u.decide(ctx, pod, report); err != nil {
		return nil, err
	}
	u.judgeNodes(ctx, pod, report)
	u.judgeQueueing(ctx, pod, report)
	return report, nil
}

// judgeQueueing asks whether the pod may be tried at all.
func (u *Upstream) judgeQueueing(ctx context.Context, pod *corev1.Pod, report *Report) {
	for _, plugin := range u.plugins {
		if x, ok := plugin.(fwk.PreEnqueuePlugin); ok {
			if s := x.PreEnqueue(ctx, pod); !s.IsSuccess() {
				report.PreEnqueue = new(newVerdict(s.Code(), s.Reasons(), plugin.Name()))
				return
			}
		}
	}
}

// Expect returns what kube-scheduler decides: the best nodes, or the message and
// how room can be made.
func (u *Upstream) Expect(ctx context.Context, s *Scenario) (*Report, error) {
	if err := u.load(s); err != nil {
		return nil, err
	}
	pod := admitted(s.Pod)
	report := &Report{}
	if err := u.decide(ctx, pod, report); err != nil {
		return nil, err
	}
	if report.Message == "" {
		u.judgeNodes(ctx, pod, report)
	}
	return report, nil
}

// load makes the cluster of the scenario the one that the plugins see.
func (u *Upstream) load(s *Scenario) error {
	nodes := sets.New[string]()
	for _, node := range s.Nodes {
		nodes.Insert(node.Name)
	}
	var pods []*corev1.Pod
	for _, pod := range s.Pods {
		if nodes.Has(pod.Spec.NodeName) { // NewSnapshot cannot do without the node
			pods = append(pods, admitted(pod))
		}
	}
	u.nominated.set(s.Nominated)
	*u.snapshot = *internalcache.NewSnapshot(pods, s.Nodes)
	return errors.Join(
		replace(u.namespaces, s.Namespaces),
		replace(u.budgets, s.Budgets),
		replace(u.services, s.Services),
		replace(u.replicaSets, s.ReplicaSets),
		replace(u.claims, s.PersistentVolumeClaims),
		replace(u.volumes, s.PersistentVolumes),
		replace(u.classes, s.StorageClasses),
		replace(u.csiNodes, s.CSINodes),
		replace(u.csiDrivers, s.CSIDrivers),
		replace(u.csiStorageCapacities, s.CSIStorageCapacities),
		replace(u.attachments, s.VolumeAttachments),
		replace(u.pods, append(slices.Clone(pods), s.Pod)))
}

func replace[T any](indexer cache.Indexer, objects []T) error {
	list := make([]any, len(objects))
	for i, object := range objects {
		list[i] = object
	}
	return indexer.Replace(list, "")
}

// decide runs kube-scheduler's own cycle.
func (u *Upstream) decide(ctx context.Context, pod *corev1.Pod, report *Report) error {
	info, _ := framework.NewPodInfo(pod) // the queue ignores the error, too
	state := framework.NewCycleState()
	result, err := u.scheduler.SchedulePod(ctx, u.framework, state, &framework.QueuedPodInfo{PodInfo: info})
	var fit *framework.FitError
	switch {
	case err == nil:
		report.Chosen, report.Fit = result.SuggestedHost, result.FeasibleNodes
	case errors.As(err, &fit):
		return u.preempt(ctx, state, pod, fit, report)
	case errors.Is(err, scheduler.ErrNoNodesAvailable):
		report.Message = err.Error()
	default:
		report.Error = true
	}
	return nil
}

// preempt mirrors what the cycle does after a FitError (schedulingAlgorithm of
// schedule_one.go), but deletes no pod.
func (u *Upstream) preempt(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, fit *framework.FitError, report *Report) error {
	i := slices.IndexFunc(u.plugins, func(p fwk.Plugin) bool { return p.Name() == defaultpreemption.Name })
	if i < 0 {
		report.Message = fit.Error()
		return nil
	}
	plugin := u.plugins[i].(*defaultpreemption.DefaultPreemption)
	statuses := fit.Diagnosis.NodeToStatus
	if eligible, _ := plugin.PodEligibleToPreemptOthers(ctx, pod, statuses.Get(pod.Status.NominatedNodeName)); eligible {
		if err := u.dryRun(ctx, plugin, state, pod, statuses, report); err != nil {
			return err
		}
	}
	if report.preemptionFailed() {
		report.Message = fit.Error()
		return nil
	}
	if len(report.Preemption) > 0 {
		fit.Diagnosis.PostFilterMsg = report.Preemption[0].message()
	} else {
		_, status := u.framework.RunPostFilterPlugins(ctx, state, pod, statuses)
		fit.Diagnosis.PostFilterMsg = status.Message()
	}
	report.Message = fit.Error()
	return nil
}

// dryRun finds the candidates and those of them that count as equally good.
func (u *Upstream) dryRun(ctx context.Context, plugin *defaultpreemption.DefaultPreemption, state fwk.CycleState,
	pod *corev1.Pod, statuses *framework.NodeToStatus, report *Report,
) error {
	nodes, err := statuses.NodesForStatusCode(u.snapshot.NodeInfos(), fwk.Unschedulable)
	if err != nil || len(nodes) == 0 {
		return err
	}
	var budgets []*policyv1.PodDisruptionBudget
	for _, object := range u.budgets.List() {
		budgets = append(budgets, object.(*policyv1.PodDisruptionBudget))
	}
	candidates, _, err := plugin.Evaluator.DryRunPreemption(ctx, state, pod, nodes, budgets, 0, int32(len(nodes)))
	if len(candidates) == 0 {
		if err != nil {
			report.Preemption = []Preemption{{Failed: true}}
		}
		return nil
	}
	seen := sets.New[string]()
	for range preemptionTries {
		best := plugin.Evaluator.SelectCandidate(ctx, candidates)
		if seen.Has(best.Name()) {
			continue
		}
		seen.Insert(best.Name())
		p := Preemption{Node: best.Name()}
		for _, victim := range best.Victims().Pods {
			p.Victims = append(p.Victims, victim.Namespace+"/"+victim.Name)
		}
		slices.Sort(p.Victims)
		report.Preemption = append(report.Preemption, p)
	}
	return nil
}

// judgeNodes asks each plugin about each node.
func (u *Upstream) judgeNodes(ctx context.Context, pod *corev1.Pod, report *Report) {
	state := framework.NewCycleState()
	result, status, _ := u.framework.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		report.PreFilter = new(newVerdict(status.Code(), status.Reasons(), status.Plugin()))
		return
	}
	all, err := u.snapshot.NodeInfos().List()
	if err != nil {
		report.Error = true
		return
	}
	report.Filters = make(map[string]map[string]Verdict, len(all))
	var feasible []fwk.NodeInfo
	for _, node := range all {
		name := node.Node().Name
		if report.Filters[name] = u.filters(ctx, state, pod, node); len(report.Filters[name]) == 0 &&
			(result.AllNodes() || result.NodeNames.Has(name)) {
			feasible = append(feasible, node)
		}
	}
	if len(feasible) == 1 {
		report.Best = []string{feasible[0].Node().Name}
	}
	scored := feasible
	if len(feasible) < 2 {
		scored = all // more to compare: what the plugins would say
	}
	u.score(ctx, state, pod, scored, report, len(feasible) >= 2)
}

// filters returns what all filters say of the node, also after one has objected.
func (u *Upstream) filters(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, node fwk.NodeInfo) map[string]Verdict {
	out := make(map[string]Verdict)
	for _, plugin := range u.plugins {
		filter, ok := plugin.(fwk.FilterPlugin)
		if !ok || state.GetSkipFilterPlugins().Has(plugin.Name()) {
			continue
		}
		if s := filter.Filter(ctx, state, pod, node); !s.IsSuccess() {
			out[plugin.Name()] = newVerdict(s.Code(), s.Reasons(), "")
		}
	}
	return out
}

// score runs the score plugins; with rank it also finds the best nodes.
func (u *Upstream) score(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, nodes []fwk.NodeInfo, report *Report, rank bool) {
	if len(nodes) == 0 {
		return
	}
	if s := u.framework.RunPreScorePlugins(ctx, state, pod, nodes); !s.IsSuccess() {
		report.Error = report.Error || rank
		return
	}
	scores, s := u.framework.RunScorePlugins(ctx, state, pod, nodes)
	if !s.IsSuccess() {
		report.Error = report.Error || rank
		return
	}
	weights := u.weights()
	report.Scores = make(map[string]map[string]Score, len(nodes))
	highest := int64(-1)
	for _, node := range scores {
		byPlugin := make(map[string]Score)
		for i, raw := range node.RawScores {
			// Scores are weighted; weights are known, and never 0.
			score := Score{Raw: raw.Score, Normalized: node.Scores[i].Score / weights[raw.Name]}
			if score != (Score{}) {
				byPlugin[raw.Name] = score
			}
		}
		report.Scores[node.Name] = byPlugin
		switch {
		case !rank || node.TotalScore < highest:
		case node.TotalScore > highest:
			highest, report.Best = node.TotalScore, []string{node.Name}
		default:
			report.Best = append(report.Best, node.Name)
		}
	}
	slices.Sort(report.Best)
}

func (u *Upstream) weights() map[string]int64 {
	out := make(map[string]int64)
	for _, p := range u.framework.ListPlugins().Score.Enabled {
		out[p.Name] = int64(p.Weight)
	}
	return out
}
