// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/substrate"
)

// The observer is the one that the user names, else that of the local control
// plane where that is the cluster.
func TestObserverPrecedence(t *testing.T) {
	kubeconfig := func(t *testing.T, dir, server string) string {
		t.Helper()
		path := filepath.Join(dir, "kubeconfig")
		config := clientcmdapi.Config{
			Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: server}},
			Contexts:       map[string]*clientcmdapi.Context{"c": {Cluster: "c"}},
			CurrentContext: "c",
		}
		if err := clientcmd.WriteToFile(config, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const local, localElsewhere, other = "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"
	// home is the data folder of the local control plane, dataDir that of one that
	// was started with --data-dir.
	home, dataDir := t.TempDir(), t.TempDir()
	homeConfig, dataDirConfig, otherConfig := kubeconfig(t, home, local), kubeconfig(t, dataDir, localElsewhere), kubeconfig(t, t.TempDir(), other)
	asked := make(chan string, 10)
	serve := func(name string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked <- name
			w.WriteHeader(http.StatusNotFound)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	for dir, instance := range map[string]substrate.Instance{
		home:    {Kubeconfig: homeConfig, ObserverURL: serve("local")},
		dataDir: {Kubeconfig: dataDirConfig, ObserverURL: serve("data-dir")},
	} {
		if err := substrate.WriteInstance(dir, instance); err != nil {
			t.Fatal(err)
		}
	}
	flag, variable := serve("flag"), serve("variable")
	tests := map[string]struct {
		env  map[string]string
		args []string
		// want is who was asked, wantErr part of the error where nobody was.
		want, wantErr string
	}{
		"flag":                   {env: map[string]string{observerEnv: variable}, args: []string{"--observer", flag}, want: "flag"},
		"flag with kubeconfig":   {args: []string{"--observer", flag, "--kubeconfig", otherConfig}, want: "flag"},
		"variable":               {env: map[string]string{observerEnv: variable}, want: "variable"},
		"local":                  {want: "local"},
		"local by its file":      {args: []string{"--kubeconfig", homeConfig}, want: "local"},
		"local beside the file":  {args: []string{"--kubeconfig", dataDirConfig}, want: "data-dir"},
		"another cluster's pods": {args: []string{"--kubeconfig", otherConfig}, wantErr: "no observer is known: looking for the observer: Get \"" + other + "/api/v1/namespaces/glassplane-system/pods"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			streams, _, _, stderr := genericiooptions.NewTestIOStreams()
			io := IO{IOStreams: streams, Clock: clock.RealClock{}, Env: func(name string) string {
				if name == substrate.HomeEnv {
					return home
				}
				return test.env[name]
			}}
			if code := Main(t.Context(), "glassplane", append([]string{"walk", "simpod/web"}, test.args...), io); code != 1 {
				t.Fatalf("exit code %d; want 1", code)
			}
			if test.wantErr != "" {
				if !strings.Contains(stderr.String(), test.wantErr) {
					t.Errorf("stderr %q; want %q", stderr, test.wantErr)
				}
				return
			}
			select {
			case got := <-asked:
				if got != test.want {
					t.Errorf("asked the observer of %s; want %s", got, test.want)
				}
			default:
				t.Errorf("asked nobody, stderr %q; want %s", stderr, test.want)
			}
		})
	}

	t.Run("uninstall", func(t *testing.T) {
		streams, _, _, stderr := genericiooptions.NewTestIOStreams()
		t.Setenv("KUBECONFIG", homeConfig) // which client-go reads by itself
		io := IO{IOStreams: streams, Clock: clock.RealClock{}, Env: func(name string) string {
			return map[string]string{substrate.HomeEnv: home, "KUBECONFIG": homeConfig}[name]
		}}
		want := local + " is the local control plane"
		if code := Main(t.Context(), "glassplane", []string{"uninstall", "--yes"}, io); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("exit code %d, stderr %q; want 1 and %q", code, stderr, want)
		}
		// Named, it is taken: here nobody listens.
		stderr.Reset()
		want = "connection refused"
		if code := Main(t.Context(), "glassplane", []string{"uninstall", "--yes", "--context=c"}, io); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("exit code %d, stderr %q; want 1 and %q", code, stderr, want)
		}
	})
}

func TestNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, command := range []string{"walk", "explain"} {
		code, out, errOut := invoke(t, nil, command, "simpod/web")
		want := "\nStart a local control plane with \"glassplane up\", name a cluster"
		if code != 1 || out != "" || !strings.HasPrefix(errOut, "error: no observer is known: ") || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q; want 1, nothing, and what to do", command, code, out, errOut)
		}
	}
}

// The question is asked once, and only a yes is a yes.
func TestAsk(t *testing.T) {
	for answer, agreed := range map[string]bool{"y\n": true, "Yes\n": true, "n\n": false, "\n": false, "": false, "yellow\n": false} {
		var out strings.Builder
		err := ask(t.Context(), strings.NewReader(answer), &out)
		if (err == nil) != agreed {
			t.Errorf("ask(%q) = %v; want agreed %v", answer, err, agreed)
		}
		if out.String() != "Remove all of it? [y/N] " {
			t.Errorf("asked %q", out.String())
		}
	}
}
