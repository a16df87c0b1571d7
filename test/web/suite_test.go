// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

// Package web tests the page in a real browser: runs that a real local control
// plane recorded, seen and used as people do. What the page shows is compared
// with what etcd and the observer say, read apart from it.
package web

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
)

// patience is how long a condition may take on a busy machine.
const patience = 60 * time.Second

var (
	browserContext context.Context
	cluster        *local.Cluster
	etcd           *clientv3.Client
	// admin is who uses kubectl; scheduler and kubelet stand in for what a real
	// Pod needs.
	admin, scheduler, kubelet client.Client
	// hostileUser is an administrator whose program has a hostile name.
	hostileUser client.Client
)

func TestWeb(t *testing.T) {
	RegisterFailHandler(Fail)
	format.MaxLength = 0 // what a view says is compared as a whole
	RunSpecs(t, "Web")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	ctrl.SetLogger(logr.Discard())

	var stop context.CancelFunc
	var err error
	browserContext, stop, err = startBrowser(GinkgoT().TempDir())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(stop)

	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	cluster, err = local.Start(ctx, local.Options{Assets: assets, AllowWrites: true})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(cluster.Stop)
	Expect(cluster.CreateNodes(ctx, 3)).To(Succeed())

	config, err := cluster.EtcdClientConfig("web-test")
	Expect(err).NotTo(HaveOccurred())
	etcd, err = clientv3.New(config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(etcd.Close)

	admin = as("kubectl", substrate.AdminUser, substrate.AdminGroup)
	hostileUser = as(`<img src=x onerror="window.pwned=6">`, substrate.AdminUser, substrate.AdminGroup)
	// They have an administrator's rights, which they do not need to be told apart.
	scheduler = as("kube-scheduler", "system:kube-scheduler", substrate.AdminGroup)
	kubelet = as("kubelet", "system:node:worker-1", "system:nodes", substrate.AdminGroup)

	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	Expect(prepare(ctx)).To(Succeed())
	Expect(makeRuns(ctx)).To(Succeed())
})

// as returns a client of a user in groups, whose program has a name.
func as(program, user string, groups ...string) client.Client {
	GinkgoHelper()
	config, err := cluster.Local.UserConfig(user, groups)
	Expect(err).NotTo(HaveOccurred())
	config.UserAgent, config.QPS = program, -1
	c, err := client.New(config, client.Options{Scheme: scheme.New()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// prepare makes what the runs need.
func prepare(ctx context.Context) error {
	for _, manifest := range []string{
		`{apiVersion: v1, kind: Namespace, metadata: {name: ` + namespace + `}}`,
		`{apiVersion: v1, kind: Node, metadata: {name: worker-1}}`,
		`{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: important}, value: 1000}`,
		`{apiVersion: sim.glassplane.dev/v1alpha1, kind: SimNode, metadata: {name: small, labels: {for: preemption}},
		  spec: {capacity: {cpu: "1", memory: 1Gi, pods: "10"}}}`,
	} {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(manifest), &object.Object); err != nil {
			return err
		}
		if err := admin.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// await reads an object until it is as wanted.
func await(ctx context.Context, object *unstructured.Unstructured, done func() bool) error {
	err := poll(ctx, func() (bool, error) {
		err := admin.Get(ctx, client.ObjectKeyFromObject(object), object)
		return err == nil && done(), err
	})
	if err != nil {
		return fmt.Errorf("waiting for %s %s, which is %v: %w", object.GetKind(), object.GetName(), object.Object["status"], err)
	}
	return nil
}

func poll(ctx context.Context, done func() (bool, error)) error {
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(context.Context) (bool, error) { return done() })
}

func etcdAt(revision int64) clientv3.OpOption { return clientv3.WithRev(revision) }
