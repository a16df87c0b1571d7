// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"fmt"
	"math"
	"net"
	"time"

	"github.com/spf13/cobra"
	uberzap "go.uber.org/zap"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/substrate"
)

// How many of all requests API server and etcd trace unless told otherwise: all
// while the cluster is small, and of a larger one as many as cost less than 5 % of
// its throughput, see docs/performance.md.
const (
	smallCluster   = 50
	smallSampling  = 1
	largeSampling  = 0.1
	defSamplingDoc = "1, and 0.1 with more than 50 nodes"
)

// localFlags describe a local control plane.
type localFlags struct {
	dataDir                 string
	apiServerPort, etcdPort int
	observerAddress         string
	allowWrites             bool
	auditLevel              string
	traceSampling           float64
	schedulerConfig         string
	nodes                   int
	verbose                 bool
	// restore is what etcd begins with; nil for nothing.
	restore *substrate.Restore
	// needs are those of what it is started for.
	needs experiment.Needs

	// logLevel is that of the components' logger.
	logLevel uberzap.AtomicLevel
}

func (f *localFlags) add(command *cobra.Command) {
	f.addWithoutNodes(command)
	command.Flags().IntVar(&f.nodes, "nodes", f.nodes, "how many simulated nodes to create")
}

// addWithoutNodes is for a control plane that has its nodes already.
func (f *localFlags) addWithoutNodes(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.dataDir, substrate.FlagDataDir, f.dataDir, "folder for keys, logs and etcd's data")
	flags.IntVar(&f.apiServerPort, substrate.FlagAPIServerPort, 0, "port of the API server on loopback; 0 takes a free one")
	flags.IntVar(&f.etcdPort, substrate.FlagEtcdPort, 0, "port of etcd on loopback; 0 takes a free one")
	flags.StringVar(&f.observerAddress, "observer-address", "127.0.0.1:0", "loopback address of the page and the observer's API; port 0 takes a free one")
	flags.StringVar(&f.auditLevel, "audit-level", "RequestResponse", "how much the audit log keeps of requests for simulated pods: Metadata, Request or RequestResponse")
	flags.Float64Var(&f.traceSampling, substrate.FlagTraceSampling, math.NaN(), "part of all requests, from 0 to 1, of which API server and etcd say how long authentication, admission, the write and so on took")
	flags.Lookup(substrate.FlagTraceSampling).DefValue = defSamplingDoc
	flags.StringVar(&f.schedulerConfig, "scheduler-config", "", "file with the scheduler's profiles; by default one with the default plugins")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log what the components do")
	completeFlags(command, map[string]cobra.CompletionFunc{"audit-level": oneOf("Metadata", "Request", "RequestResponse")})
}

func (f *localFlags) validate() error {
	for flag, port := range map[string]int{substrate.FlagAPIServerPort: f.apiServerPort, substrate.FlagEtcdPort: f.etcdPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("invalid --%s %d: must be 0 to 65535", flag, port)
		}
	}
	if f.nodes < 0 || f.nodes > local.MaxNodes {
		return fmt.Errorf("invalid --nodes %d: must be 0 to %d", f.nodes, local.MaxNodes)
	}
	if f.traceSampling < 0 || f.traceSampling > 1 {
		return fmt.Errorf("invalid --%s %v: must be 0 (off) to 1 (every request)", substrate.FlagTraceSampling, f.traceSampling)
	}
	if err := f.validateObserverAddress(); err != nil {
		return err
	}
	switch f.auditLevel {
	case "Metadata", "Request", "RequestResponse":
		return nil
	}
	return fmt.Errorf("invalid --audit-level %q: must be Metadata, Request or RequestResponse", f.auditLevel)
}

// sampling is what the flag says or, without it, what fits the number of nodes.
func (f *localFlags) sampling() float64 {
	switch {
	case !math.IsNaN(f.traceSampling):
		return f.traceSampling
	case f.nodes > smallCluster:
		return largeSampling
	}
	return smallSampling
}

func (f *localFlags) validateObserverAddress() error {
	host, _, err := net.SplitHostPort(f.observerAddress)
	if err != nil {
		return fmt.Errorf("invalid --observer-address %q: must be HOST:PORT, such as 127.0.0.1:8080: %w", f.observerAddress, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("invalid --observer-address %q: must be on loopback, such as 127.0.0.1:8080: the API has no authentication here", f.observerAddress)
	}
	return nil
}

func (f *localFlags) options(io IO) (local.Options, error) {
	assets, err := substrate.FindAssets(io.Env)
	if err != nil {
		return local.Options{}, err
	}
	profiles, err := manager.ReadSchedulerConfig(f.schedulerConfig)
	if err != nil {
		return local.Options{}, err
	}
	logger, level := newLogger(io.ErrOut, f.verbose)
	f.logLevel = level
	grace := time.Duration(0)
	if f.needs.NodeMonitorGracePeriod != nil {
		grace = f.needs.NodeMonitorGracePeriod.Duration
	}
	return local.Options{
		LeaderElection: f.needs.LeaderElection, NodeMonitorGracePeriod: grace,
		Assets: assets, Dir: f.dataDir,
		APIServerPort: f.apiServerPort, EtcdPort: f.etcdPort,
		ObserverAddress: f.observerAddress, AllowWrites: f.allowWrites,
		AuditLevel: f.auditLevel, TraceSampling: f.sampling(), SchedulerProfiles: profiles,
		Restore:  f.restore,
		Log:      logger,
		Progress: newProgress(io).tell,
	}, nil
}
