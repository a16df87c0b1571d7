// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import "github.com/spf13/cobra"

// localCommands are none: Windows has no kube-apiserver that is maintained, and
// the package that would run it, controller-runtime's envtest, does not compile
// there as of v0.25.2. All that needs a cluster only is there.
func localCommands(string, IO, *clients) []*cobra.Command { return nil }

// snapshotLocalCommands are none, for the same reason.
func snapshotLocalCommands(string, IO) []*cobra.Command { return nil }
