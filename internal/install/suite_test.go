// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package install_test

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
)

var (
	config *rest.Config
	admin  client.Client
	// manifests are the objects of config/default.
	manifests []*unstructured.Unstructured
)

func TestInstall(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Install")
}

// The control plane is a whole one, without our components: kube-controller-manager
// ends namespaces and collects garbage.
var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(60 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	plane, err := substrate.Start(ctx, substrate.Options{Assets: assets, Log: GinkgoLogr})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(plane.Stop)
	Expect(plane.Missing()).To(BeEmpty(), "kube-controller-manager is needed")
	config = plane.AdminConfig()
	config.QPS = -1

	scheme := scheme.New()
	Expect(apiextensionsv1.AddToScheme(scheme)).To(Succeed())
	admin, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	manifests = render("../../config/default")
})

// render returns what "kubectl apply -k" applies.
func render(folder string) []*unstructured.Unstructured {
	GinkgoHelper()
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	Expect(err).NotTo(HaveOccurred())
	var objects []*unstructured.Unstructured
	for _, resource := range rendered.Resources() {
		content, err := resource.MarshalJSON()
		Expect(err).NotTo(HaveOccurred())
		object := &unstructured.Unstructured{}
		Expect(object.UnmarshalJSON(content)).To(Succeed())
		objects = append(objects, object)
	}
	Expect(objects).NotTo(BeEmpty())
	return objects
}
