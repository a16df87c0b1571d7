// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodename

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func TestNodeName(t *testing.T) {
	tests := map[string]struct {
		wants      string
		wantReason string
		wantNodes  sets.Set[string]
	}{
		"no name":      {"", "", nil},
		"this node":    {"n", "", sets.New("n")},
		"another node": {"m", ErrReason, sets.New("m")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := framework.NewPodInfo(wrappers.MakePod().Node(test.wants).Obj())
			node := framework.NewNodeInfo()
			node.SetNode(wrappers.MakeNode().Name("n").Obj())
			if s := New().Filter(nil, pod, node); s.Message() != test.wantReason {
				t.Errorf("reason %q, want %q", s.Message(), test.wantReason)
			}
			result, s := New().PreFilter(nil, pod)
			if !s.IsSuccess() || (result == nil) != (test.wantNodes == nil) || result != nil && !result.NodeNames.Equal(test.wantNodes) {
				t.Errorf("nodes %+v, want %v", result, test.wantNodes)
			}
		})
	}
}
