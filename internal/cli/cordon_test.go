// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

// makeSimNode creates a node, and removes it when the spec ends.
func makeSimNode(ctx context.Context, name string, labels ...string) *v1alpha1.SimNode {
	GinkgoHelper()
	wrapper := wrappers.MakeSimNode().Name(name).Capacity("cpu", "4", "memory", "8Gi", "pods", "10")
	for i := 0; i < len(labels); i += 2 {
		wrapper = wrapper.Label(labels[i], labels[i+1])
	}
	node := wrapper.Obj()
	Expect(cluster.Client.Create(ctx, node)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(cluster.Client.Delete(ctx, node))).To(Succeed()) })
	return node
}

// reload reads an object again and returns it.
func reload[T client.Object](ctx context.Context, object T) T {
	GinkgoHelper()
	Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	return object
}

// userWith returns the configuration of a user with the rights.
func userWith(ctx context.Context, name string, rules ...rbacv1.PolicyRule) *rest.Config {
	GinkgoHelper()
	config, err := cluster.User(name)
	Expect(err).NotTo(HaveOccurred())
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	for _, object := range []client.Object{role, binding} {
		Expect(cluster.Client.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, object)).To(Succeed()) })
	}
	return config
}

var _ = Describe("cordon and uncordon", func() {
	var admin string
	BeforeEach(func() { admin = writeKubeconfig(cluster.Config) })

	It("mark nodes once, and say so where they are marked already", func(ctx SpecContext) {
		node := makeSimNode(ctx, "cordon-a")
		for _, step := range []struct {
			command, said string
			want, changes bool
		}{
			{"uncordon", "already uncordoned", false, false},
			{"cordon", "cordoned", true, true},
			{"cordon", "already cordoned", true, false},
			{"uncordon", "uncordoned", false, true},
		} {
			before := reload(ctx, node).ResourceVersion
			code, out, errOut := glassplane(ctx, step.command, "simnode/cordon-a", "--kubeconfig", admin)
			Expect(code).To(BeZero(), errOut)
			Expect(errOut).To(BeEmpty())
			Expect(out).To(Equal("simnode.sim.glassplane.dev/cordon-a " + step.said + "\n"))
			Expect(reload(ctx, node).Spec.Unschedulable).To(Equal(step.want))
			Expect(node.ResourceVersion != before).To(Equal(step.changes), "a write where nothing changes")
		}
	})

	It("mark those that the selector selects, and a node that is named twice once", func(ctx SpecContext) {
		a, b, other := makeSimNode(ctx, "cordon-a", "zone", "cordon"), makeSimNode(ctx, "cordon-b", "zone", "cordon"), makeSimNode(ctx, "cordon-c")
		code, out, errOut := glassplane(ctx, "cordon", "-l", "zone=cordon", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal("simnode.sim.glassplane.dev/cordon-a cordoned\nsimnode.sim.glassplane.dev/cordon-b cordoned\n"))
		Expect([]bool{reload(ctx, a).Spec.Unschedulable, reload(ctx, b).Spec.Unschedulable, reload(ctx, other).Spec.Unschedulable}).
			To(Equal([]bool{true, true, false}))

		code, out, errOut = glassplane(ctx, "uncordon", "cordon-a", "sn/cordon-a", "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal("simnode.sim.glassplane.dev/cordon-a uncordoned\n"))
	})

	It("write nothing in a dry run", func(ctx SpecContext) {
		node := makeSimNode(ctx, "cordon-a")
		before := reload(ctx, node).ResourceVersion
		for flag, suffix := range map[string]string{"--dry-run": " (dry run)", "--dry-run=server": " (server dry run)"} {
			code, out, errOut := glassplane(ctx, "cordon", "cordon-a", flag, "--kubeconfig", admin)
			Expect(code).To(BeZero(), errOut)
			Expect(out).To(Equal("simnode.sim.glassplane.dev/cordon-a cordoned" + suffix + "\n"))
			Expect(reload(ctx, node).ResourceVersion).To(Equal(before))
		}
	})

	It("refuse nodes that are not there before they mark one, and say what to do", func(ctx SpecContext) {
		node := makeSimNode(ctx, "cordon-a")
		real := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "cordon-real"}}
		Expect(cluster.Client.Create(ctx, real)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, real)).To(Succeed()) })
		for arg, want := range map[string][]string{
			"nowhere":          {`Error from server (NotFound): simnodes.sim.glassplane.dev "nowhere" not found`, "kubectl get simnodes"},
			"cordon-real":      {`simnodes.sim.glassplane.dev "cordon-real" not found`, "for real nodes use kubectl"},
			"node/cordon-real": {`"node/cordon-real": expected the name of a simulated node`, "for real nodes use kubectl"},
			"simnode/":         {`"simnode/": expected the name of a simulated node, such as node-1 or simnode/node-1`},
			"-lzone=nowhere":   {"no simulated node matches --selector zone=nowhere", "kubectl get simnodes --show-labels"},
		} {
			args := []string{"cordon", arg, "--kubeconfig", admin}
			if arg[0] != '-' {
				args = append(args, "cordon-a")
			}
			code, out, errOut := glassplane(ctx, args...)
			Expect(code).To(Equal(1), arg)
			Expect(out).To(BeEmpty())
			for _, part := range want {
				Expect(errOut).To(ContainSubstring(part))
			}
			Expect(reload(ctx, node).Spec.Unschedulable).To(BeFalse())
		}
	})

	It("name each node that must not be changed", func(ctx SpecContext) {
		makeSimNode(ctx, "cordon-a")
		makeSimNode(ctx, "cordon-b")
		reader := writeKubeconfig(userWith(ctx, "node-reader",
			rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"simnodes"}, Verbs: []string{"get", "list"}}))
		Eventually(func(g Gomega) {
			code, out, errOut := glassplane(ctx, "cordon", "cordon-a", "cordon-b", "--kubeconfig", reader)
			g.Expect(code).To(Equal(1))
			g.Expect(out).To(BeEmpty())
			for _, node := range []string{"cordon-a", "cordon-b"} {
				g.Expect(errOut).To(ContainSubstring(`unable to cordon simnode "` + node + `": simnodes.sim.glassplane.dev "` + node + `" is forbidden`))
			}
		}).Should(Succeed())
	})
})
