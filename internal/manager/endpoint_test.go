// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/record/components"
)

func newScheduler() *Component {
	GinkgoHelper()
	component, err := NewScheduler(optionsOf(SchedulerName))
	Expect(err).NotTo(HaveOccurred())
	return component
}

// endpointOf finds what a component has published, as the observer does.
func endpointOf(ctx context.Context, component string) feed.Endpoint {
	GinkgoHelper()
	found, err := published{reader: readerAs(ObserverName), component: component}.Resolve(ctx)
	Expect(err).NotTo(HaveOccurred())
	return found
}

// impostor serves at an address that another one had, with a certificate of its
// own for the same names, and counts who gets as far as sending a request.
func impostor(address string) *atomic.Int32 {
	GinkgoHelper()
	made, err := makeCertificate(SchedulerName, net.ParseIP("127.0.0.1"))
	Expect(err).NotTo(HaveOccurred())
	requests := &atomic.Int32{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	Expect(server.Listener.Close()).To(Succeed())
	server.Listener, err = net.Listen("tcp", address)
	Expect(err).NotTo(HaveOccurred())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{made.Certificate}}
	server.StartTLS()
	DeferCleanup(server.Close)
	return requests
}

var _ = Describe("the published endpoint", Ordered, func() {
	It("lets the observer follow from one leader to the next", func(ctx SpecContext) {
		clock := clocktesting.NewFakeClock(time.Now())
		journal := record.NewJournal(record.JournalOptions{Clock: clock})
		source := components.NewDecisions(feed.Options{
			Resolver: published{reader: readerAs(ObserverName), component: SchedulerName}, Path: DecisionsPath,
			TokenFile: writeToken(tokenOf(ctx, v1alpha1.SystemNamespace, ObserverName, EvidenceAudience)),
		}, clock, journal)
		decided := func(ctx context.Context, name string) {
			GinkgoHelper()
			pod := &v1alpha1.SimPod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
				Spec:       v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: "nginx"}}},
			}
			Expect(testEnv.Client.Create(ctx, pod)).To(Succeed())
			DeferCleanup(testEnv.Client.Delete, pod)
			Eventually(func() (entries []evidence.Entry, err error) {
				err = source.Sync(ctx)
				return journal.ByName(evidence.Object{
					Group: v1alpha1.GroupName, Resource: "simpods", Namespace: "default", Name: name,
				}), err
			}).WithContext(ctx).Should(ContainElement(HaveField("Decision.Pod.Name", name)))
		}

		By("saying why there is nothing to read before any scheduler leads")
		Expect(source.Sync(ctx)).To(MatchError(ContainSubstring("glassplane-scheduler has not published yet where it serves")))
		Expect(source.State().Available).To(BeFalse())

		By("reading from the first leader")
		stop := start(ctx, newScheduler())
		first := endpointOf(ctx, SchedulerName)
		decided(ctx, "decided-by-the-first")

		By("sending nothing to who takes its address")
		stop()
		requests := impostor(first.Address)
		Expect(source.Sync(ctx)).To(MatchError(ContainSubstring("certificate")))
		Expect(source.Sync(ctx)).To(MatchError(ContainSubstring("certificate")))
		Expect(requests.Load()).To(BeZero())

		By("reading from the second leader")
		start(ctx, newScheduler())
		second := endpointOf(ctx, SchedulerName)
		Expect(second.Address).NotTo(Equal(first.Address))
		Expect(second.CA).NotTo(Equal(first.CA))
		decided(ctx, "decided-by-the-second")
		Expect(source.State()).To(Equal(evidence.SourceState{
			Source: evidence.SourceDecision, Available: true,
			Reason: "has a gap: the component was restarted, or another replica leads; what it had not served before is lost",
		}))
		Expect(requests.Load()).To(BeZero())
	}, SpecTimeout(2*patience))

	It("is written once, and again where it got lost", func(ctx SpecContext) {
		component, err := NewControllerManager(optionsOf(ControllerManagerName), nil)
		Expect(err).NotTo(HaveOccurred())
		start(ctx, component)
		configMap := &corev1.ConfigMap{}
		key := client.ObjectKey{Namespace: v1alpha1.SystemNamespace, Name: endpointName(ControllerManagerName)}
		Expect(testEnv.Client.Get(ctx, key, configMap)).To(Succeed())
		Expect(configMap.Data).To(HaveKeyWithValue(addressKey, component.publisher.endpoint.address()))
		before := configMap.ResourceVersion
		Expect(component.publisher.publish(ctx)).To(Succeed())
		Expect(testEnv.Client.Get(ctx, key, configMap)).To(Succeed())
		Expect(configMap.ResourceVersion).To(Equal(before))

		By("deleting it")
		Expect(testEnv.Client.Delete(ctx, configMap)).To(Succeed())
		Expect(component.publisher.publish(ctx)).To(MatchError(
			ContainSubstring("there is no ConfigMap glassplane-system/glassplane-controller-manager-endpoint: apply the manifests")))

		By("applying the manifests again")
		Expect(testEnv.Client.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}})).To(Succeed())
		Expect(component.publisher.publish(ctx)).To(Succeed())
		Expect(endpointOf(ctx, ControllerManagerName).Address).To(Equal(component.publisher.endpoint.address()))
	}, SpecTimeout(patience))

	It("has the certificates of a folder, valid for the Service alone", func(ctx SpecContext) {
		chain, key, err := cert.GenerateSelfSignedCertKey(serviceName(ControllerManagerName), nil, nil)
		Expect(err).NotTo(HaveOccurred())
		opts := optionsOf(ControllerManagerName)
		opts.EndpointCertDir = GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(opts.EndpointCertDir, "tls.crt"), chain, 0o600)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(opts.EndpointCertDir, "tls.key"), key, 0o600)).To(Succeed())
		component, err := NewControllerManager(opts, nil)
		Expect(err).NotTo(HaveOccurred())
		start(ctx, component)
		Expect(endpointOf(ctx, ControllerManagerName).CA).To(Equal(string(chain)))

		clock := clocktesting.NewFakeClock(time.Now())
		source := components.NewTransitions(feed.Options{
			Resolver: published{reader: readerAs(ObserverName), component: ControllerManagerName}, Path: TransitionsPath,
			TokenFile: writeToken(tokenOf(ctx, v1alpha1.SystemNamespace, ObserverName, EvidenceAudience)),
		}, clock, record.NewJournal(record.JournalOptions{Clock: clock}))
		Expect(source.Sync(ctx)).To(Succeed())
	}, SpecTimeout(patience))
})

var _ = Describe("the observer's API on its endpoint", func() {
	It("is for those who may read everything", func(ctx SpecContext) {
		account := func(name string) string {
			GinkgoHelper()
			object := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
			Expect(testEnv.Client.Create(ctx, object)).To(Succeed())
			DeferCleanup(testEnv.Client.Delete, object)
			return tokenOf(ctx, "default", name, EvidenceAudience)
		}
		reader, plain := account("reader"), account("plain")
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "reader-of-the-observer"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "glassplane-observer-reader"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "reader"}},
		}
		Expect(testEnv.Client.Create(ctx, binding)).To(Succeed())
		DeferCleanup(testEnv.Client.Delete, binding)

		observer, err := NewObserver(ctx, optionsOf(ObserverName), ObserverOptions{})
		Expect(err).NotTo(HaveOccurred())
		start(ctx, observer.Component)
		configMap, err := readEndpoint(ctx, testEnv.Client, ObserverName)
		Expect(err).NotTo(HaveOccurred())
		roots := x509.NewCertPool()
		Expect(roots.AppendCertsFromPEM([]byte(configMap.Data[authorityKey]))).To(BeTrue())
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}
		DeferCleanup(transport.CloseIdleConnections)
		var body []byte
		get := func(token, path string) int {
			GinkgoHelper()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+configMap.Data[addressKey]+path, nil)
			Expect(err).NotTo(HaveOccurred())
			if token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			response, err := (&http.Client{Transport: transport}).Do(request)
			Expect(err).NotTo(HaveOccurred())
			body, err = io.ReadAll(response.Body)
			Expect(err).NotTo(HaveOccurred())
			Expect(response.Body.Close()).To(Succeed())
			return response.StatusCode
		}

		const traces = "/observer/v1/traces"
		Expect(get("", traces)).To(Equal(http.StatusUnauthorized), "anonymous")
		Expect(get("made-up", traces)).To(BeNumerically(">=", 400), "a token that nobody has issued")
		Expect(get(plain, traces)).To(Equal(http.StatusForbidden), "any authenticated user, who has the role system:discovery")
		Expect(get(reader, traces)).To(Equal(http.StatusOK), "the role glassplane-observer-reader")
		Expect(get(reader, traces+"/simpods/default/never-requested")).To(Equal(http.StatusNotFound))
		Expect(get(tokenOf(ctx, "default", "reader"), "/metrics")).To(Equal(http.StatusForbidden), "another role is for that")
		Expect(get(tokenOf(ctx, "default", "reader"), traces)).To(Equal(http.StatusUnauthorized), "a token for the API server")
		Expect(string(body)).To(ContainSubstring("--audience=" + EvidenceAudience))
		_, err = kubernetes.NewForConfigOrDie(&rest.Config{
			Host: testEnv.Config.Host, TLSClientConfig: rest.TLSClientConfig{CAData: testEnv.Config.CAData}, BearerToken: reader,
		}).CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
		Expect(apierrors.IsUnauthorized(err)).To(BeTrue(), "the API server takes no such token: %v", err)
		Expect(get(reader, "/api/v1/traces")).To(Equal(http.StatusNotFound), "not where every authenticated user may read")
	}, SpecTimeout(patience))
})
