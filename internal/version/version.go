// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version tells which version of Glassplane this is.
package version

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set by the linker: -X github.com/glassplane/glassplane/internal/version.version=v1.2.3.
var version, commit string

// String returns the version that the binary was built as: what the linker was
// given, else the version of the module (as "go install" records it), else "devel".
func String() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// Commit returns the git commit that the binary was built from: what the linker
// was given, else what the go command recorded, else "unknown".
func Commit() string {
	revision := commit
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = cmp.Or(revision, setting.Value)
			}
		}
	}
	return cmp.Or(revision, "unknown")
}

// Long returns version, commit, Go version and platform in one line, such as
// v0.1.0 (commit 0123abc, go1.26.8, linux/amd64).
func Long() string {
	return fmt.Sprintf("%s (commit %s, %s, %s/%s)", String(), Commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// UserAgent returns the User-Agent header by which a component or client is
// told from others in the audit log, such as glassplane-scheduler/v0.1.0.
func UserAgent(name string) string {
	return name + "/" + String()
}
