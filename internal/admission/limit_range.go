// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	resourcehelper "k8s.io/component-helpers/resource"
)

const limitRangerPlugin = "LimitRanger"

func limitRange(l *corev1.LimitRange) string { return "LimitRange " + l.Namespace + "/" + l.Name }

// addDefaults gives containers the requests and limits that they lack. It mirrors
// mergePodResourceRequirements of k8s.io/kubernetes/plugin/pkg/admission/limitranger.
func (a *admission) addDefaults(l *corev1.LimitRange) {
	limits, requests := corev1.ResourceList{}, corev1.ResourceList{}
	for i := range l.Spec.Limits {
		if item := &l.Spec.Limits[i]; item.Type == corev1.LimitTypeContainer {
			maps.Copy(limits, item.Default)
			maps.Copy(requests, item.DefaultRequest)
		}
	}
	a.eachContainer(func(c *corev1.Container, path string) {
		a.fill(&c.Resources.Limits, limits, limitRange(l), path+".limits")
		a.fill(&c.Resources.Requests, requests, limitRange(l), path+".requests")
	})
}

// checkLimitRange mirrors PodValidateLimitFunc.
func (a *admission) checkLimitRange(l *corev1.LimitRange) {
	var errs []error
	for i := range l.Spec.Limits {
		item := &l.Spec.Limits[i]
		switch item.Type {
		case corev1.LimitTypeContainer:
			a.eachContainer(func(c *corev1.Container, _ string) {
				errs = append(errs, checkItem(item, c.Resources.Requests, c.Resources.Limits)...)
			})
		case corev1.LimitTypePod:
			options := resourcehelper.PodResourcesOptions{ExcludeOverhead: true}
			errs = append(errs, checkItem(item, resourcehelper.PodRequests(a.pod, options), resourcehelper.PodLimits(a.pod, options))...)
		}
	}
	if err := utilerrors.NewAggregate(errs); err != nil {
		a.refuse(limitRangerPlugin, limitRange(l), err)
	}
}

func checkItem(item *corev1.LimitRangeItem, requests, limits corev1.ResourceList) []error {
	var errs []error
	for _, check := range []struct {
		enforced   corev1.ResourceList
		constraint func(usage, corev1.LimitType) error
	}{{item.Min, minConstraint}, {item.Max, maxConstraint}, {item.MaxLimitRequestRatio, ratioConstraint}} {
		for _, name := range slices.Sorted(maps.Keys(check.enforced)) {
			if err := check.constraint(newUsage(name, check.enforced[name], requests, limits), item.Type); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// usage is what a container or pod asks for of one resource, and what a
// LimitRange says of it.
type usage struct {
	name                        corev1.ResourceName
	enforced, request, limit    resource.Quantity
	hasRequest, hasLimit        bool
	enforcedN, requestN, limitN int64
}

// newUsage mirrors requestLimitEnforcedValues: thousandths are compared where no
// number is too large for that.
func newUsage(name corev1.ResourceName, enforced resource.Quantity, requests, limits corev1.ResourceList) usage {
	u := usage{name: name, enforced: enforced}
	u.request, u.hasRequest = requests[name]
	u.limit, u.hasLimit = limits[name]
	u.enforcedN, u.requestN, u.limitN = u.enforced.Value(), u.request.Value(), u.limit.Value()
	if max(u.enforcedN, u.requestN, u.limitN) <= resource.MaxMilliValue {
		u.enforcedN, u.requestN, u.limitN = u.enforced.MilliValue(), u.request.MilliValue(), u.limit.MilliValue()
	}
	return u
}

func minConstraint(u usage, per corev1.LimitType) error {
	head := fmt.Sprintf("minimum %s usage per %s is %s", u.name, per, u.enforced.String())
	switch {
	case !u.hasRequest:
		return fmt.Errorf("%s.  No request is specified", head)
	case u.requestN < u.enforcedN:
		return fmt.Errorf("%s, but request is %s", head, u.request.String())
	case u.hasLimit && u.limitN < u.enforcedN:
		return fmt.Errorf("%s, but limit is %s", head, u.limit.String())
	}
	return nil
}

func maxConstraint(u usage, per corev1.LimitType) error {
	head := fmt.Sprintf("maximum %s usage per %s is %s", u.name, per, u.enforced.String())
	switch {
	case !u.hasLimit:
		return fmt.Errorf("%s.  No limit is specified", head)
	case u.limitN > u.enforcedN:
		return fmt.Errorf("%s, but limit is %s", head, u.limit.String())
	case u.hasRequest && u.requestN > u.enforcedN:
		return fmt.Errorf("%s, but request is %s", head, u.request.String())
	}
	return nil
}

// ratioConstraint mirrors limitRequestRatioConstraint.
func ratioConstraint(u usage, per corev1.LimitType) error {
	head := fmt.Sprintf("%s max limit to request ratio per %s is %s", u.name, per, u.enforced.String())
	switch {
	case !u.hasRequest || u.requestN == 0:
		return fmt.Errorf("%s, but no request is specified or request is 0", head)
	case !u.hasLimit || u.limitN == 0:
		return fmt.Errorf("%s, but no limit is specified or limit is 0", head)
	}
	ratio := float64(u.limitN) / float64(u.requestN)
	observed, allowed := ratio, float64(u.enforced.Value())
	if u.enforced.Value() <= resource.MaxMilliValue {
		observed, allowed = ratio*1000, float64(u.enforced.MilliValue())
	}
	if observed > allowed {
		return fmt.Errorf("%s, but provided ratio is %f", head, ratio)
	}
	return nil
}
