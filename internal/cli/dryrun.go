// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/glassplane/glassplane/internal/drain"
)

// dryRun is kubectl's flag --dry-run: none, client or server.
type dryRun string

const (
	dryRunNone   dryRun = "none"
	dryRunClient dryRun = "client"
	dryRunServer dryRun = "server"
)

var completeDryRun = oneOf(string(dryRunNone), string(dryRunClient), string(dryRunServer))

func (d *dryRun) add(flags *pflag.FlagSet) {
	flags.StringVar((*string)(d), "dry-run", string(dryRunNone), "none, client (say what would be done) or server (send it without keeping it)")
	// As with kubectl, the flag alone means client.
	flags.Lookup("dry-run").NoOptDefVal = string(dryRunClient)
}

func (d dryRun) validate() error {
	switch d {
	case dryRunNone, dryRunClient, dryRunServer:
		return nil
	}
	return fmt.Errorf("invalid --dry-run %q: must be none, client or server", string(d))
}

// suffix is what kubectl adds to what it says it has done.
func (d dryRun) suffix() string {
	switch d {
	case dryRunClient:
		return " (dry run)"
	case dryRunServer:
		return " (server dry run)"
	}
	return ""
}

func (d dryRun) drainOptions() drain.Options {
	return drain.Options{DryRun: d == dryRunServer, PlanOnly: d == dryRunClient}
}
