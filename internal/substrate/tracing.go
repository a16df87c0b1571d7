// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"google.golang.org/grpc"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
	tracingapi "k8s.io/component-base/tracing/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

const (
	spansSocketName   = "spans.sock"
	tracingConfigName = "tracing.yaml"
	// maxSocketPath is the longest path of a socket that all systems take.
	maxSocketPath = 103
	perMillion    = 1_000_000
	// spansDelay (milliseconds) is how long API server and etcd keep spans before
	// they send them. The default of five seconds is longer than anybody waits for
	// an explanation.
	spansDelayEnv = "OTEL_BSP_SCHEDULE_DELAY"
	spansDelay    = "100"
)

// ErrNoTracing is wrapped by the error of ListenForSpans where API server and etcd
// send no spans.
var ErrNoTracing = errors.New("the API server does not trace requests")

// prepareTracing opens the socket to which API server and etcd send spans. It is
// there before they are: who cannot connect tries again less and less often. Only
// this user can reach it, as the folder is nobody else's.
func (l *Local) prepareTracing(ctx context.Context) error {
	if l.opts.TraceSampling == 0 {
		l.noTracing = fmt.Sprintf("it was started with --%s=0", FlagTraceSampling)
		return nil
	}
	path := l.spansSocket()
	if len(path) > maxSocketPath {
		l.noTracing = fmt.Sprintf("the path of its socket would be longer than %d bytes (%s); choose a shorter --%s", maxSocketPath, path, FlagDataDir)
		return nil
	}
	listener, err := listenUnix(ctx, path)
	if err != nil {
		return err
	}
	l.spans = listener
	// envtest gives its processes the environment of this one, and no other.
	if _, set := os.LookupEnv(spansDelayEnv); !set {
		if err := os.Setenv(spansDelayEnv, spansDelay); err != nil {
			return fmt.Errorf("set %s for API server and etcd: %w", spansDelayEnv, err)
		}
	}
	return nil
}

func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for the spans of API server and etcd: %w", err)
	}
	// Another listener may have taken the path when this one is closed.
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return listener, nil
}

func (l *Local) spansSocket() string { return l.data.file(componentsDir, spansSocketName) }

// spansEndpoint is the socket as gRPC names it.
func (l *Local) spansEndpoint() string { return "unix://" + l.spansSocket() }

// ListenForSpans returns the listener to which API server and etcd send spans over
// OTLP. Who has it closes it; then the next call opens it again. The error wraps
// ErrNoTracing where they send none.
func (l *Local) ListenForSpans(ctx context.Context) (net.Listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.noTracing != "" {
		return nil, fmt.Errorf("%w: %s", ErrNoTracing, l.noTracing)
	}
	if listener := l.spans; listener != nil {
		l.spans = nil
		return listener, nil
	}
	if err := os.Remove(l.spansSocket()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket for spans: %w", err)
	}
	return listenUnix(ctx, l.spansSocket())
}

// RefuseSpans refuses spans from now on, until Stop has stopped who sends them. It
// is for before who receives them stops: a process sends its last spans when it
// stops, and tries to for a minute where nobody answers. Further calls do nothing.
func (l *Local) RefuseSpans() {
	l.refuseOnce.Do(func() {
		if _, err := os.Stat(l.data.file(componentsDir)); err != nil || l.noTracing != "" {
			return // It is off, or was not prepared yet.
		}
		listener, err := l.ListenForSpans(context.Background())
		if err != nil {
			// Then stopping takes longer.
			l.logger().Error(err, "the last spans of API server and etcd cannot be refused")
			return
		}
		// A server without services answers every call with Unimplemented.
		server := grpc.NewServer()
		go func() { _ = server.Serve(listener) }()
		l.stopRefusing = func() {
			server.Stop()
			_ = listener.Close() // Where it was stopped before it served.
		}
	})
}

// traceEtcd lets etcd trace the calls of requests that the API server traces, and
// no others.
func (l *Local) traceEtcd(etcd *envtest.Etcd) {
	if l.noTracing != "" {
		return
	}
	etcd.Configure().
		Set("enable-distributed-tracing", "true").
		Set("distributed-tracing-address", l.spansEndpoint()).
		Set("distributed-tracing-service-name", "etcd").
		Set("distributed-tracing-sampling-rate", "0")
}

// traceAPIServer lets the API server trace a part of the requests.
func (l *Local) traceAPIServer(server *envtest.APIServer) error {
	if l.noTracing != "" {
		return nil
	}
	data, err := tracingConfigFile(l.spansEndpoint(), l.opts.TraceSampling)
	if err != nil {
		return err
	}
	path := l.data.file(apiServerDir, tracingConfigName)
	if err := writeFile(path, data); err != nil {
		return dirError(l.dir, err)
	}
	server.Configure().Set("tracing-config-file", path)
	return nil
}

// tracingConfigFile renders the configuration as --tracing-config-file wants it.
func tracingConfigFile(endpoint string, sampling float64) ([]byte, error) {
	data, err := yaml.Marshal(apiserverv1.TracingConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: apiserverv1.SchemeGroupVersion.String(), Kind: "TracingConfiguration"},
		TracingConfiguration: tracingapi.TracingConfiguration{
			Endpoint: &endpoint, SamplingRatePerMillion: new(int32(sampling * perMillion)),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("write the tracing configuration: %w", err)
	}
	return data, nil
}
