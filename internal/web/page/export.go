// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/glassplane/glassplane/internal/explain/run"
)

// licences is the file of what is vendored; a copy must have them with it.
const licences = "vendor/LICENSES.txt"

// Export writes one file that shows a run: the page's own modules linked together,
// its styles and the run as JSON. It opens from a disk, asks nothing of any network,
// and a browser runs nothing in it but what was put there.
func Export(w io.Writer, r run.Run) error {
	parts, err := linked()
	if err != nil {
		return err
	}
	// Angle brackets are escaped, so that no text of the run ends the element.
	document, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the run: %w", err)
	}
	for _, part := range [][]byte{parts.before, document, parts.after} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("write the file: %w", err)
		}
	}
	return nil
}

// shell is the file without its run: what comes before it and after.
type shell struct{ before, after []byte }

// linked links the page once: its files are part of the program.
var linked = sync.OnceValues(func() (shell, error) { return link(Files()) })

// link makes the shell out of index.html: what it names is put in its place.
func link(files fs.FS) (shell, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return shell{}, fmt.Errorf("read the page: %w", err)
	}
	document, err := html.Parse(bytes.NewReader(index))
	if err != nil {
		return shell{}, fmt.Errorf("parse index.html: %w", err)
	}
	l := linker{files: files}
	for _, node := range slices.Collect(document.Descendants()) {
		l.take(node)
	}
	if l.head == nil || l.body == nil || l.err != nil {
		return shell{}, errors.Join(errors.New("link the page: index.html must have a head and a body"), l.err)
	}
	if err := l.put(); err != nil {
		return shell{}, err
	}
	var out bytes.Buffer
	if err := html.Render(&out, document); err != nil {
		return shell{}, fmt.Errorf("write the page: %w", err)
	}
	before, after, ok := bytes.Cut(out.Bytes(), []byte(place))
	if !ok {
		return shell{}, errors.New("link the page: there is no place for the run")
	}
	return shell{before, after}, nil
}

// place is where the run is put. Minified code does not have it.
const place = "{{ the run }}"

// linker gathers what index.html names.
type linker struct {
	files          fs.FS
	head, body     *html.Node
	styles, script string
	err            error
}

// take removes an element that names a file, and remembers the file.
func (l *linker) take(node *html.Node) {
	switch node.DataAtom {
	case atom.Head:
		l.head = node
	case atom.Body:
		l.body = node
	case atom.Link:
		if attribute(node, "rel") == "stylesheet" {
			l.styles += fmt.Sprintf("@import %q;\n", "./"+attribute(node, "href"))
			node.Parent.RemoveChild(node)
		}
	case atom.Script:
		if source := attribute(node, "src"); source != "" {
			l.script += fmt.Sprintf("import %q;\n", "./"+source)
			node.Parent.RemoveChild(node)
		}
	}
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// put links what was gathered and puts it into the document, with a policy that
// lets a browser run that alone.
func (l *linker) put() error {
	styles, err := l.bundle("index.css", l.styles, api.LoaderCSS)
	if err != nil {
		return err
	}
	script, err := l.bundle("index.js", l.script, api.LoaderJS)
	if err != nil {
		return err
	}
	notices, err := fs.ReadFile(l.files, licences)
	if err != nil {
		return fmt.Errorf("read the licences of what is vendored: %w", err)
	}
	for _, text := range []string{script, styles, string(notices)} {
		if lower := strings.ToLower(text); strings.Contains(lower, "</script") || strings.Contains(lower, "</style") || strings.Contains(lower, "<!--") {
			return errors.New("link the page: a file would end the element that it is put into")
		}
	}
	policy := fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'", hash(script), hash(styles))
	l.head.InsertBefore(element("meta", "", "http-equiv", "Content-Security-Policy", "content", policy), l.head.FirstChild)
	l.head.AppendChild(element("style", styles))
	l.body.AppendChild(element("script", place, "type", "application/json", "id", "run"))
	l.body.AppendChild(element("script", script, "type", "module"))
	l.body.AppendChild(element("script", string(notices), "type", "text/plain", "id", "licences"))
	return nil
}

func element(name, text string, attributes ...string) *html.Node {
	node := &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
	for i := 0; i < len(attributes); i += 2 {
		node.Attr = append(node.Attr, html.Attribute{Key: attributes[i], Val: attributes[i+1]})
	}
	if text != "" {
		node.AppendChild(&html.Node{Type: html.TextNode, Data: text})
	}
	return node
}

// hash is how a Content-Security-Policy names the text of an element.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// bundle is an entry linked with what it imports.
func (l *linker) bundle(name, entry string, loader api.Loader) (string, error) {
	result, err := l.link(name, entry, loader)
	if err != nil {
		return "", err
	}
	return string(result.OutputFiles[0].Contents), nil
}

// link links an entry with what it imports.
func (l *linker) link(name, entry string, loader api.Loader) (api.BuildResult, error) {
	options := l.options()
	options.Stdin = &api.StdinOptions{Contents: entry, Sourcefile: name, Loader: loader}
	return build(options, name)
}

// options are those of all that is linked.
func (l *linker) options() api.BuildOptions {
	return api.BuildOptions{
		Bundle: true, Format: api.FormatESModule, Target: api.ES2022, Platform: api.PlatformBrowser,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
		Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent, Metafile: true,
		Plugins: []api.Plugin{l.plugin()},
	}
}

// build links what the options say; name is what an error calls it.
func build(options api.BuildOptions, name string) (api.BuildResult, error) {
	result := api.Build(options)
	if len(result.Errors) > 0 {
		texts := api.FormatMessages(result.Errors, api.FormatMessagesOptions{})
		return result, fmt.Errorf("link the page's %s: %s", name, strings.TrimSpace(strings.Join(texts, " ")))
	}
	return result, nil
}

// namespace is how esbuild names the page's files.
const namespace = "page"

// plugin lets esbuild read the page's files, and no others.
func (l *linker) plugin() api.Plugin {
	return api.Plugin{Name: namespace, Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if strings.HasPrefix(args.Path, "data:") {
				return api.OnResolveResult{Path: args.Path, External: true}, nil
			}
			if args.Kind != api.ResolveEntryPoint && !strings.HasPrefix(args.Path, ".") {
				return api.OnResolveResult{}, fmt.Errorf("%q is no file of the page: imports are relative", args.Path)
			}
			return api.OnResolveResult{Path: path.Join(path.Dir(args.Importer), args.Path), Namespace: namespace}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: namespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			content, err := fs.ReadFile(l.files, args.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			loader := api.LoaderJS
			if path.Ext(args.Path) == ".css" {
				loader = api.LoaderCSS
			}
			text := string(content)
			return api.OnLoadResult{Contents: &text, Loader: loader}, nil
		})
	}}
}
