// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler"
	"github.com/glassplane/glassplane/test/wrappers"
)

const (
	timeout  = 20 * time.Second
	interval = 20 * time.Millisecond
)

// start runs a scheduler until the test ends or stop is called. intercept may
// change what its client does.
func start(registerer prometheus.Registerer, intercept interceptor.Funcs) (s *scheduler.Scheduler, stop func()) {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	informers, err := ctrlcache.New(restConfig, ctrlcache.Options{Scheme: scheme, DefaultTransform: ctrlcache.TransformStripManagedFields()})
	Expect(err).NotTo(HaveOccurred())
	direct, err := client.NewWithWatch(restConfig, client.Options{
		Scheme: scheme, Cache: &client.CacheOptions{Reader: informers},
	})
	Expect(err).NotTo(HaveOccurred())
	s, err = scheduler.New(scheduler.Options{
		Client: interceptor.NewClient(direct, intercept), Cache: informers, Seed: GinkgoRandomSeed(), Registerer: registerer,
	})
	Expect(err).NotTo(HaveOccurred())
	done := make(chan error, 2)
	go func() { done <- informers.Start(ctx) }()
	go func() { done <- s.Start(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			Eventually(done).WithTimeout(timeout).Should(Receive(Succeed()))
		}
	}
	DeferCleanup(stop)
	return s, stop
}

// create makes the object with what its status has.
func create(ctx context.Context, node *simv1alpha1.SimNode) {
	GinkgoHelper()
	status := node.Status
	Expect(k8sClient.Create(ctx, node)).To(Succeed())
	node.Status = status
	Expect(k8sClient.Status().Update(ctx, node)).To(Succeed())
}

func get(ctx context.Context, pod *simv1alpha1.SimPod) *simv1alpha1.SimPod {
	GinkgoHelper()
	out := &simv1alpha1.SimPod{}
	Expect(k8sClient.Get(ctx, client.ObjectKeyFromObject(pod), out)).To(Succeed())
	return out
}

func nodeOf(ctx context.Context, pod *simv1alpha1.SimPod) func() string {
	return func() string { return get(ctx, pod).Spec.NodeName }
}

func condition(ctx context.Context, pod *simv1alpha1.SimPod) func() string {
	return func() string {
		c := meta.FindStatusCondition(get(ctx, pod).Status.Conditions, simv1alpha1.SimPodScheduled)
		if c == nil {
			return ""
		}
		return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
	}
}

func decisionsOf(s *scheduler.Scheduler, pod *simv1alpha1.SimPod) []*evidence.Decision {
	return s.Decisions().ByPod(pod.UID)
}

var _ = Describe("Scheduler", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
	})

	pod := func(name string) *wrappers.SimPodWrapper {
		return wrappers.MakeSimPod().Namespace(namespace).Name(name).Req("cpu", "100m")
	}
	node := func(name string) *wrappers.SimNodeWrapper {
		return wrappers.MakeSimNode().Name(name).Capacity("cpu", "8", "memory", "32Gi")
	}

	It("binds a pod with one patch and one event", func(ctx SpecContext) {
		create(ctx, node("a").Obj())
		s, _ := start(prometheus.NewRegistry(), interceptor.Funcs{})
		p := pod("p").Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		Eventually(nodeOf(ctx, p), timeout, interval).Should(Equal("a"))

		bound := get(ctx, p)
		Expect(bound.Finalizers).To(ConsistOf(simv1alpha1.FinalizerKubelet))
		Expect(bound.Status.Conditions).To(BeEmpty(), "the kubelet writes PodScheduled=True")
		Eventually(func() []*evidence.Decision { return decisionsOf(s, p) }, timeout, interval).Should(HaveLen(1))
		d := decisionsOf(s, p)[0]
		Expect(d.Pod.ResourceVersion).To(Equal(p.ResourceVersion))
		Expect(d.Bind.ResourceVersion).To(Equal(bound.ResourceVersion))
		Expect(d).To(HaveField("Node", "a"))
		Expect(d.ObservedAt).To(BeTemporally("<=", d.PoppedAt))
		Expect(d.DecidedAt).To(BeTemporally("<=", d.Bind.SentAt))
		Expect(d.Bind.SentAt).To(BeTemporally("<=", d.Bind.AnsweredAt))

		events := &eventsv1.EventList{}
		Eventually(func() []eventsv1.Event {
			Expect(k8sClient.List(ctx, events, client.InNamespace(namespace))).To(Succeed())
			return events.Items
		}, timeout, interval).Should(HaveLen(1))
		Expect(events.Items[0].Note).To(Equal(fmt.Sprintf("Successfully assigned %s/p to a", namespace)))
		Expect(events.Items[0].Regarding.UID).To(Equal(p.UID))
	})

	It("binds 200 pods and never overcommits", func(ctx SpecContext) {
		for i := range 5 {
			create(ctx, wrappers.MakeSimNode().Name(fmt.Sprintf("n%d", i)).Capacity("cpu", "4", "memory", "32Gi").Obj())
		}
		start(nil, interceptor.Funcs{})
		for i := range 200 {
			Expect(k8sClient.Create(ctx, pod(fmt.Sprintf("p%d", i)).Obj())).To(Succeed())
		}
		perNode := map[string]int{}
		Eventually(func(g Gomega) {
			pods := &simv1alpha1.SimPodList{}
			g.Expect(k8sClient.List(ctx, pods, client.InNamespace(namespace))).To(Succeed())
			clear(perNode)
			for _, p := range pods.Items {
				perNode[p.Spec.NodeName]++
			}
			g.Expect(perNode).NotTo(HaveKey(""))
		}, timeout, interval).Should(Succeed())
		for name, n := range perNode {
			Expect(n).To(Equal(40), "4 cores are 40 pods of 100m on "+name)
		}
	})

	It("says why a pod does not fit and binds it once it does", func(ctx SpecContext) {
		create(ctx, node("small").Capacity("cpu", "50m", "memory", "1Gi").Obj())
		create(ctx, node("tainted").Taint("k", "v", corev1.TaintEffectNoSchedule).Obj())
		s, _ := start(nil, interceptor.Funcs{})
		p := pod("p").Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		Eventually(condition(ctx, p), timeout, interval).Should(HavePrefix(
			"False Unschedulable: 0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s)."))

		create(ctx, node("large").Obj())
		Eventually(nodeOf(ctx, p), timeout, interval).Should(Equal("large"))
		Eventually(func() []*evidence.Decision { return decisionsOf(s, p) }, timeout, interval).ShouldNot(BeEmpty())
		decisions := decisionsOf(s, p)
		Expect(decisions[0].Message).To(HavePrefix("0/2 nodes are available"))
		Expect(decisions[0].Nodes).To(HaveLen(2))
		last := decisions[len(decisions)-1]
		Expect(last.Node).To(Equal("large"))
		Expect(last.Attempt).To(Equal(len(decisions)))
		Expect(last.Bind.Error).To(BeEmpty(), "the write of the condition does not make the bind conflict")
	})

	It("leaves a gated pod alone until its gates are removed", func(ctx SpecContext) {
		create(ctx, node("a").Obj())
		s, _ := start(nil, interceptor.Funcs{})
		p := pod("p").Gate("example.com/wait").Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		Eventually(condition(ctx, p), timeout, interval).Should(Equal(
			"False SchedulingGated: Scheduling is blocked due to non-empty scheduling gates"))
		Expect(decisionsOf(s, p)).To(BeEmpty())
		Expect(k8sClient.Patch(ctx, get(ctx, p), client.RawPatch(types.MergePatchType, []byte(`{"spec":{"schedulingGates":[]}}`)))).To(Succeed())
		Eventually(nodeOf(ctx, p), timeout, interval).Should(Equal("a"))
	})

	It("gives back what a pod took that was deleted before its bind", func(ctx SpecContext) {
		create(ctx, node("a").Capacity("cpu", "100m", "memory", "1Gi").Obj())
		var deleted atomic.Bool
		registry := prometheus.NewRegistry()
		start(registry, interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
				if obj.GetName() == "doomed" && deleted.CompareAndSwap(false, true) {
					if err := k8sClient.Delete(ctx, obj); err != nil {
						return err
					}
				}
				return c.Patch(ctx, obj, patch, opts...)
			},
		})
		Expect(k8sClient.Create(ctx, pod("doomed").Obj())).To(Succeed())
		Eventually(deleted.Load, timeout, interval).Should(BeTrue())
		p := pod("next").Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		Eventually(nodeOf(ctx, p), timeout, interval).Should(Equal("a"))
		Eventually(func() float64 { return gauge(registry, "glassplane_scheduler_cache_size", "assumed_pods") }, timeout, interval).
			Should(BeZero())
	})

	It("wakes those who wait where the watch tells of the deletion before the bind fails", func(ctx SpecContext) {
		create(ctx, node("a").Capacity("cpu", "100m", "memory", "1Gi").Obj())
		registry := prometheus.NewRegistry()
		assumed := func() float64 { return gauge(registry, "glassplane_scheduler_cache_size", "assumed_pods") }
		binding, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		start(registry, interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
				if obj.GetName() == "doomed" {
					once.Do(func() { close(binding) })
					<-release
				}
				return c.Patch(ctx, obj, patch, opts...)
			},
		})
		DeferCleanup(sync.OnceFunc(func() { close(release) }))
		doomed := pod("doomed").Obj()
		Expect(k8sClient.Create(ctx, doomed)).To(Succeed())
		Eventually(binding).WithTimeout(timeout).Should(BeClosed())
		next := pod("next").Obj()
		Expect(k8sClient.Create(ctx, next)).To(Succeed())
		Eventually(condition(ctx, next), timeout, interval).Should(ContainSubstring("Insufficient cpu"))

		Expect(k8sClient.Delete(ctx, doomed)).To(Succeed())
		Eventually(assumed, timeout, interval).Should(BeZero())
		Eventually(nodeOf(ctx, next), timeout, interval).Should(Equal("a"))
	})

	It("binds each pod once where two schedulers race", func(ctx SpecContext) {
		create(ctx, node("a").Obj())
		create(ctx, node("b").Obj())
		const pods = 40
		var refused atomic.Int64
		both := newMeeting()
		count := interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
				both.arrive(obj.GetName()) // no pod is bound before both have decided
				err := c.Patch(ctx, obj, patch, opts...)
				if err != nil {
					refused.Add(1)
				}
				return err
			},
		}
		first, _ := start(nil, count)
		second, _ := start(nil, count)
		var created []*simv1alpha1.SimPod
		for i := range pods {
			p := pod(fmt.Sprintf("p%d", i)).Obj()
			Expect(k8sClient.Create(ctx, p)).To(Succeed())
			created = append(created, p)
		}
		bound := func() int {
			n := 0
			for _, p := range created {
				for _, d := range append(decisionsOf(first, p), decisionsOf(second, p)...) {
					if d.Bind != nil && d.Bind.Error == "" {
						n++
					}
				}
			}
			return n
		}
		Eventually(bound, timeout, interval).Should(Equal(pods))
		Consistently(bound, 300*time.Millisecond, interval).Should(Equal(pods))
		Expect(refused.Load()).To(BeNumerically("==", pods), "one bind of each pod was refused")
	})

	It("can be stopped and started again in one process", func(ctx SpecContext) {
		create(ctx, node("a").Obj())
		registry := prometheus.NewRegistry()
		_, stop := start(registry, interceptor.Funcs{})
		stop()
		p := pod("p").Obj()
		Expect(k8sClient.Create(ctx, p)).To(Succeed())
		Consistently(nodeOf(ctx, p), 200*time.Millisecond, interval).Should(BeEmpty())
		start(registry, interceptor.Funcs{})
		Eventually(nodeOf(ctx, p), timeout, interval).Should(Equal("a"))
	})
})

// meeting lets the first two who come to a place go on together.
type meeting struct {
	mu      sync.Mutex
	places  map[string]chan struct{}
	arrived map[string]int
}

func newMeeting() *meeting {
	return &meeting{places: map[string]chan struct{}{}, arrived: map[string]int{}}
}

func (m *meeting) arrive(place string) {
	m.mu.Lock()
	if m.places[place] == nil {
		m.places[place] = make(chan struct{})
	}
	met := m.places[place]
	if m.arrived[place]++; m.arrived[place] == 2 {
		close(met)
	}
	m.mu.Unlock()
	<-met
}

// gauge reads the value of a metric that has the label value; -1 where there is none.
func gauge(registry *prometheus.Registry, name, label string) float64 {
	families, err := registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) > 0 && m.GetLabel()[0].GetValue() == label {
				return m.GetGauge().GetValue()
			}
		}
	}
	return -1
}
