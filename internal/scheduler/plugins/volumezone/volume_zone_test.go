// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumezone

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

func labeled(pairs ...string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) {
		v.Labels = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			v.Labels[pairs[i]] = pairs[i+1]
		}
	}
}

func TestFilter(t *testing.T) {
	const (
		elsewhere    = "UnschedulableAndUnresolvable: node(s) had no available volume zone"
		unresolvable = "UnschedulableAndUnresolvable: "
	)
	nodes := []*corev1.Node{
		plugintest.MakeNode("z1").Zone("z1").Obj(),
		plugintest.MakeNode("z2").Zone("z2").Obj(),
		plugintest.MakeNode("beta").Label(corev1.LabelFailureDomainBetaZone, "z1").Obj(),
		plugintest.MakeNode("region").Label(corev1.LabelTopologyRegion, "r1").Obj(),
		plugintest.MakeNode("nowhere").Obj(),
	}
	all := func(verdict string) map[string]string {
		return map[string]string{"z1": verdict, "z2": verdict, "beta": verdict, "region": verdict, "nowhere": verdict}
	}
	for _, tc := range []struct {
		name   string
		claim  corev1.PersistentVolumeClaim
		volume corev1.PersistentVolume
		want   map[string]string
	}{
		{
			name: "a zone", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), volume: plugintest.MakeVolume("v", "", labeled(corev1.LabelTopologyZone, "z1")),
			want: map[string]string{"z1": "", "z2": elsewhere, "beta": elsewhere, "region": elsewhere, "nowhere": ""},
		},
		{
			name: "several zones", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), volume: plugintest.MakeVolume("v", "", labeled(corev1.LabelTopologyZone, "z1__ z2")),
			want: map[string]string{"z1": "", "z2": "", "beta": elsewhere, "region": elsewhere, "nowhere": ""},
		},
		{
			name: "the old label", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), volume: plugintest.MakeVolume("v", "", labeled(corev1.LabelFailureDomainBetaZone, "z1")),
			want: map[string]string{"z1": "", "z2": elsewhere, "beta": "", "region": elsewhere, "nowhere": ""},
		},
		{
			name: "zone and region", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v")),
			volume: plugintest.MakeVolume("v", "", labeled(corev1.LabelTopologyZone, "z1", corev1.LabelTopologyRegion, "r1")),
			want:   map[string]string{"z1": elsewhere, "z2": elsewhere, "beta": elsewhere, "region": elsewhere, "nowhere": ""},
		},
		{name: "a label that cannot be read", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), volume: plugintest.MakeVolume("v", "", labeled(corev1.LabelTopologyZone, "z1__")), want: all("Skip")},
		{name: "no label", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), volume: plugintest.MakeVolume("v", ""), want: all("Skip")},
		{name: "no such claim", claim: plugintest.MakeClaim("other", ""), want: all(unresolvable + `persistentvolumeclaim "c" not found`)},
		{name: "no such volume", claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("gone")), want: all(unresolvable + `persistentvolume "gone" not found`)},
		{name: "no class", claim: plugintest.MakeClaim("c", ""), want: all(unresolvable + "PersistentVolumeClaim had no pv name and storageClass name")},
		{name: "no such class", claim: plugintest.MakeClaim("c", "gone"), want: all(unresolvable + `storageclass.storage.k8s.io "gone" not found`)},
		{name: "a class that binds at once", claim: plugintest.MakeClaim("c", "now"), want: all(unresolvable + "PersistentVolume had no name")},
		{name: "a class that waits", claim: plugintest.MakeClaim("c", "later"), want: all("Skip")},
		{name: "a class without a mode", claim: plugintest.MakeClaim("c", "odd"), want: all(unresolvable + `VolumeBindingMode not set for StorageClass "odd"`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snapshot := plugintest.NewSnapshot(nodes, nil).WithStorage(framework.StorageObjects{
				PersistentVolumeClaims: []corev1.PersistentVolumeClaim{tc.claim},
				PersistentVolumes:      []corev1.PersistentVolume{tc.volume},
				StorageClasses: []storagev1.StorageClass{
					plugintest.MakeClass("now", "p", true), plugintest.MakeClass("later", "p", false),
					plugintest.MakeClass("odd", "p", false, func(c *storagev1.StorageClass) { c.VolumeBindingMode = nil }),
				},
			})
			if diff := cmp.Diff(tc.want, plugintest.Filter(New(), snapshot, plugintest.MakePod("p").Claim("c").Obj())); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("no claim", func(t *testing.T) {
		got := plugintest.Filter(New(), plugintest.NewSnapshot(nodes, nil), plugintest.MakePod("p").Volume(corev1.VolumeSource{}).Obj())
		if diff := cmp.Diff(all("Skip"), got); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
		}
	})
}

func TestBlameObjects(t *testing.T) {
	snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("z1").Zone("z1").Obj(), plugintest.MakeNode("z2").Zone("z2").Obj()}, nil).
		WithStorage(framework.StorageObjects{
			PersistentVolumeClaims: []corev1.PersistentVolumeClaim{plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), plugintest.MakeClaim("loose", "")},
			PersistentVolumes:      []corev1.PersistentVolume{plugintest.MakeVolume("v", "", labeled(corev1.LabelTopologyZone, "z1"))},
		})
	state, pod := framework.NewCycleState(snapshot), framework.NewPodInfo(plugintest.MakePod("p").Claim("c").Obj())
	New().PreFilter(state, pod)
	if got := New().BlameObjects(state, pod, snapshot.Get("z1")); got != nil {
		t.Errorf("the volume is in reach, but %v is to blame", got)
	}
	want := []evidence.ObjectReference{{Kind: "PersistentVolume", Name: "v", Detail: "topology.kubernetes.io/zone=z1"}}
	if diff := cmp.Diff(want, New().BlameObjects(state, pod, snapshot.Get("z2"))); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	pod = framework.NewPodInfo(plugintest.MakePod("p").Claim("loose").Obj())
	want = []evidence.ObjectReference{{
		Kind: "PersistentVolumeClaim", Namespace: "default", Name: "loose", Detail: "PersistentVolumeClaim had no pv name and storageClass name",
	}}
	if diff := cmp.Diff(want, New().BlameObjects(framework.NewCycleState(snapshot), pod, nil)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}
