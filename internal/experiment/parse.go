// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// maxFileBytes bounds a file: the largest of ours has 8 KiB.
const maxFileBytes = 1 << 20

// Problems are all that is wrong with a file.
type Problems struct {
	// File as the user named it.
	File string
	// List has a problem each: the field's path, its value, and what to do.
	List []string
}

// Error has a line per problem.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List)+1)
	if len(p.List) == 1 {
		return p.File + ": " + p.List[0]
	}
	lines = append(lines, fmt.Sprintf("%s: %d problems:", p.File, len(p.List)))
	for _, problem := range p.List {
		lines = append(lines, "  "+problem)
	}
	return strings.Join(lines, "\n")
}

// Parse reads an experiment from a file in YAML or JSON and validates it. The error
// is a *Problems, which has everything that is wrong and not only the first.
func Parse(file string, data []byte) (*Experiment, error) {
	e := &Experiment{}
	if err := Decode(file, data, e, Format{What: "an experiment", Docs: "docs/what-if.md"}, e.validate); err != nil {
		return nil, err
	}
	return e, nil
}

// Format is a kind of file.
type Format struct {
	// What the file holds, and the document that says how.
	What, Docs string
}

// Decode reads a file in YAML or JSON into a struct whose fields are all that it may
// have, and then validates that. The error is a *Problems with all that is wrong.
func Decode(file string, data []byte, into any, format Format, validate func() field.ErrorList) error {
	if len(data) > maxFileBytes {
		return &Problems{file, []string{fmt.Sprintf("it has %d bytes: must have at most %d", len(data), maxFileBytes)}}
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return &Problems{file, []string{oneLine(err) + ": must be one document in YAML or JSON, each field given once"}}
	}
	if string(asJSON) == "null" {
		return &Problems{file, []string{fmt.Sprintf("it is empty: must hold %s, see %s", format.What, format.Docs)}}
	}
	unknown, err := kjson.UnmarshalStrict(asJSON, into)
	if err != nil {
		return &Problems{file, []string{typeProblem(err)}}
	}
	var problems []string
	names := fieldNames(reflect.TypeOf(into))
	for _, each := range unknown {
		problems = append(problems, unknownProblem(each, names, format.Docs))
	}
	for _, each := range validate() {
		problems = append(problems, each.Error())
	}
	if len(problems) > 0 {
		return &Problems{file, problems}
	}
	return nil
}

// unknownProblem says of a field that there is none of its name what it may be.
func unknownProblem(err error, names []string, docs string) string {
	text := oneLine(err)
	_, quoted, found := strings.Cut(text, `unknown field "`)
	if !found {
		return text
	}
	path := strings.TrimSuffix(quoted, `"`)
	name := path[strings.LastIndexByte(path, '.')+1:]
	if near := Nearest(name, names); len(near) > 0 {
		return fmt.Sprintf("%s: there is no such field; did you mean %s?", path, strings.Join(near, " or "))
	}
	return path + ": there is no such field; remove it, or see " + docs + " for those that there are"
}

// typeProblem says in the words of a file what the decoder could not take.
func typeProblem(err error) string {
	text := strings.TrimPrefix(oneLine(err), "json: ")
	text = strings.NewReplacer("Go struct field ", "field ", "Go value of type ", "", "cannot unmarshal ", "cannot take ").Replace(text)
	return text + ": give a value of that type"
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// AsProblems returns the problems that an error is about; nil where it is another.
func AsProblems(err error) *Problems {
	problems, _ := errors.AsType[*Problems](err)
	return problems
}
