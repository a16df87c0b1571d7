// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/simnodepool"
)

var _ = Describe("simnodepool", func() {
	BeforeEach(func() {
		startManager(func(mgr ctrl.Manager) error {
			return simnodepool.SetupWithManager(mgr, simnodepool.Options{Events: recorderOf(mgr), BatchPeriod: 10 * time.Millisecond})
		})
	})

	newPool := func(replicas int32, zones ...string) *v1alpha1.SimNodePool {
		return &v1alpha1.SimNodePool{
			ObjectMeta: metav1.ObjectMeta{Name: unique("pool")},
			Spec: v1alpha1.SimNodePoolSpec{Replicas: &replicas, Zones: zones, Template: v1alpha1.SimNodeTemplateSpec{
				Metadata: v1alpha1.TemplateMeta{Labels: map[string]v1alpha1.LabelValue{"disk": "ssd"}},
				Spec:     v1alpha1.SimNodeSpec{Capacity: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("4")}},
			}},
		}
	}
	nodesOf := func(ctx context.Context, pool *v1alpha1.SimNodePool) func() ([]v1alpha1.SimNode, error) {
		return func() ([]v1alpha1.SimNode, error) {
			var list v1alpha1.SimNodeList
			err := admin.List(ctx, &list, client.MatchingLabels{v1alpha1.LabelNodePool: pool.Name})
			return list.Items, err
		}
	}
	zones := func(ctx context.Context, pool *v1alpha1.SimNodePool) func() (map[string]int, error) {
		return func() (map[string]int, error) {
			nodes, err := nodesOf(ctx, pool)()
			out := map[string]int{}
			for i := range nodes {
				out[nodes[i].Labels[corev1.LabelTopologyZone]]++
			}
			return out, err
		}
	}
	reported := func(ctx context.Context, pool *v1alpha1.SimNodePool) func() ([]int32, error) {
		return func() ([]int32, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(pool), pool)
			return []int32{pool.Status.Replicas, pool.Status.ReadyReplicas}, err
		}
	}
	// scale does what kubectl scale does.
	scale := func(ctx context.Context, pool *v1alpha1.SimNodePool, replicas int32) {
		GinkgoHelper()
		scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
		Expect(admin.SubResource("scale").Update(ctx, pool, client.WithSubResourceBody(scale))).To(Succeed())
	}

	It("creates nodes of its template evenly over the zones, and scales", func(ctx SpecContext) {
		pool := newPool(4, "a", "b")
		Expect(admin.Create(ctx, pool)).To(Succeed())
		Eventually(reported(ctx, pool)).Should(Equal([]int32{4, 0}))
		Expect(zones(ctx, pool)()).To(Equal(map[string]int{"a": 2, "b": 2}))
		Expect(pool.Status.Selector).To(Equal("sim.glassplane.dev/node-pool=" + pool.Name))
		nodes, err := nodesOf(ctx, pool)()
		Expect(err).NotTo(HaveOccurred())
		Expect(nodes[0].Name).To(HavePrefix(pool.Name + "-"))
		Expect(nodes[0].Labels).To(HaveKeyWithValue("disk", "ssd"))
		Expect(metav1.IsControlledBy(&nodes[0], pool)).To(BeTrue())

		scale(ctx, pool, 7)
		Eventually(zones(ctx, pool)).Should(Equal(map[string]int{"a": 4, "b": 3}))
		scale(ctx, pool, 2)
		Eventually(zones(ctx, pool)).Should(Equal(map[string]int{"a": 1, "b": 1}))

		By("replacing one that is deleted")
		nodes, err = nodesOf(ctx, pool)()
		Expect(err).NotTo(HaveOccurred())
		Expect(admin.Delete(ctx, &nodes[0])).To(Succeed())
		Eventually(func(g Gomega) {
			now, err := nodesOf(ctx, pool)()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(now).To(HaveLen(2))
			g.Expect(now).NotTo(ContainElement(HaveField("UID", nodes[0].UID)))
		}).Should(Succeed())
		scale(ctx, pool, 0)
		Eventually(nodesOf(ctx, pool)).Should(BeEmpty())
		Eventually(reported(ctx, pool)).Should(Equal([]int32{0, 0}))
	})

	It("removes what is least missed first, and says why", func(ctx SpecContext) {
		pool := newPool(5)
		Expect(admin.Create(ctx, pool)).To(Succeed())
		Eventually(nodesOf(ctx, pool)).Should(HaveLen(5))
		nodes, err := nodesOf(ctx, pool)()
		Expect(err).NotTo(HaveOccurred())
		many, few, empty, cordoned, dead := &nodes[0], &nodes[1], &nodes[2], &nodes[3], &nodes[4]
		for _, node := range []*v1alpha1.SimNode{many, few, empty, cordoned} {
			setNodeReady(ctx, node, metav1.ConditionTrue, v1alpha1.ReasonKubeletReady)
		}
		base := cordoned.DeepCopy()
		cordoned.Spec.Unschedulable = true
		Expect(admin.Patch(ctx, cordoned, client.MergeFrom(base))).To(Succeed())
		for _, node := range []*v1alpha1.SimNode{many, many, few, cordoned} {
			Expect(admin.Create(ctx, newPod(node.Name))).To(Succeed())
		}
		Eventually(reported(ctx, pool)).Should(Equal([]int32{5, 4}))

		for left, gone := range []*v1alpha1.SimNode{dead, cordoned, empty, few} {
			scale(ctx, pool, int32(4-left))
			Eventually(exists(ctx, gone)).Should(BeFalse())
			Eventually(reported(ctx, pool)).Should(Equal([]int32{int32(4 - left), int32(4 - left)}))
		}
		Expect(exists(ctx, many)()).To(BeTrue())
		Eventually(eventsOf(ctx, pool)).Should(ContainElements(
			"SuccessfulDelete: Deleted node: "+dead.Name+" (not ready)",
			"SuccessfulDelete: Deleted node: "+cordoned.Name+" (cordoned)",
			"SuccessfulDelete: Deleted node: "+empty.Name+" (empty)",
			"SuccessfulDelete: Deleted node: "+few.Name+" (1 pod)",
		))
	})

	It("creates many at once, never too many", func(ctx SpecContext) {
		pool := newPool(1200, "a", "b", "c")
		Expect(admin.Create(ctx, pool)).To(Succeed())
		Eventually(reported(ctx, pool)).WithTimeout(time.Minute).Should(Equal([]int32{1200, 0}))
		Expect(zones(ctx, pool)()).To(Equal(map[string]int{"a": 400, "b": 400, "c": 400}))
		scale(ctx, pool, 3)
		Eventually(zones(ctx, pool)).WithTimeout(time.Minute).Should(Equal(map[string]int{"a": 1, "b": 1, "c": 1}))
		Eventually(eventsOf(ctx, pool)).Should(ContainElement(And(
			HavePrefix("SuccessfulCreate: Created 500 nodes: "+pool.Name+"-"), HaveSuffix("and 492 others"))))
	}, NodeTimeout(3*time.Minute))

	It("reports that nodes are refused", func(ctx SpecContext) {
		pool := newPool(1)
		pool.Spec.Template.Metadata.Annotations = map[string]string{"not a key": "x"}
		Expect(admin.Create(ctx, pool)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, pool).Status.Conditions, v1alpha1.SimNodePoolReplicaFailure)).To(Equal("True/FailedCreate"))
		}).Should(Succeed())
		base := pool.DeepCopy()
		pool.Spec.Template.Metadata.Annotations = nil
		Expect(admin.Patch(ctx, pool, client.MergeFrom(base))).To(Succeed())
		Eventually(nodesOf(ctx, pool)).Should(HaveLen(1))
		Eventually(func(g Gomega) {
			g.Expect(condition(get(ctx, pool).Status.Conditions, v1alpha1.SimNodePoolReplicaFailure)).To(BeEmpty())
		}).Should(Succeed())
	})
})
