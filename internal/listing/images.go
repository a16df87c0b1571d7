// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// imageNames are what stands for the names of images, by these names as nodes
// write them.
type imageNames map[string]string

// of returns what stands for a name. It has a tag, so that none is added to it.
func (n imageNames) of(name string) string {
	substitute, ok := n[name]
	if !ok {
		substitute = fmt.Sprintf("image-%d:hidden", len(n)+1)
		n[name] = substitute
	}
	return substitute
}

// ofPod returns what stands for a name that a pod gives. Without a tag it means
// the latest; the plugin ImageLocality looks for it so.
func (n imageNames) ofPod(name string) string {
	if name == "" {
		return ""
	}
	if strings.LastIndex(name, ":") <= strings.LastIndex(name, "/") {
		name += ":latest"
	}
	return n.of(name)
}

func (n imageNames) node(node *corev1.Node) {
	images := make([]corev1.ContainerImage, len(node.Status.Images))
	for i, image := range node.Status.Images {
		images[i].SizeBytes = image.SizeBytes
		for _, name := range image.Names {
			images[i].Names = append(images[i].Names, n.of(name))
		}
	}
	node.Status.Images = images
}

func (n imageNames) pod(pod *corev1.Pod) {
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			containers[i].Image = n.ofPod(containers[i].Image)
		}
	}
	for i := range pod.Spec.Volumes {
		if image := pod.Spec.Volumes[i].Image; image != nil {
			image.Reference = n.ofPod(image.Reference)
		}
	}
}
