// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/config/kind"
)

// A kind cluster logs what the local control plane logs by default.
func TestAuditPolicyOfKind(t *testing.T) {
	var got auditv1.Policy
	if err := yaml.UnmarshalStrict(kind.AuditPolicy, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(auditPolicy(auditv1.LevelRequestResponse), got); diff != "" {
		t.Errorf("config/kind/audit-policy.yaml is not the local control plane's policy (-want +got):\n%s", diff)
	}
}
