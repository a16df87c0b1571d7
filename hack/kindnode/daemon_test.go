// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestSpecFile(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"create", []string{"--root", "/run/x", "--log", "/l", "create", "--bundle", "/b", "--pid-file", "/p", "id"}, "/b/config.json"},
		{"create with =", []string{"--root=/run/x", "create", "--bundle=/b", "id"}, "/b/config.json"},
		{"run here", []string{"run", "id"}, "config.json"},
		{"exec", []string{"--root", "/run/x", "exec", "--process", "/p.json", "--detach", "id"}, "/p.json"},
		{"exec by arguments", []string{"exec", "id", "sh"}, ""},
		{"delete", []string{"--root", "/run/x", "delete", "id"}, ""},
		{"version", []string{"--version"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := specFile(tt.args); got != tt.want {
				t.Errorf("specFile = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWithoutCapability(t *testing.T) {
	tests := []struct{ name, spec, want string }{
		{
			"container",
			`{"ociVersion":"1.0.2","process":{"args":["sh"],"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE","CAP_KILL"]}}}`,
			`{"ociVersion":"1.0.2","process":{"args":["sh"],"capabilities":{"bounding":["CAP_CHOWN","CAP_KILL"]}}}`,
		},
		{
			"process, and numbers are kept as they are",
			`{"capabilities":{"effective":["CAP_SYS_RESOURCE"]},"rlimits":[{"hard":18446744073709551615}]}`,
			`{"capabilities":{"effective":[]},"rlimits":[{"hard":18446744073709551615}]}`,
		},
		{"without any", `{"process":{"args":["sh"]}}`, `{"process":{"args":["sh"]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := withoutCapability([]byte(tt.spec))
			if err != nil || string(got) != tt.want {
				t.Errorf("withoutCapability = %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
	if _, err := withoutCapability([]byte("no JSON")); err == nil {
		t.Error("a spec that is no JSON gives no error")
	}
}

func TestWriteConfig(t *testing.T) {
	for _, drop := range []bool{false, true} {
		f := dockerdFlags{dir: t.TempDir(), cgroup: "/test", dropSysRes: drop}
		if err := f.writeConfig(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(f.dir, "daemon.json"))
		if err != nil {
			t.Fatal(err)
		}
		var config struct {
			Hosts   []string
			Runtime string `json:"default-runtime"`
		}
		if err := json.Unmarshal(data, &config); err != nil {
			t.Fatal(err)
		}
		if len(config.Hosts) != 1 || config.Hosts[0] != "unix://"+f.dir+"/docker.sock" || (config.Runtime != "") != drop {
			t.Errorf("without the capability %t: %s", drop, data)
		}
	}
}

// Both directions are copied, and each end learns that the other has closed.
func TestPipe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ends := func() (client, server *net.TCPConn) {
		t.Helper()
		var dialer net.Dialer
		conn, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return conn.(*net.TCPConn), accepted.(*net.TCPConn)
	}
	client, outer := ends()
	inner, server := ends()
	ctx, done := context.WithCancel(t.Context())
	go func() {
		pipe(outer, inner)
		done()
	}()
	if _, err := client.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(server); err != nil || string(got) != "question" {
		t.Fatalf("server got %q, %v", got, err)
	}
	if _, err := server.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
		t.Fatalf("client got %q, %v", got, err)
	}
	<-ctx.Done()
}
