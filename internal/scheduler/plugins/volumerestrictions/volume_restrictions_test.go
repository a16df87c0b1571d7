// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumerestrictions

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

func gce(name string, readOnly bool) corev1.VolumeSource {
	return corev1.VolumeSource{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{PDName: name, ReadOnly: readOnly}}
}

func ebs(id string) corev1.VolumeSource {
	return corev1.VolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: id, ReadOnly: true}}
}

func iscsi(iqn string, readOnly bool) corev1.VolumeSource {
	return corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{IQN: iqn, ReadOnly: readOnly}}
}

func rbd(readOnly bool, pool, image string, monitors ...string) corev1.VolumeSource {
	return corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{CephMonitors: monitors, RBDPool: pool, RBDImage: image, ReadOnly: readOnly}}
}

const (
	noDisk = "Unschedulable: node(s) had no available disk"
	inUse  = "Unschedulable: node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)

func TestFilterDisks(t *testing.T) {
	for _, tc := range []struct {
		name         string
		volume, used corev1.VolumeSource
		want         string
	}{
		{name: "nothing to check", volume: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, used: ebs("a"), want: "Skip"},
		{name: "other disk", volume: gce("a", false), used: gce("b", false)},
		{name: "same disk", volume: gce("a", false), used: gce("a", false), want: noDisk},
		{name: "one writes", volume: gce("a", true), used: gce("a", false), want: noDisk},
		{name: "both read", volume: gce("a", true), used: gce("a", true)},
		{name: "EBS even where both read", volume: ebs("a"), used: ebs("a"), want: noDisk},
		{name: "other EBS volume", volume: ebs("a"), used: ebs("b")},
		{name: "other kind of the same name", volume: ebs("a"), used: gce("a", false)},
		{name: "same target", volume: iscsi("a", false), used: iscsi("a", true), want: noDisk},
		{name: "same target, both read", volume: iscsi("a", true), used: iscsi("a", true)},
		{name: "same image, one monitor in common", volume: rbd(false, "p", "i", "a", "b"), used: rbd(true, "p", "i", "b", "c"), want: noDisk},
		{name: "same image, both read", volume: rbd(true, "p", "i", "a"), used: rbd(true, "p", "i", "a")},
		{name: "same image, no monitor in common", volume: rbd(false, "p", "i", "a"), used: rbd(false, "p", "i", "b")},
		{name: "other pool", volume: rbd(false, "p", "i", "a"), used: rbd(false, "q", "i", "a")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snapshot := plugintest.NewSnapshot(
				[]*corev1.Node{plugintest.MakeNode("n1").Obj(), plugintest.MakeNode("n2").Obj()},
				[]*corev1.Pod{plugintest.MakePod("user").On("n1").Volume(tc.used).Obj()})
			pod := plugintest.MakePod("p").Volume(tc.volume).Obj()
			free := ""
			if tc.want == "Skip" {
				free = "Skip"
			}
			if diff := cmp.Diff(map[string]string{"n1": tc.want, "n2": free}, plugintest.Filter(New(), snapshot, pod)); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func onePod(c *corev1.PersistentVolumeClaim) {
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
}

func TestFilterReadWriteOncePod(t *testing.T) {
	claims := framework.StorageObjects{PersistentVolumeClaims: []corev1.PersistentVolumeClaim{
		plugintest.MakeClaim("single", "", onePod), plugintest.MakeClaim("shared", ""),
	}}
	for _, tc := range []struct {
		name string
		pod  *plugintest.Pod
		user *plugintest.Pod
		want string
	}{
		{name: "no volumes", pod: plugintest.MakePod("p"), user: plugintest.MakePod("u"), want: "Skip"},
		{name: "free", pod: plugintest.MakePod("p").Claim("single"), user: plugintest.MakePod("u").Claim("shared"), want: "Skip"},
		{name: "in use", pod: plugintest.MakePod("p").Claim("single"), user: plugintest.MakePod("u").Claim("single"), want: inUse},
		{name: "shared claim in use", pod: plugintest.MakePod("p").Claim("shared"), user: plugintest.MakePod("u").Claim("shared"), want: "Skip"},
		{name: "of another namespace", pod: plugintest.MakePod("p").Claim("single"), user: plugintest.MakePod("u").Namespace("else").Claim("single"), want: "Skip"},
		{
			name: "missing", pod: plugintest.MakePod("p").Claim("none"), user: plugintest.MakePod("u"),
			want: `UnschedulableAndUnresolvable: persistentvolumeclaim "none" not found`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("n1").Obj(), plugintest.MakeNode("n2").Obj()},
				[]*corev1.Pod{tc.user.On("n1").Obj()}).WithStorage(claims)
			want := map[string]string{"n1": tc.want, "n2": tc.want} // the user is in the way wherever it is
			if diff := cmp.Diff(want, plugintest.Filter(New(), snapshot, tc.pod.Obj())); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPreemption checks that the claim is free once its user is taken away, and
// only in the state from which it was.
func TestPreemption(t *testing.T) {
	user := plugintest.MakePod("u").On("n1").Claim("single").Obj()
	snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("n1").Obj()}, []*corev1.Pod{user}).WithStorage(
		framework.StorageObjects{PersistentVolumeClaims: []corev1.PersistentVolumeClaim{plugintest.MakeClaim("single", "", onePod)}})
	state, pod := framework.NewCycleState(snapshot), framework.NewPodInfo(plugintest.MakePod("p").Claim("single").Obj())
	if _, s := New().PreFilter(state, pod); !s.IsSuccess() {
		t.Fatal(s.Message())
	}
	node, info, clone := snapshot.Get("n1").Clone(), framework.NewPodInfo(user), state.Clone()
	node.RemovePod(user.UID)
	New().RemovePod(clone, pod, info, node)
	if got := plugintest.Verdict(New().Filter(clone, pod, node)); got != "" {
		t.Errorf("without the user: %q", got)
	}
	New().AddPod(clone, pod, info, node)
	if got := plugintest.Verdict(New().Filter(clone, pod, node)); got != inUse {
		t.Errorf("with the user again: %q", got)
	}
	if got := plugintest.Verdict(New().Filter(state, pod, snapshot.Get("n1"))); got != inUse {
		t.Errorf("the state that was cloned: %q", got)
	}
}

func TestBlame(t *testing.T) {
	snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("n1").Obj(), plugintest.MakeNode("n2").Obj()}, []*corev1.Pod{
		plugintest.MakePod("disk").On("n1").Volume(ebs("a")).Obj(),
		plugintest.MakePod("claim").On("n1").Claim("single").Obj(),
		plugintest.MakePod("innocent").On("n1").Obj(),
	}).WithStorage(framework.StorageObjects{PersistentVolumeClaims: []corev1.PersistentVolumeClaim{plugintest.MakeClaim("single", "", onePod)}})
	pod := framework.NewPodInfo(plugintest.MakePod("p").Volume(ebs("a")).Claim("single").Obj())
	state := framework.NewCycleState(snapshot)
	New().PreFilter(state, pod)
	want := map[string]struct {
		pod    string
		claims []evidence.ObjectReference
	}{
		"n1": {pod: "disk"},
		"n2": {pod: "claim", claims: []evidence.ObjectReference{{Kind: "PersistentVolumeClaim", Namespace: "default", Name: "single", Detail: "ReadWriteOncePod, in use"}}},
	}
	for name, w := range want {
		got := New().Blame(state, pod, snapshot.Get(name))
		if len(got) != 1 || got[0].Pod.Name != w.pod {
			t.Errorf("%s: pods %v, want %s", name, got, w.pod)
		}
		if diff := cmp.Diff(w.claims, New().BlameObjects(state, pod, snapshot.Get(name))); diff != "" {
			t.Errorf("%s: objects (-want +got):\n%s", name, diff)
		}
	}
	missing := framework.NewPodInfo(plugintest.MakePod("p").Claim("none", "single").Obj())
	got := New().BlameObjects(framework.NewCycleState(snapshot), missing, nil)
	if diff := cmp.Diff([]evidence.ObjectReference{{Kind: "PersistentVolumeClaim", Namespace: "default", Name: "none", Detail: "does not exist"}}, got); diff != "" {
		t.Errorf("missing claims (-want +got):\n%s", diff)
	}
}
