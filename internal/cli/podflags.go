// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// podFlags describe a SimPod as the flags of kubectl run describe a Pod.
type podFlags struct {
	image            string
	requests, limits map[string]string
	labels           map[string]string
	restart          string
	schedulerName    string
	nodeSelector     map[string]string
}

// newSimPod returns the SimPod that the flags describe. The label run=NAME is
// set where no labels are given, as kubectl run does.
func (f podFlags) newSimPod(namespace, name string) (*v1alpha1.SimPod, error) {
	requests, err := parseResources("--requests", f.requests)
	if err != nil {
		return nil, err
	}
	limits, err := parseResources("--limits", f.limits)
	if err != nil {
		return nil, err
	}
	labels := f.labels
	if len(labels) == 0 {
		labels = map[string]string{"run": name}
	}
	return &v1alpha1.SimPod{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "SimPod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec: v1alpha1.SimPodSpec{
			Containers: []v1alpha1.Container{{
				Name: name, Image: f.image,
				Resources: v1alpha1.ResourceRequirements{Requests: requests, Limits: limits},
			}},
			NodeSelector:  f.nodeSelector,
			SchedulerName: f.schedulerName,
			RestartPolicy: corev1.RestartPolicy(f.restart),
		},
	}, nil
}

func (f podFlags) validate() error {
	if f.image == "" {
		return fmt.Errorf("--image is required: the image of the container, such as --image=nginx")
	}
	if policies := []string{"", "Always", "OnFailure", "Never"}; !slices.Contains(policies, f.restart) {
		return fmt.Errorf("invalid --restart %q: must be %s", f.restart, strings.Join(policies[1:], ", "))
	}
	return nil
}

func parseResources(flag string, values map[string]string) (v1alpha1.ResourceList, error) {
	if len(values) == 0 {
		return nil, nil
	}
	list := make(v1alpha1.ResourceList, len(values))
	for name, value := range values {
		quantity, err := resource.ParseQuantity(value)
		if err != nil {
			return nil, fmt.Errorf("invalid %s %s=%s: must be a quantity such as 500m or 2Gi: %w", flag, name, value, err)
		}
		list[corev1.ResourceName(name)] = quantity
	}
	return list, nil
}
