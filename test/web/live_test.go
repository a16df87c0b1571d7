// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// soon is within how much time a request must be on the screen.
const soon = time.Second

var _ = Describe("a page that is live", func() {
	It("shows a request within a second after its answer", func(ctx context.Context) {
		p := openPage(ctx, "/")
		// On a busy machine the first try may meet a pause of somebody else.
		const tries = 4
		var took []time.Duration
		for i := range tries {
			name := fmt.Sprintf("live-%d", i)
			took = append(took, seenAfter(ctx, p, name))
			if took[i] < soon {
				break
			}
		}
		AddReportEntry("seen after the answer", took)
		Expect(took[len(took)-1]).To(BeNumerically("<", soon), "tries took %s", took)
	}, SpecTimeout(2*patience))

	It("stays where it was put while others follow the newest", func(ctx context.Context) {
		p := openPage(ctx, recordedRun("fits").address("tracker")+"&at=step3")
		before := p.cursor()
		createNow(ctx, "live-elsewhere")
		list := openPage(ctx, "/runs")
		Eventually(list.text).Should(ContainSubstring("live-elsewhere"))
		Expect(p.cursor()).To(Equal(before))
	}, SpecTimeout(2*patience))

	It("goes on with a run that goes on", func(ctx context.Context) {
		r := &recorded{resource: "simpods", object: "live-on"}
		pod := createNow(ctx, r.object)
		r.uid = string(pod.GetUID())
		p := openPage(ctx, r.address("tracker"))
		Expect(awaitPhase(ctx, pod, "Running")).To(Succeed())
		Expect(admin.Delete(ctx, pod)).To(Succeed())
		Eventually(p.text).Should(ContainSubstring("the key is gone"))
		Expect(p.cursor().Live).To(Equal("true"))
	}, SpecTimeout(2*patience))
})

// createNow creates a pod as kubectl does.
func createNow(ctx context.Context, name string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(simPod(name, `{}`, ``)), &object.Object)).To(Succeed())
	Expect(admin.Create(ctx, object)).To(Succeed())
	return object
}

// stay is how long the page shows a run at least before it goes on to a newer one.
const stay = 3 * time.Second

// seenAfter creates a pod, once the page may go on to it, and returns how long
// after the answer it was on the screen, by the clock of this machine, which is
// the browser's, too.
func seenAfter(ctx context.Context, p page, name string) time.Duration {
	GinkgoHelper()
	evaluate[any](p.tab, `window.seen = new Promise((resolve) => {
		const look = () => document.body.textContent.includes(`+quote(name)+`) ? resolve(performance.timeOrigin + performance.now()) : requestAnimationFrame(look);
		look();
	}); 0`)
	evaluate[any](p.tab, fmt.Sprintf(`new Promise((done) => setTimeout(done, %d))`, (stay+200*time.Millisecond).Milliseconds()))
	createNow(ctx, name)
	answered := time.Now()
	seen := evaluate[float64](p.tab, `window.seen`)
	return time.UnixMicro(int64(seen * 1000)).Sub(answered)
}
