// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	resourcehelper "k8s.io/component-helpers/resource"
)

const (
	resourceQuotaPlugin = "ResourceQuota"
	countPods           = "count/pods"
)

// podResources are what quotas count of pods, and validated those of them that
// each container must then ask for. They are podResources and validationSet of
// k8s.io/kubernetes/pkg/quota/v1/evaluator/core.
var (
	podResources = []corev1.ResourceName{
		countPods, corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage,
		corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory, corev1.ResourceRequestsEphemeralStorage,
		corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory, corev1.ResourceLimitsEphemeralStorage, corev1.ResourcePods,
	}
	validated = []corev1.ResourceName{
		corev1.ResourceCPU, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
		corev1.ResourceMemory, corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory,
	}
)

// checkQuota mirrors CheckRequest of
// k8s.io/apiserver/pkg/admission/plugin/resourcequota for one quota and a pod.
func (a *admission) checkQuota(q *corev1.ResourceQuota) {
	by := "ResourceQuota " + q.Namespace + "/" + q.Name
	counted := countedOf(q.Status.Hard)
	if len(counted) == 0 || !matchesScopes(q, a.pod) {
		return
	}
	if err := a.mustSpecify(counted); err != nil {
		a.refuse(resourceQuotaPlugin, by, fmt.Errorf("failed quota: %s: %w", q.Name, err))
		return
	}
	for _, name := range counted {
		if _, known := q.Status.Used[name]; !known {
			a.refuse(resourceQuotaPlugin, by, fmt.Errorf("status unknown for quota: %s, resources: %s", q.Name, joinNames(counted)))
			return
		}
	}
	requested, used, hard := corev1.ResourceList{}, corev1.ResourceList{}, corev1.ResourceList{}
	for name, amount := range podUsage(a.pod) {
		limit, limited := q.Status.Hard[name]
		sum := q.Status.Used[name]
		sum.Add(amount)
		if limited && !amount.IsZero() && sum.Cmp(limit) > 0 {
			requested[name], used[name], hard[name] = amount, q.Status.Used[name], limit
		}
	}
	if len(requested) > 0 {
		a.refuse(resourceQuotaPlugin, by, fmt.Errorf("exceeded quota: %s, requested: %s, used: %s, limited: %s",
			q.Name, joinAmounts(requested), joinAmounts(used), joinAmounts(hard)))
	}
}

// Charge returns the quotas as they would be once the pod was created, or why they
// refuse it. Quotas of other namespaces do not count; none of them is changed.
func Charge(pod *corev1.Pod, quotas []corev1.ResourceQuota) ([]corev1.ResourceQuota, []Refusal) {
	a := &admission{pod: pod}
	for _, q := range ofNamespace(quotas, pod.Namespace, func(q *corev1.ResourceQuota) (string, string) { return q.Namespace, q.Name }) {
		a.checkQuota(q)
	}
	if len(a.refusals) > 0 {
		return quotas, a.refusals
	}
	usage := podUsage(pod)
	charged := slices.Clone(quotas)
	for i := range charged {
		q := &charged[i]
		if q.Namespace != pod.Namespace || !matchesScopes(q, pod) {
			continue
		}
		q.Status.Used = maps.Clone(q.Status.Used)
		for _, name := range countedOf(q.Status.Hard) {
			if amount, ok := usage[name]; ok {
				sum := q.Status.Used[name].DeepCopy()
				sum.Add(amount)
				q.Status.Used[name] = sum
			}
		}
	}
	return charged, nil
}

// countedOf returns what a quota limits of pods, sorted. It mirrors
// MatchingResources of the evaluator of pods.
func countedOf(hard corev1.ResourceList) []corev1.ResourceName {
	var out []corev1.ResourceName
	for _, name := range slices.Sorted(maps.Keys(hard)) {
		if slices.Contains(podResources, name) || strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) ||
			strings.HasPrefix(string(name), corev1.ResourceRequestsHugePagesPrefix) ||
			strings.HasPrefix(string(name), corev1.DefaultResourceRequestsPrefix) && !isNative(name) {
			out = append(out, name)
		}
	}
	return out
}

// isNative mirrors IsNativeResource of k8s.io/kubernetes/pkg/apis/core/v1/helper.
func isNative(name corev1.ResourceName) bool {
	return !strings.Contains(string(name), "/") || strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
}

// mustSpecify mirrors Constraints: where a quota counts cpu or memory each
// container must ask for it, unless the pod does as a whole.
func (a *admission) mustSpecify(counted []corev1.ResourceName) error {
	if resourcehelper.IsPodLevelResourcesSet(a.pod) {
		return nil
	}
	missing := map[corev1.ResourceName][]string{}
	a.eachContainer(func(c *corev1.Container, _ string) {
		has := amountsOf(c.Resources.Requests, c.Resources.Limits)
		for _, name := range counted {
			if _, ok := has[name]; !ok && slices.Contains(validated, name) && !slices.Contains(missing[name], c.Name) {
				missing[name] = append(missing[name], c.Name)
			}
		}
	})
	if len(missing) == 0 {
		return nil
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		slices.Sort(missing[name])
		parts = append(parts, fmt.Sprintf("%s for: %s", name, strings.Join(missing[name], ",")))
	}
	return errors.New("must specify " + strings.Join(parts, "; "))
}

// podUsage is what a pod counts for. It mirrors PodUsageFunc.
func podUsage(pod *corev1.Pod) corev1.ResourceList {
	options := resourcehelper.PodResourcesOptions{}
	out := amountsOf(resourcehelper.PodRequests(pod, options), resourcehelper.PodLimits(pod, options))
	out[countPods] = *resource.NewQuantity(1, resource.DecimalSI)
	return out
}

// amountsOf mirrors podComputeUsageHelper.
func amountsOf(requests, limits corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(1, resource.DecimalSI)}
	for name, amount := range requests {
		prefixed := corev1.DefaultResourceRequestsPrefix + name
		switch {
		case name == corev1.ResourceCPU, name == corev1.ResourceMemory, name == corev1.ResourceEphemeralStorage,
			strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix):
			out[name], out[prefixed] = amount, amount
		case !isNative(name) && !strings.HasPrefix(string(name), corev1.DefaultResourceRequestsPrefix) &&
			len(validation.IsQualifiedName(string(prefixed))) == 0:
			out[prefixed] = amount
		}
	}
	for name, amount := range limits {
		if name == corev1.ResourceCPU || name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage {
			out["limits."+name] = amount
		}
	}
	return out
}

func joinNames(names []corev1.ResourceName) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = string(name)
	}
	return strings.Join(parts, ",")
}

func joinAmounts(list corev1.ResourceList) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(list)) {
		amount := list[name]
		parts = append(parts, fmt.Sprintf("%s=%s", name, amount.String()))
	}
	return strings.Join(parts, ",")
}
