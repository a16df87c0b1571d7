// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	runtimespec "github.com/opencontainers/runtime-spec/specs-go"
)

// nodeParts are the folders and files that a node's upper layer is made from.
type nodeParts struct {
	kindFiles, controlplane, binaries, store string
	kubernetesVersion                        string
}

// enabledServices are those of kind's images/base/Dockerfile, and the one that
// connects pods.
var enabledServices = []string{"containerd", "kubelet", "pod-network", "undo-mount-hacks"}

// writeLayer writes what a node has on top of Debian.
func (p nodeParts) writeLayer(ctx context.Context, file string) error {
	spec, err := baseRuntimeSpec(ctx)
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	l := newLayer(out)
	for _, dir := range []string{"etc", "kind", "usr"} {
		l.tree(dir, filepath.Join(p.kindFiles, dir), nodeFileMode)
	}
	own, err := fs.Sub(recipe, "files")
	if err != nil {
		return err
	}
	l.embedded(own, nodeFileMode)
	l.file("kind/version", 0o644, []byte(p.kubernetesVersion))
	l.file("etc/containerd/cri-base.json", 0o644, spec)
	l.dir("etc/kubernetes/manifests", 0o755)
	p.linkUnits(l)
	for _, name := range []string{"kubeadm", "kubectl", "kubelet"} {
		l.copyFile("usr/bin/"+name, 0o755, filepath.Join(p.controlplane, name))
	}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "ctr"} {
		l.copyFile("usr/local/bin/"+name, 0o755, filepath.Join(p.binaries, name))
	}
	l.tree("var/lib/containerd", p.store, func(string) fs.FileMode { return 0o644 })
	return errors.Join(l.close(), out.Close())
}

// linkUnits does what systemctl enable and mask do, and puts Debian's CNI
// plugins where containerd looks for them.
func (p nodeParts) linkUnits(l *layer) {
	const units = "etc/systemd/system/"
	for _, service := range enabledServices {
		l.symlink(units+"multi-user.target.wants/"+service+".service", "/"+units+service+".service")
	}
	// It would register formats with the machine's kernel.
	l.symlink(units+"systemd-binfmt.service", "/dev/null")
	for _, plugin := range []string{"host-local", "loopback", "portmap", "ptp"} {
		l.symlink("opt/cni/bin/"+plugin, "/usr/lib/cni/"+plugin)
	}
}

// nodeFileMode is the mode of kind's files, as images/base/Dockerfile sets it.
func nodeFileMode(name string) fs.FileMode {
	if strings.HasSuffix(path.Dir(name), "/bin") {
		return 0o755
	}
	return 0o644
}

// baseRuntimeSpec is containerd's default OCI spec with the changes that kind's
// images/base/Dockerfile makes: pods see files of their own in place of the
// machine's product name, and may have any resource limits.
func baseRuntimeSpec(ctx context.Context) ([]byte, error) {
	spec, err := oci.GenerateSpec(namespaces.WithNamespace(ctx, namespaces.Default), nil, &containers.Container{})
	if err != nil {
		return nil, fmt.Errorf("make the base of containers' specs: %w", err)
	}
	spec.Process.Rlimits = nil
	spec.Hooks = &runtimespec.Hooks{CreateContainer: []runtimespec.Hook{{Path: "/kind/bin/mount-product-files.sh"}}}
	return json.Marshal(spec)
}

// storeImages fills a containerd's root folder with the images that a kubeadm
// cluster runs, under the names by which kubeadm and containerd ask for them.
func storeImages(ctx context.Context, dir, proxyBase string, p nodeParts) (err error) {
	names, err := requiredImages(ctx, p)
	if err != nil {
		return err
	}
	s, err := openStore(ctx, dir)
	if err != nil {
		return fmt.Errorf("open containerd's store: %w", err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, name := range names {
		c, err := componentFor(name, proxyBase, p)
		if err != nil {
			return err
		}
		if err := s.add(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// requiredImages asks the built kubeadm, and kind's configuration of containerd
// for the image that holds a pod's namespaces.
func requiredImages(ctx context.Context, p nodeParts) ([]string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(p.controlplane, "kubeadm"), "config", "images", "list",
		"--kubernetes-version", p.kubernetesVersion).Output()
	if err != nil {
		return nil, fmt.Errorf("ask kubeadm for its images: %w", err)
	}
	config, err := os.ReadFile(filepath.Join(p.kindFiles, "etc", "containerd", "config.toml"))
	if err != nil {
		return nil, err
	}
	sandbox, err := sandboxImage(string(config))
	if err != nil {
		return nil, err
	}
	names := append(strings.Fields(string(out)), sandbox)
	slices.Sort(names)
	return slices.Compact(names), nil
}

var sandboxPattern = regexp.MustCompile(`(?m)^\s*sandbox(?:_image)?\s*=\s*"([^"]+)"`)

func sandboxImage(containerdConfig string) (string, error) {
	match := sandboxPattern.FindStringSubmatch(containerdConfig)
	if match == nil {
		return "", errors.New("kind's configuration of containerd names no sandbox image")
	}
	return match[1], nil
}

// componentFor says what an image is made from, by the last part of its name.
func componentFor(name, proxyBase string, p nodeParts) (component, error) {
	base, _, _ := strings.Cut(path.Base(name), ":")
	c := component{name: name, command: filepath.Join(p.controlplane, base)}
	switch base {
	case "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler":
	case "kube-proxy":
		c.base, c.links = proxyBase, map[string]string{}
		for _, family := range []string{"iptables", "ip6tables"} {
			for _, suffix := range []string{"", "-restore", "-save"} {
				c.links["usr/sbin/"+family+suffix] = "xtables-nft-multi"
			}
		}
	case "coredns", "pause":
		c.command, c.entrypoint = filepath.Join(p.binaries, base), true
	default:
		return component{}, fmt.Errorf("kubeadm needs the image %s, and nothing here makes it", name)
	}
	return c, nil
}
