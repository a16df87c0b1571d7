// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package page is the page that shows recorded runs and the cluster: its files,
// how they are served, and how they are linked into a file that shows one run
// without a network.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed static
var embedded embed.FS

// Files are the page's own, with index.html at their root.
func Files() fs.FS {
	files, err := fs.Sub(embedded, "static")
	if err != nil {
		panic(err) // The folder is part of the program.
	}
	return files
}

// ContentSecurityPolicy is what a browser may do on the page: nothing but show
// its own files and ask the observer that served them.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// types are the kinds of files that are served, by their extension. The machine's
// own table is not asked: it may say anything.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".txt":  "text/plain; charset=utf-8",
}

// file is one that is served.
type file struct {
	content   []byte
	kind, tag string
}

// NewHandler serves files, and index.html as / with its modules and styles linked
// into few. It answers GET and HEAD; what it does not have is not found. A browser
// asks each time whether a file has changed, so that another version of the program
// never runs with modules of this one.
func NewHandler(files fs.FS) (http.Handler, error) {
	contents, err := linkPage(files)
	if err != nil {
		return nil, err
	}
	if err := addFiles(contents, files); err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	served := map[string]file{}
	for name, content := range contents {
		sum := sha256.Sum256(content)
		served["/"+name] = file{content: content, kind: types[path.Ext(name)], tag: `"` + hex.EncodeToString(sum[:16]) + `"`}
	}
	served["/"] = served["/index.html"]
	return handler(served), nil
}

// addFiles adds to contents what files have of the types that are served, but for
// what is there already.
func addFiles(contents map[string][]byte, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || types[path.Ext(name)] == "" || contents[name] != nil {
			return err
		}
		contents[name], err = fs.ReadFile(files, name)
		return err
	})
}

// handler holds the files by the path of their request.
type handler map[string]file

func (h handler) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", ContentSecurityPolicy)
	if request.Method != http.MethodGet && request.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "The page is only read", http.StatusMethodNotAllowed)
		return
	}
	found, ok := h[request.URL.Path]
	if !ok {
		http.Error(w, "There is nothing here. The page is at /", http.StatusNotFound)
		return
	}
	header.Set("Content-Type", found.kind)
	header.Set("ETag", found.tag)
	header.Set("Cache-Control", "no-cache")
	// It answers 304 by the tag, and ranges.
	http.ServeContent(w, request, "", time.Time{}, bytes.NewReader(found.content))
}
