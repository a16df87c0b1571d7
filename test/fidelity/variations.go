// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
)

// Variations returns the configurations that are compared.
func Variations() []Variation {
	return []Variation{
		{Name: "default", Ours: plugins.Default},
	}
}
