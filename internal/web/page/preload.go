// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/net/html"
)

// preload names all modules of the page in its index.html. A browser then asks for
// them at once, and not for one level of imports after the other.
func preload(files fs.FS, index []byte) ([]byte, error) {
	document, err := html.Parse(bytes.NewReader(index))
	if err != nil {
		return nil, fmt.Errorf("parse index.html: %w", err)
	}
	scripts := linker{files: files}
	for _, node := range slices.Collect(document.Descendants()) {
		scripts.take(node)
	}
	modules, err := scripts.modules()
	if err != nil {
		return nil, err
	}
	var links strings.Builder
	for _, module := range modules {
		fmt.Fprintf(&links, "<link rel=\"modulepreload\" href=%q>\n", module)
	}
	return bytes.Replace(index, []byte("</head>"), []byte(links.String()+"</head>"), 1), nil
}

// modules are the files of the script and of all that it imports.
func (l *linker) modules() ([]string, error) {
	result, err := l.link("index.js", l.script, api.LoaderJS)
	if err != nil {
		return nil, err
	}
	var linked struct {
		Inputs map[string]json.RawMessage `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(result.Metafile), &linked); err != nil {
		return nil, fmt.Errorf("read which modules the page has: %w", err)
	}
	var names []string
	for _, input := range slices.Sorted(maps.Keys(linked.Inputs)) {
		if name, ok := strings.CutPrefix(input, namespace+":"); ok {
			names = append(names, name)
		}
	}
	return names, nil
}
