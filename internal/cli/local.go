// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import "github.com/spf13/cobra"

// localCommands run a local control plane.
func localCommands(name string, io IO, clients *clients) []*cobra.Command {
	return []*cobra.Command{newDemoCommand(name, io), newUpCommand(name, io), newForkCommand(name, io, clients)}
}
