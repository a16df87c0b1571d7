// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/scheduler/explanation"
)

// ExplainJSON writes the explanation as JSON.
func ExplainJSON(w io.Writer, e explanation.Explanation) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(e); err != nil {
		return fmt.Errorf("write the explanation as JSON: %w", err)
	}
	return nil
}

// ExplainYAML writes the same as ExplainJSON does, as YAML.
func ExplainYAML(w io.Writer, e explanation.Explanation) error {
	data, err := yaml.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the explanation as YAML: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write the explanation as YAML: %w", err)
	}
	return nil
}
