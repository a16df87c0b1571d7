// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/cli"
)

// told returns the walkthrough of the object that has a name now.
func told(ctx context.Context, of object) *walkthrough {
	GinkgoHelper()
	w, err := said.ofObject(ctx, of, "")
	Expect(err).NotTo(HaveOccurred())
	return w
}

// toldOf returns the walkthrough of a request.
func toldOf(ctx context.Context, auditID string) *walkthrough {
	GinkgoHelper()
	w, err := said.ofRequest(ctx, auditID)
	Expect(err).NotTo(HaveOccurred())
	return w
}

// asks sends a request and returns its audit ID.
func asks(ctx context.Context, c call) string {
	GinkgoHelper()
	a, err := world.admin.do(ctx, c)
	Expect(err).NotTo(HaveOccurred())
	return a.auditID
}

var _ = Describe("a dry run", func() {
	It("does not look like a change, wherever a request says that it is one", func(ctx context.Context) {
		pod, ghost := simPod(namespace, "dry-alive"), simPod(namespace, "dry-ghost")
		dry := options("dryRun", "All", "fieldManager", "kubectl-label")
		created := asks(ctx, call{method: http.MethodPost, path: ghost.collection().path(), body: newPod(ghost), query: dry})
		Expect(inTurn(world.creates(ctx, pod), world.runs(ctx, pod))).To(Succeed())
		before := told(ctx, pod)

		labelled := asks(ctx, call{method: http.MethodPatch, path: pod.path(), media: mergePatch, body: labelled("touched", "yes"), query: dry})
		deleted := asks(ctx, call{method: http.MethodDelete, path: pod.path(),
			body: m{"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": []any{"All"}}})
		refused := asks(ctx, call{method: http.MethodPost, path: ghost.collection().path(), body: newPod(ghost, requesting("-1")),
			query: dry, want: []int{http.StatusUnprocessableEntity}})

		after := told(ctx, pod)
		Expect(after.Outcome).To(Equal("Running"))
		Expect(after.step(6).Effect).To(Equal(before.step(6).Effect), "the revisions of the pod")
		Expect(after.Tracker).To(Equal(before.Tracker))
		for what, auditID := range map[string]string{"create": created, "patch": labelled, "delete": deleted} {
			w := toldOf(ctx, auditID)
			Expect(w.Outcome).To(Equal("DryRun"), what)
			Expect(w.numbers()).To(Equal([]int{1, 2, 7, 8}), what)
			Expect(w.Disagreements).To(BeEmpty(), what)
		}
		Expect(toldOf(ctx, refused).Outcome).To(Equal("Rejected"))

		really := asks(ctx, call{method: http.MethodDelete, path: pod.path()})
		Expect(world.gone(ctx, pod)()).To(Succeed())
		end := told(ctx, pod)
		Expect(strings.Count(end.raw, really)).To(BeNumerically(">", 0), "the request that deleted the pod is named")
		Expect(end.raw).NotTo(ContainSubstring(deleted), "the dry run of its deletion is not")
		Expect(toldOf(ctx, deleted).Outcome).To(Equal("DryRun"), "also after the pod was deleted")
	}, SpecTimeout(patience))
})

var _ = Describe("each form of a create", func() {
	It("is told as the request that it was", func(ctx context.Context) {
		generated, err := world.admin.create(ctx, simPod(namespace, ""), newPod(simPod(namespace, ""), metadata(m{"name": nil, "generateName": "form-"})))
		Expect(err).NotTo(HaveOccurred())
		applied := simPod(namespace, "form-applied")
		apply, err := world.admin.apply(ctx, applied, "team-a", newPod(applied))
		Expect(err).NotTo(HaveOccurred())
		for of, auditID := range map[object]string{simPod(namespace, generated.name()): generated.auditID, applied: apply.auditID} {
			Expect(world.runs(ctx, of)()).To(Succeed())
			ofObject, ofRequest := told(ctx, of), toldOf(ctx, auditID)
			Expect(ofObject.AuditID).To(Equal(auditID))
			Expect(ofRequest.Subject).To(Equal(ofObject.Subject))
			Expect(ofRequest.numbers()).To(ConsistOf(1, 2, 3, 4, 5, 6, 7, 8))
		}
	}, SpecTimeout(patience))
})

var _ = Describe("the command line", func() {
	It("tells what the observer tells", func(ctx context.Context) {
		Expect(glassplaneRun(ctx, world, "by-command")).To(Succeed())
		out := &bytes.Buffer{}
		code := cli.Main(ctx, "glassplane", []string{"walk", "simpod/by-command", "-o", "json", "-n", namespace,
			"--kubeconfig", world.kubeconfig, "--observer", world.observerURL}, world.streams(out))
		Expect(code).To(BeZero(), out.String())
		w := &walkthrough{}
		Expect(json.Unmarshal(out.Bytes(), w)).To(Succeed())
		found := readTruth(ctx)
		l := found.lifeOf(simPod(namespace, "by-command"), w.Subject.UID)
		Expect(l).NotTo(BeNil())
		own := newLedger()
		found.compareLife(own, l, w)
		own.expectTrue()
	}, SpecTimeout(patience))
})

var _ = Describe("a forced apply", func() {
	It("names the field manager that it was forced by", func(ctx context.Context) {
		pod := simPod(namespace, "forced")
		_, err := world.admin.apply(ctx, pod, "team-a", newPod(pod))
		Expect(err).NotTo(HaveOccurred())
		Expect(world.runs(ctx, pod)()).To(Succeed())
		refused, err := world.admin.apply(ctx, pod, "team-b", newPod(pod, image("app:2")), http.StatusConflict)
		Expect(err).NotTo(HaveOccurred())
		forced := asks(ctx, call{method: http.MethodPatch, path: pod.path(), media: serverApply, body: newPod(pod, image("app:3")),
			query: options("fieldManager", "team-b", "force", "true")})

		Expect(toldOf(ctx, refused.auditID).Outcome).To(BeElementOf("Rejected", "Conflict"))
		Expect(strings.Contains(told(ctx, pod).text(), "team-b")).To(BeTrue(), "in the pod's own walkthrough")
		Expect(strings.Contains(toldOf(ctx, forced).text(), "team-b")).To(BeTrue(), "in that of the request")
	}, SpecTimeout(patience))
})

var _ = Describe("the end of a namespace", func() {
	It("is told of each of its pods, and not of those that get their names later", func(ctx context.Context) {
		name := namespace + "-ending"
		quick, slow := simPod(name, "quick"), simPod(name, "slow")
		made := inTurn(
			world.makesNamespace(ctx, name),
			world.creates(ctx, quick), world.creates(ctx, slow, simulated(m{"shutdownDuration": lasting("200ms")})),
			world.runs(ctx, quick), world.runs(ctx, slow))
		Expect(made).To(Succeed())
		_, err := world.admin.delete(ctx, namespaceOf(name), nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(world.gone(ctx, quick, slow)()).To(Succeed())

		found := readTruth(ctx)
		for _, of := range []object{quick, slow} {
			w := told(ctx, of)
			Expect(w.Outcome).To(Equal("Deleted"))
			Expect(w.Complete).To(BeTrue())
			l := found.lifeOf(of, w.Subject.UID)
			Expect(l).NotTo(BeNil())
			own := newLedger()
			found.compareLife(own, l, w)
			own.expectTrue()
			for _, s := range l.states {
				if deedOf(s) == marks {
					r := found.makers[s.revision].request
					Expect(r).NotTo(BeNil())
					Expect(r.User.Username).To(Equal("system:serviceaccount:kube-system:namespace-controller"))
					Expect(w.raw).To(ContainSubstring(r.AuditID))
				}
			}
		}

		By("making the namespace and its pods again")
		Eventually(func() error { return world.makesNamespace(ctx, name)() }).WithContext(ctx).Should(Succeed())
		before := told(ctx, quick)
		Expect(inTurn(world.creates(ctx, quick), world.runs(ctx, quick))).To(Succeed())
		again := told(ctx, quick)
		Expect(again.Outcome).To(Equal("Running"))
		Expect(again.Subject.UID).NotTo(Equal(before.Subject.UID))
		Expect(again.AuditID).NotTo(Equal(before.AuditID))
		Expect(again.raw).NotTo(ContainSubstring("deletecollection"))
	}, SpecTimeout(2*patience))
})
