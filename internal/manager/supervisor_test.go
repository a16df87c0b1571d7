// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

// supervise runs a component under a supervisor until the spec ends, and counts
// how often it was built.
func supervise(ctx context.Context, name string, change ...func(*SupervisorOptions)) (*Supervisor, *atomic.Int32) {
	GinkgoHelper()
	builds := &atomic.Int32{}
	options := SupervisorOptions{
		Name: name, Config: optionsOf(name).Config, Log: GinkgoLogr,
		Build: func(_ context.Context, broken Broken) (*Component, error) {
			builds.Add(1)
			opts := optionsOf(name)
			opts.Broken = broken
			if name == SchedulerName {
				return NewScheduler(opts)
			}
			return NewControllerManager(opts, []string{"*", "-walkthrough"})
		},
	}
	for _, apply := range change {
		apply(&options)
	}
	s, err := NewSupervisor(options)
	Expect(err).NotTo(HaveOccurred())
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Start(running) }()
	DeferCleanup(func() {
		cancel()
		Eventually(ended).Should(Receive(Not(HaveOccurred())))
		forget(name)
	})
	Expect(s.WaitForReady(ctx)).To(Succeed())
	return s, builds
}

// forget removes what a component has published, for the specs that come after.
func forget(name string) {
	GinkgoHelper()
	published := &corev1.ConfigMap{}
	published.Namespace, published.Name = v1alpha1.SystemNamespace, endpointName(name)
	Expect(testEnv.Client.Patch(context.Background(), published, client.RawPatch(types.MergePatchType, []byte(`{"data":null}`)))).To(Succeed())
}

// breakBy creates a Fault, which the spec's end deletes.
func breakBy(ctx context.Context, f *wrappers.FaultWrapper) *v1alpha1.Fault {
	GinkgoHelper()
	fault := f.Obj()
	fault.GenerateName = "fault-"
	Expect(testEnv.Client.Create(ctx, fault)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, fault))).To(Succeed())
	})
	return fault
}

// stateOf reads "summary condition/reason" of a Fault.
func stateOf(ctx context.Context, f *v1alpha1.Fault) func() (string, error) {
	return func() (string, error) {
		if err := testEnv.Client.Get(ctx, client.ObjectKeyFromObject(f), f); err != nil {
			return "", err
		}
		c := meta.FindStatusCondition(f.Status.Conditions, v1alpha1.FaultActive)
		if c == nil {
			return f.Status.Summary, nil
		}
		return fmt.Sprintf("%s %s/%s: %s", f.Status.Summary, c.Status, c.Reason, c.Message), nil
	}
}

func holderOf(ctx context.Context, component string) func() (string, error) {
	return func() (string, error) {
		lease := &coordinationv1.Lease{}
		err := testEnv.Client.Get(ctx, client.ObjectKey{Namespace: v1alpha1.SystemNamespace, Name: component}, lease)
		if err != nil || lease.Spec.HolderIdentity == nil {
			return "", err
		}
		return *lease.Spec.HolderIdentity, nil
	}
}

func eventsAbout(ctx context.Context, f *v1alpha1.Fault) func() ([]string, error) {
	return func() ([]string, error) {
		list := &eventsv1.EventList{}
		err := testEnv.Client.List(ctx, list)
		var out []string
		for i := range list.Items {
			if e := &list.Items[i]; e.Regarding.UID == f.UID {
				out = append(out, e.Reason+": "+e.Note)
			}
		}
		return out, err
	}
}

var _ = Describe("a supervisor", func() {
	It("stops a component until the Fault is deleted, and starts it afresh", func(ctx SpecContext) {
		s, builds := supervise(ctx, SchedulerName)
		Eventually(holderOf(ctx, SchedulerName)).ShouldNot(BeEmpty())
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentScheduler))
		Eventually(stateOf(ctx, f)).Should(Equal("Active True/InEffect: scheduler is stopped"))
		Expect(s.current()).To(BeNil())
		Expect(f.Status.Targets).To(Equal([]string{"scheduler"}))
		Expect(f.Status.StartedAt).NotTo(BeNil())
		Expect(f.Status.ObservedGeneration).To(Equal(f.Generation))
		Expect(holderOf(ctx, SchedulerName)()).To(BeEmpty(), "its Lease is released")
		Expect(builds.Load()).To(Equal(int32(1)))

		Expect(testEnv.Client.Delete(ctx, f)).To(Succeed())
		Eventually(holderOf(ctx, SchedulerName)).ShouldNot(BeEmpty())
		Expect(s.current()).NotTo(BeNil())
		Expect(builds.Load()).To(Equal(int32(2)))
		Eventually(eventsAbout(ctx, f)).Should(ConsistOf("FaultBegan: Stop: scheduler is stopped", "FaultEnded: Stop: healed, because the Fault was deleted"))
	}, SpecTimeout(2*patience))

	It("ends a stop by itself when its duration is over", func(ctx SpecContext) {
		s, _ := supervise(ctx, ControllerManagerName)
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentControllerManager).Duration(4*time.Second))
		Eventually(stateOf(ctx, f)).Should(HavePrefix("Active"))
		Eventually(stateOf(ctx, f)).Should(Equal("Ended False/DurationElapsed: ended by itself after 4s"))
		Expect(f.Status.EndsAt.Time).To(Equal(f.CreationTimestamp.Add(4 * time.Second)))
		Expect(s.current()).NotTo(BeNil())
		Eventually(eventsAbout(ctx, f)).Should(ContainElement("FaultEnded: Stop: ended by itself after 4s"))
	}, SpecTimeout(2*patience))

	It("does not start what a Fault has stopped already, and says that it is healthy", func(ctx SpecContext) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentScheduler))
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		address := listener.Addr().String()
		Expect(listener.Close()).To(Succeed())
		_, builds := supervise(ctx, SchedulerName, func(o *SupervisorOptions) { o.HealthAddress = address })
		Eventually(stateOf(ctx, f)).Should(HavePrefix("Active"))
		Expect(builds.Load()).To(BeZero())
		probe := func(path string) string {
			response, err := http.Get("http://" + address + path)
			Expect(err).NotTo(HaveOccurred())
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body)
			return fmt.Sprint(response.StatusCode, " ", string(text))
		}
		Expect(probe("/healthz")).To(Equal("200 ok"))
		Expect(probe("/readyz")).To(Equal("200 ok"))
		Expect(testEnv.Client.Delete(ctx, f)).To(Succeed())
		Eventually(builds.Load).Should(Equal(int32(1)))
		Eventually(func() string { return probe("/readyz") }).Should(Equal("200 ok"))
	}, SpecTimeout(2*patience))

	It("builds the controller manager anew without a controller", func(ctx SpecContext) {
		s, builds := supervise(ctx, ControllerManagerName)
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Controller("podgc"))
		Eventually(stateOf(ctx, f)).Should(Equal("Active True/InEffect: controller podgc is stopped"))
		Expect(builds.Load()).To(Equal(int32(2)))
		unknown := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Controller("nothing"))
		Eventually(stateOf(ctx, unknown)).Should(And(HavePrefix(`NoTarget False/UnknownController: the controller manager has no controller "nothing": it must be of `), ContainSubstring("nodelifecycle, podgc, ")))
		left := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Controller("walkthrough"))
		Eventually(stateOf(ctx, left)).Should(HavePrefix("NoTarget False/NoTarget: controller walkthrough does not run"))
		Expect(testEnv.Client.Delete(ctx, unknown)).To(Succeed())
		Expect(testEnv.Client.Delete(ctx, left)).To(Succeed())
		Expect(testEnv.Client.Delete(ctx, f)).To(Succeed())
		Eventually(func() []string {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.run == nil {
				return []string{"stopped"}
			}
			return s.run.broken.Without
		}).Should(BeEmpty())
	}, SpecTimeout(2*patience))

	It("leaves the Faults of others alone", func(ctx SpecContext) {
		s, builds := supervise(ctx, SchedulerName)
		other := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentObserver))
		own := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentScheduler))
		Eventually(stateOf(ctx, own)).Should(HavePrefix("Active"))
		Expect(stateOf(ctx, other)()).To(Equal("Pending"))
		Expect(testEnv.Client.Delete(ctx, own)).To(Succeed())
		Eventually(s.current).ShouldNot(BeNil())
		Expect(builds.Load()).To(Equal(int32(2)))
	}, SpecTimeout(2*patience))
})
