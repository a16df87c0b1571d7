// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseRelease(t *testing.T) {
	tests := []struct {
		name, text string
		want       release
		wantErr    string
	}{
		{name: "debian", text: "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_CODENAME=bookworm\n", want: release{id: "debian", codename: "bookworm"}},
		{name: "quoted", text: "ID=\"ubuntu\"\nVERSION_CODENAME='noble'", want: release{id: "ubuntu", codename: "noble"}},
		{name: "no codename", text: "ID=arch\n", wantErr: "KIND_NODE_IMAGE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseRelease(tt.text)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error = %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("parseRelease = %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseSources(t *testing.T) {
	bookworm := release{id: "debian", codename: "bookworm"}
	tests := []struct {
		name, targets string
		want          string
		wantErr       bool
	}{
		{
			name: "only those of the release, once each",
			targets: "Debian|bookworm|http://mirror/debian/|bookworm|main\n" +
				"Debian|bookworm-security|http://mirror/security/|bookworm-security|main\n" +
				"Debian|bookworm|http://mirror/debian/|bookworm|main\n" +
				"Debian|trixie|http://mirror/debian/|trixie|main\n" +
				"Other|bookworm|http://other/|stable|main\n",
			want: "deb http://mirror/debian/ bookworm main\ndeb http://mirror/security/ bookworm-security main\n",
		},
		{name: "none", targets: "Other|cloud|http://other/|stable|main\n", wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSources(tt.targets, bookworm)
			if (err != nil) != tt.wantErr || got != tt.want {
				t.Errorf("parseSources = %q, %v, want %q, error %t", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestKeepInNode(t *testing.T) {
	tests := []struct {
		name string
		want bool
	}{
		{"usr/bin/bash", true},
		{"dev", true},
		{"dev/null", false},
		{"etc/hostname", false},
		{"etc/resolv.conf", false},
		{"etc/systemd/system", true},
		{"etc/systemd/system/multi-user.target.wants", true},
		{"etc/systemd/system/multi-user.target.wants/cron.service", false},
		{"usr/lib/systemd/system/multi-user.target.wants/getty.target", false},
		{"usr/lib/systemd/system/multi-user.target", true},
		{"usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service", false},
		{"usr/lib/systemd/system/sysinit.target.wants/systemd-journald.service", true},
		{"usr/lib/systemd/system/sockets.target.wants/systemd-udevd-kernel.socket", false},
		{"usr/lib/systemd/system/sockets.target.wants/systemd-journald.socket", true},
		{"usr/lib/systemd/system/timers.target.wants/x.timer", true},
		{"var/log", true},
		{"var/log/apt/history.log", false},
		{"var/lib/dpkg/status", true},
	}
	for _, tt := range tests {
		if got := keepInNode(tt.name); got != tt.want {
			t.Errorf("keepInNode(%q) = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestMissingPackages(t *testing.T) {
	installed := []string{"iptables"}
	lookPath := func(name string) (string, error) {
		if slices.Contains(installed, name) {
			return "/usr/sbin/" + name, nil
		}
		return "", errors.New("not found")
	}
	got, err := missingPackages([]string{"docker", "dockerd", "iptables", "mmdebstrap"}, lookPath)
	if want := []string{"docker.io", "mmdebstrap"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("missingPackages = %v, %v, want %v", got, err, want)
	}
	if _, err := missingPackages([]string{"vi"}, lookPath); err == nil {
		t.Error("missingPackages knows a package for vi, want an error")
	}
}

func TestDenyServices(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy-rc.d")
	allow, err := denyServices(policy)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(policy); err != nil || !strings.Contains(string(data), "exit 101") {
		t.Fatalf("the policy is %q, %v, want one that denies", data, err)
	}
	allowNothing, err := denyServices(policy)
	if err != nil {
		t.Fatal(err)
	}
	allowNothing()
	if _, err := os.Stat(policy); err != nil {
		t.Error("a policy that was there is gone")
	}
	allow()
	if _, err := os.Stat(policy); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stat = %v, want the policy gone", err)
	}
}
