// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version tells which version of Glassplane this is.
package version

import "runtime/debug"

// version is set by the linker: -X github.com/glassplane/glassplane/internal/version.version=v1.2.3.
var version string

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

// UserAgent returns the User-Agent header by which a component or client is
// told from others in the audit log, such as glassplane-scheduler/v0.1.0.
func UserAgent(name string) string {
	return name + "/" + String()
}
