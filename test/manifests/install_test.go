// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// What "kubectl apply --server-side" does with dist/install.yaml, and then with
// the samples, on an API server that has nothing of it.
var _ = Describe("An API server", Ordered, func() {
	for _, folder := range []string{defaultConfig, samplesConfig} {
		It("takes config/"+folder+" strictly and without a warning, and nothing changes when it is applied again", func(ctx SpecContext) {
			objects, err := renderFolder(folder)
			Expect(err).NotTo(HaveOccurred())
			apply(ctx, objects)
			Expect(warnings.take()).To(BeEmpty())
			established(ctx, objects)

			// The defaults of a status that nobody has written are stored with the
			// first update.
			apply(ctx, objects)
			before := revisions(ctx, objects)
			apply(ctx, objects)
			Expect(warnings.take()).To(BeEmpty())
			Expect(revisions(ctx, objects)).To(Equal(before))
		})
	}

	It("takes config/kubeadm over it, and warns of the observer alone", func(ctx SpecContext) {
		objects, err := renderFolder(kubeadmConfig)
		Expect(err).NotTo(HaveOccurred())
		apply(ctx, objects)
		got := warnings.take()
		Expect(got).To(HaveLen(1))
		Expect(got[0]).To(And(
			ContainSubstring(`would violate PodSecurity "restricted`),
			ContainSubstring(`use restricted volume type "hostPath"`),
			ContainSubstring(`runAsUser=0`),
			Not(ContainSubstring("capabilities")), Not(ContainSubstring("seccompProfile")), Not(ContainSubstring("allowPrivilegeEscalation")),
		))
	})

	It("takes config/prometheus but for the ServiceMonitor, which the operator brings", func(ctx SpecContext) {
		objects, err := renderFolder(prometheusConfig)
		Expect(err).NotTo(HaveOccurred())
		var known []*unstructured.Unstructured
		for _, object := range objects {
			if !strings.HasPrefix(object.GetAPIVersion(), "monitoring.coreos.com/") {
				known = append(known, object)
			}
		}
		Expect(known).To(HaveLen(len(objects) - 1))
		apply(ctx, known)
		Expect(warnings.take()).To(BeEmpty())
	})

	It("takes what docs/install.md shows", func(ctx SpecContext) {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "install.md"))
		Expect(err).NotTo(HaveOccurred())
		blocks := strings.Split(string(page), "```yaml\n")[1:]
		Expect(blocks).NotTo(BeEmpty())
		for _, block := range blocks {
			manifest, _, _ := strings.Cut(block, "```")
			object := &unstructured.Unstructured{}
			Expect(yaml.UnmarshalStrict([]byte(manifest), &object.Object)).To(Succeed())
			apply(ctx, []*unstructured.Unstructured{object})
		}
		Expect(warnings.take()).To(BeEmpty())
	})

	It("has components that register every metric of the dashboard", testDashboard)
})

// apply applies the objects in their order, as "kubectl apply --server-side" and
// kubectl's default --validate=strict do.
func apply(ctx context.Context, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, object := range objects {
		data, err := json.Marshal(withNamespace(object))
		Expect(err).NotTo(HaveOccurred())
		patched := reference(object)
		Expect(administrator.Patch(ctx, patched, client.RawPatch(types.ApplyPatchType, data),
			client.FieldOwner("kubectl"), client.FieldValidation("Strict"))).
			To(Succeed(), "%s %s", object.GetKind(), object.GetName())
	}
}

// withNamespace puts an object into the namespace default where it names none,
// as kubectl does.
func withNamespace(object *unstructured.Unstructured) *unstructured.Unstructured {
	GinkgoHelper()
	namespaced, err := administrator.IsObjectNamespaced(object)
	Expect(err).NotTo(HaveOccurred())
	if namespaced && object.GetNamespace() == "" {
		object.SetNamespace("default")
	}
	return object
}

// reference returns an object that has nothing but its name.
func reference(object *unstructured.Unstructured) *unstructured.Unstructured {
	result := &unstructured.Unstructured{}
	result.SetGroupVersionKind(object.GroupVersionKind())
	result.SetNamespace(object.GetNamespace())
	result.SetName(object.GetName())
	return result
}

// established waits until the API server serves the CRDs among the objects, and
// so has written their status.
func established(ctx context.Context, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, object := range objects {
		if object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		Eventually(ctx, func(g Gomega) {
			got := reference(object)
			g.Expect(administrator.Get(ctx, client.ObjectKeyFromObject(got), got)).To(Succeed())
			conditions, _, err := unstructured.NestedSlice(got.Object, "status", "conditions")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(conditions).To(ContainElement(And(
				HaveKeyWithValue("type", string(apiextensionsv1.Established)), HaveKeyWithValue("status", "True"))))
		}).Should(Succeed(), object.GetName())
	}
}

// revisions returns the resource version of each object.
func revisions(ctx context.Context, objects []*unstructured.Unstructured) map[string]string {
	GinkgoHelper()
	result := map[string]string{}
	for _, object := range objects {
		got := reference(object)
		Expect(administrator.Get(ctx, client.ObjectKeyFromObject(got), got)).To(Succeed())
		result[fmt.Sprintf("%s %s/%s", got.GetKind(), got.GetNamespace(), got.GetName())] = got.GetResourceVersion()
	}
	return result
}
