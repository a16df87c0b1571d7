// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"fmt"

	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/explain"
)

var _ = Describe("the quiz", func() {
	It("hides the answers until one is given, and scores right and wrong", func(ctx context.Context) {
		r := recordedRun("fits")
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		questions := withChoices(told.Trace.Quiz)
		Expect(len(questions)).To(BeNumerically(">", 2))
		p := openPage(ctx, r.address("quiz"))
		Expect(score(p)).To(Equal("0 of 0"))

		right := 0
		for i, question := range questions {
			Expect(squeezed(asked(p, question))).NotTo(ContainSubstring(squeezed(visible(question.Why))), "before an answer is given")
			if i%2 == 1 {
				answer(p, question, wrongChoice(question))
				Expect(asked(p, question)).To(ContainSubstring("Not what is recorded"))
			} else {
				answer(p, question, question.Answer)
				Expect(asked(p, question)).To(ContainSubstring("Right"))
				right++
			}
			Expect(squeezed(asked(p, question))).To(And(
				ContainSubstring(squeezed(visible(question.Answer))), ContainSubstring(squeezed(visible(question.Why)))))
			Expect(score(p)).To(Equal(fmt.Sprintf("%d of %d", right, i+1)))
		}

		By("keeping the score while other views are looked at")
		p.choose(views[1])
		p.choose(views[4])
		Expect(score(p)).To(Equal(fmt.Sprintf("%d of %d", right, len(questions))))
	}, SpecTimeout(2*patience))

	It("hides in every view what comes next, until it is predicted", func(ctx context.Context) {
		r := recordedRun("fits")
		told, err := r.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		p := openPage(ctx, r.address("flow"))
		p.press(kb.Home)
		p.click(p.element("switch", "Predict"))
		bind := told.Trace.Step(4)
		Expect(bind).NotTo(BeNil())
		for _, v := range views {
			p.choose(v)
			Expect(squeezed(p.text())).NotTo(ContainSubstring(squeezed(visible(beginning(bind.Effect)))), "in the view %s", v.title)
		}
	}, SpecTimeout(2*patience))
})

func withChoices(questions []explain.Question) []explain.Question {
	var chosen []explain.Question
	for _, question := range questions {
		if len(question.Choices) > 0 {
			chosen = append(chosen, question)
		}
	}
	return chosen
}

func wrongChoice(question explain.Question) string {
	for _, choice := range question.Choices {
		if choice != question.Answer {
			return choice
		}
	}
	return ""
}

func selector(question explain.Question) string {
	return `document.querySelector('#view [data-testid=question][data-question=` + quote(question.ID) + `]')`
}

// asked is all that is shown of a question.
func asked(p page, question explain.Question) string {
	GinkgoHelper()
	p.settle()
	return evaluate[string](p.tab, selector(question)+`.textContent`)
}

func answer(p page, question explain.Question, choice string) {
	GinkgoHelper()
	pressed := evaluate[bool](p.tab, `(() => {
		const button = [...`+selector(question)+`.querySelectorAll("button")].find((each) => each.textContent.trim() === `+quote(visible(choice))+`);
		button?.click();
		return Boolean(button);
	})()`)
	Expect(pressed).To(BeTrue(), "the question %s has no choice %q", question.ID, choice)
}

func score(p page) string {
	GinkgoHelper()
	p.settle()
	return evaluate[string](p.tab, `document.querySelector("[data-testid=quiz-score]").textContent`)
}
