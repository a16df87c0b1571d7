// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package integration tests the whole: every component on a real local control
// plane, used through its API server and through the observer's API only.
package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
)

// patience is how long a condition may take on a busy machine.
const patience = 60 * time.Second

var (
	cluster *local.Cluster
	user    client.Client
	etcd    *clientv3.Client
)

func TestIntegration(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Integration")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	cluster, err = local.Start(ctx, local.Options{Assets: assets, TraceSampling: 1, Log: GinkgoLogr})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(cluster.Stop)
	Expect(cluster.CreateNodes(ctx, 3)).To(Succeed())

	user = clientFor("integration-test")
	etcdConfig, err := cluster.EtcdClientConfig("integration-test")
	Expect(err).NotTo(HaveOccurred())
	etcd, err = clientv3.New(etcdConfig)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(etcd.Close)
})

// clientFor returns a client of the kubeconfig's user, under a user agent.
func clientFor(userAgent string) client.Client {
	GinkgoHelper()
	config, err := cluster.UserConfig(userAgent)
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: scheme.New(), FieldValidation: metav1.FieldValidationStrict})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// componentClient returns a client that acts as a component.
func componentClient(name string) client.Client {
	GinkgoHelper()
	config, err := cluster.ServiceAccountConfig(v1alpha1.SystemNamespace, name)
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: scheme.New()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

func newPod(name string, change ...func(*v1alpha1.SimPod)) *v1alpha1.SimPod {
	pod := &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{
			Name: "main", Image: "nginx",
			Resources: v1alpha1.ResourceRequirements{Requests: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m")}},
		}}},
	}
	for _, apply := range change {
		apply(pod)
	}
	return pod
}

func requestCPU(quantity string) func(*v1alpha1.SimPod) {
	return func(pod *v1alpha1.SimPod) {
		pod.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse(quantity)
	}
}

func create(ctx context.Context, pod *v1alpha1.SimPod) *v1alpha1.SimPod {
	GinkgoHelper()
	Expect(user.Create(ctx, pod)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(user.Delete(ctx, pod))).To(Succeed())
	})
	return pod
}

// eventuallyReady waits until the pod is ready and returns it as it is then.
func eventuallyReady(ctx context.Context, pod *v1alpha1.SimPod) *v1alpha1.SimPod {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(meta.IsStatusConditionTrue(pod.Status.Conditions, v1alpha1.SimPodReady)).To(BeTrue(), "status is %+v", pod.Status)
	}).WithContext(ctx).Should(Succeed())
	return pod
}

// ask reads from the observer's API.
func ask(ctx context.Context, into any, path ...string) int {
	GinkgoHelper()
	return askQuery(ctx, into, nil, path...)
}

func askQuery(ctx context.Context, into any, query url.Values, path ...string) int {
	GinkgoHelper()
	address := cluster.ObserverURL().JoinPath(path...)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusOK && into != nil {
		Expect(json.NewDecoder(response.Body).Decode(into)).To(Succeed())
	}
	return response.StatusCode
}

// trace returns how the observer explains the creation of a pod.
func trace(ctx context.Context, name string) explain.Trace {
	GinkgoHelper()
	return traceOf(ctx, "simpods", name)
}

// traceOf does so for a pod of either resource, pods or simpods.
func traceOf(ctx context.Context, resource, name string) explain.Trace {
	GinkgoHelper()
	var t explain.Trace
	Expect(ask(ctx, &t, "observer/v1/traces", resource, "default", name)).To(Equal(http.StatusOK))
	return t
}

// traceOfRequest returns how the observer explains a request to create a pod.
func traceOfRequest(ctx context.Context, auditID, name string) explain.Trace {
	GinkgoHelper()
	var t explain.Trace
	query := url.Values{"namespace": {"default"}, "name": {name}}
	Expect(askQuery(ctx, &t, query, "observer/v1/requests", auditID)).To(Equal(http.StatusOK))
	return t
}

func stepNumbers(t explain.Trace) []int32 {
	numbers := make([]int32, 0, len(t.Steps))
	for _, step := range t.Steps {
		numbers = append(numbers, step.Step)
	}
	return numbers
}

// sourcesOf returns the sources of a step's evidence.
func sourcesOf(step *v1alpha1.WalkthroughStep) map[string]bool {
	sources := map[string]bool{}
	for _, e := range step.Evidence {
		sources[e.Source] = true
	}
	return sources
}

// etcdKey is where the API server keeps a pod.
func etcdKey(name string) string {
	return fmt.Sprintf("/registry/%s/simpods/default/%s", v1alpha1.GroupName, name)
}

// auditIDRecorder remembers the audit ID and code of the last write.
type auditIDRecorder struct {
	next    http.RoundTripper
	auditID string
	code    int
}

func (r *auditIDRecorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err == nil && request.Method != http.MethodGet {
		r.auditID, r.code = response.Header.Get("Audit-Id"), response.StatusCode
	}
	return response, err
}
