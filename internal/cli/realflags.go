// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// realFormats are the values of --output of commands that answer about a whole
// cluster.
var realFormats = []string{"text", "json", "yaml"}

// fromUsage says what --from is, wherever a file can stand for a cluster.
const fromUsage = "file with the state of a real cluster, of \"snapshot cluster\" or as kubectl get -o yaml prints it, in place of a cluster; - is stdin"

// realFlags are those of commands that decide about real pods.
type realFlags struct {
	from            string
	schedulerConfig string
	output          string
}

func (f *realFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVarP(&f.output, "output", "o", "text", "text, json or yaml")
	flags.StringVar(&f.schedulerConfig, "scheduler-config", "", "file with kube-scheduler's configuration; by default its defaults")
	flags.StringVar(&f.from, "from", "", fromUsage)
	completeFlags(command, map[string]cobra.CompletionFunc{"output": oneOf(realFormats...)})
}

func (f *realFlags) validate() error {
	if !slices.Contains(realFormats, f.output) {
		return fmt.Errorf("invalid --output %q: must be %s", f.output, strings.Join(realFormats, ", "))
	}
	return nil
}
