// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// hop is the index of a Hop.
type hop int

const (
	hopAdmission hop = iota
	hopEtcd
	hopWatch
	hopQueue
	hopDecide
	hopBind
	hopSee
	hopStart
	hopTotal

	hops = int(hopTotal) + 1
)

// definitions say what each hop is. Each is measured by one clock, but for watch,
// see and total, which compare those of two processes.
var definitions = [hops]Hop{
	hopAdmission: {
		ID: "admission", Name: "Admission", Component: component.APIServer, Source: evidence.SourceAudit,
		From: "the API server received the create request", To: "it had answered, with the pod stored in etcd",
	},
	hopEtcd: {
		ID: "etcd", Name: "Store", Component: component.Etcd, Source: evidence.SourceSpan,
		From: "the API server sent the write to etcd", To: "etcd's answer had come back",
	},
	hopWatch: {
		ID: "watch", Name: "Watch lag", Component: component.APIServer, Source: evidence.SourceDecision,
		From: "the pod was stored, by the earliest evidence of its first revision", To: "the scheduler's watch had delivered it",
	},
	hopQueue: {
		ID: "queue", Name: "Queue", Component: component.Scheduler, Source: evidence.SourceDecision,
		From: "the pod entered the scheduler's queue", To: "the attempt began that bound it; earlier attempts and backoffs are in it",
	},
	hopDecide: {
		ID: "decide", Name: "Decide", Component: component.Scheduler, Source: evidence.SourceDecision,
		From: "the attempt began", To: "every filter and score was known",
	},
	hopBind: {
		ID: "bind", Name: "Bind", Component: component.Scheduler, Source: evidence.SourceDecision,
		From: "the bind request was sent", To: "its answer was read",
	},
	hopSee: {
		ID: "see", Name: "Node's watch lag", Component: component.APIServer, Source: evidence.SourceTransition,
		From: "the bind was stored, by the earliest evidence of its revision", To: "the watch of the controller manager had delivered it",
	},
	hopStart: {
		ID: "start", Name: "Start", Component: component.Manager, Source: evidence.SourceTransition,
		From: "the controller manager saw the bound pod", To: "phase Running was written; the simulated start delay is in it",
	},
	hopTotal: {
		ID: "total", Name: "Create to Running", Source: evidence.SourceTransition,
		From: "the API server received the create request", To: "phase Running was stored",
	},
}
