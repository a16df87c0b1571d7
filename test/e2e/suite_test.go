// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package e2e runs Glassplane as its users do, on a real cluster: "make
// test-e2e" starts one with kind, builds the image, deploys it, and removes
// everything again.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/substrate/kindcluster"
)

const (
	clusterName = "glassplane-e2e"
	image       = "glassplane/manager:e2e"
	namespace   = "glassplane-system"

	// setupTimeout is enough to compose a node image from nothing.
	setupTimeout = 50 * time.Minute
	readyTimeout = 2 * time.Minute
	poll         = 250 * time.Millisecond
)

var (
	cluster   *kindcluster.Cluster
	config    *rest.Config
	k8sClient client.Client
)

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(readyTimeout)
	SetDefaultEventuallyPollingInterval(poll)
	RunSpecs(t, "End to end")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	By("starting the cluster")
	options := kindcluster.Options{Name: clusterName, Out: os.Stderr}
	DeferCleanup(func(ctx SpecContext) {
		By("removing the cluster")
		Expect(kindcluster.Down(ctx, options)).To(Succeed())
	}, NodeTimeout(5*time.Minute))
	var err error
	cluster, err = kindcluster.Up(ctx, options)
	Expect(err).NotTo(HaveOccurred())
	config, err = clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	k8sClient, err = client.New(config, client.Options{Scheme: scheme.New(), FieldValidation: "Strict"})
	Expect(err).NotTo(HaveOccurred())

	By("building the image and deploying it")
	runMake(ctx, "docker-build", "IMG="+image)
	Expect(cluster.LoadImage(ctx, image)).To(Succeed())
	runMake(ctx, "deploy", "IMG="+image, "KUBECTL="+kubectl())
}, NodeTimeout(setupTimeout))

// runMake runs a target of the Makefile against the cluster.
func runMake(ctx SpecContext, args ...string) {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, "make", append([]string{"-C", filepath.Join("..", "..")}, args...)...)
	cmd.Env = append(os.Environ(), cluster.Env()...)
	cmd.Stdout, cmd.Stderr = GinkgoWriter, GinkgoWriter
	Expect(cmd.Run()).To(Succeed(), "make %v", args)
}

// kubectl is the one that was built for the node image, or the machine's own.
func kubectl() string {
	if assets, err := substrate.FindAssets(os.Getenv); err == nil && assets.Kubectl != "" {
		return assets.Kubectl
	}
	return "kubectl"
}

// A failure shows what the components have said.
var _ = ReportAfterEach(func(ctx SpecContext, report SpecReport) {
	if !report.Failed() || k8sClient == nil {
		return
	}
	var pods corev1.PodList
	if err := k8sClient.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		AddReportEntry("pods", err.Error())
		return
	}
	clients, err := kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	for _, pod := range pods.Items {
		log, err := clients.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: new(int64(50))}).DoRaw(ctx)
		AddReportEntry(pod.Name, fmt.Sprintf("%s %+v\n%s %v", pod.Status.Phase, pod.Status.ContainerStatuses, log, err))
	}
})
