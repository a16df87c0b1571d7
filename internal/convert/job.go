// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// addJob makes a SimJob of a Job.
func (r *Result) addJob(object *unstructured.Unstructured, o Options) {
	original := &batchv1.Job{}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	for _, condition := range original.Status.Conditions {
		ended := condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed
		if ended && condition.Status == corev1.ConditionTrue {
			r.Skipped = "it has ended (" + string(condition.Type) + "): its pods would run again"
			return
		}
	}
	sim, differences, err := job(object, original, o)
	if err != nil {
		r.Err = err
		return
	}
	if n := original.Status.Succeeded; n > 0 {
		differences = append([]Difference{{"status.succeeded", EffectLifecycle, fmt.Sprintf("it was %d; the SimJob begins anew", n), true}}, differences...)
	}
	r.Objects, r.Differences = []runtime.Object{sim}, differences
}

// onlyJobTemplate is what is kept of a CronJob.
type onlyJobTemplate struct {
	JobTemplate batchv1.JobTemplateSpec `json:"jobTemplate"`
}

// addCronJob makes of a CronJob the SimJob that its next Job would become: there is
// no simulated CronJob that would repeat it.
func (r *Result) addCronJob(object *unstructured.Unstructured, o Options) {
	cron := &batchv1.CronJob{}
	if r.Err = read(object.Object, cron); r.Err != nil {
		return
	}
	if cron.Spec.Suspend != nil && *cron.Spec.Suspend {
		r.Skipped = "it is suspended (spec.suspend): it starts no Jobs"
		return
	}
	if r.Err = checkName(cron.ObjectMeta); r.Err != nil {
		return
	}
	next := nextJob(object)
	original := &batchv1.Job{}
	if r.Err = read(next.Object, original); r.Err != nil {
		return
	}
	sim, ofJob, err := job(next, original, o)
	if err != nil {
		r.Err = err
		return
	}
	_, differences := metadata(object, cron.ObjectMeta)
	differences = append(differences, Difference{"kind", EffectLifecycle, "one SimJob is made of the CronJob, which begins at once: nothing repeats it", false})
	spec, _ := object.Object["spec"].(map[string]any)
	beside := maps.Clone(spec)
	delete(beside, "jobTemplate")
	differences = append(differences, leftOut("spec", beside, reflect.TypeFor[batchv1.CronJobSpec](), reflect.TypeFor[onlyJobTemplate](), cronJobRules)...)
	for _, d := range ofJob {
		d.Field = "spec.jobTemplate." + d.Field
		differences = append(differences, d)
	}
	r.Objects, r.Differences = []runtime.Object{sim}, differences
}

// nextJob returns the Job that a CronJob would create, but for its name, which is
// the CronJob's own: getJobFromTemplate2 in k8s.io/kubernetes/pkg/controller/cronjob.
func nextJob(cron *unstructured.Unstructured) *unstructured.Unstructured {
	template, _, _ := unstructured.NestedMap(cron.Object, "spec", "jobTemplate")
	out := &unstructured.Unstructured{Object: map[string]any{}}
	if spec, ok := template["spec"]; ok {
		out.Object["spec"] = spec
	}
	meta, _ := template["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	if meta == nil {
		meta = map[string]any{}
	}
	meta["name"] = cron.GetName()
	if cron.GetName() == "" {
		meta["generateName"] = cron.GetGenerateName()
	}
	if cron.GetNamespace() != "" {
		meta["namespace"] = cron.GetNamespace()
	}
	out.Object["metadata"] = meta
	out.SetGroupVersionKind(jobKind)
	return out
}

// job makes a SimJob of a Job, which it changes.
func job(object *unstructured.Unstructured, original *batchv1.Job, o Options) (*v1alpha1.SimJob, []Difference, error) {
	if err := checkName(original.ObjectMeta); err != nil {
		return nil, nil, err
	}
	meta, differences := metadata(object, original.ObjectMeta)
	sim := &v1alpha1.SimJob{TypeMeta: typeMeta("SimJob"), ObjectMeta: meta}
	spec, more, err := template(object, &original.Spec.Template, reflect.TypeFor[batchv1.JobSpec](), reflect.TypeFor[v1alpha1.SimJobSpec](), jobRules, o)
	if err != nil {
		return nil, nil, err
	}
	differences = append(differences, more...)
	differences = append(differences, withoutGenerated("metadata.labels", sim.Labels)...)
	differences = append(differences, withoutGenerated("spec.template.metadata.labels", original.Spec.Template.Labels)...)
	differences = append(differences, countFailedIndexes(original)...)
	if err := decode(original.Spec, &sim.Spec); err != nil {
		return nil, nil, err
	}
	sim.Spec.Template.Spec = spec
	return sim, differences, nil
}

// generated are the labels that the API server gives to a Job and its template.
var generated = []string{batchv1.ControllerUidLabel, batchv1.JobNameLabel, "controller-uid", "job-name"}

// withoutGenerated removes the labels that a SimJob's controller sets itself.
func withoutGenerated(path string, labels map[string]string) []Difference {
	var out []Difference
	for _, key := range generated {
		if _, ok := labels[key]; ok {
			delete(labels, key)
			out = append(out, Difference{path + "." + key, EffectNone, "the pods of the SimJob get their own", true})
		}
	}
	return out
}

// countFailedIndexes makes rules that fail an index count the failure: a SimJob
// fails as a whole.
func countFailedIndexes(original *batchv1.Job) []Difference {
	if original.Spec.PodFailurePolicy == nil {
		return nil
	}
	var out []Difference
	for i := range original.Spec.PodFailurePolicy.Rules {
		rule := &original.Spec.PodFailurePolicy.Rules[i]
		if rule.Action == batchv1.PodFailurePolicyActionFailIndex {
			rule.Action = batchv1.PodFailurePolicyActionCount
			field := strings.Join([]string{"spec.podFailurePolicy.rules", indexOf(i), ".action"}, "")
			out = append(out, Difference{field, EffectLifecycle, "FailIndex becomes Count: failures count for the whole job", false})
		}
	}
	return out
}
