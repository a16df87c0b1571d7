// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheme"
)

var _ = Describe("a request that creates a pod", func() {
	It("is followed through eight steps, each with evidence", func(ctx context.Context) {
		eventuallyReady(ctx, create(ctx, newPod("fits")))

		t := trace(ctx, "fits")
		Expect(t.Outcome).To(Equal(explain.OutcomeRunning))
		Expect(t.Complete).To(BeTrue())
		Expect(stepNumbers(t)).To(ConsistOf(int32(1), int32(2), int32(3), int32(4), int32(5), int32(6), int32(7), int32(8)))
		for _, step := range t.Steps {
			Expect(step.Evidence).NotTo(BeEmpty(), "step %d", step.Step)
		}
		for _, number := range []int32{3, 4, 5, 6} {
			Expect(len(sourcesOf(t.Step(number)))).To(BeNumerically(">=", 2), "step %d has evidence from %v", number, sourcesOf(t.Step(number)))
		}
		Expect(t.Disagreements).To(BeEmpty())
		Expect(t.Tracker).To(HaveLen(5))
		Expect(len(t.Quiz)).To(BeNumerically(">=", 5))
		Expect(t.Snapshot).To(HaveLen(5))
		Expect(t.Dropped).To(BeZero())
	}, SpecTimeout(patience))

	It("is described by revisions and values that etcd itself has", func(ctx context.Context) {
		pod := eventuallyReady(ctx, create(ctx, newPod("etcd-agrees")))
		t := trace(ctx, pod.Name)

		history := historyOf(ctx, pod.Name)
		Expect(history).To(HaveLen(3), "create, bind and Running are one revision each")
		for _, step := range t.Steps {
			for _, e := range step.Evidence {
				if e.Key == "" {
					continue
				}
				Expect(e.Key).To(Equal(etcdKey(pod.Name)))
				state, known := history[e.ModRevision]
				Expect(known).To(BeTrue(), "step %d names revision %d, which etcd does not have", step.Step, e.ModRevision)
				Expect(e.CreateRevision).To(Equal(state.CreateRevision))
				if e.Bytes != 0 {
					Expect(e.Bytes).To(Equal(int64(len(state.Value))))
				}
			}
		}
		for _, moment := range t.Tracker {
			if moment.Revision == 0 {
				continue
			}
			response, err := etcd.Get(ctx, etcdKey(pod.Name), clientv3.WithRev(moment.Revision))
			Expect(err).NotTo(HaveOccurred())
			if len(response.Kvs) == 0 {
				Expect(strings.ToLower(moment.ClusterState)).To(ContainSubstring("nothing"), "at %s", moment.Moment)
				continue
			}
			stored := &v1alpha1.SimPod{}
			Expect(json.Unmarshal(response.Kvs[0].Value, stored)).To(Succeed())
			if stored.Spec.NodeName != "" {
				Expect(moment.ClusterState).To(ContainSubstring(stored.Spec.NodeName), "at %s", moment.Moment)
			}
			Expect(moment.ClusterState).To(ContainSubstring(strconv.FormatInt(response.Kvs[0].ModRevision, 10)), "at %s", moment.Moment)
		}
		Expect(pod.ResourceVersion).To(Equal(strconv.FormatInt(slices.Max(revisions(history)), 10)))
	}, SpecTimeout(patience))

	It("stops at the scheduler where no node fits, and says why", func(ctx context.Context) {
		pod := create(ctx, newPod("too-large", requestCPU("64")))
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			condition := meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodScheduled)
			g.Expect(condition).NotTo(BeNil())
			g.Expect(condition.Reason).To(Equal(v1alpha1.ReasonUnschedulable))
			g.Expect(condition.Message).To(HavePrefix("0/3 nodes are available: 3 Insufficient cpu."))
		}).WithContext(ctx).Should(Succeed())

		t := trace(ctx, pod.Name)
		Expect(t.Outcome).To(Equal(explain.OutcomeUnschedulable))
		Expect(t.Step(4).Effect).To(ContainSubstring("Insufficient cpu"))
		Expect(t.Step(5)).To(BeNil(), "no node runs it")
	}, SpecTimeout(patience))

	It("ends with its deletion while it is pending", func(ctx context.Context) {
		pod := create(ctx, newPod("deleted-pending", requestCPU("64")))
		Expect(user.Delete(ctx, pod)).To(Succeed())
		eventuallyGone(ctx, pod)

		t := trace(ctx, pod.Name)
		Expect(t.Outcome).To(Equal(explain.OutcomeDeleted))
		Expect(t.Step(5)).To(BeNil(), "no node ran it")
	}, SpecTimeout(patience))

	It("goes on when the container fails and is restarted", func(ctx context.Context) {
		pod := create(ctx, newPod("restarts", func(pod *v1alpha1.SimPod) {
			pod.Spec.Simulation = &v1alpha1.PodSimulation{
				RunDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 1}}, ExitCode: 3,
			}
		}))
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.Restarts).To(BeNumerically(">=", 1))
		}).WithContext(ctx).Should(Succeed())

		t := trace(ctx, pod.Name)
		Expect(t.Step(5)).NotTo(BeNil())
		Expect(t.Transcript).To(ContainSubstring("restart"))
	}, SpecTimeout(patience))

	It("of a SimReplicaSet comes from the controller manager", func(ctx context.Context) {
		set := &v1alpha1.SimReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "set"},
			Spec: v1alpha1.SimReplicaSetSpec{
				Replicas: new(int32(2)),
				Selector: v1alpha1.LabelSelector{MatchLabels: map[string]v1alpha1.LabelValue{"app": "set"}},
				Template: v1alpha1.SimPodTemplateSpec{
					Metadata: v1alpha1.TemplateMeta{Labels: map[string]v1alpha1.LabelValue{"app": "set"}},
					Spec:     newPod("template").Spec,
				},
			},
		}
		Expect(user.Create(ctx, set)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(user.Delete(ctx, set)).To(Succeed()) })
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKeyFromObject(set), set)).To(Succeed())
			g.Expect(set.Status.ReadyReplicas).To(Equal(int32(2)))
		}).WithContext(ctx).Should(Succeed())
		pods := &v1alpha1.SimPodList{}
		Expect(user.List(ctx, pods, client.MatchingLabels{"app": "set"})).To(Succeed())
		Expect(pods.Items).To(HaveLen(2))

		t := trace(ctx, pods.Items[0].Name)
		Expect(t.Outcome).To(Equal(explain.OutcomeRunning))
		Expect(t.Step(1).Evidence[0].User).To(Equal("system:serviceaccount:glassplane-system:glassplane-controller-manager"))
	}, SpecTimeout(patience))

	It("is told from another that was sent at the same time", func(ctx context.Context) {
		first, second := create(ctx, newPod("at-once-1")), create(ctx, newPod("at-once-2"))
		eventuallyReady(ctx, first)
		eventuallyReady(ctx, second)
		one, two := trace(ctx, first.Name), trace(ctx, second.Name)
		Expect(one.Subject.UID).To(Equal(first.UID))
		Expect(two.Subject.UID).To(Equal(second.UID))
		Expect(revisionsIn(one)).NotTo(ContainElements(revisionsIn(two)))
		for _, revision := range revisionsIn(two) {
			Expect(revisionsIn(one)).NotTo(ContainElement(revision))
		}
	}, SpecTimeout(patience))
})

var _ = Describe("a request that is refused", func() {
	It("leaves nothing in etcd when admission rejects it", func(ctx context.Context) {
		config, err := cluster.UserConfig("integration-test")
		Expect(err).NotTo(HaveOccurred())
		recorder, err := refused(ctx, config, newPod("rejected", requestCPU("-1")))
		Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)
		Expect(err).To(MatchError(ContainSubstring("quantities must not be negative")))

		t := traceOfRequest(ctx, recorder.auditID, "rejected")
		Expect(t.Outcome).To(Equal(explain.OutcomeRejected))
		expectNothingStored(ctx, t, "rejected")
	}, SpecTimeout(patience))

	It("leaves nothing in etcd when the user has no rights", func(ctx context.Context) {
		config, err := cluster.Local.UserConfig("mallory", nil)
		Expect(err).NotTo(HaveOccurred())
		recorder, err := refused(ctx, config, newPod("forbidden"))
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)

		t := traceOfRequest(ctx, recorder.auditID, "forbidden")
		Expect(t.Outcome).To(Equal(explain.OutcomeForbidden))
		Expect(t.Step(1).Evidence[0].User).To(Equal("mallory"))
		expectNothingStored(ctx, t, "forbidden")
	}, SpecTimeout(patience))
})

// refused sends a request that the API server is to refuse.
func refused(ctx context.Context, config *rest.Config, pod *v1alpha1.SimPod) (*auditIDRecorder, error) {
	GinkgoHelper()
	recorder := &auditIDRecorder{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		recorder.next = next
		return recorder
	})
	c, err := client.New(config, client.Options{Scheme: scheme.New()})
	Expect(err).NotTo(HaveOccurred())
	err = c.Create(ctx, pod)
	Expect(err).To(HaveOccurred())
	Expect(recorder.auditID).NotTo(BeEmpty())
	return recorder, err
}

func expectNothingStored(ctx context.Context, t explain.Trace, name string) {
	GinkgoHelper()
	Expect(t.Complete).To(BeTrue())
	for _, number := range []int32{4, 5} {
		Expect(t.Step(number)).To(BeNil(), "step %d did not happen", number)
	}
	Expect(historyOf(ctx, name)).To(BeEmpty())
	for _, moment := range t.Tracker {
		Expect(strings.ToLower(moment.ClusterState)).To(ContainSubstring("nothing"), "at %s", moment.Moment)
	}
}

func eventuallyGone(ctx context.Context, pod *v1alpha1.SimPod) {
	GinkgoHelper()
	Eventually(func() bool {
		return apierrors.IsNotFound(user.Get(ctx, client.ObjectKeyFromObject(pod), &v1alpha1.SimPod{}))
	}).WithContext(ctx).Should(BeTrue())
}

// state is one revision of a key.
type state struct {
	CreateRevision int64
	Value          []byte
}

// historyOf reads every revision of a pod's key from etcd itself.
func historyOf(ctx context.Context, name string) map[int64]state {
	GinkgoHelper()
	key, history := etcdKey(name), map[int64]state{}
	current, err := etcd.Get(ctx, key)
	Expect(err).NotTo(HaveOccurred())
	for len(current.Kvs) > 0 {
		kv := current.Kvs[0]
		history[kv.ModRevision] = state{CreateRevision: kv.CreateRevision, Value: kv.Value}
		if kv.ModRevision == kv.CreateRevision {
			break
		}
		current, err = etcd.Get(ctx, key, clientv3.WithRev(kv.ModRevision-1))
		Expect(err).NotTo(HaveOccurred())
	}
	return history
}

func revisions(history map[int64]state) []int64 {
	var all []int64
	for revision := range history {
		all = append(all, revision)
	}
	return all
}

func revisionsIn(t explain.Trace) []int64 {
	var all []int64
	for _, step := range t.Steps {
		for _, e := range step.Evidence {
			if e.ModRevision != 0 {
				all = append(all, e.ModRevision)
			}
		}
	}
	return all
}
