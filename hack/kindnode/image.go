// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	repository = "glassplane/kindnode"
	// keepUnused is how long an image is kept that nobody uses.
	keepUnused = 7 * 24 * time.Hour
)

// Names of what the phases make. The first two layers of the image, from below.
const (
	debianLayer = "debian.tar"
	nodeLayer   = "node.tar"
	proxyBase   = "kube-proxy.tar"
	binariesDir = "bin"
	storeDir    = "store"
	configFile  = "config.json"
)

// image is a node image in the cache, or one that is to be made there.
type image struct {
	dir, key                             string
	release                              release
	kubernetesVersion, containerdVersion string
}

// findImage finds out which image the sources at hand make.
func findImage(ctx context.Context, env func(string) string) (*image, error) {
	kubernetes, err := readVersion(ctx, controlplaneDir, kubernetesModule)
	if err != nil {
		return nil, err
	}
	containerd, err := readVersion(ctx, ".", containerdModule)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(controlplaneDir, "go.sum"))
	if err != nil {
		return nil, err
	}
	r, err := readRelease()
	if err != nil {
		return nil, err
	}
	hash, err := hashFiles(recipe, r.id, r.codename, string(sums))
	if err != nil {
		return nil, err
	}
	root, err := cacheRoot(env)
	if err != nil {
		return nil, err
	}
	key := imageKey(kubernetes, hash)
	return &image{dir: filepath.Join(root, key), key: key, release: r, kubernetesVersion: kubernetes, containerdVersion: containerd}, nil
}

func (i *image) name() string {
	return repository + ":" + i.key
}

func (i *image) path(name string) string {
	return filepath.Join(i.dir, name)
}

// compose makes what the cache lacks of the image.
func (i *image) compose(ctx context.Context, stderr io.Writer) error {
	if i.composed() {
		return i.touch()
	}
	unlock, err := lockDir(ctx, i.dir, stderr)
	if err != nil {
		return err
	}
	defer unlock()
	if i.composed() {
		return nil
	}
	fmt.Fprintf(stderr, "node image: composing %s in %s\n", i.name(), i.dir)
	if err := installCommands(ctx, []string{"mmdebstrap"}, stderr); err != nil {
		return err
	}
	if err := runPhases(ctx, i.dir, i.phases(stderr), stderr); err != nil {
		return err
	}
	// What the layers were made from is not needed any more.
	for _, name := range []string{proxyBase, binariesDir, storeDir, "controlplane"} {
		_ = os.RemoveAll(i.path(name))
	}
	return removeUnused(filepath.Dir(i.dir), time.Now().Add(-keepUnused))
}

func (i *image) composed() bool {
	_, err := os.Stat(i.path(configFile))
	return err == nil
}

// touch notes that the image is used.
func (i *image) touch() error {
	now := time.Now()
	return os.Chtimes(i.dir, now, now)
}

// removeUnused removes the images that nobody has used since the given time, so
// that the cache does not grow with each change of versions or recipe.
func removeUnused(root string, since time.Time) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && entry.IsDir() && info.ModTime().Before(since) {
			errs = append(errs, os.RemoveAll(filepath.Join(root, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

func (i *image) phases(stderr io.Writer) []phase {
	return []phase{
		{output: debianLayer, what: "Debian packages of the node", make: i.makeDebianLayer},
		{output: proxyBase, what: "Debian packages of kube-proxy", make: func(ctx context.Context, path string) error {
			return bootstrap(ctx, i.release, "extract", proxyPackages, path)
		}},
		{output: binariesDir, what: "containerd, CoreDNS and pause", make: func(ctx context.Context, path string) error {
			return buildBinaries(ctx, path, i.containerdVersion)
		}},
		// A link to the other cache, which may have had them all along.
		{output: "controlplane", what: "Kubernetes and etcd", talks: true, make: func(ctx context.Context, path string) error {
			dir, err := getControlplane(ctx, stderr)
			if err != nil {
				return err
			}
			return os.Symlink(dir, path)
		}},
		{output: storeDir, what: "images of the control plane", make: func(ctx context.Context, path string) error {
			parts, err := i.parts(ctx)
			if err != nil {
				return err
			}
			return storeImages(ctx, path, i.path(proxyBase), parts)
		}},
		{output: nodeLayer, what: "the node's own files", make: func(ctx context.Context, path string) error {
			parts, err := i.parts(ctx)
			if err != nil {
				return err
			}
			return parts.writeLayer(ctx, path)
		}},
		{output: configFile, what: "the image's configuration", make: i.makeConfig},
	}
}

func (i *image) parts(ctx context.Context) (nodeParts, error) {
	files, err := kindFiles(ctx)
	return nodeParts{
		kindFiles: files, controlplane: i.path("controlplane"), binaries: i.path(binariesDir), store: i.path(storeDir),
		kubernetesVersion: i.kubernetesVersion,
	}, err
}

// makeDebianLayer installs a Debian system and keeps of it what a node has.
func (i *image) makeDebianLayer(ctx context.Context, path string) error {
	whole := path + "-whole"
	defer os.Remove(whole)
	if err := bootstrap(ctx, i.release, "minbase", nodePackages, whole); err != nil {
		return err
	}
	in, err := os.Open(whole)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := filterTar(out, in, keepInNode); err != nil {
		return err
	}
	return out.Close()
}

// makeConfig writes the image's configuration, the last thing that it lacks.
func (i *image) makeConfig(_ context.Context, path string) error {
	var layers []digest.Digest
	for _, name := range []string{debianLayer, nodeLayer} {
		layer, err := digestFile(i.path(name))
		if err != nil {
			return err
		}
		layers = append(layers, layer)
	}
	data, err := json.Marshal(nodeConfig(layers))
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// nodeConfig is the configuration of kind's images/base/Dockerfile.
func nodeConfig(layers []digest.Digest) ocispec.Image {
	return ocispec.Image{
		Created:  new(epoch.UTC()),
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config: ocispec.ImageConfig{
			Env:        []string{"container=docker", searchPath},
			Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
			StopSignal: "SIGRTMIN+3",
		},
		RootFS: ocispec.RootFS{Type: "layers", DiffIDs: layers},
	}
}

// writeArchive writes the image as docker save does. The archive is made when
// it is read, so that the cache holds the layers once.
func (i *image) writeArchive(w io.Writer) error {
	manifest, err := json.Marshal([]map[string]any{{
		"Config": configFile, "RepoTags": []string{i.name()}, "Layers": []string{debianLayer, nodeLayer},
	}})
	if err != nil {
		return err
	}
	out := newLayer(w)
	for _, name := range []string{configFile, debianLayer, nodeLayer} {
		out.copyFile(name, 0o644, i.path(name))
	}
	out.file("manifest.json", 0o644, manifest)
	return out.close()
}
