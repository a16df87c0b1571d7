// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"crypto/tls"
	"net"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/forcedeletion"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/kubelet"
)

var _ = Describe("forcedeletion", func() {
	var history *feed.Store[evidence.Transition]

	BeforeEach(func(ctx SpecContext) {
		history = feed.NewStore[evidence.Transition](feed.Limits{Items: 100, Bytes: 1 << 20})
		address := freeLoopback(ctx)
		chain, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
		Expect(err).NotTo(HaveOccurred())
		pair, err := tls.X509KeyPair(chain, key)
		Expect(err).NotTo(HaveOccurred())
		startManager(func(mgr ctrl.Manager) error {
			return forcedeletion.SetupWithManager(mgr, forcedeletion.Options{Recorder: history})
		}, func(o *ctrl.Options) {
			host, port, err := net.SplitHostPort(address)
			Expect(err).NotTo(HaveOccurred())
			number, err := strconv.Atoi(port)
			Expect(err).NotTo(HaveOccurred())
			o.WebhookServer = webhook.NewServer(webhook.Options{Host: host, Port: number, TLSOpts: []func(*tls.Config){
				func(c *tls.Config) {
					c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }
				},
			}})
		})
		configuration := forcedeletion.WebhookConfiguration(admissionv1.WebhookClientConfig{
			URL: new("https://" + address + forcedeletion.Path), CABundle: chain,
		})
		Expect(admin.Create(ctx, configuration)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.Delete(ctx, configuration)).To(Succeed()) })
	})

	// silent returns a pod of a node whose kubelet does nothing.
	silent := func(ctx SpecContext, finalizers ...string) *v1alpha1.SimPod {
		GinkgoHelper()
		node := newNode()
		Expect(admin.Create(ctx, node)).To(Succeed())
		setNodeReady(ctx, node, metav1.ConditionUnknown, v1alpha1.ReasonNodeStatusUnknown)
		pod := newPod(node.Name)
		pod.Finalizers = append(pod.Finalizers, finalizers...)
		Expect(admin.Create(ctx, pod)).To(Succeed())
		return pod
	}
	// The API server takes a moment to know of a webhook, so force is used until it works.
	force := func(ctx SpecContext, pod *v1alpha1.SimPod, options ...client.DeleteOption) {
		GinkgoHelper()
		Expect(admin.Delete(ctx, pod, append(options, client.GracePeriodSeconds(0))...)).To(Succeed())
	}
	known := func(ctx SpecContext) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			pod := silent(ctx)
			force(ctx, pod)
			g.Eventually(exists(ctx, pod)).WithTimeout(time.Second).Should(BeFalse())
		}).Should(Succeed())
	}

	It("lets a pod go at once whose node is silent, and leaves evidence", func(ctx SpecContext) {
		known(ctx)
		pod := silent(ctx)
		force(ctx, pod)
		Eventually(exists(ctx, pod)).WithTimeout(2 * time.Second).Should(BeFalse())
		done := func() []evidence.Transition {
			return history.ByPod(pod.UID)
		}
		Eventually(done).Should(ConsistOf(And(HaveField("Reason", kubelet.ForceReason), HaveField("Error", ""))))
	})

	It("lets a pod go that was deleted gracefully before", func(ctx SpecContext) {
		known(ctx)
		pod := silent(ctx)
		Expect(admin.Delete(ctx, pod)).To(Succeed())
		Consistently(exists(ctx, pod), 300*time.Millisecond).Should(BeTrue())
		force(ctx, pod)
		Eventually(exists(ctx, pod)).WithTimeout(2 * time.Second).Should(BeFalse())
	})

	It("removes no finalizer of somebody else, and nothing in a dry run", func(ctx SpecContext) {
		known(ctx)
		pod := silent(ctx, "example.com/hold")
		force(ctx, pod, client.DryRunAll)
		Consistently(func(g Gomega) { g.Expect(get(ctx, pod).Finalizers).To(HaveLen(2)) }, 300*time.Millisecond).Should(Succeed())
		force(ctx, pod)
		Eventually(func(g Gomega) { g.Expect(get(ctx, pod).Finalizers).To(ConsistOf("example.com/hold")) }).Should(Succeed())
	})
})

func freeLoopback(ctx SpecContext) string {
	GinkgoHelper()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	return listener.Addr().String()
}
