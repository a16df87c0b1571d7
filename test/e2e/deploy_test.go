// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("The deployment", Ordered, func() {
	It("becomes available", func(ctx SpecContext) {
		for _, name := range []string{"glassplane-scheduler", "glassplane-controller-manager", "glassplane-observer"} {
			Eventually(ctx, func(g Gomega) {
				var d appsv1.Deployment
				g.Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &d)).To(Succeed())
				g.Expect(d.Status.ObservedGeneration).To(Equal(d.Generation))
				g.Expect(d.Status.AvailableReplicas).To(Equal(*d.Spec.Replicas), "available replicas of %s", name)
			}).Should(Succeed())
		}
	})

	It("runs a simulated pod, and the API server's audit log tells who did what", func(ctx SpecContext) {
		node := wrappers.MakeSimNode().Name("e2e").Obj()
		pod := wrappers.MakeSimPod().Namespace(metav1.NamespaceDefault).Name("e2e").Obj()
		Expect(k8sClient.Create(ctx, node)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(client.IgnoreNotFound(k8sClient.Delete(ctx, pod))).To(Succeed())
			Expect(k8sClient.Delete(ctx, node)).To(Succeed())
		})
		Expect(k8sClient.Create(ctx, pod)).To(Succeed())
		Eventually(ctx, func(g Gomega) {
			var got v1alpha1.SimPod
			g.Expect(k8sClient.Get(ctx, client.ObjectKeyFromObject(pod), &got)).To(Succeed())
			g.Expect(got.Spec.NodeName).To(Equal(node.Name))
			g.Expect(got.Status.Phase).To(Equal(corev1.PodRunning))
		}).Should(Succeed())

		var writers []string
		for _, event := range auditEvents() {
			ref := event.ObjectRef
			if event.Verb == "patch" && ref != nil && ref.Resource == "simpods" && ref.Name == pod.Name {
				writers = append(writers, strings.TrimPrefix(event.User.Username, "system:serviceaccount:"+namespace+":"))
			}
		}
		Expect(writers).To(ContainElements("glassplane-scheduler", "glassplane-controller-manager"))
	})
})

// auditEvents reads the API server's audit log, in which a last line may not be
// whole yet.
func auditEvents() []auditv1.Event {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join(cluster.AuditLogDir, "audit.log"))
	Expect(err).NotTo(HaveOccurred())
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	var events []auditv1.Event
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, len(data)+1)
	for scanner.Scan() {
		var event auditv1.Event
		Expect(json.Unmarshal(scanner.Bytes(), &event)).To(Succeed())
		events = append(events, event)
	}
	Expect(scanner.Err()).NotTo(HaveOccurred())
	return events
}
