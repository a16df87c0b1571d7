// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/test/golden"
)

// TestExplainGolden compares each scenario with its golden file. Run it with
// -update to write the files, and read the difference before it is committed.
func TestExplainGolden(t *testing.T) {
	for name, record := range scenarios {
		t.Run(name, func(t *testing.T) {
			golden.CheckJSON(t, filepath.Join("testdata", name+".golden.json"), Explain(record()))
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
			golden.CheckJSON(t, filepath.Join("testdata", "captured", name+".golden.json"), trace)
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
