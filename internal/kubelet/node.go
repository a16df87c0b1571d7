// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"hash/fnv"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	// DefaultHeartbeatInterval is a kubelet's nodeLeaseRenewIntervalFraction of
	// its 40 s nodeLeaseDurationSeconds.
	DefaultHeartbeatInterval = 10 * time.Second
	// leaseIntervals is how many intervals a Lease lasts, as a kubelet's does.
	leaseIntervals = 4
	// defaultPods is kubelet's default for maxPods.
	defaultPods = 110

	operatingSystem = "linux"
	architecture    = "amd64"
)

// NodeFacts is what a node knows of itself beside its object.
type NodeFacts struct {
	// KubeletVersion is what the node reports as its kubelet's version.
	KubeletVersion string
	// Address is the node's address, given at registration; see NodeIP. It is
	// used only where the node has none yet.
	Address string
	// CrashedBy names the fault that has the node switched off; empty where none has.
	CrashedBy string
	// CutOff says that the node does not reach the API server.
	CutOff bool
}

// NodeResult is what a node's kubelet does next with its SimNode.
type NodeResult struct {
	// Labels that are missing and have to be set.
	Labels map[string]string
	// Taints is what spec.taints has to be; nil where it is right.
	Taints []corev1.Taint
	// Status is the status to report. Labels and taints are to be written before,
	// so that no scheduler takes a booting node for a ready one.
	Status v1alpha1.SimNodeStatus
	// Changed says whether Status differs from the node's.
	Changed bool
	// Mark is what AnnotationCrashed has to be; empty where it is right.
	Mark string
	// Unmark says that AnnotationCrashed has to go, once Status is written: the node
	// reboots.
	Unmark bool
	// Wake is when Next has something new to say: the end of the boot delay.
	// Later than now, or zero.
	Wake time.Time
}

// NextNode returns what the kubelet of a node reports: its registration, the end
// of its boot and of each reboot, and that it is back after it was taken for dead. It leaves
// allocated and podCount alone, see Allocated.
//
// A node that boots registers with the taint node.kubernetes.io/not-ready, as
// the admission plugin TaintNodesByCondition of kube-apiserver has it. The node
// lifecycle controller removes it once the node is ready, as upstream.
func NextNode(node *v1alpha1.SimNode, facts NodeFacts, now time.Time) NodeResult {
	switch {
	case facts.CrashedBy != "" && !Crashed(node):
		return NodeResult{Status: *node.Status.DeepCopy(), Mark: facts.CrashedBy}
	case facts.CrashedBy != "" || facts.CutOff:
		return NodeResult{Status: *node.Status.DeepCopy()}
	}
	r := NodeResult{Status: *node.Status.DeepCopy(), Labels: missingLabels(node), Unmark: Crashed(node)}
	ready := meta.FindStatusCondition(node.Status.Conditions, v1alpha1.SimNodeReady)
	// Once a node has been ready, a change of the boot delay does not matter.
	booted := ready != nil && ready.Status != metav1.ConditionFalse
	bootEnd := node.CreationTimestamp.Add(bootDelay(node))
	bootedAt := BootedAt(node)
	if r.Unmark && !bootedAt.After(now) {
		bootedAt = rebootAt(node, now)
	}
	if !bootedAt.IsZero() {
		booted, bootEnd = booted && !bootedAt.After(now), bootedAt
	}
	if !booted && now.Before(bootEnd) {
		r.Wake = bootEnd
		if ready == nil {
			r.Taints = withNotReadyTaint(node.Spec.Taints)
		}
		setReady(&r.Status, node.Generation, metav1.ConditionFalse, v1alpha1.ReasonNodeBooting, "node is booting", now)
	} else {
		setReady(&r.Status, node.Generation, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady, "kubelet is posting ready status", now)
	}
	r.Status.ObservedGeneration = node.Generation
	r.Status.Capacity = capacity(node)
	r.Status.Allocatable = allocatable(r.Status.Capacity, node.Spec.Reserved)
	if len(r.Status.Addresses) == 0 {
		r.Status.Addresses = []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: facts.Address},
			{Type: corev1.NodeHostName, Address: node.Name},
		}
	}
	r.Status.NodeInfo = &v1alpha1.SimNodeInfo{
		KubeletVersion:  facts.KubeletVersion,
		OperatingSystem: labelOr(node, corev1.LabelOSStable, operatingSystem),
		Architecture:    labelOr(node, corev1.LabelArchStable, architecture),
		BootID:          bootID(node, bootedAt),
	}
	if !bootedAt.IsZero() {
		r.Status.NodeInfo.BootedAt = &metav1.Time{Time: bootedAt}
	}
	r.Status.Summary = NodeSummary(node, r.Status.Conditions)
	r.Changed = !equality.Semantic.DeepEqual(r.Status, node.Status)
	return r
}

func bootDelay(node *v1alpha1.SimNode) time.Duration {
	if node.Spec.Simulation == nil || node.Spec.Simulation.BootDelay == nil {
		return 0
	}
	return max(0, min(node.Spec.Simulation.BootDelay.Duration, longest))
}

// missingLabels are the labels that a kubelet registers with. A label that is
// there is the user's.
func missingLabels(node *v1alpha1.SimNode) map[string]string {
	want := map[string]string{
		corev1.LabelHostname:   node.Name,
		corev1.LabelOSStable:   operatingSystem,
		corev1.LabelArchStable: architecture,
	}
	maps.DeleteFunc(want, func(key, _ string) bool {
		_, has := node.Labels[key]
		return has
	})
	return want
}

func labelOr(node *v1alpha1.SimNode, key, otherwise string) string {
	if value, ok := node.Labels[key]; ok {
		return value
	}
	return otherwise
}

func withNotReadyTaint(taints []corev1.Taint) []corev1.Taint {
	notReady := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}
	for i := range taints {
		if taints[i].MatchTaint(&notReady) {
			return nil
		}
	}
	return append(append([]corev1.Taint{}, taints...), notReady)
}

func capacity(node *v1alpha1.SimNode) v1alpha1.ResourceList {
	out := make(v1alpha1.ResourceList, len(node.Spec.Capacity)+1)
	maps.Copy(out, node.Spec.Capacity)
	if _, ok := out[corev1.ResourcePods]; !ok {
		out[corev1.ResourcePods] = *resource.NewQuantity(defaultPods, resource.DecimalSI)
	}
	return out
}

// allocatable is capacity less reserved, at least 0, as kubelet's
// nodestatus.MachineInfo computes it.
func allocatable(capacity, reserved v1alpha1.ResourceList) v1alpha1.ResourceList {
	out := make(v1alpha1.ResourceList, len(capacity))
	for name, have := range capacity {
		left := have.DeepCopy()
		if r, ok := reserved[name]; ok {
			left.Sub(r)
		}
		if left.Sign() < 0 {
			left = *resource.NewQuantity(0, have.Format)
		}
		out[name] = left
	}
	return out
}

func setReady(status *v1alpha1.SimNodeStatus, generation int64, is metav1.ConditionStatus, reason, message string, now time.Time) {
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: v1alpha1.SimNodeReady, Status: is, Reason: reason, Message: message,
		ObservedGeneration: generation, LastTransitionTime: metav1.Time{Time: now},
	})
}

// NodeSummary returns the word that kubectl shows as the status of a node, as
// printNode in k8s.io/kubernetes/pkg/printers/internalversion makes it. Where
// kubectl shows NotReady for a node that is Unknown too, the two are told apart.
func NodeSummary(node *v1alpha1.SimNode, conditions []metav1.Condition) string {
	summary := "Unknown"
	if ready := meta.FindStatusCondition(conditions, v1alpha1.SimNodeReady); ready != nil {
		switch ready.Status {
		case metav1.ConditionTrue:
			summary = "Ready"
		case metav1.ConditionFalse:
			summary = "NotReady"
		}
	}
	if node.Spec.Unschedulable {
		summary += ",SchedulingDisabled"
	}
	return summary
}

// Allocated returns the sum of the requests of the node's pods and their
// number. Pods that have ended hold nothing, as for kube-scheduler.
func Allocated(pods []v1alpha1.SimPod) (v1alpha1.ResourceList, int32) {
	total, count := v1alpha1.ResourceList{}, int32(0)
	for i := range pods {
		if terminal(pods[i].Status.Phase) {
			continue
		}
		count++
		for name, q := range resourcehelper.PodRequests(pods[i].ToPod(), resourcehelper.PodResourcesOptions{}) {
			sum := total[name]
			sum.Add(q)
			total[name] = sum
		}
	}
	return total, count
}

// CountPods sets what is allocated on a node and the number of its pods in its
// status, and says whether that is a change.
func CountPods(status *v1alpha1.SimNodeStatus, pods []v1alpha1.SimPod) bool {
	allocated, count := Allocated(pods)
	if count == status.PodCount && equality.Semantic.DeepEqual(allocated, status.Allocated) {
		return false
	}
	status.Allocated, status.PodCount = allocated, count
	return true
}

// Operational says whether the kubelet of a node acts on its pods: not before
// the node has registered and booted, and not while it is taken for dead. A
// kubelet that sends no heartbeat does not report on pods either.
func Operational(node *v1alpha1.SimNode) bool {
	return meta.IsStatusConditionTrue(node.Status.Conditions, v1alpha1.SimNodeReady)
}

// ReadySince returns since when the node is ready; the zero time where it is not.
func ReadySince(node *v1alpha1.SimNode) time.Time {
	ready := meta.FindStatusCondition(node.Status.Conditions, v1alpha1.SimNodeReady)
	if ready == nil || ready.Status != metav1.ConditionTrue {
		return time.Time{}
	}
	return ready.LastTransitionTime.Time
}

// TakenForDead says whether the node lifecycle controller has given the node up.
func TakenForDead(node *v1alpha1.SimNode) bool {
	return meta.IsStatusConditionPresentAndEqual(node.Status.Conditions, v1alpha1.SimNodeReady, metav1.ConditionUnknown)
}

// HostIP returns the node's internal address; empty where it has none.
func HostIP(node *v1alpha1.SimNode) string {
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}

// HeartbeatFacts is what a node knows of its heartbeats. The zero value is that
// of a kubelet that has just started.
type HeartbeatFacts struct {
	// Renewed is when the node's Lease was renewed last.
	Renewed time.Time
	// Failed is when a renewal failed that was none since; zero where none did.
	Failed time.Time
	// Silent says that the node sends none: it is switched off or cut off.
	Silent bool
	// Delay is how late each renewal is.
	Delay time.Duration
}

// Heartbeat says whether the node has to renew its Lease now, and if not, when.
// After a failure it tries again at the pace of its heartbeats, but no slower
// than every DefaultHeartbeatInterval, whatever failed and for however long:
// sync in k8s.io/component-helpers/apimachinery/lease.
func Heartbeat(node *v1alpha1.SimNode, facts HeartbeatFacts, now time.Time) (due bool, next time.Time) {
	if facts.Silent {
		return false, time.Time{}
	}
	if facts.Failed.After(facts.Renewed) {
		next = facts.Failed.Add(min(HeartbeatInterval(node), DefaultHeartbeatInterval))
		return !now.Before(next), next
	}
	// A node that was taken for dead shows first that it is not.
	if facts.Renewed.IsZero() || (TakenForDead(node) && facts.Delay <= 0) {
		return true, now
	}
	next = NextHeartbeat(node, facts.Renewed).Add(facts.Delay)
	return !now.Before(next), next
}

// HeartbeatInterval returns how often the node renews its Lease.
func HeartbeatInterval(node *v1alpha1.SimNode) time.Duration {
	if node.Spec.Simulation == nil || node.Spec.Simulation.HeartbeatInterval == nil {
		return DefaultHeartbeatInterval
	}
	return max(time.Second, min(node.Spec.Simulation.HeartbeatInterval.Duration, longest))
}

// LeaseDurationSeconds returns how long the node's Lease lasts, in seconds.
func LeaseDurationSeconds(node *v1alpha1.SimNode) int32 {
	return int32(min(int64(leaseIntervals*HeartbeatInterval(node)/time.Second), 1<<31-1))
}

// NextHeartbeat returns when the Lease that was renewed at renewed is to be
// renewed again: at the node's own offset in the interval, so that nodes that
// were created together do not renew together, and so that a late renewal does
// not shift those that follow.
func NextHeartbeat(node *v1alpha1.SimNode, renewed time.Time) time.Time {
	interval := HeartbeatInterval(node)
	h := fnv.New64a()
	h.Write([]byte(node.Name))
	offset := time.Duration(mix(h.Sum64()) % uint64(interval))
	last := renewed.Add(-offset).Truncate(interval).Add(offset)
	return last.Add(interval)
}
