// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

// The versions of the local control plane. hack/controlplane/go.mod pins them;
// a test compares the two.
const (
	// KubernetesVersion is the version of kube-apiserver,
	// kube-controller-manager, kube-scheduler and kubectl.
	KubernetesVersion = "v1.37.2"
	// EtcdVersion is the version of etcd.
	EtcdVersion = "v3.7.3"
)
