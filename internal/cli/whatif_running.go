// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
)

// onRunning runs something on a control plane that runs already. What only the
// process that started it can do to it, it does not offer.
func (c *whatIfRunCommand) onRunning(run func(lab.Plane) (experiment.Result, error)) (experiment.Result, error) {
	config, err := c.clients.restConfig(lab.Name)
	if err != nil {
		return experiment.Result{}, err
	}
	plane := lab.Plane{Config: config, Offer: experiment.Offer{
		Etcd:         "it is reached only on the local control plane: leave --context and --kubeconfig out",
		Processes:    "its processes belong to somebody else: leave --context and --kubeconfig out",
		NoComponents: "they run in a process of somebody else: leave --context and --kubeconfig out",
		Webhooks:     "its API server does not reach this machine's loopback",
		Audit:        "it is a file of the machine that runs the API server",
	}}
	return run(plane)
}
