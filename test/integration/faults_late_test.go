// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

// delay is long enough to be told from a busy machine by what was recorded: an
// event that was held back cannot have been acted on before.
const delay = 3 * time.Second

// answered returns the requests for a pod that match, in the order of their
// answers, once there is one.
func answered(ctx context.Context, pod *v1alpha1.SimPod, match func(auditv1.Event) bool) []auditv1.Event {
	GinkgoHelper()
	var found []auditv1.Event
	Eventually(func() []auditv1.Event {
		found = nil
		for _, event := range auditLog() {
			if isWrite(event) && event.Stage == auditv1.StageResponseComplete && event.ObjectRef.Resource == "simpods" &&
				event.ObjectRef.Name == pod.Name && event.ObjectRef.Namespace == pod.Namespace && match(event) {
				found = append(found, event)
			}
		}
		return found
	}).WithContext(ctx).ShouldNot(BeEmpty())
	return found
}

func by(account, subresource string, code int32) func(auditv1.Event) bool {
	return func(e auditv1.Event) bool {
		return strings.HasSuffix(e.User.Username, ":"+account) && e.ObjectRef.Subresource == subresource && e.ResponseStatus.Code == code
	}
}

func onNode(name string) func(*v1alpha1.SimPod) {
	return func(pod *v1alpha1.SimPod) { pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: name} }
}

var _ = Describe("a Fault that makes late", Serial, func() {
	It("the kubelets of nodes", func(ctx context.Context) {
		breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultNodeSlow).Nodes("node-1").Delay(delay))
		pod := eventuallyReady(ctx, create(ctx, newPod("slow", onNode("node-1"))))
		bind := answered(ctx, pod, by("glassplane-scheduler", "", http.StatusOK))[0]
		status := answered(ctx, pod, by("glassplane-controller-manager", "status", http.StatusOK))[0]
		Expect(status.RequestReceivedTimestamp.Sub(bind.RequestReceivedTimestamp.Time)).To(BeNumerically(">=", delay))
	}, SpecTimeout(2*patience))

	It("the watches of the scheduler", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultWatchDelay).Component(v1alpha1.ComponentScheduler).Delay(delay))
		pod := eventuallyReady(ctx, create(ctx, newPod("seen-late")))
		bind := answered(ctx, pod, by("glassplane-scheduler", "", http.StatusOK))[0]
		Expect(bind.RequestReceivedTimestamp.Sub(pod.CreationTimestamp.Time)).To(BeNumerically(">=", delay))
		Expect(user.Delete(ctx, f)).To(Succeed())
		eventuallyReady(ctx, create(ctx, newPod("seen-at-once")))
	}, SpecTimeout(3*patience))

	It("the heartbeats of nodes, and no others", func(ctx context.Context) {
		names := []string{"beats-late", "beats"}
		for _, name := range names {
			node := &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: name}}
			node.Spec.Capacity = v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
			node.Spec.Simulation = &v1alpha1.NodeSimulation{HeartbeatInterval: &metav1.Duration{Duration: time.Second}}
			Expect(user.Create(ctx, node)).To(Succeed())
			DeferCleanup(func(ctx context.Context) { Expect(user.Delete(ctx, node)).To(Succeed()) })
			Eventually(readiness(ctx, name)).WithContext(ctx).Should(Equal("Ready"))
		}
		renewed := func(name string) func() (time.Time, error) {
			return func() (time.Time, error) {
				lease := &coordinationv1.Lease{}
				if err := user.Get(ctx, client.ObjectKey{Namespace: v1alpha1.NodeLeaseNamespace, Name: name}, lease); err != nil {
					return time.Time{}, err
				}
				return lease.Spec.RenewTime.Time, nil
			}
		}
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultLeaseDelay).Nodes(names[0]).Delay(time.Hour))
		// One may be under way.
		other, err := renewed(names[1])()
		Expect(err).NotTo(HaveOccurred())
		Eventually(renewed(names[1])).WithContext(ctx).Should(BeTemporally(">", other))
		late, err := renewed(names[0])()
		Expect(err).NotTo(HaveOccurred())
		Eventually(renewed(names[1])).WithContext(ctx).Should(BeTemporally(">", other.Add(4*time.Second)))
		Expect(renewed(names[0])()).To(Equal(late))
		Expect(user.Delete(ctx, f)).To(Succeed())
		Eventually(renewed(names[0])).WithContext(ctx).Should(BeTemporally(">", late))
	}, SpecTimeout(3*patience))
})

var _ = Describe("a Fault of starts", Serial, func() {
	DescribeTable("hits the pods that it selects, until it is deleted", func(ctx context.Context, reason v1alpha1.StartFailureReason, shows string) {
		// It has nothing to hit until a pod starts.
		f := wrappers.MakeFault(v1alpha1.FaultStartFailure).Name("no-starts").PodLabel("starts", "no").Reason(reason).Obj()
		Expect(user.Create(ctx, f)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(client.IgnoreNotFound(user.Delete(ctx, f))).To(Succeed()) })
		Eventually(faultState(ctx, f)).WithContext(ctx).Should(HavePrefix("NoTarget"))
		fails := create(ctx, newPod("fails-to-start", func(pod *v1alpha1.SimPod) { pod.Labels = map[string]string{"starts": "no"} }))
		eventuallyReady(ctx, create(ctx, newPod("starts")))
		Eventually(func() (string, error) {
			err := user.Get(ctx, client.ObjectKeyFromObject(fails), fails)
			return fails.Status.Summary, err
		}).WithContext(ctx).Should(Equal(shows))
		Expect(faultState(ctx, f)()).To(HavePrefix("Active"))
		Expect(user.Delete(ctx, f)).To(Succeed())
		eventuallyReady(ctx, fails)
	},
		Entry("whose image cannot be pulled", v1alpha1.StartFailureImagePull, "ImagePullBackOff", SpecTimeout(3*patience)),
		Entry("whose containers crash", v1alpha1.StartFailureCrashLoop, "CrashLoopBackOff", SpecTimeout(3*patience)),
	)
})

var _ = Describe("a Fault of writes", Serial, func() {
	It("has the scheduler's binds refused with 409 by the API server itself", func(ctx context.Context) {
		f := breakBy(ctx, wrappers.MakeFault(v1alpha1.FaultWriteConflict).Component(v1alpha1.ComponentScheduler))
		pod := create(ctx, newPod("conflicts"))
		answered(ctx, pod, by("glassplane-scheduler", "", http.StatusConflict))
		touched := answered(ctx, pod, by("glassplane-fault", "", http.StatusOK))
		Expect(touched[0].Verb).To(Equal("patch"))
		Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		Expect(pod.Spec.NodeName).To(BeEmpty())
		Expect(user.Delete(ctx, f)).To(Succeed())
		eventuallyReady(ctx, pod)
	}, SpecTimeout(2*patience))
})
