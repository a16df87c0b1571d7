// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package history keeps the templates that a daemon set or a stateful set had, as
// apps/v1 ControllerRevisions, and says which of them are to be created, numbered
// anew and deleted. It is pure; the rules are those of
// k8s.io/kubernetes/pkg/controller/history and of the controllers that use it.
package history

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// maxPrefix is how much of a workload's name a revision's name has, as in
// ControllerRevisionName of k8s.io/kubernetes/pkg/controller/history.
const maxPrefix = 223

// patch is what a revision stores: the strategic merge patch that upstream stores,
// which replaces the template.
type patch struct {
	Spec struct {
		Template templatePatch `json:"template"`
	} `json:"spec"`
}

type templatePatch struct {
	v1alpha1.SimPodTemplateSpec `json:",inline"`

	Directive string `json:"$patch"`
}

// New returns the revision of a workload's template, to be stored with that number.
// collisions is how often the name was taken by another template, which makes it
// another one.
func New(owner metav1.Object, kind string, template *v1alpha1.SimPodTemplateSpec, number int64, collisions int32) (*appsv1.ControllerRevision, error) {
	stored := patch{}
	stored.Spec.Template = templatePatch{SimPodTemplateSpec: *template, Directive: "replace"}
	data, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("encoding the template: %w", err)
	}
	hash := hashOf(data, collisions)
	labels := make(map[string]string, len(template.Metadata.Labels)+2)
	for key, value := range template.Metadata.Labels {
		labels[key] = string(value)
	}
	labels[appsv1.ControllerRevisionHashLabelKey] = hash
	labels[v1alpha1.LabelWorkload] = kind
	prefix := owner.GetName()
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       owner.GetNamespace(),
			Name:            prefix[:min(len(prefix), maxPrefix)] + "-" + hash,
			Labels:          labels,
			Annotations:     annotations(owner),
			OwnerReferences: []metav1.OwnerReference{workload.OwnerReference(owner, kind)},
		},
		Data:     runtime.RawExtension{Raw: data},
		Revision: number,
	}, nil
}

// annotations are those of the owner, such as kubernetes.io/change-cause, but for
// the manifest that kubectl apply leaves there.
func annotations(owner metav1.Object) map[string]string {
	out := maps.Clone(owner.GetAnnotations())
	delete(out, "kubectl.kubernetes.io/last-applied-configuration")
	return out
}

// Template returns the template that a revision stores. What replaces the present
// one by it rolls a workload back.
func Template(revision *appsv1.ControllerRevision) (*v1alpha1.SimPodTemplateSpec, error) {
	stored := patch{}
	if err := json.Unmarshal(revision.Data.Raw, &stored); err != nil {
		return nil, fmt.Errorf("reading the template of revision %s: %w", revision.Name, err)
	}
	return &stored.Spec.Template.SimPodTemplateSpec, nil
}

// Hash is what a revision's name ends with.
func Hash(revision *appsv1.ControllerRevision) string {
	return revision.Labels[appsv1.ControllerRevisionHashLabelKey]
}

// Equal says whether two revisions store the same template. They are compared by
// meaning where their bytes differ: a later version may write fields in another
// order, which must not replace every pod.
func Equal(a, b *appsv1.ControllerRevision) bool {
	if bytes.Equal(a.Data.Raw, b.Data.Raw) {
		return true
	}
	left, errLeft := Template(a)
	right, errRight := Template(b)
	return errLeft == nil && errRight == nil && equality.Semantic.DeepEqual(left, right)
}

// Sort sorts revisions by their number, the oldest first: SortControllerRevisions
// upstream.
func Sort(revisions []*appsv1.ControllerRevision) {
	slices.SortStableFunc(revisions, func(a, b *appsv1.ControllerRevision) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision),
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
}

// Step is what is to be done for the present template to be the newest revision.
type Step struct {
	// Revision is that of the present template: one that is stored, or one to create.
	Revision *appsv1.ControllerRevision
	// Create is true where it is not stored yet.
	Create bool
	// Number is what the revision is to be numbered, where it is stored and another
	// one has become newer since; else 0. So a rollback brings an old one to the end.
	Number int64
}

// Next compares the revision of the present template with those that are stored,
// sorted. It is getStatefulSetRevisions of k8s.io/kubernetes/pkg/controller/statefulset.
func Next(stored []*appsv1.ControllerRevision, present *appsv1.ControllerRevision) Step {
	for i := len(stored) - 1; i >= 0; i-- {
		if !Equal(stored[i], present) {
			continue
		}
		if i == len(stored)-1 {
			return Step{Revision: stored[i]}
		}
		return Step{Revision: stored[i], Number: NextNumber(stored)}
	}
	return Step{Revision: present, Create: true}
}

// NextNumber is the number of a revision that follows those that are sorted.
func NextNumber(sorted []*appsv1.ControllerRevision) int64 {
	if len(sorted) == 0 {
		return 1
	}
	return sorted[len(sorted)-1].Revision + 1
}

// Surplus are the revisions to delete, so that no more than limit remain of those
// that are not live: the oldest first. It is truncateHistory upstream.
func Surplus(sorted []*appsv1.ControllerRevision, live func(*appsv1.ControllerRevision) bool, limit int) []*appsv1.ControllerRevision {
	old := slices.DeleteFunc(slices.Clone(sorted), live)
	return old[:max(len(old)-limit, 0)]
}
