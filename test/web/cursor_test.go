// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

var _ = Describe("the cursor", func() {
	for _, name := range []string{"fits", "restarted", "deleted", "replica set", "real Pod", "hostile texts of a real Pod"} {
		It("shows what etcd had at each revision of a run that is "+name, func(ctx context.Context) {
			r := recordedRun(name)
			told, err := r.read(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(told.Trace.Revisions).NotTo(BeEmpty())
			p := openPage(ctx, r.address("tracker"))

			By("stepping on from moment to moment")
			p.press(kb.Home)
			Expect(p.cursor()).To(And(HaveField("Moment", -1), HaveField("Revision", int64(0))))
			for i := range told.Moments {
				p.press(kb.ArrowRight)
				Expect(p.cursor().Moment).To(Equal(i))
				expectStored(ctx, p, r)
			}

			By("going back from revision to revision")
			p.press(kb.End)
			for i := len(told.Trace.Revisions) - 1; i >= 0; i-- {
				Expect(p.cursor().Revision).To(Equal(told.Trace.Revisions[i].Revision))
				expectStored(ctx, p, r)
				p.press(kb.ArrowLeft, chromedp.ModifierShift)
			}

			By("jumping to a revision")
			last := told.Trace.Revisions[len(told.Trace.Revisions)-1].Revision
			p.press(fmt.Sprintf("g%d\r", last))
			Expect(p.cursor().Revision).To(Equal(last))
			expectStored(ctx, p, r)
		}, SpecTimeout(4*patience))
	}

	It("follows a mouse on the scrubber, in every view", func(ctx context.Context) {
		r := recordedRun("fits")
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		p := openPage(ctx, r.address("tracker"))
		for i := range told.Moments {
			x, y := place(p, p.element("slider", "Moment of the run"), (float64(i)+0.5)/float64(len(told.Moments)))
			p.do(chromedp.MouseClickXY(x, y))
			Expect(p.cursor().Moment).To(Equal(i))
			expectStored(ctx, p, r)
		}
		at := p.cursor()
		for _, v := range views {
			p.choose(v)
			got := p.cursor()
			got.View = at.View
			Expect(got).To(Equal(at), "in the view %s", v.title)
		}
	}, SpecTimeout(2*patience))

	It("is restored with run and view by the address", func(ctx context.Context) {
		r := recordedRun("restarted")
		p := openPage(ctx, r.address("table"))
		p.press(kb.Home + kb.ArrowRight + kb.ArrowRight + kb.ArrowRight)
		want, text := p.cursor(), p.text()
		Eventually(p.location).Should(ContainSubstring("at=step"+want.Step), "the address follows, seldom enough for every browser")
		address := p.location()

		other := page{newTab(ctx)}
		other.prefer("dark")
		other.load(address)
		Expect(other.cursor()).To(Equal(want))
		Expect(other.text()).To(Equal(text))
		Expect(other.location()).To(Equal(address))
	}, SpecTimeout(2*patience))

	DescribeTable("is put by an address", func(ctx context.Context, at string, want OmegaMatcher) {
		p := openPage(ctx, recordedRun("fits").address("tracker")+"&at="+at)
		Expect(p.cursor()).To(want)
	},
		Entry("before everything", "start", And(HaveField("Moment", -1), HaveField("Revision", int64(0)), HaveField("Live", "false"))),
		Entry("on a step", "step4", And(HaveField("Step", "4"), HaveField("Live", "false"))),
		Entry("on a step that there is not: on the newest", "step77", HaveField("Moment", Not(Equal(-1)))),
		Entry("nowhere: on the newest", "x", HaveField("Moment", Not(Equal(-1)))),
	)

	DescribeTable("is in the flow where an address names what there is not", func(ctx context.Context, address func() string) {
		p := openPage(ctx, address())
		Expect(p.cursor().View).To(Equal("flow"))
		Expect(evaluate[string](p.tab, `document.querySelector("[role=tab][aria-selected=true]")?.textContent.trim() ?? ""`)).To(Equal("Flow"))
	},
		Entry("a view of a run", func() string { return recordedRun("fits").address("nonsense") }),
		Entry("a screen of the cluster as a view of a run", func() string { return recordedRun("fits").address("cluster") }),
		Entry("a screen", func() string { return "/nonsense" }),
	)

	It("plays to the end and stops there", func(ctx context.Context) {
		r := recordedRun("fits")
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		p := openPage(ctx, r.address("flow"))
		evaluate[any](p.tab, `{ const speed = document.querySelector(".speed select"); speed.value = "10"; speed.dispatchEvent(new Event("change", {bubbles: true})); }`)
		p.press(kb.Home)
		p.press(" ")
		Eventually(func() int { return p.cursor().Moment }).Should(Equal(len(told.Moments) - 1))
		Eventually(func() []element { return p.elements("button", "Play") }).Should(HaveLen(1))
	}, SpecTimeout(2*patience))
})

// place is a point of an element, at a fraction of its width.
func place(p page, e element, fraction float64) (x, y float64) {
	GinkgoHelper()
	box := call(p.tab, dom.GetBoxModel, dom.GetBoxModelParams{BackendNodeID: e.id}).Model.Content
	return box[0] + (box[2]-box[0])*fraction, (box[1] + box[5]) / 2
}

// expectStored compares the object that the page shows at its cursor with what
// etcd had then.
func expectStored(ctx context.Context, p page, r *recorded) {
	GinkgoHelper()
	revision := p.cursor().Revision
	if revision == 0 {
		Expect(p.text()).To(ContainSubstring("etcd has nothing of it yet"))
		return
	}
	want := r.stored(ctx, revision)
	if want == nil {
		Expect(p.text()).To(ContainSubstring("the key is gone"))
		return
	}
	showManagedFields(p)
	text := evaluate[string](p.tab, `document.querySelector("[data-testid=stored-object]").textContent`)
	var got any
	Expect(yaml.Unmarshal([]byte(text), &got)).To(Succeed(), text)
	redactEnv(want)
	Expect(cmp.Diff(shown(want), got)).To(BeEmpty(), "at revision %d (-etcd +page)", revision)
}

func showManagedFields(p page) {
	GinkgoHelper()
	evaluate[any](p.tab, `for (const button of document.querySelectorAll("#view button[aria-expanded=false]"))
		if (button.textContent.includes("managedFields")) button.click()`)
	p.settle()
}

// shown is an object as the page shows it: numbers as YAML has them, and no
// character that would hide or turn what is around it.
func shown(value any) any {
	GinkgoHelper()
	text, err := yaml.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	var plain any
	Expect(yaml.Unmarshal(text, &plain)).To(Succeed())
	return spelledOut(plain)
}

func spelledOut(value any) any {
	switch value := value.(type) {
	case string:
		return spellOut(value, false)
	case []any:
		for i := range value {
			value[i] = spelledOut(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = spelledOut(value[key])
		}
	}
	return value
}

// redactEnv does to values of environment variables what the observer must have
// done before it told of them.
func redactEnv(object map[string]any) {
	spec, _ := object["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	for _, container := range containers {
		env, _ := container.(map[string]any)["env"].([]any)
		for _, variable := range env {
			if variable := variable.(map[string]any); strings.Contains(fmt.Sprint(variable["value"]), secret) {
				variable["value"] = "redacted"
			}
		}
	}
}
