// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/evidence"
)

var update = flag.Bool("update", false, "write the golden files")

// TestExplainGolden compares each scenario with its golden file. Run it with
// -update to write the files, and read the difference before it is committed.
func TestExplainGolden(t *testing.T) {
	for name, record := range scenarios {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", name+".golden.json"), Explain(record()))
		})
	}
}

// TestCapturedGolden does the same with records that were captured from a real
// kube-apiserver and etcd, and checks what holds for every record. Those of Pods
// are from a cluster of kubeadm, with its kube-scheduler and kubelet.
func TestCapturedGolden(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "captured", "*.record.json*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captured records: %v", err)
	}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Run(name, func(t *testing.T) {
			record := captured(t, path)
			trace := Explain(record)
			checkTrace(t, record, trace)
			golden(t, filepath.Join("testdata", "captured", name+".golden.json"), trace)
		})
	}
}

// captured reads a record, which is compressed where it is long.
func captured(t *testing.T, path string) evidence.Record {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var data io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if data, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	var record evidence.Record
	if err := json.NewDecoder(data).Decode(&record); err != nil {
		t.Fatal(err)
	}
	return record
}

func golden(t *testing.T, path string, trace Trace) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(trace); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("explanation differs from %s (-want +got):\n%s", path, d)
	}
}
