// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var forwarding = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+) ->`)

// portForward runs kubectl port-forward until the spec ends, and returns the
// address on this machine.
func portForward(ctx context.Context, target string, port int) string {
	GinkgoHelper()
	ctx, stop := context.WithCancel(ctx)
	cmd := command(ctx, "kubectl", "port-forward", "-n", namespace, "--address=127.0.0.1", target, fmt.Sprintf(":%d", port))
	cmd.Stderr = GinkgoWriter
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	stdout, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		stop()
		_ = cmd.Wait() // it was interrupted
	})
	scanner := bufio.NewScanner(stdout)
	Expect(scanner.Scan()).To(BeTrue(), "kubectl port-forward says where it listens")
	found := forwarding.FindStringSubmatch(scanner.Text())
	Expect(found).NotTo(BeNil(), scanner.Text())
	return found[1]
}
