// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// snapshotOf makes a snapshot of the file of a cluster, and returns its name.
func snapshotOf(t *testing.T, name string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	code, stdout, stderr := runOffline(t, "", append([]string{"snapshot", "cluster", path, "--from=" + clusterFile}, flags...)...)
	if code != 0 || !strings.Contains(stdout, path+" saved: nodes 3, pods 8, ") {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return string(data)
	}
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(reader); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSnapshotSaysTheSame: what is said of pods from a snapshot is what is said
// from all that kubectl printed.
func TestSnapshotSaysTheSame(t *testing.T) {
	path := snapshotOf(t, "cluster.yaml.gz")
	for _, args := range [][]string{
		{"explain", "pod/web-7d4b-a"}, {"explain", "pod/web-7d4b-b"}, {"explain", "pod/web-7d4b-c"}, {"explain", "pod/small", "--node=node-3"},
		{"explain", "pod/gated"}, {"explain", "pod/devices"}, {"explain", "pod/done"}, {"pending", "-A"}, {"explain", "deploy/web"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			_, want, stderr := runOffline(t, "", append(args, "--from="+clusterFile)...)
			_, got, _ := runOffline(t, "", append(args, "--from="+path)...)
			if stderr != "" || want == "" {
				t.Fatal(stderr)
			}
			want = strings.NewReplacer(clusterFile, "FILE", "none are in the file", "WHY").Replace(want)
			got = strings.NewReplacer(path, "FILE", "none are in the file", "WHY").Replace(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-of kubectl +of the snapshot):\n%s", diff)
			}
		})
	}
}

func TestSnapshotHasNoSecrets(t *testing.T) {
	for name, test := range map[string]struct {
		flags   []string
		hasName bool
	}{
		"as it is":              {nil, false},
		"with names of images":  {[]string{"--images"}, true},
		"over a file, by force": {[]string{"--force"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := snapshotOf(t, "cluster.json", test.flags...)
			got := content(t, path)
			if strings.Contains(got, "PASSWORD") || strings.Contains(got, "c2VjcmV0") || strings.Contains(got, `"env"`) {
				t.Errorf("it has secrets:\n%s", got)
			}
			if strings.Contains(got, "nginx") != test.hasName {
				t.Errorf("it has names of images: %v, want %v", !test.hasName, test.hasName)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("its mode is %v, want that only its owner may read it", info.Mode())
			}
		})
	}
}

// TestSnapshotAnonymized: no name is left, and as many pods wait as before.
func TestSnapshotAnonymized(t *testing.T) {
	path := snapshotOf(t, "cluster.json", "--anonymize")
	got := content(t, path)
	for _, name := range []string{`"web`, `:"default"`, `"gated"`, "nginx", "were unschedulable"} {
		if strings.Contains(got, name) {
			t.Errorf("it has %s:\n%s", name, got)
		}
	}
	_, want, _ := runOffline(t, "", "pending", "-A", "--from="+clusterFile)
	code, stdout, stderr := runOffline(t, "", "pending", "-A", "--from="+path)
	first := func(text string) string { line, _, _ := strings.Cut(text, "("); return line }
	if code != 0 || first(stdout) != first(want) || want == "" {
		t.Errorf("exit code %d, stderr %q: %q, want %q", code, stderr, first(stdout), first(want))
	}
	code, _, stderr = runOffline(t, "", "snapshot", "cluster", path+"2", "--from="+path, "--images", "--anonymize")
	if code != 1 || !strings.Contains(stderr, "give either --images or --anonymize") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestSnapshotToStdout(t *testing.T) {
	code, stdout, stderr := runOffline(t, content(t, clusterFile), "snapshot", "cluster", "-", "--from=-")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if code, _, stderr := runOffline(t, stdout, "explain", "pod/small", "--from=-"); code != 0 {
		t.Error(stderr)
	}
}

// TestSnapshotRefusesBadInput: what is wrong with a snapshot is said in one line,
// and nothing is written.
func TestSnapshotRefusesBadInput(t *testing.T) {
	path := snapshotOf(t, "cluster.json")
	whole := content(t, path)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	header, _, _ := strings.Cut(whole, "---")
	lines := strings.SplitAfter(whole, "\n")
	fewer := strings.Join(append(lines[:len(lines)-4:len(lines)-4], lines[len(lines)-3:]...), "")
	tests := map[string]struct {
		args []string
		want string
	}{
		"there already":        {[]string{"snapshot", "cluster", path, "--from=" + clusterFile}, "is there already: choose another name, or overwrite it with --force"},
		"no such folder":       {[]string{"snapshot", "cluster", filepath.Join(dir, "none", "a.gz"), "--from=" + clusterFile}, "writing the snapshot: "},
		"of nothing":           {[]string{"snapshot", "cluster", filepath.Join(dir, "new"), "--from=" + file("empty", "")}, "it has no nodes"},
		"no such context":      {[]string{"snapshot", "cluster", filepath.Join(dir, "new"), "--context=none"}, `context "none" does not exist`},
		"two files":            {[]string{"snapshot", "cluster", "a", "b"}, "expected one FILE, got 2 arguments"},
		"another version":      {[]string{"pending", "--from=" + file("v2", strings.Replace(whole, "snapshot/v1", "snapshot/v2", 1))}, `of version "glassplane.dev/cluster-snapshot/v2", and this glassplane reads "glassplane.dev/cluster-snapshot/v1"`},
		"cut off":              {[]string{"pending", "--from=" + file("cut", whole[:len(whole)-300])}, "cut off"},
		"cut after the header": {[]string{"pending", "--from=" + file("header", header)}, "it has 0 nodes where its header counts 3: it is cut off or was changed"},
		"a line is gone":       {[]string{"pending", "--from=" + file("fewer", fewer)}, "where its header counts 1: it is cut off or was changed"},
		"two in one":           {[]string{"pending", "--from=" + file("two", whole+whole)}, "it has two headers of kind ClusterSnapshot"},
		"not ours":             {[]string{"pending", "--from=" + file("other", `{"kind": "ClusterSnapshot", "apiVersion": "example.com/v1"}`)}, `of version "example.com/v1"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runOffline(t, "", test.args...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") > 1 {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 1, nothing and one line with %q", code, stdout, stderr, test.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); !os.IsNotExist(err) {
		t.Error("a file was written")
	}
	if got, _ := fs.Glob(os.DirFS(filepath.Dir(path)), ".*"); len(got) > 0 {
		t.Errorf("temporary files are left: %v", got)
	}
	if content(t, path) != whole {
		t.Error("the file that was there is another one")
	}
}
