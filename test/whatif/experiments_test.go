// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/substrate"
)

// limit bounds one experiment on a busy machine.
const limit = 4 * time.Minute

// ofGlassplane are the keys that etcd holds of Glassplane's own kinds.
func ofGlassplane(ctx context.Context) []string {
	GinkgoHelper()
	config, err := cluster.EtcdClientConfig("what-if-test")
	Expect(err).NotTo(HaveOccurred())
	client, err := clientv3.New(config)
	Expect(err).NotTo(HaveOccurred())
	defer client.Close()
	var keys []string
	for _, prefix := range []string{"/registry/" + v1alpha1.GroupName + "/", "/registry/priorityclasses/whatif-", "/registry/validatingwebhookconfigurations/what-if-"} {
		response, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
		Expect(err).NotTo(HaveOccurred())
		for _, kv := range response.Kvs {
			keys = append(keys, string(kv.Key))
		}
	}
	return keys
}

// states are what the processes of the control plane are doing.
func states() map[string]substrate.State {
	out := map[string]substrate.State{}
	for _, process := range cluster.Processes() {
		out[process.Name] = process.State
	}
	return out
}

// expectClean proves that the control plane is as it was before.
func expectClean(ctx context.Context) {
	GinkgoHelper()
	Eventually(ofGlassplane).WithContext(ctx).Should(BeEmpty())
	Expect(states()).To(HaveEach(substrate.StateRunning))
	Expect(cluster.Err()).NotTo(HaveOccurred())
}

// asExpected matches a result whose checks all hold, and shows those that do not.
func asExpected() types.GomegaMatcher {
	return WithTransform(func(r experiment.Result) string {
		wrong := []string{r.Problem}
		for _, check := range append(append([]experiment.CheckResult{}, r.Checks...), r.Invariants...) {
			if !check.Holds {
				wrong = append(wrong, fmt.Sprintf("%s: wanted %s, found %s%s %v", check.Says, check.Wanted, check.Found, check.Unavailable, check.Evidence))
			}
		}
		for _, q := range r.Questions {
			if len(q.Right) == 0 {
				found, _ := json.MarshalIndent(q, "", " ")
				wrong = append(wrong, "no choice is right: "+string(found))
			}
		}
		return strings.TrimSpace(strings.Join(wrong, "\n"))
	}, BeEmpty())
}

// expectAsExpected runs an experiment, and proves that it comes as it expects and leaves
// nothing.
func expectAsExpected(ctx context.Context, e *experiment.Experiment) {
	GinkgoHelper()
	Expect(e.Unmet(plane.Offer)).To(BeEmpty())
	result, err := lab.Run(ctx, plane, e, lab.Options{Tell: func(format string, args ...any) { GinkgoWriter.Printf(format+"\n", args...) }})
	Expect(err).NotTo(HaveOccurred())
	Expect(result).To(asExpected())
	Expect(result.Outcome).To(Equal(experiment.AsExpected))
	expectClean(ctx)
}

// expectEach runs the experiments that need leader election, or those that do not.
func expectEach(leaderElection bool) {
	for _, e := range experiment.All() {
		if e.Needs.LeaderElection == leaderElection {
			It(e.Name+" comes as it expects, and leaves nothing", func(ctx SpecContext) { expectAsExpected(ctx, e) }, SpecTimeout(limit))
		}
	}
}

var _ = Describe("each experiment that ships", Ordered, ContinueOnFailure, Label("experiments"), func() { expectEach(false) })

var _ = Describe("each experiment with leaders that ships", Ordered, ContinueOnFailure, Label("experiments"), func() {
	BeforeAll(func(ctx SpecContext) { start(ctx, true) })
	AfterAll(func(ctx SpecContext) { start(ctx, false) })

	expectEach(true)

	It("goes on where the leader has lost its Lease for so long that it has ended", func(ctx SpecContext) {
		found, err := experiment.Find("two-leaders")
		Expect(err).NotTo(HaveOccurred())
		longer := *found
		at := slices.IndexFunc(longer.Steps, func(s experiment.Step) bool { return s.Name == "on-time" })
		longer.Steps = slices.Insert(slices.Clone(longer.Steps), at, experiment.Step{
			Name: "deadline", Does: "The leader before gives up", Hold: &metav1.Duration{Duration: 13 * time.Second},
		})
		expectAsExpected(ctx, &longer)
	}, SpecTimeout(limit))
})

// interrupted runs an experiment and interrupts it once a step is told.
func interrupted(ctx context.Context, e *experiment.Experiment, at string) (experiment.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return lab.Run(ctx, plane, e, lab.Options{
		Predict: func(ctx context.Context, _ experiment.Listing) (map[string]string, error) {
			if at == "predict" {
				cancel()
				return nil, context.Cause(ctx)
			}
			return nil, nil
		},
		Tell: func(format string, args ...any) {
			if strings.HasPrefix(fmt.Sprintf(format, args...), at) {
				cancel()
			}
		},
	})
}

var _ = Describe("an interruption", func() {
	DescribeTable("heals and leaves nothing", func(ctx SpecContext, name, at string) {
		e, err := experiment.Find(name)
		Expect(err).NotTo(HaveOccurred())
		result, err := interrupted(ctx, e, at)
		Expect(err).To(MatchError(context.Canceled))
		Expect(result.Outcome).To(Equal(experiment.Interrupted))
		expectClean(ctx)
	},
		Entry("while it is set up", "etcd-down", "setting up", SpecTimeout(limit)),
		Entry("while it is predicted", "etcd-down", "predict", SpecTimeout(limit)),
		Entry("while something breaks", "etcd-down", "etcd's process is ended", SpecTimeout(limit)),
		Entry("while it is broken", "etcd-down", "A client asks for a pod", SpecTimeout(limit)),
		Entry("while it heals", "etcd-down", "etcd is started again", SpecTimeout(limit)),
		Entry("while a request waits in the background", "etcd-down", "Three seconds pass", SpecTimeout(limit)),
		Entry("while all settles", "etcd-down", "waiting until all has come to its end", SpecTimeout(limit)),
		Entry("while a Fault begins", "node-crash", "The node whatif-a is switched off", SpecTimeout(limit)),
		Entry("while a Fault is in effect", "rolling-update", "The client asks for that image", SpecTimeout(limit)),
		Entry("while a second scheduler runs", "two-schedulers", "Wait until all pods run", SpecTimeout(limit)),
		Entry("while a node is drained", "drain-with-budget", "Wait until the drain has ended", SpecTimeout(limit)),
		Entry("while a watch is cut", "stale-watch", "Somebody deletes a pod", SpecTimeout(limit)),
	)
})

var _ = Describe("an experiment", func() {
	parse := func(file string) *experiment.Experiment {
		GinkgoHelper()
		e, err := experiment.Parse("test.yaml", []byte(file))
		Expect(err).NotTo(HaveOccurred())
		return e
	}

	It("is refused before it begins where the control plane does not offer what it needs", func(ctx SpecContext) {
		e, err := experiment.Find("etcd-down")
		Expect(err).NotTo(HaveOccurred())
		without := plane
		without.Offer.Disruptions = nil
		_, err = lab.Run(ctx, without, e, lab.Options{})
		Expect(err).To(MatchError(lab.ErrUnmet))
		Expect(err).To(MatchError(ContainSubstring("etcd to be disrupted (Kill)")))
		expectClean(ctx)
	}, SpecTimeout(limit))

	It("differs where reality is another, says so, and heals", func(ctx SpecContext) {
		result, err := lab.Run(ctx, plane, parse(wrongExpectation), lab.Options{})
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Outcome).To(Equal(experiment.Differs))
		Expect(result.Checks[0].Holds).To(BeFalse())
		Expect(result.Checks[0].Found).To(ContainSubstring("not bound"))
		expectClean(ctx)
	}, SpecTimeout(limit))

	It("deletes what a run that was killed has left", func(ctx SpecContext) {
		admin := userClient()
		Expect(admin.Create(ctx, leftover("left-node"))).To(Succeed())
		Expect(ofGlassplane(ctx)).NotTo(BeEmpty())
		_, err := lab.Run(ctx, plane, parse(wrongExpectation), lab.Options{})
		Expect(err).NotTo(HaveOccurred())
		expectClean(ctx)
	}, SpecTimeout(limit))

	DescribeTable("fails where its Fault breaks nothing, says why, and leaves nothing", func(ctx SpecContext, fault, why string) {
		e := parse(strings.Replace(wrongExpectation, "break: {component: scheduler}", "break: {fault: "+fault+"}", 1))
		result, err := lab.Run(ctx, plane, e, lab.Options{})
		Expect(err).To(MatchError(ContainSubstring("step stop: the Fault hits nothing: " + why)))
		Expect(result.Outcome).To(Equal(experiment.Failed))
		Expect(result.Steps).To(HaveLen(2)) // it, and the healing of what is left
		expectClean(ctx)
	},
		Entry("a node that is not there", "{type: NodeCrash, target: {nodes: {names: [nowhere]}}}", "no SimNode is named nowhere", SpecTimeout(limit)),
		Entry("a Lease that is not there", "{type: LeaseDelay, delay: 1s, target: {component: scheduler}}", "scheduler elects no leader", SpecTimeout(limit)),
		Entry("a controller that is not there", "{type: Stop, target: {controller: simpot}}", `the controller manager has no controller "simpot"`, SpecTimeout(limit)),
	)

	It("stops a component by a Fault where nobody else can", func(ctx SpecContext) {
		byFault := plane
		byFault.Stop = nil
		e, err := experiment.Find("scheduler-down")
		Expect(err).NotTo(HaveOccurred())
		result, err := lab.Run(ctx, byFault, e, lab.Options{})
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(asExpected())
		Expect(result.Steps[0].Found).To(Equal("scheduler is stopped"))
		expectClean(ctx)
	}, SpecTimeout(limit))

	It("drains no node but its own", func(ctx SpecContext) {
		admin := userClient()
		node := leftover("foreign")
		node.Labels = nil
		Expect(admin.Create(ctx, node)).To(Succeed())
		e := parse(strings.Replace(wrongExpectation, "break: {component: scheduler}", "drain: {node: foreign}", 1))
		_, err := lab.Run(ctx, plane, e, lab.Options{})
		Expect(err).To(MatchError(ContainSubstring("step stop: node foreign is not the experiment's")))
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
		Expect(node.Spec.Unschedulable).To(BeFalse())
		Expect(admin.Delete(ctx, node)).To(Succeed())
		expectClean(ctx)
	}, SpecTimeout(limit))

	It("heals when a step panics", func(ctx SpecContext) {
		broken := plane
		broken.Disrupt = func(ctx context.Context, d experiment.Disruption) (lab.Heal, error) {
			if d.Kind == "Pause" {
				panic("on purpose")
			}
			return plane.Disrupt(ctx, d)
		}
		e, err := experiment.Find("etcd-down")
		Expect(err).NotTo(HaveOccurred())
		result, err := lab.Run(ctx, broken, e, lab.Options{})
		Expect(err).To(MatchError(ContainSubstring("on purpose")))
		Expect(result.Outcome).To(Equal(experiment.Failed))
		expectClean(ctx)
	}, SpecTimeout(limit))
})

// wrongExpectation expects a pod to be bound while the scheduler is stopped.
const wrongExpectation = `
apiVersion: glassplane.dev/what-if/v1
name: wrong
title: Where the pod is
before: Nobody schedules.
after: Nobody has.
setup:
- {apiVersion: sim.glassplane.dev/v1alpha1, kind: SimNode, metadata: {name: wrong-a}, spec: {capacity: {cpu: "4"}}}
subjects: [{resource: simpods, name: web}]
steps:
- {name: stop, does: The scheduler is stopped, break: {component: scheduler}}
- name: create
  does: A pod is asked for
  request: {verb: create, object: {apiVersion: sim.glassplane.dev/v1alpha1, kind: SimPod, metadata: {name: web}, spec: {containers: [{name: main, image: nginx}]}}}
questions:
- id: q
  asks: Is it there?
  why: It is.
  choices:
  - {says: "yes", when: [{state: {resource: simpods, name: web}}]}
  - {says: "no", when: [{state: {resource: simpods, name: web, absent: true}}]}
checks:
- {says: It is bound, state: {resource: simpods, name: web, at: create, fields: [{path: spec.nodeName, set: true}]}}
settled:
- state: {resource: simpods, name: web, fields: [{path: status.phase, equals: Running}]}
`
