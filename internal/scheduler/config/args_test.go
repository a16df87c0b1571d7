// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumebinding"
)

// TestVolumeBindingArgs is apart from the other plugins' because the profiles of
// the file, which are for simulated pods, have no such plugin.
func TestVolumeBindingArgs(t *testing.T) {
	for name, tc := range map[string]struct{ args, want string }{
		"none":              {"", ""},
		"kube-scheduler's":  {`{"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "VolumeBindingArgs", "bindTimeoutSeconds": 600, "shape": [{"utilization": 0, "score": 10}, {"utilization": 100, "score": 0}]}`, ""},
		"negative time":     {`{"bindTimeoutSeconds": -1}`, "args.bindTimeoutSeconds: Invalid value: -1"},
		"shape falls back":  {`{"shape": [{"utilization": 50, "score": 1}, {"utilization": 50, "score": 2}]}`, "shape[1].utilization"},
		"unknown field":     {`{"timeout": 1}`, "timeout"},
		"of another plugin": {`{"kind": "InterPodAffinityArgs"}`, "args.kind: Unsupported value"},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, err := buildPlugin(volumebinding.Name, []byte(tc.args), field.NewPath("args"))
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if err == nil && plugin.Name() != volumebinding.Name {
				t.Errorf("built %s", plugin.Name())
			}
		})
	}
}
