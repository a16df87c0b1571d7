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
	start(ctx, false)
})

var _ = AfterSuite(func() { Expect(cluster.Stop()).To(Succeed()) })

// start starts the control plane that all experiments but those with leaders are done to,
// or the one for these; instead of the one that runs.
func start(ctx context.Context, leaderElection bool) {
	GinkgoHelper()
	if cluster != nil {
		Expect(cluster.Stop()).To(Succeed())
	}
	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	cluster, err = local.Start(ctx, local.Options{
		Assets: assets, NodeMonitorGracePeriod: gracePeriod, LeaderElection: leaderElection, Log: GinkgoLogr,
	})
	Expect(err).NotTo(HaveOccurred())
	plane, err = cluster.Lab()
	Expect(err).NotTo(HaveOccurred())
}
