// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/manager"
)

// measured are what the servers measured of a request, by step: the words before
// "took" of each piece of evidence.
func measured(ctx context.Context, subject string) (trace explain.Trace, parts map[int32][]string) {
	GinkgoHelper()
	Expect(json.Unmarshal([]byte(glassplane(ctx, "", "walk", subject, "-o", "json")), &trace)).To(Succeed())
	parts = map[int32][]string{}
	for _, step := range trace.Steps {
		for _, e := range step.Evidence {
			if e.Source == "span" {
				Expect(e.AuditID).To(Equal(trace.AuditID))
				label, _, _ := strings.Cut(e.Summary, " took ")
				parts[step.Step] = append(parts[step.Step], label)
			}
		}
	}
	return trace, parts
}

var _ = Describe("spans of API server and etcd", Serial, func() {
	It("open the decision, the write and the answer of a create", func(ctx context.Context) {
		pod := eventuallyReady(ctx, create(ctx, newPod("measured")))
		trace, parts := measured(ctx, "simpod/"+pod.Name)
		Expect(parts[2]).To(ContainElements("authenticate", "authorize", "decode", "admit"))
		Expect(parts[3]).To(ContainElements("encode", "Txn of etcd", "etcd Txn"))
		Expect(parts[7]).To(ContainElement("respond"))
		Expect(trace.Sources).To(ContainElement(And(HaveField("Name", "span"), HaveField("Available", true))))

		By("timing each step by them, in order")
		var last time.Time
		for _, step := range trace.Steps[:3] {
			Expect(step.Time).NotTo(BeNil(), "step %d", step.Step)
			Expect(step.Time.Time).To(BeTemporally(">=", last), "step %d", step.Step)
			last = step.Time.Time
		}
		Expect(trace.Steps[2].Effect).To(ContainSubstring("had etcd's answer after"))

		By("writing them as one OpenTelemetry trace")
		Expect(glassplane(ctx, "", "walk", "simpod/"+pod.Name, "-o", "otlp")).To(ContainSubstring(`"name":"etcd Txn"`))
	}, SpecTimeout(2*patience))

	It("come again after the observer was restarted", func(ctx context.Context) {
		unit, err := cluster.Unit(manager.ObserverName)
		Expect(err).NotTo(HaveOccurred())
		Expect(unit.Stop()).To(Succeed())
		Expect(unit.Start(ctx)).To(Succeed())
		Eventually(func(g Gomega) {
			pod := newPod("")
			pod.GenerateName = "measured-again-"
			g.Expect(user.Create(ctx, pod)).To(Succeed())
			_, parts := measured(ctx, "simpod/"+pod.Name)
			g.Expect(parts[3]).To(ContainElement("etcd Txn"))
		}).WithContext(ctx).Should(Succeed())
	}, SpecTimeout(3*patience))
})
