// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/version"
)

func newVersionCommand(io IO) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of glassplane and of the control plane that it runs",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(io.Out, "glassplane %s\nlocal control plane: Kubernetes %s, etcd %s\n",
				version.Long(), substrate.KubernetesVersion, substrate.EtcdVersion)
			return err
		},
	}
}
