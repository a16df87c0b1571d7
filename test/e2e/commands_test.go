// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/substrate"
)

// root is the folder of this clone.
var root = must(filepath.Abs(filepath.Join("..", "..")))

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// command runs in the root of this clone with an environment that names the
// cluster, and with kubectl and our own commands in its path.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	path := filepath.Join(root, "bin")
	if assets, err := substrate.FindAssets(os.Getenv); err == nil && assets.Kubectl != "" {
		path += string(os.PathListSeparator) + filepath.Dir(assets.Kubectl)
	}
	path += string(os.PathListSeparator) + os.Getenv("PATH")
	if found := lookIn(path, name); found != "" {
		name = found
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PATH="+path)
	if cluster != nil {
		cmd.Env = append(cmd.Env, cluster.Env()...)
	}
	return cmd
}

// lookIn finds a command in a search path other than that of this process.
func lookIn(path, name string) string {
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found
		}
	}
	return ""
}

// run runs a command, whose output is shown where a spec fails.
func run(ctx context.Context, name string, args ...string) error {
	_, err := output(ctx, "", name, args...)
	return err
}

// output runs a command with an input and returns what it prints.
func output(ctx context.Context, input, name string, args ...string) (string, error) {
	fmt.Fprintln(GinkgoWriter, "$", name, strings.Join(args, " "))
	cmd := command(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, tail(stdout.String()), tail(stderr.String()))
	}
	fmt.Fprint(GinkgoWriter, tail(stdout.String()))
	return stdout.String(), nil
}

// tail returns the end of an output, which may be long.
func tail(text string) string {
	const enough = 4 << 10
	if len(text) <= enough {
		return text
	}
	return "…" + text[len(text)-enough:]
}

// runMake runs targets of the Makefile.
func runMake(ctx context.Context, args ...string) error {
	return run(ctx, "make", args...)
}

// kubectl runs kubectl, which must succeed, and returns what it prints.
func kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	return kubectlInput(ctx, "", args...)
}

// kubectlInput is kubectl with something to read.
func kubectlInput(ctx context.Context, input string, args ...string) string {
	GinkgoHelper()
	out, err := output(ctx, input, "kubectl", args...)
	Expect(err).NotTo(HaveOccurred())
	return out
}
