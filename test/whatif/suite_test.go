// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package whatif does every experiment that ships to a real local control plane, and
// proves that nothing of it is left.
package whatif

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/substrate"
)

// gracePeriod is the one that the experiments with nodes that die ask for.
const gracePeriod = 6 * time.Second

var (
	cluster *local.Cluster
	plane   lab.Plane
)

func TestWhatIf(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "What if")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(60 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	cluster, plane = start(ctx, local.Options{NodeMonitorGracePeriod: gracePeriod})
	DeferCleanup(cluster.Stop)
})

// start starts a control plane. The caller stops it.
func start(ctx context.Context, options local.Options) (*local.Cluster, lab.Plane) {
	GinkgoHelper()
	var err error
	options.Assets, err = substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	options.Log = GinkgoLogr
	started, err := local.Start(ctx, options)
	Expect(err).NotTo(HaveOccurred())
	offered, err := started.Lab()
	Expect(err).NotTo(HaveOccurred())
	return started, offered
}
