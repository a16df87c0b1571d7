// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command pause holds a pod's namespaces, as build/pause in
// kubernetes/kubernetes does: it waits, and reaps what pods with a shared
// process namespace leave to it.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return
		}
		for reaped := true; reaped; {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			reaped = err == nil && pid > 0
		}
	}
}
