// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"fmt"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
	"github.com/glassplane/glassplane/internal/disruption"
)

// evictions are how often an eviction is tried that others got in the way of:
// EvictionsRetry of k8s.io/kubernetes/pkg/registry/core/pod/storage.
var evictions = wait.Backoff{Steps: 20, Duration: 500 * time.Millisecond, Factor: 1, Jitter: 0.1}

// evict deletes a pod if its disruption budget lets it go. A HeldError says that it
// does not now, a TooManyError that it never will. Where somebody else changes the
// budget or the pod meanwhile it decides again.
func (d *Drainer) evict(ctx context.Context, pod *v1alpha1.SimPod) error {
	err := wait.ExponentialBackoffWithContext(ctx, evictions, func(ctx context.Context) (bool, error) {
		switch err := d.tryEvict(ctx, pod.DeepCopy()); {
		case apierrors.IsConflict(err):
			return false, nil
		default:
			return err == nil, err
		}
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return &disruption.HeldError{Why: "its disruption budget changes all the time"}
	}
	return err
}

func (d *Drainer) tryEvict(ctx context.Context, pod *v1alpha1.SimPod) error {
	uid := pod.UID
	err := d.client.Get(ctx, client.ObjectKeyFromObject(pod), pod)
	if apierrors.IsNotFound(err) || err == nil && pod.UID != uid {
		return nil
	}
	if err != nil {
		return err
	}
	only := metav1.Preconditions{UID: &uid}
	verdict := disruption.Free
	if !disruption.Unprotected(pod) {
		if verdict, err = d.askBudget(ctx, pod); err != nil {
			return err
		}
	}
	if verdict == disruption.Free && pod.DeletionTimestamp == nil {
		// The pod must not have become ready in the meantime.
		only.ResourceVersion = &pod.ResourceVersion
	}
	if err := d.tellDisruption(ctx, pod, &only); err != nil {
		return err
	}
	return d.deleteIf(ctx, pod, only, d.options.GracePeriod == 0)
}

// askBudget asks the pod's budget. One that spends a disruption on it records that before
// the pod is deleted, with an optimistic lock: the budget was read before the pods
// were, so whatever else was decided meanwhile makes the write fail.
func (d *Drainer) askBudget(ctx context.Context, pod *v1alpha1.SimPod) (disruption.Verdict, error) {
	var budgets policyv1.PodDisruptionBudgetList
	if err := d.client.List(ctx, &budgets, client.InNamespace(pod.Namespace)); err != nil {
		return 0, fmt.Errorf("listing disruption budgets: %w", err)
	}
	budget, err := disruption.Only(disruption.Selecting(budgets.Items, pod))
	if budget == nil || err != nil {
		return disruption.Spend, err
	}
	selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
	if err != nil {
		return 0, fmt.Errorf("reading the selector of the disruption budget %s: %w", budget.Name, err)
	}
	var pods v1alpha1.SimPodList
	if err := d.client.List(ctx, &pods, client.InNamespace(pod.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return 0, fmt.Errorf("listing the pods of the disruption budget %s: %w", budget.Name, err)
	}
	recorded, err := disruption.Recorded(budget, d.clock.Now())
	if err != nil {
		return 0, err
	}
	count := disruption.CountPods(pods.Items, recorded)
	if disruption.NeedsScale(&budget.Spec) {
		if count.Scale, err = d.scaleOf(ctx, pods.Items); err != nil {
			return 0, &disruption.HeldError{Budget: budget.Name, Why: fmt.Sprintf("The disruption budget %s does not allow evicting pods currently: %v", budget.Name, err)}
		}
	}
	verdict, err := disruption.Decide(budget, pod, recorded, count)
	if err != nil || verdict == disruption.Free {
		return verdict, err
	}
	return verdict, d.record(ctx, budget, pods.Items, pod)
}

func (d *Drainer) record(ctx context.Context, budget *policyv1.PodDisruptionBudget, pods []v1alpha1.SimPod, pod *v1alpha1.SimPod) error {
	base := budget.DeepCopy()
	if err := disruption.Record(budget, pods, pod.Name, d.clock.Now()); err != nil {
		return err
	}
	var options []client.PatchOption
	if d.options.DryRun {
		options = append(options, client.DryRunAll)
	}
	err := d.client.Patch(ctx, budget, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}), options...)
	if err != nil {
		return fmt.Errorf("recording a disruption in the disruption budget %s: %w", budget.Name, err)
	}
	return nil
}

// tellDisruption writes into the pod why it goes, as the eviction subresource does.
// Who may delete a pod need not be allowed to write its status: then it is left out.
func (d *Drainer) tellDisruption(ctx context.Context, pod *v1alpha1.SimPod, only *metav1.Preconditions) error {
	if d.options.DryRun || pod.DeletionTimestamp != nil {
		return nil
	}
	base := pod.DeepCopy()
	conditions.Set(&pod.Status.Conditions, metav1.Condition{
		Type: v1alpha1.SimPodDisruptionTarget, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonEvictionByEvictionAPI,
		Message: "glassplane drain: evicting", LastTransitionTime: metav1.Time{Time: d.clock.Now()},
	})
	err := d.client.Status().Patch(ctx, pod, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
	switch {
	case apierrors.IsNotFound(err) || apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return fmt.Errorf("writing why pod %s goes: %w", nameOf(pod), err)
	}
	if only.ResourceVersion != nil {
		only.ResourceVersion = &pod.ResourceVersion
	}
	return nil
}

// errNoController says that nobody knows how many pods there are to be.
var errNoController = errors.New("found no controllers for pod")

// scaleOf returns how many pods the controllers of these want in all; pods without a
// controller count for nothing. It is getExpectedScale of
// k8s.io/kubernetes/pkg/controller/disruption.
func (d *Drainer) scaleOf(ctx context.Context, pods []v1alpha1.SimPod) (total int32, err error) {
	asked, counted := make(map[types.UID]bool), make(map[types.UID]bool)
	for i := range pods {
		owner := metav1.GetControllerOfNoCopy(&pods[i])
		if owner == nil || asked[owner.UID] {
			continue
		}
		asked[owner.UID] = true
		controller, replicas, err := d.scale(ctx, pods[i].Namespace, *owner)
		if err != nil {
			return 0, fmt.Errorf("%w %q: %w", errNoController, pods[i].Name, err)
		}
		if !counted[controller] {
			counted[controller] = true
			total += replicas
		}
	}
	return total, nil
}

// scale returns the controller that says how many pods there are to be, and how many:
// a set's own where that has no deployment.
func (d *Drainer) scale(ctx context.Context, namespace string, owner metav1.OwnerReference) (types.UID, int32, error) {
	key := client.ObjectKey{Namespace: namespace, Name: owner.Name}
	var object client.Object
	var replicas **int32
	switch owner.Kind {
	case "SimReplicaSet":
		set := &v1alpha1.SimReplicaSet{}
		object, replicas = set, &set.Spec.Replicas
	case "SimDeployment":
		deployment := &v1alpha1.SimDeployment{}
		object, replicas = deployment, &deployment.Spec.Replicas
	case "SimStatefulSet":
		set := &v1alpha1.SimStatefulSet{}
		object, replicas = set, &set.Spec.Replicas
	default:
		return "", 0, fmt.Errorf("a %s has no scale", owner.Kind)
	}
	if err := d.client.Get(ctx, key, object); err != nil {
		return "", 0, err
	}
	if object.GetUID() != owner.UID {
		return "", 0, fmt.Errorf("%s %s is another one by now", owner.Kind, owner.Name)
	}
	if above := metav1.GetControllerOfNoCopy(object); owner.Kind == "SimReplicaSet" && above != nil && above.Kind == "SimDeployment" {
		return d.scale(ctx, namespace, *above)
	}
	if *replicas == nil {
		return owner.UID, 1, nil
	}
	return owner.UID, **replicas, nil
}
