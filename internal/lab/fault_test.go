// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/fault"
)

func TestJudgeFault(t *testing.T) {
	tests := []struct {
		name string
		kind v1alpha1.FaultType
		// found is what was reported; nil for nothing so far.
		found *fault.Finding
		want  faultVerdict
		says  string
	}{
		{"nobody has reported", v1alpha1.FaultStop, nil, faultWaits, "is the component that it is meant for stopped"},
		{"a component that is being stopped", v1alpha1.FaultStop, &fault.Finding{Targets: []string{"scheduler"}, Message: "stopping"}, faultWaits, "stopping"},
		{"in effect", v1alpha1.FaultNodeCrash, &fault.Finding{Targets: []string{"a"}, Done: true, Message: "nodes that are switched off: 1"}, faultActs, "switched off: 1"},
		{"no such node", v1alpha1.FaultNodeCrash, &fault.Finding{Reason: v1alpha1.ReasonNoTarget, Message: "no SimNode is named b"}, faultMisses, "no SimNode is named b"},
		{"not possible", v1alpha1.FaultLeaseDelay, &fault.Finding{Reason: v1alpha1.ReasonNotPossible, Message: "it elects no leader"}, faultMisses, "elects no leader"},
		{"pods that start later", v1alpha1.FaultStartFailure, &fault.Finding{Reason: v1alpha1.ReasonNoTarget, Message: "no SimPod of spec.target.pods fails to start; those that start while the fault lasts are hit"},
			faultActs, "those that start while the fault lasts are hit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &v1alpha1.Fault{Spec: v1alpha1.FaultSpec{Type: tt.kind}}
			if tt.found != nil {
				f.Status, _ = fault.Status(f, *tt.found, time.Now())
			}
			verdict, says := judgeFault(f)
			if verdict != tt.want || !strings.Contains(says, tt.says) {
				t.Errorf("judgeFault = %d, %q, want %d, %q", verdict, says, tt.want, tt.says)
			}
		})
	}
}
