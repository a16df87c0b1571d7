// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Names of the control plane's binaries and processes.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubectl           = "kubectl"
)

const (
	// AssetsEnv names the environment variable with a folder of binaries, as
	// envtest and setup-envtest use it.
	AssetsEnv = "KUBEBUILDER_ASSETS"
	// CacheEnv names the environment variable with the folder of the cache;
	// without it, the cache is glassplane in os.UserCacheDir.
	CacheEnv = "GLASSPLANE_CACHE"
	// GetCommand downloads or builds the binaries into the cache.
	GetCommand = "make controlplane"
)

// Assets are the paths of the control plane's binaries.
type Assets struct {
	// Dir is the folder in which they were found.
	Dir string
	// Etcd and APIServer are always set.
	Etcd, APIServer string
	// ControllerManager, Scheduler and Kubectl are empty where Dir lacks them.
	ControllerManager, Scheduler, Kubectl string
}

// ErrNoAssets is wrapped by the error of FindAssets when etcd or
// kube-apiserver is missing or unusable.
var ErrNoAssets = errors.New("the control plane's binaries are not usable")

// FindAssets finds the binaries in the folder that AssetsEnv names or, where it
// is not set, in the cache that hack/controlplane fills. It fails if etcd
// or kube-apiserver is missing or not executable; the error lists each problem
// and says what to do. The environment is read through env.
func FindAssets(env func(string) string) (Assets, error) {
	dir, advice := env(AssetsEnv), fmt.Sprintf("add them to the folder, or unset %s and run: %s", AssetsEnv, GetCommand)
	if dir == "" {
		cache, err := assetsCacheDir(env)
		if err != nil {
			return Assets{}, err
		}
		dir, advice = cache, "get them with: "+GetCommand
	}
	assets := Assets{Dir: dir}
	var problems []string
	find := func(name string, required bool) string {
		path := filepath.Join(dir, name+exeSuffix())
		err := checkExecutable(path)
		if err == nil {
			return path
		}
		if required || !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, fmt.Sprintf("%s: %v", name, err))
		}
		return ""
	}
	assets.Etcd = find(Etcd, true)
	assets.APIServer = find(APIServer, true)
	assets.ControllerManager = find(ControllerManager, false)
	assets.Scheduler = find(Scheduler, false)
	assets.Kubectl = find(Kubectl, false)
	if len(problems) > 0 {
		return Assets{}, fmt.Errorf("%w, looked for in %s:\n  %s\n%s", ErrNoAssets, dir, strings.Join(problems, "\n  "), advice)
	}
	return assets, nil
}

// assetsCacheDir is the folder into which hack/controlplane puts these
// versions for this platform.
func assetsCacheDir(env func(string) string) (string, error) {
	root, err := CacheRoot(env)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-etcd-%s-%s-%s", KubernetesVersion, EtcdVersion, runtime.GOOS, runtime.GOARCH)
	return filepath.Join(root, "controlplane", name), nil
}

// CacheRoot is the folder of everything that is built once for all clones: the
// one that CacheEnv names, or glassplane in the user's cache folder. The
// environment is read through env.
func CacheRoot(env func(string) string) (string, error) {
	if root := env(CacheEnv); root != "" {
		return filepath.Abs(root)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder (%s sets another one): %w", CacheEnv, err)
	}
	return filepath.Join(user, "glassplane"), nil
}

// checkExecutable says why the file cannot be run, as far as that can be seen
// without running it.
func checkExecutable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("missing (%w)", fs.ErrNotExist)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty", path)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return fmt.Errorf("%s is not executable", path)
	}
	return nil
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
