// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/explain/run"
)

// view is one of the nine of a run.
type view struct {
	id, title string
	// tells lists what the view must say of a run at its end.
	tells func(r run.Run) []string
}

var views = []view{
	{"flow", "Flow", func(r run.Run) (texts []string) {
		for _, actor := range r.Actors {
			texts = append(texts, actor.Name)
		}
		return texts
	}},
	{"table", "Table", func(r run.Run) (texts []string) {
		for _, step := range r.Trace.Steps {
			texts = append(texts, step.Action, beginning(step.Effect))
		}
		return texts
	}},
	{"tracker", "Tracker", func(r run.Run) (texts []string) {
		for _, revision := range r.Trace.Revisions {
			texts = append(texts, fmt.Sprint(revision.Revision))
		}
		for _, moment := range r.Trace.Tracker {
			texts = append(texts, moment.RequestState, moment.ClusterState)
		}
		return texts
	}},
	{"moments", "Key moments", func(r run.Run) (texts []string) {
		for _, moment := range r.Trace.KeyMoments {
			texts = append(texts, moment.Title, moment.Explanation)
		}
		return texts
	}},
	{"quiz", "Quiz", func(r run.Run) (texts []string) {
		for _, question := range r.Trace.Quiz {
			texts = append(texts, question.Question)
		}
		return texts
	}},
	{"whatif", "What if", func(run.Run) []string { return []string{"What if"} }},
	{"snapshot", "Snapshot", func(r run.Run) (texts []string) {
		for _, line := range r.Trace.Snapshot {
			head, rest, _ := strings.Cut(line, ": ")
			texts = append(texts, head, rest)
		}
		return texts
	}},
	{"transcript", "Transcript", func(r run.Run) []string { return strings.Split(r.Trace.Transcript, "\n\n") }},
	{"evidence", "Evidence", func(r run.Run) (texts []string) {
		for _, piece := range r.Evidence {
			texts = append(texts, piece.Summary)
		}
		return texts
	}},
}

// screens are what else there is.
var screens = []view{{id: "cluster", title: "Cluster"}, {id: "latency", title: "Latency"}, {id: "runs", title: "All runs"}, {id: "compare", title: "Two runs"}, {id: "send", title: "Send"}}

// beginning is what a view with little room says at least.
func beginning(text string) string {
	const enough = 100
	runes := []rune(text)
	return string(runes[:min(enough, len(runes))])
}

// visible is how the page shows a text: characters that would hide or turn what
// is around them are spelled out.
func visible(text string) string { return spellOut(text, true) }

// spellOut leaves control characters to JSON's escapes where controls is false.
func spellOut(text string, controls bool) string {
	var b strings.Builder
	for _, r := range text {
		if turnsOrHides(r) || controls && r < ' ' && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func turnsOrHides(r rune) bool {
	return 0x7f <= r && r <= 0x9f || r == 0xad || r == 0x61c || 0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e ||
		0x2060 <= r && r <= 0x2069 || r == 0xfeff || 0xfff9 <= r && r <= 0xfffb
}

// squeezed takes the white space out of a text: how a browser breaks lines is not
// what is compared.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// page is a tab that shows the page.
type page struct{ *tab }

// openPage opens the page in a new tab at an address, such as /run/….
func openPage(spec context.Context, address string) page {
	GinkgoHelper()
	p := page{newTab(spec)}
	p.prefer("dark")
	p.open(address)
	return p
}

// open goes to an address as whoever follows a link from elsewhere does.
func (p page) open(address string) {
	GinkgoHelper()
	p.load(cluster.ObserverURL().String() + "/#" + address)
}

// load loads a document anew, even where only the part after # differs.
func (p page) load(location string) {
	GinkgoHelper()
	p.loadInto("ready", location)
}

// loadInto is load for a document that ends in another state, such as error.
func (p page) loadInto(state, location string) {
	GinkgoHelper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate(location))
	p.awaitState(state)
}

// goTo changes the part of the address after #, as a click on a link does.
func (p page) goTo(address string) {
	GinkgoHelper()
	evaluate[chromedp.Void](p.tab, `void (location.hash = `+quote(address)+`)`)
	p.settle()
	p.awaitState("ready")
}

// settle waits until the page has drawn what was done to it.
func (p page) settle() {
	GinkgoHelper()
	evaluate[chromedp.Void](p.tab, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))`)
}

func (p page) awaitState(want string) {
	GinkgoHelper()
	Eventually(func() (string, error) {
		return tryEvaluate[string](p.tab, `document.querySelector("main[data-state], main [data-state]")?.dataset.state ?? ""`)
	}).Should(Equal(want), func() string {
		text, _ := tryEvaluate[string](p.tab, `document.body.innerText`)
		return fmt.Sprintf("the page says: %s\nand has these troubles: %q", text, p.troubles())
	})
}

// cursor is where the page says that it is.
type cursor struct {
	View     string `json:"view"`
	Step     string `json:"step"`
	Revision int64  `json:"revision,string"`
	Moment   int    `json:"moment,string"`
	Time     string `json:"time"`
	Live     string `json:"live"`
}

func (p page) cursor() cursor {
	GinkgoHelper()
	p.settle()
	return evaluate[cursor](p.tab, `({...document.querySelector("main").dataset})`)
}

// text of what the view shows, with what is in its drawings.
func (p page) text() string {
	GinkgoHelper()
	p.settle()
	return evaluate[string](p.tab, `document.getElementById("view").textContent`)
}

// choose opens a view of the run by its tab.
func (p page) choose(v view) {
	GinkgoHelper()
	p.click(p.element("tab", v.title))
	Eventually(func() string { return p.cursor().View }).Should(Equal(v.id))
}

// location is the address in full.
func (p page) location() string {
	GinkgoHelper()
	return evaluate[string](p.tab, `location.href`)
}

// fragment is the part of the address after #.
func (p page) fragment() string {
	GinkgoHelper()
	parsed, err := url.Parse(p.location())
	Expect(err).NotTo(HaveOccurred())
	return parsed.Fragment
}

// readAgain is what differs each time that the observer looks for a key that is
// not there.
var readAgain = regexp.MustCompile(`readatrevision\d+`)

// expectTold fails where the view does not tell all that it must of a run.
func (p page) expectTold(v view, r run.Run) {
	GinkgoHelper()
	text := readAgain.ReplaceAllString(squeezed(p.text()), "")
	for _, want := range v.tells(r) {
		want := readAgain.ReplaceAllString(squeezed(visible(want)), "")
		Expect(text).To(ContainSubstring(want), "in the view %s", v.title)
	}
	Expect(p.elements("alert", "")).To(BeEmpty(), "a view that failed says so")
}
