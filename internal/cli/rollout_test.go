// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload/deployment"
	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("rollout", func() {
	var (
		admin string
		d     *v1alpha1.SimDeployment
	)
	// The controller's part is played by the specs: it has specs of its own.
	makeSet := func(ctx context.Context, revision int, image, cause string) *v1alpha1.SimReplicaSet {
		GinkgoHelper()
		of := d.DeepCopy()
		of.Spec.Template.Spec.Containers[0].Image = image
		plan, err := deployment.Next(deployment.State{Deployment: of})
		Expect(err).NotTo(HaveOccurred())
		set := plan.Present
		set.Annotations = map[string]string{deployment.RevisionAnnotation: fmt.Sprint(revision)}
		if cause != "" {
			set.Annotations[deployment.ChangeCauseAnnotation] = cause
		}
		Expect(cluster.Client.Create(ctx, set)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, set)).To(Succeed()) })
		return set
	}
	report := func(ctx context.Context, replicas, updated, available int32, reason string) {
		GinkgoHelper()
		base := reload(ctx, d).DeepCopy()
		d.Status.ObservedGeneration, d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas = d.Generation, replicas, updated, available
		d.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimDeploymentProgressing, Status: metav1.ConditionTrue, Reason: reason, LastTransitionTime: metav1.Now()}}
		Expect(cluster.Client.Status().Patch(ctx, d, client.MergeFrom(base))).To(Succeed())
	}
	rollout := func(ctx context.Context, args ...string) (int, string, string) {
		GinkgoHelper()
		return glassplane(ctx, append([]string{"rollout", "--kubeconfig", admin}, args...)...)
	}
	const name = "simdeployment.sim.glassplane.dev/rolled"

	BeforeEach(func(ctx SpecContext) {
		admin = writeKubeconfig(cluster.Config)
		d = wrappers.MakeSimDeployment("rolled", 2).New()
		Expect(cluster.Client.Create(ctx, d)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, d)).To(Succeed()) })
	})

	It("watches a rollout until it is done, and fails where it takes too long", func(ctx SpecContext) {
		report(ctx, 2, 1, 2, v1alpha1.ReasonReplicaSetUpdated)
		code, out, errOut := rollout(ctx, "status", "simdeployment/rolled", "--watch=false")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal("Waiting for deployment \"rolled\" rollout to finish: 1 out of 2 new replicas have been updated...\n"))
		code, _, errOut = rollout(ctx, "status", "sdeploy", "rolled", "--timeout=1s")
		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: timed out waiting for the condition\n"))
		code, _, errOut = rollout(ctx, "status", "simdeployment/rolled", "--revision=7")
		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: desired revision (7) is different from the running revision (0)\n"))

		done := make(chan string, 1)
		go func() {
			defer GinkgoRecover()
			code, out, errOut := rollout(ctx, "status", "simdeployments.sim.glassplane.dev/rolled")
			done <- fmt.Sprint(code, " ", out, errOut)
		}()
		Consistently(done, "500ms").ShouldNot(Receive())
		report(ctx, 2, 2, 2, v1alpha1.ReasonNewReplicaSetAvailable)
		Eventually(done).Should(Receive(And(HavePrefix("0 "), HaveSuffix("deployment \"rolled\" successfully rolled out\n"))))

		report(ctx, 2, 1, 2, v1alpha1.ReasonProgressDeadlineExceeded)
		code, _, errOut = rollout(ctx, "status", "simdeployment/rolled")
		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: deployment \"rolled\" exceeded its progress deadline\n"))
	})

	It("shows the history and goes back in it", func(ctx SpecContext) {
		makeSet(ctx, 1, "app:0", "first")
		makeSet(ctx, 3, "app:1", "")
		code, out, errOut := rollout(ctx, "history", "simdeployment/rolled")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(name + " \nREVISION  CHANGE-CAUSE\n1         first\n3         <none>\n\n"))
		code, out, errOut = rollout(ctx, "history", "simdeployment/rolled", "--revision=1")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(And(HavePrefix(name+" with revision #1\nPod Template:\n"), ContainSubstring("app:0")))
		code, out, errOut = rollout(ctx, "history", "simdeployment/rolled", "--revision=1", "-o", "yaml")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(And(ContainSubstring("kind: SimReplicaSet"), ContainSubstring("image: app:0")))
		code, _, errOut = rollout(ctx, "history", "simdeployment/rolled", "--revision=2")
		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: unable to find the specified revision\n"))

		By("rolling back")
		code, out, errOut = rollout(ctx, "undo", "simdeployment/rolled", "--to-revision=3")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(name + " skipped rollback (current template already matches revision 3)\n"))
		code, out, errOut = rollout(ctx, "undo", "simdeployment/rolled", "--dry-run=server")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(name + " rolled back (server dry run)\n"))
		Expect(reload(ctx, d).Spec.Template.Spec.Containers[0].Image).To(Equal("app:1"))
		code, out, errOut = rollout(ctx, "undo", "simdeployment/rolled")
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(name + " rolled back\n"))
		Expect(reload(ctx, d).Spec.Template.Spec.Containers[0].Image).To(Equal("app:0"))
		Expect(d.Spec.Template.Metadata.Labels).NotTo(HaveKey(deployment.HashLabel))
		Expect(d.Annotations).To(HaveKeyWithValue(deployment.ChangeCauseAnnotation, "first"))
		code, _, errOut = rollout(ctx, "undo", "simdeployment/rolled", "--to-revision=9")
		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: unable to find specified revision 9 in history\n"))
	})

	It("pauses, resumes and restarts", func(ctx SpecContext) {
		for _, step := range []struct {
			command string
			code    int
			says    string
		}{
			{"pause", 0, name + " paused\n"},
			{"pause", 1, "error: simdeployments.sim.glassplane.dev \"rolled\" is already paused\n"},
			{"restart", 1, "error: simdeployments.sim.glassplane.dev \"rolled\" can't restart paused deployment (run rollout resume first)\n"},
			{"resume", 0, name + " resumed\n"},
			{"resume", 1, "error: simdeployments.sim.glassplane.dev \"rolled\" is not paused\n"},
			{"restart", 0, name + " restarted\n"},
		} {
			code, out, errOut := rollout(ctx, step.command, "simdeployment/rolled")
			Expect(out+errOut).To(Equal(step.says), step.command)
			Expect(code).To(Equal(step.code), step.command)
		}
		Expect(reload(ctx, d).Spec.Template.Metadata.Annotations).To(HaveKey(restartedAt))
		code, out, errOut := rollout(ctx, "pause", "simdeployment", "-l", "no=such")
		Expect(code).To(BeZero(), errOut)
		Expect(out + errOut).To(Equal("No resources found in default namespace.\n"))
	})

	It("says what is wrong with its arguments", func(ctx SpecContext) {
		for args, want := range map[string]string{
			"status":                               "required resource not specified",
			"status deployment/web":                "for real ones use kubectl rollout",
			"status simdeployment/":                "expected TYPE/NAME",
			"status simdeployment/rolled web":      "expected simdeployment",
			"status simdeployment/nowhere":         "not found",
			"status simdeployment/a -l a=b":        "exclude each other",
			"status simdeployment -l ==":           "invalid --selector",
			"status simdeployment/a --revision=-1": "revision must be a positive integer",
			"history simdeployment/rolled -o wide": "must be json, yaml or name",
		} {
			code, _, errOut := rollout(ctx, strings.Fields(args)...)
			Expect(code).To(Equal(1), args)
			Expect(errOut).To(ContainSubstring(want), args)
		}
	})
})
