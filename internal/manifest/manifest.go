// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifest reads an object from a manifest in YAML or JSON.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
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
	return nil, fmt.Errorf("it holds %d documents, must hold one: give them one by one", len(found))
}
