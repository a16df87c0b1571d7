// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// named are fields that keep their text: words of the API, and keys and names that
// Anonymize says it keeps.
var named = []string{
	"key", "operator", "effect", "topologyKey", "whenUnsatisfiable", "nodeAffinityPolicy", "nodeTaintsPolicy", "matchLabelKeys", "mismatchLabelKeys",
	"apiVersion", "kind", "resourceVersion", "phase", "reason", "status", "restartPolicy", "preemptionPolicy", "protocol", "schedulerName", "type",
	"scopeName", "scopes", "accessModes", "volumeMode", "volumeBindingMode", "provisioner", "driver", "attacher",
}

// TestAnonymizeLeavesNoName: of an object with every field, nothing but what is
// listed keeps its text.
func TestAnonymizeLeavesNoName(t *testing.T) {
	for _, k := range kinds(&whatif.Listing{}) {
		for _, variant := range variants() {
			object, _, err := k.read(func(into any) error {
				fill(reflect.ValueOf(into).Elem(), 0)
				variant(into)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			kept := keptObjects{}
			kept.add(k, object)
			taken := newSnapshot(whatif.Listing{Lists: []whatif.List{{Resource: k.resource, Items: 1}}}, kept)
			taken.Anonymize()
			for _, path := range texts(k.kind, asJSON(t, taken.objects[0]), "x") {
				_, field, _ := cutLast(path)
				gate := path == "Pod.spec.schedulingGates[].name"
				driver := path == "CSIDriver.metadata.name" || path == "CSINode.spec.drivers[].name"
				annotation := strings.HasSuffix(path, annBindCompleted) || strings.HasSuffix(path, corev1.MigratedPluginsAnnotationKey)
				if !slices.Contains(named, field) && !gate && !driver && !annotation {
					t.Errorf("%s keeps its text", path)
				}
			}
		}
	}
}

// texts are the paths at which a text is.
func texts(path string, value any, text string) []string {
	var out []string
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			out = append(out, texts(path+"."+key, below, text)...)
		}
	case []any:
		for _, below := range v {
			if below == text {
				out = append(out, path)
				continue
			}
			out = append(out, texts(path+"[]", below, text)...)
		}
	case string:
		if v == text {
			out = append(out, path)
		}
	}
	return out
}
