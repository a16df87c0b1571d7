// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

const podSecurity = "pod-security.kubernetes.io/"

func TestPodSecurity(t *testing.T) {
	tests := map[string]map[string]map[string]string{
		defaultConfig: {
			"glassplane-system": {"enforce": "restricted", "audit": "restricted", "warn": "restricted"},
			"simnode-lease":     {"enforce": "restricted"},
		},
		// hostPath volumes are admitted at level privileged only.
		kubeadmConfig: {
			"glassplane-system": {"enforce": "privileged", "audit": "restricted", "warn": "restricted"},
			"simnode-lease":     {"enforce": "restricted"},
		},
	}
	for folder, want := range tests {
		t.Run(folder, func(t *testing.T) {
			got := map[string]map[string]string{}
			for _, namespace := range ofKind[corev1.Namespace](t, render(t, folder), "Namespace") {
				levels := map[string]string{}
				for label, level := range maps.All(namespace.Labels) {
					if mode, ok := strings.CutPrefix(label, podSecurity); ok {
						levels[mode] = level
					}
				}
				got[namespace.Name] = levels
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("levels of Pod Security (-want +got):\n%s", diff)
			}
		})
	}
}
