// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

const (
	modulePath       = "github.com/glassplane/glassplane/hack/controlplane"
	kubernetesModule = "k8s.io/kubernetes"
	etcdModule       = "go.etcd.io/etcd/server/v3"
)

// binary is one command of the control plane.
type binary struct {
	name string
	// pkg is the main package that it is built from.
	pkg string
	// built is what go build names it; empty where that is its name.
	built string
	// versionArgs make it print its version and exit.
	versionArgs []string
	// withoutIt says what is lost where KUBEBUILDER_ASSETS lacks it; empty
	// where the control plane cannot start at all.
	withoutIt string
}

var binaries = []binary{
	{name: "etcd", pkg: etcdModule, built: "server", versionArgs: []string{"--version"}},
	{name: "kube-apiserver", pkg: kubernetesModule + "/cmd/kube-apiserver", versionArgs: []string{"--version"}},
	{
		name: "kube-controller-manager", pkg: kubernetesModule + "/cmd/kube-controller-manager", versionArgs: []string{"--version"},
		withoutIt: "no owner-reference garbage collection, no namespace deletion",
	},
	{
		name: "kube-scheduler", pkg: kubernetesModule + "/cmd/kube-scheduler", versionArgs: []string{"--version"},
		withoutIt: "no comparison with the real kube-scheduler",
	},
	{
		name: "kubectl", pkg: kubernetesModule + "/cmd/kubectl", versionArgs: []string{"version", "--client"},
		withoutIt: "use a kubectl of your own",
	},
	// The rest is for node images only, which hack/kindnode composes.
	{name: "kubelet", pkg: kubernetesModule + "/cmd/kubelet", versionArgs: []string{"--version"}},
	{name: "kubeadm", pkg: kubernetesModule + "/cmd/kubeadm", versionArgs: []string{"version", "-o", "short"}},
	{name: "kube-proxy", pkg: kubernetesModule + "/cmd/kube-proxy", versionArgs: []string{"--version"}},
}

// defaultBinaries are what "glassplane up" runs, and kubectl to talk to it.
var defaultBinaries = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"}

func binaryNames(bs []binary) []string {
	names := make([]string, 0, len(bs))
	for _, b := range bs {
		names = append(names, b.name)
	}
	return names
}

func lookup(name string) binary {
	i := slices.IndexFunc(binaries, func(b binary) bool { return b.name == name })
	return binaries[i]
}

// selectBinaries checks the names, removes duplicates and puts them in the
// order of the table; no names means the default ones.
func selectBinaries(args []string) ([]string, error) {
	if len(args) == 0 {
		return defaultBinaries, nil
	}
	known := binaryNames(binaries)
	for _, arg := range args {
		if !slices.Contains(known, arg) {
			return nil, fmt.Errorf("unknown binary %q; known are %s", arg, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(known, func(name string) bool { return !slices.Contains(args, name) }), nil
}

// versions are those that go.mod pins, with their leading v.
type versions struct {
	kubernetes, etcd string
}

// readVersions asks the go command, which is the one that builds, for what
// go.mod in the current folder requires.
func readVersions(ctx context.Context) (versions, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return versions{}, fmt.Errorf("building the control plane needs the go command: %w", err)
	}
	out, err := exec.CommandContext(ctx, "go", "mod", "edit", "-json").Output()
	if err != nil {
		return versions{}, fmt.Errorf("read go.mod in the current folder (run this in hack/controlplane): %w", err)
	}
	return parseVersions(out)
}

// parseVersions reads the output of "go mod edit -json".
func parseVersions(data []byte) (versions, error) {
	var mod struct {
		Module  struct{ Path string }
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(data, &mod); err != nil {
		return versions{}, fmt.Errorf("parse the output of go mod edit -json: %w", err)
	}
	if mod.Module.Path != modulePath {
		return versions{}, fmt.Errorf("the current folder holds module %q; run this in hack/controlplane", mod.Module.Path)
	}
	var v versions
	for _, r := range mod.Require {
		switch r.Path {
		case kubernetesModule:
			v.kubernetes = r.Version
		case etcdModule:
			v.etcd = r.Version
		}
	}
	if v.kubernetes == "" || v.etcd == "" {
		return versions{}, fmt.Errorf("go.mod requires no %s or no %s", kubernetesModule, etcdModule)
	}
	return v, nil
}

// of returns the version that the named binary reports.
func (v versions) of(name string) string {
	if name == "etcd" {
		return strings.TrimPrefix(v.etcd, "v")
	}
	return v.kubernetes
}

// ldflags stamp the version that /version and the user agents report, as
// hack/lib/version.sh in kubernetes/kubernetes does. etcd has its own in its
// code and lacks these packages; the linker passes over what is not there.
func (v versions) ldflags() string {
	major, minor, _ := strings.Cut(strings.TrimPrefix(v.kubernetes, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	const pkg = "k8s.io/component-base/version."
	return strings.Join([]string{
		"-s -w",
		"-X " + pkg + "gitVersion=" + v.kubernetes,
		"-X " + pkg + "gitMajor=" + major,
		"-X " + pkg + "gitMinor=" + minor,
		"-X k8s.io/client-go/pkg/version.gitVersion=" + v.kubernetes,
	}, " ")
}
