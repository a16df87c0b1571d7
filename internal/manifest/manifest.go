// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifest reads objects from manifests in YAML or JSON.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/resource"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// One reads the one object of a stream, between documents that are empty. A field
// that is given twice is an error, which it is not where many objects are read.
func One(data []byte) (*unstructured.Unstructured, error) {
	document, err := onlyDocument(data)
	if err != nil {
		return nil, err
	}
	document, err = yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, notAManifest(err)
	}
	object := map[string]any{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(document, &object); err != nil {
		return nil, notAManifest(err)
	}
	return &unstructured.Unstructured{Object: object}, nil
}

func notAManifest(err error) error {
	// The parser's own words are in several lines.
	return fmt.Errorf("not a manifest in YAML or JSON: %s", strings.Join(strings.Fields(err.Error()), " "))
}

// onlyDocument returns the one document of a stream that is not empty.
func onlyDocument(data []byte) ([]byte, error) {
	var found [][]byte
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, notAManifest(err)
		}
		var content any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, notAManifest(err)
		}
		if content != nil {
			found = append(found, document)
		}
	}
	switch len(found) {
	case 0:
		return nil, errors.New("no manifest in it: it must hold one SimPod")
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("it holds %d documents, must hold one: give each pod in a file of its own", len(found))
}

// Files are where objects are read from, as kubectl's flags -f, -k and -R say it.
type Files struct {
	resource.FilenameOptions
	// Stdin is what the file name - stands for.
	Stdin io.Reader
}

// stdin is how files are told what they read from.
const stdin = "-"

// Read reads all objects of files, folders and URLs, as kubectl does; lists are
// taken apart. What could be read is returned together with what could not.
func Read(files Files) ([]*unstructured.Unstructured, error) {
	builder := resource.NewLocalBuilder().Unstructured().ContinueOnError()
	named := files.FilenameOptions
	named.Filenames = nil
	for _, name := range files.Filenames {
		if name != stdin {
			named.Filenames = append(named.Filenames, name)
			continue
		}
		builder.StdinInUse() // an error where it is named twice
		builder.Stream(files.Stdin, "stdin")
	}
	var objects []*unstructured.Unstructured
	err := builder.FilenameParam(false, &named).Flatten().Do().Visit(func(info *resource.Info, err error) error {
		if err != nil {
			return err
		}
		object, err := toUnstructured(info.Object)
		if err != nil {
			return fmt.Errorf("%s: %w", info.Source, err)
		}
		objects = append(objects, object)
		return nil
	})
	return objects, err
}

func toUnstructured(object runtime.Object) (*unstructured.Unstructured, error) {
	if object, ok := object.(*unstructured.Unstructured); ok {
		return object, nil
	}
	return nil, fmt.Errorf("it decodes to %T, which is no object", object)
}
