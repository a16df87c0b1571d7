// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// linkedFolder has the linked files of the page, beside those that they are made
	// of.
	linkedFolder = "linked"
	linkedStyles = linkedFolder + "/page.css"
)

// linkPage returns the page's modules and styles in few files, by their names, and
// index.html with those in place of its own. A browser spends most of the time
// until the first screen on asking for a module each. It is done when the program
// starts: there is no step between writing a module and seeing it.
func linkPage(files fs.FS) (map[string][]byte, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	document, err := html.Parse(bytes.NewReader(index))
	if err != nil {
		return nil, fmt.Errorf("parse index.html: %w", err)
	}
	l := linker{files: files}
	var scripts []string
	for _, node := range slices.Collect(document.Descendants()) {
		if node.DataAtom == atom.Script {
			scripts = append(scripts, pointToLinked(node))
			continue
		}
		l.take(node)
	}
	if l.head == nil {
		return nil, errors.New("link the page: index.html must have a head")
	}
	linked, needed, err := l.modules(scripts)
	if err != nil {
		return nil, err
	}
	styles, err := l.bundle("index.css", l.styles, api.LoaderCSS)
	if err != nil {
		return nil, err
	}
	linked[linkedStyles] = []byte(styles)
	l.head.AppendChild(element("link", "", "rel", "stylesheet", "href", linkedStyles))
	for _, name := range needed {
		l.head.AppendChild(element("link", "", "rel", "modulepreload", "href", name))
	}
	var out bytes.Buffer
	if err := html.Render(&out, document); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	linked["index.html"] = out.Bytes()
	return linked, nil
}

// pointToLinked makes a script that of the linked file, and returns its own.
func pointToLinked(script *html.Node) string {
	for i, a := range script.Attr {
		if a.Key == "src" {
			script.Attr[i].Val = linkedFolder + "/" + a.Val
			return a.Val
		}
	}
	return ""
}

// modules links scripts, each with what it imports at once: what is imported later
// is in files of its own. needed are those that a browser needs at once, so that it
// asks for all of them and not for one level of imports after the other.
func (l *linker) modules(scripts []string) (linked map[string][]byte, needed []string, err error) {
	options := l.options()
	options.Splitting, options.Outdir, options.ChunkNames = true, linkedFolder, "[name]-[hash]"
	options.EntryPoints = scripts
	result, err := build(options, "scripts")
	if err != nil {
		return nil, nil, err
	}
	linked = map[string][]byte{}
	for _, file := range result.OutputFiles {
		linked[linkedFolder+"/"+path.Base(filepath.ToSlash(file.Path))] = file.Contents
	}
	var made metafile
	if err := json.Unmarshal([]byte(result.Metafile), &made); err != nil {
		return nil, nil, fmt.Errorf("read which modules the page has: %w", err)
	}
	for _, script := range scripts {
		needed = append(needed, linkedFolder+"/"+script)
	}
	for i := 0; i < len(needed); i++ {
		for _, imported := range made.Outputs[needed[i]].Imports {
			if imported.Kind == importStatement && !slices.Contains(needed, imported.Path) {
				needed = append(needed, imported.Path)
			}
		}
	}
	return linked, needed, nil
}

// importStatement is how esbuild's metafile names an import that is not dynamic.
const importStatement = "import-statement"

// metafile is what esbuild tells of the files that it made, by their names.
type metafile struct {
	Outputs map[string]struct {
		Imports []struct {
			Path string `json:"path"`
			Kind string `json:"kind"`
		} `json:"imports"`
	} `json:"outputs"`
}
