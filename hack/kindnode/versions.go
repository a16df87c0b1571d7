// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	modulePath       = "github.com/glassplane/glassplane/hack/kindnode"
	controlplaneDir  = "../controlplane"
	containerdModule = "github.com/containerd/containerd/v2"
	kindModule       = "sigs.k8s.io/kind"
	kubernetesModule = "k8s.io/kubernetes"
)

// recipe is all that decides what an image holds, apart from the Debian release
// and the versions that hack/controlplane pins.
//
//go:embed *.go go.mod go.sum coredns pause all:files
var recipe embed.FS

// readVersion asks the go command for the version of a module that go.mod in
// the folder requires.
func readVersion(ctx context.Context, dir, module string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "-C", dir, "mod", "edit", "-json").Output()
	if err != nil {
		return "", fmt.Errorf("read go.mod in %s (run this in hack/kindnode): %w", dir, err)
	}
	return parseVersion(out, module)
}

// parseVersion reads the output of "go mod edit -json".
func parseVersion(data []byte, module string) (string, error) {
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(data, &mod); err != nil {
		return "", fmt.Errorf("parse the output of go mod edit -json: %w", err)
	}
	for _, r := range mod.Require {
		if r.Path == module {
			return r.Version, nil
		}
	}
	return "", fmt.Errorf("go.mod requires no %s", module)
}

// hashFiles returns a short hash of all files but tests, and of the other inputs.
func hashFiles(files fs.FS, inputs ...string) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %d\n%s", path, len(data), data)
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, input := range inputs {
		fmt.Fprintf(hash, "%s\n", input)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}

// cacheRoot returns the folder of everything that this command keeps.
func cacheRoot(env func(string) string) (string, error) {
	root := env("GLASSPLANE_CACHE")
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder (GLASSPLANE_CACHE sets another one): %w", err)
		}
		root = filepath.Join(user, "glassplane")
	}
	root, err := filepath.Abs(root)
	return filepath.Join(root, "kindnode"), err
}

// imageKey names an image by the version of Kubernetes and by all that it is
// made from.
func imageKey(kubernetes, hash string) string {
	return fmt.Sprintf("%s-%s-%s", kubernetes, hash, runtime.GOARCH)
}
