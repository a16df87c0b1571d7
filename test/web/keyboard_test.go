// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"strconv"

	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// operable is what a mouse can do something with. Of a list of tabs only the
// chosen one is in the order of the Tab key: arrows lead to the others. The arrows
// of the lanes, which are many, are not in it: the list of messages leads to them.
// In a grid arrows lead from row to row.
const operable = `a[href], button:not(:disabled), input, select, textarea, summary, [role=button], [role=slider], [role=switch], [tabindex="0"]`

// watchClicks keeps which elements listen for clicks.
const watchClicks = `{
	const add = EventTarget.prototype.addEventListener;
	window.clickable = new Set();
	EventTarget.prototype.addEventListener = function (type, ...rest) {
		if (type === "click" && this instanceof Element) window.clickable.add(this);
		return add.call(this, type, ...rest);
	};
}`

var _ = Describe("the keyboard alone", func() {
	It("reaches in every view all that a mouse does", func(ctx context.Context) {
		p := page{newTab(ctx)}
		p.prefer("dark")
		call(p.tab, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: watchClicks})
		p.open(recordedRun("fits").address("") + "&at=step4")
		eachView(p, func(v view) {
			Expect(unreached(p)).To(BeEmpty(), "in the view %s", v.title)
			Expect(evaluate[[]string](p.tab, `[...window.clickable].filter((element) => element.isConnected && !element.closest('label, dialog, .lanes, [role=grid][tabindex="0"]') && !element.matches(":disabled") &&
				!element.matches('`+operable+`, [role=tab]') && !element.querySelector('`+operable+`')).map((element) => element.outerHTML.slice(0, 200))`)).
				To(BeEmpty(), "what only a mouse can click in the view %s", v.title)
		})
	}, SpecTimeout(4*patience))

	It("goes through the views by arrows and by numbers", func(ctx context.Context) {
		p := openPage(ctx, recordedRun("fits").address(""))
		evaluate[any](p.tab, `document.querySelector("[role=tab][aria-selected=true]").focus()`)
		for _, v := range append(views[1:], views[0]) {
			p.press(kb.ArrowDown)
			Expect(p.cursor().View).To(Equal(v.id))
			Expect(evaluate[string](p.tab, `document.activeElement.textContent.trim()`)).To(Equal(v.title))
		}
		for i, v := range views {
			p.press(strconv.Itoa(i + 1))
			Expect(p.cursor().View).To(Equal(v.id))
		}
	}, SpecTimeout(2*patience))

	It("opens and closes what an arrow of the map carries, and the help", func(ctx context.Context) {
		p := openPage(ctx, recordedRun("fits").address("")+"&at=step4")
		evaluate[any](p.tab, `document.querySelector("#view [data-message]").focus()`)
		p.press("\r")
		p.element("button", "Close the message")
		p.press(kb.Escape)
		Eventually(func() []element { return p.elements("button", "Close the message") }).Should(BeEmpty())
		p.press("?")
		p.element("dialog", "")
		p.press(kb.Escape)
		Eventually(func() []element { return p.elements("dialog", "") }).Should(BeEmpty())
	}, SpecTimeout(2*patience))

	It("opens every message, from the list at each moment", func(ctx context.Context) {
		r := recordedRun("fits")
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		p := openPage(ctx, r.address(""))
		p.press(kb.Home)
		for _, moment := range told.Moments {
			p.press(kb.ArrowRight)
			p.settle()
			Expect(evaluate[int](p.tab, `document.querySelectorAll(".side button.message-pill").length`)).To(Equal(len(moment.Messages)), moment.Title)
		}
	}, SpecTimeout(2*patience))

	It("scores the quiz", func(ctx context.Context) {
		p := openPage(ctx, recordedRun("fits").address("quiz"))
		evaluate[any](p.tab, `document.querySelector("#view [data-testid=question] button").focus()`)
		p.press(" ")
		Eventually(func() string { return score(p) }).Should(HaveSuffix("of 1"))
	}, SpecTimeout(2*patience))
})

// unreached goes through the document with the Tab key and returns what it has not
// come to.
func unreached(p page) []string {
	GinkgoHelper()
	p.settle()
	count := evaluate[int](p.tab, `{
		window.left = new Set([...document.querySelectorAll('`+operable+`')].filter((element) =>
			element.getClientRects().length && element.tabIndex >= 0 && getComputedStyle(element).visibility !== "hidden"));
		document.activeElement.blur();
		getSelection().collapse(document.body, 0);
		window.left.size;
	}`)
	Expect(count).To(BeNumerically(">", 5))
	// Twice round at most: where the browser begins is its own affair.
	for left, presses := count, 0; left > 0 && presses < 2*count+5; presses++ {
		p.press(kb.Tab)
		left = evaluate[int](p.tab, `window.left.delete(document.activeElement), window.left.size`)
	}
	return evaluate[[]string](p.tab, `[...window.left].filter((element) => element.isConnected).map((element) => element.outerHTML.slice(0, 200))`)
}
