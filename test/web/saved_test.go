// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("the saved file", func() {
	for _, name := range []string{"fits", "hostile texts of a real Pod"} {
		It("opens from disk with all nine views and no network: "+name, func(ctx context.Context) {
			r := recordedRun(name)
			told, err := r.read(ctx)
			Expect(err).NotTo(HaveOccurred())
			live := openPage(ctx, r.address(""))
			folder := filepath.Join(GinkgoT().TempDir(), "downloads")
			live.downloadsTo(folder)
			live.click(live.element("link", "Save"))
			path := savedFile(folder)
			content, err := os.ReadFile(path)
			Expect(err).NotTo(HaveOccurred())
			Expect(len(content)).To(BeNumerically("<", 1<<20), "bytes of an ordinary run")
			Expect(string(content)).NotTo(ContainSubstring(secret))

			saved := page{newTab(ctx)}
			saved.prefer("dark")
			saved.load("file://" + path)
			for _, v := range views {
				live.choose(v)
				saved.choose(v)
				saved.expectTold(v, told)
				expectHarmless(saved)
				Expect(squeezed(ofTheRun(saved, v))).To(Equal(squeezed(ofTheRun(live, v))), "the view %s", v.title)
			}
			Expect(saved.requested()).To(BeEmpty())
		}, SpecTimeout(3*patience))
	}
})

// ofTheRun is what a view tells of the run: experiments are asked for, which a file
// cannot do.
func ofTheRun(p page, v view) string {
	GinkgoHelper()
	if v.id == "whatif" {
		return evaluate[string](p.tab, `document.querySelector(".of-this-run").innerText`)
	}
	return p.text()
}
