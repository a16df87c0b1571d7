// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kindcluster runs kind clusters whose control plane can be seen
// through: with an audit log in a folder of this machine, and access to etcd.
//
// It uses the Docker daemon at hand. Where none runs, it starts one of its own
// in new namespaces, and where no node image can be pulled, it has one composed
// (hack/kindnode). All state of a cluster is in one folder; Down removes it and
// everything else that Up has made.
package kindcluster
