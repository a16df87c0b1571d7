// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"errors"
	"fmt"
	"strings"

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
	if len(data) > maxFileBytes {
		return nil, &Problems{file, []string{fmt.Sprintf("it has %d bytes: must have at most %d", len(data), maxFileBytes)}}
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, &Problems{file, []string{oneLine(err) + ": must be one document in YAML or JSON, each field given once"}}
	}
	if string(asJSON) == "null" {
		return nil, &Problems{file, []string{"it is empty: must hold an experiment, see docs/what-if.md"}}
	}
	e := &Experiment{}
	unknown, err := kjson.UnmarshalStrict(asJSON, e)
	if err != nil {
		return nil, &Problems{file, []string{typeProblem(err)}}
	}
	problems := make([]string, 0, len(unknown))
	for _, each := range unknown {
		problems = append(problems, unknownProblem(each))
	}
	for _, each := range e.validate() {
		problems = append(problems, each.Error())
	}
	if len(problems) > 0 {
		return nil, &Problems{file, problems}
	}
	return e, nil
}

// unknownProblem says of a field that there is none of its name what it may be.
func unknownProblem(err error) string {
	text := oneLine(err)
	_, quoted, found := strings.Cut(text, `unknown field "`)
	if !found {
		return text
	}
	path := strings.TrimSuffix(quoted, `"`)
	name := path[strings.LastIndexByte(path, '.')+1:]
	if near := Nearest(name, fieldNames); len(near) > 0 {
		return fmt.Sprintf("%s: there is no such field; did you mean %s?", path, strings.Join(near, " or "))
	}
	return path + ": there is no such field; remove it, or see docs/what-if.md for those that there are"
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
