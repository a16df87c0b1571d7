// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/experiment"
)

// Info is what a page has to know of the observer that serves it.
type Info struct {
	// Version of Glassplane.
	Version string `json:"version"`
	// Context is that of the kubeconfig by which this cluster is reached, and
	// Kubeconfig the file; empty where the observer does not know them.
	Context    string `json:"context,omitempty"`
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// AllowWrites is true where the page may send requests, with CSRF in the header
	// X-Glassplane-CSRF.
	AllowWrites bool   `json:"allowWrites"`
	CSRF        string `json:"csrf,omitempty"`
}

func (h *handler) about(*http.Request) (any, error) { return h.info, nil }

// Experiments are those that ship, in the order in which one learns most, without
// their answers.
type Experiments struct {
	Items []experiment.Listing `json:"items"`
}

func (h *handler) experiments(*http.Request) (any, error) {
	return Experiments{Items: experiment.Listings()}, nil
}

// States says which sources of evidence can be read.
type States struct {
	Items []evidence.SourceState `json:"items"`
}

func (h *handler) sources(*http.Request) (any, error) {
	return States{Items: h.observer.Sources()}, nil
}
