// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package csimigration says which volumes of drivers that were once part of
// Kubernetes are served by a CSI driver now, and how that knows them.
package csimigration

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	csitranslation "k8s.io/csi-translation-lib"
	csiplugins "k8s.io/csi-translation-lib/plugins"
)

// Translator knows the drivers that have been replaced.
var Translator = csitranslation.New()

// migrated are the drivers whose volumes count as those of their CSI driver.
var migrated = []string{
	csiplugins.AWSEBSInTreePluginName, csiplugins.AzureDiskInTreePluginName, csiplugins.CinderInTreePluginName,
	csiplugins.GCEPDInTreePluginName, csiplugins.PortworxVolumePluginName,
}

// Enabled is true for a driver whose volumes count as those of its CSI driver. It
// mirrors isCSIMigrationOn of kube-scheduler's plugin NodeVolumeLimits for a node
// with a CSINode, and isCSIMigrationOnForPlugin of its VolumeBinding.
func Enabled(driver string) bool { return slices.Contains(migrated, driver) }

// EnabledOn is true where the node says itself that it uses the CSI driver. It
// mirrors isPluginMigratedToCSIOnNode.
func EnabledOn(node *storagev1.CSINode, driver string) bool {
	return node != nil && slices.Contains(strings.Split(node.Annotations[corev1.MigratedPluginsAnnotationKey], ","), driver)
}
