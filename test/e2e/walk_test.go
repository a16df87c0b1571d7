// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
)

// simPodManifest is what a user would write.
const simPodManifest = `
apiVersion: sim.glassplane.dev/v1alpha1
kind: SimPod
metadata:
  name: %s
spec:
  containers:
  - name: web
    image: nginx:1.29
    resources: {requests: {cpu: 100m, memory: 64Mi}}
`

// createSimPod creates a SimPod with kubectl and waits until it runs.
func createSimPod(ctx context.Context, namespace, name string) {
	GinkgoHelper()
	kubectlInput(ctx, fmt.Sprintf(simPodManifest, name), "create", "-n", namespace, "-f", "-")
	kubectl(ctx, "wait", "-n", namespace, "simpod/"+name, "--for=condition=Ready", "--timeout=60s")
}

// walk follows a request with the kubectl plugin, through a port-forward to the
// observer.
func walk(ctx context.Context, namespace, subject string) (explain.Trace, error) {
	out, err := output(ctx, "", "kubectl", "glassplane", "walk", subject, "-n", namespace, "-o", "json")
	if err != nil {
		return explain.Trace{}, err
	}
	var trace explain.Trace
	err = json.Unmarshal([]byte(out), &trace)
	return trace, err
}

// eventualWalk follows a request until its explanation passes the check.
func eventualWalk(ctx context.Context, namespace, subject string, check func(Gomega, explain.Trace)) (trace explain.Trace) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		var err error
		trace, err = walk(ctx, namespace, subject)
		g.Expect(err).NotTo(HaveOccurred())
		check(g, trace)
	}).Should(Succeed())
	return trace
}

func stateOf(trace explain.Trace, source evidence.Source) v1alpha1.EvidenceSource {
	for _, s := range trace.Sources {
		if s.Name == string(source) {
			return s
		}
	}
	return v1alpha1.EvidenceSource{}
}

func entries(trace explain.Trace, source evidence.Source) int32 {
	return stateOf(trace, source).Entries
}

// unavailable returns the names of the sources that could not be read.
func unavailable(trace explain.Trace) []string {
	var names []string
	for _, s := range trace.Sources {
		if !s.Available {
			names = append(names, s.Name)
		}
	}
	return names
}

// isWhole checks that a trace tells the whole story: eight steps, each of them
// proved by evidence, without a source that says something else than another.
func isWhole(g Gomega, trace explain.Trace, wantSources ...evidence.Source) {
	g.Expect(trace.Outcome).To(Equal(explain.OutcomeRunning))
	g.Expect(trace.Complete).To(BeTrue())
	var steps []int32
	for _, step := range trace.Steps {
		steps = append(steps, step.Step)
		g.Expect(step.Evidence).NotTo(BeEmpty(), "evidence of step %d", step.Step)
	}
	g.Expect(steps).To(ConsistOf(int32(1), int32(2), int32(3), int32(4), int32(5), int32(6), int32(7), int32(8)))
	for _, source := range wantSources {
		g.Expect(stateOf(trace, source).Available).To(BeTrue(), "%s is available", source)
		g.Expect(entries(trace, source)).To(BeNumerically(">", 0), "entries of %s", source)
	}
	g.Expect(trace.Disagreements).To(BeEmpty())
}

// proved checks all evidence of a trace that names an audit ID against the audit
// log, and all that names a revision against etcd.
func proved(ctx context.Context, trace explain.Trace, key string) {
	GinkgoHelper()
	events := auditEvents()
	var audited, stored int
	for _, step := range trace.Steps {
		for _, e := range step.Evidence {
			what := fmt.Sprintf("step %d: %s: %s", step.Step, e.Source, e.Summary)
			if e.Source == string(evidence.SourceAudit) {
				Expect(events).To(HaveKey(e.AuditID), what)
				event := events[e.AuditID]
				Expect(event.Verb).To(Equal(e.Verb), what)
				Expect(event.User.Username).To(Equal(e.User), what)
				Expect(event.UserAgent).To(Equal(e.UserAgent), what)
				audited++
			}
			if e.Source == string(evidence.SourceEtcd) && e.ModRevision > 0 {
				response, err := etcdClient.Get(ctx, key, clientv3.WithRev(e.ModRevision))
				Expect(err).NotTo(HaveOccurred(), what)
				Expect(response.Kvs).To(HaveLen(1), what)
				kv := response.Kvs[0]
				Expect(kv.ModRevision).To(Equal(e.ModRevision), what)
				Expect(kv.CreateRevision).To(Equal(e.CreateRevision), what)
				Expect(int64(len(kv.Value))).To(Equal(e.Bytes), what)
				stored++
			}
		}
	}
	Expect(audited).To(BeNumerically(">=", 4), "evidence from the audit log: create, bind and status")
	Expect(stored).To(BeNumerically(">=", 3), "evidence from etcd: pending, bound and running")
}

// writers returns the users of the write requests that a step is proved by.
func writers(trace explain.Trace, step int32) []string {
	var users []string
	for _, e := range trace.Step(step).Evidence {
		if e.Source == string(evidence.SourceAudit) {
			users = append(users, e.User)
		}
	}
	return users
}

// revisions returns those that the steps of a trace name, in etcd's evidence.
func revisions(trace explain.Trace, step int32) []int64 {
	var all []int64
	for _, e := range trace.Step(step).Evidence {
		if e.Source == string(evidence.SourceEtcd) && e.ModRevision > 0 {
			all = append(all, e.ModRevision)
		}
	}
	return all
}

func serviceAccount(name string) string { return "system:serviceaccount:" + namespace + ":" + name }

// createdRevision is the revision that the API server answered a create with, as
// its audit log has it.
func createdRevision(event auditv1.Event) string {
	GinkgoHelper()
	Expect(event.ResponseObject).NotTo(BeNil())
	var object unstructured.Unstructured
	Expect(runtime.DecodeInto(unstructured.UnstructuredJSONScheme, event.ResponseObject.Raw, &object)).To(Succeed())
	return object.GetResourceVersion()
}

var _ = Describe("A walkthrough on a kubeadm control plane", SpecPriority(priorityKubeadm), func() {
	BeforeEach(func(ctx SpecContext) { ensureDeployed(ctx, kubeadmConfig) })

	It("explains a SimPod that kubectl created, with evidence from audit log and etcd", func(ctx SpecContext) {
		ns := makeNamespace(ctx)
		makeNodes(ctx, "walk", 2)
		createSimPod(ctx, ns, "web")
		trace := eventualWalk(ctx, ns, "simpod/web", func(g Gomega, trace explain.Trace) {
			isWhole(g, trace, evidence.SourceAudit, evidence.SourceWatch, evidence.SourceEtcd, evidence.SourceDecision, evidence.SourceTransition)
		})
		key := "/registry/" + v1alpha1.GroupName + "/simpods/" + ns + "/web"
		proved(ctx, trace, key)
		Expect(writers(trace, 4)).To(ContainElement(serviceAccount("glassplane-scheduler")))
		Expect(writers(trace, 5)).To(ContainElement(serviceAccount("glassplane-controller-manager")))

		create := auditEvents()[trace.AuditID]
		Expect(create.Verb).To(Equal("create"))
		Expect(create.UserAgent).To(HavePrefix("kubectl/"))
		Expect(revisions(trace, 3)).To(HaveLen(1))
		Expect(createdRevision(create)).To(Equal(fmt.Sprint(revisions(trace, 3)[0])))
		Expect(revisions(trace, 6)).To(Equal(revisionsInEtcd(ctx, key)), "step 6 has each state that etcd kept")
	})

	It("explains a Pod that the real scheduler and kubelet ran, with the same eight steps", func(ctx SpecContext) {
		ns := makeNamespace(ctx)
		kubectl(ctx, "run", "mypod", "-n", ns, "--image="+imageInNode(ctx, "pause"), "--image-pull-policy=Never")
		kubectl(ctx, "wait", "-n", ns, "pod/mypod", "--for=condition=Ready", "--timeout=60s")
		trace := eventualWalk(ctx, ns, "pod/mypod", func(g Gomega, trace explain.Trace) {
			isWhole(g, trace, evidence.SourceAudit, evidence.SourceWatch, evidence.SourceEtcd)
		})
		key := "/registry/pods/" + ns + "/mypod"
		proved(ctx, trace, key)
		Expect(writers(trace, 4)).To(ContainElement("system:kube-scheduler"))
		Expect(writers(trace, 5)).To(ContainElement(HavePrefix("system:node:")))
		Expect(auditEvents()[trace.AuditID].UserAgent).To(HavePrefix("kubectl/"))
		Expect(revisions(trace, 6)).To(Equal(revisionsInEtcd(ctx, key)))
	})

	It("keeps the status of a Walkthrough until it is Complete", func(ctx SpecContext) {
		ns := makeNamespace(ctx)
		makeNodes(ctx, "wt", 1)
		kubectlInput(ctx, `
apiVersion: sim.glassplane.dev/v1alpha1
kind: Walkthrough
metadata: {name: tour}
spec:
  template:
    spec:
      containers: [{name: web, image: nginx:1.29}]
`, "create", "-n", ns, "-f", "-")
		kubectl(ctx, "wait", "-n", ns, "walkthrough/tour", "--for=condition=Complete", "--timeout=60s")
		var tour v1alpha1.Walkthrough
		Expect(k8sClient.Get(ctx, client.ObjectKey{Namespace: ns, Name: "tour"}, &tour)).To(Succeed())
		Expect(tour.Status.Outcome).To(Equal("Running"))
		Expect(tour.Status.Steps).To(HaveLen(8))
		Expect(tour.Status.Tracker).To(HaveLen(5))
	})
})

// imageInNode returns the name of an image that the node has already, by the
// last part of its name without the tag.
func imageInNode(ctx context.Context, base string) string {
	GinkgoHelper()
	var nodes corev1.NodeList
	Expect(k8sClient.List(ctx, &nodes)).To(Succeed())
	for _, image := range nodes.Items[0].Status.Images {
		for _, name := range image.Names {
			if strings.Contains(name, "/"+base+":") {
				return name
			}
		}
	}
	Fail("the node has no image " + base)
	return ""
}
