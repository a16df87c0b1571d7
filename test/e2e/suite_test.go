// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package e2e runs Glassplane as its users do, on a real cluster: "make
// test-e2e" starts one with kind, builds the image, deploys it, and removes
// everything again.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate/kindcluster"
)

const (
	clusterName = "glassplane-e2e"

	// setupTimeout is enough to compose a node image from nothing.
	setupTimeout    = 50 * time.Minute
	teardownTimeout = 5 * time.Minute
	readyTimeout    = 2 * time.Minute
	poll            = 250 * time.Millisecond
)

// Specs with a higher priority run first, so that each deployment is made once.
// Each spec would work in any order.
const (
	priorityDefault   = 30
	priorityKubeadm   = 20
	priorityPage      = 15
	priorityUninstall = 10
)

var keep = flag.Bool("keep", false, "keep the cluster, and use the one that is there")

var (
	// image has a tag of its own, so that a cluster that was kept takes the new
	// one. upgradeImage is the same image under another tag: a Deployment that
	// gets it replaces its pods.
	image        = "glassplane/manager:e2e-" + time.Now().UTC().Format("20060102150405")
	upgradeImage = image + "-upgrade"
)

var (
	cluster    *kindcluster.Cluster
	config     *rest.Config
	k8sClient  client.Client
	kubeClient kubernetes.Interface
	etcdClient *clientv3.Client
)

func TestE2E(t *testing.T) {
	ctrl.SetLogger(GinkgoLogr)
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(readyTimeout)
	EnforceDefaultTimeoutsWhenUsingContexts()
	SetDefaultEventuallyPollingInterval(poll)
	RunSpecs(t, "End to end")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	options := kindcluster.Options{Name: clusterName, Out: os.Stderr}
	if !*keep {
		DeferCleanup(func(ctx SpecContext) { removeCluster(ctx, options) }, NodeTimeout(teardownTimeout))
	}
	By("starting the cluster, and building what is to run there")
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(timed("cluster", func() (err error) {
		cluster, err = kindcluster.Up(groupCtx, options)
		return err
	}))
	group.Go(timed("binaries", func() error {
		return runMake(groupCtx, "build", "bin/linux_"+runtime.GOARCH+"/manager")
	}))
	Expect(group.Wait()).To(Succeed())

	By("connecting")
	connect()

	By("building the image")
	Expect(timed("image", func() error { return loadImages(ctx) })()).To(Succeed())
	rememberCluster(ctx)
}, NodeTimeout(setupTimeout))

// connect makes the clients of the API server and of etcd.
func connect() {
	GinkgoHelper()
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	k8sClient, err = client.New(config, client.Options{Scheme: scheme.New(), FieldValidation: "Strict"})
	Expect(err).NotTo(HaveOccurred())
	kubeClient, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	etcdClient, err = cluster.Etcd.NewClient()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(etcdClient.Close()).To(Succeed()) })
}

// loadImages builds the image and copies it to the nodes under both names.
func loadImages(ctx context.Context) error {
	DeferCleanup(func(ctx SpecContext) { Expect(run(ctx, "docker", "image", "rm", image, upgradeImage)).To(Succeed()) })
	if err := runMake(ctx, "docker-build", "IMG="+image); err != nil {
		return err
	}
	if err := run(ctx, "docker", "tag", image, upgradeImage); err != nil {
		return err
	}
	return cluster.LoadImages(ctx, image, upgradeImage)
}

// removeCluster removes the cluster and sees that nothing is left of it.
func removeCluster(ctx SpecContext, options kindcluster.Options) {
	Expect(timed("removal of the cluster", func() error { return kindcluster.Down(ctx, options) })()).To(Succeed())
	left, err := kindcluster.Leftovers(options)
	Expect(err).NotTo(HaveOccurred())
	Expect(left).To(BeEmpty(), "what the cluster left on this machine")
}

// timed says how long a phase took.
func timed(phase string, do func() error) func() error {
	return func() error {
		began := time.Now()
		err := do()
		fmt.Fprintf(os.Stderr, "e2e: %s after %s\n", phase, time.Since(began).Round(100*time.Millisecond))
		return err
	}
}

// The times of all specs, which are to stay below five minutes in all.
var _ = ReportAfterSuite("times", func(report Report) {
	for _, spec := range report.SpecReports {
		if spec.RunTime >= time.Second {
			fmt.Fprintf(os.Stderr, "e2e: %7s %s %s\n", spec.RunTime.Round(100*time.Millisecond), spec.LeafNodeType, spec.FullText())
		}
	}
	fmt.Fprintf(os.Stderr, "e2e: %7s in all\n", report.RunTime.Round(100*time.Millisecond))
})
