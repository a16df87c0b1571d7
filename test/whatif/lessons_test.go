// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lesson"
	"github.com/glassplane/glassplane/internal/tutor"
)

func tell(format string, args ...any) { GinkgoWriter.Printf(format+"\n", args...) }

// expectNoLesson proves that nothing of a lesson is left.
func expectNoLesson(ctx context.Context) {
	GinkgoHelper()
	expectClean(ctx)
	var namespaces corev1.NamespaceList
	Expect(userClient().List(ctx, &namespaces, client.HasLabels{"glassplane.dev/lesson"})).To(Succeed())
	Expect(namespaces.Items).To(BeEmpty())
}

var _ = Describe("each lesson that ships", Ordered, ContinueOnFailure, Label("lessons"), func() {
	for _, l := range lesson.All() {
		It(l.Name+" can be done by its solutions, and leaves nothing", func(ctx SpecContext) {
			if unmet := l.Unmet(plane.Offer); len(unmet) > 0 {
				Skip("this control plane does not offer what it needs: " + strings.Join(unmet, "; "))
			}
			passed := []string{}
			report, err := tutor.Run(ctx, plane, l, tutor.Options{Learner: tutor.Solver{}, Tell: tell, Passed: func(step string) error {
				passed = append(passed, step)
				return nil
			}})
			Expect(err).NotTo(HaveOccurred())
			Expect(report.Problem).To(BeEmpty())
			Expect(report.Outcome).To(Equal(experiment.AsExpected))
			Expect(passed).To(ConsistOf(l.StepNames()))
			for _, step := range report.Steps {
				for _, q := range step.Questions {
					Expect(q.Right).To(HaveLen(1), "%s: %v", q.ID, q.Evidence)
				}
				if step.Task != nil {
					Expect(step.Task.Before.IsDone()).To(BeFalse())
					Expect(step.Task.After.IsDone()).To(BeTrue())
					Expect(step.Task.After.Broken()).To(BeNil())
				}
			}
			expectNoLesson(ctx)
		}, SpecTimeout(limit))
	}
})

// pupil is a learner who works in a way of their own.
type pupil struct {
	tutor.Solver
	work func(context.Context, *tutor.Desk) error
}

func (p pupil) Work(ctx context.Context, d *tutor.Desk) error { return p.work(ctx, d) }

var _ = Describe("a lesson", Label("lessons"), func() {
	pending := func() *lesson.Lesson {
		GinkgoHelper()
		l, err := lesson.Find("why-pending")
		Expect(err).NotTo(HaveOccurred())
		return l
	}

	It("notices that a pod was made again where that is forbidden, and begins the task anew", func(ctx SpecContext) {
		began := 0
		_, err := tutor.Run(ctx, plane, pending(), tutor.Options{Tell: tell, Learner: pupil{work: func(ctx context.Context, d *tutor.Desk) error {
			if d.Name != "room" {
				return errStop
			}
			if began++; began > 1 {
				state, err := d.State(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(state.Broken()).To(BeNil())
				return d.Solve(ctx)
			}
			pod := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "lesson-why-pending"}}
			Expect(userClient().Delete(ctx, pod)).To(Succeed())
			Eventually(func() (*experiment.CheckResult, error) {
				state, err := d.State(ctx)
				return state.Broken(), err
			}).Should(HaveField("Says", "The pod web is the same one"))
			pod.Spec.Containers = []v1alpha1.Container{{Name: "main", Image: "nginx"}}
			Eventually(func() error { return userClient().Create(ctx, pod) }).Should(Succeed())
			state, err := d.State(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(state.Broken().Found).To(ContainSubstring("its UID is " + string(pod.UID)))
			return tutor.ErrAgain
		}}})
		Expect(err).To(MatchError(errStop))
		Expect(began).To(Equal(2))
		expectNoLesson(ctx)
	}, SpecTimeout(limit))

	It("begins at a later step with what the tasks before have made", func(ctx SpecContext) {
		var worked []string
		_, err := tutor.Run(ctx, plane, pending(), tutor.Options{From: "wanted", Tell: tell, Learner: pupil{work: func(ctx context.Context, d *tutor.Desk) error {
			worked = append(worked, d.Name)
			var pods v1alpha1.SimPodList
			Expect(userClient().List(ctx, &pods, client.InNamespace("lesson-why-pending"))).To(Succeed())
			Expect(pods.Items).To(HaveLen(3))
			return d.Solve(ctx)
		}}})
		Expect(err).NotTo(HaveOccurred())
		Expect(worked).To(Equal([]string{"wanted"}))
		expectNoLesson(ctx)
	}, SpecTimeout(limit))

	It("leaves nothing when it is interrupted, nor what the learner made", func(ctx SpecContext) {
		interrupted, cancel := context.WithCancel(ctx)
		defer cancel()
		report, err := tutor.Run(interrupted, plane, pending(), tutor.Options{Tell: tell, Learner: pupil{work: func(ctx context.Context, _ *tutor.Desk) error {
			pod := &v1alpha1.SimPod{
				ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "lesson-why-pending"},
				Spec:       v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: "nginx"}}},
			}
			Expect(userClient().Create(ctx, pod)).To(Succeed())
			cancel()
			return context.Cause(ctx)
		}}})
		Expect(err).To(MatchError(context.Canceled))
		Expect(report.Outcome).To(Equal(experiment.Interrupted))
		expectNoLesson(ctx)
	}, SpecTimeout(limit))

	It("deletes what one that was killed has left", func(ctx SpecContext) {
		admin := userClient()
		label := map[string]string{"glassplane.dev/lesson": "why-pending"}
		Expect(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "lesson-other", Labels: label}})).To(Succeed())
		node := leftover("left-node")
		node.Labels = label
		Expect(admin.Create(ctx, node)).To(Succeed())
		_, err := tutor.Run(ctx, plane, pending(), tutor.Options{Tell: tell, Learner: pupil{work: func(context.Context, *tutor.Desk) error { return errStop }}})
		Expect(err).To(MatchError(errStop))
		expectNoLesson(ctx)
	}, SpecTimeout(limit))

	It("says that a file is wrong whose task is done before anybody has done anything", func(ctx SpecContext) {
		l, err := lesson.Parse("test.yaml", []byte(doneBefore))
		Expect(err).NotTo(HaveOccurred())
		_, err = tutor.Run(ctx, plane, l, tutor.Options{Tell: tell, Learner: tutor.Solver{}})
		Expect(err).To(MatchError(ContainSubstring("the file is wrong: task make is done before anybody has done anything")))
		expectNoLesson(ctx)
	}, SpecTimeout(limit))
})

const errStop = stopError("the learner stops")

type stopError string

func (e stopError) Error() string { return string(e) }

// doneBefore sets up what its task asks for.
const doneBefore = `
apiVersion: glassplane.dev/lesson/v1
name: done-before
title: A node
about: Nothing.
minutes: 1
steps:
- name: make
  task:
    asks: Make a node.
    setup:
    - does: A node is made
      apply: [{apiVersion: sim.glassplane.dev/v1alpha1, kind: SimNode, metadata: {name: before-a}, spec: {capacity: {cpu: "1"}}}]
    done: [{says: There is a node, state: {resource: simnodes, name: before-a}}]
    hints: [Make it.]
    solution:
    - does: A node is made
      request: {verb: create, object: {apiVersion: sim.glassplane.dev/v1alpha1, kind: SimNode, metadata: {name: before-a}, spec: {capacity: {cpu: "1"}}}}
    after: There is one.
`
