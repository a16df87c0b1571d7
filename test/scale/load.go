// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/install"
	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/record/spans"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/version"
)

// settleTimeout bounds how long the pods may take to run after the last create.
const settleTimeout = 10 * time.Minute

// moments are when a pod reached a state, by the clock of the load.
type moments struct {
	sent, created, bound, running time.Time
}

// load creates pods and watches what becomes of them.
type load struct {
	opts   options
	client client.WithWatch

	mu   sync.Mutex
	pods map[string]*moments
	left int
}

func newLoad(config *rest.Config, opts options) (*load, error) {
	config = rest.CopyConfig(config)
	config.UserAgent = version.UserAgent("glassplane-bench")
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme.New(), FieldOwner: "glassplane-bench"})
	if err != nil {
		return nil, fmt.Errorf("creating the client of the load: %w", err)
	}
	return &load{opts: opts, client: c, pods: make(map[string]*moments, opts.pods), left: opts.pods}, nil
}

func podName(i int) string { return fmt.Sprintf("pod-%06d", i) }

func newPod(i int) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: podName(i), Labels: map[string]string{"app": "bench"}},
		Spec: v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{
			Name: "main", Image: "nginx",
			Resources: v1alpha1.ResourceRequirements{Requests: v1alpha1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("100m"),
				corev1.ResourceMemory: resource.MustParse("128Mi"),
			}},
		}}},
	}
}

// each calls do for each pod, with a bounded number of calls at a time.
func (l *load) each(ctx context.Context, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(l.opts.workers)
	for i := range l.opts.pods {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// mark notes a moment of a pod, the first time only.
func (l *load) mark(name string, of func(*moments) *time.Time, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.pods[name]
	if m == nil {
		m = &moments{}
		l.pods[name] = m
	}
	moment := of(m)
	if !moment.IsZero() {
		return false
	}
	*moment = at
	return true
}

func sent(m *moments) *time.Time    { return &m.sent }
func created(m *moments) *time.Time { return &m.created }
func bound(m *moments) *time.Time   { return &m.bound }
func running(m *moments) *time.Time { return &m.running }

func (l *load) create(ctx context.Context, i int) error {
	pod := newPod(i)
	l.mark(pod.Name, sent, time.Now())
	if err := l.client.Create(ctx, pod); err != nil {
		return fmt.Errorf("creating %s: %w", pod.Name, err)
	}
	l.mark(pod.Name, created, time.Now())
	return nil
}

// measureComponents measures the components: the load only creates.
func measureComponents(ctx context.Context, opts options) (result, error) {
	cluster, err := local.Start(ctx, local.Options{Assets: opts.assets, AuditLevel: opts.auditLevel, TraceSampling: opts.traceSampling, Log: logr.Discard()})
	if err != nil {
		return result{}, err
	}
	defer stop(cluster.Stop)
	if err := cluster.CreateNodes(ctx, opts.nodes); err != nil {
		return result{}, err
	}
	config, err := cluster.UserConfig("glassplane-bench")
	if err != nil {
		return result{}, err
	}
	l, err := newLoad(config, opts)
	if err != nil {
		return result{}, err
	}
	before := usageOf(cluster.Processes())
	if err := l.createAndWatch(ctx); err != nil {
		return result{}, err
	}
	return l.result(modeGlassplane, before, usageOf(cluster.Processes())), nil
}

// createAndWatch creates the pods and returns when all of them run.
func (l *load) createAndWatch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	watcher, err := l.watch(ctx)
	if err != nil {
		return fmt.Errorf("watching the pods: %w", err)
	}
	defer watcher.Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.each(ctx, l.create) })
	group.Go(func() error {
		for l.left > 0 {
			select {
			case <-ctx.Done():
				return fmt.Errorf("%d of %d pods do not run yet: %w", l.left, l.opts.pods, ctx.Err())
			case event, open := <-watcher.ResultChan():
				if !open {
					return fmt.Errorf("the API server ended the watch; %d of %d pods do not run yet", l.left, l.opts.pods)
				}
				pod, ok := event.Object.(*v1alpha1.SimPod)
				if !ok {
					return fmt.Errorf("the watch failed: %w", apierrors.FromObject(event.Object))
				}
				l.observe(pod, time.Now())
			}
		}
		return nil
	})
	return group.Wait()
}

// watch watches the pods from now on. An API server ends the watch of a client
// that does not keep up on a busy machine; it goes on where it ended.
func (l *load) watch(ctx context.Context) (watch.Interface, error) {
	list := &v1alpha1.SimPodList{}
	if err := l.client.List(ctx, list, client.InNamespace(metav1.NamespaceDefault), client.Limit(1)); err != nil {
		return nil, err
	}
	return watchtools.NewRetryWatcherWithContext(ctx, list.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return l.client.Watch(ctx, &v1alpha1.SimPodList{}, client.InNamespace(metav1.NamespaceDefault), &client.ListOptions{Raw: &options})
		},
	})
}

func (l *load) observe(pod *v1alpha1.SimPod, at time.Time) {
	if pod.Spec.NodeName != "" {
		l.mark(pod.Name, bound, at)
	}
	if meta.IsStatusConditionTrue(pod.Status.Conditions, v1alpha1.SimPodReady) && l.mark(pod.Name, running, at) {
		l.left--
	}
}

// measureBare measures what the API server can do: a client does the same writes
// for each pod itself, and no component runs.
func measureBare(ctx context.Context, opts options) (result, error) {
	plane, err := substrate.Start(ctx, substrate.Options{
		Assets: opts.assets, AuditLevel: auditv1.Level(opts.auditLevel), TraceSampling: opts.traceSampling,
		Bootstrap: install.Apply, Log: logr.Discard(),
	})
	if err != nil {
		return result{}, err
	}
	defer stop(plane.Stop)
	if opts.traceSampling > 0 {
		defer receiveSpans(ctx, plane)()
	}
	config, err := plane.UserConfig(substrate.AdminUser, []string{substrate.AdminGroup})
	if err != nil {
		return result{}, err
	}
	l, err := newLoad(config, opts)
	if err != nil {
		return result{}, err
	}
	before := usageOf(plane.Processes())
	if err := l.each(ctx, l.sameWrites); err != nil {
		return result{}, err
	}
	return l.result(modeBare, before, usageOf(plane.Processes())), nil
}

// receiveSpans receives what API server and etcd trace, so that it costs what it
// costs with an observer, and returns how to stop that.
func receiveSpans(ctx context.Context, plane *substrate.Local) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	source := spans.New(spans.Options{Listen: plane.ListenForSpans, Clock: clock.RealClock{}}, record.NewJournal(record.JournalOptions{}))
	var running sync.WaitGroup
	running.Go(func() { _ = source.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// sameWrites are those of a pod's way to Running: create, bind, event, status.
func (l *load) sameWrites(ctx context.Context, i int) error {
	if err := l.create(ctx, i); err != nil {
		return err
	}
	pod := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: podName(i)}}
	bind, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"finalizers": []string{v1alpha1.FinalizerKubelet}},
		"spec":     map[string]any{"nodeName": fmt.Sprintf("node-%d", i%l.opts.nodes+1)},
	})
	if err != nil {
		return err
	}
	if err := l.client.Patch(ctx, pod, client.RawPatch("application/merge-patch+json", bind)); err != nil {
		return fmt.Errorf("binding %s: %w", pod.Name, err)
	}
	l.mark(pod.Name, bound, time.Now())
	if err := l.client.Create(ctx, newScheduledEvent(pod)); err != nil {
		return fmt.Errorf("creating the event of %s: %w", pod.Name, err)
	}
	now := metav1.Now()
	base := pod.DeepCopy()
	pod.Status = v1alpha1.SimPodStatus{
		Phase: corev1.PodRunning, Summary: "Running", Ready: "1/1", HostIP: "10.0.0.1", PodIP: "10.1.0.1", StartTime: &now,
		Conditions: []metav1.Condition{
			{Type: v1alpha1.SimPodScheduled, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonScheduled, LastTransitionTime: now},
			{Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonContainersReady, LastTransitionTime: now},
		},
		ContainerStatuses: []v1alpha1.ContainerStatus{{
			Name: "main", Image: "nginx", Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		}},
	}
	if err := l.client.Status().Patch(ctx, pod, client.MergeFrom(base)); err != nil {
		return fmt.Errorf("reporting %s: %w", pod.Name, err)
	}
	l.mark(pod.Name, running, time.Now())
	return nil
}

// newScheduledEvent is what a scheduler writes about a pod that it has bound.
func newScheduledEvent(pod *v1alpha1.SimPod) *eventsv1.Event {
	return &eventsv1.Event{
		ObjectMeta:          metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name + ".scheduled"},
		EventTime:           metav1.NowMicro(),
		ReportingController: "glassplane-bench", ReportingInstance: "glassplane-bench",
		Action: "Binding", Reason: "Scheduled", Type: corev1.EventTypeNormal,
		Note: fmt.Sprintf("Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, pod.Spec.NodeName),
		Regarding: corev1.ObjectReference{
			APIVersion: v1alpha1.GroupVersion.String(), Kind: "SimPod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
		},
	}
}

func stop(stop func() error) {
	if err := stop(); err != nil {
		fmt.Println("stopping the control plane:", err)
	}
}
