// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"slices"
	"testing"
)

func TestChoose(t *testing.T) {
	all := []string{"podgc", "simnode", "simpod"}
	tests := map[string]struct {
		selection, want []string
		wantError       bool
	}{
		"nothing said": {nil, all, false},
		"all":          {[]string{"*"}, all, false},
		"one":          {[]string{"simpod"}, []string{"simpod"}, false},
		"all but one":  {[]string{"*", "-simpod"}, []string{"podgc", "simnode"}, false},
		"none":         {[]string{"-simpod"}, nil, false},
		"unknown":      {[]string{"*", "-kubelet"}, nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := choose(all, test.selection)
			if (err != nil) != test.wantError || !slices.Equal(got, test.want) {
				t.Errorf("choose(%q) = %q, %v; want %q", test.selection, got, err, test.want)
			}
		})
	}
}
