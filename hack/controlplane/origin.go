// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// originEnv names the environment variable that forces an origin.
const originEnv = "CONTROLPLANE"

// origin is where binaries come from that the cache lacks.
type origin string

const (
	// anyOrigin downloads what can be downloaded and builds the rest.
	anyOrigin origin = ""
	// built builds all.
	built origin = "build"
	// released downloads all, and fails where that is not possible.
	released origin = "download"
)

// parseOrigin checks the value of originEnv.
func parseOrigin(value string) (origin, error) {
	switch o := origin(value); o {
	case anyOrigin, built, released:
		return o, nil
	}
	return "", fmt.Errorf("%s=%q is not valid: set it to %s or %s, or leave it empty to download what can be downloaded and build the rest",
		originEnv, value, built, released)
}
