// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const platforms = "linux/amd64,darwin/arm64,windows/amd64"

// pack releases v1.2.3 of made-up binaries into a new folder and returns it.
func pack(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range []string{"linux_amd64", "darwin_arm64", "windows_amd64"} {
		write(t, filepath.Join(dir, "bin", p, program), "binary for "+p)
	}
	write(t, filepath.Join(dir, "LICENSE"), "licence")
	write(t, filepath.Join(dir, "dist", "install.yaml"), "kind: List")
	write(t, filepath.Join(dir, "dist", "overlay", "Kustomization"), "kind: Kustomization")
	err := run([]string{
		"--version=v1.2.3", "--platforms=" + platforms, "--date=1700000000",
		"--binaries=" + filepath.Join(dir, "bin"), "--license=" + filepath.Join(dir, "LICENSE"), "--out=" + filepath.Join(dir, "dist"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "dist")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// member is one file of an archive.
type member struct {
	Name, Content string
	Mode          os.FileMode
	Seconds       int64
}

func TestArchives(t *testing.T) {
	dist := pack(t)
	want := func(bin, content string) []member {
		return []member{{"LICENSE", "licence", 0o644, 1700000000}, {bin, content, 0o755, 1700000000}}
	}
	tests := map[string]struct {
		members func(*testing.T, []byte) []member
		want    []member
	}{
		"glassplane_v1.2.3_linux_amd64.tar.gz":  {untar, want("glassplane", "binary for linux_amd64")},
		"glassplane_v1.2.3_darwin_arm64.tar.gz": {untar, want("glassplane", "binary for darwin_arm64")},
		"glassplane_v1.2.3_windows_amd64.zip":   {unzip, want("glassplane.exe", "binary for windows_amd64")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.members(t, read(t, filepath.Join(dist, name)))); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func untar(t *testing.T, archive []byte) []member {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var members []member
	for reader := tar.NewReader(compressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, member{header.Name, string(content), header.FileInfo().Mode(), header.ModTime.Unix()})
	}
}

func unzip(t *testing.T, archive []byte) []member {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var members []member
	for _, file := range reader.File {
		content, err := reader.Open(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, member{file.Name, string(text), file.Mode(), file.Modified.Unix()})
	}
	return members
}

// Two releases of the same binaries are the same, also in another folder and
// later: the checksums are those of every file.
func TestReproducible(t *testing.T) {
	first, second := pack(t), pack(t)
	if diff := cmp.Diff(string(read(t, filepath.Join(first, checksums))), string(read(t, filepath.Join(second, checksums)))); diff != "" {
		t.Errorf("checksums differ:\n%s", diff)
	}
}

func TestChecksums(t *testing.T) {
	dist := pack(t)
	var names []string
	for line := range strings.Lines(string(read(t, filepath.Join(dist, checksums)))) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		got, err := sha256File(filepath.Join(dist, name))
		if err != nil || got != sum {
			t.Errorf("%s has checksum %s (%v), listed is %s", name, got, err, sum)
		}
		names = append(names, name)
	}
	want := []string{
		"glassplane_v1.2.3_darwin_arm64.tar.gz", "glassplane_v1.2.3_linux_amd64.tar.gz", "glassplane_v1.2.3_windows_amd64.zip",
		"install.yaml", "krew.yaml",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// krewPlugin has the fields of sigs.k8s.io/krew/pkg/index.Plugin.
type krewPlugin struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              struct {
		Version          string `json:"version,omitempty"`
		ShortDescription string `json:"shortDescription,omitempty"`
		Description      string `json:"description,omitempty"`
		Caveats          string `json:"caveats,omitempty"`
		Homepage         string `json:"homepage,omitempty"`
		Platforms        []struct {
			URI      string                `json:"uri,omitempty"`
			Sha256   string                `json:"sha256,omitempty"`
			Selector *metav1.LabelSelector `json:"selector,omitempty"`
			Files    []struct {
				From string `json:"from,omitempty"`
				To   string `json:"to,omitempty"`
			} `json:"files"`
			License string `json:"license,omitempty"`
			Bin     string `json:"bin"`
		} `json:"platforms,omitempty"`
	} `json:"spec"`
}

// The rules are those of krew (internal/index/validation, ValidatePlugin) and of
// its index.
func TestKrewManifest(t *testing.T) {
	dist := pack(t)
	var p krewPlugin
	if err := yaml.UnmarshalStrict(read(t, filepath.Join(dist, "krew.yaml")), &p); err != nil {
		t.Fatal(err)
	}
	if p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || p.Kind != "Plugin" {
		t.Errorf("the manifest is a %s of %s", p.Kind, p.APIVersion)
	}
	if p.Name != "glassplane" || p.Spec.Version != "v1.2.3" || p.Spec.Homepage == "" || p.Spec.Description == "" {
		t.Errorf("the plugin is %+v", p)
	}
	if d := p.Spec.ShortDescription; d == "" || len(d) > 50 || strings.ContainsAny(d, "\r\n") {
		t.Errorf("short description %q: want one line of at most 50 characters", d)
	}
	type key struct{ os, arch string }
	want := map[key]string{
		{"linux", "amd64"}: "glassplane", {"darwin", "arm64"}: "glassplane", {"windows", "amd64"}: "glassplane.exe",
	}
	got := map[key]string{}
	for _, target := range p.Spec.Platforms {
		labels := target.Selector.MatchLabels
		got[key{labels["os"], labels["arch"]}] = target.Bin
		if len(labels) != 2 || target.Selector.MatchExpressions != nil {
			t.Errorf("selector %v: krew knows os and arch only", target.Selector)
		}
		archive := target.URI[strings.LastIndex(target.URI, "/")+1:]
		if want := "https://github.com/glassplane/glassplane/releases/download/v1.2.3/" + archive; target.URI != want {
			t.Errorf("uri is %s, want %s", target.URI, want)
		}
		sum, err := sha256File(filepath.Join(dist, archive))
		if err != nil || sum != target.Sha256 || !regexp.MustCompile(`^[a-f0-9]{64}$`).MatchString(target.Sha256) {
			t.Errorf("%s has sha256 %s (%v), the manifest says %s", archive, sum, err, target.Sha256)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func TestRefusesBadFlags(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"no version":       {[]string{"--platforms=linux/amd64"}, `invalid --version ""`},
		"no v":             {[]string{"--platforms=linux/amd64", "--version=1.2.3"}, `invalid --version "1.2.3"`},
		"a described one":  {[]string{"--platforms=linux/amd64", "--version=3bf9bac-dirty"}, `invalid --version "3bf9bac-dirty"`},
		"no platforms":     {[]string{"--version=v1.2.3"}, `invalid --platforms ""`},
		"no architecture":  {[]string{"--version=v1.2.3", "--platforms=linux"}, `invalid --platforms "linux"`},
		"an argument":      {[]string{"v1.2.3"}, `unexpected argument "v1.2.3"`},
		"no such binaries": {[]string{"--version=v1.2.3", "--platforms=linux/amd64", "--binaries=nowhere", "--out=" + t.TempDir()}, "nowhere/linux_amd64/glassplane"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := run(tt.args); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v; want it to say %q", err, tt.want)
			}
		})
	}
}
