// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// controlplaneBinaries are downloaded or built by hack/controlplane, into a cache
// of its own.
var controlplaneBinaries = []string{
	"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubeadm", "kubectl", "kubelet",
}

// getControlplane gets those binaries and returns their folder.
func getControlplane(ctx context.Context, stderr io.Writer) (string, error) {
	get := goCommand(ctx, append([]string{"-C", controlplaneDir, "run", "."}, controlplaneBinaries...)...)
	get.Stdout, get.Stderr = stderr, stderr
	if err := get.Run(); err != nil {
		return "", fmt.Errorf("get the control plane's binaries: %w", err)
	}
	out, err := goCommand(ctx, "-C", controlplaneDir, "run", ".", "--print-dir").Output()
	if err != nil {
		return "", fmt.Errorf("find the control plane's binaries: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// buildBinaries builds what the image has from this module into a folder.
func buildBinaries(ctx context.Context, dir, containerdVersion string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	// The tags are those of kind's images/base/Dockerfile: snapshotters that
	// no node selects.
	return runQuietly(goCommand(ctx, "build", "-trimpath", "-buildvcs=false", "-tags=no_aufs no_zfs no_btrfs no_devmapper",
		"-ldflags=-s -w -X "+containerdModule+"/version.Version="+containerdVersion, "-o", dir+string(filepath.Separator),
		containerdModule+"/cmd/containerd", containerdModule+"/cmd/containerd-shim-runc-v2", containerdModule+"/cmd/ctr",
		"./coredns", "./pause"))
}

// kindFiles returns the folder of the files that kind puts into its own images.
func kindFiles(ctx context.Context) (string, error) {
	out, err := goCommand(ctx, "list", "-m", "-f", "{{.Dir}}", kindModule).Output()
	if err != nil {
		return "", fmt.Errorf("find the sources of kind: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "images", "base", "files"), nil
}

// goCommand prepares a call of the go command. Without cgo, so that what it
// builds does not depend on this machine's C library; without
// KUBEBUILDER_ASSETS, whose folders hold no binaries of nodes.
func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH, "GOFLAGS=-mod=readonly", "GOWORK=off", "KUBEBUILDER_ASSETS=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = cleanupDelay
	return cmd
}
