// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package job decides what a controller does with the pods of a SimJob and what it
// reports. It is pure; the rules are those of k8s.io/kubernetes/pkg/controller/job.
//
// A pass has these steps, between which its caller reads and writes:
//
//	pass := job.Begin(facts)
//	plan := pass.Plan()               // pods are created or deleted
//	first := pass.Track(done)         // the status is written, then finalizers are removed
//	last := pass.Settle(released)     // the status is written again
//
// Each pod has a finalizer from its create on. A pod that has ended is first noted
// in status.uncountedTerminatedPods, then loses its finalizer, and then is counted
// and no longer noted. Whatever happens between two of these writes, the next pass
// can tell from status and finalizers how far it came: so an end is counted exactly
// once.
package job
