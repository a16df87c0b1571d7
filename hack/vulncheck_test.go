// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A govulncheck that only answers shows which of its answers fail the check.
func TestVulncheck(t *testing.T) {
	tests := map[string]struct {
		govulncheck string // body of a script
		fails       bool
		want        string
	}{
		"nothing found": {
			govulncheck: `echo "No vulnerabilities found."`,
			want:        "No vulnerabilities found.",
		},
		"a finding": {
			govulncheck: `echo "Vulnerability #1: GO-2026-0001"; exit 3`,
			fails:       true, want: "GO-2026-0001",
		},
		"a finding in the second module": {
			govulncheck: `[[ $2 == one ]] || { echo "Vulnerability #1: GO-2026-0001"; exit 3; }`,
			fails:       true, want: "GO-2026-0001",
		},
		"a finding that speaks of fetching": {
			govulncheck: `echo 'govulncheck: fetching vulnerabilities: Get "x": no'; exit 3`,
			fails:       true, want: "fetching",
		},
		"no database": {
			govulncheck: `echo 'govulncheck: fetching vulnerabilities: Get "https://vuln.go.dev/index/modules.json.gz": no such host' >&2; exit 1`,
			want:        `skipped: fetching vulnerabilities: Get "https://vuln.go.dev/index/modules.json.gz": no such host`,
		},
		"a broken database": {
			govulncheck: `echo 'govulncheck: fetching vulnerabilities: unexpected end of JSON input' >&2; exit 1`,
			fails:       true, want: "unexpected end of JSON input",
		},
		"code that does not compile": {
			govulncheck: `echo "govulncheck: loading packages: undefined: x" >&2; exit 1`,
			fails:       true, want: "undefined: x",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tool := filepath.Join(t.TempDir(), "govulncheck")
			if err := os.WriteFile(tool, []byte("#!/usr/bin/env bash\n"+tt.govulncheck+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			output, err := exec.CommandContext(t.Context(), "./vulncheck.sh", tool, "one", "two").CombinedOutput()
			if (err != nil) != tt.fails {
				t.Errorf("error = %v, want one: %t", err, tt.fails)
			}
			if !strings.Contains(string(output), tt.want) {
				t.Errorf("output is\n%swant it to say %q", output, tt.want)
			}
			if asked := strings.Count(string(output), "vulncheck: two"); asked != 1 {
				t.Errorf("the second module was looked at %d times, want once:\n%s", asked, output)
			}
		})
	}
}
