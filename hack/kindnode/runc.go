// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// droppedCapability is what "docker run --privileged" asks for, and runc cannot
// give on a machine whose bounding set lacks it.
const droppedCapability = "CAP_SYS_RESOURCE"

// execRunc becomes runc, after it has taken the capability out of what runc is
// about to read.
func execRunc(args []string) error {
	if file := specFile(args); file != "" {
		if err := rewriteSpec(file); err != nil {
			return fmt.Errorf("take %s out of %s: %w", droppedCapability, file, err)
		}
	}
	path, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	return unix.Exec(path, append([]string{path}, args...), os.Environ())
}

// specFile returns the file with the capabilities that a call of runc uses, or
// none. It knows the options that containerd's go-runc gives.
func specFile(args []string) string {
	command, options := "", map[string]string{}
	for i, arg := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case !strings.HasPrefix(arg, "-"):
			if command == "" && slices.Contains([]string{"create", "run", "restore", "exec"}, arg) {
				command = arg
			}
		case joined:
			options[name] = value
		case i+1 < len(args):
			options[name] = args[i+1]
		}
	}
	switch command {
	case "":
		return ""
	case "exec":
		return first(options["process"], options["p"])
	default:
		return filepath.Join(first(options["bundle"], options["b"], "."), "config.json")
	}
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

// rewriteSpec edits the file in place; one that does not exist is runc's to
// complain about.
func rewriteSpec(file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	changed, err := withoutCapability(data)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, changed, info.Mode())
}

// withoutCapability drops the capability from a container's spec, or from that
// of a process. All else is kept as it is.
func withoutCapability(data []byte) ([]byte, error) {
	var spec map[string]json.RawMessage
	if err := json.Unmarshal(data, &spec); err != nil {
		return nil, err
	}
	if process, isContainer := spec["process"]; isContainer {
		changed, err := withoutCapability(process)
		if err != nil {
			return nil, err
		}
		spec["process"] = changed
		return json.Marshal(spec)
	}
	var sets map[string][]string
	if spec["capabilities"] == nil {
		return data, nil
	}
	if err := json.Unmarshal(spec["capabilities"], &sets); err != nil {
		return nil, err
	}
	for name, set := range sets {
		sets[name] = slices.DeleteFunc(set, func(c string) bool { return c == droppedCapability })
	}
	changed, err := json.Marshal(sets)
	if err != nil {
		return nil, err
	}
	spec["capabilities"] = changed
	return json.Marshal(spec)
}
