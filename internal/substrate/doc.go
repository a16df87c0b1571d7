// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package substrate runs the control plane that Glassplane stands on: a local
// one of real etcd, kube-apiserver and kube-controller-manager processes on
// loopback, with TLS, RBAC and an audit log.
//
// etcd and kube-apiserver are run by controller-runtime's envtest package;
// this package adds what envtest has no notion of: TLS to etcd,
// kube-controller-manager, the audit policy, a data folder that one instance
// owns at a time, process ids, watching for exits, and a start that can be
// cancelled.
package substrate
