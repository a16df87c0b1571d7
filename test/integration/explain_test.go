// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/cli"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// glassplane runs a command of the command line and returns what it prints.
func glassplane(ctx context.Context, stdin string, args ...string) string {
	GinkgoHelper()
	var out, errOut bytes.Buffer
	args = append(args, "--kubeconfig="+cluster.KubeconfigPath(), "--observer="+cluster.ObserverURL().String())
	code := cli.Main(ctx, "glassplane", args, cli.IO{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &out, ErrOut: &errOut},
		Clock:     clock.RealClock{},
		Env:       func(string) string { return "" },
	})
	Expect(code).To(BeZero(), "stderr: %s", errOut.String())
	return out.String()
}

func explained(ctx context.Context, stdin string, args ...string) explanation.Explanation {
	GinkgoHelper()
	var e explanation.Explanation
	Expect(json.Unmarshal([]byte(glassplane(ctx, stdin, append([]string{"explain", "-o", "json"}, args...)...)), &e)).To(Succeed())
	return e
}

// eventuallyTried waits until the scheduler has said that the pod fits nowhere.
func eventuallyTried(ctx context.Context, pod *v1alpha1.SimPod) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(user.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(pod.Status.Conditions).To(ContainElement(HaveField("Reason", v1alpha1.ReasonUnschedulable)))
	}).WithContext(ctx).Should(Succeed())
}

// manifest is the pod as a file would hold it.
func manifest(pod *v1alpha1.SimPod) string {
	GinkgoHelper()
	pod = pod.DeepCopy()
	pod.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SimPod"))
	data, err := yaml.Marshal(pod)
	Expect(err).NotTo(HaveOccurred())
	return string(data)
}

var _ = Describe("glassplane explain", func() {
	It("suggests changes for a pending pod, and the smallest one works", func(ctx context.Context) {
		pod := create(ctx, newPod("explain-pending", requestCPU("64")))
		eventuallyTried(ctx, pod)

		e := explained(ctx, "", "simpod/explain-pending")
		Expect(e.Decision.Node).To(BeEmpty())
		Expect(e.Decision.Rejections).To(ContainElement(And(
			HaveField("Plugin", "NodeResourcesFit"), HaveField("Reason", "Insufficient cpu"), HaveField("Nodes", 3))))
		Expect(e.Notes).To(BeEmpty())
		Expect(e.Prediction).NotTo(BeNil())
		Expect(e.Prediction.Decision.Message).To(Equal(e.Decision.Message), "the decision now is the one of then")
		changes := e.Prediction.Suggestions.Changes
		Expect(changes).NotTo(BeEmpty())
		Expect(changes[0].Kind).To(Equal(whatif.LowerRequest))

		By("creating the pod as the first suggestion says")
		changed := create(ctx, newPod("explain-changed", requestCPU(changes[0].To)))
		Expect(changes[0].Nodes).To(ContainElement(eventuallyReady(ctx, changed).Spec.NodeName))
		Expect(user.Delete(ctx, changed)).To(Succeed())

		By("raising the capacity of a node as another one says")
		raised := changes[len(changes)-1]
		Expect(raised.Kind).To(Equal(whatif.RaiseCapacity))
		name := strings.TrimPrefix(raised.Object, "node/")
		restore := setCPU(ctx, name, raised.To)
		DeferCleanup(restore)
		Expect(eventuallyReady(ctx, pod).Spec.NodeName).To(Equal(name))

		By("explaining each attempt, now that there are several")
		Eventually(func(g Gomega) {
			e := explained(ctx, "", "simpod/explain-pending")
			g.Expect(len(e.Attempts)).To(BeNumerically(">=", 2))
			g.Expect(e.Decision.Node).To(Equal(name), "the deciding attempt is shown")
			g.Expect(e.Prediction).To(BeNil())
		}).WithContext(ctx).Should(Succeed())
		first := explained(ctx, "", "simpod/explain-pending", "--attempt=1")
		Expect(first.Decision.Attempt).To(Equal(1))
		Expect(first.Decision.Node).To(BeEmpty())
		Expect(glassplane(ctx, "", "explain", "simpod/explain-pending", "--node="+name)).To(ContainSubstring("NODE " + name))
	}, SpecTimeout(2*patience))

	It("suggests to remove the gates of a pod that was never tried, and the command does it", func(ctx context.Context) {
		pod := create(ctx, newPod("explain-gated", func(pod *v1alpha1.SimPod) {
			pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/quota"}}
		}))
		e := explained(ctx, "", "simpod/explain-gated")
		Expect(e.Attempts).To(BeEmpty())
		change := e.Prediction.Suggestions.Changes[0]
		Expect(change.Kind).To(Equal(whatif.RemoveGates))
		Expect(change.Command).To(HavePrefix("kubectl patch simpod -n default explain-gated --type=merge -p '"))
		patch := strings.TrimSuffix(change.Command[strings.Index(change.Command, "'")+1:], "'")
		Expect(user.Patch(ctx, pod, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
		Expect(change.Nodes).To(ContainElement(eventuallyReady(ctx, pod).Spec.NodeName))
	}, SpecTimeout(patience))

	It("names the pod that repels, what woke the pod, its priority, and that it is gone", func(ctx context.Context) {
		onNode2 := func(pod *v1alpha1.SimPod) {
			pod.Labels = map[string]string{"app": pod.Name}
			pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-2"}
		}
		guard := create(ctx, newPod("explain-guard", func(pod *v1alpha1.SimPod) {
			onNode2(pod)
			pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
					TopologyKey:   corev1.LabelHostname,
					LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "explain-repelled"}},
				}},
			}}
		}))
		eventuallyReady(ctx, guard)
		pod := create(ctx, newPod("explain-repelled", onNode2))
		eventuallyTried(ctx, pod)

		e := explained(ctx, "", "simpod/explain-repelled", "--node=node-2")
		Expect(e.Decision.Nodes).To(HaveLen(1))
		Expect(e.Decision.Nodes[0].Filters).To(ContainElement(And(
			HaveField("Plugin", "InterPodAffinity"), HaveField("Pods", ConsistOf(HaveField("Name", "explain-guard"))))))
		Expect(e.Wait).NotTo(BeNil())
		Expect(e.Wait.Queue).To(Equal("unschedulable"))
		Expect(e.Wait.Plugins).To(ContainElement(And(
			HaveField("Plugin", "InterPodAffinity"), HaveField("Events", ContainElement(ContainSubstring("pod on a node"))))))
		Expect(e.Priority).To(HaveValue(Equal(explanation.Priority{Stored: true})))

		Expect(user.Delete(ctx, guard)).To(Succeed())
		eventuallyReady(ctx, pod)
		Eventually(func(g Gomega) {
			e := explained(ctx, "", "simpod/explain-repelled")
			g.Expect(e.Decision.Node).To(Equal("node-2"))
			g.Expect(e.Decision.WokenBy).To(HaveValue(And(
				HaveField("Event", "AssignedPod/Delete"), HaveField("Object", "default/explain-guard"), HaveField("Plugin", "InterPodAffinity"))))
			g.Expect(e.Wait).To(BeNil())
			g.Expect(e.State).To(BeNil())
		}).WithContext(ctx).Should(Succeed())

		Expect(user.Delete(ctx, pod)).To(Succeed())
		Eventually(func(g Gomega) {
			e := explained(ctx, "", "simpod/explain-repelled")
			g.Expect(e.State).To(HaveValue(HaveField("Outcome", explain.OutcomeDeleted)))
			g.Expect(e.Decision.Node).To(Equal("node-2"))
		}).WithContext(ctx).Should(Succeed())
	}, SpecTimeout(2*patience))

	DescribeTable("predicts for a manifest what the scheduler then does, and writes nothing",
		func(ctx context.Context, change func(*v1alpha1.SimPod)) {
			pod := newPod("explain-predicted", change)
			before := time.Now()
			e := explained(ctx, manifest(pod), "-f", "-")
			Expect(e.Prediction.ReadAt).To(BeTemporally(">=", before))
			Expect(writesBy("glassplane-explain")).To(BeEmpty())

			create(ctx, pod)
			if len(e.Prediction.BestNodes) == 0 {
				eventuallyTried(ctx, pod)
				Expect(pod.Status.Conditions).To(ContainElement(HaveField("Message", e.Prediction.Decision.Message)))
				return
			}
			Expect(e.Prediction.BestNodes).To(ContainElement(eventuallyReady(ctx, pod).Spec.NodeName))
		},
		func(name string, _ any) string { return name },
		Entry("a plain pod", func(*v1alpha1.SimPod) {}, SpecTimeout(patience)),
		Entry("one node by its name", func(pod *v1alpha1.SimPod) {
			pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-2"}
		}, SpecTimeout(patience)),
		Entry("not beside its like", func(pod *v1alpha1.SimPod) {
			pod.Labels = map[string]string{"app": "predicted"}
			pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
				LabelSelector: &metav1.LabelSelector{MatchLabels: pod.Labels},
			}}
		}, SpecTimeout(patience)),
		Entry("too large", requestCPU("64"), SpecTimeout(patience)),
		Entry("more memory than a number holds", func(pod *v1alpha1.SimPod) {
			pod.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse("50E")
		}, SpecTimeout(patience)),
		Entry("a sidecar that takes what the node has", func(pod *v1alpha1.SimPod) {
			pod.Spec.InitContainers = []v1alpha1.Container{{
				Name: "proxy", Image: "proxy:1", RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
				Resources: v1alpha1.ResourceRequirements{Requests: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("64")}},
			}}
		}, SpecTimeout(patience)),
		Entry("more for the pod as a whole than a node has", func(pod *v1alpha1.SimPod) {
			pod.Spec.Resources = &v1alpha1.ResourceRequirements{Requests: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("64")}}
		}, SpecTimeout(patience)),
		Entry("a node that is not there", func(pod *v1alpha1.SimPod) {
			pod.Spec.NodeSelector = map[string]string{"disk": "none"}
		}, SpecTimeout(patience)),
		Entry("a resource that no node has", func(pod *v1alpha1.SimPod) {
			gpu := v1alpha1.ResourceList{"example.com/gpu": resource.MustParse("1")}
			maps.Copy(pod.Spec.Containers[0].Resources.Requests, gpu)
			pod.Spec.Containers[0].Resources.Limits = gpu
		}, SpecTimeout(patience)),
	)
})

// setCPU changes the capacity of a node, and returns what changes it back.
func setCPU(ctx context.Context, name, quantity string) (restore func(context.Context)) {
	GinkgoHelper()
	node := &v1alpha1.SimNode{}
	Expect(user.Get(ctx, client.ObjectKey{Name: name}, node)).To(Succeed())
	before := node.Spec.Capacity[corev1.ResourceCPU]
	set := func(ctx context.Context, quantity string) {
		patch := fmt.Sprintf(`{"spec":{"capacity":{"cpu":%q}}}`, quantity)
		Expect(user.Patch(ctx, node, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
	}
	set(ctx, quantity)
	return func(ctx context.Context) { set(ctx, before.String()) }
}

// writesBy lists the writes of a client.
func writesBy(agent string) []string {
	var writes []string
	for _, event := range auditEvents() {
		if isWrite(event) && strings.HasPrefix(event.UserAgent, agent+"/") {
			writes = append(writes, event.Verb+" "+resourceOf(event))
		}
	}
	return writes
}
