// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apitypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/disruption"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/test/wrappers"
)

// startKubelets runs the simulated kubelets, and what lets pods go that are
// deleted by force, until the spec ends.
func startKubelets(ctx context.Context) {
	GinkgoHelper()
	config, err := cluster.ServiceAccount(manager.ControllerManagerName)
	Expect(err).NotTo(HaveOccurred())
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	Expect(listener.Close()).To(Succeed())
	kubelets, err := manager.NewControllerManager(manager.Options{
		Config: config, ForceDeletionAddress: listener.Addr().String(), Log: GinkgoLogr,
	}, []string{"simpod", "forcedeletion"})
	Expect(err).NotTo(HaveOccurred())
	running, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- kubelets.Start(running) }()
	DeferCleanup(func() {
		cancel()
		Eventually(stopped).Should(Receive(BeNil()))
	})
	Expect(kubelets.WaitForReady(ctx)).To(Succeed())
	webhook, err := kubelets.ForceDeletion()
	Expect(err).NotTo(HaveOccurred())
	Expect(cluster.Client.Create(ctx, webhook)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, webhook)).To(Succeed()) })
}

// setReady says whether the kubelet of a node reports.
func setReady(ctx context.Context, node *v1alpha1.SimNode, status metav1.ConditionStatus, reason string) {
	GinkgoHelper()
	base := node.DeepCopy()
	node.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.SimNodeReady, Status: status, Reason: reason, LastTransitionTime: metav1.Now(),
	}}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "172.16.0.9"}}
	Expect(cluster.Client.Status().Patch(ctx, node, client.MergeFrom(base))).To(Succeed())
}

// boundPod creates a pod on a node, as the scheduler leaves it, and removes it
// when the spec ends.
func boundPod(ctx context.Context, node, name string, changes ...func(*v1alpha1.SimPod)) *v1alpha1.SimPod {
	GinkgoHelper()
	pod := wrappers.MakeSimPod().Namespace("default").Name(name).Label("app", name).Node(node).Obj()
	pod.Finalizers = []string{v1alpha1.FinalizerKubelet}
	for _, change := range changes {
		change(pod)
	}
	Expect(cluster.Client.Create(ctx, pod)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		letGo := client.RawPatch(apitypes.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		Expect(client.IgnoreNotFound(cluster.Client.Patch(ctx, pod, letGo))).To(Succeed())
		Expect(client.IgnoreNotFound(cluster.Client.Delete(ctx, pod))).To(Succeed())
	})
	return pod
}

// managed lets a controller be the pod's, which is not there to replace it.
func managed(pod *v1alpha1.SimPod) {
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "SimReplicaSet", Name: "set", UID: "1", Controller: new(true),
	}}
}

// slow lets a pod take an hour to stop, which it is given.
func slow(pod *v1alpha1.SimPod) {
	pod.Spec.TerminationGracePeriodSeconds = new(int64(3600))
	pod.Spec.Simulation = &v1alpha1.PodSimulation{ShutdownDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: time.Hour}}}
}

func stored(ctx context.Context, pod *v1alpha1.SimPod) bool {
	GinkgoHelper()
	err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(pod), &v1alpha1.SimPod{})
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	return !apierrors.IsNotFound(err)
}

var _ = Describe("drain", func() {
	const node = "drain-a"
	var (
		admin   string
		simNode *v1alpha1.SimNode
	)
	BeforeEach(func(ctx SpecContext) {
		admin = writeKubeconfig(cluster.Config)
		startKubelets(ctx)
		simNode = makeSimNode(ctx, node, "zone", "drain")
		setReady(ctx, simNode, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
	})
	running := func(ctx context.Context, pod *v1alpha1.SimPod) {
		GinkgoHelper()
		Eventually(func() corev1.PodPhase { return reload(ctx, pod).Status.Phase }).Should(Equal(corev1.PodRunning))
	}

	It("cordons the node, removes its pods and no others, and finds nothing to do when it is repeated", func(ctx SpecContext) {
		other := makeSimNode(ctx, "drain-b")
		web, elsewhere := boundPod(ctx, node, "web", managed), boundPod(ctx, other.Name, "elsewhere", managed)
		running(ctx, web)
		code, out, errOut := glassplane(ctx, "drain", "-l", "zone=drain", "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(errOut).To(BeEmpty())
		Expect(out).To(Equal(`simnode.sim.glassplane.dev/drain-a cordoned
evicting simpod default/web
simpod.sim.glassplane.dev/web evicted
simnode.sim.glassplane.dev/drain-a drained
`))
		Expect(stored(ctx, web)).To(BeFalse())
		Expect(reload(ctx, simNode).Spec.Unschedulable).To(BeTrue())
		Expect(reload(ctx, elsewhere).DeletionTimestamp).To(BeNil())
		Expect(reload(ctx, other).Spec.Unschedulable).To(BeFalse())

		version := simNode.ResourceVersion
		code, out, errOut = glassplane(ctx, "drain", node, "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal("simnode.sim.glassplane.dev/drain-a already cordoned\nsimnode.sim.glassplane.dev/drain-a drained\n"))
		Expect(reload(ctx, simNode).ResourceVersion).To(Equal(version))
	})

	It("deletes nothing while one pod has no controller, and deletes it with --force", func(ctx SpecContext) {
		bare, web := boundPod(ctx, node, "bare"), boundPod(ctx, node, "web", managed)
		code, out, errOut := glassplane(ctx, "drain", node, "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(out).To(Equal("simnode.sim.glassplane.dev/drain-a cordoned\n"))
		Expect(errOut).To(Equal("error: unable to drain simnode \"drain-a\": " +
			"cannot delete Pods that declare no controller (use --force to override): default/bare\n"))
		Expect(reload(ctx, bare).DeletionTimestamp).To(BeNil())
		Expect(reload(ctx, web).DeletionTimestamp).To(BeNil())

		code, out, errOut = glassplane(ctx, "drain", node, "--force", "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(errOut).To(Equal("Warning: deleting Pods that declare no controller: default/bare\n"))
		Expect(out).To(HaveSuffix("simnode.sim.glassplane.dev/drain-a drained\n"))
		Expect(stored(ctx, bare) || stored(ctx, web)).To(BeFalse())
	})

	It("deletes only the pods that --pod-selector selects", func(ctx SpecContext) {
		web, kept := boundPod(ctx, node, "web"), boundPod(ctx, node, "kept")
		code, _, errOut := glassplane(ctx, "drain", node, "--force", "--pod-selector=app=web", "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(stored(ctx, web)).To(BeFalse())
		Expect(reload(ctx, kept).DeletionTimestamp).To(BeNil())
	})

	It("deletes pods by force that take longer than --grace-period", func(ctx SpecContext) {
		pod := boundPod(ctx, node, "slow", managed, slow)
		running(ctx, pod)
		started := time.Now()
		code, out, errOut := glassplane(ctx, "drain", node, "--grace-period=2", "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(ContainSubstring("simpod.sim.glassplane.dev/slow evicted\n"))
		Expect(time.Since(started)).To(BeNumerically(">=", 2*time.Second), "the pod has this time")
		Expect(stored(ctx, pod)).To(BeFalse())
	})

	It("tells of the pods that are left on a silent node, and removes them with --grace-period=0", func(ctx SpecContext) {
		pod := boundPod(ctx, node, "slow", managed, slow)
		running(ctx, pod)
		setReady(ctx, reload(ctx, simNode), metav1.ConditionUnknown, v1alpha1.ReasonNodeStatusUnknown)
		code, out, errOut := glassplane(ctx, "drain", node, "--grace-period=1", "--timeout=3s", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(out).NotTo(ContainSubstring("drained"))
		Expect(errOut).To(Equal("error: unable to drain simnode \"drain-a\": not drained within 3s: still there: " +
			"default/slow (finalizers sim.glassplane.dev/kubelet). The node is not ready (Ready is Unknown, NodeStatusUnknown): " +
			"its pods end when it is back; --grace-period=0 removes them at once\n"))
		Expect(reload(ctx, pod).DeletionTimestamp).NotTo(BeNil())

		By("leaving alone what has been terminating for long enough")
		Eventually(func() time.Duration { return time.Since(pod.DeletionTimestamp.Time) }).Should(BeNumerically(">", 2*time.Second))
		code, _, errOut = glassplane(ctx, "drain", node, "--skip-wait-for-delete-timeout=1", "--timeout=20s", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(stored(ctx, pod)).To(BeTrue())

		code, out, errOut = glassplane(ctx, "drain", node, "--grace-period=0", "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(HaveSuffix("simpod.sim.glassplane.dev/slow evicted\nsimnode.sim.glassplane.dev/drain-a drained\n"))
		Expect(stored(ctx, pod)).To(BeFalse())
	})

	// budget protects the pods with the label tier=web until the spec ends.
	budget := func(ctx context.Context, name string, spec policyv1.PodDisruptionBudgetSpec) *policyv1.PodDisruptionBudget {
		GinkgoHelper()
		spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "web"}}
		b := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: spec}
		Expect(cluster.Client.Create(ctx, b)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, b)).To(Succeed()) })
		return b
	}
	web := func(pod *v1alpha1.SimPod) {
		managed(pod)
		pod.Labels["tier"] = "web"
	}
	ready := func(ctx context.Context, pods ...*v1alpha1.SimPod) {
		GinkgoHelper()
		for _, pod := range pods {
			Eventually(func() bool { return workload.Ready(reload(ctx, pod)) }).Should(BeTrue())
		}
	}

	It("waits for a disruption budget, and says which one keeps which pod", func(ctx SpecContext) {
		budget(ctx, "two", policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(2))})
		other := makeSimNode(ctx, "drain-b")
		setReady(ctx, other, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		kept, elsewhere := boundPod(ctx, node, "kept", web), boundPod(ctx, other.Name, "elsewhere", web)
		ready(ctx, kept, elsewhere)
		code, out, errOut := glassplane(ctx, "drain", node, "--timeout=2s", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		const why = "The disruption budget two needs 2 healthy pods and has 2 currently"
		Expect(errOut).To(Equal("error when evicting simpods/\"kept\" -n \"default\" (will retry after 5s): " +
			"Cannot evict pod as it would violate the pod's disruption budget: " + why + "\n" +
			"error: unable to drain simnode \"drain-a\": not drained within 2s: still there: default/kept (" + why + ")\n"))
		Expect(out).To(Equal("simnode.sim.glassplane.dev/drain-a cordoned\nevicting simpod default/kept\n"))
		Expect(reload(ctx, kept).DeletionTimestamp).To(BeNil())

		By("going on once there is room")
		done := make(chan string, 1)
		go func() {
			defer GinkgoRecover()
			_, out, errOut := glassplane(ctx, "drain", node, "--timeout=1m", "--kubeconfig", admin)
			done <- out + errOut
		}()
		ready(ctx, boundPod(ctx, other.Name, "third", web))
		Eventually(done).Should(Receive(HaveSuffix("simpod.sim.glassplane.dev/kept evicted\nsimnode.sim.glassplane.dev/drain-a drained\n")))
		Expect(stored(ctx, kept)).To(BeFalse())
	})

	It("takes no more than a budget allows where two drain at once", func(ctx SpecContext) {
		b := budget(ctx, "three", policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(3))})
		nodes, pods := []string{node}, []*v1alpha1.SimPod{boundPod(ctx, node, "web-0", web, slow)}
		for i := range 3 {
			other := makeSimNode(ctx, fmt.Sprintf("drain-%d", i))
			setReady(ctx, other, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
			nodes, pods = append(nodes, other.Name), append(pods, boundPod(ctx, other.Name, fmt.Sprintf("web-%d", i+1), web, slow))
		}
		ready(ctx, pods...)
		var drains sync.WaitGroup
		for _, name := range nodes {
			drains.Go(func() {
				defer GinkgoRecover()
				code, _, _ := glassplane(ctx, "drain", name, "--timeout=7s", "--kubeconfig", admin)
				Expect(code).To(Equal(1))
			})
		}
		drains.Wait()
		going := 0
		for _, pod := range pods {
			if reload(ctx, pod).DeletionTimestamp != nil {
				going++
				Expect(meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodDisruptionTarget)).To(HaveField("Reason", v1alpha1.ReasonEvictionByEvictionAPI))
			}
		}
		Expect(going).To(Equal(1))
		Expect(reload(ctx, b).Annotations).To(HaveKey(disruption.RecordAnnotation))
	})

	It("counts the pods that a deployment wants", func(ctx SpecContext) {
		d := wrappers.MakeSimDeployment("drained", 4).New()
		Expect(cluster.Client.Create(ctx, d)).To(Succeed())
		set := &v1alpha1.SimReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "drained-1", OwnerReferences: []metav1.OwnerReference{workload.OwnerReference(d, "SimDeployment")}}}
		set.Spec = v1alpha1.SimReplicaSetSpec{Replicas: new(int32(2)), Selector: d.Spec.Selector, Template: d.Spec.Template}
		Expect(cluster.Client.Create(ctx, set)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(cluster.Client.Delete(ctx, set)).To(Succeed())
			Expect(cluster.Client.Delete(ctx, d)).To(Succeed())
		})
		budget(ctx, "half", policyv1.PodDisruptionBudgetSpec{MaxUnavailable: new(intstr.FromString("50%"))})
		ofSet := func(pod *v1alpha1.SimPod) {
			web(pod)
			pod.OwnerReferences = []metav1.OwnerReference{workload.OwnerReference(set, "SimReplicaSet")}
		}
		pods := []*v1alpha1.SimPod{boundPod(ctx, node, "one", ofSet), boundPod(ctx, node, "two", ofSet), boundPod(ctx, node, "three", ofSet)}
		ready(ctx, pods...)
		code, _, errOut := glassplane(ctx, "drain", node, "--timeout=2s", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring("The disruption budget half needs 2 healthy pods and has 2 currently"))
		Expect([]bool{stored(ctx, pods[0]), stored(ctx, pods[1]), stored(ctx, pods[2])}).To(ConsistOf(true, true, false))

		By("knowing no controller of pods of another kind")
		boundPod(ctx, node, "stray", web)
		code, _, errOut = glassplane(ctx, "drain", node, "--pod-selector=app=two", "--timeout=1s", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring(`does not allow evicting pods currently: found no controllers for pod "stray"`))
	})

	It("refuses a pod of several budgets, and asks none with --disable-eviction", func(ctx SpecContext) {
		for _, name := range []string{"a", "b"} {
			budget(ctx, name, policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(0))})
		}
		pod, free := boundPod(ctx, node, "twice", web), boundPod(ctx, node, "free", managed)
		ready(ctx, pod, free)
		code, out, errOut := glassplane(ctx, "drain", node, "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: unable to drain simnode \"drain-a\": error when evicting simpods/\"twice\" -n \"default\": " +
			"This pod has more than one PodDisruptionBudget, which evictions do not support: a, b\n"))
		Expect(out).To(HaveSuffix("simpod.sim.glassplane.dev/free evicted\n"))
		Expect(stored(ctx, free)).To(BeFalse())

		code, out, errOut = glassplane(ctx, "drain", node, "--disable-eviction", "--timeout=1m", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(HaveSuffix("deleting simpod default/twice\nsimpod.sim.glassplane.dev/twice deleted\nsimnode.sim.glassplane.dev/drain-a drained\n"))
	})

	It("changes nothing in a dry run", func(ctx SpecContext) {
		pod := boundPod(ctx, node, "web", managed)
		running(ctx, pod)
		version := reload(ctx, simNode).ResourceVersion
		for flag, suffix := range map[string]string{"--dry-run": " (dry run)", "--dry-run=server": " (server dry run)"} {
			code, out, errOut := glassplane(ctx, "drain", node, flag, "--kubeconfig", admin)
			Expect(code).To(BeZero(), errOut)
			Expect(out).To(Equal("simnode.sim.glassplane.dev/drain-a cordoned" + suffix + "\nevicting simpod default/web" + suffix +
				"\nsimnode.sim.glassplane.dev/drain-a drained" + suffix + "\n"))
			Expect(reload(ctx, simNode).ResourceVersion).To(Equal(version))
			Expect(reload(ctx, pod).DeletionTimestamp).To(BeNil())
		}
	})

	It("says what it must not do, with the other nodes drained", func(ctx SpecContext) {
		other := makeSimNode(ctx, "drain-b")
		pod := boundPod(ctx, node, "web", managed)
		group := []string{v1alpha1.GroupVersion.Group}
		operator := writeKubeconfig(userWith(ctx, "node-operator",
			rbacv1.PolicyRule{APIGroups: group, Resources: []string{"simnodes"}, Verbs: []string{"get", "list", "patch"}},
			rbacv1.PolicyRule{APIGroups: group, Resources: []string{"simpods"}, Verbs: []string{"list"}}))
		Eventually(func(g Gomega) {
			code, out, errOut := glassplane(ctx, "drain", node, other.Name, "--timeout=20s", "--kubeconfig", operator)
			g.Expect(code).To(Equal(1))
			g.Expect(errOut).To(ContainSubstring(`unable to drain simnode "drain-a": `))
			g.Expect(errOut).To(ContainSubstring(`simpods.sim.glassplane.dev "web" is forbidden`))
			g.Expect(out).To(HaveSuffix("simnode.sim.glassplane.dev/drain-b drained\n"))
		}).Should(Succeed())
		Expect(reload(ctx, pod).DeletionTimestamp).To(BeNil())
	})

	It("refuses a node that is not there before anything is changed", func(ctx SpecContext) {
		pod := boundPod(ctx, node, "web", managed)
		code, out, errOut := glassplane(ctx, "drain", node, "nowhere", "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(out).To(BeEmpty())
		Expect(errOut).To(And(ContainSubstring(`simnodes.sim.glassplane.dev "nowhere" not found`), ContainSubstring("kubectl get simnodes")))
		Expect(reload(ctx, simNode).Spec.Unschedulable).To(BeFalse())
		Expect(reload(ctx, pod).DeletionTimestamp).To(BeNil())
	})
})
