// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package kindcluster

import (
	"context"
	"errors"
)

var errLinuxOnly = errors.New("a Docker daemon of our own runs on Linux only")

func daemonRuns(state) bool { return false }

func startDaemon(context.Context, state, docker) error { return errLinuxOnly }

func stopDaemon(context.Context, state) error { return errLinuxOnly }

// Leftovers is told by what Linux offers.
func Leftovers(Options) ([]string, error) { return nil, nil }
