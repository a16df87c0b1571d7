// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	// observerPort is the port of loopback on which an observer in a pod serves
	// its API. Nothing reaches it but pods/portforward, which thereby guards it.
	observerPort = "8080"
	// dialTimeout bounds connecting through API server and kubelet to the pod.
	dialTimeout = 15 * time.Second

	observerUserAgent = "glassplane"
)

// forward is a connection to the observer's pod by port-forward, as kubectl
// makes one: a free port of loopback leads to the pod for as long as it is open.
type forward struct {
	url *url.URL
	// pod is what the port leads to, for errors.
	pod    string
	errors *firstError
	stop   func()
}

// forwardToObserver connects to the ready observer of a cluster. The caller
// stops it.
func forwardToObserver(ctx context.Context, config *rest.Config) (*forward, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, err)
	}
	pod, err := findObserver(ctx, clientset)
	if err != nil {
		return nil, err
	}
	to := clientset.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	dialer, err := newForwardDialer(config, to)
	if err != nil {
		return nil, err
	}
	return openForward(ctx, dialer, pod)
}

// openForward listens on a free port and returns once what connects to it is
// forwarded.
func openForward(ctx context.Context, dialer *forwardDialer, pod *corev1.Pod) (*forward, error) {
	ctx, cancel := context.WithCancel(ctx)
	f := &forward{pod: pod.Namespace + "/" + pod.Name, errors: &firstError{}}
	ready, done := make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(klog.NewContext(ctx, logr.New(f.errors)),
		dialer, []string{"127.0.0.1"}, []string{":" + observerPort}, ready, io.Discard, io.Discard)
	if err != nil {
		cancel()
		return nil, err
	}
	go func() {
		defer close(done)
		done <- forwarder.ForwardPorts()
	}()
	f.stop = func() {
		cancel()
		for range done { // until the port is closed
		}
	}
	timer := time.NewTimer(dialTimeout)
	defer timer.Stop()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		return nil, dialer.explain(err, f.pod)
	case <-timer.C:
		cancel()
		return nil, fmt.Errorf("connecting to pod %s: the API server did not answer within %s", f.pod, dialTimeout)
	case <-ctx.Done():
		cancel()
		return nil, context.Cause(ctx)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		f.stop()
		return nil, err
	}
	f.url = &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", ports[0].Local)}
	return f, nil
}

// explain says why a request through the connection failed.
func (f *forward) explain(err error) error {
	if cause := f.errors.get(); cause != nil {
		return &hintError{
			fmt.Errorf("pod %s does not answer on port %s: %w", f.pod, observerPort, cause),
			fmt.Sprintf("See what the observer logs: kubectl logs -n %s deployment/%s", v1alpha1.SystemNamespace, observerDeployment),
		}
	}
	return fmt.Errorf("the connection to pod %s was lost, run the command again: %w", f.pod, err)
}

// forwardDialer connects by WebSocket and, where API server or proxy do not
// take that, by SPDY: as "kubectl port-forward" does.
type forwardDialer struct {
	httpstream.Dialer
	// refused is what the API server answered to the attempt by WebSocket. The
	// one by SPDY has the answer's text only.
	refused *apierrors.StatusError
}

func newForwardDialer(config *rest.Config, to *url.URL) (*forwardDialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to %s: %w", to.Host, err)
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(to, config)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to %s: %w", to.Host, err)
	}
	dialer := &forwardDialer{}
	dialer.Dialer = portforward.NewFallbackDialerForStreaming(websocket,
		spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, to),
		func(err error) bool {
			// UpgradeFailureError does not unwrap to its cause.
			if failure, ok := errors.AsType[*httpstream.UpgradeFailureError](err); ok {
				dialer.refused, _ = errors.AsType[*apierrors.StatusError](failure.Cause)
			}
			return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
		})
	return dialer, nil
}

// explain says why the pod was not reached.
func (d *forwardDialer) explain(err error, pod string) error {
	if d.refused == nil {
		return fmt.Errorf("connecting to pod %s: %w", pod, err)
	}
	if !apierrors.IsForbidden(d.refused) {
		return fmt.Errorf("connecting to pod %s: %w", pod, d.refused)
	}
	return &hintError{fmt.Errorf("connecting to pod %s: %w", pod, d.refused), permissionHint}
}

// permissionHint says who has to grant what. The Role is in config/rbac/users.yaml.
var permissionHint = fmt.Sprintf(`The observer is reached by port-forward, which somebody who may grant Roles in namespace %[1]s can allow you:
  kubectl create rolebinding NAME -n %[1]s --role=glassplane-port-forward --user=YOU`, v1alpha1.SystemNamespace)

// firstError is a log that keeps the first error: the port forwarder logs what
// happens to a connection, and returns only what happens to all of them.
type firstError struct {
	mu  sync.Mutex
	err error
}

var _ logr.LogSink = (*firstError)(nil)

func (*firstError) Init(logr.RuntimeInfo) {}

func (*firstError) Enabled(int) bool { return false }

func (*firstError) Info(int, string, ...any) {}

func (f *firstError) Error(err error, _ string, _ ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) WithValues(...any) logr.LogSink { return f }

func (f *firstError) WithName(string) logr.LogSink { return f }

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
