// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// Name returns how kubectl names an object, with its namespace.
func Name(object runtime.Object) string {
	kind := strings.ToLower(object.GetObjectKind().GroupVersionKind().Kind)
	m, err := meta.Accessor(object)
	if err != nil {
		return kind
	}
	name := kind + "/" + m.GetName()
	if m.GetName() == "" && m.GetGenerateName() != "" {
		name = kind + "/" + m.GetGenerateName() + "*"
	}
	if m.GetNamespace() != "" {
		name += " -n " + m.GetNamespace()
	}
	return name
}

// owner identifies an object that controls others.
type owner struct{ namespace, kind, name string }

// skipControlled passes over objects that the simulated object of their
// controller creates by itself.
func skipControlled(results []Result) {
	made := map[owner]*Result{}
	for i := range results {
		if r := &results[i]; len(r.Objects) > 0 {
			made[owner{r.Original.GetNamespace(), r.Original.GetKind(), r.Original.GetName()}] = r
		}
	}
	for i := range results {
		r := &results[i]
		if len(r.Objects) == 0 {
			continue
		}
		if by := controllerOf(r, made); by != nil {
			*r = Result{Original: r.Original, Skipped: "it is one of those that are made of " + Name(by.Original)}
		}
	}
}

// controllerOf returns what was made of an object's controller, or of the
// Deployment of the ReplicaSet that controls it.
func controllerOf(r *Result, made map[owner]*Result) *Result {
	reference := metav1.GetControllerOfNoCopy(r.Original)
	if reference == nil {
		return nil
	}
	namespace := r.Original.GetNamespace()
	if by := made[owner{namespace, reference.Kind, reference.Name}]; by != nil && by != r {
		return by
	}
	// The ReplicaSet need not be among the objects: it is named after its
	// Deployment, with a hash at the end.
	end := strings.LastIndexByte(reference.Name, '-')
	if reference.Kind != replicaSetKind.Kind || end < 0 {
		return nil
	}
	by := made[owner{namespace, deploymentKind.Kind, reference.Name[:end]}]
	if by == nil || !selects(by, r.Original.GetLabels()) {
		return nil
	}
	return by
}

// selects is true if the set that was made of an object counts pods with the labels.
func selects(r *Result, of map[string]string) bool {
	selector := &metav1.LabelSelector{}
	spec, _ := r.Original.Object["spec"].(map[string]any)
	if decode(spec["selector"], selector) != nil {
		return false
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && !parsed.Empty() && parsed.Matches(labels.Set(of))
}

// refuseDoubles refuses what would become an object that another one has become
// already: a CronJob and a Job may have the same name, two SimJobs may not.
func refuseDoubles(results []Result) {
	seen := map[string]*Result{}
	for i := range results {
		r := &results[i]
		for _, object := range r.Objects {
			name := Name(object)
			if strings.Contains(name, "*") {
				continue // the API server completes it
			}
			if other, ok := seen[name]; ok {
				*r = Result{Original: r.Original, Err: fmt.Errorf("it would become %s, which %s becomes already: rename one of the two", name, Name(other.Original))}
				break
			}
			seen[name] = r
		}
	}
}
