// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

const (
	// loadRate is how many pods are created in a second.
	loadRate = 8
	// maxLoad bounds what a load creates where what it accompanies takes long.
	maxLoad = 1500
)

// load creates pods steadily, each of which runs for a second and succeeds.
type load struct {
	history *podHistory
	stop    context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	created int
	err     error
}

// startLoad starts a load in a namespace of its own. It goes on after the
// BeforeEach that calls this, until the spec ends.
func startLoad(ctx context.Context) *load {
	GinkgoHelper()
	ns := makeNamespace(ctx)
	makeNodes(ctx, ns, 4)
	watched, endWatch := context.WithCancel(context.WithoutCancel(ctx))
	DeferCleanup(endWatch)
	l := &load{history: watchHistory(watched, ns)}
	ctx, l.stop = context.WithCancel(watched)
	l.done.Go(func() { l.run(ctx, ns) })
	return l
}

func (l *load) run(ctx context.Context, ns string) {
	limiter := flowcontrol.NewTokenBucketRateLimiter(loadRate, 1)
	for i := range maxLoad {
		if limiter.Wait(ctx) != nil {
			return
		}
		pod := wrappers.MakeSimPod().Namespace(ns).Name(fmt.Sprintf("load-%d", i)).Req("cpu", "10m", "memory", "1Mi").Obj()
		pod.Spec.RestartPolicy = corev1.RestartPolicyNever
		pod.Spec.Simulation = &v1alpha1.PodSimulation{
			RunDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: time.Second}},
		}
		// A create that has been sent is counted, also when the load ends meanwhile.
		err := k8sClient.Create(context.WithoutCancel(ctx), pod)
		l.mu.Lock()
		if err == nil {
			l.created++
		}
		l.err = errors.Join(l.err, err)
		l.mu.Unlock()
	}
}

// soFar is how many pods there are.
func (l *load) soFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.created
}

// expectAllSucceed ends the load, waits until each of its pods has come to its
// end, and checks in etcd's history that each was bound once.
func (l *load) expectAllSucceed(ctx context.Context) {
	GinkgoHelper()
	l.stop()
	l.done.Wait()
	Expect(l.err).NotTo(HaveOccurred(), "creating pods")
	created := l.soFar()
	Eventually(ctx, func() int { return l.history.in(string(corev1.PodSucceeded)) }).Should(Equal(created), "pods that succeeded")
	l.history.expectEachBoundOnce(created)
	fmt.Fprintf(GinkgoWriter, "%d pods were created, bound once, and succeeded\n", created)
}
