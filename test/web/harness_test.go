// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The other specs stand on a tab that notices what must not happen.
var _ = Describe("a tab", func() {
	DescribeTable("notices", func(ctx context.Context, body string, want OmegaMatcher) {
		t := newTab(ctx)
		t.do(chromedp.Navigate(serve(body)))
		t.expectTrouble(want)
	},
		Entry("an error in the console", `<script>console.error("out of", "order")</script>`, Equal("console.error: out of order")),
		Entry("an exception", `<script>null.x</script>`, HavePrefix("exception: Uncaught TypeError")),
		Entry("a rejected promise", `<script>Promise.reject(new Error("no"))</script>`, HavePrefix("exception: Uncaught (in promise) Error: no")),
		Entry("a style that the policy forbids", `<p onclick="x()" style="color: red">`, ContainSubstring("Content Security Policy")),
		Entry("a request to another host", `<script>fetch("http://example.com/x").catch(() => {})</script>`, ContainSubstring("http://example.com/x")),
		Entry("an image of another host", `<img src="http://example.com/x.png">`, ContainSubstring("http://example.com/x.png")),
		Entry("a file that is missing", `<img src="/missing.png">`, ContainSubstring("404")),
	)

	It("finds elements as a screen reader does, and clicks them", func(ctx context.Context) {
		t := newTab(ctx)
		t.do(chromedp.Navigate(serve(`<button aria-label="Save">x</button><div id="out"></div>
			<script>document.querySelector("button").addEventListener("click", () => out.textContent = "saved")</script>`)))
		t.click(t.element("button", "Save"))
		Expect(evaluate[string](t, `document.getElementById("out").textContent`)).To(Equal("saved"))
	})
})

// serve serves one page with a policy as strict as the real one's but for scripts,
// and returns its address.
func serve(body string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src 'unsafe-inline'; style-src 'self'")
		_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,">`+body)
	}))
	DeferCleanup(server.Close)
	return server.URL
}
