// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// offline runs a command line without any cluster.
func offline(t *testing.T, stdin string, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	var errOut bytes.Buffer
	home := t.TempDir()
	code = Main(t.Context(), "glassplane", args, IO{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: out, ErrOut: &errOut}, Clock: clock.RealClock{},
		Env: func(name string) string {
			return map[string]string{"GLASSPLANE_HOME": home, "KUBECONFIG": filepath.Join(home, "none")}[name]
		},
	})
	return code, errOut.String()
}

// closedPipe is written to by a program whose reader has gone.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}
}

func TestClosedPipeEndsQuietly(t *testing.T) {
	for _, args := range [][]string{
		{"run", "web", "--image=nginx", "--dry-run=client", "-o", "yaml"},
		{"convert", "-f", "-"},
		{"version"},
	} {
		t.Run(args[0], func(t *testing.T) {
			code, stderr := offline(t, simPodHeader+"spec: {containers: [{name: a, image: b}]}", closedPipe{}, args...)
			if code != exitClosedPipe || strings.Contains(stderr, "error") {
				t.Errorf("exit code %d, stderr %q; want 141 and no error", code, stderr)
			}
		})
	}
}

func TestErrorsAreClean(t *testing.T) {
	const painted = "no\x1b[31msuch\x07\u202e"
	for _, args := range [][]string{{"walk", "simpod/" + painted}, {"explain", "-f", painted}, {"run", "web", "--image=a", "--requests=cpu=" + painted}, {painted}} {
		t.Run(args[0], func(t *testing.T) {
			code, stderr := offline(t, "", io.Discard, args...)
			if code != 1 || strings.ContainsAny(stderr, "\x1b\x07\u202e") || !strings.HasSuffix(stderr, "\n") {
				t.Errorf("exit code %d, stderr %q; want 1 and no control character", code, stderr)
			}
		})
	}
}
