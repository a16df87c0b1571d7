// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload/deployment"
)

// Revision is a template that a workload has or had.
type Revision struct {
	// Number counts from 1.
	Number int64
	// Cause is why it was changed; empty where nobody has said.
	Cause    string
	Template *v1alpha1.SimPodTemplateSpec
	// Kept is the object that keeps it: a set or a ControllerRevision.
	Kept runtime.Object
}

// OfSets returns the revisions of a deployment, the first first.
func OfSets(d *v1alpha1.SimDeployment, sets []v1alpha1.SimReplicaSet) (out []Revision) {
	for i := range sets {
		set := &sets[i]
		if n := deployment.Revision(set); n > 0 && metav1.IsControlledBy(set, d) {
			out = append(out, Revision{n, set.Annotations[deployment.ChangeCauseAnnotation], &set.Spec.Template, set})
		}
	}
	slices.SortFunc(out, func(a, b Revision) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// OfControllerRevisions returns the revisions of another workload, the first first.
func OfControllerRevisions(owner metav1.Object, revisions []appsv1.ControllerRevision) (out []Revision, err error) {
	for i := range revisions {
		kept := &revisions[i]
		if !metav1.IsControlledBy(kept, owner) {
			continue
		}
		var data struct {
			Spec struct {
				Template v1alpha1.SimPodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if err := json.Unmarshal(kept.Data.Raw, &data); err != nil {
			return nil, fmt.Errorf("unable to parse history %s: %w", kept.Name, err)
		}
		out = append(out, Revision{kept.Revision, kept.Annotations[deployment.ChangeCauseAnnotation], &data.Spec.Template, kept})
	}
	slices.SortFunc(out, func(a, b Revision) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}

// Find returns a revision; for 0 the one before the last, which a rollback goes to.
func Find(history []Revision, number int64) (Revision, error) {
	if number == 0 {
		if len(history) < 2 {
			return Revision{}, fmt.Errorf("no last revision to roll back to")
		}
		return history[len(history)-2], nil
	}
	i := slices.IndexFunc(history, func(r Revision) bool { return r.Number == number })
	if i < 0 {
		return Revision{}, fmt.Errorf("unable to find specified revision %d in history", number)
	}
	return history[i], nil
}

// Table lists revisions as kubectl rollout history does.
func Table(history []Revision) string {
	if len(history) == 0 {
		return "No rollout history found."
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "REVISION\tCHANGE-CAUSE")
	for _, r := range history {
		fmt.Fprintf(w, "%d\t%s\n", r.Number, cmp.Or(r.Cause, "<none>"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}
