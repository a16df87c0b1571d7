// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simjob"
	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("simjob", func() {
	var clock *clocktesting.FakePassiveClock

	// The specs are the kubelets: no other controller runs.
	BeforeEach(func() {
		clock = clocktesting.NewFakePassiveClock(time.Now())
		startManager(func(mgr ctrl.Manager) error {
			return simjob.SetupWithManager(mgr, simjob.Options{Events: recorderOf(mgr), Clock: clock, BatchPeriod: 10 * time.Millisecond})
		})
	})

	podsOf := func(ctx context.Context, job *v1alpha1.SimJob) func() ([]v1alpha1.SimPod, error) {
		return func() ([]v1alpha1.SimPod, error) {
			var list v1alpha1.SimPodList
			err := admin.List(ctx, &list, client.InNamespace(job.Namespace), client.MatchingLabels{batchv1.ControllerUidLabel: string(job.UID)})
			slices.SortFunc(list.Items, func(a, b v1alpha1.SimPod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
			return list.Items, err
		}
	}
	running := func(ctx context.Context, job *v1alpha1.SimJob) func() ([]v1alpha1.SimPod, error) {
		return func() ([]v1alpha1.SimPod, error) {
			all, err := podsOf(ctx, job)()
			return slices.DeleteFunc(all, func(p v1alpha1.SimPod) bool {
				return p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
			}), err
		}
	}
	// run waits until that many pods run, and returns them.
	run := func(ctx context.Context, job *v1alpha1.SimJob, count int) []v1alpha1.SimPod {
		GinkgoHelper()
		Eventually(running(ctx, job)).WithContext(ctx).Should(HaveLen(count))
		pods, err := running(ctx, job)()
		Expect(err).NotTo(HaveOccurred())
		return pods
	}
	end := func(ctx context.Context, pod *v1alpha1.SimPod, code int32) {
		GinkgoHelper()
		ended := wrappers.MakeReplica(pod.Name).Ended(code, clock.Now()).Obj()
		base := get(ctx, pod).DeepCopy()
		pod.Status.Phase, pod.Status.ContainerStatuses = ended.Status.Phase, ended.Status.ContainerStatuses
		pod.Status.ContainerStatuses[0].State.Terminated.Reason = v1alpha1.ReasonError
		Expect(admin.Status().Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
	}
	// counts are active, terminating, succeeded and failed.
	counts := func(ctx context.Context, job *v1alpha1.SimJob) func() ([]int32, error) {
		return func() ([]int32, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(job), job)
			return []int32{job.Status.Active, job.Status.Terminating, job.Status.Succeeded, job.Status.Failed}, err
		}
	}
	summary := func(ctx context.Context, job *v1alpha1.SimJob) func() (string, error) {
		return func() (string, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(job), job)
			return job.Status.Summary, err
		}
	}
	change := func(ctx context.Context, job *v1alpha1.SimJob, edit func(*v1alpha1.SimJobSpec)) {
		GinkgoHelper()
		base := get(ctx, job).DeepCopy()
		edit(&job.Spec)
		Expect(admin.Patch(ctx, job, client.MergeFrom(base))).To(Succeed())
	}
	create := func(ctx context.Context, job *wrappers.JobWrapper) *v1alpha1.SimJob {
		GinkgoHelper()
		out := job.Obj()
		Expect(admin.Create(ctx, out)).To(Succeed())
		return out
	}
	make := func() *wrappers.JobWrapper { return wrappers.MakeJob(unique("job")) }
	const patience = NodeTimeout(time.Minute)

	It("creates pods until as many have succeeded as must", func(ctx SpecContext) {
		job := create(ctx, make().Completions(3).Parallelism(2))
		pods := run(ctx, job, 2)
		Expect(pods[0].Finalizers).To(ConsistOf(v1alpha1.FinalizerJobTracking))
		Expect(pods[0].Labels).To(HaveKeyWithValue(batchv1.JobNameLabel, job.Name))
		Eventually(counts(ctx, job)).Should(Equal([]int32{2, 0, 0, 0}))
		Expect(job.Status.StartTime).NotTo(BeNil())

		By("counting each success once and taking the finalizer off")
		end(ctx, &pods[0], 0)
		Eventually(counts(ctx, job)).Should(Equal([]int32{2, 0, 1, 0}))
		Expect(get(ctx, &pods[0]).Finalizers).To(BeEmpty())
		end(ctx, &pods[1], 0)
		Eventually(counts(ctx, job)).Should(Equal([]int32{1, 0, 2, 0}))

		By("being complete")
		for _, pod := range run(ctx, job, 1) {
			end(ctx, &pod, 0)
		}
		Eventually(summary(ctx, job)).Should(Equal("Complete"))
		Expect(job.Status.Progress).To(Equal("3/3"))
		Expect(job.Status.UncountedTerminatedPods).To(BeNil())
		Expect(condition(job.Status.Conditions, v1alpha1.SimJobSuccessCriteriaMet)).To(Equal("True/CompletionsReached"))
		Expect(condition(job.Status.Conditions, v1alpha1.SimJobComplete)).To(Equal("True/CompletionsReached"))
		Expect(job.Status.CompletionTime).NotTo(BeNil())
		Eventually(eventsOf(ctx, job)).Should(ContainElements("Completed: Job completed", ContainSubstring("SuccessfulCreate: Created pod: "+job.Name+"-")))
		Expect(podsOf(ctx, job)()).To(HaveLen(3), "pods that have ended stay")
	}, patience)

	It("wants a success of each index", func(ctx SpecContext) {
		job := create(ctx, make().Indexed().Completions(3).Parallelism(3))
		pods := run(ctx, job, 3)
		byIndex := map[string]*v1alpha1.SimPod{}
		for i := range pods {
			index := pods[i].Annotations[batchv1.JobCompletionIndexAnnotation]
			Expect(pods[i].Labels).To(HaveKeyWithValue(batchv1.JobCompletionIndexAnnotation, index))
			Expect(pods[i].Name).To(HavePrefix(job.Name + "-" + index + "-"))
			byIndex[index] = &pods[i]
		}
		end(ctx, byIndex["0"], 0)
		end(ctx, byIndex["2"], 0)
		Eventually(counts(ctx, job)).Should(Equal([]int32{1, 0, 2, 0}))
		Expect(job.Status.CompletedIndexes).To(Equal("0,2"))

		By("growing and shrinking with its parallelism")
		change(ctx, job, func(spec *v1alpha1.SimJobSpec) { spec.Completions, spec.Parallelism = new(int32(5)), new(int32(5)) })
		run(ctx, job, 3)
		change(ctx, job, func(spec *v1alpha1.SimJobSpec) { spec.Completions, spec.Parallelism = new(int32(2)), new(int32(2)) })
		Eventually(counts(ctx, job)).Should(Equal([]int32{1, 0, 1, 0}))
		Expect(job.Status.CompletedIndexes).To(Equal("0"))
		end(ctx, byIndex["1"], 0)
		Eventually(summary(ctx, job)).Should(Equal("Complete"))
		Expect(job.Status.CompletedIndexes).To(Equal("0,1"))
	}, patience)

	It("replaces failed pods more and more slowly, and fails after too many", func(ctx SpecContext) {
		job := create(ctx, make().BackoffLimit(2))
		for failures, pause := range []time.Duration{10 * time.Second, 20 * time.Second} {
			pod := run(ctx, job, 1)[0]
			end(ctx, &pod, 1)
			Eventually(counts(ctx, job)).Should(Equal([]int32{0, 0, 0, int32(failures + 1)}))
			By("waiting " + pause.String())
			clock.SetTime(clock.Now().Add(pause - 2*time.Second))
			touch(ctx, job)
			Consistently(running(ctx, job), 300*time.Millisecond).Should(BeEmpty())
			clock.SetTime(clock.Now().Add(3 * time.Second))
			touch(ctx, job)
		}
		pod := run(ctx, job, 1)[0]
		end(ctx, &pod, 1)
		Eventually(summary(ctx, job)).Should(Equal("Failed"))
		Expect(condition(job.Status.Conditions, v1alpha1.SimJobFailureTarget)).To(Equal("True/BackoffLimitExceeded"))
		Expect(condition(job.Status.Conditions, v1alpha1.SimJobFailed)).To(Equal("True/BackoffLimitExceeded"))
		Expect(job.Status.CompletionTime).To(BeNil())
		Expect(counts(ctx, job)()).To(Equal([]int32{0, 0, 0, 3}))
		Eventually(eventsOf(ctx, job)).Should(ContainElement("BackoffLimitExceeded: Job has reached the specified backoff limit"))
	}, patience)

	It("fails, ignores or counts failures as its policy says", func(ctx SpecContext) {
		rule := func(action v1alpha1.PodFailurePolicyAction, code int32) v1alpha1.PodFailurePolicyRule {
			return v1alpha1.PodFailurePolicyRule{Action: action, OnExitCodes: &v1alpha1.OnExitCodes{Operator: v1alpha1.ExitCodeIn, Values: []int32{code}}}
		}
		disrupted := v1alpha1.PodFailurePolicyRule{Action: v1alpha1.IgnoreAction,
			OnPodConditions: []v1alpha1.OnPodCondition{{Type: v1alpha1.SimPodDisruptionTarget, Status: corev1.ConditionTrue}}}
		job := create(ctx, make().BackoffLimit(0).Parallelism(2).Completions(2).Rule(rule(v1alpha1.IgnoreAction, 3)).Rule(disrupted).Rule(rule(v1alpha1.FailJobAction, 42)))
		pods := run(ctx, job, 2)
		end(ctx, &pods[0], 3)
		Eventually(func(g Gomega) { g.Expect(get(ctx, &pods[0]).Finalizers).To(BeEmpty()) }).Should(Succeed())
		Expect(counts(ctx, job)()).To(Equal([]int32{1, 0, 0, 0}))
		clock.SetTime(clock.Now().Add(time.Minute))
		touch(ctx, job)

		By("ignoring a disruption")
		pods = run(ctx, job, 2)
		base := pods[0].DeepCopy()
		pods[0].Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimPodDisruptionTarget, Status: metav1.ConditionTrue,
			Reason: v1alpha1.ReasonDeletionByTaintManager, LastTransitionTime: metav1.Now()}}
		Expect(admin.Status().Patch(ctx, &pods[0], client.MergeFrom(base))).To(Succeed())
		Expect(admin.Delete(ctx, &pods[0])).To(Succeed())
		Eventually(counts(ctx, job)).Should(Equal([]int32{1, 1, 0, 0}))
		end(ctx, &pods[0], 137)
		Eventually(exists(ctx, &pods[0])).Should(BeFalse())
		clock.SetTime(clock.Now().Add(time.Minute))
		touch(ctx, job)

		By("failing")
		pods = run(ctx, job, 2)
		end(ctx, &pods[0], 42)
		Eventually(summary(ctx, job)).Should(Equal("FailureTarget"))
		Eventually(counts(ctx, job)).Should(Equal([]int32{0, 0, 0, 2}))
		Eventually(summary(ctx, job)).Should(Equal("Failed"))
		Expect(condition(job.Status.Conditions, v1alpha1.SimJobFailed)).To(Equal("True/PodFailurePolicy"))
		Eventually(eventsOf(ctx, job)).Should(ContainElement(ContainSubstring("failed with exit code 42 matching FailJob rule at index 2")))
	}, patience)

	It("counts a pod that somebody deletes, and leaves the kubelet its finalizer", func(ctx SpecContext) {
		job := create(ctx, make())
		pod := run(ctx, job, 1)[0]
		base := pod.DeepCopy()
		pod.Finalizers = append(pod.Finalizers, v1alpha1.FinalizerKubelet)
		Expect(admin.Patch(ctx, &pod, client.MergeFrom(base))).To(Succeed())
		Expect(admin.Delete(ctx, &pod)).To(Succeed())
		Eventually(counts(ctx, job)).Should(Equal([]int32{0, 1, 0, 1}))
		Expect(get(ctx, &pod).Finalizers).To(ConsistOf(v1alpha1.FinalizerKubelet))

		By("counting it once, whatever becomes of it")
		end(ctx, &pod, 0)
		Eventually(counts(ctx, job)).Should(Equal([]int32{0, 0, 0, 1}))
		Consistently(counts(ctx, job), 300*time.Millisecond).Should(Equal([]int32{0, 0, 0, 1}))
	}, patience)

	It("ends what takes too long", func(ctx SpecContext) {
		job := create(ctx, make().Deadline(30).Parallelism(2).Completions(2))
		run(ctx, job, 2)
		clock.SetTime(clock.Now().Add(31 * time.Second))
		touch(ctx, job)
		Eventually(summary(ctx, job)).Should(Equal("Failed"))
		Expect(condition(job.Status.Conditions, v1alpha1.SimJobFailed)).To(Equal("True/DeadlineExceeded"))
		Expect(counts(ctx, job)()).To(Equal([]int32{0, 0, 0, 2}))
		Eventually(podsOf(ctx, job)).Should(BeEmpty())
	}, patience)

	It("can be suspended and resumed, which is no failure", func(ctx SpecContext) {
		job := create(ctx, make().Suspend().Parallelism(2).Completions(2))
		Eventually(summary(ctx, job)).Should(Equal("Suspended"))
		Expect(job.Status.StartTime).To(BeNil())
		Expect(podsOf(ctx, job)()).To(BeEmpty())
		change(ctx, job, func(spec *v1alpha1.SimJobSpec) { spec.Suspend = false })
		run(ctx, job, 2)
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, job).Status.Conditions, v1alpha1.SimJobSuspended)).To(Equal("False/JobResumed"))
		}).Should(Succeed())
		Expect(job.Status.StartTime).NotTo(BeNil())
		change(ctx, job, func(spec *v1alpha1.SimJobSpec) { spec.Suspend = true })
		Eventually(podsOf(ctx, job)).Should(BeEmpty())
		Eventually(counts(ctx, job)).Should(Equal([]int32{0, 0, 0, 0}))
		Expect(job.Status.StartTime).To(BeNil())
		Eventually(eventsOf(ctx, job)).Should(ContainElements("Suspended: Job suspended", "Resumed: Job resumed"))

		By("running fewer at once")
		change(ctx, job, func(spec *v1alpha1.SimJobSpec) { spec.Suspend, spec.Parallelism = false, new(int32(1)) })
		run(ctx, job, 1)
		change(ctx, job, func(spec *v1alpha1.SimJobSpec) { spec.Parallelism = new(int32(0)) })
		Eventually(podsOf(ctx, job)).Should(BeEmpty())
		Eventually(counts(ctx, job)).Should(Equal([]int32{0, 0, 0, 0}))
	}, patience)

	It("is deleted once its time after its end is over", func(ctx SpecContext) {
		job := create(ctx, make().TTL(60))
		pod := run(ctx, job, 1)[0]
		end(ctx, &pod, 0)
		Eventually(summary(ctx, job)).Should(Equal("Complete"))
		clock.SetTime(clock.Now().Add(58 * time.Second))
		touch(ctx, job)
		Consistently(func(g Gomega) { g.Expect(get(ctx, job).DeletionTimestamp).To(BeNil()) }, 300*time.Millisecond).Should(Succeed())
		clock.SetTime(clock.Now().Add(3 * time.Second))
		touch(ctx, job)
		// Its pods go before it, which is up to the garbage collector: there is none here.
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, job).DeletionTimestamp).NotTo(BeNil())
			g.Expect(job.Finalizers).To(ContainElement(metav1.FinalizerDeleteDependents))
		}).Should(Succeed())
		base := job.DeepCopy()
		job.Finalizers = nil
		Expect(admin.Patch(ctx, job, client.MergeFrom(base))).To(Succeed())
	}, patience)

	It("lets go of the pods of a job that is gone, and adopts those that come back", func(ctx SpecContext) {
		job := create(ctx, make())
		pod := run(ctx, job, 1)[0]

		By("adopting a pod that lost its owner")
		base := pod.DeepCopy()
		pod.OwnerReferences, pod.Finalizers = nil, nil
		Expect(admin.Patch(ctx, &pod, client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(metav1.IsControlledBy(get(ctx, &pod), job)).To(BeTrue())
			g.Expect(pod.Finalizers).To(ContainElement(v1alpha1.FinalizerJobTracking))
		}).Should(Succeed())

		By("releasing one that is no longer its own")
		base = pod.DeepCopy()
		delete(pod.Labels, batchv1.ControllerUidLabel)
		Expect(admin.Patch(ctx, &pod, client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, &pod).OwnerReferences).To(BeEmpty())
			g.Expect(pod.Finalizers).To(BeEmpty())
		}).Should(Succeed())
		last := run(ctx, job, 1)[0]

		By("having a finalizer no longer than its job")
		Expect(admin.Delete(ctx, job)).To(Succeed())
		Eventually(func(g Gomega) { g.Expect(get(ctx, &last).Finalizers).To(BeEmpty()) }).Should(Succeed())
	}, patience)

	It("tracks again what runs untracked, so that its end is not lost", func(ctx SpecContext) {
		job := create(ctx, make())
		pod := run(ctx, job, 1)[0]
		base := pod.DeepCopy()
		pod.Finalizers = nil
		Expect(admin.Patch(ctx, &pod, client.MergeFrom(base))).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, &pod).Finalizers).To(ConsistOf(v1alpha1.FinalizerJobTracking))
		}).Should(Succeed())
		end(ctx, &pod, 0)
		Eventually(summary(ctx, job)).Should(Equal("Complete"))
	}, patience)

	It("goes on where one that was killed stopped", func(ctx SpecContext) {
		// The controller was killed after it had noted the end of two pods, and had
		// taken the finalizer off one of them.
		job := create(ctx, make().Completions(3).Parallelism(3))
		pods := run(ctx, job, 3)
		end(ctx, &pods[0], 0)
		end(ctx, &pods[1], 0)
		Eventually(counts(ctx, job)).Should(Equal([]int32{1, 0, 2, 0}))
		base := job.DeepCopy()
		job.Status.Succeeded = 0
		job.Status.UncountedTerminatedPods = &v1alpha1.UncountedTerminatedPods{Succeeded: []types.UID{pods[0].UID, pods[1].UID}}
		Expect(admin.Status().Patch(ctx, job, client.MergeFrom(base))).To(Succeed())
		Eventually(counts(ctx, job)).Should(Equal([]int32{1, 0, 2, 0}))
		Expect(job.Status.UncountedTerminatedPods).To(BeNil())
	}, patience)

	It("creates and counts many", func(ctx SpecContext) {
		job := create(ctx, make().Completions(120).Parallelism(50).Indexed())
		for done := 0; done < 120; {
			pods := []v1alpha1.SimPod{}
			Eventually(func(g Gomega) {
				var err error
				pods, err = running(ctx, job)()
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(pods).NotTo(BeEmpty())
			}).Should(Succeed())
			Expect(len(pods)).To(BeNumerically("<=", 50), "after "+strconv.Itoa(done))
			for i := range pods {
				end(ctx, &pods[i], 0)
			}
			done += len(pods)
		}
		Eventually(summary(ctx, job)).Should(Equal("Complete"))
		Expect(job.Status.CompletedIndexes).To(Equal("0-119"))
		Expect(podsOf(ctx, job)()).To(HaveLen(120))
	}, patience)
})

var touches int

// touch brings an object back to its controller, as a timer would that the fake
// clock does not have.
func touch(ctx context.Context, o client.Object) {
	GinkgoHelper()
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
	base := o.DeepCopyObject().(client.Object)
	touches++
	o.SetAnnotations(map[string]string{"touched": strconv.Itoa(touches)})
	Expect(admin.Patch(ctx, o, client.MergeFrom(base))).To(Succeed())
}
