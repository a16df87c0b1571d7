// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/test/env"
)

var (
	cluster *env.Environment
	user    client.WithWatch
)

func TestHold(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Hold")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	var err error
	cluster, err = env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(cluster.Stop)
	config := rest.CopyConfig(cluster.Config)
	config.QPS = -1
	user, err = client.NewWithWatch(config, client.Options{Scheme: cluster.Scheme})
	Expect(err).NotTo(HaveOccurred())
})
