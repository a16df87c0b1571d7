// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package volumebinding

import (
	"fmt"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/csimigration"
)

// boundVolume is the volume of a bound claim.
type boundVolume struct {
	claim *corev1.PersistentVolumeClaim
	// volume is nil where it does not exist.
	volume *corev1.PersistentVolume
	nodes  *reach
	// driver has been replaced by a CSI driver; empty where it has not. translated is
	// from where that reaches the volume.
	driver     string
	translated *reach
}

// newBoundVolume mirrors tryTranslatePVToCSI as far as it does not depend on the node.
func newBoundVolume(storage *framework.Storage, claim *corev1.PersistentVolumeClaim) (*boundVolume, error) {
	out := &boundVolume{claim: claim}
	volume, err := storage.Volume(claim.Spec.VolumeName)
	if err != nil {
		return out, nil
	}
	out.volume, out.nodes = volume, newReach(volume)
	if !csimigration.Translator.IsPVMigratable(volume) {
		return out, nil
	}
	driver, err := csimigration.Translator.GetInTreePluginNameFromSpec(volume, nil)
	if err != nil {
		return nil, fmt.Errorf("could not get plugin name from pv: %w", err)
	}
	if csimigration.Enabled(driver) {
		out.driver = driver
	}
	return out, nil
}

// matches is true where the node can reach the volume. It mirrors the loop of
// checkBoundClaims.
func (b *boundVolume) matches(node *corev1.Node, csiNode *storagev1.CSINode) (bool, error) {
	if b.driver == "" || !csimigration.EnabledOn(csiNode, b.driver) {
		return b.nodes.has(node), nil
	}
	if b.translated == nil {
		translated, err := csimigration.Translator.TranslateInTreePVToCSI(logr.Discard(), b.volume)
		if err != nil {
			return false, fmt.Errorf("could not translate pv: %w", err)
		}
		b.translated = newReach(translated)
	}
	return b.translated.has(node), nil
}

// reach are the nodes that can reach a volume.
type reach struct {
	affinity *nodeaffinity.LazyErrorNodeSelector
}

func newReach(volume *corev1.PersistentVolume) *reach {
	if affinity := volume.Spec.NodeAffinity; affinity != nil && affinity.Required != nil {
		return &reach{affinity: nodeaffinity.NewLazyErrorNodeSelector(affinity.Required)}
	}
	return &reach{}
}

// has mirrors CheckNodeAffinity of k8s.io/component-helpers/storage/volume: only
// the labels of a node count, not its name.
func (r *reach) has(node *corev1.Node) bool {
	if r.affinity == nil {
		return true
	}
	ok, err := r.affinity.Match(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: node.Labels}})
	return ok && err == nil
}
