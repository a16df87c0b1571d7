// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodevolumelimits

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

const (
	driver = "csi.example.com"
	ebs    = "ebs.csi.aws.com"

	full = "Unschedulable: node(s) exceed max volume count"
)

func csiNode(name string, limits map[string]int32) storagev1.CSINode {
	n := storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for d, limit := range limits {
		entry := storagev1.CSINodeDriver{Name: d}
		if limit >= 0 {
			entry.Allocatable = &storagev1.VolumeNodeResources{Count: &limit}
		}
		n.Spec.Drivers = append(n.Spec.Drivers, entry)
	}
	return n
}

func attachment(node, volume, attacher string) storagev1.VolumeAttachment {
	a := storagev1.VolumeAttachment{ObjectMeta: metav1.ObjectMeta{Name: node + volume}}
	a.Spec.NodeName, a.Spec.Attacher, a.Spec.Source.PersistentVolumeName = node, attacher, &volume
	return a
}

func inline(id string) corev1.VolumeSource {
	return corev1.VolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: id}}
}

func inTree(v *corev1.PersistentVolume) {
	v.Spec.CSI = nil
	v.Spec.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: "vol-" + v.Name}
}

func ownedBy(pod string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) {
		c.OwnerReferences = []metav1.OwnerReference{{Kind: "Pod", Name: pod, UID: plugintest.MakePod(pod).Obj().UID, Controller: new(true)}}
	}
}

// objects has the bound claims a, b and c, unbound ones of several classes, and
// in-tree, the claim of a volume whose driver has been replaced.
func objects() framework.StorageObjects {
	return framework.StorageObjects{
		PersistentVolumeClaims: []corev1.PersistentVolumeClaim{
			plugintest.MakeClaim("a", "", plugintest.BoundTo("va")),
			plugintest.MakeClaim("b", "", plugintest.BoundTo("vb")),
			plugintest.MakeClaim("c", "", plugintest.BoundTo("vc")),
			plugintest.MakeClaim("in-tree", "", plugintest.BoundTo("vt")),
			plugintest.MakeClaim("lost", "", plugintest.BoundTo("gone")),
			plugintest.MakeClaim("unbound", "later"),
			plugintest.MakeClaim("unbound-in-tree", "old"),
			plugintest.MakeClaim("classless", ""),
			plugintest.MakeClaim("p-v0", "later", ownedBy("p")),
			plugintest.MakeClaim("q-v0", "later"),
		},
		PersistentVolumes: []corev1.PersistentVolume{
			plugintest.MakeVolume("va", ""), plugintest.MakeVolume("vb", ""), plugintest.MakeVolume("vc", ""), plugintest.MakeVolume("vt", "", inTree),
		},
		StorageClasses: []storagev1.StorageClass{plugintest.MakeClass("later", driver, false), plugintest.MakeClass("old", "kubernetes.io/aws-ebs", false)},
	}
}

func TestFilter(t *testing.T) {
	one, eb := map[string]int32{driver: 1}, map[string]int32{ebs: 1}
	for _, tc := range []struct {
		name     string
		pod      *plugintest.Pod
		existing *plugintest.Pod
		limits   map[string]int32
		change   func(*framework.StorageObjects)
		want     string
	}{
		{name: "no volume that is attached", pod: plugintest.MakePod("p").Volume(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}), limits: one, want: "Skip"},
		{name: "room", pod: plugintest.MakePod("p").Claim("a"), limits: one},
		{name: "no CSINode", pod: plugintest.MakePod("p").Claim("a", "b")},
		{name: "no limit", pod: plugintest.MakePod("p").Claim("a", "b"), limits: map[string]int32{driver: -1}},
		{name: "limit of another driver", pod: plugintest.MakePod("p").Claim("a", "b"), limits: map[string]int32{"other": 0}},
		{name: "more than fit at all", pod: plugintest.MakePod("p").Claim("a", "b"), limits: one, want: full},
		{name: "full", pod: plugintest.MakePod("p").Claim("a"), existing: plugintest.MakePod("e").Claim("b"), limits: one, want: full},
		{name: "the same volume counts once", pod: plugintest.MakePod("p").Claim("a"), existing: plugintest.MakePod("e").Claim("a"), limits: one},
		{name: "the same claim twice in the pod", pod: plugintest.MakePod("p").Claim("a", "a"), limits: one},
		{name: "unbound counts by its class", pod: plugintest.MakePod("p").Claim("unbound"), existing: plugintest.MakePod("e").Claim("a"), limits: one, want: full},
		{name: "unbound on both sides", pod: plugintest.MakePod("p").Claim("unbound"), existing: plugintest.MakePod("e").Claim("unbound"), limits: one},
		{name: "a volume that is gone counts by the class", pod: plugintest.MakePod("p").Claim("lost", "a"), limits: one},
		{name: "without a class it does not count", pod: plugintest.MakePod("p").Claim("classless", "a"), limits: one},
		{name: "an existing pod's claim is gone", pod: plugintest.MakePod("p").Claim("a"), existing: plugintest.MakePod("e").Claim("gone"), limits: one},
		{name: "missing claim", pod: plugintest.MakePod("p").Claim("gone"), limits: one, want: `UnschedulableAndUnresolvable: looking up PVC default/gone: persistentvolumeclaim "gone" not found`},
		{name: "claim without a name", pod: plugintest.MakePod("p").Claim(""), limits: one, want: "Error: PersistentVolumeClaim had no name"},
		{name: "claim made for the pod", pod: plugintest.MakePod("p").Ephemeral(), existing: plugintest.MakePod("e").Claim("a"), limits: one, want: full},
		{name: "claim made for somebody else", pod: plugintest.MakePod("q").Ephemeral(), limits: one, want: "Error: PVC default/q-v0 was not created for pod default/q (pod is not owner)"},
		{name: "attached, though no pod uses it", pod: plugintest.MakePod("p").Claim("a"), limits: one, want: full, change: func(o *framework.StorageObjects) {
			o.VolumeAttachments = []storagev1.VolumeAttachment{attachment("n", "vb", driver)}
		}},
		{name: "attached, and a pod uses it", pod: plugintest.MakePod("p").Claim("a"), existing: plugintest.MakePod("e").Claim("b"), limits: map[string]int32{driver: 2}, change: func(o *framework.StorageObjects) {
			o.VolumeAttachments = []storagev1.VolumeAttachment{attachment("n", "vb", driver)}
		}},
		{name: "attached elsewhere, or unknown", pod: plugintest.MakePod("p").Claim("a"), limits: one, change: func(o *framework.StorageObjects) {
			o.VolumeAttachments = []storagev1.VolumeAttachment{attachment("m", "vb", driver), attachment("n", "gone", driver), attachment("n", "vt", driver), attachment("n", "vb", "")}
		}},
		{name: "replaced driver", pod: plugintest.MakePod("p").Claim("in-tree"), existing: plugintest.MakePod("e").Volume(inline("vol-x")), limits: eb, want: full},
		{name: "replaced driver, the same volume inline", pod: plugintest.MakePod("p").Claim("in-tree"), existing: plugintest.MakePod("e").Volume(inline("aws://z/vol-vt")), limits: eb},
		{name: "replaced driver of the class", pod: plugintest.MakePod("p").Claim("unbound-in-tree", "in-tree"), limits: eb, want: full},
		{name: "replaced driver, inline", pod: plugintest.MakePod("p").Volume(inline("vol-x")).Volume(inline("vol-y")), limits: eb, want: full},
		{name: "replaced driver, no CSINode", pod: plugintest.MakePod("p").Volume(inline("vol-x")).Claim("unbound-in-tree", "in-tree")},
		{name: "replaced driver, odd name", pod: plugintest.MakePod("p").Volume(inline("aws://z/odd")), limits: eb, want: "Error: converting volume(v0) from inline to csi: failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (aws://z/odd)"},
		{name: "driver is missing", pod: plugintest.MakePod("p").Claim("a"), limits: map[string]int32{"other": 5}, want: "Unschedulable: csi.example.com CSI driver is not installed on the node", change: prevent},
		{name: "driver is missing, no CSINode", pod: plugintest.MakePod("p").Claim("a"), want: "Unschedulable: csi.example.com CSI driver is not installed on the node", change: prevent},
		{name: "driver is there", pod: plugintest.MakePod("p").Claim("a"), limits: map[string]int32{driver: -1}, change: prevent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := objects()
			if tc.limits != nil {
				o.CSINodes = []storagev1.CSINode{csiNode("n", tc.limits)}
			}
			if tc.change != nil {
				tc.change(&o)
			}
			var existing []*corev1.Pod
			if tc.existing != nil {
				existing = []*corev1.Pod{tc.existing.On("n").Obj()}
			}
			snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("n").Obj()}, existing).WithStorage(o)
			if diff := cmp.Diff(map[string]string{"n": tc.want}, plugintest.Filter(New(), snapshot, tc.pod.Obj())); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func prevent(o *framework.StorageObjects) {
	o.CSIDrivers = []storagev1.CSIDriver{{ObjectMeta: metav1.ObjectMeta{Name: driver}, Spec: storagev1.CSIDriverSpec{PreventPodSchedulingIfMissing: new(true)}}}
}

func TestBlame(t *testing.T) {
	o := objects()
	o.CSINodes = []storagev1.CSINode{csiNode("full", map[string]int32{driver: 1}), csiNode("other", nil)}
	prevent(&o)
	snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("full").Obj(), plugintest.MakeNode("other").Obj()}, []*corev1.Pod{
		plugintest.MakePod("user").On("full").Claim("b").Obj(), plugintest.MakePod("innocent").On("full").Claim("in-tree").Obj(),
		plugintest.MakePod("elsewhere").On("other").Claim("c").Obj(),
	}).WithStorage(o)
	state, pod := framework.NewCycleState(snapshot), framework.NewPodInfo(plugintest.MakePod("p").Claim("a").Obj())
	New().PreFilter(state, pod)
	if got := New().Blame(state, pod, snapshot.Get("full")); len(got) != 1 || got[0].Pod.Name != "user" {
		t.Errorf("pods %v, want user", got)
	}
	if got := New().Blame(state, pod, snapshot.Get("other")); got != nil {
		t.Errorf("no pod is to blame for a missing driver, not %v", got)
	}
	for node, want := range map[string]evidence.ObjectReference{
		"full":  {Kind: "CSINode", Name: "full", Detail: "at most 1 volumes of csi.example.com"},
		"other": {Kind: "CSIDriver", Name: driver, Detail: "not installed on the node"},
	} {
		if diff := cmp.Diff([]evidence.ObjectReference{want}, New().BlameObjects(state, pod, snapshot.Get(node))); diff != "" {
			t.Errorf("%s: objects (-want +got):\n%s", node, diff)
		}
	}
}
