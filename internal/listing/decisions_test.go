// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// TestDecisionsStayTheSame: about random clusters, whose objects also have every
// field that is left out, a decision on what is kept is the one on the whole
// objects, and so is one on a snapshot of them.
func TestDecisionsStayTheSame(t *testing.T) {
	profile, everything := profileOf(t), newNoise(t)
	placed, rejected := 0, 0
	for seed := range uint64(120) {
		whole := randomCluster(seed)
		want := decideOn(t, whole, profile)
		if want.Node != "" {
			placed++
		} else {
			rejected++
		}
		f := &fileReader{counts: map[string]int{}, kept: keptObjects{}}
		f.kinds = kinds(&f.listed)
		if err := f.documents(everything.withEverything(t, f.kinds, whole)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, decideOn(t, f.listed.Objects, profile)); diff != "" {
			t.Fatalf("seed %d: the decision on what is kept differs (-want +got):\n%s", seed, diff)
		}
		for _, k := range f.kinds {
			f.listed.Lists = append(f.listed.Lists, whatif.List{Resource: k.resource, Items: f.counts[k.resource]})
		}
		taken := newSnapshot(f.listed, f.kept)
		taken.HideImages()
		var file bytes.Buffer
		if err := taken.Write(&file); err != nil {
			t.Fatal(err)
		}
		read, err := ReadFile("-", &file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, decideOn(t, read.Objects, profile)); diff != "" {
			t.Fatalf("seed %d: the decision on a snapshot differs (-want +got):\n%s", seed, diff)
		}
		names := taken.anonymize()
		if err := taken.Write(&file); err != nil {
			t.Fatal(err)
		}
		if read, err = ReadFile("-", &file); err != nil {
			t.Fatal(err)
		}
		same := func(name string) string { return names.of("node", name) }
		if diff := cmp.Diff(outcomesOf(want, same), outcomesOf(decideOn(t, read.Objects, profile), func(name string) string { return name })); diff != "" {
			t.Fatalf("seed %d: the decision on an anonymized snapshot differs (-want +got):\n%s", seed, diff)
		}
	}
	if placed < 15 || rejected < 15 {
		t.Errorf("%d pods are placed and %d are not: too few of one to tell anything", placed, rejected)
	}
}

// outcomesOf is what is decided about each node, in order, by what it is named.
func outcomesOf(d evidence.Decision, name func(string) string) []string {
	out := []string{"chosen " + name(d.Node)}
	for _, n := range d.Nodes {
		line := fmt.Sprint(name(n.Name), n.Feasible, n.Total, n.Rank, n.Scores)
		for _, f := range n.Filters {
			line += fmt.Sprint(" ", f.Plugin, f.Code)
		}
		out = append(out, line)
	}
	return out
}

func profileOf(t *testing.T) *framework.Profile {
	t.Helper()
	list, err := plugins.ForPods()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := framework.NewProfile(corev1.DefaultSchedulerName, 0, list...)
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

// randomCluster is a cluster whose last pod needs a node.
func randomCluster(seed uint64) whatif.Objects {
	g := plugintest.NewGenerator(seed, false)
	c := g.Cluster(6, 15)
	out := whatif.Objects{Nodes: c.Nodes, Pods: append(c.Pods, c.Pod)}
	for _, name := range []string{"default", "other", "third"} {
		out.Namespaces = append(out.Namespaces, corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: c.Namespaces[name]}})
	}
	for i, pod := range out.Pods {
		pod.UID = "" // as of a file that was written by hand
		pod.ResourceVersion = fmt.Sprint(i)
		withUID(pod)
		if pod.DeletionTimestamp != nil { // JSON has no zero time
			pod.DeletionTimestamp = new(metav1.Unix(1, 0))
		}
	}
	addStorage(g, &out)
	return out
}

// addStorage gives every third pod a claim or a disk, some of which are bound.
func addStorage(g *plugintest.Generator, o *whatif.Objects) {
	o.StorageClasses = []storagev1.StorageClass{
		plugintest.MakeClass("now", "csi.example.com", true), plugintest.MakeClass("late", "csi.example.com", false),
		plugintest.MakeClass("none", "kubernetes.io/no-provisioner", false),
	}
	for _, node := range o.Nodes {
		o.CSINodes = append(o.CSINodes, storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: node.Name}, Spec: storagev1.CSINodeSpec{
			Drivers: []storagev1.CSINodeDriver{{Name: "csi.example.com", NodeID: node.Name, Allocatable: &storagev1.VolumeNodeResources{Count: new(int32(1 + g.IntN(2)))}}},
		}})
	}
	for i, pod := range o.Pods {
		name := fmt.Sprint("c", i)
		switch g.IntN(9) {
		case 0, 1:
			volume := plugintest.MakeVolume("v"+name, "late", plugintest.InZone([]string{"z1", "z2", "z3"}[g.IntN(3)]))
			o.PersistentVolumes = append(o.PersistentVolumes, volume)
			o.PersistentVolumeClaims = append(o.PersistentVolumeClaims, plugintest.MakeClaim(name, "late", plugintest.BoundTo(volume.Name)))
		case 2:
			o.PersistentVolumeClaims = append(o.PersistentVolumeClaims, plugintest.MakeClaim(name, []string{"now", "late", "none"}[g.IntN(3)]))
		case 3:
			pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "disk", VolumeSource: corev1.VolumeSource{
				ISCSI: &corev1.ISCSIVolumeSource{IQN: fmt.Sprint("iqn", g.IntN(2)), ReadOnly: g.IntN(2) == 0, SecretRef: &corev1.LocalObjectReference{Name: "s"}},
			}})
			continue
		default:
			continue
		}
		o.PersistentVolumeClaims[len(o.PersistentVolumeClaims)-1].Namespace = pod.Namespace
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "claim", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}})
	}
}

// decideOn decides about the last pod.
func decideOn(t *testing.T, o whatif.Objects, profile *framework.Profile) evidence.Decision {
	t.Helper()
	pod := o.Pods[len(o.Pods)-1]
	o.Pods = slices.Clone(o.Pods[:len(o.Pods)-1])
	what, err := whatif.NewCluster(o).Case(pod, profile)
	if err != nil {
		t.Fatal(err)
	}
	return what.Predict(time.Unix(0, 0), 0)
}

// noise has, by kind, an object with every field, and which fields are kept of it.
type noise map[string]struct {
	whole []byte
	kept  paths
}

func newNoise(t *testing.T) noise {
	t.Helper()
	out := noise{}
	for _, k := range kinds(&whatif.Listing{}) {
		of := out[k.kind]
		of.kept = paths{}
		for _, variant := range variants() {
			trimmed, _, err := k.read(func(into any) (err error) {
				fill(reflect.ValueOf(into).Elem(), 0)
				if of.whole == nil {
					of.whole, err = json.Marshal(into)
				}
				variant(into)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			of.kept.collect(t, trimmed)
		}
		out[k.kind] = of
	}
	return out
}

// withEverything is a list of the objects, with every field that is left out.
func (n noise) withEverything(t *testing.T, all []kind, o whatif.Objects) []byte {
	t.Helper()
	items := []any{}
	for _, k := range all {
		for _, object := range objectsOf(o, k.kind) {
			var whole any
			if err := json.Unmarshal(n[k.kind].whole, &whole); err != nil {
				t.Fatal(err)
			}
			item := merge("", asJSON(t, object), whole, n[k.kind].kept).(map[string]any)
			item["apiVersion"], item["kind"] = k.apiVersion(), k.kind
			items = append(items, item)
		}
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func objectsOf(o whatif.Objects, kind string) []any {
	lists := map[string]any{
		"Node": o.Nodes, "Pod": o.Pods, "Namespace": o.Namespaces, "StorageClass": o.StorageClasses, "CSINode": o.CSINodes,
		"PersistentVolume": o.PersistentVolumes, "PersistentVolumeClaim": o.PersistentVolumeClaims,
	}
	var out []any
	if list := reflect.ValueOf(lists[kind]); list.IsValid() {
		for i := range list.Len() {
			out = append(out, list.Index(i).Interface())
		}
	}
	return out
}

func asJSON(t *testing.T, object any) any {
	t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// merge adds to a value what another one has of fields that are not kept.
func merge(path string, to, from any, kept paths) any {
	switch v := to.(type) {
	case map[string]any:
		more, _ := from.(map[string]any)
		for key, value := range more {
			at := key
			if path != "" {
				at = path + "." + key
			}
			if own, ok := v[key]; ok {
				v[key] = merge(at, own, value, kept)
			} else if !kept[at] && !isMapOfNames(path) {
				v[key] = value
			}
		}
	case []any:
		if more, ok := from.([]any); ok && len(more) > 0 {
			for i := range v {
				v[i] = merge(path+"[]", v[i], more[0], kept)
			}
		}
	}
	return to
}

// isMapOfNames is true for a map whose keys are not fields.
func isMapOfNames(path string) bool {
	_, field, _ := cutLast(path)
	return slices.Contains([]string{"labels", "nodeSelector", "matchLabels", "capacity", "allocatable", "requests", "limits", "overhead"}, field)
}
