// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
)

// maxPlugins is how many plugins a profile can have: skipped ones are bits of a word.
const maxPlugins = 64

// WeightedPlugin is a plugin and the weight of its scores.
type WeightedPlugin struct {
	Plugin
	// Weight multiplies the plugin's scores; 0 counts as 1. It means nothing for a
	// plugin that does not score.
	Weight int64
	// Off are the extension points that the plugin has and does not run at.
	Off Points
}

// Points are extension points, as a set.
type Points uint8

// The extension points at which a plugin can be switched off.
const (
	AtPreEnqueue Points = 1 << iota
	AtPreFilter
	AtFilter
	AtPostFilter
	AtPreScore
	AtScore
	// Everywhere is all of them.
	Everywhere = AtPreEnqueue | AtPreFilter | AtFilter | AtPostFilter | AtPreScore | AtScore
)

// Profile is the configuration of the scheduler for the pods of one
// schedulerName. It is immutable and can be used by several goroutines.
type Profile struct {
	// SchedulerName is the spec.schedulerName of the profile's pods.
	SchedulerName string
	// PercentageOfNodesToScore is the share of nodes that must fit before the
	// search ends, in percent; 0 lets it shrink as the cluster grows, as in
	// kube-scheduler; 100 always looks at all nodes.
	PercentageOfNodesToScore int32

	plugins []WeightedPlugin
	byName  map[string]int

	preEnqueues []PreEnqueuePlugin
	queueSort   QueueSortPlugin
	preFilters  []indexed[PreFilterPlugin]
	filters     []indexed[FilterPlugin]
	postFilters []PostFilterPlugin
	preScores   []indexed[PreScorePlugin]
	scores      []indexed[ScorePlugin]
}

// indexed is a plugin and its place in the profile.
type indexed[T any] struct {
	index  int
	plugin T
}

// NewProfile returns a profile whose plugins run in the given order. It fails
// where a name is missing or taken twice, a weight is negative, or there is not
// exactly one plugin that sorts the queue.
func NewProfile(schedulerName string, percentageOfNodesToScore int32, plugins ...WeightedPlugin) (*Profile, error) {
	p := &Profile{
		SchedulerName:            schedulerName,
		PercentageOfNodesToScore: percentageOfNodesToScore,
		plugins:                  slices.Clone(plugins),
		byName:                   make(map[string]int, len(plugins)),
	}
	if err := p.validate(); err != nil {
		return nil, fmt.Errorf("profile %q: %w", schedulerName, err)
	}
	for i := range p.plugins {
		if p.plugins[i].Weight == 0 {
			p.plugins[i].Weight = 1
		}
		if err := p.register(i); err != nil {
			return nil, fmt.Errorf("profile %q: %w", schedulerName, err)
		}
	}
	if p.queueSort == nil {
		return nil, fmt.Errorf("profile %q: no plugin sorts the queue", schedulerName)
	}
	return p, nil
}

func (p *Profile) validate() error {
	var errs []error
	if p.SchedulerName == "" {
		errs = append(errs, errors.New("schedulerName must not be empty"))
	}
	if p.PercentageOfNodesToScore < 0 || p.PercentageOfNodesToScore > 100 {
		errs = append(errs, fmt.Errorf("percentageOfNodesToScore must be from 0 to 100, not %d", p.PercentageOfNodesToScore))
	}
	if len(p.plugins) > maxPlugins {
		errs = append(errs, fmt.Errorf("at most %d plugins, not %d", maxPlugins, len(p.plugins)))
	}
	for _, plugin := range p.plugins {
		if plugin.Weight < 0 || plugin.Weight > 100 {
			errs = append(errs, fmt.Errorf("weight of %s must be from 0 to 100, not %d", plugin.Name(), plugin.Weight))
		}
	}
	return errors.Join(errs...)
}

// register adds plugin i to the list of each extension point that it implements
// and runs at.
func (p *Profile) register(i int) error {
	plugin, off := p.plugins[i].Plugin, p.plugins[i].Off
	if _, taken := p.byName[plugin.Name()]; taken {
		return fmt.Errorf("plugin %s is enabled twice", plugin.Name())
	}
	p.byName[plugin.Name()] = i
	if x, ok := plugin.(QueueSortPlugin); ok {
		if p.queueSort != nil {
			return fmt.Errorf("both %s and %s sort the queue", p.queueSort.Name(), plugin.Name())
		}
		p.queueSort = x
	}
	if x, ok := plugin.(PreEnqueuePlugin); ok && off&AtPreEnqueue == 0 {
		p.preEnqueues = append(p.preEnqueues, x)
	}
	if x, ok := plugin.(PreFilterPlugin); ok && off&AtPreFilter == 0 {
		p.preFilters = append(p.preFilters, indexed[PreFilterPlugin]{i, x})
	}
	if x, ok := plugin.(FilterPlugin); ok && off&AtFilter == 0 {
		p.filters = append(p.filters, indexed[FilterPlugin]{i, x})
	}
	if x, ok := plugin.(PostFilterPlugin); ok && off&AtPostFilter == 0 {
		p.postFilters = append(p.postFilters, x)
	}
	if x, ok := plugin.(PreScorePlugin); ok && off&AtPreScore == 0 {
		p.preScores = append(p.preScores, indexed[PreScorePlugin]{i, x})
	}
	if x, ok := plugin.(ScorePlugin); ok && off&AtScore == 0 {
		p.scores = append(p.scores, indexed[ScorePlugin]{i, x})
	}
	return nil
}

// Plugins returns the plugins in their order.
func (p *Profile) Plugins() []WeightedPlugin { return slices.Clone(p.plugins) }

// QueueSort returns the plugin that sorts the queue.
func (p *Profile) QueueSort() QueueSortPlugin { return p.queueSort }

// NumFilters returns the number of filter plugins. Filters are known by their
// place, from 0.
func (p *Profile) NumFilters() int { return len(p.filters) }

// RunPreEnqueue asks whether the pod may be tried at all. It returns the first
// objection and the plugin that has it.
func (p *Profile) RunPreEnqueue(pod *corev1.Pod) (plugin string, status *Status) {
	for _, x := range p.preEnqueues {
		if s := x.PreEnqueue(pod); !s.IsSuccess() {
			return x.Name(), s
		}
	}
	return "", nil
}

// PreFilterOutcome is what all PreFilter plugins said together.
type PreFilterOutcome struct {
	// NodeNames are the only nodes to consider; nil for all.
	NodeNames sets.Set[string]
	// Status is the rejection for all nodes; nil where there is none.
	Status *Status
	// Plugin is the one that rejected the pod; empty where several did together by
	// naming no common node.
	Plugin string
	// NodePlugins are the plugins that named nodes.
	NodePlugins sets.Set[string]
}

// RunPreFilters runs the PreFilter plugins. It mirrors RunPreFilterPlugins of
// kube-scheduler: after Unschedulable the others still run, because preemption
// needs their state.
func (p *Profile) RunPreFilters(state *CycleState, pod *PodInfo) PreFilterOutcome {
	out := PreFilterOutcome{NodePlugins: sets.New[string]()}
	for _, x := range p.preFilters {
		name := x.plugin.Name()
		result, s := x.plugin.PreFilter(state, pod)
		switch s.Code() {
		case Success:
		case Skip:
			state.skipFilter |= 1 << x.index
			continue
		case Unschedulable, Pending:
			out.Status, out.Plugin = s, name
			continue
		case UnschedulableAndUnresolvable:
			out.Status, out.Plugin, out.NodePlugins = s, name, nil
			return out
		default:
			out.Status, out.Plugin = AsStatus(fmt.Errorf("running PreFilter plugin %q: %w", name, s.AsError())), name
			return out
		}
		if out.narrow(name, result); out.Status.Code() == UnschedulableAndUnresolvable {
			return out
		}
	}
	p.activate(state)
	return out
}

// narrow intersects the nodes to consider with those that a plugin named.
func (o *PreFilterOutcome) narrow(plugin string, result *PreFilterResult) {
	if result == nil || result.NodeNames == nil {
		return
	}
	o.NodePlugins.Insert(plugin)
	if o.NodeNames == nil {
		o.NodeNames = result.NodeNames.Clone()
	} else {
		o.NodeNames = o.NodeNames.Intersection(result.NodeNames)
	}
	if len(o.NodeNames) > 0 {
		return
	}
	names := sets.List(o.NodePlugins)
	message := fmt.Sprintf("node(s) didn't satisfy plugin(s) %v simultaneously", names)
	if len(names) == 1 {
		message = "node(s) didn't satisfy plugin " + names[0]
	}
	o.Status, o.Plugin = NewStatus(UnschedulableAndUnresolvable, message), ""
}

// activate lists the filters that are not skipped, so that the loop over nodes
// does not ask again.
func (p *Profile) activate(state *CycleState) {
	state.active = make([]int, 0, len(p.filters))
	for i, f := range p.filters {
		if state.skipFilter&(1<<f.index) == 0 {
			state.active = append(state.active, i)
		}
	}
}

// HasScores is true where the profile has plugins that score.
func (p *Profile) HasScores() bool { return len(p.scores) > 0 }

// HasPostFilters is true where the profile has plugins that make room.
func (p *Profile) HasPostFilters() bool { return len(p.postFilters) > 0 }

// FilterName returns the name of a filter.
func (p *Profile) FilterName(filter int) string { return p.filters[filter].plugin.Name() }

// Blame returns pods because of which the filter rejects the node; none where the
// plugin does not say, or where it is due to something else.
func (p *Profile) Blame(state *CycleState, filter int, pod *PodInfo, node *NodeInfo) []*PodInfo {
	if x, ok := p.filters[filter].plugin.(BlamePlugin); ok {
		return x.Blame(state, pod, node)
	}
	return nil
}

// BlameObjects returns objects because of which the plugin rejects the node, or
// the pod where node is nil; none where the plugin does not say.
func (p *Profile) BlameObjects(state *CycleState, plugin string, pod *PodInfo, node *NodeInfo) []evidence.ObjectReference {
	i, ok := p.byName[plugin]
	if !ok {
		return nil
	}
	if x, ok := p.plugins[i].Plugin.(ObjectBlamePlugin); ok {
		return x.BlameObjects(state, pod, node)
	}
	return nil
}

// FilterSkipped is true where the filter returned Skip in this cycle.
func (p *Profile) FilterSkipped(state *CycleState, filter int) bool {
	return state.skipFilter&(1<<p.filters[filter].index) != 0
}

// RunFiltersUntil runs the filters on the node until one objects. It returns
// its status and its place; nil and -1 where none does.
func (p *Profile) RunFiltersUntil(state *CycleState, pod *PodInfo, node *NodeInfo) (*Status, int) {
	for _, i := range state.active {
		if s := p.filters[i].plugin.Filter(state, pod, node); !s.IsSuccess() {
			return s, i
		}
	}
	return nil, -1
}

// RunFilters implements FilterRunner.
func (p *Profile) RunFilters(state *CycleState, pod *PodInfo, node *NodeInfo) *Status {
	s, _ := p.RunFiltersUntil(state, pod, node)
	return s
}

// RunAllFilters runs every filter that is not skipped, also after one has
// objected; verdicts[i] belongs to filter i.
func (p *Profile) RunAllFilters(state *CycleState, pod *PodInfo, node *NodeInfo, verdicts []*Status) (first *Status, plugin int) {
	plugin = -1
	for _, i := range state.active {
		verdicts[i] = p.filters[i].plugin.Filter(state, pod, node)
		if plugin < 0 && !verdicts[i].IsSuccess() {
			first, plugin = verdicts[i], i
		}
	}
	return first, plugin
}

// RunAddPod implements FilterRunner.
func (p *Profile) RunAddPod(state *CycleState, pod, added *PodInfo, node *NodeInfo) *Status {
	return p.runExtensions(state, func(x PreFilterExtensions) *Status { return x.AddPod(state, pod, added, node) })
}

// RunRemovePod implements FilterRunner.
func (p *Profile) RunRemovePod(state *CycleState, pod, removed *PodInfo, node *NodeInfo) *Status {
	return p.runExtensions(state, func(x PreFilterExtensions) *Status { return x.RemovePod(state, pod, removed, node) })
}

func (p *Profile) runExtensions(state *CycleState, run func(PreFilterExtensions) *Status) *Status {
	for _, x := range p.preFilters {
		extensions, ok := x.plugin.(PreFilterExtensions)
		if !ok || state.skipFilter&(1<<x.index) != 0 {
			continue
		}
		if s := run(extensions); !s.IsSuccess() {
			return AsStatus(fmt.Errorf("updating the state of plugin %q: %w", x.plugin.Name(), s.AsError()))
		}
	}
	return nil
}

// RunPostFilters asks the plugins to make room, until one can. It mirrors
// RunPostFilterPlugins of kube-scheduler; the messages of those that cannot are joined.
func (p *Profile) RunPostFilters(state *CycleState, pod *PodInfo, statuses NodeStatuses) (*PostFilterResult, *Status) {
	var last *PostFilterResult
	var reasons []string
	for _, x := range p.postFilters {
		result, s := x.PostFilter(state, p, pod, statuses)
		switch {
		case s.IsSuccess(), s.Code() == UnschedulableAndUnresolvable:
			return result, s
		case !s.IsRejected():
			return nil, AsStatus(fmt.Errorf("running PostFilter plugin %q: %w", x.Name(), s.AsError()))
		case result != nil:
			last = result
		}
		reasons = append(reasons, s.Reasons()...)
	}
	return last, NewStatus(Unschedulable, reasons...)
}

// RunPreScores runs the PreScore plugins on the nodes that fit.
func (p *Profile) RunPreScores(state *CycleState, pod *PodInfo, nodes []*NodeInfo) *Status {
	for _, x := range p.preScores {
		s := x.plugin.PreScore(state, pod, nodes)
		switch {
		case s.IsSkip():
			state.skipScore |= 1 << x.index
		case !s.IsSuccess():
			return AsStatus(fmt.Errorf("running PreScore plugin %q: %w", x.plugin.Name(), s.AsError()))
		}
	}
	return nil
}

// NodeScores are the scores that one plugin gave; index i belongs to node i.
type NodeScores struct {
	// Plugin is the name of the plugin.
	Plugin string
	// Weight of the plugin in the profile.
	Weight int64
	// Raw is what Score returned.
	Raw []int64
	// Normalized is Raw after NormalizeScore; the same slice where the plugin does
	// not normalize.
	Normalized []int64
}

// RunScores runs the Score plugins that are not skipped and normalizes what
// they return. It mirrors RunScorePlugins of kube-scheduler, but plugin by
// plugin: that keeps one plugin's code and state in the processor's caches.
// alloc returns a slice for n scores.
func (p *Profile) RunScores(state *CycleState, pod *PodInfo, nodes []*NodeInfo, alloc func(n int) []int64) ([]NodeScores, *Status) {
	out := make([]NodeScores, 0, len(p.scores))
	for _, x := range p.scores {
		if state.skipScore&(1<<x.index) != 0 {
			continue
		}
		scores := NodeScores{Plugin: x.plugin.Name(), Weight: p.plugins[x.index].Weight, Raw: alloc(len(nodes))}
		for i, node := range nodes {
			score, s := x.plugin.Score(state, pod, node)
			if !s.IsSuccess() {
				return nil, AsStatus(fmt.Errorf("running Score plugin %q: %w", scores.Plugin, s.AsError()))
			}
			scores.Raw[i] = score
		}
		if s := scores.normalize(x.plugin, state, pod, nodes, alloc); !s.IsSuccess() {
			return nil, s
		}
		out = append(out, scores)
	}
	return out, nil
}

func (n *NodeScores) normalize(plugin ScorePlugin, state *CycleState, pod *PodInfo, nodes []*NodeInfo, alloc func(n int) []int64) *Status {
	n.Normalized = n.Raw
	if x, ok := plugin.(ScoreExtensions); ok {
		n.Normalized = alloc(len(nodes))
		copy(n.Normalized, n.Raw)
		if s := x.NormalizeScore(state, pod, nodes, n.Normalized); !s.IsSuccess() {
			return AsStatus(fmt.Errorf("normalizing the scores of plugin %q: %w", n.Plugin, s.AsError()))
		}
	}
	for i, score := range n.Normalized {
		if score < MinNodeScore || score > MaxNodeScore {
			return AsStatus(fmt.Errorf("plugin %q gives node %q the invalid score %d, it must be from %d to %d",
				n.Plugin, nodes[i].Node().Name, score, MinNodeScore, MaxNodeScore))
		}
	}
	return nil
}
