// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// loopback is the only address on which the local control plane listens.
const loopback = "127.0.0.1"

// Flags of the commands that start a local control plane; errors name them.
const (
	FlagAPIServerPort = "apiserver-port"
	FlagEtcdPort      = "etcd-port"
	FlagDataDir       = "data-dir"
	FlagTraceSampling = "trace-sampling"
)

// ports are those on which the processes listen.
type ports struct {
	apiServer, etcd, etcdPeer, etcdMetrics, controllerManager int
}

// findPorts checks that the two given ports are free and finds free ones for
// the rest and for those given as 0. All are held until all are known, so that
// no two are the same.
func findPorts(apiServer, etcd int) (p ports, err error) {
	wanted := []struct {
		port *int
		want int
		flag string
	}{
		{&p.apiServer, apiServer, FlagAPIServerPort},
		{&p.etcd, etcd, FlagEtcdPort},
		{port: &p.etcdPeer},
		{port: &p.etcdMetrics},
		{port: &p.controllerManager},
	}
	for _, w := range wanted {
		listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(w.want)))
		if err != nil {
			return ports{}, portError(w.want, w.flag, err)
		}
		defer listener.Close()
		*w.port = listener.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

func portError(port int, flag string, err error) error {
	switch {
	case port == 0:
		return fmt.Errorf("find a free port on %s: %w", loopback, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d on %s is in use by another process; choose another one with --%s, or 0 for a free one: %w",
			port, loopback, flag, err)
	}
	return fmt.Errorf("cannot listen on port %d of %s; choose another one with --%s, or 0 for a free one: %w", port, loopback, flag, err)
}

// hostPort renders the address of a port on loopback.
func hostPort(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
