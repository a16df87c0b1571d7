// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
