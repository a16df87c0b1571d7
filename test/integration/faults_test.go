// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/test/wrappers"
)

// breakBy creates a Fault, which the spec's end deletes, and waits until it is active.
func breakBy(ctx context.Context, w *wrappers.FaultWrapper) *v1alpha1.Fault {
	GinkgoHelper()
	f := w.Obj()
	f.GenerateName = "fault-"
	Expect(user.Create(ctx, f)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(user.Delete(ctx, f))).To(Succeed())
	})
	Eventually(faultState(ctx, f)).WithContext(ctx).Should(HavePrefix("Active"))
	return f
}

// faultState reads "summary: message" of a Fault.
func faultState(ctx context.Context, f *v1alpha1.Fault) func() (string, error) {
	return func() (string, error) {
		if err := user.Get(ctx, client.ObjectKeyFromObject(f), f); err != nil {
			return "", err
		}
		if c := meta.FindStatusCondition(f.Status.Conditions, v1alpha1.FaultActive); c != nil {
			return f.Status.Summary + ": " + c.Message, nil
		}
		return f.Status.Summary, nil
	}
}

// watchesOf counts the watches that a user has open, as the audit log tells: those
// that were answered and have not ended. A watch of Faults is the supervisor's.
func watchesOf(account string) int {
	GinkgoHelper()
	open := map[string]bool{}
	for _, event := range auditLog() {
		if event.Verb != "watch" || !strings.HasSuffix(event.User.Username, ":"+account) || strings.HasPrefix(event.UserAgent, manager.SupervisorName) {
			continue
		}
		if event.Stage == auditv1.StageResponseComplete {
			delete(open, string(event.AuditID))
		} else {
			open[string(event.AuditID)] = true
		}
	}
	return len(open)
}

func readiness(ctx context.Context, node string) func() (string, error) {
	return func() (string, error) {
		n := &v1alpha1.SimNode{}
		err := user.Get(ctx, client.ObjectKey{Name: node}, n)
		return n.Status.Summary, err
	}
}

var _ = Describe("a Fault that stops", Serial, func() {
	It("the scheduler: nothing is bound, no watch is left, and it begins afresh", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentScheduler))
		Eventually(func() int { return watchesOf(manager.SchedulerName) }).Should(BeZero())
		pod := create(ctx, newPod("unscheduled"))
		Consistently(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Spec.NodeName).To(BeEmpty())
		}, 500*time.Millisecond).Should(Succeed())
		Expect(user.Delete(ctx, f)).To(Succeed())
		eventuallyReady(ctx, pod)
		Expect(cluster.Err()).NotTo(HaveOccurred())
	}, SpecTimeout(2*patience))

	It("the controller manager, and is deleted while it is stopped", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentControllerManager))
		Eventually(func() int { return watchesOf(manager.ControllerManagerName) }).Should(BeZero())
		crash := wrappers.MakeFault(v1alpha1.FaultNodeCrash).Name("never-seen").AllNodes().Obj()
		Expect(user.Create(ctx, crash)).To(Succeed())
		pod := create(ctx, newPod("not-run"))
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Spec.NodeName).NotTo(BeEmpty())
		}).Should(Succeed())
		Expect(faultState(ctx, crash)()).To(Equal("Pending"), "nobody is there to act on it")
		By("deleting both: neither waits for anybody")
		Expect(user.Delete(ctx, crash)).To(Succeed())
		Expect(user.Delete(ctx, f)).To(Succeed())
		for _, gone := range []client.Object{crash, f} {
			Expect(user.Get(ctx, client.ObjectKeyFromObject(gone), gone)).NotTo(Succeed())
		}
		eventuallyReady(ctx, pod)
	}, SpecTimeout(2*patience))

	It("the controller manager for a while: its end needs nobody", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentControllerManager).Duration(5*time.Second))
		pod := create(ctx, newPod("for-a-while"))
		eventuallyReady(ctx, pod)
		Expect(pod.Status.StartTime.Time).NotTo(BeTemporally("<", f.Status.EndsAt.Time))
		Eventually(faultState(ctx, f)).Should(Equal("Ended: ended by itself after 5s"))
	}, SpecTimeout(2*patience))

	It("the observer: its API is gone, and comes back at the same address", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentObserver))
		reachable := func() bool {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, cluster.ObserverURL().JoinPath("healthz").String(), nil)
			Expect(err).NotTo(HaveOccurred())
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				return false
			}
			return response.Body.Close() == nil && response.StatusCode == http.StatusOK
		}
		Expect(reachable()).To(BeFalse())
		Expect(user.Delete(ctx, f)).To(Succeed())
		Eventually(reachable).Should(BeTrue())
	}, SpecTimeout(2*patience))

	It("a single controller: the others work on", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Controller("simpod"))
		pod := create(ctx, newPod("no-kubelet"))
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Spec.NodeName).NotTo(BeEmpty())
		}).Should(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.StartTime).To(BeNil())
		}, 500*time.Millisecond).Should(Succeed())
		Expect(readiness(ctx, "node-1")()).To(Equal("Ready"))
		Expect(user.Delete(ctx, f)).To(Succeed())
		eventuallyReady(ctx, pod)
	}, SpecTimeout(2*patience))

	It("leaves no goroutine and no watch behind, however often", func(ctx context.Context) {
		cycle := func() {
			GinkgoHelper()
			for _, component := range []v1alpha1.ComponentName{v1alpha1.ComponentScheduler, v1alpha1.ComponentControllerManager} {
				f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(component))
				Expect(user.Delete(ctx, f)).To(Succeed())
			}
			eventuallyReady(ctx, create(ctx, newPod(fmt.Sprintf("cycle-%d", time.Now().UnixNano()))))
		}
		cycle() // what is made once is made
		watches := func() int { return watchesOf(manager.SchedulerName) + watchesOf(manager.ControllerManagerName) }
		var before, open int
		Eventually(func() bool {
			earlier, earlierOpen := before, open
			before, open = runtime.NumGoroutine(), watches()
			return before == earlier && open == earlierOpen
		}).WithPolling(time.Second).Should(BeTrue(), "it comes to rest")
		for range 3 {
			cycle()
		}
		Eventually(watches).Should(Equal(open))
		Eventually(runtime.NumGoroutine).Should(BeNumerically("<=", before+5), "three restarts of two components leave nothing")
	}, SpecTimeout(4*patience))

	It("heals as soon as the API server is back, though it was deleted or over while it was down", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentScheduler).Duration(6*time.Second))
		pod := create(ctx, newPod("behind-an-outage"))
		apiServer, err := cluster.Unit(substrate.APIServer)
		Expect(err).NotTo(HaveOccurred())
		Expect(apiServer.Stop()).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(apiServer.Start(ctx)).To(Succeed()) })
		Eventually(time.Now).Should(BeTemporally(">", f.Status.EndsAt.Time))
		Expect(apiServer.Start(ctx)).To(Succeed())
		eventuallyReady(ctx, pod)
		Eventually(faultState(ctx, f)).Should(HavePrefix("Ended"))
		Expect(cluster.Err()).NotTo(HaveOccurred())
	}, SpecTimeout(3*patience))
})

var _ = Describe("a node that crashes", Serial, func() {
	It("turns NotReady, is tainted and loses its pods, and reboots when the Fault is deleted", func(ctx context.Context) {
		node := "node-1"
		on := func(pod *v1alpha1.SimPod) { pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node} }
		seconds := int64(1)
		leaves := eventuallyReady(ctx, create(ctx, newPod("leaves", on, func(pod *v1alpha1.SimPod) {
			pod.Spec.Tolerations = []corev1.Toleration{{
				Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds,
			}}
		})))
		stays := eventuallyReady(ctx, create(ctx, newPod("stays", on)))
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultNodeCrash).Nodes(node))
		Expect(f.Status.Targets).To(Equal([]string{node}))
		Eventually(readiness(ctx, node)).WithTimeout(2 * patience).Should(Equal("Unknown"))
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(leaves), leaves)).To(Succeed())
			g.Expect(leaves.DeletionTimestamp).NotTo(BeNil(), "evicted by the taint")
		}).Should(Succeed())
		Expect(user.Get(ctx, client.ObjectKeyFromObject(stays), stays)).To(Succeed())
		Expect(stays.Status.ContainerStatuses[0].State.Running).NotTo(BeNil(), "nobody reports what became of it")

		Expect(user.Delete(ctx, f)).To(Succeed())
		Eventually(readiness(ctx, node)).Should(Equal("Ready"))
		Eventually(func() error { return user.Get(ctx, client.ObjectKeyFromObject(leaves), leaves) }).ShouldNot(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(stays), stays)).To(Succeed())
			c := stays.Status.ContainerStatuses[0]
			g.Expect(c.RestartCount).To(Equal(int32(1)))
			g.Expect(c.LastState.Terminated).NotTo(BeNil())
			g.Expect(c.LastState.Terminated.ExitCode).To(Equal(int32(255)))
			g.Expect(c.LastState.Terminated.Reason).To(Equal(v1alpha1.ReasonUnknown))
			g.Expect(meta.IsStatusConditionTrue(stays.Status.Conditions, v1alpha1.SimPodReady)).To(BeTrue())
		}).Should(Succeed())
		rebooted := &v1alpha1.SimNode{}
		Expect(user.Get(ctx, client.ObjectKey{Name: node}, rebooted)).To(Succeed())
		Expect(rebooted.Annotations).NotTo(HaveKey(v1alpha1.AnnotationCrashed))
		Expect(rebooted.Spec.Taints).To(BeEmpty())
		Expect(rebooted.Status.NodeInfo.BootedAt).NotTo(BeNil())
	}, SpecTimeout(4*patience))

	It("reboots too where the Fault is deleted while the controller manager is stopped", func(ctx context.Context) {
		pod := eventuallyReady(ctx, create(ctx, newPod("rebooted", func(pod *v1alpha1.SimPod) {
			pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-2"}
		})))
		crash := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultNodeCrash).Nodes("node-2"))
		marked := &v1alpha1.SimNode{}
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKey{Name: "node-2"}, marked)).To(Succeed())
			g.Expect(marked.Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationCrashed, crash.Name))
		}).Should(Succeed())
		stop := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultStop).Component(v1alpha1.ComponentControllerManager))
		Expect(user.Delete(ctx, crash)).To(Succeed())
		Expect(user.Delete(ctx, stop)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.ContainerStatuses[0].RestartCount).To(Equal(int32(1)))
		}).Should(Succeed())
	}, SpecTimeout(3*patience))
})

var _ = Describe("a node that is cut off", Serial, func() {
	It("runs its pods on, and reports them when it is back", func(ctx context.Context) {
		pod := eventuallyReady(ctx, create(ctx, newPod("cut-off", func(pod *v1alpha1.SimPod) {
			pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-3"}
		})))
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultNodePartition).Nodes("node-3"))
		Expect(user.Delete(ctx, pod)).To(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.ContainerStatuses[0].State.Running).NotTo(BeNil())
		}, time.Second).Should(Succeed())
		Expect(user.Delete(ctx, f)).To(Succeed())
		Eventually(func() error { return user.Get(ctx, client.ObjectKeyFromObject(pod), pod) }).ShouldNot(Succeed())
	}, SpecTimeout(2*patience))
})
