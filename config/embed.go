// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config holds the manifests that a cluster needs before the
// components can run in it.
package config

import "embed"

// FS holds what has to be applied to a cluster that runs the components outside
// of it, as the local control plane does: crd/bases, endpoints, namespace, policy
// and rbac; page-writes, where the page may send requests; and write-conflicts,
// where Faults may touch objects. Each file is complete by itself: names and namespaces are final, so
// that it is applied as it is, without kustomize. A file may hold several
// documents. The namespaces must exist before what is in them.
//
//go:embed crd/bases/*.yaml endpoints/*.yaml namespace/*.yaml page-writes/*.yaml policy/*.yaml rbac/*.yaml write-conflicts/*.yaml
var FS embed.FS
