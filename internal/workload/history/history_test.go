// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

var owner = &v1alpha1.SimDaemonSet{ObjectMeta: metav1.ObjectMeta{
	Namespace: "default", Name: "agents", UID: "set",
	Annotations: map[string]string{"kubernetes.io/change-cause": "new agents", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
}}

func template(image string) *v1alpha1.SimPodTemplateSpec {
	return &v1alpha1.SimPodTemplateSpec{
		Metadata: v1alpha1.TemplateMeta{Labels: map[string]v1alpha1.LabelValue{"app": "agents"}},
		Spec:     v1alpha1.SimPodSpec{RestartPolicy: corev1.RestartPolicyAlways, Containers: []v1alpha1.Container{{Name: "main", Image: image}}},
	}
}

func revision(t *testing.T, image string, number int64) *appsv1.ControllerRevision {
	t.Helper()
	out, err := New(owner, "SimDaemonSet", template(image), number, 0)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNew(t *testing.T) {
	got := revision(t, "agent:1", 4)
	if want := "agents-" + Hash(got); got.Name != want || got.Revision != 4 {
		t.Errorf("revision %s number %d, want %s", got.Name, got.Revision, want)
	}
	if got.Labels["app"] != "agents" || got.Labels[v1alpha1.LabelWorkload] != "SimDaemonSet" || !metav1.IsControlledBy(got, owner) {
		t.Errorf("labels %v, owners %v", got.Labels, got.OwnerReferences)
	}
	if diff := cmp.Diff(map[string]string{"kubernetes.io/change-cause": "new agents"}, got.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	const want = `{"spec":{"template":{"metadata":{"labels":{"app":"agents"}},"spec":{"containers":[{"name":"main","image":"agent:1"}],"restartPolicy":"Always"},"$patch":"replace"}}}`
	if diff := cmp.Diff(want, string(got.Data.Raw)); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	back, err := Template(got)
	if err != nil || cmp.Diff(template("agent:1"), back) != "" {
		t.Errorf("read back: %v\n%s", err, cmp.Diff(template("agent:1"), back))
	}

	collided, err := New(owner, "SimDaemonSet", template("agent:1"), 4, 1)
	if err != nil || collided.Name == got.Name || !Equal(collided, got) {
		t.Errorf("after a collision: %s, %v; equal %t", collided.Name, err, Equal(collided, got))
	}
	long := owner.DeepCopy()
	long.Name = strings.Repeat("a", 253)
	if got, err := New(long, "SimDaemonSet", template("agent:1"), 1, 0); err != nil || len(got.Name) > 253 {
		t.Errorf("a name of %d characters, %v", len(got.Name), err)
	}
}

func TestTemplateOfWhatIsNone(t *testing.T) {
	broken := revision(t, "agent:1", 1)
	broken.Data.Raw = []byte("{")
	if _, err := Template(broken); err == nil || !strings.Contains(err.Error(), broken.Name) {
		t.Errorf("got %v", err)
	}
	if Equal(broken, revision(t, "agent:1", 1)) {
		t.Error("it equals one that can be read")
	}
}

func TestEqualByMeaning(t *testing.T) {
	a, b := revision(t, "agent:1", 1), revision(t, "agent:1", 1)
	b.Data.Raw = []byte(`{"spec":{"template":{"$patch":"replace","spec":{"restartPolicy":"Always","containers":[{"image":"agent:1","name":"main"}]},"metadata":{"labels":{"app":"agents"}}}}}`)
	if !Equal(a, b) {
		t.Error("the order of fields makes them differ")
	}
	if Equal(a, revision(t, "agent:2", 1)) {
		t.Error("another image makes no difference")
	}
}

func TestNext(t *testing.T) {
	one, two, three := revision(t, "agent:1", 1), revision(t, "agent:2", 2), revision(t, "agent:3", 3)
	tests := []struct {
		name    string
		stored  []*appsv1.ControllerRevision
		present *appsv1.ControllerRevision
		want    Step
	}{
		{"the first", nil, one, Step{Revision: one, Create: true}},
		{"a new one", []*appsv1.ControllerRevision{one, two}, three, Step{Revision: three, Create: true}},
		{"no change", []*appsv1.ControllerRevision{one, two}, two, Step{Revision: two}},
		{"back to an old one", []*appsv1.ControllerRevision{one, two}, one, Step{Revision: one, Number: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Next(tt.stored, tt.present)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSortAndSurplus(t *testing.T) {
	one, two, three, four := revision(t, "agent:1", 1), revision(t, "agent:2", 2), revision(t, "agent:3", 3), revision(t, "agent:4", 4)
	all := []*appsv1.ControllerRevision{four, two, three, one}
	Sort(all)
	live := func(r *appsv1.ControllerRevision) bool { return r == four || r == one }
	for limit, want := range map[int][]string{0: {two.Name, three.Name}, 1: {two.Name}, 2: nil, 10: nil} {
		var got []string
		for _, r := range Surplus(all, live, limit) {
			got = append(got, r.Name)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
	if len(all) != 4 || NextNumber(all) != 5 || NextNumber(nil) != 1 {
		t.Errorf("%d are left, the next is %d", len(all), NextNumber(all))
	}
}
