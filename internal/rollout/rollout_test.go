// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/test/wrappers"
)

// TestStatus has the cases of rollout_status_test.go of kubectl.
func TestStatus(t *testing.T) {
	deployment := func(wanted, replicas, updated, available int32) *v1alpha1.SimDeployment {
		return wrappers.MakeSimDeployment("foo", wanted).Status(replicas, updated, available).Obj()
	}
	unseen := deployment(1, 1, 1, 1)
	unseen.Generation = 2
	late := wrappers.MakeSimDeployment("foo", 1).Status(1, 1, 0).Progressing(metav1.ConditionFalse, v1alpha1.ReasonProgressDeadlineExceeded, metav1.Now().Time).Obj()
	daemons := func(status v1alpha1.SimDaemonSetStatus) *v1alpha1.SimDaemonSet {
		status.ObservedGeneration = 1
		return &v1alpha1.SimDaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "foo", Generation: 1}, Status: status}
	}
	stateful := func(status v1alpha1.SimStatefulSetStatus, partition int32) *v1alpha1.SimStatefulSet {
		set := &v1alpha1.SimStatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "foo", Generation: 1}, Status: status}
		set.Spec.Replicas = new(int32(3))
		set.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdateStatefulSet{Partition: partition}
		return set
	}
	onDelete := stateful(v1alpha1.SimStatefulSetStatus{ObservedGeneration: 1}, 0)
	onDelete.Spec.UpdateStrategy.Type = v1alpha1.OnDeleteSet
	tests := []struct {
		name     string
		object   runtime.Object
		revision int64
		want     string
		done     bool
		err      string
	}{
		{name: "fewer than wanted are new", object: deployment(1, 1, 0, 1), want: "Waiting for deployment \"foo\" rollout to finish: 0 out of 1 new replicas have been updated...\n"},
		{name: "old ones are there", object: deployment(1, 2, 1, 2), want: "Waiting for deployment \"foo\" rollout to finish: 1 old replicas are pending termination...\n"},
		{name: "some are not available", object: deployment(2, 2, 2, 1), want: "Waiting for deployment \"foo\" rollout to finish: 1 of 2 updated replicas are available...\n"},
		{name: "done", object: deployment(2, 2, 2, 2), want: "deployment \"foo\" successfully rolled out\n", done: true},
		{name: "not seen yet", object: unseen, want: "Waiting for deployment spec update to be observed...\n"},
		{name: "too late", object: late, err: "deployment \"foo\" exceeded its progress deadline"},
		{name: "another revision", object: deployment(2, 2, 2, 2), revision: 3, err: "desired revision (3) is different from the running revision (0)"},
		{name: "of daemons", object: daemons(v1alpha1.SimDaemonSetStatus{DesiredNumberScheduled: 1}), want: "Waiting for daemon set \"foo\" rollout to finish: 0 out of 1 new pods have been updated...\n"},
		{
			name: "of daemons that are not available", object: daemons(v1alpha1.SimDaemonSetStatus{DesiredNumberScheduled: 2, UpdatedNumberScheduled: 2, NumberAvailable: 1}),
			want: "Waiting for daemon set \"foo\" rollout to finish: 1 of 2 updated pods are available...\n",
		},
		{
			name: "of daemons, done", object: daemons(v1alpha1.SimDaemonSetStatus{DesiredNumberScheduled: 2, UpdatedNumberScheduled: 2, NumberAvailable: 2}),
			want: "daemon set \"foo\" successfully rolled out\n", done: true,
		},
		{name: "of a stateful set", object: stateful(v1alpha1.SimStatefulSetStatus{ObservedGeneration: 1, ReadyReplicas: 2}, 0), want: "Waiting for 1 pods to be ready...\n"},
		{
			name: "of a part of it", object: stateful(v1alpha1.SimStatefulSetStatus{ObservedGeneration: 1, ReadyReplicas: 3}, 2),
			want: "Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...\n",
		},
		{
			name: "of a part of it, done", object: stateful(v1alpha1.SimStatefulSetStatus{ObservedGeneration: 1, ReadyReplicas: 3, UpdatedReplicas: 1}, 2),
			want: "partitioned roll out complete: 1 new pods have been updated...\n", done: true,
		},
		{name: "of a stateful set that waits for deletions", object: onDelete, done: true, err: "rollout status is only available for RollingUpdate strategy type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, done, err := Status(tt.object, tt.revision)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if text != tt.want || done != tt.done || message != tt.err {
				t.Errorf("got %q, %v, %q\nwant %q, %v, %q", text, done, message, tt.want, tt.done, tt.err)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	d := wrappers.MakeSimDeployment("web", 1).Obj()
	owned := []metav1.OwnerReference{workload.OwnerReference(d, "SimDeployment")}
	set := func(revision int, cause string) v1alpha1.SimReplicaSet {
		w := wrappers.MakeSimReplicaSet("web", 0).Revision(revision)
		if cause != "" {
			w.Annotation("kubernetes.io/change-cause", cause)
		}
		out := w.Obj()
		out.OwnerReferences = owned
		return *out
	}
	foreign := set(9, "")
	foreign.OwnerReferences = nil
	history := OfSets(d, []v1alpha1.SimReplicaSet{set(12, "to version 2"), set(2, ""), foreign})
	if diff := cmp.Diff("REVISION  CHANGE-CAUSE\n2         <none>\n12        to version 2\n", Table(history)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for number, want := range map[int64]int64{0: 2, 12: 12} {
		if got, err := Find(history, number); err != nil || got.Number != want {
			t.Errorf("%d is revision %d, %v", number, got.Number, err)
		}
	}
	if _, err := Find(history, 3); err == nil || err.Error() != "unable to find specified revision 3 in history" {
		t.Errorf("error %v", err)
	}
	if _, err := Find(history[:1], 0); err == nil {
		t.Error("there is none before the only one")
	}
	if got := Table(nil); got != "No rollout history found." {
		t.Errorf("got %s", got)
	}
}

func TestOfControllerRevisions(t *testing.T) {
	owner := &v1alpha1.SimStatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db", UID: "1"}}
	kept := appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Name: "db-1", OwnerReferences: []metav1.OwnerReference{workload.OwnerReference(owner, "SimStatefulSet")}},
		Revision:   4, Data: runtime.RawExtension{Raw: []byte(`{"spec":{"template":{"$patch":"replace","spec":{"containers":[{"name":"main","image":"db:1"}]}}}}`)},
	}
	history, err := OfControllerRevisions(owner, []appsv1.ControllerRevision{kept, {Revision: 5}})
	if err != nil || len(history) != 1 || history[0].Number != 4 || history[0].Template.Spec.Containers[0].Image != "db:1" {
		t.Errorf("history %+v, %v", history, err)
	}
	kept.Data.Raw = []byte("{")
	if _, err := OfControllerRevisions(owner, []appsv1.ControllerRevision{kept}); err == nil {
		t.Error("what cannot be read must be an error")
	}
}

func TestDescribe(t *testing.T) {
	template := wrappers.MakeSimDeployment("web", 1).Obj().Spec.Template
	template.Metadata.Labels["pod-template-hash"] = "5d4f8c7b9"
	template.Spec.Containers[0].Ports = []v1alpha1.ContainerPort{{ContainerPort: 80}}
	want := `Pod Template:
  Labels:	app=web
		pod-template-hash=5d4f8c7b9
  Annotations:	kubernetes.io/change-cause: first
  Containers:
   main:
    Image:		app:1
    Port:		80/TCP
    Host Port:		0/TCP
  Node-Selectors:	<none>
`
	if diff := cmp.Diff(want, Describe(&template, "first")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
