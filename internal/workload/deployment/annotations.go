// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"maps"
	"math"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Annotations of a deployment and its sets. They are those of apps/v1, so that what
// is known of Deployments holds.
const (
	// RevisionAnnotation numbers the templates that a deployment has had. Both the
	// deployment and its sets have it.
	RevisionAnnotation = "deployment.kubernetes.io/revision"
	// RevisionHistoryAnnotation lists the numbers that a set had before it was
	// rolled back to, separated by commas.
	RevisionHistoryAnnotation = "deployment.kubernetes.io/revision-history"
	// DesiredReplicasAnnotation is spec.replicas of the deployment when the set was
	// last scaled: where it differs, the deployment has been scaled since.
	DesiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas"
	// MaxReplicasAnnotation is how many pods there might be in all at that time.
	MaxReplicasAnnotation = "deployment.kubernetes.io/max-replicas"
	// ChangeCauseAnnotation says why a template was changed. Users set it.
	ChangeCauseAnnotation = "kubernetes.io/change-cause"
)

// maxHistoryLength bounds RevisionHistoryAnnotation, in characters.
const maxHistoryLength = 2000

// ownAnnotations are those that a set and its deployment do not share.
var ownAnnotations = map[string]bool{
	corev1.LastAppliedConfigAnnotation: true,
	RevisionAnnotation:                 true,
	RevisionHistoryAnnotation:          true,
	DesiredReplicasAnnotation:          true,
	MaxReplicasAnnotation:              true,
}

// Revision returns the number of an object's template; 0 where it has none.
func Revision(object metav1.Object) int64 {
	n, err := strconv.ParseInt(object.GetAnnotations()[RevisionAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// latestRevision is MaxRevision of upstream.
func latestRevision(sets []*v1alpha1.SimReplicaSet) int64 {
	var latest int64
	for _, set := range sets {
		latest = max(latest, Revision(set))
	}
	return latest
}

// annotate gives the set of the present template its revision and the annotations
// of the deployment. It is SetNewReplicaSetAnnotations of upstream.
func annotate(d *v1alpha1.SimDeployment, set *v1alpha1.SimReplicaSet, revision int64) {
	if set.Annotations == nil {
		set.Annotations = make(map[string]string)
	}
	for key, value := range d.Annotations {
		if !ownAnnotations[key] {
			set.Annotations[key] = value
		}
	}
	before, had := set.Annotations[RevisionAnnotation]
	if Revision(set) >= revision {
		return
	}
	set.Annotations[RevisionAnnotation] = strconv.FormatInt(revision, 10)
	if had {
		set.Annotations[RevisionHistoryAnnotation] = addToHistory(set.Annotations[RevisionHistoryAnnotation], before)
	}
}

// addToHistory appends a revision, and leaves the oldest ones out where the list
// would become too long.
func addToHistory(history, revision string) string {
	if history == "" {
		return revision
	}
	list := append(strings.Split(history, ","), revision)
	for len(strings.Join(list, ",")) > maxHistoryLength && len(list) > 1 {
		list = list[1:]
	}
	return strings.Join(list, ",")
}

// noteReplicas writes down for how large a deployment a set was scaled.
func noteReplicas(d *v1alpha1.SimDeployment, set *v1alpha1.SimReplicaSet) {
	surge, _ := Bounds(d)
	if set.Annotations == nil {
		set.Annotations = make(map[string]string)
	}
	set.Annotations[DesiredReplicasAnnotation] = strconv.Itoa(int(Replicas(d)))
	set.Annotations[MaxReplicasAnnotation] = strconv.Itoa(int(Replicas(d) + surge))
}

// noted returns a number that noteReplicas wrote down, and whether it is one.
func noted(set *v1alpha1.SimReplicaSet, key string) (int32, bool) {
	n, err := strconv.ParseUint(set.Annotations[key], 10, 32)
	if err != nil || n > math.MaxInt32 {
		return 0, false
	}
	return int32(n), true
}

// RollbackAnnotations returns what the annotations of a deployment are to be that
// goes back to the template of a set: that set's, so that they go with the
// template again. It is SetDeploymentAnnotationsTo of upstream.
func RollbackAnnotations(d *v1alpha1.SimDeployment, to *v1alpha1.SimReplicaSet) map[string]string {
	out := maps.Clone(d.Annotations)
	maps.DeleteFunc(out, func(key, _ string) bool { return !ownAnnotations[key] })
	if out == nil {
		out = make(map[string]string)
	}
	for key, value := range to.Annotations {
		if !ownAnnotations[key] {
			out[key] = value
		}
	}
	return out
}
