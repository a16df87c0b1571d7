// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/test/env"
)

// The controllers run against a real API server with the ServiceAccount's own
// rights, so that these tests also show that its RBAC suffices.
var (
	environment *env.Environment
	component   *rest.Config
	admin       client.Client
)

func TestControllers(t *testing.T) {
	if testing.Short() {
		t.Skip("needs an API server")
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	RunSpecs(t, "controllers")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	ctrl.SetLogger(funcr.New(func(prefix, args string) { GinkgoWriter.Println(prefix, args) }, funcr.Options{}))
	var err error
	environment, err = env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return environment.Stop() })
	admin = environment.Client
	component, err = environment.ServiceAccount("glassplane-controller-manager")
	Expect(err).NotTo(HaveOccurred())
})

// startManager runs the controllers that setup adds until the spec ends. What is
// left of the spec is removed after they have stopped.
func startManager(setup func(ctrl.Manager) error, changes ...func(*ctrl.Options)) {
	GinkgoHelper()
	options := ctrl.Options{
		Scheme:     environment.Scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
		Cache: cache.Options{ByObject: map[client.Object]cache.ByObject{
			&coordinationv1.Lease{}: {Namespaces: map[string]cache.Config{v1alpha1.NodeLeaseNamespace: {}}},
		}},
	}
	for _, change := range changes {
		change(&options)
	}
	mgr, err := ctrl.NewManager(component, options)
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	Expect(index.Register(ctx, mgr.GetFieldIndexer())).To(Succeed())
	Expect(setup(mgr)).To(Succeed())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(done).Should(Receive(BeNil()))
		cleanUp()
	})
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
}

func cleanUp() {
	ctx := context.Background()
	var pods v1alpha1.SimPodList
	Expect(admin.List(ctx, &pods)).To(Succeed())
	for i := range pods.Items {
		pod := &pods.Items[i]
		base := pod.DeepCopy()
		pod.Finalizers = nil
		Expect(client.IgnoreNotFound(admin.Patch(ctx, pod, client.MergeFrom(base)))).To(Succeed())
	}
	for _, namespace := range []string{"default"} {
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimDeployment{}, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimReplicaSet{}, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimDaemonSet{}, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimStatefulSet{}, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.DeleteAllOf(ctx, &appsv1.ControllerRevision{}, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimJob{}, client.InNamespace(namespace))).To(Succeed())
	}
	Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimNodePool{})).To(Succeed())
	Expect(admin.DeleteAllOf(ctx, &v1alpha1.SimNode{})).To(Succeed())
	Expect(admin.DeleteAllOf(ctx, &coordinationv1.Lease{}, client.InNamespace(v1alpha1.NodeLeaseNamespace))).To(Succeed())
}

var serial int

// unique returns a name that no other spec has.
func unique(prefix string) string {
	serial++
	return fmt.Sprintf("%s-%d", prefix, serial)
}

func newNode() *v1alpha1.SimNode {
	return &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{Name: unique("node")},
		Spec: v1alpha1.SimNodeSpec{Capacity: v1alpha1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"),
		}},
	}
}

// readyNode creates a node whose kubelet has registered it.
func readyNode(ctx context.Context) *v1alpha1.SimNode {
	GinkgoHelper()
	node := newNode()
	Expect(admin.Create(ctx, node)).To(Succeed())
	setNodeReady(ctx, node, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
	return node
}

func setNodeReady(ctx context.Context, node *v1alpha1.SimNode, status metav1.ConditionStatus, reason string) {
	GinkgoHelper()
	base := node.DeepCopy()
	node.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.SimNodeReady, Status: status, Reason: reason, LastTransitionTime: metav1.Now(),
	}}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "172.16.0.9"}}
	Expect(admin.Status().Patch(ctx, node, client.MergeFrom(base))).To(Succeed())
}

// newPod returns a pod that is bound to the node, as the scheduler leaves it.
func newPod(node string) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: unique("pod"), Finalizers: []string{v1alpha1.FinalizerKubelet}},
		Spec: v1alpha1.SimPodSpec{
			NodeName: node,
			Containers: []v1alpha1.Container{{Name: "main", Image: "nginx", Resources: v1alpha1.ResourceRequirements{
				Requests: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m")},
			}}},
		},
	}
}

// get reads an object again and returns it.
func get[T client.Object](ctx context.Context, o T) T {
	GinkgoHelper()
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
	return o
}

// exists says whether an object is still stored.
func exists(ctx context.Context, o client.Object) func() (bool, error) {
	return func() (bool, error) {
		err := admin.Get(ctx, client.ObjectKeyFromObject(o), o.DeepCopyObject().(client.Object))
		return err == nil, client.IgnoreNotFound(err)
	}
}

func podSummary(ctx context.Context, pod *v1alpha1.SimPod) func() (string, error) {
	return func() (string, error) {
		err := admin.Get(ctx, client.ObjectKeyFromObject(pod), pod)
		return pod.Status.Summary, err
	}
}

// eventsOf returns the reason and note of each event about an object.
func eventsOf(ctx context.Context, o client.Object) func() ([]string, error) {
	return func() ([]string, error) {
		var list eventsv1.EventList
		err := admin.List(ctx, &list)
		var out []string
		for i := range list.Items {
			if e := &list.Items[i]; e.Regarding.UID == o.GetUID() {
				out = append(out, e.Reason+": "+e.Note)
			}
		}
		return out, err
	}
}

func recorderOf(mgr ctrl.Manager) events.EventRecorder {
	return mgr.GetEventRecorder("glassplane-controller-manager")
}

func condition(conditions []metav1.Condition, kind string) string {
	for _, c := range conditions {
		if c.Type == kind {
			return string(c.Status) + "/" + c.Reason
		}
	}
	return ""
}
