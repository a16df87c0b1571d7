// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package forcedeletion

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// WebhookName is the name of the webhook's configuration.
const WebhookName = "glassplane-force-deletion"

// timeoutSeconds bounds how long a forced deletion waits for an answer.
const timeoutSeconds = 2

// WebhookConfiguration lets the API server ask about forced deletions, and only
// about those, where the client says. Where nobody answers the deletion goes on,
// gracefully: it must not depend on this component.
func WebhookConfiguration(where admissionregistrationv1.WebhookClientConfig) *admissionregistrationv1.ValidatingWebhookConfiguration {
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		TypeMeta: metav1.TypeMeta{
			APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: "ValidatingWebhookConfiguration",
		},
		ObjectMeta: metav1.ObjectMeta{Name: WebhookName},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name:                    "force-deletion." + v1alpha1.GroupName,
			ClientConfig:            where,
			AdmissionReviewVersions: []string{"v1"},
			SideEffects:             new(admissionregistrationv1.SideEffectClassNoneOnDryRun),
			FailurePolicy:           new(admissionregistrationv1.Ignore),
			TimeoutSeconds:          new(int32(timeoutSeconds)),
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Delete},
				Rule: admissionregistrationv1.Rule{
					APIGroups: []string{v1alpha1.GroupName}, APIVersions: []string{"*"}, Resources: []string{"simpods"},
				},
			}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{
				Name:       "by-force",
				Expression: "has(request.options.gracePeriodSeconds) && request.options.gracePeriodSeconds == 0",
			}},
		}},
	}
}
