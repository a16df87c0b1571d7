// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"cmp"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Kind of the objects that are planned for.
const Kind = "SimDeployment"

// HashLabel is the label by which the pods of the templates of a deployment are
// told apart: pod-template-hash.
const HashLabel = appsv1.DefaultDeploymentUniqueLabelKey

// SameTemplate says whether two templates are equal but for HashLabel. It is
// EqualIgnoreHash of upstream.
func SameTemplate(a, b *v1alpha1.SimPodTemplateSpec) bool {
	return equality.Semantic.DeepEqual(WithoutHash(a), WithoutHash(b))
}

// WithoutHash returns a copy of a template without HashLabel: a set's becomes that
// of its deployment.
func WithoutHash(template *v1alpha1.SimPodTemplateSpec) *v1alpha1.SimPodTemplateSpec {
	out := template.DeepCopy()
	delete(out.Metadata.Labels, HashLabel)
	return out
}

// Split returns the set of the deployment's present template, nil where there is
// none, and the others, the oldest first. Of several sets of one template the
// oldest counts: FindNewReplicaSet of upstream.
func Split(d *v1alpha1.SimDeployment, sets []*v1alpha1.SimReplicaSet) (present *v1alpha1.SimReplicaSet, old []*v1alpha1.SimReplicaSet) {
	for _, set := range slices.SortedFunc(slices.Values(sets), byAge) {
		if present == nil && SameTemplate(&set.Spec.Template, &d.Spec.Template) {
			present = set
			continue
		}
		old = append(old, set)
	}
	return present, old
}

// byAge sorts the oldest first: ReplicaSetsByCreationTimestamp of
// k8s.io/kubernetes/pkg/controller.
func byAge(a, b *v1alpha1.SimReplicaSet) int {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}

// ByRevision sorts the first revision first: ReplicaSetsByRevision of upstream.
func ByRevision(a, b *v1alpha1.SimReplicaSet) int {
	return cmp.Or(cmp.Compare(Revision(a), Revision(b)), byAge(a, b))
}

// bySize sorts the largest first; of two of one size the newer where newerFirst,
// else the older: ReplicaSetsBySizeNewer and ReplicaSetsBySizeOlder of
// k8s.io/kubernetes/pkg/controller.
func bySize(newerFirst bool) func(a, b *v1alpha1.SimReplicaSet) int {
	return func(a, b *v1alpha1.SimReplicaSet) int {
		age := byAge(a, b)
		if newerFirst {
			age = -age
		}
		return cmp.Or(cmp.Compare(workload.Replicas(b), workload.Replicas(a)), age)
	}
}

// newSet returns the set of the deployment's present template, without pods. It
// mirrors getNewReplicaSet of upstream.
func newSet(d *v1alpha1.SimDeployment) (*v1alpha1.SimReplicaSet, error) {
	hash, err := workload.TemplateHash(&d.Spec.Template, d.Status.CollisionCount)
	if err != nil {
		return nil, err
	}
	template := d.Spec.Template.DeepCopy()
	template.Metadata.Labels = withHash(template.Metadata.Labels, hash)
	selector := d.Spec.Selector.DeepCopy()
	selector.MatchLabels = withHash(selector.MatchLabels, hash)
	set := &v1alpha1.SimReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       d.Namespace,
			Name:            setName(d.Name, hash),
			Labels:          make(map[string]string, len(template.Metadata.Labels)),
			OwnerReferences: []metav1.OwnerReference{workload.OwnerReference(d, Kind)},
		},
		Spec: v1alpha1.SimReplicaSetSpec{
			Replicas: new(int32), MinReadySeconds: d.Spec.MinReadySeconds, Selector: *selector, Template: *template,
		},
	}
	for key, value := range template.Metadata.Labels {
		set.Labels[key] = string(value)
	}
	return set, nil
}

func withHash(labels map[string]v1alpha1.LabelValue, hash string) map[string]v1alpha1.LabelValue {
	out := maps.Clone(labels)
	if out == nil {
		out = make(map[string]v1alpha1.LabelValue, 1)
	}
	out[HashLabel] = v1alpha1.LabelValue(hash)
	return out
}

// setName is generateReplicaSetName of upstream: a long name is cut.
func setName(deployment, hash string) string {
	if room := validation.DNS1123SubdomainMaxLength - 1 - len(hash); len(deployment) > room {
		deployment = deployment[:room]
	}
	return deployment + "-" + hash
}
