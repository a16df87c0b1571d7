// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package security tests that each component may do what its table of
// privileges says and nothing else, that the components need all of it, that
// only a scheduler binds, and that endpoints and logs give nothing away.
package security

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/test/env"
)

const (
	// patience is how long a condition may take on a busy machine.
	patience = 60 * time.Second
	// elsewhere is a namespace in which no component has a role.
	elsewhere = corev1.NamespaceDefault
	// plainAccount is a ServiceAccount that no role is bound to: what it may do,
	// every authenticated client may.
	plainAccount = "without-roles"
)

var (
	environment *env.Environment
	// admin asks the API server without a rate limit.
	admin     kubernetes.Interface
	auditPath string
)

func TestSecurity(t *testing.T) {
	// As cmd/manager does.
	ctrl.SetLogger(logs.logger())
	klog.SetLogger(logs.logger())
	RegisterFailHandler(Fail)
	RunSpecs(t, "Security")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	dir := GinkgoT().TempDir()
	auditPath = filepath.Join(dir, "audit.log")
	var err error
	environment, err = env.Start(ctx, func(server *envtest.APIServer) {
		server.Configure().
			Set("audit-policy-file", writeAuditPolicy(dir)).
			Set("audit-log-path", auditPath).
			// Clusters may have it on, and then more privileges are needed.
			Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	config := rest.CopyConfig(environment.Config)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	admin, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	aggregate(ctx)
})

// writeAuditPolicy logs every request of the components once, and of reviews
// also what they ask.
func writeAuditPolicy(dir string) string {
	GinkgoHelper()
	reviews := []auditv1.GroupResources{{Group: "authorization.k8s.io", Resources: []string{"subjectaccessreviews"}}}
	var names []string
	for _, account := range accounts {
		names = append(names, userOf(account))
	}
	content, err := yaml.Marshal(auditv1.Policy{
		TypeMeta:   metav1.TypeMeta{APIVersion: auditv1.SchemeGroupVersion.String(), Kind: "Policy"},
		OmitStages: []auditv1.Stage{auditv1.StageRequestReceived},
		Rules: []auditv1.PolicyRule{
			{Level: auditv1.LevelRequest, Users: names, Resources: reviews},
			{Level: auditv1.LevelMetadata, Users: names},
			{Level: auditv1.LevelNone},
		},
	})
	Expect(err).NotTo(HaveOccurred())
	path := filepath.Join(dir, "audit-policy.yaml")
	Expect(os.WriteFile(path, content, 0o600)).To(Succeed())
	return path
}

// userOf is the user that the API server takes a ServiceAccount of the system
// namespace for.
func userOf(account string) string { return serviceaccount.MakeUsername(system, account) }

// groupsOf are the groups of such a user.
func groupsOf() []string { return append(serviceaccount.MakeGroupNames(system), user.AllAuthenticated) }

// clientOf acts as a ServiceAccount of the system namespace.
func clientOf(account string) client.Client {
	GinkgoHelper()
	config, err := environment.ServiceAccount(account)
	Expect(err).NotTo(HaveOccurred())
	return newClient(config)
}

func newClient(config *rest.Config) client.Client {
	GinkgoHelper()
	c, err := client.New(config, client.Options{Scheme: environment.Scheme, FieldValidation: metav1.FieldValidationStrict})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// tokenOf asks for a token of a ServiceAccount of the system namespace, as a
// kubelet does for a pod.
func tokenOf(ctx context.Context, account string, audiences ...string) string {
	GinkgoHelper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences}}
	response, err := admin.CoreV1().ServiceAccounts(system).CreateToken(ctx, account, request, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	issued.Lock()
	defer issued.Unlock()
	issued.tokens = append(issued.tokens, response.Status.Token)
	return response.Status.Token
}
