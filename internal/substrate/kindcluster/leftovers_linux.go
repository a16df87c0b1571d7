// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// Leftovers names what there is of a cluster on this machine outside of Docker:
// its folder, the processes and mounts that use it, and the cgroups of its
// containers. After Down there is nothing.
func Leftovers(options Options) ([]string, error) {
	s := stateOf(options.withDefaults())
	if s.err != nil {
		return nil, s.err
	}
	var left []string
	if _, err := os.Lstat(s.dir); err == nil {
		left = append(left, "folder "+s.dir)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, s.dir+"/") {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	for _, pattern := range []string{s.cgroup(), "*/" + s.cgroup()} {
		found, err := filepath.Glob(filepath.Join(cgroupRoot, pattern))
		if err != nil {
			return nil, err
		}
		for _, dir := range found {
			left = append(left, "cgroup "+dir)
		}
	}
	processes, err := processesOf(s.dir)
	return append(left, processes...), err
}

// processesOf returns those whose command line names something in a folder.
func processesOf(dir string) ([]string, error) {
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range commands {
		command, _ := os.ReadFile(file) // it may have ended
		if bytes.Contains(command, []byte(dir+"/")) {
			words := bytes.ReplaceAll(command, []byte{0}, []byte{' '})
			found = append(found, "process "+filepath.Base(filepath.Dir(file))+" "+string(bytes.TrimSpace(words)))
		}
	}
	return found, nil
}
