// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// packageOf names the Debian package of each command that this machine needs.
var packageOf = map[string]string{
	"docker":     "docker.io",
	"dockerd":    "docker.io",
	"iptables":   "iptables",
	"mmdebstrap": "mmdebstrap",
}

// nodePackages are what kind's images/base/Dockerfile installs, without what
// only storage tests need, and with runc and the CNI plugins, which it compiles.
var nodePackages = []string{
	"bash", "ca-certificates", "conntrack", "containernetworking-plugins", "curl", "dbus", "e2fsprogs", "ethtool", "iproute2",
	"iptables", "jq", "kmod", "libseccomp2", "mount", "nftables", "pigz", "procps", "runc", "systemd", "systemd-sysv", "util-linux",
}

// proxyPackages are what kube-proxy calls.
var proxyPackages = []string{"conntrack", "iptables", "nftables"}

// release is what /etc/os-release says of this machine.
type release struct {
	id, codename string
}

func readRelease() (release, error) {
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return release{}, fmt.Errorf("find out which Debian this is: %w", err)
	}
	return parseRelease(string(data))
}

func parseRelease(text string) (release, error) {
	var r release
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, "\"'")
		switch key {
		case "ID":
			r.id = value
		case "VERSION_CODENAME":
			r.codename = value
		}
	}
	if r.id == "" || r.codename == "" {
		return release{}, errors.New("/etc/os-release has no ID or no VERSION_CODENAME; a node image is composed on Debian and its kin only: set KIND_NODE_IMAGE")
	}
	return r, nil
}

// aptSources returns the lines of a sources.list with those package sources of
// this machine that belong to its release.
func aptSources(ctx context.Context, r release) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("ask apt-get for this machine's package sources: %w", err)
	}
	return parseSources(string(out), r)
}

func parseSources(targets string, r release) (string, error) {
	var lines []string
	for line := range strings.Lines(targets) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) == 5 && strings.EqualFold(f[0], r.id) && strings.HasPrefix(f[1], r.codename) {
			lines = append(lines, fmt.Sprintf("deb %s %s %s", f[2], f[3], f[4]))
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) == 0 {
		return "", fmt.Errorf("apt has no package list of %s %s: run apt-get update", r.id, r.codename)
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// bootstrap writes a tar archive with the packages and all that they depend on.
// The variant is one of mmdebstrap's: minbase is a system, extract only files.
func bootstrap(ctx context.Context, r release, variant string, packages []string, file string) error {
	sources, err := aptSources(ctx, r)
	if err != nil {
		return err
	}
	// Beside the file, where there is room for a whole system, and where it is
	// removed even if mmdebstrap could not do that. The name is new, because one
	// that a killed run started may still write.
	temp, err := os.MkdirTemp(filepath.Dir(file), partialPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	archive := filepath.Join(temp, "archive.tar")
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--format=tar", "--variant="+variant, "--include="+strings.Join(packages, ","),
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/man/*",
		r.codename, archive, "-")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = cleanupDelay
	cmd.Stdin = strings.NewReader(sources)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	// When it fails, it ends all processes of its group, which is not to be
	// ours. It ends with the thread that has started it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := runQuietly(cmd); err != nil {
		return err
	}
	return os.Rename(archive, file)
}

// keepInNode says which files of the Debian system a node has. What is left out
// is what kind's images/base/Dockerfile removes: services that make no sense in
// a container, and lists and logs of the installation.
func keepInNode(name string) bool {
	dir, base := path.Split(name)
	wants, isWant := strings.CutSuffix(strings.TrimSuffix(dir, "/"), ".wants")
	if isWant && strings.HasPrefix(wants, "etc/systemd/system/") {
		return false
	}
	if isWant {
		switch path.Base(wants) {
		case "multi-user.target", "local-fs.target", "basic.target":
			return false
		case "sysinit.target":
			return base != "systemd-tmpfiles-setup.service"
		case "sockets.target":
			return !strings.Contains(base, "udev") && !strings.Contains(base, "initctl")
		}
	}
	for _, dropped := range []string{"dev/", "var/cache/apt/", "var/lib/apt/lists/", "var/log/"} {
		if strings.HasPrefix(name, dropped) {
			return false
		}
	}
	return name != "etc/hostname" && name != "etc/resolv.conf"
}

// installCommands installs the Debian packages of those commands that are
// missing. It needs root and apt-get; without, the error says what to install.
func installCommands(ctx context.Context, commands []string, stderr io.Writer) error {
	packages, err := missingPackages(commands, exec.LookPath)
	if err != nil || len(packages) == 0 {
		return err
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("this needs the Debian packages %s: install them, or run this as root", strings.Join(packages, ", "))
	}
	fmt.Fprintf(stderr, "installing the Debian packages %s\n", strings.Join(packages, ", "))
	allow, err := denyServices("/usr/sbin/policy-rc.d")
	if err != nil {
		return err
	}
	defer allow()
	install := append([]string{"install", "--quiet", "--yes", "--no-install-recommends"}, packages...)
	if err := runQuietly(aptGet(install...)); err == nil {
		return nil
	}
	// The lists of packages may be missing, or older than what the mirror has.
	if err := runQuietly(aptGet("update", "--quiet")); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return runQuietly(aptGet(install...))
}

func missingPackages(commands []string, lookPath func(string) (string, error)) ([]string, error) {
	var packages []string
	for _, command := range commands {
		name, known := packageOf[command]
		if !known {
			return nil, fmt.Errorf("no Debian package is known for %q", command)
		}
		if _, err := lookPath(command); err != nil && !slices.Contains(packages, name) {
			packages = append(packages, name)
		}
	}
	return packages, nil
}

// aptGet prepares a call of apt-get. It is not interrupted, also not from the
// terminal, because that can leave packages half-installed.
func aptGet(args ...string) *exec.Cmd {
	// Another apt-get may run, as when two clusters start.
	cmd := exec.Command("apt-get", append([]string{"--option=DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// denyServices keeps packages from starting their services, as invoke-rc.d(8)
// describes; the returned function ends that. A policy that is there is kept.
func denyServices(policy string) (allow func(), err error) {
	file, err := os.OpenFile(policy, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keep packages from starting services: %w", err)
	}
	defer file.Close()
	_, err = file.WriteString("#!/bin/sh\nexit 101\n")
	return func() { _ = os.Remove(policy) }, err
}

// cleanupDelay is how long an interrupted command may take to clean up.
const cleanupDelay = 30 * time.Second

// runQuietly runs a command; what it prints is only seen in the error.
func runQuietly(cmd *exec.Cmd) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}
