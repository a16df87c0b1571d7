// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("The observer in a cluster", func() {
	var (
		observer *fakeObserver
		kubelet  *fakeKubelet
		admin    string
	)
	BeforeEach(func(ctx SpecContext) {
		observer = startObserver()
		kubelet = startKubelet(ctx, observer.address())
		admin = writeKubeconfig(cluster.Config)
	})

	It("is reached by port-forward while the command runs", func(ctx SpecContext) {
		code, out, errOut := glassplane(ctx, "walk", "pod/mypod", "-o", "table", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(errOut).To(BeEmpty())
		Expect(out).To(ContainSubstring("API server"))
		Expect(observer.paths()).To(ConsistOf(HaveSuffix("/v1/traces/pods/default/mypod")))
		Expect(kubelet.port.Load()).To(Equal("8080"))
		Eventually(kubelet.open.Load).Should(BeZero())
	})

	It("is reached where WebSockets are not let through", func(ctx SpecContext) {
		proxy, refused := startProxy(cluster.Config)
		code, out, errOut := glassplane(ctx, "walk", "simpod/web", "-o", "table", "--kubeconfig", writeKubeconfig(proxy))
		Expect(code).To(BeZero(), errOut)
		Expect(errOut).To(BeEmpty())
		Expect(out).To(ContainSubstring("API server"))
		Expect(refused.Load()).To(BeEquivalentTo(1))
	})

	It("lets pending pods be explained, which it has no record of", func(ctx SpecContext) {
		observer.status = http.StatusNotFound
		pod := wrappers.MakeSimPod().Namespace("default").Name("pending").Req("cpu", "64").Obj()
		Expect(cluster.Client.Create(ctx, pod)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, pod)).To(Succeed()) })
		code, out, errOut := glassplane(ctx, "explain", "simpod/pending", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(ContainSubstring("default/pending"))
		Expect(observer.paths()).To(ConsistOf(HaveSuffix("/v1/records/simpods/default/pending")))
	})

	It("is not needed to create a pod", func(ctx SpecContext) {
		code, out, errOut := glassplane(ctx, "run", "fresh", "--image=nginx", "--follow=false", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal("simpod.sim.glassplane.dev/fresh created\n"))
		Expect(cluster.Client.Delete(ctx, wrappers.MakeSimPod().Namespace("default").Name("fresh").Obj())).To(Succeed())
		Expect(observer.paths()).To(BeEmpty())
	})

	It("says what it has no record of", func(ctx SpecContext) {
		observer.status = http.StatusNotFound
		code, _, errOut := glassplane(ctx, "walk", "pod/nosuch", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(HavePrefix("error: following pod/nosuch: nothing is recorded of it"))
	})

	It("is said not to serve", func(ctx SpecContext) {
		observer.server.Close()
		code, _, errOut := glassplane(ctx, "walk", "pod/mypod", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(MatchRegexp(`^error: .*pod glassplane-system/glassplane-observer-\w+ does not answer on port 8080: .*connection refused`))
		Expect(errOut).To(ContainSubstring("\nSee what the observer logs: kubectl logs -n glassplane-system deployment/glassplane-observer\n"))
	})

	It("is said to have been lost", func(ctx SpecContext) {
		kubelet.drop.Store(true)
		code, _, errOut := glassplane(ctx, "walk", "pod/mypod", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring("was lost, run the command again"))
	})

	It("is said not to be ready", func(ctx SpecContext) {
		var pods corev1.PodList
		Expect(cluster.Client.List(ctx, &pods)).To(Succeed())
		Expect(pods.Items).To(HaveLen(1))
		pods.Items[0].Status.Conditions[0].Status = corev1.ConditionFalse
		Expect(cluster.Client.Status().Update(ctx, &pods.Items[0])).To(Succeed())
		code, _, errOut := glassplane(ctx, "explain", "simpod/web", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring("the observer is not ready: pod glassplane-observer-"))
		Expect(errOut).To(ContainSubstring("kubectl rollout status"))
	})

	BeforeEach(func(ctx SpecContext) {
		reader := &rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Namespace: v1alpha1.SystemNamespace, Name: "reader"},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}}},
		}
		Expect(cluster.Client.Create(ctx, reader)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, reader)).To(Succeed()) })
	})

	DescribeTable("says who has to grant what", func(ctx SpecContext, user, role, want string) {
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: v1alpha1.SystemNamespace, Name: user},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
		}
		Expect(cluster.Client.Create(ctx, binding)).To(Succeed())
		config, err := cluster.User(user)
		Expect(err).NotTo(HaveOccurred())
		kubeconfig := writeKubeconfig(config)
		Eventually(func(g Gomega) {
			code, _, errOut := glassplane(ctx, "walk", "pod/mypod", "-o", "table", "--kubeconfig", kubeconfig)
			if want == "" {
				g.Expect(code).To(BeZero(), errOut)
				return
			}
			g.Expect(code).To(Equal(1))
			g.Expect(errOut).To(HavePrefix("Error from server (Forbidden): "))
			g.Expect(errOut).To(ContainSubstring(want))
			g.Expect(errOut).To(ContainSubstring("kubectl create rolebinding NAME -n glassplane-system --role=glassplane-port-forward --user=YOU"))
		}).Should(Succeed())
	},
		Entry("to somebody who may do nothing", "nobody", "nosuch", `User "nobody" cannot list resource "pods"`),
		Entry("to somebody who may look", "reader", "reader", `User "reader" cannot get resource "pods/portforward"`),
		Entry("to nobody who was granted it", "granted", "glassplane-port-forward", ""),
	)
})

var _ = Describe("A cluster without an observer", func() {
	It("is told apart", func(ctx SpecContext) {
		code, _, errOut := glassplane(ctx, "walk", "pod/mypod", "--kubeconfig", writeKubeconfig(cluster.Config))
		Expect(code).To(Equal(1))
		Expect(errOut).To(HavePrefix("error: no observer runs in this cluster: namespace glassplane-system has no pod"))
		Expect(errOut).To(ContainSubstring("\nDeploy Glassplane with \"make deploy\""))
	})

	It("shows what an uninstall would remove, and asks before it does", func(ctx SpecContext) {
		kubeconfig := writeKubeconfig(cluster.Config)
		code, out, errOut := glassplane(ctx, "uninstall", "--dry-run=client", "--kubeconfig", kubeconfig)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(HavePrefix("Would be removed from the cluster " + strings.TrimSuffix(cluster.Config.Host, "/") + " of context test (dry run):\n"))
		Expect(out).To(MatchRegexp(`(?m)^ +2  namespaces, with everything in them$`))
		Expect(out).To(MatchRegexp(`(?m)^ +10  customresourcedefinitions.apiextensions.k8s.io$`))

		code, _, errOut = glassplane(ctx, "uninstall", "--kubeconfig", kubeconfig)
		Expect(code).To(Equal(1))
		Expect(errOut).To(HavePrefix("error: nothing was removed: there is no terminal to ask on; add --yes"))
	})
})

// fakeObserver answers every request with one trace.
type fakeObserver struct {
	server *httptest.Server
	status int

	mu    sync.Mutex
	asked []string
}

// paths are those that were asked for.
func (o *fakeObserver) paths() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

func startObserver() *fakeObserver {
	GinkgoHelper()
	trace, err := os.ReadFile("../explain/testdata/captured/deleted-running.golden.json")
	Expect(err).NotTo(HaveOccurred())
	o := &fakeObserver{status: http.StatusOK}
	o.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		o.mu.Lock()
		o.asked = append(o.asked, request.URL.Path)
		o.mu.Unlock()
		w.WriteHeader(o.status)
		_, _ = w.Write(trace)
	}))
	DeferCleanup(o.server.Close)
	return o
}

func (o *fakeObserver) address() string { return o.server.Listener.Addr().String() }

// startProxy starts a proxy that knows SPDY but no WebSockets, and returns a
// configuration that leads through it and how many WebSockets it refused.
func startProxy(to *rest.Config) (*rest.Config, *atomic.Int32) {
	GinkgoHelper()
	target, err := url.Parse(to.Host)
	Expect(err).NotTo(HaveOccurred())
	to = rest.CopyConfig(to)
	to.NextProtos = []string{"http/1.1"} // HTTP/2 has no upgrades
	transport, err := rest.TransportFor(to)
	Expect(err).NotTo(HaveOccurred())
	forward := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	refused := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if strings.EqualFold(request.Header.Get("Upgrade"), "websocket") {
			refused.Add(1)
			http.Error(w, "what is a WebSocket?", http.StatusBadRequest)
			return
		}
		forward.ServeHTTP(w, request)
	}))
	DeferCleanup(server.Close)
	return &rest.Config{Host: server.URL}, refused
}
