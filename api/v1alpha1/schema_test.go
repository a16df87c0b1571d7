// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/conversion"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/config"
)

// crds reads the CRDs that are installed.
func crds(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	paths, err := fs.Glob(config.FS, "crd/bases/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d CRDs are found: %v", len(paths), err)
	}
	list := make([]apiextensionsv1.CustomResourceDefinition, len(paths))
	for i, path := range paths {
		content, err := fs.ReadFile(config.FS, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(content, &list[i]); err != nil {
			t.Fatalf("decoding %s: %v", path, err)
		}
	}
	return list
}

// A second version can be added by conversions to and from this one.
func TestReadyForConversion(t *testing.T) {
	s := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	for _, crd := range crds(t) {
		t.Run(crd.Spec.Names.Kind, func(t *testing.T) {
			var stored []string
			for _, version := range crd.Spec.Versions {
				if version.Storage {
					stored = append(stored, version.Name)
				}
			}
			if !slices.Equal(stored, []string{v1alpha1.GroupVersion.Version}) {
				t.Errorf("the versions %v are stored, want only %s", stored, v1alpha1.GroupVersion.Version)
			}
			object, err := s.New(v1alpha1.GroupVersion.WithKind(crd.Spec.Names.Kind))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := object.(conversion.Hub); !ok {
				t.Errorf("%T is not a hub", object)
			}
		})
	}
}

// What kubectl explain and kubectl get say, and how server-side apply merges, is
// said of each field, column and list.
func TestSchemasAreComplete(t *testing.T) {
	for _, crd := range crds(t) {
		for _, version := range crd.Spec.Versions {
			t.Run(crd.Spec.Names.Kind+"/"+version.Name, func(t *testing.T) {
				for _, column := range version.AdditionalPrinterColumns {
					if column.Description == "" {
						t.Errorf("column %s has no description", column.Name)
					}
				}
				if problems := check(version.Schema.OpenAPIV3Schema, ""); len(problems) > 0 {
					t.Error(strings.Join(problems, "\n"))
				}
			})
		}
	}
}

// check returns what the schema at the path, and those below it, leave out.
func check(schema *apiextensionsv1.JSONSchemaProps, path string) []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property, at := schema.Properties[name], path+"."+name
		// The API server describes the metadata itself.
		if property.Description == "" && at != ".metadata" {
			problems = append(problems, at+" has no description")
		}
		problems = append(problems, check(&property, at)...)
	}
	if schema.Items != nil {
		if schema.XListType == nil {
			problems = append(problems, path+" has no listType")
		}
		problems = append(problems, check(schema.Items.Schema, path+"[]")...)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		problems = append(problems, check(schema.AdditionalProperties.Schema, path+"{}")...)
	}
	return problems
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	text := apiextensionsv1.JSONSchemaProps{Type: "string"}
	list := apiextensionsv1.JSONSchemaProps{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{
		Schema: &apiextensionsv1.JSONSchemaProps{Properties: map[string]apiextensionsv1.JSONSchemaProps{"inner": text}},
	}}
	got := check(&apiextensionsv1.JSONSchemaProps{Properties: map[string]apiextensionsv1.JSONSchemaProps{"list": list, "metadata": text}}, "")
	want := []string{".list has no description", ".list has no listType", ".list[].inner has no description"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
