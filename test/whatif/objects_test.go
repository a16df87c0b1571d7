// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheme"
)

func userClient() client.Client {
	GinkgoHelper()
	config, err := cluster.UserConfig("what-if-test")
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: scheme.New()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// leftover is what a run that was killed leaves: a node with the label of a run.
func leftover(name string) *v1alpha1.SimNode {
	return &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"glassplane.dev/what-if": "other"}},
		Spec:       v1alpha1.SimNodeSpec{Capacity: v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}},
	}
}
