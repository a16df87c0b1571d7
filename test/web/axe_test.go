// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// axePath is where npm puts axe-core, as hack/page/package-lock.json has it.
const axePath = "../../hack/page/node_modules/axe-core/axe.min.js"

// shots is where screenshots go; CI keeps the folder.
var shots = filepath.Join("..", "..", "bin", "screenshots")

// violation is a rule of axe-core that the page breaks.
type violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

// Both need each view in each theme, so they share the walk through them.
var _ = Describe("every view looks as it should", Label("screenshots"), func() {
	for _, theme := range []string{"light", "dark"} {
		It("and axe-core finds nothing serious, in "+theme, func(ctx context.Context) {
			p := openPage(ctx, recordedRun("fits").address("")+"&at=step4")
			p.prefer(theme)
			p.loadAxe()
			found := map[string][]string{}
			eachView(p, func(v view) {
				p.shoot(theme, v)
				for _, broken := range check(p) {
					rule := fmt.Sprintf("%s (%s): %s", broken.ID, broken.Impact, broken.Help)
					for _, node := range broken.Nodes {
						if !slices.ContainsFunc(found[rule], func(other string) bool { return strings.HasSuffix(other, node) }) {
							found[rule] = append(found[rule], v.title+": "+node)
						}
					}
				}
			})
			Expect(found).To(BeEmpty())
		}, SpecTimeout(4*patience))
	}

	for _, size := range []viewport{phone, projector} {
		It("and fits the width of a "+size.name, func(ctx context.Context) {
			p := openPage(ctx, recordedRun("fits").address("")+"&at=step4")
			p.size(size)
			var wide []string
			eachView(p, func(v view) {
				p.shoot(size.name, v)
				if over := overflow(p); over > 0 {
					wide = append(wide, fmt.Sprintf("%s is %d px too wide", v.title, over))
				}
			})
			Expect(wide).To(BeEmpty(), "nobody should have to scroll sideways")
		}, SpecTimeout(3*patience))
	}
})

// eachView goes to each view and screen.
func eachView(p page, do func(v view)) {
	GinkgoHelper()
	run, _, _ := strings.Cut(p.fragment(), "?")
	for _, v := range slices.Concat(views, screens) {
		address := "/" + v.id
		if v.tells != nil {
			address = run + "?at=step4&view=" + v.id
		}
		p.goTo(address)
		Expect(p.cursor().View).To(Equal(v.id))
		do(v)
	}
}

// shoot puts a screenshot of a view into the folder of the form, such as dark.
func (p page) shoot(form string, v view) {
	GinkgoHelper()
	folder := filepath.Join(shots, form)
	Expect(os.MkdirAll(folder, 0o750)).To(Succeed())
	Expect(os.WriteFile(filepath.Join(folder, v.id+".png"), p.screenshot(), 0o600)).To(Succeed())
}

// loadAxe brings axe-core into the document, for check.
func (p page) loadAxe() {
	GinkgoHelper()
	axe, err := os.ReadFile(axePath)
	Expect(err).NotTo(HaveOccurred(), "run 'make test-web', which gets it")
	evaluate[any](p.tab, string(axe)+";0")
}

// check runs axe-core, once it is loaded, and returns what is serious or worse.
func check(p page) []violation {
	GinkgoHelper()
	return evaluate[[]violation](p.tab, `axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations
		.filter(({impact}) => impact === "serious" || impact === "critical")
		.map(({id, impact, help, nodes}) => ({id, impact, help,
			nodes: nodes.slice(0, 5).map(({html, failureSummary}) => html.slice(0, 200) + " " + failureSummary)})))`)
}

// overflow is by how many pixels the document is wider than the window.
func overflow(p page) int {
	GinkgoHelper()
	return evaluate[int](p.tab, `Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)`)
}
