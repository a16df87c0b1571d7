// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

// load lets the components do everything that they can do, but for what takes
// minutes.
func load(ctx context.Context) {
	for _, name := range []string{"node-1", "node-2", "node-3"} {
		createNode(ctx, name)
	}
	runAndDelete(ctx)
	doesNotFit(ctx)
	preempt(ctx)
	scale(ctx)
	replaceInOrder(ctx)
	followNodes(ctx)
	rollOut(ctx)
	runJob(ctx)
	abandonPod(ctx)
	resizePool(ctx)
	refuseReplicas(ctx)
	removeNode(ctx)
	walk(ctx)
	slowDown(ctx)
}

// slowDown breaks each component a little.
func slowDown(ctx context.Context) {
	GinkgoHelper()
	for _, component := range []v1alpha1.ComponentName{v1alpha1.ComponentScheduler, v1alpha1.ComponentControllerManager, v1alpha1.ComponentObserver} {
		f := wrappers.MakeFault(v1alpha1.FaultWatchDelay).Name("slow-" + string(component)).Component(component).Delay(time.Millisecond).Obj()
		Expect(environment.Client.Create(ctx, f)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(f), f)).To(Succeed())
			g.Expect(meta.IsStatusConditionTrue(f.Status.Conditions, v1alpha1.FaultActive)).To(BeTrue())
		}).WithContext(ctx).Should(Succeed())
		Expect(environment.Client.Delete(ctx, f)).To(Succeed())
	}
}

func createNode(ctx context.Context, name string) {
	GinkgoHelper()
	node := &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.SimNodeSpec{Capacity: v1alpha1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"),
		}, Simulation: &v1alpha1.NodeSimulation{HeartbeatInterval: &metav1.Duration{Duration: time.Second}}},
	}
	Expect(environment.Client.Create(ctx, node)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(environment.Client.Delete(ctx, node))).To(Succeed())
	})
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
		g.Expect(meta.IsStatusConditionTrue(node.Status.Conditions, v1alpha1.SimNodeReady)).To(BeTrue())
	}).WithContext(ctx).Should(Succeed())
}

func runAndDelete(ctx context.Context) {
	GinkgoHelper()
	pod := newPod("plain", "100m")
	createAndWait(ctx, pod)
	Expect(environment.Client.Delete(ctx, pod)).To(Succeed())
	eventuallyGone(ctx, pod)
}

func doesNotFit(ctx context.Context) {
	GinkgoHelper()
	pod := newPod("too-large", "64")
	Expect(environment.Client.Create(ctx, pod)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(pod.Status.Conditions).To(ContainElement(HaveField("Reason", v1alpha1.ReasonUnschedulable)))
	}).WithContext(ctx).Should(Succeed())
	Expect(environment.Client.Delete(ctx, pod)).To(Succeed())
}

// preempt lets a pod take the place of another one.
func preempt(ctx context.Context) {
	GinkgoHelper()
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "urgent"}, Value: 1000}
	Expect(environment.Client.Create(ctx, class)).To(Succeed())
	victim, urgent := newPod("victim", "3"), newPod("urgent", "3")
	for _, pod := range []*v1alpha1.SimPod{victim, urgent} {
		pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-1"}
	}
	urgent.Spec.PriorityClassName = class.Name
	createAndWait(ctx, victim)
	createAndWait(ctx, urgent)
	eventuallyGone(ctx, victim)
	Expect(environment.Client.Delete(ctx, urgent)).To(Succeed())
}

// scale lets a replica set adopt, create and delete pods.
func scale(ctx context.Context) {
	GinkgoHelper()
	set := newReplicaSet("scaled", 3, newPod("", "100m").Spec)
	orphan := newPod("orphan", "100m")
	orphan.Labels = map[string]string{"app": set.Name}
	createAndWait(ctx, orphan)
	Expect(environment.Client.Create(ctx, set)).To(Succeed())
	eventuallyReplicas(ctx, set, 3)
	base := set.DeepCopy()
	set.Spec.Replicas = new(int32(1))
	Expect(environment.Client.Patch(ctx, set, client.MergeFrom(base))).To(Succeed())
	eventuallyReplicas(ctx, set, 1)
	Expect(environment.Client.Delete(ctx, set)).To(Succeed())
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace(elsewhere),
		client.MatchingLabels(orphan.Labels))).To(Succeed())
}

// refuseReplicas lets a replica set fail again and again, so that it says so in
// one event that counts.
func refuseReplicas(ctx context.Context) {
	GinkgoHelper()
	invalid := refuseSimPods("refused-")
	for _, object := range invalid {
		Expect(environment.Client.Create(ctx, object)).To(Succeed())
	}
	set := newReplicaSet("refused", 1, newPod("", "1").Spec)
	Eventually(func() error {
		pod := newPod("", "1")
		pod.GenerateName = "refused-"
		return environment.Client.Create(ctx, pod, client.DryRunAll)
	}).WithContext(ctx).Should(MatchError(apierrors.IsInvalid, "IsInvalid"))
	Expect(environment.Client.Create(ctx, set)).To(Succeed())
	Eventually(func(g Gomega) {
		events, err := admin.EventsV1().Events(elsewhere).List(ctx, metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(events.Items).To(ContainElement(And(
			HaveField("Reason", v1alpha1.ReasonFailedCreate), HaveField("Series", Not(BeNil())))))
	}).WithContext(ctx).Should(Succeed())
	for _, object := range append(invalid, set) {
		Expect(environment.Client.Delete(ctx, object)).To(Succeed())
	}
}

// refuseSimPods is a policy that finds simulated pods invalid whose name is made
// from a prefix. No component lacks a permission because of it.
func refuseSimPods(generateName string) []client.Object {
	meta := metav1.ObjectMeta{Name: "security-" + generateName + "pods"}
	rule := admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule: admissionregistrationv1.Rule{
			APIGroups: []string{v1alpha1.GroupName}, APIVersions: []string{"*"}, Resources: []string{"simpods"},
		},
	}
	return []client.Object{
		&admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: rule}},
			},
			Validations: []admissionregistrationv1.Validation{{
				Expression: `!object.metadata.?generateName.orValue("").startsWith("` + generateName + `")`,
				Message:    "pods of this set are refused",
			}},
		}},
		&admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: meta, Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: meta.Name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		}},
	}
}

// removeNode leaves a pod without its node.
func removeNode(ctx context.Context) {
	GinkgoHelper()
	pod := newPod("on-a-removed-node", "100m")
	pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "node-3"}
	createAndWait(ctx, pod)
	Expect(environment.Client.Delete(ctx, &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: "node-3"}})).To(Succeed())
	eventuallyGone(ctx, pod)
}

// walk follows the creation of a pod.
func walk(ctx context.Context) {
	GinkgoHelper()
	walkthrough := &v1alpha1.Walkthrough{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: "walked"},
		Spec:       v1alpha1.WalkthroughSpec{Template: &v1alpha1.SimPodTemplateSpec{Spec: newPod("", "100m").Spec}},
	}
	Expect(environment.Client.Create(ctx, walkthrough)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(walkthrough), walkthrough)).To(Succeed())
		g.Expect(walkthrough.Status.Steps).NotTo(BeEmpty())
	}).WithContext(ctx).Should(Succeed())
}

// rollOut lets a deployment replace its pods, and forget the template before.
func rollOut(ctx context.Context) {
	GinkgoHelper()
	labels := map[string]v1alpha1.LabelValue{"app": "rolled-out"}
	deployment := &v1alpha1.SimDeployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: "rolled-out"},
		Spec: v1alpha1.SimDeploymentSpec{
			RevisionHistoryLimit: new(int32(0)), Selector: v1alpha1.LabelSelector{MatchLabels: labels},
			Template: v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}, Spec: newPod("", "100m").Spec},
		},
	}
	Expect(environment.Client.Create(ctx, deployment)).To(Succeed())
	eventuallyUpdated := func(generation int64) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
			g.Expect(deployment.Status.ObservedGeneration).To(Equal(generation))
			g.Expect([]int32{deployment.Status.Replicas, deployment.Status.UpdatedReplicas, deployment.Status.AvailableReplicas}).To(Equal([]int32{1, 1, 1}))
		}).WithContext(ctx).Should(Succeed())
	}
	eventuallyUpdated(1)
	base := deployment.DeepCopy()
	deployment.Spec.Template.Spec.Containers[0].Image = "nginx:1.30"
	Expect(environment.Client.Patch(ctx, deployment, client.MergeFrom(base))).To(Succeed())
	eventuallyUpdated(2)
	var sets v1alpha1.SimReplicaSetList
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.List(ctx, &sets, client.InNamespace(elsewhere), client.MatchingLabels{"app": deployment.Name})).To(Succeed())
		g.Expect(sets.Items).To(HaveLen(1))
	}).WithContext(ctx).Should(Succeed())
	// There is no garbage collector that would delete what it owns.
	Expect(environment.Client.Delete(ctx, deployment)).To(Succeed())
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimReplicaSet{}, client.InNamespace(elsewhere), client.MatchingLabels{"app": deployment.Name})).To(Succeed())
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace(elsewhere), client.MatchingLabels{"app": deployment.Name})).To(Succeed())
}

// runJob lets a job succeed and be deleted because its time after that is over.
func runJob(ctx context.Context) {
	GinkgoHelper()
	job := newJob("counted")
	job.Spec.TTLSecondsAfterFinished = new(int32(0))
	job.Spec.Template.Spec.Simulation = &v1alpha1.PodSimulation{RunDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: time.Second}}}
	Expect(environment.Client.Create(ctx, job)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(job), job)).To(Succeed())
		g.Expect(job.Status.Succeeded).To(BeEquivalentTo(1))
		g.Expect(job.DeletionTimestamp).NotTo(BeNil())
	}).WithContext(ctx).Should(Succeed())
	// There is no garbage collector that would delete its pods, and then itself.
	base := job.DeepCopy()
	job.Finalizers = nil
	Expect(environment.Client.Patch(ctx, job, client.MergeFrom(base))).To(Succeed())
	deletePodsOf(ctx, job)
}

// abandonPod deletes a job whose pod runs, so that nobody counts its end.
func abandonPod(ctx context.Context) {
	GinkgoHelper()
	job := newJob("abandoned")
	Expect(environment.Client.Create(ctx, job)).To(Succeed())
	var pods v1alpha1.SimPodList
	eventuallyTracked := func(want int) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			g.Expect(environment.Client.List(ctx, &pods, client.InNamespace(elsewhere), client.MatchingLabels{batchv1.JobNameLabel: job.Name})).To(Succeed())
			g.Expect(pods.Items).To(HaveLen(1))
			tracked := 0
			for _, finalizer := range pods.Items[0].Finalizers {
				if finalizer == v1alpha1.FinalizerJobTracking {
					tracked++
				}
			}
			g.Expect(tracked).To(Equal(want))
		}).WithContext(ctx).Should(Succeed())
	}
	eventuallyTracked(1)
	Expect(environment.Client.Delete(ctx, job)).To(Succeed())
	eventuallyTracked(0)
	deletePodsOf(ctx, job)
}

// resizePool lets a node pool create and delete nodes.
func resizePool(ctx context.Context) {
	GinkgoHelper()
	pool := &v1alpha1.SimNodePool{
		ObjectMeta: metav1.ObjectMeta{Name: "pool"},
		Spec: v1alpha1.SimNodePoolSpec{Replicas: new(int32(2)), Template: v1alpha1.SimNodeTemplateSpec{
			Spec: v1alpha1.SimNodeSpec{Capacity: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}},
		}},
	}
	Expect(environment.Client.Create(ctx, pool)).To(Succeed())
	eventuallyNodes := func(want int32) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(pool), pool)).To(Succeed())
			g.Expect(pool.Status.Replicas).To(Equal(want))
			g.Expect(pool.Status.ReadyReplicas).To(Equal(want))
		}).WithContext(ctx).Should(Succeed())
	}
	eventuallyNodes(2)
	base := pool.DeepCopy()
	pool.Spec.Replicas = new(int32(1))
	Expect(environment.Client.Patch(ctx, pool, client.MergeFrom(base))).To(Succeed())
	eventuallyNodes(1)
	Expect(environment.Client.Delete(ctx, pool)).To(Succeed())
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimNode{}, client.MatchingLabels{v1alpha1.LabelNodePool: pool.Name})).To(Succeed())
}

func newJob(name string) *v1alpha1.SimJob {
	job := &v1alpha1.SimJob{ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: name}}
	job.Spec.Template.Spec = newPod("", "100m").Spec
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	return job
}

func deletePodsOf(ctx context.Context, job *v1alpha1.SimJob) {
	GinkgoHelper()
	Expect(environment.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace(elsewhere),
		client.MatchingLabels{batchv1.JobNameLabel: job.Name})).To(Succeed())
}

func newPod(name, cpu string) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: name},
		Spec: v1alpha1.SimPodSpec{
			TerminationGracePeriodSeconds: new(int64(0)),
			Containers: []v1alpha1.Container{{
				Name: "main", Image: "nginx",
				Resources: v1alpha1.ResourceRequirements{Requests: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
			}},
		},
	}
}

func newReplicaSet(name string, replicas int32, spec v1alpha1.SimPodSpec) *v1alpha1.SimReplicaSet {
	labels := map[string]v1alpha1.LabelValue{"app": v1alpha1.LabelValue(name)}
	return &v1alpha1.SimReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: elsewhere, Name: name},
		Spec: v1alpha1.SimReplicaSetSpec{
			Replicas: new(replicas), Selector: v1alpha1.LabelSelector{MatchLabels: labels},
			Template: v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}, Spec: spec},
		},
	}
}

func createAndWait(ctx context.Context, pod *v1alpha1.SimPod) {
	GinkgoHelper()
	Expect(environment.Client.Create(ctx, pod)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(meta.IsStatusConditionTrue(pod.Status.Conditions, v1alpha1.SimPodReady)).To(BeTrue())
	}).WithContext(ctx).Should(Succeed(), "%s", pod.Name)
}

func eventuallyReplicas(ctx context.Context, set *v1alpha1.SimReplicaSet, want int32) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(set), set)).To(Succeed())
		g.Expect(set.Status.ReadyReplicas).To(Equal(want))
		g.Expect(set.Status.Replicas).To(Equal(want))
	}).WithContext(ctx).Should(Succeed())
}

func eventuallyGone(ctx context.Context, pod *v1alpha1.SimPod) {
	GinkgoHelper()
	Eventually(func() bool {
		return apierrors.IsNotFound(environment.Client.Get(ctx, client.ObjectKeyFromObject(pod), &v1alpha1.SimPod{}))
	}).WithContext(ctx).Should(BeTrue(), "%s", pod.Name)
}
