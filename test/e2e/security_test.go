// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/manager"
)

// endpointPort is where each component serves metrics and evidence.
const endpointPort = 8443

// paths that each component serves on its endpoint.
var endpointPaths = map[string][]string{
	manager.SchedulerName:         {"/metrics", "/decisions", "/queue"},
	manager.ControllerManagerName: {"/metrics", "/transitions"},
	manager.ObserverName:          {"/metrics", "/observer/v1/traces"},
}

var _ = Describe("The endpoints of the components", SpecPriority(priorityDefault), func() {
	BeforeEach(func(ctx SpecContext) { ensureDeployed(ctx, defaultConfig) })

	It("answer those who may read them, and nobody else", func(ctx SpecContext) {
		ns := makeNamespace(ctx)
		makeServiceAccount(ctx, ns, "stranger")
		makeServiceAccount(ctx, ns, "reader", "glassplane-metrics-reader", "glassplane-observer-reader")
		for _, component := range components {
			https := endpointClient(ctx, component)
			for _, path := range endpointPaths[component] {
				By(component + path)
				var audience []string
				if path != "/metrics" {
					audience = []string{manager.EvidenceAudience}
					Expect(status(ctx, https, path, tokenOf(ctx, ns, "reader"))).To(Equal(http.StatusUnauthorized), "a token for the API server")
				}
				stranger, reader := tokenOf(ctx, ns, "stranger", audience...), tokenOf(ctx, ns, "reader", audience...)
				Expect(status(ctx, https, path, "")).To(Equal(http.StatusUnauthorized), "anonymous")
				Expect(status(ctx, https, path, "no.such.token")).To(Equal(http.StatusUnauthorized), "a token that is none")
				Expect(status(ctx, https, path, stranger)).To(Equal(http.StatusForbidden), "a ServiceAccount without permissions")
				want := http.StatusOK
				if path == "/decisions" || path == "/queue" || path == "/transitions" {
					want = http.StatusForbidden // which are for the observer
				}
				Expect(status(ctx, https, path, reader)).To(Equal(want), "a ServiceAccount that may read metrics and the observer's API")
			}
		}
	})

	It("are reached from the namespaces that the NetworkPolicy names, and from no other", func(ctx SpecContext) {
		pods, err := componentPods(ctx, manager.SchedulerName)
		Expect(err).NotTo(HaveOccurred())
		host := pods[0].Status.PodIP
		ns := makeNamespace(ctx)
		if reaches(ctx, ns, host) {
			Skip("the CNI of this cluster enforces no NetworkPolicy: a pod of any namespace reaches " + host)
		}
		kubectl(ctx, "label", "namespace", ns, "glassplane.dev/client=true")
		Eventually(ctx, func() bool { return reaches(ctx, ns, host) }).Should(BeTrue())
	})
})

// reaches reports whether a pod in a namespace can connect to the endpoint of a
// component. The pod is our own image, which takes the endpoint for its API
// server: it finds a certificate there that it does not trust, or nothing.
func reaches(ctx context.Context, ns, host string) bool {
	GinkgoHelper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, GenerateName: "client-"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name: "client", Image: image, Args: []string{"--components=scheduler"},
				Env: []corev1.EnvVar{{Name: "KUBERNETES_SERVICE_HOST", Value: host}, {Name: "KUBERNETES_SERVICE_PORT", Value: strconv.Itoa(endpointPort)}},
			}},
		},
	}
	Expect(k8sClient.Create(ctx, pod)).To(Succeed())
	kubectl(ctx, "wait", "-n", ns, "pod/"+pod.Name, "--for=jsonpath={.status.phase}=Failed", "--timeout=90s")
	log := kubectl(ctx, "logs", "-n", ns, pod.Name)
	Expect(log).To(Or(ContainSubstring("x509"), ContainSubstring("timeout")), "what a client says")
	return strings.Contains(log, "x509")
}

// makeServiceAccount makes a ServiceAccount that is bound to ClusterRoles.
func makeServiceAccount(ctx context.Context, ns, name string, roles ...string) {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}}
	Expect(k8sClient.Create(ctx, account)).To(Succeed())
	for _, role := range roles {
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: ns + "-" + name + "-" + role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: ns, Name: name}},
		}
		Expect(k8sClient.Create(ctx, binding)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(k8sClient.Delete(ctx, binding)).To(Succeed()) })
	}
}

// tokenOf returns a token of a ServiceAccount, for the API server where no
// audience is named.
func tokenOf(ctx context.Context, ns, name string, audiences ...string) string {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}}
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences}}
	Expect(k8sClient.SubResource("token").Create(ctx, account, token)).To(Succeed())
	return token.Status.Token
}

// endpointClient returns a client of the endpoint of a component's leader, which
// trusts the certificate that the leader has published and no other.
func endpointClient(ctx context.Context, component string) *http.Client {
	GinkgoHelper()
	leader := leaderOf(leaseOf(ctx, component))
	var pod corev1.Pod
	Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: leader}, &pod)).To(Succeed())
	// The one of the leader of now, not that of one before.
	published := &corev1.ConfigMap{}
	Eventually(ctx, func(g Gomega) {
		g.Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: component + "-endpoint"}, published)).To(Succeed())
		g.Expect(published.Data["address"]).To(Equal(net.JoinHostPort(pod.Status.PodIP, "8443")))
	}).Should(Succeed())
	roots := x509.NewCertPool()
	Expect(roots.AppendCertsFromPEM([]byte(published.Data["ca.crt"]))).To(BeTrue())
	local := portForward(ctx, "pod/"+leader, endpointPort)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: pod.Status.PodIP, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, local)
		},
	}
	DeferCleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// status is that of the answer to a GET.
func status(ctx context.Context, https *http.Client, path, token string) int {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://component"+path, nil)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := https.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	Expect(err).NotTo(HaveOccurred())
	if response.StatusCode != http.StatusOK {
		Expect(strings.Contains(string(body), "simpods")).To(BeFalse(), "a refusal tells nothing")
	}
	return response.StatusCode
}
