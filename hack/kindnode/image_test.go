// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// entries returns what is in an archive: names, with modes or targets.
func entries(t *testing.T, archive io.Reader) []string {
	t.Helper()
	var found []string
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		switch header.Typeflag {
		case tar.TypeSymlink:
			found = append(found, header.Name+" -> "+header.Linkname)
		default:
			found = append(found, header.Name+" "+fs.FileMode(header.Mode).String())
		}
	}
}

func TestLayer(t *testing.T) {
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "tool"), []byte("x"), 0o400); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	l := newLayer(&archive)
	l.file("etc/a/b", 0o644, []byte("b"))
	l.file("etc/a/c", 0o600, nil)
	l.symlink("etc/link", "/dev/null")
	l.tree("usr/bin", source, nodeFileMode)
	l.embedded(fstest.MapFS{"etc/d": {Data: []byte("d")}}, nodeFileMode)
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"etc/ -rwxr-xr-x", "etc/a/ -rwxr-xr-x", "etc/a/b -rw-r--r--", "etc/a/c -rw-------", "etc/link -> /dev/null",
		"usr/ -rwxr-xr-x", "usr/bin/ -rwxr-xr-x", "usr/bin/tool -rwxr-xr-x", "etc/d -rw-r--r--",
	}
	if got := entries(t, &archive); !slices.Equal(got, want) {
		t.Errorf("entries = %q\nwant %q", got, want)
	}
}

func TestLayerKeepsFirstError(t *testing.T) {
	l := newLayer(io.Discard)
	l.copyFile("a", 0o644, filepath.Join(t.TempDir(), "missing"))
	l.file("b", 0o644, nil)
	if err := l.close(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("close = %v, want the error of the missing file", err)
	}
}

func TestFilterTar(t *testing.T) {
	var in, out bytes.Buffer
	l := newLayer(&in)
	l.file("./keep/a", 0o644, []byte("a"))
	l.file("./drop/b", 0o644, []byte("b"))
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	if err := filterTar(&out, &in, func(name string) bool { return name != "drop/b" }); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(entries(t, &out), " ")
	if !strings.Contains(got, "keep/a") || strings.Contains(got, "drop/b") {
		t.Errorf("entries = %s, want keep/a and not drop/b", got)
	}
}

func TestParseVersion(t *testing.T) {
	data := []byte(`{"Require":[{"Path":"a","Version":"v1.0.0"},{"Path":"b","Version":"v2.0.0"}]}`)
	if got, err := parseVersion(data, "b"); err != nil || got != "v2.0.0" {
		t.Errorf("parseVersion = %q, %v, want v2.0.0", got, err)
	}
	if _, err := parseVersion(data, "c"); err == nil {
		t.Error("parseVersion finds c, want an error")
	}
}

// The cluster is run by the main module's kind, so the files must be of the
// same version.
func TestKindVersionIsThatOfMainModule(t *testing.T) {
	here, err := readVersion(t.Context(), ".", kindModule)
	if err != nil {
		t.Fatal(err)
	}
	if main, err := readVersion(t.Context(), "../..", kindModule); err != nil || here != main {
		t.Errorf("kind is %s here and %s (%v) in the main module", here, main, err)
	}
}

func TestHashFiles(t *testing.T) {
	hash := func(files fstest.MapFS, inputs ...string) string {
		t.Helper()
		sum, err := hashFiles(files, inputs...)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	files := fstest.MapFS{"a": {Data: []byte("1")}}
	same, other := hash(files, "x"), fstest.MapFS{"a": {Data: []byte("2")}}
	if got := hash(files, "x"); got != same || len(got) != 12 {
		t.Errorf("the hash of the same is %q and %q", same, got)
	}
	if got := hash(fstest.MapFS{"a": files["a"], "a_test.go": {}}, "x"); got != same {
		t.Error("a test changes the hash")
	}
	for what, got := range map[string]string{"content": hash(other, "x"), "input": hash(files, "y"), "name": hash(fstest.MapFS{"b": files["a"]}, "x")} {
		if got == same {
			t.Errorf("another %s has the same hash", what)
		}
	}
}

func TestSandboxImage(t *testing.T) {
	tests := []struct {
		config, want string
		wantErr      bool
	}{
		{config: "[plugins]\n  # use fixed sandbox image\n  sandbox_image = \"example.com/pause:1\"\n", want: "example.com/pause:1"},
		{config: "[x.pinned_images]\n  sandbox = \"example.com/pause:2\"\n", want: "example.com/pause:2"},
		{config: "snapshotter = \"overlayfs\"\n", wantErr: true},
	}
	for _, tt := range tests {
		if got, err := sandboxImage(tt.config); got != tt.want || (err != nil) != tt.wantErr {
			t.Errorf("sandboxImage(%q) = %q, %v, want %q, error %t", tt.config, got, err, tt.want, tt.wantErr)
		}
	}
}

func TestComponentFor(t *testing.T) {
	parts := nodeParts{controlplane: "/cp", binaries: "/bin"}
	tests := []struct {
		image, command, base string
		entrypoint           bool
		links                int
		wantErr              bool
	}{
		{image: "example.com/kube-apiserver:v1", command: "/cp/kube-apiserver"},
		{image: "example.com:5000/etcd:3.7.0-0", command: "/cp/etcd"},
		{image: "example.com/coredns/coredns:v1", command: "/bin/coredns", entrypoint: true},
		{image: "example.com/pause:3", command: "/bin/pause", entrypoint: true},
		{image: "example.com/kube-proxy:v1", command: "/cp/kube-proxy", base: "/proxy.tar", links: 6},
		{image: "example.com/new-thing:v1", wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.image, func(t *testing.T) {
			got, err := componentFor(tt.image, "/proxy.tar", parts)
			if tt.wantErr {
				if err == nil || !strings.Contains(err.Error(), tt.image) {
					t.Errorf("error = %v, want one that names the image", err)
				}
				return
			}
			if err != nil || got.command != tt.command || got.base != tt.base || got.entrypoint != tt.entrypoint || len(got.links) != tt.links {
				t.Errorf("componentFor = %+v, %v", got, err)
			}
		})
	}
}

// What containerd finds in the store is an image whose parts are all there.
func TestStoreAdd(t *testing.T) {
	dir := t.TempDir()
	command := filepath.Join(dir, "pause")
	if err := os.WriteFile(command, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := openStore(t.Context(), filepath.Join(dir, "containerd"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	// Two names of the same image share all their content.
	for _, name := range []string{"example.com/pause:1", "example.com/pause:2"} {
		if err := s.add(t.Context(), component{name: name, command: command, entrypoint: true}); err != nil {
			t.Fatal(err)
		}
	}
	ctx := namespaces.WithNamespace(t.Context(), criNamespace)
	stored, err := s.images.List(ctx)
	if err != nil || len(stored) != 2 || stored[0].Labels["io.cri-containerd.pinned"] != "pinned" {
		t.Fatalf("images = %+v, %v, want two that are pinned", stored, err)
	}
	var manifest ocispec.Manifest
	read := func(d ocispec.Descriptor, into any) {
		t.Helper()
		data, err := content.ReadBlob(ctx, s.content, d)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	read(stored[0].Target, &manifest)
	var config ocispec.Image
	read(manifest.Config, &config)
	if got := config.Config.Entrypoint; !slices.Equal(got, []string{"/usr/local/bin/pause"}) {
		t.Errorf("entrypoint = %q", got)
	}
	layer, err := content.ReadBlob(ctx, s.content, manifest.Layers[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := digest.FromBytes(layer); !slices.Equal(config.RootFS.DiffIDs, []digest.Digest{got}) {
		t.Errorf("diff IDs = %v, want %s", config.RootFS.DiffIDs, got)
	}
	if got := strings.Join(entries(t, bytes.NewReader(layer)), " "); !strings.Contains(got, "usr/local/bin/pause -rwxr-xr-x") {
		t.Errorf("the layer holds %s", got)
	}
	info, err := s.content.Info(ctx, stored[0].Target.Digest)
	if err != nil || info.Labels["containerd.io/gc.ref.content.l.0"] != manifest.Layers[0].Digest.String() {
		t.Errorf("labels = %v, %v, want the layer kept from garbage collection", info.Labels, err)
	}
}

func TestBaseRuntimeSpec(t *testing.T) {
	data, err := baseRuntimeSpec(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Hooks   struct{ CreateContainer []struct{ Path string } }
		Process map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	if len(spec.Hooks.CreateContainer) != 1 || spec.Hooks.CreateContainer[0].Path != "/kind/bin/mount-product-files.sh" {
		t.Errorf("hooks = %+v", spec.Hooks)
	}
	if _, has := spec.Process["rlimits"]; has || spec.Process["capabilities"] == nil {
		t.Errorf("process = %v, want capabilities and no rlimits", spec.Process)
	}
}

func TestWriteArchive(t *testing.T) {
	i := &image{dir: t.TempDir(), key: "v1-abc-amd64"}
	for _, name := range []string{configFile, debianLayer, nodeLayer} {
		if err := os.WriteFile(i.path(name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var archive bytes.Buffer
	if err := i.writeArchive(&archive); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(archive.Bytes(), []byte(`"RepoTags":["glassplane/kindnode:v1-abc-amd64"]`)) {
		t.Error("the manifest does not name the image")
	}
	want := []string{"config.json -rw-r--r--", "debian.tar -rw-r--r--", "node.tar -rw-r--r--", "manifest.json -rw-r--r--"}
	if got := entries(t, &archive); !slices.Equal(got, want) {
		t.Errorf("entries = %q, want %q", got, want)
	}
}

func TestRemoveUnused(t *testing.T) {
	root := t.TempDir()
	used := time.Now()
	for name, age := range map[string]time.Duration{"new": 0, "old": 2 * time.Hour} {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, used, used.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeUnused(root, used.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(root)
	if err != nil || len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("left are %v, %v, want the new one", left, err)
	}
}
