// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package imagelocality prefers nodes that have the pod's images. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/imagelocality.
package imagelocality

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "ImageLocality"

// The sizes of images, in bytes, between which scores differ: per pod, and per
// image. Most images of public registries are between them.
const (
	mb                    int64 = 1024 * 1024
	minThreshold          int64 = 23 * mb
	maxContainerThreshold int64 = 1000 * mb
)

var (
	_ framework.PreScorePlugin = ImageLocality{}
	_ framework.ScorePlugin    = ImageLocality{}

	preScoreKey = framework.NewStateKey[*preScoreState]()
)

// ImageLocality scores nodes by the size of the pod's images that they have.
type ImageLocality struct{}

// New returns the plugin.
func New() ImageLocality { return ImageLocality{} }

// Name implements framework.Plugin.
func (ImageLocality) Name() string { return Name }

// preScoreState holds the images of the pod, as nodes name them.
type preScoreState struct {
	images     []string
	totalNodes int
}

// Clone implements framework.StateData.
func (s *preScoreState) Clone() framework.StateData { return s }

// PreScore implements framework.PreScorePlugin. kube-scheduler has none: here
// it keeps Score from building names for each node.
func (ImageLocality) PreScore(state *framework.CycleState, pod *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	preScoreKey.Write(state, newPreScoreState(state, pod.Pod))
	return nil
}

func newPreScoreState(state *framework.CycleState, pod *corev1.Pod) *preScoreState {
	s := &preScoreState{totalNodes: len(state.Snapshot().List())}
	for i := range pod.Spec.InitContainers {
		s.images = append(s.images, normalizedImageName(pod.Spec.InitContainers[i].Image))
	}
	for i := range pod.Spec.Containers {
		s.images = append(s.images, normalizedImageName(pod.Spec.Containers[i].Image))
	}
	for i := range pod.Spec.Volumes {
		if image := pod.Spec.Volumes[i].Image; image != nil {
			s.images = append(s.images, normalizedImageName(image.Reference))
		}
	}
	return s
}

// Score implements framework.ScorePlugin. It mirrors sumImageScores: an image
// that few nodes have counts less, so that pods do not all go there.
func (ImageLocality) Score(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	s, ok := preScoreKey.Read(state)
	if !ok {
		s = newPreScoreState(state, pod.Pod)
	}
	var sum int64
	if len(node.ImageStates) > 0 {
		for _, name := range s.images {
			if image, ok := node.ImageStates[name]; ok {
				sum += scaledImageScore(image, s.totalNodes)
			}
		}
	}
	return calculatePriority(sum, len(s.images)), nil
}

func scaledImageScore(image framework.ImageStateSummary, totalNodes int) int64 {
	return int64(float64(image.Size) * (float64(image.NumNodes) / float64(totalNodes)))
}

// calculatePriority brings a sum of sizes into 0 to 100.
func calculatePriority(sum int64, images int) int64 {
	maxThreshold := maxContainerThreshold * int64(images)
	if maxThreshold <= minThreshold {
		return framework.MinNodeScore // no image at all
	}
	sum = min(max(sum, minThreshold), maxThreshold)
	return framework.MaxNodeScore * (sum - minThreshold) / (maxThreshold - minThreshold)
}

// normalizedImageName adds the tag that container runtimes assume.
func normalizedImageName(name string) string {
	if strings.LastIndex(name, ":") <= strings.LastIndex(name, "/") {
		return name + ":latest"
	}
	return name
}
