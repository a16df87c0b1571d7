// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package files reads objects from files, folders, URLs and standard input.
package files

import (
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
)

// Named are where objects are read from, as kubectl's flags -f, -k and -R say it.
type Named struct {
	resource.FilenameOptions
	// Stdin is what the file name - stands for.
	Stdin io.Reader
}

// stdin is how files are told what they read from.
const stdin = "-"

// Read reads all objects of files, folders and URLs, as kubectl does; lists are
// taken apart. What could be read is returned together with what could not.
func Read(from Named) ([]*unstructured.Unstructured, error) {
	builder := resource.NewLocalBuilder().Unstructured().ContinueOnError()
	named := from.FilenameOptions
	named.Filenames = nil
	for _, name := range from.Filenames {
		if name != stdin {
			named.Filenames = append(named.Filenames, name)
			continue
		}
		builder.StdinInUse() // an error where it is named twice
		builder.Stream(from.Stdin, "stdin")
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
