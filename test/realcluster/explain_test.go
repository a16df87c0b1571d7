// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package realcluster

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/internal/capacity"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// create creates a pod until the spec is over.
func create(ctx context.Context, name string, change func(*corev1.Pod)) *corev1.Pod {
	GinkgoHelper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")},
		}}}, AutomountServiceAccountToken: new(bool)},
	}
	change(pod)
	pod, err := admin.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})).To(Succeed())
	})
	return pod
}

func request(cpu string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse(cpu)
	}
}

func condition(ctx context.Context, name string) corev1.PodCondition {
	pod, err := admin.CoreV1().Pods(metav1.NamespaceDefault).Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled {
				return c
			}
		}
	}
	return corev1.PodCondition{}
}

func eventuallyPending(ctx context.Context, name string) {
	GinkgoHelper()
	Eventually(func() string { return condition(ctx, name).Reason }).WithContext(ctx).
		Should(Or(Equal(corev1.PodReasonUnschedulable), Equal(corev1.PodReasonSchedulingGated)))
}

func eventuallyPlaced(ctx context.Context, name string) string {
	GinkgoHelper()
	Eventually(func() corev1.ConditionStatus { return condition(ctx, name).Status }).WithContext(ctx).Should(Equal(corev1.ConditionTrue))
	pod, err := admin.CoreV1().Pods(metav1.NamespaceDefault).Get(ctx, name, metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	return pod.Spec.NodeName
}

var _ = Describe("glassplane explain pod/NAME", func() {
	DescribeTable("counts the nodes as kube-scheduler does, and its command lets the pod run",
		func(ctx context.Context, change func(*corev1.Pod), fix whatif.Kind) {
			const name = "pending"
			create(ctx, name, change)
			eventuallyPending(ctx, name)
			e := explained(ctx, "pod/"+name)
			Expect(e.Report).NotTo(BeNil())
			Expect(e.Report.Agrees).To(BeTrue(), "kube-scheduler: %s\nours: %s\n%+v", e.Report.Message, e.Prediction.Decision.Message, e.Report.Differences)
			if fix != whatif.RemoveGates { // which the API server itself says
				Expect(e.Report.WrittenAt).NotTo(BeNil())
			}
			Expect(e.NotEvaluated).To(BeEmpty())
			code, _, _ := glassplane(ctx, userKubeconfig, "explain", "pod/"+name, "--exit-code")
			Expect(code).To(Equal(2))
			if fix == "" {
				return
			}
			changes := e.Prediction.Suggestions.Changes
			i := slices.IndexFunc(changes, func(c whatif.Change) bool { return c.Kind == fix && c.Command != "" })
			Expect(i).To(BeNumerically(">=", 0), "suggested: %+v", changes)
			kubectl(ctx, changes[i].Command)
			Expect(changes[i].Nodes).To(ContainElement(eventuallyPlaced(ctx, name)))
		},
		Entry("too large a request", request("64"), whatif.Kind("")),
		Entry("a label that no node has", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"gpu": "yes"} }, whatif.LabelNode),
		Entry("a taint", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-2"} }, whatif.RemoveTaint),
		Entry("a cordoned node", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-1"} }, whatif.Uncordon),
		Entry("a scheduling gate", func(p *corev1.Pod) { p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/hold"}} }, whatif.RemoveGates),
		Entry("affinity to nobody", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelTopologyZone, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "nobody"}},
			}}}}
		}, whatif.Kind("")),
		Entry("spreading over a label that no node has", func(p *corev1.Pod) {
			p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: "rack", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "pending"}},
			}}
		}, whatif.Kind("")),
		Entry("nodes by their names, as of a DaemonSet", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{
					Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"none"},
				}}}},
			}}}
		}, whatif.Kind("")),
	)

	DescribeTable("decides about volumes as kube-scheduler does, and names what is to blame", func(ctx context.Context, prepare func(context.Context), blamed string) {
		prepare(ctx)
		create(ctx, "pending", func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
			}}}
		})
		eventuallyPending(ctx, "pending")
		e := explained(ctx, "pod/pending")
		Expect(e.Report.Agrees).To(BeTrue(), "kube-scheduler: %s\nours: %s\n%+v", e.Report.Message, e.Prediction.Decision.Message, e.Report.Differences)
		Expect(e.NotEvaluated).To(BeEmpty())
		_, stdout, _ := glassplane(ctx, userKubeconfig, "explain", "pod/pending")
		Expect(stdout).To(ContainSubstring(blamed))
	},
		Entry("a claim that does not exist", func(context.Context) {}, `persistentvolumeclaim "data" not found`),
		Entry("a claim of a class that waits for a pod, without a volume", func(ctx context.Context) {
			makeClass(ctx, "waits")
			makeClaim(ctx, "waits", "")
		}, "PersistentVolumeClaim default/data"),
		Entry("a volume on another node", func(ctx context.Context) {
			makeClass(ctx, "waits")
			makeVolume(ctx, "waits", "disk", "elsewhere")
			makeClaim(ctx, "waits", "disk")
		}, "PersistentVolume"),
	)

	It("names the pod that holds a host port", func(ctx context.Context) {
		port := func(p *corev1.Pod) {
			p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-4"}
			p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 8080}}
		}
		create(ctx, "holder", port)
		eventuallyPlaced(ctx, "holder")
		create(ctx, "pending", port)
		eventuallyPending(ctx, "pending")
		e := explained(ctx, "pod/pending")
		Expect(e.Report.Agrees).To(BeTrue())
		Expect(e.Prediction.Decision.Rejections).To(ContainElement(SatisfyAll(
			HaveField("Plugin", "NodePorts"), HaveField("Pods", ConsistOf(HaveField("Name", "holder"))))))
	})

	It("says where a pod runs and what would be decided without it", func(ctx context.Context) {
		create(ctx, "running", request("1"))
		node := eventuallyPlaced(ctx, "running")
		e := explained(ctx, "pod/running")
		Expect(e.State).To(HaveValue(SatisfyAll(HaveField("Outcome", explain.OutcomeRunning), HaveField("Reason", ContainSubstring("on node "+node)))))
		Expect(e.Prediction.BestNodes).To(ContainElement(node))
	})

	It("says of a pod that is gone, and of one of another scheduler, that it is", func(ctx context.Context) {
		code, _, stderr := glassplane(ctx, userKubeconfig, "explain", "pod/gone")
		Expect(code).To(Equal(1))
		Expect(stderr).To(ContainSubstring("pod gone does not exist in namespace default"))
		create(ctx, "foreign", func(p *corev1.Pod) { p.Spec.SchedulerName = "volcano" })
		code, _, stderr = glassplane(ctx, userKubeconfig, "explain", "pod/foreign")
		Expect(code).To(Equal(1))
		Expect(stderr).To(ContainSubstring(`is one of scheduler "volcano"`))
	})

	It("asks for what docs/install.md shows and nothing else", func(ctx context.Context) {
		create(ctx, "asked", request("64"))
		explained(ctx, "pod/asked")
		var asked []string
		Eventually(func(g Gomega) {
			asked = requests()
			g.Expect(asked).To(ContainElement("list pods"))
		}).WithContext(ctx).Should(Succeed())
		want := []string{"create selfsubjectaccessreviews"}
		for _, rule := range documentedRole().Rules {
			for _, verb := range rule.Verbs {
				for _, resource := range rule.Resources {
					want = append(want, verb+" "+resource)
				}
			}
		}
		Expect(asked).To(ConsistOf(want))
	})

	It("says what may not be read, and what that may change", func(ctx context.Context) {
		create(ctx, "unreadable", request("64"))
		path := addUserWithout(ctx, "services", "poddisruptionbudgets")
		code, stdout, stderr := glassplane(ctx, path, "explain", "pod/unreadable")
		Expect(code).To(BeZero(), stderr)
		Expect(strings.SplitN(stdout, "\n", 2)[0]).To(HaveSuffix("(not evaluated: poddisruptionbudgets, services)"))
		Expect(stdout).To(ContainSubstring("services: you may not list them; so the default spreading"))
		nodes := addUserWithout(ctx, "nodes")
		code, _, stderr = glassplane(ctx, nodes, "explain", "pod/unreadable")
		Expect(code).To(Equal(1))
		Expect(stderr).To(ContainSubstring("listing nodes: you may not list them"))
	})
})

var _ = Describe("glassplane capacity", func() {
	It("counts as many more pods as kube-scheduler then places", func(ctx context.Context) {
		create(ctx, "there", request("1"))
		eventuallyPlaced(ctx, "there")
		manifest := filepath.Join(GinkgoT().TempDir(), "pod.yaml")
		Expect(os.WriteFile(manifest, []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: more}\n"+
			"spec: {containers: [{name: main, image: nginx, resources: {requests: {cpu: 900m}}}]}\n"), 0o600)).To(Succeed())
		code, stdout, stderr := glassplane(ctx, userKubeconfig, "capacity", "-f", manifest, "-o", "json")
		Expect(code).To(BeZero(), stderr)
		var report capacity.Report
		Expect(json.Unmarshal([]byte(stdout), &report)).To(Succeed())
		Expect(report.Fit.Bounded).To(BeFalse())
		Expect(report.Fit.Fits).To(BeNumerically(">", 1))
		got := map[string]int{}
		for i := range report.Fit.Fits {
			name := fmt.Sprint("more-", i)
			create(ctx, name, request("900m"))
			got[eventuallyPlaced(ctx, name)]++
		}
		for _, n := range report.Fit.Nodes { // of pods that are alike each node takes its number, in whatever order
			Expect(got).To(HaveKeyWithValue(n.Node, n.Pods))
		}
		create(ctx, "one-too-many", request("900m"))
		eventuallyPending(ctx, "one-too-many")
		Expect(condition(ctx, "one-too-many").Message).To(ContainSubstring("Insufficient cpu"))
		Expect(report.Fit.Next.Scarce).To(ContainElement(HaveField("Resource", "cpu")))
	})
})

func makeClass(ctx context.Context, name string) {
	GinkgoHelper()
	_, err := admin.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: "kubernetes.io/no-provisioner", VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer),
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.StorageV1().StorageClasses().Delete(ctx, name, metav1.DeleteOptions{})).To(Succeed())
	})
}

// makeClaim makes the claim data, bound to a volume where that is named, as the
// controller that does not run here would.
func makeClaim(ctx context.Context, class, volume string) {
	GinkgoHelper()
	claims := admin.CoreV1().PersistentVolumeClaims(metav1.NamespaceDefault)
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: &class, VolumeName: volume,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	if volume != "" {
		claim.Annotations = map[string]string{"pv.kubernetes.io/bind-completed": "yes"}
	}
	claim, err := claims.Create(ctx, claim, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, err := claims.Patch(ctx, "data", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(claims.Delete(ctx, "data", metav1.DeleteOptions{})).To(Succeed())
	})
	if volume != "" {
		claim.Status.Phase = corev1.ClaimBound
		_, err = claims.UpdateStatus(ctx, claim, metav1.UpdateOptions{})
		Expect(err).NotTo(HaveOccurred())
	}
}

// makeVolume makes a volume that can be used on one node only.
func makeVolume(ctx context.Context, class, name, node string) {
	GinkgoHelper()
	volumes := admin.CoreV1().PersistentVolumes()
	_, err := volumes.Create(ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}, StorageClassName: class,
			AccessModes:            []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: "/mnt"}},
			ClaimRef:               &corev1.ObjectReference{Namespace: metav1.NamespaceDefault, Name: "data"},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
			}}}},
		},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, err := volumes.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(volumes.Delete(ctx, name, metav1.DeleteOptions{})).To(Succeed())
	})
}

// requests are what the documented user has asked for, each once.
func requests() []string {
	GinkgoHelper()
	file, err := os.Open(auditPath)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	var out []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var event auditv1.Event
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.ObjectRef == nil || event.User.Username != userName {
			continue
		}
		if what := event.Verb + " " + event.ObjectRef.Resource; !slices.Contains(out, what) {
			out = append(out, what)
		}
	}
	return out
}
