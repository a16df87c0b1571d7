// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	// podsPerSequence is how many pods are created on one set of nodes.
	podsPerSequence = 40
	// preemptingPercent is how many of them may preempt others.
	preemptingPercent = 15
	// sequenceOffset keeps the sequences' random numbers apart from the scenarios'.
	sequenceOffset = 1 << 32
	// lastLabel is put on a sequence's last node by the last write to any node:
	// who has seen it has seen all nodes.
	lastLabel = "fidelity.glassplane.dev/last"
)

// Placements counts what became of the pods.
type Placements struct {
	// Compared counts pods for which kube-scheduler had one best node, or none.
	Compared, Agree int
	// Ties counts pods for which several nodes were equally good.
	Ties int
	// Preemptions are those of Compared for which others had to go.
	Preemptions int
	// Disagreements describe each difference, with the scenario that led to it.
	Disagreements []PlacementDisagreement
}

// PlacementDisagreement is a pod that the schedulers treat differently.
type PlacementDisagreement struct {
	Scenario *Scenario
	// Real and Ours are the nodes, or why there is none.
	Real, Ours string
	// Best are the nodes that the real plugins score best.
	Best []string
}

// String describes the disagreement with the whole cluster.
func (d PlacementDisagreement) String() string {
	return fmt.Sprintf("%s# kube-scheduler: %s\n# ours:           %s\n# best nodes:     %v\n", d.Scenario.Manifest(), d.Real, d.Ours, d.Best)
}

// sequence is a set of nodes on which pods are created one after the other.
type sequence struct {
	arena      *Arena
	oracle     *Upstream
	generator  *Generator
	result     *Placements
	name       string
	namespaces []*corev1.Namespace
	nodes      []*corev1.Node
	// pods are the Pods that exist, bound.
	pods []*corev1.Pod
	// started counts the pods that were started.
	started int
}

// Setup creates the namespaces of all sequences.
func (a *Arena) Setup(ctx context.Context, seed uint64) ([]*corev1.Namespace, error) {
	namespaces := NewGenerator(seed, sequenceOffset, true).Namespaces()
	for _, ns := range namespaces {
		if err := a.client.Create(ctx, ns); err != nil {
			return nil, fmt.Errorf("creating namespace %s: %w", ns.Name, err)
		}
		bare(ns).Spec = corev1.NamespaceSpec{}
		ns.Status = corev1.NamespaceStatus{}
	}
	return namespaces, nil
}

// RunSequence creates the nodes and pods of one sequence, compares where the
// pods go, and removes everything.
func (a *Arena) RunSequence(ctx context.Context, oracle *Upstream, seed, number uint64, namespaces []*corev1.Namespace, result *Placements) (err error) {
	s := &sequence{
		arena: a, oracle: oracle, result: result, namespaces: namespaces,
		generator: NewGenerator(seed, sequenceOffset+1+number, true),
		name:      fmt.Sprintf("seed %d, sequence %d", seed, number),
	}
	defer func() { err = errors.Join(err, s.cleanUp(ctx)) }()
	if err := s.createNodes(ctx, number); err != nil {
		return err
	}
	for step := range podsPerSequence {
		if len(s.pods) > 0 && s.generator.chance(10) {
			if err := s.removeSome(ctx); err != nil {
				return err
			}
		}
		if err := s.place(ctx, step); err != nil {
			return fmt.Errorf("%s, pod %d: %w", s.name, step, err)
		}
	}
	return nil
}

// createNodes creates each node on both sides and waits until both schedulers
// have seen the last one.
func (s *sequence) createNodes(ctx context.Context, number uint64) error {
	for i := range s.generator.between(3, 12) {
		node := s.generator.Node()
		node.Name = fmt.Sprintf("s%d-n%d", number, i)
		if _, ok := node.Labels[corev1.LabelHostname]; ok {
			node.Labels[corev1.LabelHostname] = node.Name
		}
		if err := s.createNode(ctx, node); err != nil {
			return err
		}
	}
	if err := s.createNode(ctx, lastNode(number)); err != nil {
		return err
	}
	if err := s.barrier(ctx, "created"); err != nil {
		return err
	}
	// How many nodes have an image is counted when a scheduler looks at a changed
	// node, not again when others come. Now all nodes are there: change each.
	for _, node := range s.nodes {
		if err := s.touch(ctx, node); err != nil {
			return err
		}
	}
	return s.barrier(ctx, "touched")
}

// touch changes a label of the node on both sides.
func (s *sequence) touch(ctx context.Context, node *corev1.Node) error {
	value := "touched-" + node.Name
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, lastLabel, value))
	for _, object := range []client.Object{
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node.Name}},
		&v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: node.Name}},
	} {
		if err := s.arena.client.Patch(ctx, object, patch); err != nil {
			return fmt.Errorf("changing a label of %T %s: %w", object, node.Name, err)
		}
	}
	metav1.SetMetaDataLabel(&node.ObjectMeta, lastLabel, value)
	return nil
}

// lastNode returns a node with room for the pod of the barrier, and for others
// that tolerate its taint.
func lastNode(number uint64) *corev1.Node {
	allocatable := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourcePods: resource.MustParse("250"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("s%d-last", number), Labels: map[string]string{lastLabel: fmt.Sprintf("created-s%d", number)}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: lastLabel, Effect: corev1.TaintEffectNoSchedule}}},
		Status:     corev1.NodeStatus{Capacity: allocatable, Allocatable: allocatable},
	}
}

// createNode creates a Node and its SimNode. The API server taints a new Node
// and takes its status apart, so it is written three times; labels last.
func (s *sequence) createNode(ctx context.Context, node *corev1.Node) error {
	sim := simNode(node)
	labels := node.Labels
	sim.Labels = nil
	status := sim.Status
	if err := s.arena.client.Create(ctx, sim); err != nil {
		return fmt.Errorf("creating SimNode %s: %w", node.Name, err)
	}
	sim.Status = status
	if err := s.arena.client.Status().Update(ctx, sim); err != nil {
		return fmt.Errorf("updating the status of SimNode %s: %w", node.Name, err)
	}
	sim.Labels = labels
	if err := s.arena.client.Update(ctx, sim); err != nil {
		return fmt.Errorf("updating SimNode %s: %w", node.Name, err)
	}

	real := node.DeepCopy()
	real.Labels = nil
	if err := s.arena.client.Create(ctx, real); err != nil {
		return fmt.Errorf("creating Node %s: %w", node.Name, err)
	}
	real.Status = node.Status
	if err := s.arena.client.Status().Update(ctx, real); err != nil {
		return fmt.Errorf("updating the status of Node %s: %w", node.Name, err)
	}
	real.Labels, real.Spec.Taints, real.Spec.Unschedulable = labels, node.Spec.Taints, node.Spec.Unschedulable
	if err := s.arena.client.Update(ctx, real); err != nil {
		return fmt.Errorf("updating Node %s: %w", node.Name, err)
	}
	s.nodes = append(s.nodes, bare(real))
	return nil
}

// barrier waits until both schedulers have bound a pod to the last node, and so
// have seen all that was written to nodes before.
func (s *sequence) barrier(ctx context.Context, stage string) error {
	last := s.nodes[len(s.nodes)-1]
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: last.Name + "-" + stage},
		Spec: corev1.PodSpec{
			Containers:   []corev1.Container{{Name: "c", Image: "none"}},
			NodeSelector: map[string]string{lastLabel: last.Labels[lastLabel]},
			Tolerations:  []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		},
	}
	sim := simPod(pod)
	key := client.ObjectKeyFromObject(pod)
	if err := s.arena.client.Create(ctx, pod); err != nil {
		return fmt.Errorf("creating Pod %s: %w", key, err)
	}
	if err := s.arena.client.Create(ctx, sim); err != nil {
		return fmt.Errorf("creating SimPod %s: %w", key, err)
	}
	bound := func(f Fate, _ bool) bool { return f.Node != "" }
	if _, err := s.arena.real.wait(ctx, key, bound); err != nil {
		return fmt.Errorf("kube-scheduler: %w", err)
	}
	if _, err := s.arena.sims.wait(ctx, key, bound); err != nil {
		return fmt.Errorf("our scheduler: %w", err)
	}
	return s.remove(ctx, key)
}

// place creates a pod on both sides and compares what becomes of it.
func (s *sequence) place(ctx context.Context, step int) error {
	pod := s.newPod(step)
	sim := simPod(pod)
	key := client.ObjectKeyFromObject(pod)
	if err := s.arena.client.Create(ctx, pod); err != nil {
		return fmt.Errorf("creating Pod: %w", err)
	}
	if err := s.arena.client.Create(ctx, sim); err != nil {
		return fmt.Errorf("creating SimPod: %w", err)
	}
	scenario := s.scenario(pod)
	expected, err := s.oracle.Expect(ctx, scenario)
	if err != nil {
		return err
	}
	decided := func(f Fate, _ bool) bool {
		// Where room can be made the pod is told so first, and bound later.
		return f.Node != "" || f.Message != "" && len(expected.Preemption) == 0
	}
	real, err := s.arena.real.wait(ctx, key, decided)
	if err != nil {
		return fmt.Errorf("kube-scheduler: %w", err)
	}
	ours, err := s.arena.sims.wait(ctx, key, decided)
	if err != nil {
		return fmt.Errorf("our scheduler: %w", err)
	}
	realVictims, ourVictims := s.victims(s.arena.real), s.victims(s.arena.sims)
	s.compare(scenario, expected, outcome{real, realVictims}, outcome{ours, ourVictims})
	if err := s.waitGone(ctx, ourVictims); err != nil {
		return err
	}
	if real.Node == "" {
		return s.remove(ctx, key)
	}
	if err := s.synchronizeVictims(ctx, realVictims, ourVictims); err != nil {
		return err
	}
	pod.Spec.NodeName = real.Node
	s.pods = append(s.pods, bare(pod))
	if ours.Node != real.Node {
		if err := s.synchronize(ctx, key, sim.Labels, sim.Spec, real.Node); err != nil {
			return err
		}
	}
	return s.start(ctx, pod)
}

// newPod makes a pod that the API server accepts and that is unique. Few may
// preempt, because that takes a scheduler's backoff of a second.
func (s *sequence) newPod(step int) *corev1.Pod {
	pod := s.generator.Pod(s.nodes)
	pod.UID = ""
	pod.Name = fmt.Sprintf("%s-p%d", s.nodes[0].Name, step)
	pod.Spec.PreemptionPolicy = new(corev1.PreemptNever)
	if s.generator.chance(preemptingPercent) {
		pod.Spec.PreemptionPolicy = new(corev1.PreemptLowerPriority)
		pod.Spec.Priority = new(maxUserPriority)
	}
	pod.Spec.PriorityClassName = priorityClass(*pod.Spec.Priority, *pod.Spec.PreemptionPolicy)
	return pod
}

// start reports that the pod runs, as its kubelet would: who has run for longest
// matters in preemption. Pods start one second after the other.
func (s *sequence) start(ctx context.Context, pod *corev1.Pod) error {
	s.started++
	at := metav1.NewTime(epoch.Add(time.Duration(s.started) * time.Second))
	pod.Status.StartTime = &at
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"status":{"startTime":%q}}`, at.UTC().Format(time.RFC3339)))
	meta := metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}
	if err := s.arena.client.Status().Patch(ctx, &corev1.Pod{ObjectMeta: meta}, patch); err != nil {
		return fmt.Errorf("starting Pod: %w", err)
	}
	if err := s.arena.client.Status().Patch(ctx, &v1alpha1.SimPod{ObjectMeta: meta}, patch); err != nil {
		return fmt.Errorf("starting SimPod: %w", err)
	}
	return nil
}

// victims are the pods that one side has lost or deleted, sorted. A pod can be
// bound while one of its victims is still on its way out: without one of them a
// spreading constraint may already be met.
func (s *sequence) victims(b *board) []string {
	var out []string
	for _, pod := range s.pods {
		if key := client.ObjectKeyFromObject(pod); b.going(key) {
			out = append(out, key.String())
		}
	}
	slices.Sort(out)
	return out
}

// waitGone waits until the victims on our side have stopped.
func (s *sequence) waitGone(ctx context.Context, victims []string) error {
	for _, pod := range s.pods {
		key := client.ObjectKeyFromObject(pod)
		if !slices.Contains(victims, key.String()) {
			continue
		}
		if _, err := s.arena.sims.wait(ctx, key, func(_ Fate, exists bool) bool { return !exists }); err != nil {
			return fmt.Errorf("stopping %s on our side: %w", key, err)
		}
	}
	return nil
}

// synchronizeVictims removes on our side what kube-scheduler preempted, and
// brings back what only we did.
func (s *sequence) synchronizeVictims(ctx context.Context, real, ours []string) error {
	var errs []error
	s.pods = slices.DeleteFunc(s.pods, func(pod *corev1.Pod) bool {
		key := client.ObjectKeyFromObject(pod)
		gone, goneOurs := slices.Contains(real, key.String()), slices.Contains(ours, key.String())
		switch {
		case gone && !goneOurs:
			errs = append(errs, s.removeSim(ctx, key))
		case !gone && goneOurs:
			sim := simPod(pod)
			errs = append(errs, s.synchronize(ctx, key, sim.Labels, sim.Spec, pod.Spec.NodeName))
		}
		return gone
	})
	return errors.Join(errs...)
}

// scenario returns the cluster as kube-scheduler sees it.
func (s *sequence) scenario(pod *corev1.Pod) *Scenario {
	return &Scenario{
		Name: s.name, Variation: "default", Namespaces: s.namespaces, Nodes: s.nodes, Pods: slices.Clone(s.pods), Pod: bare(pod.DeepCopy()),
	}
}

// bare removes the metadata that the API server adds, which only makes a
// manifest longer.
func bare[T client.Object](object T) T {
	object.SetManagedFields(nil)
	object.SetCreationTimestamp(metav1.Time{})
	object.SetResourceVersion("")
	object.SetGeneration(0)
	return object
}

// outcome is what became of a pod, and which pods had to go for it.
type outcome struct {
	fate    Fate
	victims []string
}

func (o outcome) String() string {
	text := o.fate.Message
	if o.fate.Node != "" {
		text = "node " + o.fate.Node
	}
	if len(o.victims) > 0 {
		text += " without " + strings.Join(o.victims, " ")
	}
	return text
}

// compare counts the placement. A choice among several best nodes is random,
// but must be one of them.
func (s *sequence) compare(scenario *Scenario, expected *Report, real, ours outcome) {
	agree := real.String() == ours.String()
	switch {
	case len(expected.Best) > 1:
		s.result.Ties++
		agree = slices.Contains(expected.Best, ours.fate.Node) && slices.Contains(expected.Best, real.fate.Node)
	case len(expected.Preemption) > 1:
		s.result.Ties++
		agree = slices.ContainsFunc(expected.Preemption, func(p Preemption) bool { return p.Node == ours.fate.Node })
	default:
		s.result.Compared++
		if len(expected.Preemption) > 0 {
			s.result.Preemptions++
		}
		if agree {
			s.result.Agree++
		}
	}
	if !agree {
		best := expected.Best
		for _, p := range expected.Preemption {
			best = append(best, p.String())
		}
		s.result.Disagreements = append(s.result.Disagreements, PlacementDisagreement{
			Scenario: scenario, Real: real.String(), Ours: ours.String(), Best: best,
		})
	}
}

// synchronize moves our pod to the node where kube-scheduler has it, so that
// both sides are equal again. nodeName cannot change: the pod is created again.
func (s *sequence) synchronize(ctx context.Context, key types.NamespacedName, labels map[string]string, spec v1alpha1.SimPodSpec, node string) error {
	if err := s.removeSim(ctx, key); err != nil {
		return err
	}
	again := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: labels}, Spec: spec}
	again.Spec.NodeName = node
	if err := s.arena.client.Create(ctx, again); err != nil {
		return fmt.Errorf("creating SimPod %s on %s: %w", key, node, err)
	}
	_, err := s.arena.sims.wait(ctx, key, func(f Fate, exists bool) bool { return exists && f.Node == node })
	return err
}

// removeSome removes a random pod, so that nodes do not only fill up.
func (s *sequence) removeSome(ctx context.Context) error {
	i := s.generator.r.IntN(len(s.pods))
	key := client.ObjectKeyFromObject(s.pods[i])
	s.pods = slices.Delete(s.pods, i, i+1)
	return s.remove(ctx, key)
}

// remove deletes the pod on both sides and waits until it is gone.
func (s *sequence) remove(ctx context.Context, key types.NamespacedName) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	err := s.arena.client.Delete(ctx, pod, client.GracePeriodSeconds(0))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting Pod %s: %w", key, err)
	}
	if err := s.removeSim(ctx, key); err != nil {
		return err
	}
	_, err = s.arena.real.wait(ctx, key, gone)
	return err
}

func gone(_ Fate, exists bool) bool { return !exists }

// removeSim deletes a SimPod and waits until it is gone.
func (s *sequence) removeSim(ctx context.Context, key types.NamespacedName) error {
	sim := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	if err := s.arena.client.Delete(ctx, sim); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting SimPod %s: %w", key, err)
	}
	_, err := s.arena.sims.wait(ctx, key, gone)
	return err
}

// cleanUp removes all pods and nodes of the sequence.
func (s *sequence) cleanUp(ctx context.Context) error {
	var errs []error
	for _, pod := range s.pods {
		errs = append(errs, s.remove(ctx, client.ObjectKeyFromObject(pod)))
	}
	for _, node := range s.nodes {
		errs = append(errs,
			s.arena.client.Delete(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node.Name}}),
			s.arena.client.Delete(ctx, &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: node.Name}}))
	}
	return errors.Join(errs...)
}

// maxUserPriority is the highest priority that a PriorityClass may have.
const maxUserPriority int32 = 1_000_000_000

func priorityClass(priority int32, policy corev1.PreemptionPolicy) string {
	return strings.ToLower(fmt.Sprintf("level-%d-%s", int64(priority)+int64(maxUserPriority), policy))
}
