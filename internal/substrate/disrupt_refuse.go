// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

const (
	// refuseName names the admission policy of RefuseWrites, and its binding.
	refuseName = "glassplane-refuse-writes"
	// refuseMessage is what users are told.
	refuseMessage = "writes are refused on purpose; allow them again with: glassplane break heal kube-apiserver"
	// refusedUsers is true of those whose writes are refused. Components keep their
	// leases and go on with what is stored. Who is exempt from RBAC is exempt here, too.
	refusedUsers = `!request.userInfo.username.startsWith("system:") && !(has(request.userInfo.groups) && "system:masters" in request.userInfo.groups)`
)

// refusedWrites is an API server with an admission policy against writes.
type refusedWrites struct{ l *Local }

func (l *Local) injectRefuseWrites(ctx context.Context, _ *component, _ Disruption) (breakage, error) {
	refused := refusedWrites{l}
	admin, err := kubernetes.NewForConfig(l.AdminConfig())
	if err != nil {
		return refused, err
	}
	api := admin.AdmissionregistrationV1()
	if _, err := api.ValidatingAdmissionPolicies().Create(ctx, refusePolicy(), metav1.CreateOptions{}); err != nil {
		return refused, fmt.Errorf("create the admission policy: %w", err)
	}
	if _, err := api.ValidatingAdmissionPolicyBindings().Create(ctx, refuseBinding(), metav1.CreateOptions{}); err != nil {
		return refused, fmt.Errorf("bind the admission policy: %w", err)
	}
	return refused, l.waitForWrites(ctx, false)
}

// heal removes the policy, and returns when the API server knows that.
func (r refusedWrites) heal(ctx context.Context) error {
	if err := r.l.removeRefusal(ctx); err != nil {
		return err
	}
	return r.l.waitForWrites(ctx, true)
}

func (r refusedWrites) release() {}

// removeRefusal removes what RefuseWrites has created, if there is anything. The
// API server asks no admission policy about admission policies.
func (l *Local) removeRefusal(ctx context.Context) error {
	admin, err := kubernetes.NewForConfig(l.AdminConfig())
	if err != nil {
		return err
	}
	api := admin.AdmissionregistrationV1()
	for _, remove := range []func(context.Context, string, metav1.DeleteOptions) error{
		api.ValidatingAdmissionPolicyBindings().Delete,
		api.ValidatingAdmissionPolicies().Delete,
	} {
		if err := remove(ctx, refuseName, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove the admission policy %s: %w", refuseName, err)
		}
	}
	return nil
}

func refusePolicy() *admissionv1.ValidatingAdmissionPolicy {
	all := []string{"*"}
	return &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: refuseName},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: new(admissionv1.Fail),
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete},
					Rule:       admissionv1.Rule{APIGroups: all, APIVersions: all, Resources: []string{"*/*"}},
				},
			}}},
			MatchConditions: []admissionv1.MatchCondition{{Name: "is-a-user", Expression: refusedUsers}},
			Validations:     []admissionv1.Validation{{Expression: "false", Message: refuseMessage, Reason: new(metav1.StatusReasonForbidden)}},
		},
	}
}

func refuseBinding() *admissionv1.ValidatingAdmissionPolicyBinding {
	return &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: refuseName},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: refuseName, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
}

// waitForWrites returns when the API server allows the user to write, or refuses
// to. It asks for a write that is not done.
func (l *Local) waitForWrites(ctx context.Context, allowed bool) error {
	config, err := l.UserConfig(AdminUser, []string{AdminGroup})
	if err != nil {
		return err
	}
	user, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	probe := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: refuseName + "-"}}
	err = wait.PollUntilContextTimeout(ctx, effectPoll, effectTimeout, true, func(ctx context.Context) (bool, error) {
		_, err := user.CoreV1().ConfigMaps(metav1.NamespaceDefault).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		switch refused := err != nil && strings.Contains(err.Error(), refuseMessage); {
		case err == nil || refused:
			return refused != allowed, nil
		case apierrors.IsForbidden(err):
			return false, nil // The API server does not know yet that the user may write.
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("wait until the API server knows whether users may write: %w", err)
	}
	return nil
}
