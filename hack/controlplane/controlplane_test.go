// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseVersions(t *testing.T) {
	tests := []struct {
		name    string
		data    string
		want    versions
		wantErr string
	}{
		{
			name: "both are required",
			data: `{"Module":{"Path":"` + modulePath + `"},"Require":[
				{"Path":"go.etcd.io/etcd/server/v3","Version":"v3.7.3"},
				{"Path":"k8s.io/api","Version":"v0.37.2","Indirect":true},
				{"Path":"k8s.io/kubernetes","Version":"v1.37.2"}]}`,
			want: versions{kubernetes: "v1.37.2", etcd: "v3.7.3"},
		},
		{name: "another module", data: `{"Module":{"Path":"example.com/other"}}`, wantErr: "run this in hack/controlplane"},
		{name: "nothing required", data: `{"Module":{"Path":"` + modulePath + `"}}`, wantErr: "requires no k8s.io/kubernetes"},
		{name: "no JSON", data: `module x`, wantErr: "parse the output"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseVersions([]byte(tt.data))
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error = %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("parseVersions = %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

// The real go.mod is what the command reads in its own folder.
func TestReadVersions(t *testing.T) {
	got, err := readVersions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.kubernetes, "v1.") || !strings.HasPrefix(got.etcd, "v3.") {
		t.Errorf("readVersions = %+v, want v1.x and v3.x", got)
	}
}

func TestSelectBinaries(t *testing.T) {
	tests := []struct {
		name    string
		args    []string
		want    []string
		wantErr bool
	}{
		{name: "default", want: defaultBinaries},
		{name: "table order, once each", args: []string{"kubectl", "etcd", "kubectl"}, want: []string{"etcd", "kubectl"}},
		{name: "unknown", args: []string{"kube-dns"}, wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := selectBinaries(tt.args)
			if (err != nil) != tt.wantErr || !slices.Equal(got, tt.want) {
				t.Errorf("selectBinaries = %v, %v, want %v, error %t", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name+exeSuffix(runtime.GOOS)), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("etcd", "x", 0o755)
	write("kubectl", "", 0o755)
	write("kube-scheduler", "x", 0o644)
	want := []string{"kube-apiserver", "kubectl"}
	if runtime.GOOS != "windows" {
		want = []string{"kube-apiserver", "kube-scheduler", "kubectl"}
	}
	got := missing(dir, []string{"etcd", "kube-apiserver", "kube-scheduler", "kubectl"})
	if !slices.Equal(got, want) {
		t.Errorf("missing = %v, want %v", got, want)
	}
}

func TestReportAssets(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"etcd", "kubectl"} {
		if err := os.WriteFile(filepath.Join(dir, name+exeSuffix(runtime.GOOS)), []byte("x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err := reportAssets(dir, defaultBinaries, &out)
	if err == nil || !strings.Contains(err.Error(), "has no kube-apiserver;") {
		t.Errorf("error = %v, want one about kube-apiserver alone", err)
	}
	if want := "kube-controller-manager: no owner-reference garbage collection, no namespace deletion"; !strings.Contains(out.String(), want) {
		t.Errorf("output %q lacks %q", out.String(), want)
	}
}

func TestCacheDir(t *testing.T) {
	env := func(name string) string { return map[string]string{"GLASSPLANE_CACHE": "/cache"}[name] }
	got, err := cacheDir(env, versions{kubernetes: "v1.37.2", etcd: "v3.7.3"})
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join("/cache", "controlplane", "v1.37.2-etcd-v3.7.3-"+runtime.GOOS+"-"+runtime.GOARCH)
	if got != want {
		t.Errorf("cacheDir = %q, want %q", got, want)
	}
}

func TestLDFlags(t *testing.T) {
	got := versions{kubernetes: "v1.37.2", etcd: "v3.7.3"}.ldflags()
	for _, want := range []string{"-s -w ", ".gitVersion=v1.37.2", ".gitMajor=1 ", ".gitMinor=37 "} {
		if !strings.Contains(got, want) {
			t.Errorf("ldflags = %q, lacks %q", got, want)
		}
	}
}

// What the go command names by the package must get the name that is looked for.
func TestNameBuilt(t *testing.T) {
	temp := t.TempDir()
	for _, name := range []string{"server", "kubectl"} {
		if err := os.WriteFile(filepath.Join(temp, name+exeSuffix(runtime.GOOS)), []byte("x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"etcd", "kubectl"}
	if err := nameBuilt(temp, names); err != nil {
		t.Fatal(err)
	}
	if left := missing(temp, names); len(left) > 0 {
		t.Errorf("%v are missing", left)
	}
}

func TestParseOrigin(t *testing.T) {
	for _, good := range []origin{anyOrigin, built, released} {
		if got, err := parseOrigin(string(good)); got != good || err != nil {
			t.Errorf("parseOrigin(%q) = %q, %v", good, got, err)
		}
	}
	_, err := parseOrigin("fetch")
	if want := `CONTROLPLANE="fetch" is not valid: set it to build or download`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("parseOrigin(fetch) = %v, want one with %q", err, want)
	}
}

// A value that is not valid is refused before anything is done.
func TestRunRefusesAnotherOrigin(t *testing.T) {
	env := func(name string) string { return map[string]string{originEnv: "no"}[name] }
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--print-dir"}, env, &out, &out); err == nil || !strings.Contains(err.Error(), originEnv) {
		t.Errorf("run = %v, want one about %s", err, originEnv)
	}
}

func TestProgressLine(t *testing.T) {
	tests := []struct {
		name  string
		p     progress
		since time.Duration
		want  string
	}{
		{name: "before anything is known", p: &compiling{what: "etcd"}, want: "building etcd: listing packages, 0s"},
		{
			name: "modules", p: &compiling{what: "etcd", downloads: 3, current: "go.uber.org/zap v1.27.1"}, since: 1900 * time.Millisecond,
			want: "building etcd: 3 modules downloaded, 1s  go.uber.org/zap v1.27.1",
		},
		{
			name: "compiling", p: &compiling{what: "etcd", downloads: 3, done: 12, total: 340, current: "net/http"}, since: 75 * time.Second,
			want: "building etcd: 12/340 packages, 1m15s  net/http",
		},
		{
			name: "a file", p: &downloading{what: "etcd", done: 3<<20 + 1, total: 20<<20 + 1}, since: 2 * time.Second,
			want: "downloading etcd: 3/21 MiB, 2s",
		},
		{name: "a file of unknown length", p: &downloading{what: "etcd", done: 3 << 20}, want: "downloading etcd: 3 MiB, 0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.line(tt.since); got != tt.want {
				t.Errorf("line = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{line: func(line string) { got = append(got, line) }}
	for _, chunk := range []string{"one\ntw", "o\r\n", "\nlast"} {
		if _, err := w.Write([]byte(chunk)); err != nil {
			t.Fatal(err)
		}
	}
	w.flush()
	if want := []string{"one", "two", "", "last"}; !slices.Equal(got, want) {
		t.Errorf("lines = %q, want %q", got, want)
	}
}

func TestTailLines(t *testing.T) {
	tail := &tailLines{max: 2}
	if got := tail.String(); got != "" {
		t.Errorf("String of an empty tail = %q, want none", got)
	}
	for _, line := range []string{"a", "b", "c"} {
		tail.add(line)
	}
	if got, want := tail.String(), "\n  … 1 earlier lines left out\n  b\n  c"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}

// A failing go command must be told by its name and its own words.
func TestGoCommandTail(t *testing.T) {
	tail, err := goCommand(t.Context(), []string{"build", modulePath + "/no/such/package"}, nil, func(string) bool { return false })
	if err == nil || !strings.Contains(tail, "no/such/package") {
		t.Errorf("goCommand = %q, %v, want an error with the package in the tail", tail, err)
	}
}

func TestInstallRefusesWhatDoesNotRun(t *testing.T) {
	temp, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(temp, "etcd"+exeSuffix(runtime.GOOS)), []byte("not a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := &cache{dir: dir, versions: versions{etcd: "v3.7.3"}}
	err := c.install(t.Context(), temp, "etcd")
	if err == nil || !strings.Contains(err.Error(), "etcd does not run") {
		t.Errorf("install = %v, want an error that etcd does not run", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("install left %v in the cache", left)
	}
}

func TestWaitLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".lock")
	first, err := waitLock(t.Context(), path, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := &cancelOnWrite{cancel: cancel}
	if _, err := waitLock(ctx, path, out); !errors.Is(err, context.Canceled) {
		t.Errorf("second waitLock = %v, want context.Canceled", err)
	}
	if !strings.Contains(out.String(), "waiting for it") {
		t.Errorf("second waitLock said %q, want that it waits", out.String())
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := waitLock(t.Context(), path, &bytes.Buffer{})
	if err != nil {
		t.Fatalf("waitLock after the first was released: %v", err)
	}
	again.Close()
}

// cancelOnWrite ends the wait as soon as it was announced.
type cancelOnWrite struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (w *cancelOnWrite) Write(p []byte) (int, error) {
	w.cancel()
	return w.Buffer.Write(p)
}
