// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/assemble"
)

// selects reports whether the selectors of a deletecollection can have selected
// the object as it was. What is not known or cannot be read may have been.
func selects(w *assemble.Request, before *Revision) bool {
	if before == nil || before.State.Object == nil {
		return true
	}
	byLabel, err := labels.Parse(w.Query("labelSelector"))
	if err == nil && !byLabel.Matches(labels.Set(before.State.Object.Metadata.Labels)) {
		return false
	}
	byField, err := fields.ParseSelector(w.Query("fieldSelector"))
	if err != nil || byField.Empty() {
		return true
	}
	var object map[string]any
	return json.Unmarshal(before.Value, &object) != nil || byField.Matches(selectable{object})
}

// selectable are the fields of an object that a field selector can name, as the API
// server reads them: by their path, and empty where they are not set
// (k8s.io/kubernetes/pkg/registry/core/pod.ToSelectableFields,
// k8s.io/apiextensions-apiserver/pkg/registry/customresource).
type selectable struct{ object map[string]any }

// Has implements fields.Fields.
func (s selectable) Has(string) bool { return true }

// Get implements fields.Fields.
func (s selectable) Get(path string) string {
	var value any = s.object
	for field := range strings.SplitSeq(path, ".") {
		parent, _ := value.(map[string]any)
		value = parent[field]
	}
	switch {
	case value != nil:
		return fmt.Sprint(value)
	case path == "spec.hostNetwork":
		return "false"
	}
	return ""
}
