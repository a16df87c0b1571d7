// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// A HorizontalPodAutoscaler cannot act on SimPods, so it is refused for what has
// them; one for anything else is none of our business.
func TestAutoscalersOfSimulatedWorkloadsAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("needs an API server")
	}
	tests := []struct{ version, target, want string }{
		{"v2", "{apiVersion: sim.glassplane.dev/v1alpha1, kind: SimReplicaSet, name: web}", "use kubectl scale simreplicaset/web --replicas=N"},
		{"v2", "{apiVersion: sim.glassplane.dev/v1alpha1, kind: SimNodePool, name: blue}", "use kubectl scale simnodepool/blue --replicas=N"},
		{"v1", "{apiVersion: sim.glassplane.dev/v1alpha1, kind: SimDeployment, name: web}", "cannot scale SimDeployment \"web\""},
		{"v2", "{apiVersion: apps/v1, kind: Deployment, name: web}", ""},
		{"v2", "{kind: ReplicationController, name: web}", ""},
	}
	for i, tt := range tests {
		t.Run(tt.version+" "+tt.target, func(t *testing.T) {
			text := fmt.Sprintf("apiVersion: autoscaling/%s\nkind: HorizontalPodAutoscaler\nmetadata: {name: scaler-%d, namespace: default}\n"+
				"spec: {maxReplicas: 3, scaleTargetRef: %s}", tt.version, i, tt.target)
			scaler := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(text), &scaler.Object); err != nil {
				t.Fatal(err)
			}
			err := environment.Client.Create(t.Context(), scaler, client.DryRunAll)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (!apierrors.IsInvalid(err) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want it to say %s", err, tt.want)
			}
		})
	}
}
