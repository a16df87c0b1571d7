// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/test/synthetic"
)

const (
	// soakEnv sets how long the page watches a busy cluster, such as 10m.
	soakEnv     = "SOAK"
	defaultSoak = "20s"
	// soakSamples is how often memory is looked at.
	soakSamples = 12
	mebibyte    = 1 << 20
	// mostMemory is how much the page may keep of 50,000 pods and 5,000 nodes.
	mostMemory = 300 * mebibyte
)

var _ = Describe("a busy cluster of 50,000 pods and 5,000 nodes", Label("screenshots"), func() {
	It("is watched in flat memory", func(ctx context.Context) {
		length, err := time.ParseDuration(cmp.Or(os.Getenv(soakEnv), defaultSoak))
		Expect(err).NotTo(HaveOccurred(), "%s must be a duration, such as 10m", soakEnv)
		server, err := synthetic.Serve(ctx, "127.0.0.1:0", synthetic.Options{Nodes: 5000, Pods: 50_000, Rate: 100, Seed: 1})
		Expect(err).NotTo(HaveOccurred())

		p := page{newTab(ctx)}
		p.prefer("dark")
		call(p.tab, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: watchFirstScreen})
		p.load(server.URL() + "#/cluster")
		Eventually(p.text).Should(MatchRegexp(`5[,.]?000 nodes`))
		firstScreen := evaluate[float64](p.tab, `window.firstScreen`)
		p.shoot("large", screens[0])
		countFrames(p)

		var used []float64
		began := time.Now()
		for i := range soakSamples {
			// Not a wait for a condition: time is what is tested.
			Eventually(func() time.Duration { return time.Since(began) }).WithTimeout(length + patience).WithPolling(100 * time.Millisecond).
				Should(BeNumerically(">=", length*time.Duration(i+1)/soakSamples))
			used = append(used, heap(p))
		}
		frames := evaluate[float64](p.tab, `window.frames.count / ((performance.now() - window.frames.since) / 1000)`)

		third := soakSamples / 3
		first, last := median(used[:third]), median(used[len(used)-third:])
		AddReportEntry("soak", fmt.Sprintf("%s: first screen at %.0f ms, %.0f frames/s, heap in MiB %s", length, firstScreen, frames, mebibytes(used)))
		Expect(last).To(BeNumerically("<", first*1.1+8*mebibyte), "the heap grows: %s MiB", mebibytes(used))
		Expect(last).To(BeNumerically("<", mostMemory))
		Expect(p.elements("alert", "")).To(BeEmpty())
	}, SpecTimeout(15*time.Minute))
})

// watchFirstScreen notes when the page first says how many nodes there are, in
// milliseconds since it was navigated to.
const watchFirstScreen = `(function look() {
	if (/5[,.]?000 nodes/.test(document.body?.innerText ?? "")) window.firstScreen = performance.now();
	else setTimeout(look, 20);
})()`

func countFrames(p page) {
	GinkgoHelper()
	evaluate[any](p.tab, `{
		window.frames = {count: 0, since: performance.now()};
		const count = () => { window.frames.count++; requestAnimationFrame(count); };
		requestAnimationFrame(count);
	}`)
}

// heap is how many bytes the page keeps, arrays outside of V8's heap included,
// once what nobody needs is collected.
func heap(p page) float64 {
	GinkgoHelper()
	call(p.tab, heapprofiler.CollectGarbage, cdp.Empty{})
	usage := call(p.tab, runtime.GetHeapUsage, cdp.Empty{})
	return usage.UsedSize + usage.BackingStorageSize
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func mebibytes(values []float64) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprintf("%.1f", value/mebibyte)
	}
	return fmt.Sprint(texts)
}
