// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/substrate"
)

// fake is a control plane whose processes nothing happens to.
type fake struct {
	mu      sync.Mutex
	inForce []substrate.Disrupted
	// cut makes snapshots fail in the middle.
	cut bool
}

func (f *fake) Disrupt(_ context.Context, d substrate.Disruption) (func(context.Context) error, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range f.inForce {
		if other.Target == d.Target {
			return nil, fmt.Errorf("%s %w", d.Target, substrate.ErrDisrupted)
		}
	}
	f.inForce = append(f.inForce, substrate.Disrupted{Disruption: d, Since: time.Now()})
	return func(ctx context.Context) error { return f.Heal(ctx, d.Target) }, nil
}

func (f *fake) Heal(_ context.Context, targets ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(targets) > 0 && len(f.inForce) == 0 {
		return fmt.Errorf("%s %w", targets[0], substrate.ErrNotDisrupted)
	}
	f.inForce = nil
	return nil
}

func (f *fake) Disrupted() []substrate.Disrupted {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inForce
}

func (f *fake) Snapshot(context.Context) (io.ReadCloser, error) {
	if f.cut {
		return io.NopCloser(io.MultiReader(strings.NewReader("beg"), failing{})), nil
	}
	return io.NopCloser(strings.NewReader("state")), nil
}

func (f *fake) EtcdAccess(name string) (substrate.EtcdAccess, error) {
	if name == "nobody" {
		return substrate.EtcdAccess{}, errors.New("the authority is gone")
	}
	return substrate.EtcdAccess{Endpoint: "https://etcd", CA: []byte("ca"), Cert: []byte(name), Key: []byte("key")}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("etcd is gone") }

// serve serves the plane on a short path: that of a socket is bounded.
func serve(t *testing.T, plane Plane) *Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "remote-") //nolint:usetesting // the path of t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Mkdir(substrate.ComponentsDirOf(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := Serve(t.Context(), dir, plane, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return NewClient(dir)
}

func TestDisruptAndHeal(t *testing.T) {
	client := serve(t, &fake{})
	pause := substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Pause}
	if err := client.Disrupt(t.Context(), Request{Disruption: pause, For: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := client.Disrupt(t.Context(), Request{Disruption: pause}); err == nil || !strings.Contains(err.Error(), "is disrupted already") {
		t.Errorf("a second disruption: %v", err)
	}
	wrong := Request{Disruption: substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Overload}}
	if err := client.Disrupt(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "Overload does not fit etcd") {
		t.Errorf("a kind that does not fit: %v", err)
	}
	state, err := client.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(state.InForce) != 1 || state.InForce[0].Disruption != pause || time.Until(state.InForce[0].Until) < 59*time.Minute {
		t.Errorf("in force: %+v", state.InForce)
	}
	if diff := cmp.Diff(substrate.Disruptables(), state.Disruptable); diff != "" {
		t.Errorf("disruptable (-want +got):\n%s", diff)
	}
	for _, target := range []string{substrate.Etcd, ""} {
		if err := client.Heal(t.Context(), target); err != nil {
			t.Errorf("heal %q: %v", target, err)
		}
	}
	if err := client.Heal(t.Context(), substrate.Etcd); err == nil || !strings.Contains(err.Error(), "is not disrupted") {
		t.Errorf("heal what is not broken: %v", err)
	}
}

func TestHealsByItself(t *testing.T) {
	plane := &fake{}
	client := serve(t, plane)
	err := client.Disrupt(t.Context(), Request{
		Disruption: substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Pause}, For: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	for len(plane.Disrupted()) > 0 {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// What is disrupted while somebody wants it heals when that one is gone, and is left
// alone where it was healed before.
func TestDisruptWhile(t *testing.T) {
	pause := substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Pause}
	for name, test := range map[string]struct {
		leave func(t *testing.T, client *Client, end func())
	}{
		"the connection ends": {func(_ *testing.T, _ *Client, end func()) { end() }},
		"healed before": {func(t *testing.T, client *Client, end func()) {
			if err := client.Heal(t.Context(), substrate.Etcd); err != nil {
				t.Error(err)
			}
			end()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			plane := &fake{}
			client := serve(t, plane)
			end, err := client.DisruptWhile(t.Context(), pause)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.DisruptWhile(t.Context(), pause); err == nil || !strings.Contains(err.Error(), "is disrupted already") {
				t.Errorf("a second one: %v", err)
			}
			if len(plane.Disrupted()) != 1 {
				t.Errorf("in force: %v", plane.Disrupted())
			}
			test.leave(t, client, end)
			for len(plane.Disrupted()) > 0 {
				if err := t.Context().Err(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestSnapshot(t *testing.T) {
	for _, cut := range []bool{false, true} {
		var data []byte
		stream, err := serve(t, &fake{cut: cut}).Snapshot(t.Context())
		if err == nil {
			data, err = io.ReadAll(stream)
			_ = stream.Close()
		}
		if (err != nil) != cut || !cut && string(data) != "state" {
			t.Errorf("cut %t: read %q, %v", cut, data, err)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	if _, err := NewClient(t.TempDir()).List(t.Context()); !errors.Is(err, substrate.ErrNoInstance) {
		t.Errorf("List = %v, want ErrNoInstance", err)
	}
}

func TestEtcdAccess(t *testing.T) {
	client := serve(t, &fake{})
	access, err := client.EtcdAccess(t.Context(), "what-if")
	if err != nil {
		t.Fatal(err)
	}
	want := substrate.EtcdAccess{Endpoint: "https://etcd", CA: []byte("ca"), Cert: []byte("what-if"), Key: []byte("key")}
	if diff := cmp.Diff(want, access); diff != "" {
		t.Error(diff)
	}
	if _, err := client.EtcdAccess(t.Context(), "nobody"); err == nil || err.Error() != "the authority is gone" {
		t.Errorf("the error of the control plane is %v", err)
	}
}
