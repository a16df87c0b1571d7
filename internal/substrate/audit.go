// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/yaml"
)

// simGroup is the API group whose requests are what Glassplane explains.
const simGroup = "sim.glassplane.dev"

var (
	watchVerbs = []string{"list", "watch"}
	writeVerbs = []string{"create", "update", "patch", "delete", "deletecollection"}
)

// checkAuditLevel refuses levels that the audit policy does not know.
func checkAuditLevel(level auditv1.Level) error {
	switch level {
	case auditv1.LevelNone, auditv1.LevelMetadata, auditv1.LevelRequest, auditv1.LevelRequestResponse:
		return nil
	}
	return fmt.Errorf("audit level %q: must be None, Metadata, Request or RequestResponse", level)
}

// auditPolicy says what the API server logs. The first rule that matches a
// request decides.
func auditPolicy(level auditv1.Level) auditv1.Policy {
	subjects := []auditv1.GroupResources{
		{Group: simGroup},
		{Group: "", Resources: []string{
			"pods", "pods/binding", "pods/status", "pods/eviction", "pods/ephemeralcontainers", "pods/resize", "bindings",
		}},
	}
	return auditv1.Policy{
		TypeMeta: metav1.TypeMeta{APIVersion: auditv1.SchemeGroupVersion.String(), Kind: "Policy"},
		Rules: []auditv1.PolicyRule{
			// That a component watches is evidence; all objects of its lists
			// would only repeat what their writes have shown.
			{Level: auditv1.LevelMetadata, Verbs: watchVerbs, Resources: subjects},
			{Level: level, Resources: subjects},
			// All other writes tell who did what, but not with which content:
			// that keeps Secrets and tokens out of the log. Their arrival is
			// left out because nobody explains it.
			{
				Level:      auditv1.LevelMetadata,
				Verbs:      writeVerbs,
				OmitStages: []auditv1.Stage{auditv1.StageRequestReceived},
			},
			{Level: auditv1.LevelNone},
		},
	}
}

// auditPolicyFile renders the policy as --audit-policy-file wants it.
func auditPolicyFile(level auditv1.Level) ([]byte, error) {
	data, err := yaml.Marshal(auditPolicy(level))
	if err != nil {
		return nil, fmt.Errorf("write the audit policy: %w", err)
	}
	return data, nil
}
