// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/config"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
)

func TestServe(t *testing.T) {
	handler, err := NewHandler(fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><script type="module" src="app.js"></script>`)}, "app.js": {Data: []byte("1")}, "css/a.css": {Data: []byte("a{}")}, "model/types.d.ts": {Data: []byte("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, tag string) *httptest.ResponseRecorder {
		request := httptest.NewRequest(method, path, nil)
		if tag != "" {
			request.Header.Set("If-None-Match", tag)
		}
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		return response
	}
	tests := []struct {
		method, path string
		code         int
		kind         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/index.html", 200, "text/html; charset=utf-8"},
		{"GET", "/app.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/css/a.css", 200, "text/css; charset=utf-8"},
		{"HEAD", "/app.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/model/types.d.ts", 404, "text/plain; charset=utf-8"},
		{"GET", "/css/", 404, "text/plain; charset=utf-8"},
		{"GET", "/../page.go", 404, "text/plain; charset=utf-8"},
		{"POST", "/", 405, "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		response := ask(tt.method, tt.path, "")
		if response.Code != tt.code || response.Header().Get("Content-Type") != tt.kind {
			t.Errorf("%s %s: %d, %s", tt.method, tt.path, response.Code, response.Header().Get("Content-Type"))
		}
		if got := response.Header().Get("Content-Security-Policy"); got != ContentSecurityPolicy {
			t.Errorf("%s %s: policy %q", tt.method, tt.path, got)
		}
	}
	tag := ask("GET", "/app.js", "").Header().Get("ETag")
	if got := ask("GET", "/app.js", tag); tag == "" || got.Code != http.StatusNotModified || got.Body.Len() > 0 {
		t.Errorf("with the tag %s: %d", tag, got.Code)
	}
}

// TestLinked checks that the page names one file for each of its scripts and what
// they share, and loads later what is imported later.
func TestLinked(t *testing.T) {
	files := fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><html><head><link rel="stylesheet" href="a.css"><link rel="stylesheet" href="b.css">` +
			`<script type="module" async src="early.js"></script><script type="module" src="app.js"></script></head><body></body></html>`)},
		"a.css": {Data: []byte("a{color:red}")}, "b.css": {Data: []byte("b{color:red}")},
		"early.js":   {Data: []byte("import {b} from './model/b.js'; console.log('early', b);")},
		"app.js":     {Data: []byte("import {b} from './model/b.js'; console.log('app', b); import('./later.js');")},
		"model/b.js": {Data: []byte("export {c as b} from '../c.js';")}, "c.js": {Data: []byte("export const c = 'shared';")},
		"later.js": {Data: []byte("export const d = 'later';")},
	}
	handler, err := NewHandler(files)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) string {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, path, nil))
		if response.Code != http.StatusOK {
			t.Errorf("%s: %d", path, response.Code)
		}
		return response.Body.String()
	}
	index := ask("/")
	var got []string
	for _, found := range regexp.MustCompile(`<(?:link rel="(?:modulepreload|stylesheet)" href|script type="module"(?: async="")? src)="([^"]*)"`).FindAllStringSubmatch(index, -1) {
		got = append(got, regexp.MustCompile(`-[A-Z0-9]{8}`).ReplaceAllString(found[1], ""))
		if strings.Contains(ask("/"+found[1]), `="later"`) {
			t.Errorf("%s has what is imported later", found[1])
		}
	}
	want := []string{"linked/early.js", "linked/app.js", "linked/page.css", "linked/early.js", "linked/app.js", "linked/chunk.js"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if d := cmp.Diff("a{color:red}b{color:red}\n", ask("/linked/page.css")); d != "" {
		t.Errorf("styles (-want +got):\n%s", d)
	}
	if ask("/model/b.js") != string(files["model/b.js"].Data) {
		t.Error("a module is not as it was written")
	}
}

// TestFilesMayBeRead checks that the role of the observer's readers allows each of
// the page's files, which are authorized by their paths.
func TestFilesMayBeRead(t *testing.T) {
	manifest, err := fs.ReadFile(config.FS, "rbac/endpoints.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var allowed []string
	for _, document := range strings.Split(string(manifest), "\n---\n") {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		if role.Name == "glassplane-observer-reader" {
			allowed = role.Rules[0].NonResourceURLs
		}
	}
	served, err := NewHandler(Files())
	if err != nil {
		t.Fatal(err)
	}
	for path := range served.(handler) {
		// As RBAC compares them (k8s.io/kubernetes/pkg/apis/rbac/v1.NonResourceURLMatches).
		if !slices.ContainsFunc(allowed, func(rule string) bool {
			prefix, any := strings.CutSuffix(rule, "*")
			return rule == path || any && strings.HasPrefix(path, prefix)
		}) {
			t.Errorf("the role does not allow %s", path)
		}
	}
}

// TestFilesKeepThePolicy checks that nothing in the page needs what its policy
// forbids.
func TestFilesKeepThePolicy(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script(?:\s+type="module")?\s*>|\son[a-z]+\s*=\s*"|<style|javascript:`)
	err := fs.WalkDir(Files(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".html" {
			return err
		}
		content, err := fs.ReadFile(Files(), name)
		if found := inline.Find(content); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// exported is a file of a run, and what was put into it.
func exported(t *testing.T, r run.Run) (file string, elements []*html.Node) {
	t.Helper()
	var out bytes.Buffer
	if err := Export(&out, r); err != nil {
		t.Fatal(err)
	}
	document, err := html.Parse(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for node := range document.Descendants() {
		if node.Type == html.ElementNode {
			elements = append(elements, node)
		}
	}
	return out.String(), elements
}

func golden(t *testing.T, name string) run.Run {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "explain", "run", "testdata", name+".golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r run.Run
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExport checks that a file has its run, names nothing outside of itself, and
// is small.
func TestExport(t *testing.T) {
	for _, name := range []string{"fits", "pod"} {
		r := golden(t, name)
		file, elements := exported(t, r)
		if len(file) >= 1_000_000 {
			t.Errorf("%s: %d bytes", name, len(file))
		}
		t.Logf("%s: %d bytes", name, len(file))
		policy, found := "", false
		for _, e := range elements {
			for _, a := range e.Attr {
				if (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "data:") && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%s: <%s %s=%q>", name, e.Data, a.Key, a.Val)
				}
			}
			switch {
			case attribute(e, "http-equiv") == "Content-Security-Policy":
				policy = attribute(e, "content")
			case attribute(e, "id") == "run":
				found = true
				var got run.Run
				if err := json.Unmarshal([]byte(e.FirstChild.Data), &got); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(mustJSON(t, r), mustJSON(t, got)); d != "" {
					t.Errorf("%s: the run in the file differs:\n%s", name, d)
				}
			case e.Data == "script" && attribute(e, "type") == "module", e.Data == "style":
				if h := hash(e.FirstChild.Data); !strings.Contains(policy, h) {
					t.Errorf("%s: the policy %q does not let <%s> with %s run", name, policy, e.Data, h)
				}
			}
		}
		if !found || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "self") {
			t.Errorf("%s: run there: %v, policy %q", name, found, policy)
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestHostileTextsStayText puts markup into every text of a run: the file has the
// same elements as without it.
func TestHostileTextsStayText(t *testing.T) {
	_, plain := exported(t, golden(t, "fits"))
	for _, hostile := range []string{"</script><script>alert(1)</script>", "<!--<script>", "]]><img src=x onerror=alert(1)>", "\u2028\u202e\x1b[31m", "{{ the run }}"} {
		r := golden(t, "fits")
		r.Trace.Headline, r.Trace.Transcript, r.Actors[0].Detail = hostile, hostile, hostile
		r.Messages[0].Text, r.States[0].Object = hostile, json.RawMessage(mustJSON(t, map[string]string{"image": hostile}))
		r.Trace.Outcome = explain.Outcome(hostile)
		_, elements := exported(t, r)
		if len(elements) != len(plain) {
			t.Errorf("%q: %d elements, want %d", hostile, len(elements), len(plain))
		}
	}
}

func TestPageThatCannotBeLinked(t *testing.T) {
	const index = `<head><link rel="stylesheet" href="a.css"><script type="module" src="app.js"></script></head><body></body>`
	whole := func(change map[string]string) fstest.MapFS {
		files := fstest.MapFS{"index.html": {Data: []byte(index)}, "a.css": {}, "app.js": {}, licences: {Data: []byte("MIT")}}
		for name, content := range change {
			files[name] = &fstest.MapFile{Data: []byte(content)}
		}
		return files
	}
	if _, err := link(whole(nil)); err != nil {
		t.Errorf("a whole page: %v", err)
	}
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"a module that is not there": {map[string]string{"app.js": `import "./b.js"`}, "b.js"},
		"a module by its name":       {map[string]string{"app.js": `import "preact"`}, "imports are relative"},
		"a module that is wrong":     {map[string]string{"app.js": `const const`}, "index.js"},
		"a way out of its element":   {map[string]string{licences: `</SCRIPT>`}, "would end the element"},
	} {
		if _, err := link(whole(tt.change)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, tt.want)
		}
	}
}
