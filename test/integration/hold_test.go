// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/hold"
	"github.com/glassplane/glassplane/internal/scheme"
)

// steps looks at a held pod at each of its stops.
type steps struct {
	look func(ctx context.Context, stop hold.Stop)
}

func (s steps) Pause(ctx context.Context, stop hold.Stop) hold.Decision {
	s.look(ctx, stop)
	return hold.GoOn
}

func (steps) Stored(*v1alpha1.SimPod) {}

var _ = Describe("A request that is held between its steps", func() {
	It("really stands still there, and its explanation tells of it", func(ctx SpecContext) {
		config, err := cluster.UserConfig("hold-test")
		Expect(err).NotTo(HaveOccurred())
		holder, err := client.NewWithWatch(config, client.Options{Scheme: scheme.New()})
		Expect(err).NotTo(HaveOccurred())
		webhook, err := hold.Listen(ctx, clock.RealClock{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(webhook.Close)
		pod := newPod("held")
		hold.Gate(pod, hold.NewID("hold-test"))
		registration, err := hold.Register(ctx, holder, webhook, pod, hold.MaxTimeout)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(registration.Remove)

		// now is what the API server has of the pod.
		now := func() *v1alpha1.SimPod {
			latest := &v1alpha1.SimPod{}
			Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), latest)).To(Succeed())
			return latest
		}
		stored := func() evidence.Etcd {
			var entry evidence.Entry
			Expect(ask(ctx, &entry, "observer/v1/stored", "simpods", "default", "held")).To(Equal(http.StatusOK))
			return *entry.Etcd
		}
		var places []hold.Place
		held := hold.New(pod, hold.Options{Client: holder, Clock: clock.RealClock{}, Question: registration.Question, Patience: patience})
		Expect(held.Run(ctx, func(ctx context.Context) error { return holder.Create(ctx, pod) }, steps{func(ctx context.Context, stop hold.Stop) {
			places = append(places, stop.Place)
			response, err := etcd.Get(ctx, stored().Key)
			Expect(err).NotTo(HaveOccurred())
			switch stop.Place {
			case hold.BeforeWrite:
				Expect(response.Kvs).To(BeEmpty())
				Expect(stored().CreateRevision).To(BeZero())
				return
			case hold.BeforeScheduler:
				Eventually(func() string { return now().Status.Summary }).Should(Equal("SchedulingGated"))
				Consistently(func() string { return now().Spec.NodeName }, "500ms").Should(BeEmpty())
			case hold.BeforeKubelet:
				Consistently(func() any { return now().Status.StartTime }, "500ms").Should(BeNil())
				Expect(now().Spec.NodeName).NotTo(BeEmpty())
			}
			Expect(stored().CreateRevision).NotTo(BeZero())
		}})).To(Succeed())
		Expect(places).To(Equal([]hold.Place{hold.BeforeWrite, hold.BeforeScheduler, hold.BeforeKubelet}))

		Eventually(func() corev1.PodPhase { return now().Status.Phase }).Should(Equal(corev1.PodRunning))
		told := trace(ctx, "held")
		Expect(told.Outcome).To(Equal(explain.OutcomeRunning))
		effects := map[int32]string{}
		for _, step := range told.Steps {
			effects[step.Step] = step.Effect
		}
		Expect(effects[2]).To(ContainSubstring("hold.sim.glassplane.dev/held: for "))
		Expect(effects[4]).To(MatchRegexp("The scheduling gate sim.glassplane.dev/step held the pod back until revision \\d+, with which .* took it off"))
		Expect(effects[5]).To(MatchRegexp("The start gate hold-test-\\w+ kept the kubelet from accepting the pod until revision \\d+, with which .* took it off"))
	})
})
