// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/test/env"
)

var (
	// restConfig is the scheduler's own identity, with no more rights than it has
	// in a cluster.
	restConfig *rest.Config
	k8sClient  client.Client
	scheme     *runtime.Scheme
)

func TestScheduler(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Scheduler")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	environment, err := env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	scheme, k8sClient = environment.Scheme, environment.Client
	restConfig, err = environment.ServiceAccount("glassplane-scheduler")
	Expect(err).NotTo(HaveOccurred())
	restConfig.QPS = -1
})
