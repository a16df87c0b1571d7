// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAsset(t *testing.T) {
	v := versions{kubernetes: "v1.37.2", etcd: "v3.7.3"}
	const etcd = "https://github.com/etcd-io/etcd/releases/download/v3.7.3/"
	tests := []struct {
		name, goos, goarch string
		want               asset
	}{
		{name: "kube-apiserver", goos: "linux", goarch: "arm64", want: asset{
			url:  "https://dl.k8s.io/release/v1.37.2/bin/linux/arm64/kube-apiserver",
			sums: "https://dl.k8s.io/release/v1.37.2/bin/linux/arm64/kube-apiserver.sha256",
		}},
		{name: "kubectl", goos: "windows", goarch: "amd64", want: asset{
			url:  "https://dl.k8s.io/release/v1.37.2/bin/windows/amd64/kubectl.exe",
			sums: "https://dl.k8s.io/release/v1.37.2/bin/windows/amd64/kubectl.exe.sha256",
		}},
		{name: "etcd", goos: "linux", goarch: "amd64", want: asset{
			url: etcd + "etcd-v3.7.3-linux-amd64.tar.gz", sums: etcd + "SHA256SUMS", member: "etcd-v3.7.3-linux-amd64/etcd",
		}},
		{name: "etcd", goos: "darwin", goarch: "arm64", want: asset{
			url: etcd + "etcd-v3.7.3-darwin-arm64.zip", sums: etcd + "SHA256SUMS", member: "etcd-v3.7.3-darwin-arm64/etcd",
		}},
		{name: "etcd", goos: "windows", goarch: "amd64", want: asset{
			url: etcd + "etcd-v3.7.3-windows-amd64.zip", sums: etcd + "SHA256SUMS", member: "etcd-v3.7.3-windows-amd64/etcd.exe",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.goos, func(t *testing.T) {
			r := newReleases(anyProgress)
			r.goos, r.goarch = tt.goos, tt.goarch
			if diff := cmp.Diff(tt.want, r.asset(tt.name, v), cmp.AllowUnexported(asset{})); diff != "" {
				t.Errorf("asset differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSum(t *testing.T) {
	one, other := strings.Repeat("1a", 32), strings.Repeat("2b", 32)
	tests := []struct {
		name, text, file string
		want             string
		wantErr          string
	}{
		{name: "alone, as Kubernetes publishes it", text: one, file: "kubectl", want: one},
		{name: "alone, with a line's end", text: one + "\n", file: "kubectl", want: one},
		{name: "a list", text: other + "  a.zip\n" + one + "  a.tar.gz\n", file: "a.tar.gz", want: one},
		{name: "a list of binary files", text: other + " *./a.zip\n" + one + " *./a.tar.gz\n", file: "a.tar.gz", want: one},
		{name: "not in the list", text: other + "  a.zip\n", file: "a.tar.gz", wantErr: errNotReleased.Error()},
		{name: "nothing", file: "kubectl", wantErr: errNotReleased.Error()},
		{name: "a page in place of it", text: "<html>", file: "kubectl", wantErr: "is no SHA-256 checksum"},
		{name: "another checksum's length", text: one + one, file: "kubectl", wantErr: "is no SHA-256 checksum"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSum(tt.text, tt.file)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("error = %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || hex.EncodeToString(got) != tt.want {
				t.Errorf("parseSum = %x, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// What cannot be downloaded is told in one line, each reason once.
func TestFailures(t *testing.T) {
	unreachable := errors.New("no such host")
	const output = "does not run:\n\tno \x1b[31mloader\n"
	tests := []struct {
		name string
		f    failures
		want string
	}{
		{
			name: "one reason for two, another for the third",
			f:    failures{{"etcd", errors.New("refused")}, {"kubectl", unreachable}, {"kubelet", unreachable}},
			want: "etcd (refused); kubectl, kubelet (no such host)",
		},
		{
			name: "what a program printed",
			f:    failures{{"etcd", errors.New(output)}},
			want: "etcd (does not run: no [31mloader)",
		},
		{
			name: "a long reason",
			f:    failures{{"etcd", errors.New(strings.Repeat("x", maxReason+1))}},
			want: "etcd (" + strings.Repeat("x", maxReason) + "…)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.f.Error(); got != tt.want {
				t.Errorf("failures = %q, want %q", got, tt.want)
			}
		})
	}
}
