// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Parse reads a configuration file in YAML or JSON and returns its profiles. It
// is strict: what is unknown or said twice is an error. Errors name the field.
func Parse(data []byte) ([]*framework.Profile, error) {
	c, err := decodeFile(data)
	if err != nil {
		return nil, err
	}
	return c.build()
}

func decodeFile(data []byte) (*Configuration, error) {
	document, err := onlyDocument(data)
	if err != nil {
		return nil, err
	}
	converted, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	c := &Configuration{}
	if err := decode(converted, c); err != nil {
		return nil, err
	}
	return c, c.validateType()
}

// onlyDocument returns the file's document. A second one would be ignored
// silently by the decoder.
func onlyDocument(data []byte) ([]byte, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var found []byte
	for {
		document, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF) && found == nil:
			return nil, errors.New("the configuration is empty")
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, err
		case isBlank(document):
		case found != nil:
			return nil, errors.New("the configuration must be one document, not several")
		default:
			found = document
		}
	}
}

// isBlank is true for a document without content, such as one of comments.
func isBlank(document []byte) bool {
	converted, err := yaml.YAMLToJSON(document)
	return err == nil && string(converted) == "null"
}

// decode reads JSON, and knows every field of into.
func decode(data []byte, into any) error {
	strict, err := kjson.UnmarshalStrict(data, into)
	return errors.Join(append(strict, err)...)
}

func (c *Configuration) validateType() error {
	var errs field.ErrorList
	if c.APIVersion != APIVersion {
		errs = append(errs, field.NotSupported(field.NewPath("apiVersion"), c.APIVersion, []string{APIVersion}))
	}
	if c.Kind != Kind {
		errs = append(errs, field.NotSupported(field.NewPath("kind"), c.Kind, []string{Kind}))
	}
	return errs.ToAggregate()
}
