// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestConvertPrints(t *testing.T) {
	const list = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: web}}
- apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec: {enableServiceLinks: false, containers: [{name: a, image: b}]}
- {apiVersion: v1, kind: Node, metadata: {name: one}, status: {capacity: {cpu: "1"}}}
`
	tests := map[string]struct {
		stdin, stdout string
		args          []string
		code          int
		stderr        []string
	}{
		"a list, nodes first": {
			stdin: list, args: []string{"-o", "name", "-n", "shop"}, stdout: "simnode.sim.glassplane.dev/one\nsimpod.sim.glassplane.dev/web\n",
			stderr: []string{"service/web left out: it counts as it is", "pod/web becomes a SimPod\n  no effect: left out: spec.enableServiceLinks\n"},
		},
		"one is refused, the other made": {
			stdin: list + "- {apiVersion: v1, kind: Node, metadata: {name: bare}}\n", args: []string{"-o", "name"}, code: 1,
			stdout: "simnode.sim.glassplane.dev/one\nsimpod.sim.glassplane.dev/web\n",
			stderr: []string{"error: node/bare: status.capacity is missing", "error: 1 thing was not done; see above"},
		},
		"nothing":            {stdin: "apiVersion: v1\nkind: Service\nmetadata: {name: web}", code: 1, stderr: []string{"nothing to convert"}},
		"another namespace":  {stdin: strings.Replace(simPodHeader, "web", "web, namespace: a", 1), args: []string{"-n", "b"}, code: 1, stderr: []string{"does not match the namespace \"b\""}},
		"dry run of nothing": {args: []string{"--dry-run"}, code: 1, stderr: []string{"--dry-run is for --apply"}},
		"unknown output":     {args: []string{"-o", "xml"}, code: 1, stderr: []string{`invalid --output "xml"`}},
		"applied, dry run": {
			stdin: list, args: []string{"--apply", "--dry-run=client"},
			stdout: "simnode.sim.glassplane.dev/one serverside-applied (dry run)\nsimpod.sim.glassplane.dev/web serverside-applied (dry run)\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code, stderr := offline(t, tt.stdin, &out, append([]string{"convert", "-f", "-"}, tt.args...)...)
			if code != tt.code || out.String() != tt.stdout {
				t.Errorf("exit code %d, want %d; stdout:\n%s\nwant:\n%s\nstderr: %s", code, tt.code, out.String(), tt.stdout, stderr)
			}
			for _, want := range tt.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr is %q, want %q in it", stderr, want)
				}
			}
		})
	}
}
