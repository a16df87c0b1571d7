// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/manager"
)

var _ = Describe("a component that is stopped and started again", Serial, func() {
	It("leaves its work undone meanwhile, and goes on where it was", func(ctx context.Context) {
		controllers, err := cluster.Unit(manager.ControllerManagerName)
		Expect(err).NotTo(HaveOccurred())
		Expect(controllers.Stop()).To(Succeed())
		// The other specs need it, whatever becomes of this one.
		DeferCleanup(func(ctx SpecContext) { Expect(controllers.Start(ctx)).To(Succeed()) })
		Expect(controllers.Stop()).To(Succeed(), "what does not run cannot be stopped")
		pod := create(ctx, newPod("without-kubelet"))
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Spec.NodeName).NotTo(BeEmpty())
		}).Should(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.StartTime).To(BeNil())
		}, 500*time.Millisecond).Should(Succeed())

		Expect(controllers.Start(ctx)).To(Succeed())
		Expect(controllers.Start(ctx)).To(Succeed(), "what runs is not started again")
		eventuallyReady(ctx, pod)

		By("asking it about forced deletions again")
		Expect(user.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
		Eventually(func() bool {
			return apierrors.IsNotFound(user.Get(ctx, client.ObjectKeyFromObject(pod), pod))
		}).Should(BeTrue())
		Expect(cluster.Err()).NotTo(HaveOccurred())
	})
})
