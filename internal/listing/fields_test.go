// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
	"github.com/glassplane/glassplane/test/golden"
)

// TestFields compares, for each kind, which fields of Kubernetes' types are kept
// of an object that has them all, and which are left out, with a list that was
// read by people. It fails where a new version of Kubernetes has new fields beside
// those that are kept: decide whether a decision reads them, then run it with
// -update. Below a field that is left out nothing is listed.
func TestFields(t *testing.T) {
	var out strings.Builder
	for _, k := range kinds(&whatif.Listing{}) {
		whole, kept := paths{}, paths{}
		for _, variant := range variants() {
			object, err := readWhole(k, variant, whole)
			if err != nil {
				t.Fatal(err)
			}
			kept.collect(t, object)
		}
		for _, path := range slices.Sorted(maps.Keys(whole)) {
			parent, _, found := cutLast(path)
			switch {
			case kept[path]:
				fmt.Fprintf(&out, "kept      %s.%s\n", k.kind, path)
			case !found || kept[parent]:
				fmt.Fprintf(&out, "left out  %s.%s\n", k.kind, path)
			}
		}
		for path := range kept {
			if !whole[path] {
				t.Errorf("%s.%s is kept, but was not in the object", k.kind, path)
			}
		}
	}
	golden.Check(t, filepath.Join("testdata", "fields.golden"), out.String())
}

// neverKept are names of fields that have secrets, or may have.
var neverKept = []string{"env", "envFrom", "args", "command", "managedFields", "parameters", "volumeAttributes", "user", "serviceAccountName", "configMap"}

// TestNoSecretIsKept: no field whose name says that it may be a secret is kept,
// whatever the list of fields says.
func TestNoSecretIsKept(t *testing.T) {
	for _, k := range kinds(&whatif.Listing{}) {
		kept := paths{}
		for _, variant := range variants() {
			object, err := readWhole(k, variant, paths{})
			if err != nil {
				t.Fatal(err)
			}
			kept.collect(t, object)
		}
		for path := range kept {
			_, field, _ := cutLast(path)
			if slices.Contains(neverKept, field) || strings.Contains(strings.ToLower(field), "secret") {
				t.Errorf("%s.%s is kept", k.kind, path)
			}
		}
	}
}

// readWhole reads an object that has every field, and adds these to the paths.
func readWhole(k kind, variant func(any), whole paths) (any, error) {
	object, _, err := k.read(func(into any) error {
		fill(reflect.ValueOf(into).Elem(), 0)
		variant(into)
		data, err := json.Marshal(into)
		if err == nil {
			err = whole.add(data)
		}
		return err
	})
	return object, err
}

// variants change an object that has every field where a field is kept beside
// some others only, such as one source of a volume.
func variants() []func(any) {
	out := []func(any){func(object any) {
		annotations := map[string]string{"x": "x"}
		for _, name := range []string{corev1.BetaStorageClassAnnotation, annBindCompleted, annSelectedNode, corev1.MigratedPluginsAnnotationKey, corev1.MirrorPodAnnotationKey} {
			annotations[name] = "x"
		}
		object.(metav1.Object).SetAnnotations(annotations)
	}}
	sources := reflect.TypeFor[corev1.PersistentVolumeSource]()
	for i := range sources.NumField() {
		out = append(out, func(object any) {
			if volume, ok := object.(*corev1.PersistentVolume); ok {
				volume.Spec.PersistentVolumeSource = corev1.PersistentVolumeSource{}
				fill(reflect.ValueOf(&volume.Spec.PersistentVolumeSource).Elem().Field(i), 1)
			}
		})
	}
	return out
}

// paths are the fields that an object has, by their names in JSON.
type paths map[string]bool

func (p paths) collect(t *testing.T, object any) {
	t.Helper()
	data, err := json.Marshal(object)
	if err == nil {
		err = p.add(data)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (p paths) add(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	p.walk("", value)
	return nil
}

// walk adds what is not zero below a path, and says whether there is anything: Go
// also writes fields that are left out, empty.
func (p paths) walk(path string, value any) (found bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			at := key
			if path != "" {
				at = path + "." + key
			}
			if p.walk(at, below) {
				p[at], found = true, true
			}
		}
		return found
	case []any:
		for _, below := range v {
			found = p.walk(path+"[]", below) || found
		}
		return found
	}
	return value != nil && !reflect.ValueOf(value).IsZero()
}

func cutLast(path string) (parent, field string, found bool) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return "", path, false
	}
	return strings.TrimSuffix(path[:i], "[]"), path[i+1:], true
}

// fill gives a value every field that its type has. Of the sources of a volume,
// of which there can be one only, there is a volume for each.
func fill(v reflect.Value, depth int) {
	switch value := v.Addr().Interface().(type) {
	case *metav1.Time:
		*value = metav1.Unix(1, 0)
		return
	case *metav1.MicroTime:
		*value = metav1.NewMicroTime(time.Unix(1, 0))
		return
	case *resource.Quantity:
		*value = resource.MustParse("1")
		return
	case *intstr.IntOrString:
		*value = intstr.FromInt32(1)
		return
	case *metav1.FieldsV1:
		*value = *metav1.NewFieldsV1(`{"f:spec":{}}`)
		return
	case *corev1.PodConditionType:
		*value = corev1.PodScheduled
		return
	case *[]corev1.Volume:
		*value = volumesOfAllSources()
		return
	}
	if depth > 20 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "TypeMeta" {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	}
}

func volumesOfAllSources() []corev1.Volume {
	var out []corev1.Volume
	sources := reflect.TypeFor[corev1.VolumeSource]()
	for i := range sources.NumField() {
		volume := corev1.Volume{Name: "x"}
		fill(reflect.ValueOf(&volume.VolumeSource).Elem().Field(i), 1)
		out = append(out, volume)
	}
	return out
}
