// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kind holds what a kind cluster needs so that the observer sees
// everything.
package kind

import _ "embed"

// Cluster is the configuration of the cluster, as "kind create cluster --config"
// reads it. Its host paths are relative to the root of the repository.
//
//go:embed cluster.yaml
var Cluster []byte

// AuditPolicy is the policy of the API server's audit log.
//
//go:embed audit-policy.yaml
var AuditPolicy []byte
