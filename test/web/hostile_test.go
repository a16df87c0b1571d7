// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("hostile texts", func() {
	for _, name := range []string{"hostile texts", "hostile texts of a real Pod", "hostile texts in a refusal"} {
		It("stay text in every view: "+name, func(ctx context.Context) {
			p := openPage(ctx, recordedRun(name).address(""))
			for _, v := range views {
				p.choose(v)
				openAll(p)
				expectHarmless(p)
			}
			Expect(evaluate[string](p.tab, `document.getElementById("view").textContent`)).To(ContainSubstring("<script>window.pwned=1"),
				"the evidence has it, as text")
		}, SpecTimeout(3*patience))
	}

	It("stay text in the list of all runs", func(ctx context.Context) {
		p := openPage(ctx, "/runs")
		expectHarmless(p)
	}, SpecTimeout(patience))

	It("stay text in the address", func(ctx context.Context) {
		p := page{newTab(ctx)}
		p.loadInto("error", cluster.ObserverURL().String()+"/#/request/%3Cimg%20src%3Dx%20onerror%3D%22window.pwned%3D7%22%3E")
		p.expectTrouble(ContainSubstring("400"))
		expectHarmless(p)
	}, SpecTimeout(patience))

	It("and values of the environment stay with the observer", func(ctx context.Context) {
		p := openPage(ctx, recordedRun("real Pod").address(""))
		for _, v := range views {
			p.choose(v)
			openAll(p)
			Expect(evaluate[string](p.tab, `document.documentElement.outerHTML`)).NotTo(ContainSubstring(secret), "in the view %s", v.title)
		}
	}, SpecTimeout(2*patience))
})

// openAll opens whatever can be opened in a view.
func openAll(p page) {
	GinkgoHelper()
	evaluate[any](p.tab, `for (const button of document.querySelectorAll("#view [aria-expanded=false]"))
		button.dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	p.settle()
}

// expectHarmless looks for what a text would have become if it were more than one.
func expectHarmless(p page) {
	GinkgoHelper()
	Expect(evaluate[bool](p.tab, `"pwned" in window`)).To(BeFalse(), "a script of a text ran")
	Expect(evaluate[[]string](p.tab, `[...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]
		.filter(({name, value}) => name.startsWith("on") || /^\s*javascript:/i.test(value))
		.map(({name, value}) => element.tagName + " " + name + "=" + value))`)).To(BeEmpty(), "attributes that would run a script")
	Expect(evaluate[[]string](p.tab, `[...document.querySelectorAll("#app script, #app img[src=x], #app iframe, #app object, #app embed")]
		.map((element) => element.outerHTML)`)).To(BeEmpty(), "elements that a text made")
	all := evaluate[string](p.tab, `[document.title, document.getElementById("app").textContent, ...[...document.querySelectorAll("#app *")].flatMap((element) =>
		[...element.attributes].filter(({name}) => !["href", "id", "for", "value"].includes(name)).map(({value}) => value))].join("\n")`)
	Expect(strings.IndexFunc(all, func(r rune) bool { return turnsOrHides(r) || r < ' ' && r != '\n' && r != '\t' })).
		To(Equal(-1), "characters that hide or turn what is around them, in %q", around(all))
}

// around is what stands around the first character that should not be there.
func around(text string) string {
	at := strings.IndexFunc(text, func(r rune) bool { return turnsOrHides(r) || r < ' ' && r != '\n' && r != '\t' })
	if at < 0 {
		return ""
	}
	return text[max(0, at-80):min(len(text), at+80)]
}
