// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// plugin is a manifest of krew (sigs.k8s.io/krew/pkg/index.Plugin).
type plugin struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   pluginMetadata `json:"metadata"`
	Spec       pluginSpec     `json:"spec"`
}

type pluginMetadata struct {
	Name string `json:"name"`
}

type pluginSpec struct {
	Version          string           `json:"version"`
	Homepage         string           `json:"homepage"`
	ShortDescription string           `json:"shortDescription"`
	Description      string           `json:"description"`
	Caveats          string           `json:"caveats,omitempty"`
	Platforms        []pluginPlatform `json:"platforms"`
}

// pluginPlatform names no files: krew then installs all of the archive.
type pluginPlatform struct {
	Selector pluginSelector `json:"selector"`
	URI      string         `json:"uri"`
	Sha256   string         `json:"sha256"`
	Bin      string         `json:"bin"`
}

type pluginSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

func newPlugin(version string) *plugin {
	return &plugin{
		APIVersion: "krew.googlecontainertools.github.com/v1alpha2",
		Kind:       "Plugin",
		Metadata:   pluginMetadata{Name: program},
		Spec: pluginSpec{
			Version:          version,
			Homepage:         repository,
			ShortDescription: "See what the control plane did with a request",
			Description: `Follows one request through the control plane and shows, step by step, what each
component did with it and why, with the evidence that they left behind: audit
events, etcd revisions, watch events and scheduling decisions.

  kubectl glassplane walk pod/mypod
  kubectl glassplane explain simpod/mypod
`,
			Caveats: `Walkthroughs of a cluster need Glassplane's observer there; see
` + repository + `/blob/` + version + `/docs/install.md
`,
		},
	}
}

func (p *plugin) add(target platform, version, archive, sum string) {
	p.Spec.Platforms = append(p.Spec.Platforms, pluginPlatform{
		Selector: pluginSelector{MatchLabels: map[string]string{"os": target.os, "arch": target.arch}},
		URI:      fmt.Sprintf("%s/releases/download/%s/%s", repository, version, archive),
		Sha256:   sum,
		Bin:      binName(target),
	})
}

func (p *plugin) write(path string) error {
	content, err := yaml.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode the manifest for krew: %w", err)
	}
	return os.WriteFile(path, content, 0o644)
}
