// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTracingConfigFile(t *testing.T) {
	data, err := tracingConfigFile("unix:///data/spans.sock", 0.25)
	if err != nil {
		t.Fatal(err)
	}
	want := "apiVersion: apiserver.config.k8s.io/v1\nendpoint: unix:///data/spans.sock\nkind: TracingConfiguration\nsamplingRatePerMillion: 250000\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestTraceSamplingIsAPart(t *testing.T) {
	for _, sampling := range []float64{-0.1, 1.1} {
		if err := checkSampling(sampling); err == nil || !strings.Contains(err.Error(), "--"+FlagTraceSampling) {
			t.Errorf("%v gives the error %v", sampling, err)
		}
	}
}

// tracing is a control plane that has prepared to trace and does nothing else.
func tracing(t *testing.T, dir string, sampling float64) *Local {
	t.Helper()
	t.Setenv(spansDelayEnv, spansDelay)
	l := &Local{opts: Options{TraceSampling: sampling}, data: &dataDir{path: dir}, stopRefusing: func() {}}
	if err := os.MkdirAll(l.data.file(componentsDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.prepareTracing(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func reach(t *testing.T, l *Local) error {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "unix", l.spansSocket())
	if err != nil {
		return err
	}
	return connection.Close()
}

func TestSocketForSpans(t *testing.T) {
	l := tracing(t, t.TempDir(), 1)
	if err := reach(t, l); err != nil {
		t.Errorf("before anybody listens: %v", err)
	}
	first, err := l.ListenForSpans(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := l.ListenForSpans(t.Context())
	if err != nil {
		t.Fatalf("listening again: %v", err)
	}
	if err := reach(t, l); err != nil {
		t.Errorf("when somebody listens again: %v", err)
	}
	l.RefuseSpans()
	l.RefuseSpans()
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if err := reach(t, l); err != nil {
		t.Errorf("when spans are refused: %v", err)
	}
	l.stopRefusing()
	if err := reach(t, l); err == nil {
		t.Error("spans are still refused")
	}
}

func TestNoTracing(t *testing.T) {
	for name, test := range map[string]struct {
		dir      string
		sampling float64
		want     string
	}{
		"off":             {t.TempDir(), 0, "--" + FlagTraceSampling + "=0"},
		"a path too long": {filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketPath)), 1, "--" + FlagDataDir},
	} {
		t.Run(name, func(t *testing.T) {
			l := tracing(t, test.dir, test.sampling)
			l.RefuseSpans()
			if _, err := l.ListenForSpans(t.Context()); !errors.Is(err, ErrNoTracing) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}
