// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simpod"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/kubelet"
)

var _ = Describe("simpod", func() {
	var history *feed.Store[evidence.Transition]

	BeforeEach(func() {
		history = feed.NewStore[evidence.Transition](feed.Limits{Items: 1000, Bytes: 1 << 20})
		startManager(func(mgr ctrl.Manager) error {
			return simpod.SetupWithManager(mgr, simpod.Options{Recorder: history, Events: recorderOf(mgr)})
		})
	})

	transitions := func(pod *v1alpha1.SimPod) []evidence.Transition {
		return history.ByPod(pod.UID)
	}

	It("runs a bound pod with one write and removes the finalizer when it is deleted", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
		Expect(pod.Status.Phase).To(Equal(corev1.PodRunning))
		Expect(pod.Status.Ready).To(Equal("1/1"))
		Expect(pod.Status.HostIP).To(Equal("172.16.0.9"))
		Expect(pod.Status.PodIP).To(HavePrefix("10."))
		Expect(condition(pod.Status.Conditions, v1alpha1.SimPodReady)).To(Equal("True/ContainersReady"))

		Eventually(func() int { return len(transitions(pod)) }).Should(Equal(1))
		t := transitions(pod)[0]
		Expect(t.ResourceVersion).To(Equal(pod.ResourceVersion))
		Expect(t.ObservedAt).NotTo(BeZero())
		Expect(t.WrittenAt).To(BeTemporally(">=", t.ObservedAt))
		Expect(t.To).To(Equal("Running"))

		Expect(admin.Delete(ctx, pod)).To(Succeed())
		Eventually(exists(ctx, pod)).Should(BeFalse())
		Eventually(func() int { return len(transitions(pod)) }).Should(Equal(2))
		Expect(transitions(pod)[1].Reason).To(Equal(kubelet.ReleaseReason), "no status write for a stop that takes no time")
		Expect(transitions(pod)[1].ResourceVersion).To(BeEmpty(), "the removal is answered with the version before")

		By("serving what it recorded")
		recorder := httptest.NewRecorder()
		history.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/transitions?uid="+string(pod.UID)+"&limit=1", nil))
		var page feed.Page[evidence.Transition]
		Expect(json.Unmarshal(recorder.Body.Bytes(), &page)).To(Succeed())
		Expect(page.Items).To(HaveLen(1))
		Expect(page.Items[0].Reason).To(ContainSubstring("containers started"))
	})

	It("takes the delays that the simulation asks for, and writes each change once", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		pod.Spec.Simulation = &v1alpha1.PodSimulation{
			StartDelay:     &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 300 * time.Millisecond}},
			ReadinessDelay: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 300 * time.Millisecond}},
		}
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, pod).Status.Ready).To(Equal("1/1"))
		}).Should(Succeed())
		Eventually(func() int { return len(transitions(pod)) }).Should(Equal(3))
		steps := transitions(pod)
		for i := range 2 {
			// A delay begins with the decision, and a write takes as long as the API server takes.
			gap := steps[i+1].WrittenAt.Sub(steps[i].ObservedAt)
			Expect(gap).To(BeNumerically(">=", 300*time.Millisecond), "delay %d is shorter than asked for", i)
		}
	})

	It("restarts a container that fails, with back-off", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		pod.Spec.Simulation = &v1alpha1.PodSimulation{
			RunDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 50 * time.Millisecond}},
			ExitCode:    2,
		}
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal(v1alpha1.ReasonCrashLoopBackOff))
		Expect(pod.Status.Restarts).To(Equal(int32(1)))
		Expect(pod.Status.ContainerStatuses[0].LastState.Terminated.ExitCode).To(Equal(int32(2)))
	})

	It("leaves pods alone while their node is silent, and resumes when it is back", func(ctx SpecContext) {
		node := newNode()
		Expect(admin.Create(ctx, node)).To(Succeed())
		setNodeReady(ctx, node, metav1.ConditionUnknown, v1alpha1.ReasonNodeStatusUnknown)
		pod := newPod(node.Name)
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(get(ctx, pod).Status.StartTime).To(BeNil())
		}, 300*time.Millisecond).Should(Succeed())
		setNodeReady(ctx, node, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
	})

	It("gives the room of a deleted pod back that somebody else's finalizer keeps, and lets go of it", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		pod.Finalizers = append(pod.Finalizers, "example.com/hold")
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
		Expect(admin.Delete(ctx, pod)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, pod).Finalizers).To(ConsistOf("example.com/hold"))
		}).Should(Succeed())
		Expect(pod.Status.Phase).To(Equal(corev1.PodFailed))
		Expect(pod.Status.Summary).To(Equal("Error"))
		Expect(condition(pod.Status.Conditions, v1alpha1.SimPodReady)).To(Equal("False/PodFailed"))
		Expect(pod.Status.ContainerStatuses[0].State.Terminated.ExitCode).To(Equal(int32(143)))
		Eventually(eventsOf(ctx, pod)).Should(ConsistOf("Killing: Stopping container main"))
	})

	It("says that a pod terminates while it takes its time to stop", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		pod.Spec.Simulation = &v1alpha1.PodSimulation{
			ShutdownDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 2 * time.Second}},
		}
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
		Expect(admin.Delete(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Terminating"))
		Eventually(exists(ctx, pod)).Should(BeFalse())
		Consistently(eventsOf(ctx, pod), 300*time.Millisecond).Should(ConsistOf("Killing: Stopping container main"))
	})

	It("restarts a container whose image changes", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
		base := pod.DeepCopy()
		pod.Spec.Containers[0].Image = "nginx:2"
		Expect(admin.Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, pod).Status.Restarts).To(Equal(int32(1)))
		}).Should(Succeed())
		Expect(pod.Status.ContainerStatuses[0].Image).To(Equal("nginx:2"))
		Expect(pod.Status.ContainerStatuses[0].LastState.Terminated.ExitCode).To(Equal(int32(143)))
		Eventually(eventsOf(ctx, pod)).Should(ConsistOf("Killing: Container main definition changed, will be restarted"))
	})

	It("starts a sidecar before the containers and stops it after them", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		pod.Spec.RestartPolicy = corev1.RestartPolicyNever
		pod.Spec.InitContainers = []v1alpha1.Container{{Name: "proxy", Image: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
		pod.Spec.Simulation = &v1alpha1.PodSimulation{
			RunDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 500 * time.Millisecond}},
		}
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, pod).Status.Ready).To(Equal("2/2"))
		}).Should(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Completed"))
		Expect(pod.Status.Phase).To(Equal(corev1.PodSucceeded))
		Expect(pod.Status.InitContainerStatuses[0].State.Terminated.ExitCode).To(Equal(int32(143)))
	})

	It("adds its finalizer to a pod that was bound without it", func(ctx SpecContext) {
		node := readyNode(ctx)
		pod := newPod(node.Name)
		pod.Finalizers = nil
		Expect(admin.Create(ctx, pod)).To(Succeed())
		Eventually(podSummary(ctx, pod)).Should(Equal("Running"))
		Expect(pod.Finalizers).To(ConsistOf(v1alpha1.FinalizerKubelet))
	})

	It("keeps up with many pods at once, one write each", NodeTimeout(time.Minute), func(ctx SpecContext) {
		const count = 300
		node := newNode()
		Expect(admin.Create(ctx, node)).To(Succeed())
		createPods(ctx, node.Name, count)
		watcher, err := client.NewWithWatch(environment.Config, client.Options{Scheme: environment.Scheme})
		Expect(err).NotTo(HaveOccurred())
		var before v1alpha1.SimPodList
		Expect(admin.List(ctx, &before)).To(Succeed())
		events, err := watcher.Watch(ctx, &v1alpha1.SimPodList{}, &client.ListOptions{
			Namespace: "default", Raw: &metav1.ListOptions{ResourceVersion: before.ResourceVersion},
		})
		Expect(err).NotTo(HaveOccurred())
		defer events.Stop()

		started := time.Now()
		setNodeReady(ctx, node, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		changes, running := 0, 0
		for running < count {
			var e watch.Event
			select {
			case e = <-events.ResultChan():
			case <-ctx.Done():
				Fail("not all pods run in time")
			}
			if e.Type == watch.Modified {
				changes++
				if e.Object.(*v1alpha1.SimPod).Status.Phase == corev1.PodRunning {
					running++
				}
			}
		}
		AddReportEntry("pods per second", float64(count)/time.Since(started).Seconds())
		Expect(changes).To(Equal(count))
		addresses := map[string]bool{}
		var pods v1alpha1.SimPodList
		Expect(admin.List(ctx, &pods, client.InNamespace("default"))).To(Succeed())
		for i := range pods.Items {
			addresses[pods.Items[i].Status.PodIP] = true
		}
		Expect(addresses).To(HaveLen(count))
	})
})

func createPods(ctx context.Context, node string, count int) {
	GinkgoHelper()
	pods := make(chan *v1alpha1.SimPod, count)
	for range count {
		pods <- newPod(node)
	}
	close(pods)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			defer GinkgoRecover()
			for pod := range pods {
				Expect(admin.Create(ctx, pod)).To(Succeed())
			}
		})
	}
	workers.Wait()
}
