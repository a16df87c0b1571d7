// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package install_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/install"
	"github.com/glassplane/glassplane/test/wrappers"
)

const foreignFinalizer = "example.com/backup"

var _ = Describe("Uninstalling", func() {
	BeforeEach(func(ctx SpecContext) {
		deploy(ctx)
	})
	// Whatever a test leaves must not be there in the next one.
	AfterEach(func(ctx SpecContext) {
		_, _, err := uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
	})

	It("removes everything though no component runs, and nothing of others", func(ctx SpecContext) {
		const pods = 520 // more than a page
		foreign := createForeign(ctx)
		load(ctx, pods)
		counts, lines, err := uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		Expect(counts).To(HaveKeyWithValue("simpods", pods))
		Expect(counts).To(HaveKeyWithValue("simnodes", 1))
		Expect(counts).To(HaveKeyWithValue("simreplicasets", 1))
		Expect(counts).To(HaveKeyWithValue("deployments", 3))
		Expect(counts).To(HaveKeyWithValue("namespaces", 2))
		Expect(lines).To(ContainElement(ContainSubstring("simulated pods: 520 do not end by themselves")))
		Expect(lines).NotTo(ContainElement(HavePrefix("components: 3 do not end")), "they have no finalizers")
		expectGone(ctx)
		for _, object := range foreign {
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed(), "%T %s", object, object.GetName())
			Expect(object.GetDeletionTimestamp()).To(BeNil(), "%T %s", object, object.GetName())
		}

		By("finding nothing the second time")
		counts, lines, err = uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		Expect(counts).To(BeEmpty())
		Expect(lines).To(BeEmpty())
	})

	It("lets the components end the pods as long as they do", func(ctx SpecContext) {
		const pods = 30
		load(ctx, pods)
		node := &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: "node"}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
		node.Finalizers = nil // nobody would end it
		Expect(admin.Update(ctx, node)).To(Succeed())
		kubelet := startKubelet(ctx)
		_, lines, err := uninstall(ctx, time.Minute)
		Expect(err).NotTo(HaveOccurred())
		Expect(kubelet()).To(Equal(pods), "pods that the kubelet has ended")
		Expect(lines).NotTo(ContainElement(HavePrefix("simulated pods: 30 do not end by themselves")))
		expectGone(ctx)
	})

	It("completes a deletion of the manifests that hangs", func(ctx SpecContext) {
		load(ctx, 3)
		for _, object := range manifests {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, object.DeepCopy()))).To(Succeed())
		}
		Eventually(func(g Gomega) {
			var pod v1alpha1.SimPod
			g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: "default", Name: "pod-0"}, &pod)).To(Succeed())
			g.Expect(pod.DeletionTimestamp).NotTo(BeNil())
		}).WithContext(ctx).Should(Succeed())
		_, _, err := uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		expectGone(ctx)
	})

	It("leaves the finalizers of others, and names them", func(ctx SpecContext) {
		load(ctx, 2)
		pod := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "pod-0"}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		controllerutil.AddFinalizer(pod, foreignFinalizer)
		Expect(admin.Update(ctx, pod)).To(Succeed())

		_, _, err := uninstall(ctx, 0)
		kept, ok := errors.AsType[*install.KeptError](err)
		Expect(ok).To(BeTrue(), "error %v", err)
		Expect(kept.Objects).To(Equal([]install.Kept{{
			Resource: v1alpha1.GroupVersion.WithResource("simpods").GroupResource(), Namespace: "default", Name: "pod-0",
			Finalizers: []string{foreignFinalizer},
		}}))
		Expect(kept.Error()).To(ContainSubstring("simpods.sim.glassplane.dev default/pod-0: example.com/backup"))
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		Expect(pod.Finalizers).To(Equal([]string{foreignFinalizer}), "ours is off")
		expectGone(ctx, "simpods.sim.glassplane.dev")

		By("going on by itself once its owner is done")
		pod.Finalizers = nil
		Expect(admin.Update(ctx, pod)).To(Succeed())
		expectGone(ctx)
	})

	It("can be interrupted and run again", func(ctx SpecContext) {
		load(ctx, 50)
		stopped, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		uninstaller, err := install.NewUninstaller(config, 50*time.Millisecond, func(format string, _ ...any) {
			if strings.Contains(format, "do not end by themselves") {
				stop(errors.New("too late"))
			}
		})
		Expect(err).NotTo(HaveOccurred())
		plan, err := uninstaller.Plan(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(uninstaller.Run(stopped, plan)).To(MatchError(SatisfyAll(ContainSubstring("left, such as"), ContainSubstring("too late"))))

		_, _, err = uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		expectGone(ctx)
	})

	It("removes also what was installed for components that run elsewhere", func(ctx SpecContext) {
		_, _, err := uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		Expect(install.Apply(ctx, config)).To(Succeed()) // without the labels that config/default sets
		counts, _, err := uninstall(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		Expect(counts).To(HaveKey("clusterroles"))
		expectGone(ctx)
	})

	It("needs to be allowed", func(ctx SpecContext) {
		nobody := *config
		nobody.Impersonate.UserName = "nobody"
		uninstaller, err := install.NewUninstaller(&nobody, 0, func(string, ...any) {})
		Expect(err).NotTo(HaveOccurred())
		_, err = uninstaller.Plan(ctx)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "error %v", err)
	})
})

// What is in other namespaces would stay.
var _ = It("knows of each namespaced object by its namespace", func() {
	namespaces := []string{v1alpha1.SystemNamespace, v1alpha1.NodeLeaseNamespace}
	for _, object := range manifests {
		if namespace := object.GetNamespace(); namespace != "" {
			Expect(namespaces).To(ContainElement(namespace), "%s %s", object.GetKind(), object.GetName())
		}
	}
})

// uninstall removes everything and returns what there was and what was told.
func uninstall(ctx context.Context, grace time.Duration) (counts map[string]int, lines []string, err error) {
	GinkgoHelper()
	uninstaller, err := install.NewUninstaller(config, grace, func(format string, args ...any) {
		lines = append(lines, fmt.Sprintf(format, args...))
		GinkgoLogr.Info(lines[len(lines)-1])
	})
	Expect(err).NotTo(HaveOccurred())
	plan, err := uninstaller.Plan(ctx)
	Expect(err).NotTo(HaveOccurred())
	counts = map[string]int{}
	for _, count := range plan.Counts {
		counts[count.Resource.Resource] = count.Objects
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return counts, lines, uninstaller.Run(ctx, plan)
}

// deploy applies config/default and waits until its kinds are served.
func deploy(ctx context.Context) {
	GinkgoHelper()
	for _, object := range manifests {
		Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), client.FieldOwner("test"), client.ForceOwnership)).
			To(Succeed(), "%s %s", object.GetKind(), object.GetName())
	}
	for _, list := range []client.ObjectList{
		&v1alpha1.SimPodList{}, &v1alpha1.SimNodeList{}, &v1alpha1.SimReplicaSetList{}, &v1alpha1.WalkthroughList{},
	} {
		Eventually(func() error { return admin.List(ctx, list) }).WithContext(ctx).Should(Succeed())
	}
}

// load creates what nobody ends: bound pods, and a node and a Lease with
// finalizers of ours.
func load(ctx context.Context, pods int) {
	GinkgoHelper()
	const ours = v1alpha1.GroupName + "/test"
	node := wrappers.MakeSimNode().Name("node").Obj()
	node.Finalizers = []string{ours}
	Expect(admin.Create(ctx, node)).To(Succeed())
	Expect(admin.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Namespace: v1alpha1.NodeLeaseNamespace, Name: "node", Finalizers: []string{ours},
	}})).To(Succeed())
	labels := map[string]v1alpha1.LabelValue{"app": "web"}
	Expect(admin.Create(ctx, &v1alpha1.SimReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
		Spec: v1alpha1.SimReplicaSetSpec{
			Selector: v1alpha1.LabelSelector{MatchLabels: labels},
			Template: v1alpha1.SimPodTemplateSpec{
				Metadata: v1alpha1.TemplateMeta{Labels: labels},
				Spec:     wrappers.MakeSimPod().Obj().Spec,
			},
		},
	})).To(Succeed())
	for i := range pods {
		pod := wrappers.MakeSimPod().Namespace("default").Name(fmt.Sprintf("pod-%d", i)).Node("node").Obj()
		pod.Finalizers = []string{v1alpha1.FinalizerKubelet}
		Expect(admin.Create(ctx, pod)).To(Succeed())
	}
}

// createForeign creates what looks a little like ours.
func createForeign(ctx context.Context) []client.Object {
	GinkgoHelper()
	labels := map[string]string{"app.kubernetes.io/name": "glassplane"}
	objects := []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "glassplane-of-somebody-else"}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "glassplane", Labels: labels}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "glassplane-demo", Labels: labels}},
		&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-node-lease", Name: "node"}},
		&apiextensionsv1.CustomResourceDefinition{
			ObjectMeta: metav1.ObjectMeta{Name: "simpods.example.com"},
			Spec: apiextensionsv1.CustomResourceDefinitionSpec{
				Group: "example.com", Scope: apiextensionsv1.NamespaceScoped,
				Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "simpods", Kind: "SimPod"},
				Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
					Name: "v1", Served: true, Storage: true,
					Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object"}},
				}},
			},
		},
	}
	for _, object := range objects {
		Expect(admin.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(admin.Delete(ctx, object))).To(Succeed()) })
	}
	return objects
}

// startKubelet takes the kubelet's finalizer off deleted pods, one after the
// other, and returns a function that stops it and says off how many.
func startKubelet(ctx context.Context) func() int {
	ctx, cancel := context.WithCancel(ctx)
	var (
		done  sync.WaitGroup
		ended int
	)
	done.Go(func() {
		defer GinkgoRecover()
		for ctx.Err() == nil {
			var pods v1alpha1.SimPodList
			if err := admin.List(ctx, &pods); err != nil {
				continue // its CRD is gone, or this is to stop
			}
			for _, pod := range pods.Items {
				if pod.DeletionTimestamp == nil {
					continue
				}
				base := pod.DeepCopy()
				controllerutil.RemoveFinalizer(&pod, v1alpha1.FinalizerKubelet)
				if admin.Patch(ctx, &pod, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})) == nil {
					ended++
				}
				break
			}
		}
	})
	stop := func() int {
		cancel()
		done.Wait()
		return ended
	}
	DeferCleanup(func() { stop() })
	return stop
}

// expectGone lists everything that the manifests brought: nothing of it is
// there, or only the names given.
func expectGone(ctx context.Context, but ...string) {
	GinkgoHelper()

	for _, object := range manifests {
		found := object.DeepCopy()
		if len(but) > 0 && found.GetName() == but[0] {
			continue
		}
		Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(found), found) }).WithContext(ctx).
			Should(Satisfy(isGone), func() string { text, _ := yaml.Marshal(found); return string(text) })
	}
}

func isGone(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) }
