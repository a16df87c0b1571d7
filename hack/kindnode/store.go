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

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	digest "github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"
)

const (
	// criNamespace is containerd's namespace of what kubelet runs.
	criNamespace = "k8s.io"
	searchPath   = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// store is the root folder of a containerd, without a containerd: images are
// put into it with containerd's own libraries, so that no container has to run
// for that.
type store struct {
	db      *metadata.DB
	content content.Store
	images  images.Store
}

func openStore(ctx context.Context, dir string) (*store, error) {
	// It warns where the file system has no fs-verity, which is not used.
	if err := log.SetLevel("error"); err != nil {
		return nil, err
	}
	blobs, err := local.NewStore(filepath.Join(dir, "io.containerd.content.v1.content"))
	if err != nil {
		return nil, err
	}
	dbDir := filepath.Join(dir, "io.containerd.metadata.v1.bolt")
	if err := os.MkdirAll(dbDir, 0o711); err != nil {
		return nil, err
	}
	file, err := bolt.Open(filepath.Join(dbDir, "meta.db"), 0o644, nil)
	if err != nil {
		return nil, err
	}
	db := metadata.NewDB(file, blobs, nil)
	if err := db.Init(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &store{db: db, content: db.ContentStore(), images: metadata.NewImageStore(db)}, nil
}

func (s *store) close() error {
	return s.db.Close()
}

// component is an image that one command makes up.
type component struct {
	name string
	// base is the tar archive of a lower layer, if it has one.
	base string
	// command is the path of the command on this machine.
	command string
	// entrypoint says whether its pods give arguments only.
	entrypoint bool
	// links are symbolic links in the image and their targets.
	links map[string]string
}

// add puts the image into the store, pinned, so that kubelet never removes it.
func (s *store) add(ctx context.Context, c component) error {
	ctx = namespaces.WithNamespace(ctx, criNamespace)
	var layers []ocispec.Descriptor
	if c.base != "" {
		base, err := s.write(ctx, ocispec.MediaTypeImageLayer, nil, func(w io.Writer) error { return copyFrom(w, c.base) })
		if err != nil {
			return fmt.Errorf("add the base of %s: %w", c.name, err)
		}
		layers = append(layers, base)
	}
	top, err := s.write(ctx, ocispec.MediaTypeImageLayer, nil, c.writeLayer)
	if err != nil {
		return fmt.Errorf("add the layer of %s: %w", c.name, err)
	}
	layers = append(layers, top)
	config, err := s.writeJSON(ctx, ocispec.MediaTypeImageConfig, nil, c.config(layers))
	if err != nil {
		return fmt.Errorf("add the configuration of %s: %w", c.name, err)
	}
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Config: config, Layers: layers}
	target, err := s.writeJSON(ctx, manifest.MediaType, childLabels(config, layers), manifest)
	if err != nil {
		return fmt.Errorf("add the manifest of %s: %w", c.name, err)
	}
	labels := map[string]string{"io.cri-containerd.image": "managed", "io.cri-containerd.pinned": "pinned"}
	if _, err := s.images.Create(ctx, images.Image{Name: c.name, Target: target, Labels: labels}); err != nil {
		return fmt.Errorf("add the image %s: %w", c.name, err)
	}
	return nil
}

// writeLayer writes a layer with the command, and nothing else that it can do
// without.
func (c component) writeLayer(w io.Writer) error {
	l := newLayer(w)
	l.dir("tmp", os.ModeSticky|0o777)
	l.copyFile(c.path(), 0o755, c.command)
	for link, target := range c.links {
		l.symlink(link, target)
	}
	return l.close()
}

func (c component) path() string {
	return "usr/local/bin/" + filepath.Base(c.command)
}

func (c component) config(layers []ocispec.Descriptor) ocispec.Image {
	image := ocispec.Image{
		Created:  new(epoch.UTC()),
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config:   ocispec.ImageConfig{Env: []string{searchPath}},
		RootFS:   ocispec.RootFS{Type: "layers"},
	}
	// Layers are not compressed, so their digests are those of their content.
	for _, layer := range layers {
		image.RootFS.DiffIDs = append(image.RootFS.DiffIDs, layer.Digest)
	}
	if c.entrypoint {
		image.Config.Entrypoint = []string{"/" + c.path()}
	}
	return image
}

// childLabels are what keeps containerd's garbage collection from removing what
// a manifest refers to (docs/garbage-collection.md in containerd).
func childLabels(config ocispec.Descriptor, layers []ocispec.Descriptor) map[string]string {
	labels := map[string]string{"containerd.io/gc.ref.content.config": config.Digest.String()}
	for i, layer := range layers {
		labels[fmt.Sprintf("containerd.io/gc.ref.content.l.%d", i)] = layer.Digest.String()
	}
	return labels
}

func (s *store) writeJSON(ctx context.Context, mediaType string, labels map[string]string, value any) (ocispec.Descriptor, error) {
	return s.write(ctx, mediaType, labels, func(w io.Writer) error { return json.NewEncoder(w).Encode(value) })
}

// write stores what fill writes, and describes it.
func (s *store) write(ctx context.Context, mediaType string, labels map[string]string, fill func(io.Writer) error) (ocispec.Descriptor, error) {
	w, err := content.OpenWriter(ctx, s.content, content.WithRef("compose"))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer w.Close()
	counted := &countingWriter{w: w}
	if err := fill(counted); err != nil {
		return ocispec.Descriptor{}, err
	}
	blob := ocispec.Descriptor{MediaType: mediaType, Digest: w.Digest(), Size: counted.written}
	err = w.Commit(ctx, blob.Size, blob.Digest, content.WithLabels(labels))
	if errdefs.IsAlreadyExists(err) { // of another image with the same content
		err = nil
	}
	return blob, err
}

// countingWriter counts what goes through it.
type countingWriter struct {
	w       io.Writer
	written int64
}

func (c *countingWriter) Write(data []byte) (int, error) {
	n, err := c.w.Write(data)
	c.written += int64(n)
	return n, err
}

func copyFrom(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

// digestFile returns the digest of a file's content.
func digestFile(path string) (digest.Digest, error) {
	digester := digest.Canonical.Digester()
	if err := copyFrom(digester.Hash(), path); err != nil {
		return "", err
	}
	return digester.Digest(), nil
}
