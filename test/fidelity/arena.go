// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/test/env"
)

const (
	// waitTimeout bounds each wait for a scheduler; both usually answer within
	// milliseconds, but not after an attempt that failed.
	waitTimeout = 30 * time.Second
	// schedulerConfig lets kube-scheduler look at all nodes, as fast as it can.
	schedulerConfig = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: %q, qps: 10000, burst: 10000}
percentageOfNodesToScore: 100
`
)

// Arena is a real API server on which kube-scheduler schedules Pods on Nodes
// and our scheduler SimPods on SimNodes.
type Arena struct {
	client client.WithWatch
	env    *env.Environment
	cancel context.CancelFunc
	// real and sims are what has become of Pods and SimPods.
	real, sims *board
	stops      []func() error
}

// StartArena starts everything; start runs our scheduler with the given
// identity until the context ends. Binaries are found like those of the local
// control plane.
func StartArena(ctx context.Context, dir string, start func(context.Context, *rest.Config) error) (_ *Arena, err error) {
	ctx, cancel := context.WithCancel(ctx)
	a := &Arena{cancel: cancel, real: newBoard(), sims: newBoard()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop())
		}
	}()
	if a.env, err = env.Start(ctx); err != nil {
		return nil, err
	}
	config := rest.CopyConfig(a.env.Config)
	config.QPS = -1
	if a.client, err = client.NewWithWatch(config, client.Options{Scheme: a.env.Scheme}); err != nil {
		return nil, err
	}
	if err := a.prepare(ctx); err != nil {
		return nil, err
	}
	if err := a.startReal(ctx, dir); err != nil {
		return nil, err
	}
	return a, a.startOurs(ctx, start)
}

// prepare creates what pods refer to, and watches.
func (a *Arena) prepare(ctx context.Context) error {
	for _, p := range sortedKeys(priorityClasses()) {
		if err := a.client.Create(ctx, priorityClasses()[p]); err != nil {
			return fmt.Errorf("creating priority class %s: %w", p, err)
		}
	}
	if err := a.real.watch(ctx, a.client, &corev1.PodList{}); err != nil {
		return err
	}
	if err := a.sims.watch(ctx, a.client, &v1alpha1.SimPodList{}); err != nil {
		return err
	}
	go a.sims.release(ctx, func(key types.NamespacedName) error { return a.releaseSim(ctx, key) })
	return nil
}

// releaseSim lets a deleted SimPod go, as its kubelet would: it has nothing to stop.
func (a *Arena) releaseSim(ctx context.Context, key types.NamespacedName) error {
	sim := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	if err := a.client.Patch(ctx, sim, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("releasing SimPod %s: %w", key, err)
	}
	return nil
}

// priorityClasses returns a class for each priority and preemption policy that
// the generator gives to pods: a Pod's own must be those of its class.
func priorityClasses() map[string]*schedulingv1.PriorityClass {
	out := make(map[string]*schedulingv1.PriorityClass)
	for _, priority := range priorities {
		for _, policy := range []corev1.PreemptionPolicy{corev1.PreemptNever, corev1.PreemptLowerPriority} {
			value := min(priority, maxUserPriority)
			name := priorityClass(value, policy)
			out[name] = &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value, PreemptionPolicy: &policy}
		}
	}
	return out
}

func (a *Arena) startReal(ctx context.Context, dir string) error {
	assets, err := substrate.FindAssets(os.Getenv)
	if err != nil {
		return err
	}
	if assets.Scheduler == "" {
		return fmt.Errorf("there is no kube-scheduler in %s: get it with 'make controlplane BINARIES=kube-scheduler'", assets.Dir)
	}
	user, err := a.env.User("system:kube-scheduler")
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(dir, "kube-scheduler.kubeconfig")
	if err := writeKubeconfig(kubeconfig, user); err != nil {
		return err
	}
	file := filepath.Join(dir, "kube-scheduler.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, schedulerConfig, kubeconfig), 0o600); err != nil {
		return err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, assets.Scheduler, "--config="+file, "--secure-port=0")
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting kube-scheduler: %w", err)
	}
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if ctx.Err() == nil {
			a.real.fail(fmt.Errorf("kube-scheduler has ended: %w\n%s", err, tail(output.Bytes())))
		}
		done <- nil
	}()
	a.stops = append(a.stops, func() error { return <-done })
	return nil
}

func (a *Arena) startOurs(ctx context.Context, start func(context.Context, *rest.Config) error) error {
	config, err := a.env.ServiceAccount("glassplane-scheduler")
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		err := start(ctx, config)
		if ctx.Err() == nil {
			a.sims.fail(fmt.Errorf("our scheduler has ended: %w", err))
		}
		done <- err
	}()
	a.stops = append(a.stops, func() error { return <-done })
	return nil
}

// Stop stops everything.
func (a *Arena) Stop() error {
	a.cancel()
	var errs []error
	for _, stop := range a.stops {
		errs = append(errs, stop())
	}
	if a.env != nil {
		errs = append(errs, a.env.Stop())
	}
	return errors.Join(errs...)
}

func tail(output []byte) []byte {
	const most = 2000
	return output[max(0, len(output)-most):]
}

func writeKubeconfig(file string, config *rest.Config) error {
	const name = "arena"
	out := clientcmdapi.NewConfig()
	out.Clusters[name] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	out.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	out.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	out.CurrentContext = name
	return clientcmd.WriteToFile(*out, file)
}

// Fate is what has become of a pod.
type Fate struct {
	// Node that the pod is bound to.
	Node string
	// Message says why the pod is unschedulable.
	Message string
	// Released is false while a pod that is deleted waits for its kubelet.
	Released bool
}

// board holds the fate of each pod that exists, as a watch tells it.
type board struct {
	mu      sync.Mutex
	fates   map[types.NamespacedName]Fate
	changed chan struct{}
	// deleted are the pods that wait for their kubelet.
	deleted []types.NamespacedName
	err     error
}

func newBoard() *board {
	return &board{fates: make(map[types.NamespacedName]Fate), changed: make(chan struct{})}
}

// watch keeps the board current until the context ends.
func (b *board) watch(ctx context.Context, c client.WithWatch, list client.ObjectList) error {
	w, err := c.Watch(ctx, list)
	if err != nil {
		return fmt.Errorf("watching: %w", err)
	}
	go func() {
		defer w.Stop()
		for event := range w.ResultChan() {
			b.apply(event)
		}
		if ctx.Err() == nil {
			b.fail(errors.New("the watch has ended"))
		}
	}()
	return nil
}

func (b *board) apply(event watch.Event) {
	var fate Fate
	switch o := event.Object.(type) {
	case *corev1.Pod:
		fate = Fate{Node: o.Spec.NodeName, Released: true}
		for _, c := range o.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				fate.Message = c.Message
			}
		}
	case *v1alpha1.SimPod:
		fate = Fate{Node: o.Spec.NodeName, Released: o.DeletionTimestamp == nil}
		for _, c := range o.Status.Conditions {
			if c.Type == string(corev1.PodScheduled) && c.Status == metav1.ConditionFalse {
				fate.Message = c.Message
			}
		}
	default:
		return
	}
	key := client.ObjectKeyFromObject(event.Object.(client.Object))
	b.mu.Lock()
	defer b.mu.Unlock()
	if event.Type == watch.Deleted {
		delete(b.fates, key)
	} else {
		b.fates[key] = fate
	}
	if !fate.Released && event.Type != watch.Deleted {
		b.deleted = append(b.deleted, key)
	}
	b.wake()
}

// wake wakes those who wait; the lock is held.
func (b *board) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// release calls release for each pod that is deleted, until the context ends:
// what a kubelet does once it has stopped the pod.
func (b *board) release(ctx context.Context, release func(types.NamespacedName) error) {
	for {
		b.mu.Lock()
		deleted, changed := b.deleted, b.changed
		b.deleted = nil
		b.mu.Unlock()
		for _, key := range deleted {
			if err := release(key); err != nil && ctx.Err() == nil {
				b.fail(err)
				return
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// going is true where the pod was removed, or is deleted and waits for its
// kubelet: a scheduler has no more to do with it.
func (b *board) going(key types.NamespacedName) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	fate, exists := b.fates[key]
	return !exists || !fate.Released
}

func (b *board) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	b.wake()
}

// wait waits until the pod's fate is as wanted; exists is false where there is
// no such pod.
func (b *board) wait(ctx context.Context, key types.NamespacedName, want func(fate Fate, exists bool) bool) (Fate, error) {
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	for {
		b.mu.Lock()
		fate, exists := b.fates[key]
		changed, err := b.changed, b.err
		b.mu.Unlock()
		switch {
		case err != nil:
			return fate, err
		case want(fate, exists):
			return fate, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fate, fmt.Errorf("waiting for %s (now %+v): %w", key, fate, ctx.Err())
		}
	}
}
