// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const samples = "config/samples/"

// wantSamples says what each object in config/samples comes to, in the words of
// kubectl wait --for.
var wantSamples = map[string]string{
	"fault.sim.glassplane.dev/sample-slow-node":         "condition=Active",
	"simdeployment.sim.glassplane.dev/sample-shop":      "condition=Available",
	"simdaemonset.sim.glassplane.dev/sample-agent":      "jsonpath={.status.numberReady}=3",
	"simstatefulset.sim.glassplane.dev/sample-db":       "jsonpath={.status.readyReplicas}=2",
	"simjob.sim.glassplane.dev/sample-report":           "condition=Complete",
	"simnodepool.sim.glassplane.dev/sample-pool":        "jsonpath={.status.readyReplicas}=3",
	"simnode.sim.glassplane.dev/sample-node-1":          "condition=Ready",
	"simnode.sim.glassplane.dev/sample-node-2":          "condition=Ready",
	"simnode.sim.glassplane.dev/sample-node-3":          "condition=Ready",
	"simpod.sim.glassplane.dev/sample-batch":            "jsonpath={.status.phase}=Succeeded",
	"simpod.sim.glassplane.dev/sample-unschedulable":    `jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}=Unschedulable`,
	"simpod.sim.glassplane.dev/sample-web":              "condition=Ready",
	"simreplicaset.sim.glassplane.dev/sample-api":       "jsonpath={.status.readyReplicas}=3",
	"walkthrough.sim.glassplane.dev/sample-walkthrough": "condition=Complete",
}

var _ = Describe("The samples", SpecPriority(priorityDefault), func() {
	BeforeEach(func(ctx SpecContext) { ensureDeployed(ctx, defaultConfig) })

	It("each come to the state that they are to show", func(ctx SpecContext) {
		ns := makeNamespace(ctx)
		applied := strings.Fields(kubectl(ctx, "apply", "-n", ns, "-f", samples, "-o", "name"))
		DeferCleanup(func(ctx SpecContext) { kubectl(ctx, "delete", "--ignore-not-found", "-n", ns, "-f", samples) })
		Expect(applied).NotTo(BeEmpty())
		for _, object := range applied {
			By(object)
			Expect(wantSamples).To(HaveKey(object), "each sample has an expectation here")
			kubectl(ctx, "wait", "-n", ns, object, "--for="+wantSamples[object], "--timeout=60s")
		}
		Expect(applied).To(HaveLen(len(wantSamples)), "each expectation has a sample")
	})
})
