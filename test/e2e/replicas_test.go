// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const replicaSetManifest = `
apiVersion: sim.glassplane.dev/v1alpha1
kind: SimReplicaSet
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: nginx:1.29, resources: {requests: {cpu: 100m}}}]
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector: {matchLabels: {app: web}}
`

var _ = Describe("A SimReplicaSet", SpecPriority(priorityDefault), func() {
	var ns string

	BeforeEach(func(ctx SpecContext) {
		ensureDeployed(ctx, defaultConfig)
		ns = makeNamespace(ctx)
		makeNodes(ctx, ns, 3)
		kubectlInput(ctx, replicaSetManifest, "create", "-n", ns, "-f", "-")
		expectReplicas(ctx, ns, 2)
	})

	It("is scaled up and down by kubectl scale", func(ctx SpecContext) {
		for _, replicas := range []int{6, 1} {
			kubectl(ctx, "scale", "-n", ns, "simreplicaset/web", fmt.Sprintf("--replicas=%d", replicas))
			expectReplicas(ctx, ns, replicas)
		}
	})

	It("gets new pods for those of a node that is deleted", func(ctx SpecContext) {
		before := simPods(ctx, ns)
		gone := before[0].Spec.NodeName
		kubectl(ctx, "delete", "simnode", gone)
		Eventually(ctx, func(g Gomega) {
			for _, pod := range simPods(ctx, ns) {
				g.Expect(pod.Spec.NodeName).NotTo(Equal(gone), "node of %s", pod.Name)
				g.Expect(pod.UID).NotTo(Equal(before[0].UID))
			}
		}).Should(Succeed())
		expectReplicas(ctx, ns, 2)
	})
})

// simPods returns pods of a namespace.
func simPods(ctx context.Context, ns string, opts ...client.ListOption) []v1alpha1.SimPod {
	GinkgoHelper()
	var pods v1alpha1.SimPodList
	Expect(k8sClient.List(ctx, &pods, append(opts, client.InNamespace(ns))...)).To(Succeed())
	return pods.Items
}

// expectReplicas waits until exactly so many pods are there and ready.
func expectReplicas(ctx context.Context, ns string, want int) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		var set v1alpha1.SimReplicaSet
		g.Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: ns, Name: "web"}, &set)).To(Succeed())
		g.Expect(set.Status.ReadyReplicas).To(BeEquivalentTo(want))
		g.Expect(simPods(ctx, ns, client.MatchingLabels{"app": "web"})).To(HaveLen(want))
	}).Should(Succeed())
}
