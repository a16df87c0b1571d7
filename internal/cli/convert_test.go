// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

func TestConvertPrints(t *testing.T) {
	const list = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: web}}
- apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec: {enableServiceLinks: false, containers: [{name: a, image: b}]}
- {apiVersion: v1, kind: Node, metadata: {name: one}, status: {capacity: {cpu: "1"}}}
`
	tests := map[string]struct {
		stdin, stdout string
		args          []string
		code          int
		stderr        []string
	}{
		"a list, nodes first": {
			stdin: list, args: []string{"-o", "name", "-n", "shop"}, stdout: "simnode.sim.glassplane.dev/one\nsimpod.sim.glassplane.dev/web\n",
			stderr: []string{"service/web left out: it counts as it is", "pod/web becomes a SimPod\n  no effect: left out: spec.enableServiceLinks\n"},
		},
		"one is refused, the other made": {
			stdin: list + "- {apiVersion: v1, kind: Node, metadata: {name: bare}}\n", args: []string{"-o", "name"}, code: 1,
			stdout: "simnode.sim.glassplane.dev/one\nsimpod.sim.glassplane.dev/web\n",
			stderr: []string{"error: node/bare: status.capacity is missing", "error: 1 thing was not done; see above"},
		},
		"nothing":            {stdin: "apiVersion: v1\nkind: Service\nmetadata: {name: web}", code: 1, stderr: []string{"nothing to convert"}},
		"another namespace":  {stdin: strings.Replace(simPodHeader, "web", "web, namespace: a", 1), args: []string{"-n", "b"}, code: 1, stderr: []string{"does not match the namespace \"b\""}},
		"dry run of nothing": {args: []string{"--dry-run"}, code: 1, stderr: []string{"--dry-run is for --apply"}},
		"unknown output":     {args: []string{"-o", "xml"}, code: 1, stderr: []string{`invalid --output "xml"`}},
		"applied, dry run": {
			stdin: list, args: []string{"--apply", "--dry-run=client"},
			stdout: "simnode.sim.glassplane.dev/one serverside-applied (dry run)\nsimpod.sim.glassplane.dev/web serverside-applied (dry run)\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code, stderr := offline(t, tt.stdin, &out, append([]string{"convert", "-f", "-"}, tt.args...)...)
			if code != tt.code || out.String() != tt.stdout {
				t.Errorf("exit code %d, want %d; stdout:\n%s\nwant:\n%s\nstderr: %s", code, tt.code, out.String(), tt.stdout, stderr)
			}
			for _, want := range tt.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr is %q, want %q in it", stderr, want)
				}
			}
		})
	}
}

// manifestFile writes a manifest and returns its path.
func manifestFile(text string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "manifest.yaml")
	Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	return path
}

var _ = Describe("convert --apply", func() {
	const workloads = `
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: convert-web, labels: {app: web}}
  spec:
    replicas: 3
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec: {containers: [{name: main, image: "nginx:1.29", resources: {requests: {cpu: 250m}}}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: convert-one, namespace: default}
  spec: {priority: 7, nodeName: somewhere, containers: [{name: main, image: busybox, env: [{name: A, value: b}]}]}
- {apiVersion: v1, kind: Node, metadata: {name: convert-node, labels: {zone: a}}, spec: {unschedulable: true}, status: {capacity: {cpu: "4", memory: 8Gi, pods: "20"}}}
`
	var admin string
	node := &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: "convert-node"}}
	pod := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "convert-one"}}
	set := &v1alpha1.SimDeployment{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "convert-web"}}
	objects := []client.Object{node, set, pod}
	BeforeEach(func() {
		admin = writeKubeconfig(cluster.Config)
		DeferCleanup(func(ctx SpecContext) {
			for _, o := range objects {
				Expect(client.IgnoreNotFound(cluster.Client.Delete(ctx, o))).To(Succeed())
			}
			Expect(cluster.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace("default"))).To(Succeed())
		})
	})
	versions := func(ctx context.Context) (out []string) {
		GinkgoHelper()
		for _, o := range objects {
			out = append(out, reload(ctx, o).GetResourceVersion())
		}
		return out
	}
	const applied = `simnode.sim.glassplane.dev/convert-node serverside-applied
simdeployment.sim.glassplane.dev/convert-web serverside-applied
simpod.sim.glassplane.dev/convert-one serverside-applied
`

	It("creates the simulated objects, changes what changes, and nothing when it is repeated", func(ctx SpecContext) {
		code, out, errOut := glassplane(ctx, "convert", "--apply", "-f", manifestFile(workloads), "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(applied))
		Expect(errOut).To(ContainSubstring("pod/convert-one -n default becomes a SimPod"))
		versions(ctx)
		created := make([]client.Object, len(objects))
		for i, o := range objects {
			created[i] = o.DeepCopyObject().(client.Object)
		}
		Expect(node.Spec.Unschedulable).To(BeTrue())
		Expect(node.Labels).To(HaveKeyWithValue("zone", "a"))
		Expect(node.Spec.Capacity).To(HaveKeyWithValue(corev1.ResourcePods, resource.MustParse("20")))
		Expect(*set.Spec.Replicas).To(BeEquivalentTo(3))
		Expect(pod.Spec.NodeName).To(BeEmpty())
		Expect(pod.Spec.SchedulerName).To(Equal("glassplane-scheduler"))
		for _, o := range objects {
			Expect(o.GetManagedFields()).To(HaveLen(1))
			Expect(o.GetManagedFields()[0].Manager).To(Equal("glassplane-convert"))
		}

		// The API server itself stores an applied object of a custom kind anew when it
		// is applied for the second time, with the same content.
		repeat := func() []string {
			GinkgoHelper()
			code, out, errOut := glassplane(ctx, "convert", "--apply", "-f", manifestFile(workloads), "--kubeconfig", admin)
			Expect(code).To(BeZero(), errOut)
			Expect(out).To(Equal(applied))
			repeated := versions(ctx)
			for i, o := range objects {
				o.SetResourceVersion(created[i].GetResourceVersion())
				o.SetManagedFields(created[i].GetManagedFields()) // with the time of the last write
			}
			Expect(cmp.Diff(created, objects)).To(BeEmpty())
			return repeated
		}
		first := repeat()
		Expect(repeat()).To(Equal(first))

		changed := strings.Replace(workloads, "replicas: 3", "replicas: 5", 1)
		code, _, errOut = glassplane(ctx, "convert", "--apply", "-f", manifestFile(changed), "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		second := versions(ctx)
		Expect(*set.Spec.Replicas).To(BeEquivalentTo(5))
		Expect([]string{second[0], second[2]}).To(Equal([]string{first[0], first[2]}))
	})

	It("writes nothing in a dry run, which the API server has checked", func(ctx SpecContext) {
		code, out, errOut := glassplane(ctx, "convert", "--apply", "--dry-run=server", "-f", manifestFile(workloads), "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(strings.ReplaceAll(applied, "serverside-applied\n", "serverside-applied (server dry run)\n")))
		for _, o := range objects {
			err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(o), o)
			Expect(client.IgnoreNotFound(err)).To(Succeed())
			Expect(err).To(HaveOccurred(), "%T is stored", o)
		}
	})

	It("creates a pod that has no name each time", func(ctx SpecContext) {
		file := manifestFile("apiVersion: v1\nkind: Pod\nmetadata: {generateName: convert-}\nspec: {containers: [{name: a, image: b}]}\n")
		for range 2 {
			code, out, errOut := glassplane(ctx, "convert", "--apply", "-f", file, "--kubeconfig", admin)
			Expect(code).To(BeZero(), errOut)
			Expect(out).To(MatchRegexp(`^simpod.sim.glassplane.dev/convert-\S+ created\n$`))
		}
		pods := &v1alpha1.SimPodList{}
		Expect(cluster.Client.List(ctx, pods, client.InNamespace("default"))).To(Succeed())
		Expect(pods.Items).To(HaveLen(2))
	})

	It("leaves fields to others that own them, and takes them over with --force-conflicts", func(ctx SpecContext) {
		file := manifestFile(workloads)
		code, _, errOut := glassplane(ctx, "convert", "--apply", "-f", file, "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		base := reload(ctx, set).DeepCopy()
		set.Spec.Replicas = new(int32(1))
		Expect(cluster.Client.Patch(ctx, set, client.MergeFrom(base), client.FieldOwner("autoscaler"))).To(Succeed())

		code, out, errOut := glassplane(ctx, "convert", "--apply", "-f", file, "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(And(ContainSubstring(`simdeployment/convert-web -n default: `), ContainSubstring(`conflict with "autoscaler"`), ContainSubstring(".spec.replicas"),
			ContainSubstring("--force-conflicts takes them over"), HaveSuffix("error: 1 thing was not done; see above\n")))
		Expect(out).To(And(ContainSubstring("convert-node"), ContainSubstring("convert-one")), "the others are applied")
		Expect(*reload(ctx, set).Spec.Replicas).To(BeEquivalentTo(1))

		code, out, errOut = glassplane(ctx, "convert", "--apply", "--force-conflicts", "-f", file, "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(Equal(applied))
		Expect(*reload(ctx, set).Spec.Replicas).To(BeEquivalentTo(3))
	})

	It("keeps nodes with --keep-nodes for those who may bind pods", func(ctx SpecContext) {
		file := manifestFile(workloads)
		code, _, errOut := glassplane(ctx, "convert", "--apply", "--keep-nodes", "-f", file, "--kubeconfig", admin)
		Expect(code).To(BeZero(), errOut)
		Expect(reload(ctx, pod).Spec.NodeName).To(Equal("somewhere"))
		Expect(cluster.Client.Delete(ctx, pod)).To(Succeed())

		author := writeKubeconfig(userWith(ctx, "convert-author", rbacv1.PolicyRule{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"simpods", "simnodes", "simdeployments"}, Verbs: []string{"get", "create", "patch"},
		}))
		Eventually(func(g Gomega) {
			code, out, errOut := glassplane(ctx, "convert", "--apply", "--keep-nodes", "-f", file, "--kubeconfig", author)
			g.Expect(code).To(Equal(1))
			g.Expect(out).To(ContainSubstring("simnode.sim.glassplane.dev/convert-node serverside-applied\n"))
			g.Expect(errOut).To(And(ContainSubstring("simpod/convert-one -n default: "), ContainSubstring("spec.nodeName")))
		}).Should(Succeed())
	})

	It("says what to do where the namespace is missing or is another one", func(ctx SpecContext) {
		file := manifestFile(strings.Replace(workloads, ", namespace: default", "", 1))
		code, out, errOut := glassplane(ctx, "convert", "--apply", "-n", "nowhere", "-f", file, "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(out).To(Equal("simnode.sim.glassplane.dev/convert-node serverside-applied\n"))
		Expect(errOut).To(And(ContainSubstring(`namespaces "nowhere" not found`), ContainSubstring("use kubectl create namespace"),
			HaveSuffix("error: 2 things were not done; see above\n")))

		code, out, errOut = glassplane(ctx, "convert", "--apply", "-n", "nowhere", "-f", manifestFile(workloads), "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(out).To(BeEmpty())
		Expect(errOut).To(ContainSubstring(`metadata.namespace of simpod/convert-one -n default does not match the namespace "nowhere": pass --namespace=default, or none`))
	})

	It("names what the API server refuses, and applies the rest", func(ctx SpecContext) {
		file := manifestFile(strings.Replace(workloads, "cpu: 250m", "cpu: \"-1\"", 1))
		code, out, errOut := glassplane(ctx, "convert", "--apply", "-f", file, "--kubeconfig", admin)
		Expect(code).To(Equal(1))
		Expect(errOut).To(And(ContainSubstring("convert-web"), ContainSubstring("cpu"), HaveSuffix("error: 1 thing was not done; see above\n")))
		Expect(out).To(And(ContainSubstring("convert-node"), ContainSubstring("convert-one")))
	})
})
