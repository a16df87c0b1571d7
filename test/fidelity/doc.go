// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fidelity compares our scheduler with kube-scheduler, on two levels.
//
// Verdicts: kube-scheduler's own plugins and scheduling cycle run in this
// process and get the very objects that ours get. What each plugin says of each
// pod and node, what the pod's condition would say, which nodes are best and
// whom preemption would take must be equal. Inputs come from a generator with a
// seed, and from tables of corner cases.
//
// Placements: the kube-scheduler binary schedules Pods on Nodes of a real API
// server, our scheduler SimPods on SimNodes. Pods are created one after the
// other; the node, or the message, and the victims must be equal wherever
// kube-scheduler has one best choice. Where it has several, ours must be among
// them, and is then moved to where kube-scheduler went.
//
// Run it with "make fidelity SEED=n"; without SEED it takes a random one and
// prints it. What disagrees is shrunk to a small manifest.
//
// The generator leaves out what kube-scheduler does by accident: its cache takes
// the size of an image from the node that it saw first (ours takes each node's
// own), and it does not count the users of a host port, so that a port that two
// pods of a node have is free once one of them is preempted.
package fidelity
