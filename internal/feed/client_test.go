// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/cert"
	clocktesting "k8s.io/utils/clock/testing"
)

const serverName = "scheduler.test.svc"

// leader is what is known of where the component serves.
type leader struct {
	mu       sync.Mutex
	endpoint Endpoint
	err      error
	asked    int
}

func (l *leader) Resolve(context.Context) (Endpoint, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return l.endpoint, l.err
}

// is changes who leads.
func (l *leader) is(endpoint Endpoint, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endpoint, l.err = endpoint, err
}

// serve serves over HTTPS with a certificate of its own, until the test ends or
// stop is called.
func serve(t *testing.T, handler http.Handler) Endpoint {
	t.Helper()
	endpoint, _ := serveAt(t, handler, "127.0.0.1:0", serverName)
	return endpoint
}

func serveAt(t *testing.T, handler http.Handler, address, name string) (_ Endpoint, stop func()) {
	t.Helper()
	chain, key, err := cert.GenerateSelfSignedCertKey(name, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	stop = func() {
		server.CloseClientConnections()
		server.Close()
	}
	t.Cleanup(stop)
	return Endpoint{Address: listener.Addr().String(), ServerName: serverName, CA: string(chain)}, stop
}

func newPollerOf(t *testing.T, resolver Resolver) (*Poller[note], *journal, *clocktesting.FakeClock) {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock, journal := clocktesting.NewFakeClock(now), &journal{}
	return NewPoller[note](Options{Resolver: resolver, Path: "/notes", TokenFile: token}, clock, journal), journal, clock
}

// caller remembers with what it was called.
type caller struct {
	next           http.Handler
	mu             sync.Mutex
	paths, secrets []string
}

func (c *caller) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	c.mu.Lock()
	c.paths, c.secrets = append(c.paths, request.URL.Path), append(c.secrets, request.Header.Get("Authorization"))
	c.mu.Unlock()
	c.next.ServeHTTP(w, request)
}

func (c *caller) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.paths)
}

func syncNow(t *testing.T, poller *Poller[note]) {
	t.Helper()
	if err := poller.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestProvesWhoAsks(t *testing.T) {
	called := &caller{next: newComponent()}
	poller, _, _ := newPollerOf(t, &leader{endpoint: serve(t, called)})
	syncNow(t, poller)
	if !slices.Equal(called.paths, []string{"/notes"}) || !slices.Equal(called.secrets, []string{"Bearer secret"}) {
		t.Errorf("called %q with %q", called.paths, called.secrets)
	}
}

// A component is followed to the replica that leads now. What the old one had not
// served is lost, and what the new one serves is read from its start, however far
// it has counted by then.
func TestFollowsTheLeader(t *testing.T) {
	first, second := newComponent(), newComponent()
	first.add("a", "a")
	second.add("b", "b", "b", "b")
	old, stop := serveAt(t, first, "127.0.0.1:0", serverName)
	leader := &leader{endpoint: old}
	poller, journal, _ := newPollerOf(t, leader)
	syncNow(t, poller)

	stop()
	if err := poller.Sync(t.Context()); err == nil || journal.err == nil {
		t.Errorf("no error from a component that is gone: %v, %v", err, journal.err)
	}
	leader.is(serve(t, second), nil)
	syncNow(t, poller)
	if diff := cmp.Diff([]int{2, 4}, journal.counts("a", "b")); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{otherEpoch}, journal.lost); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// An old replica may still answer when another one leads.
func TestLooksForTheLeaderNowAndThen(t *testing.T) {
	first, second := newComponent(), newComponent()
	second.add("b")
	leader := &leader{endpoint: serve(t, first)}
	poller, journal, clock := newPollerOf(t, leader)
	syncNow(t, poller)
	leader.is(serve(t, second), nil)
	syncNow(t, poller)
	if leader.asked != 1 {
		t.Errorf("asked %d times where the leader is, within %v", leader.asked, resolveInterval)
	}
	clock.Step(resolveInterval)
	syncNow(t, poller)
	if got := journal.counts("b"); got[0] != 1 {
		t.Errorf("read %d items of the new leader, want 1", got[0])
	}

	t.Log("the API server is down: the leader that answers is kept")
	leader.is(Endpoint{}, errors.New("connection refused"))
	second.add("b")
	clock.Step(resolveInterval)
	syncNow(t, poller)
	if got := journal.counts("b"); got[0] != 2 {
		t.Errorf("read %d items while the leader could not be looked for, want 2", got[0])
	}
}

// Nobody but the component gets the token: neither who took its address, nor who
// has its certificate's name only, nor where it redirects to.
func TestSendsNoTokenToAnImpostor(t *testing.T) {
	impostor := &caller{next: newComponent()}
	t.Run("at the address of a component that is gone", func(t *testing.T) {
		real, stop := serveAt(t, newComponent(), "127.0.0.1:0", serverName)
		poller, journal, _ := newPollerOf(t, &leader{endpoint: real})
		syncNow(t, poller)
		stop()
		serveAt(t, impostor, real.Address, serverName)
		if err := poller.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("errors %v, %v", err, journal.err)
		}
	})
	t.Run("with a certificate for another name", func(t *testing.T) {
		endpoint, _ := serveAt(t, impostor, "127.0.0.1:0", "controller-manager.test.svc")
		poller, journal, _ := newPollerOf(t, &leader{endpoint: endpoint})
		if err := poller.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "not "+serverName) {
			t.Errorf("errors %v, %v", err, journal.err)
		}
	})
	t.Run("that is redirected to", func(t *testing.T) {
		plain := httptest.NewServer(impostor)
		t.Cleanup(plain.Close)
		poller, journal, _ := newPollerOf(t, &leader{endpoint: serve(t, http.RedirectHandler(plain.URL, http.StatusFound))})
		if err := poller.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "302 Found") {
			t.Errorf("errors %v, %v", err, journal.err)
		}
	})
	if n := impostor.calls(); n != 0 {
		t.Errorf("the impostor was called %d times, with %q", n, impostor.secrets)
	}
}

func TestSaysWhyThereIsNoEndpoint(t *testing.T) {
	tests := map[string]struct {
		endpoint Endpoint
		err      error
		tokens   bool
		want     string
	}{
		"not published":  {Endpoint{}, errors.New("not published yet"), true, "not published yet"},
		"no certificate": {Endpoint{Address: "127.0.0.1:1", CA: "none"}, nil, true, "are not PEM"},
		"no token":       {Endpoint{Address: "127.0.0.1:1"}, nil, false, "no token"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			poller, journal, _ := newPollerOf(t, &leader{endpoint: tc.endpoint, err: tc.err})
			if !tc.tokens {
				poller.client.options.TokenFile = ""
			}
			err := poller.Sync(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) || !errors.Is(journal.err, err) {
				t.Errorf("errors %v, %v, want %q", err, journal.err, tc.want)
			}
		})
	}
}
