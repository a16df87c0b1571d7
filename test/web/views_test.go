// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/explain"
)

var _ = Describe("every view", func() {
	for _, r := range runs {
		It("tells of a run that is "+r.name, func(ctx context.Context) {
			told, err := r.read(ctx)
			Expect(err).NotTo(HaveOccurred())
			p := openPage(ctx, r.address(""))
			for _, v := range views {
				p.choose(v)
				p.expectTold(v, told)
			}
		}, SpecTimeout(4*patience))
	}

	It("shows every piece of the evidence as its source delivered it", func(ctx context.Context) {
		r := recordedRun("fits")
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		p := openPage(ctx, r.address("evidence"))
		Expect(evaluate[int](p.tab, `document.querySelectorAll("[data-evidence]").length`)).To(Equal(len(told.Evidence)))
		for _, piece := range told.Evidence {
			row := `document.querySelector('[data-evidence=` + quote(piece.ID) + `]')`
			evaluate[any](p.tab, row+`.querySelector("button[aria-expanded=false]")?.click()`)
			p.settle()
			var want, got any
			Expect(json.Unmarshal(piece.Raw, &want)).To(Succeed())
			Expect(json.Unmarshal([]byte(evaluate[string](p.tab, row+`.querySelector("pre").textContent`)), &got)).To(Succeed())
			Expect(cmp.Diff(spelledOut(want), got)).To(BeEmpty(), "%s (-observer +page)", piece.ID)
		}
	}, SpecTimeout(2*patience))
})

var _ = Describe("the screens of the cluster", func() {
	It("name the nodes, the pods and the runs that there are", func(ctx context.Context) {
		p := openPage(ctx, "/runs")
		for _, r := range runs {
			Eventually(p.text).Should(ContainSubstring(r.object), r.name)
		}
		p.click(p.element("link", "Cluster"))
		Eventually(p.text).Should(And(ContainSubstring("5 nodes"), ContainSubstring("web/unschedulable"), ContainSubstring("web/gated")))
		p.click(p.element("link", "Latency"))
		Eventually(p.text).Should(ContainSubstring("p99"))
	}, SpecTimeout(2*patience))

	It("lead from the list to a run", func(ctx context.Context) {
		p := openPage(ctx, "/runs")
		r := recordedRun("gated")
		Eventually(p.text).Should(ContainSubstring(r.object))
		evaluate[any](p.tab, `[...document.querySelectorAll("#view a[href*='/run/']")].find((link) => link.textContent.includes(`+quote(r.object)+`)).click()`)
		Eventually(func() string { return p.cursor().View }).Should(Equal("flow"))
		Expect(p.fragment()).To(ContainSubstring("/run/simpods/" + namespace + "/" + r.object))
	}, SpecTimeout(2*patience))
})

var _ = Describe("two runs beside each other", func() {
	It("mark what differs at each step, and how they ended", func(ctx context.Context) {
		left, right := recordedRun("fits"), recordedRun("unschedulable")
		ref := func(r *recorded) string { return strings.Join([]string{r.resource, namespace, r.object, r.uid}, "/") }
		p := openPage(ctx, "/compare?"+url.Values{"a": {ref(left)}, "b": {ref(right)}}.Encode())
		Eventually(p.text).Should(And(ContainSubstring("How they ended"), ContainSubstring("only one run has it")))
		Expect(p.text()).To(And(ContainSubstring(string(left.outcome)), ContainSubstring(string(right.outcome))))
		p.loadAxe()
		Expect(check(p)).To(BeEmpty())

		at := func() string { return evaluate[string](p.tab, `document.querySelector(".compare-both").dataset.step`) }
		before := at()
		p.press(kb.ArrowRight)
		Eventually(at).ShouldNot(Equal(before))
		Expect(p.fragment()).To(ContainSubstring("at=step" + at()))
		p.press(kb.Home)
		Eventually(at).Should(Equal("1"))
		p.shoot("dark", view{id: "compare-two"})
	}, SpecTimeout(2*patience))
})

var _ = Describe("a request from the page", func() {
	It("is sent under a name of its own, and leads to its run", func(ctx context.Context) {
		p := openPage(ctx, "/send")
		Eventually(func() []element { return p.elements("textbox", "") }).ShouldNot(BeEmpty())
		evaluate[any](p.tab, `{
			const manifest = document.querySelector("#view textarea");
			manifest.value = `+quote(simPod("sent", `{}`, ``))+`;
			manifest.dispatchEvent(new Event("input", {bubbles: true}));
		}`)
		p.settle()
		evaluate[any](p.tab, `document.querySelector("#view form button[type=submit]").click()`)
		Eventually(p.text).Should(ContainSubstring("201"))
		r := &recorded{resource: "simpods", object: "sent", outcome: explain.OutcomeRunning}
		Expect(r.awaitOutcome(ctx)).To(Succeed())
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(told.Trace.Request.User).To(Equal("system:serviceaccount:glassplane-system:glassplane-page"))
	}, SpecTimeout(2*patience))
})
