// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumebinding

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/shape"
)

const (
	rejected = "UnschedulableAndUnresolvable: "
	affinity = rejected + ErrReasonNodeConflict
	noVolume = rejected + ErrReasonBindConflict
	noSpace  = rejected + ErrReasonNotEnoughSpace
)

var nodes = []*corev1.Node{plugintest.MakeNode("a").Zone("z1").Obj(), plugintest.MakeNode("b").Zone("z2").Obj()}

func newPlugin(t *testing.T) *VolumeBinding {
	t.Helper()
	plugin, err := New(Args{})
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

type (
	claims  = []corev1.PersistentVolumeClaim
	volumes = []corev1.PersistentVolume
)

func size(quantity string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) {
		c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(quantity)}
	}
}

func selected(node string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) {
		metav1.SetMetaDataAnnotation(&c.ObjectMeta, annSelectedNode, node)
	}
}

func claimedBy(name string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) {
		v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "default", Name: name}
	}
}

// classes: static has no provisioner, dynamic one without a limit, tracked one
// that says how much is left; zoned makes volumes in zone z1 only.
func classes() []storagev1.StorageClass {
	return []storagev1.StorageClass{
		plugintest.MakeClass("static", noProvisioner, false),
		plugintest.MakeClass("dynamic", "csi.example.com", false),
		plugintest.MakeClass("tracked", "tracked.example.com", false),
		plugintest.MakeClass("now", "csi.example.com", true),
		plugintest.MakeClass("odd", "csi.example.com", true, func(c *storagev1.StorageClass) { c.VolumeBindingMode = nil }),
		plugintest.MakeClass("zoned", "csi.example.com", false, func(c *storagev1.StorageClass) {
			c.AllowedTopologies = []corev1.TopologySelectorTerm{{}, {MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{
				{Key: corev1.LabelTopologyZone, Values: []string{"z1"}},
			}}}
		}),
	}
}

func capacityIn(zone, quantity string) storagev1.CSIStorageCapacity {
	c := storagev1.CSIStorageCapacity{ObjectMeta: metav1.ObjectMeta{Name: "capacity-" + zone}, StorageClassName: "tracked"}
	c.Capacity = new(resource.MustParse(quantity))
	c.NodeTopology = plugintest.Match(corev1.LabelTopologyZone, zone)
	return c
}

func objects(c claims, v volumes) framework.StorageObjects {
	return framework.StorageObjects{
		PersistentVolumeClaims: c, PersistentVolumes: v, StorageClasses: classes(),
		CSIDrivers: []storagev1.CSIDriver{
			{ObjectMeta: metav1.ObjectMeta{Name: "tracked.example.com"}, Spec: storagev1.CSIDriverSpec{StorageCapacity: new(true)}},
			{ObjectMeta: metav1.ObjectMeta{Name: "csi.example.com"}, Spec: storagev1.CSIDriverSpec{StorageCapacity: new(false)}},
		},
		CSIStorageCapacities: []storagev1.CSIStorageCapacity{capacityIn("z1", "10Gi"), capacityIn("z2", "2Gi")},
	}
}

func TestPreFilter(t *testing.T) {
	for _, tc := range []struct {
		name  string
		claim corev1.PersistentVolumeClaim
		pod   *plugintest.Pod
		want  string
	}{
		{name: "no volumes", pod: plugintest.MakePod("p"), want: "Skip"},
		{name: "no claims", pod: plugintest.MakePod("p").Volume(corev1.VolumeSource{}), want: "Skip"},
		{name: "missing", pod: plugintest.MakePod("p").Claim("c"), want: rejected + `persistentvolumeclaim "c" not found`},
		{name: "not made yet", pod: plugintest.MakePod("p").Ephemeral(), want: rejected + `waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v0"`},
		{name: "made for somebody else", claim: plugintest.MakeClaim("p-v0", "dynamic"), pod: plugintest.MakePod("p").Ephemeral(), want: rejected + "PVC default/p-v0 was not created for pod default/p (pod is not owner)"},
		{
			name: "lost", pod: plugintest.MakePod("p").Claim("c"), want: rejected + `persistentvolumeclaim "c" bound to non-existent persistentvolume "v"`,
			claim: plugintest.MakeClaim("c", "", plugintest.BoundTo("v"), func(c *corev1.PersistentVolumeClaim) { c.Status.Phase = corev1.ClaimLost }),
		},
		{
			name: "being deleted", pod: plugintest.MakePod("p").Claim("c"), want: rejected + `persistentvolumeclaim "c" is being deleted`,
			claim: plugintest.MakeClaim("c", "dynamic", func(c *corev1.PersistentVolumeClaim) { c.DeletionTimestamp = &metav1.Time{} }),
		},
		{name: "binds at once", claim: plugintest.MakeClaim("c", "now"), pod: plugintest.MakePod("p").Claim("c"), want: rejected + "pod has unbound immediate PersistentVolumeClaims"},
		{name: "no class", claim: plugintest.MakeClaim("c", ""), pod: plugintest.MakePod("p").Claim("c"), want: rejected + "pod has unbound immediate PersistentVolumeClaims"},
		{name: "no such class", claim: plugintest.MakeClaim("c", "gone"), pod: plugintest.MakePod("p").Claim("c"), want: rejected + "pod has unbound immediate PersistentVolumeClaims"},
		{
			name: "names its volume but is not bound", pod: plugintest.MakePod("p").Claim("c"), want: rejected + "pod has unbound immediate PersistentVolumeClaims",
			claim: plugintest.MakeClaim("c", "dynamic", func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeName = "v" }),
		},
		{name: "class without a mode", claim: plugintest.MakeClaim("c", "odd"), pod: plugintest.MakePod("p").Claim("c"), want: `Error: VolumeBindingMode not set for StorageClass "odd"`},
		{name: "waits", claim: plugintest.MakeClaim("c", "dynamic"), pod: plugintest.MakePod("p").Claim("c")},
		{
			name: "waits, by the old annotation", pod: plugintest.MakePod("p").Claim("c"),
			claim: plugintest.MakeClaim("c", "now", func(c *corev1.PersistentVolumeClaim) {
				metav1.SetMetaDataAnnotation(&c.ObjectMeta, corev1.BetaStorageClassAnnotation, "dynamic")
			}),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snapshot := plugintest.NewSnapshot(nodes, nil).WithStorage(objects(claims{tc.claim}, nil))
			_, s := newPlugin(t).PreFilter(framework.NewCycleState(snapshot), framework.NewPodInfo(tc.pod.Obj()))
			if got := plugintest.Verdict(s); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	for _, tc := range []struct {
		name    string
		claims  claims
		volumes volumes
		a, b    string
	}{
		{name: "bound, anywhere", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes: volumes{plugintest.MakeVolume("v", "")}},
		{name: "bound, in a zone", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes: volumes{plugintest.MakeVolume("v", "", plugintest.InZone("z1"))}, b: affinity},
		{name: "bound, the volume is gone", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, a: rejected + ErrReasonPVNotExist, b: rejected + ErrReasonPVNotExist},
		{name: "bound by a node's name, which does not count", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes: volumes{plugintest.MakeVolume("v", "", byName("a"))}},
		{name: "a free volume", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", plugintest.InZone("z2"))}, a: noVolume},
		{name: "too small", claims: claims{plugintest.MakeClaim("c", "static", size("2Gi"))}, volumes: volumes{plugintest.MakeVolume("v", "static")}, a: noVolume, b: noVolume},
		{name: "of another class", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "other")}, a: noVolume, b: noVolume},
		{name: "not available", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", func(v *corev1.PersistentVolume) { v.Status.Phase = corev1.VolumeReleased })}, a: noVolume, b: noVolume},
		{name: "being deleted", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", func(v *corev1.PersistentVolume) { v.DeletionTimestamp = &metav1.Time{} })}, a: noVolume, b: noVolume},
		{name: "other access mode", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", func(v *corev1.PersistentVolume) { v.Spec.AccessModes = nil })}, a: noVolume, b: noVolume},
		{name: "a block device", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", func(v *corev1.PersistentVolume) { v.Spec.VolumeMode = new(corev1.PersistentVolumeBlock) })}, a: noVolume, b: noVolume},
		{name: "other attributes class", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", func(v *corev1.PersistentVolume) { v.Spec.VolumeAttributesClassName = new("gold") })}, a: noVolume, b: noVolume},
		{name: "not selected", claims: claims{plugintest.MakeClaim("c", "static", func(c *corev1.PersistentVolumeClaim) { c.Spec.Selector = plugintest.Match("disk", "ssd") })}, volumes: volumes{plugintest.MakeVolume("v", "static")}, a: noVolume, b: noVolume},
		{name: "selector that cannot be read", claims: claims{plugintest.MakeClaim("c", "static", badSelector)}, a: "Error: error creating internal label selector for claim: default/c: " + `"Odd" is not a valid label selector operator`, b: "Error: error creating internal label selector for claim: default/c: " + `"Odd" is not a valid label selector operator`},
		{name: "taken by another claim", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", claimedBy("other"))}, a: noVolume, b: noVolume},
		{
			name: "waits for this claim, whatever else there is", claims: claims{plugintest.MakeClaim("c", "static")},
			volumes: volumes{plugintest.MakeVolume("free", "static"), plugintest.MakeVolume("v", "static", claimedBy("c"), plugintest.InZone("z1"))}, b: noVolume,
		},
		{name: "one volume for two claims", claims: claims{plugintest.MakeClaim("c", "static"), plugintest.MakeClaim("d", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static")}, a: noVolume, b: noVolume},
		{
			name: "the small claim leaves the large volume", claims: claims{plugintest.MakeClaim("c", "static", size("5Gi")), plugintest.MakeClaim("d", "static")},
			volumes: volumes{plugintest.MakeVolume("large", "static", plugintest.Capacity("5Gi")), plugintest.MakeVolume("small", "static")},
		},
		{name: "made anywhere", claims: claims{plugintest.MakeClaim("c", "dynamic")}},
		{name: "made in a zone", claims: claims{plugintest.MakeClaim("c", "zoned")}, b: noVolume},
		{name: "enough is left in one zone", claims: claims{plugintest.MakeClaim("c", "tracked", size("5Gi"))}, b: noSpace},
		{name: "nobody knows the size", claims: claims{plugintest.MakeClaim("c", "tracked", func(c *corev1.PersistentVolumeClaim) { c.Spec.Resources.Requests = nil })}},
		{name: "a node is selected", claims: claims{plugintest.MakeClaim("c", "dynamic", selected("a"))}, b: noVolume},
		{name: "a node is selected where none is made", claims: claims{plugintest.MakeClaim("c", "static", selected("a"))}, volumes: volumes{plugintest.MakeVolume("v", "static")}, a: noVolume, b: noVolume},
		{
			name: "two things wrong", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v")), plugintest.MakeClaim("d", "zoned")},
			volumes: volumes{plugintest.MakeVolume("v", "", plugintest.InZone("z1"))}, b: affinity + ", " + ErrReasonBindConflict,
		},
		{
			name:    "a volume is found, the rest is made",
			claims:  claims{plugintest.MakeClaim("c", "zoned"), plugintest.MakeClaim("d", "zoned", size("2Gi"))},
			volumes: volumes{plugintest.MakeVolume("v", "zoned")}, b: noVolume,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pod := plugintest.MakePod("p")
			for _, c := range tc.claims {
				pod.Claim(c.Name)
			}
			snapshot := plugintest.NewSnapshot(nodes, nil).WithStorage(objects(tc.claims, tc.volumes))
			if diff := cmp.Diff(map[string]string{"a": tc.a, "b": tc.b}, plugintest.Filter(newPlugin(t), snapshot, pod.Obj())); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func byName(node string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) {
		v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchFields: []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
		}}}}
	}
}

func badSelector(c *corev1.PersistentVolumeClaim) {
	c.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "disk", Operator: "Odd"}}}
}

// TestFilterMigrated checks that the labels of the CSI driver count where the node
// says that it uses that driver.
func TestFilterMigrated(t *testing.T) {
	const zone = "topology.ebs.csi.aws.com/zone"
	v := plugintest.MakeVolume("v", "", plugintest.InZone("z1"), func(v *corev1.PersistentVolume) {
		v.Spec.CSI = nil
		v.Spec.AWSElasticBlockStore = &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: "vol-1"}
	})
	o := objects(claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes{v})
	o.CSINodes = []storagev1.CSINode{
		{ObjectMeta: metav1.ObjectMeta{Name: "new", Annotations: map[string]string{corev1.MigratedPluginsAnnotationKey: "kubernetes.io/gce-pd,kubernetes.io/aws-ebs"}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "new-unlabelled", Annotations: map[string]string{corev1.MigratedPluginsAnnotationKey: "kubernetes.io/aws-ebs"}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "old"}},
	}
	snapshot := plugintest.NewSnapshot([]*corev1.Node{
		plugintest.MakeNode("new").Label(zone, "z1").Obj(), plugintest.MakeNode("new-unlabelled").Zone("z1").Obj(),
		plugintest.MakeNode("old").Zone("z1").Obj(), plugintest.MakeNode("no-csi-node").Zone("z1").Obj(),
	}, nil).WithStorage(o)
	got := plugintest.Filter(newPlugin(t), snapshot, plugintest.MakePod("p").Claim("c").Obj())
	if diff := cmp.Diff(map[string]string{"new": "", "new-unlabelled": affinity, "old": "", "no-csi-node": ""}, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestScore(t *testing.T) {
	for _, tc := range []struct {
		name    string
		claims  claims
		volumes volumes
		shape   []shape.Point
		want    map[string]int64
	}{
		{name: "nothing to bind", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes: volumes{plugintest.MakeVolume("v", "")}},
		{name: "no capacity known", claims: claims{plugintest.MakeClaim("c", "dynamic")}, want: map[string]int64{"a": 0, "b": 0}},
		{name: "what is left", claims: claims{plugintest.MakeClaim("c", "tracked")}, want: map[string]int64{"a": 90, "b": 50}},
		{name: "two claims of a class", claims: claims{plugintest.MakeClaim("c", "tracked"), plugintest.MakeClaim("d", "tracked")}, want: map[string]int64{"a": 80, "b": 0}},
		{name: "no room", claims: claims{plugintest.MakeClaim("c", "tracked", size("5Gi"))}, want: map[string]int64{"a": 50, "b": 0}},
		{
			name: "volumes that there are", claims: claims{plugintest.MakeClaim("c", "static")},
			volumes: volumes{plugintest.MakeVolume("v", "static", plugintest.Capacity("4Gi"), plugintest.InZone("z1")), plugintest.MakeVolume("w", "static", plugintest.Capacity("2Gi"), plugintest.InZone("z2"))},
			want:    map[string]int64{"a": 75, "b": 50},
		},
		{
			name: "mean of the classes", claims: claims{plugintest.MakeClaim("c", "static"), plugintest.MakeClaim("d", "zoned")},
			volumes: volumes{plugintest.MakeVolume("v", "static", plugintest.Capacity("4Gi")), plugintest.MakeVolume("w", "zoned")},
			want:    map[string]int64{"a": 38, "b": 38},
		},
		{name: "another shape", claims: claims{plugintest.MakeClaim("c", "tracked")}, shape: []shape.Point{{Utilization: 0, Score: 0}, {Utilization: 100, Score: 10}}, want: map[string]int64{"a": 10, "b": 50}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plugin, err := New(Args{Shape: tc.shape})
			if err != nil {
				t.Fatal(err)
			}
			pod := plugintest.MakePod("p")
			for _, c := range tc.claims {
				pod.Claim(c.Name)
			}
			snapshot := plugintest.NewSnapshot(nodes, nil).WithStorage(objects(tc.claims, tc.volumes))
			state, info := framework.NewCycleState(snapshot), framework.NewPodInfo(pod.Obj())
			if _, s := plugin.PreFilter(state, info); !s.IsSuccess() {
				t.Fatal(s.Message())
			}
			var got map[string]int64
			if plugin.PreScore(state, info, snapshot.List()).IsSuccess() {
				got = make(map[string]int64)
				for _, n := range snapshot.List() {
					got[n.Node().Name], _ = plugin.Score(state, info, n)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("scores (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := New(Args{Shape: []shape.Point{{Utilization: 101}}}); err == nil {
		t.Error("a shape beyond 100 % is accepted")
	}
}

func TestBlameObjects(t *testing.T) {
	claim := func(name, detail string) evidence.ObjectReference {
		return evidence.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: "default", Name: name, Detail: detail}
	}
	for _, tc := range []struct {
		name    string
		claims  claims
		volumes volumes
		pod     *plugintest.Pod
		// node is empty for why PreFilter rejects the pod.
		node string
		want []evidence.ObjectReference
	}{
		{name: "missing", pod: plugintest.MakePod("p").Claim("c"), want: []evidence.ObjectReference{claim("c", `persistentvolumeclaim "c" not found`)}},
		{name: "binds at once", claims: claims{plugintest.MakeClaim("c", "now")}, want: []evidence.ObjectReference{claim("c", "unbound, its StorageClass now binds immediately")}},
		{name: "no class", claims: claims{plugintest.MakeClaim("c", "")}, want: []evidence.ObjectReference{claim("c", "unbound, without a StorageClass")}},
		{name: "no such class", claims: claims{plugintest.MakeClaim("c", "gone"), plugintest.MakeClaim("fine", "dynamic")}, want: []evidence.ObjectReference{claim("c", "unbound, its StorageClass gone does not exist")}},
		{name: "not bound yet", claims: claims{plugintest.MakeClaim("c", "", func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeName = "v" })}, want: []evidence.ObjectReference{claim("c", "waits to be bound to PersistentVolume v")}},
		{
			name: "out of reach", node: "b", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes: volumes{plugintest.MakeVolume("v", "", plugintest.InZone("z1"))},
			want: []evidence.ObjectReference{{Kind: "PersistentVolume", Name: "v", Detail: "node affinity: topology.kubernetes.io/zone In [z1]"}},
		},
		{name: "in reach", node: "a", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, volumes: volumes{plugintest.MakeVolume("v", "", plugintest.InZone("z1"))}},
		{name: "volume gone", node: "a", claims: claims{plugintest.MakeClaim("c", "", plugintest.BoundTo("v"))}, want: []evidence.ObjectReference{claim("c", "bound to PersistentVolume v, which does not exist")}},
		{name: "no volume", node: "a", claims: claims{plugintest.MakeClaim("c", "static")}, want: []evidence.ObjectReference{claim("c", "no PersistentVolume of StorageClass static suits it, and none is made")}},
		{
			name: "volume elsewhere", node: "b", claims: claims{plugintest.MakeClaim("c", "static")}, volumes: volumes{plugintest.MakeVolume("v", "static", plugintest.InZone("z1"))},
			want: []evidence.ObjectReference{claim("c", "no PersistentVolume of StorageClass static that suits it is in reach of the node, and none is made")},
		},
		{name: "not in this zone", node: "b", claims: claims{plugintest.MakeClaim("c", "zoned")}, want: []evidence.ObjectReference{claim("c", "StorageClass zoned allows no volumes for the node (allowedTopologies)")}},
		{name: "no space", node: "b", claims: claims{plugintest.MakeClaim("c", "tracked", size("5Gi"))}, want: []evidence.ObjectReference{claim("c", "StorageClass tracked has not 5Gi left for the node")}},
		{name: "another node is selected", node: "b", claims: claims{plugintest.MakeClaim("c", "dynamic", selected("a"))}, want: []evidence.ObjectReference{claim("c", "node a is selected for it")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.pod == nil {
				tc.pod = plugintest.MakePod("p")
				for _, c := range tc.claims {
					tc.pod.Claim(c.Name)
				}
			}
			snapshot := plugintest.NewSnapshot(nodes, nil).WithStorage(objects(tc.claims, tc.volumes))
			plugin, state, info := newPlugin(t), framework.NewCycleState(snapshot), framework.NewPodInfo(tc.pod.Obj())
			plugin.PreFilter(state, info)
			if diff := cmp.Diff(tc.want, plugin.BlameObjects(state, info, snapshot.Get(tc.node)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}
