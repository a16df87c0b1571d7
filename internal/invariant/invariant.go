// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package invariant says what must be true of a control plane whatever is done to it,
// and checks it on what etcd stored. It is pure: it reads a history and asks nobody.
package invariant

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/history"
)

// Record is what the invariants are checked on.
type Record struct {
	// History of etcd, up to a time at which everything was healed and settled.
	History *history.History
	// Accepted are the writes that the API server has answered with success, by its
	// audit log. NoAudit says why they are not known; empty where they are.
	Accepted []Accepted
	NoAudit  string
}

// Accepted is a write that was answered with success.
type Accepted struct {
	AuditID, Verb string
	Object        history.Object
	UID           string
	// Revision of the object in the answer; 0 where the answer has none.
	Revision   int64
	AnsweredAt time.Time
}

// Result is what became of one invariant.
type Result struct {
	// Says is the invariant in one sentence.
	Says string
	// Holds is false also where it could not be checked: see Unavailable.
	Holds bool
	// Found is what was looked at or, where it does not hold, what is wrong.
	Found string
	// Evidence names the keys and revisions, or audit IDs, of what is wrong: at most
	// maxEvidence.
	Evidence []string
	// Unavailable says why it could not be checked; empty where it could.
	Unavailable string
}

const maxEvidence = 20

// Check checks every invariant.
func Check(r Record) []Result {
	pods, nodes := livesOf[v1alpha1.SimPod](r.History, "simpods"), livesOf[v1alpha1.SimNode](r.History, "simnodes")
	return []Result{
		boundOnce(pods),
		nodeNameKept(pods),
		withinAllocatable(pods, nodes),
		endsAsSpecified(pods, nodes),
		acceptedIsStored(r),
	}
}

// verdict collects what is wrong with one invariant.
type verdict struct {
	Result
	wrong []string
}

func (v *verdict) broken(evidence, format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
	if len(v.Evidence) < maxEvidence {
		v.Evidence = append(v.Evidence, evidence)
	}
}

// result says what is wrong, or else what was looked at.
func (v *verdict) result(format string, args ...any) Result {
	v.Holds = len(v.wrong) == 0
	if v.Holds {
		v.Found = fmt.Sprintf(format, args...)
		return v.Result
	}
	v.Found = v.wrong[0]
	if more := len(v.wrong) - 1; more > 0 {
		v.Found += fmt.Sprintf(" (and %d more)", more)
	}
	return v.Result
}

// life is one life of a key, from its create to its removal.
type life[T any] struct {
	key      string
	object   history.Object
	versions []version[T]
	// removed is the revision at which the key was removed; 0 where it was not.
	removed int64
}

type version[T any] struct {
	revision int64
	value    *T
}

func (l *life[T]) last() *T { return l.versions[len(l.versions)-1].value }

func (l *life[T]) at(revision int64) string { return fmt.Sprintf("%s@%d", l.key, revision) }

// livesOf divides what was stored of a resource of Glassplane's into lives.
func livesOf[T any](h *history.History, resource string) []*life[T] {
	var lives []*life[T]
	for _, key := range h.Keys() {
		versions := h.Of(key)
		if versions[0].Object.Resource != resource || versions[0].Object.Group != v1alpha1.GroupName {
			continue
		}
		var current *life[T]
		for i := range versions {
			v := &versions[i]
			if v.Deleted() {
				if current != nil {
					current.removed, current = v.Revision, nil
				}
				continue
			}
			if current == nil {
				current = &life[T]{key: key, object: v.Object}
				lives = append(lives, current)
			}
			value := new(T)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(v.Value, value); err == nil {
				current.versions = append(current.versions, version[T]{v.Revision, value})
			}
		}
	}
	return lives
}

// boundOnce and nodeNameKept look at each life: a pod that is made again under the
// same name is another one.
func boundOnce(pods []*life[v1alpha1.SimPod]) Result {
	v := verdict{Result: Result{Says: "No pod is bound twice"}}
	binds := 0
	for _, pod := range pods {
		node, bound := "", 0
		for _, version := range pod.versions {
			if now := version.value.Spec.NodeName; now != "" && now != node {
				bound++
				if bound > 1 {
					v.broken(pod.at(version.revision), "%s was bound to %s, and at revision %d to %s", pod.object, node, version.revision, now)
				}
			}
			node = version.value.Spec.NodeName
		}
		binds += bound
	}
	return v.result("%d pods, %d binds", len(pods), binds)
}

func nodeNameKept(pods []*life[v1alpha1.SimPod]) Result {
	v := verdict{Result: Result{Says: "spec.nodeName never changes once it is set"}}
	revisions := 0
	for _, pod := range pods {
		node := ""
		for _, version := range pod.versions {
			revisions++
			now := version.value.Spec.NodeName
			if node != "" && now != node {
				v.broken(pod.at(version.revision), "%s was on %s, and at revision %d on %q", pod.object, node, version.revision, now)
			}
			node = now
		}
	}
	return v.result("%d revisions of %d pods", revisions, len(pods))
}

// acceptedIsStored: what the API server has said yes to is in etcd. A revision in an
// answer is that of the object after the write; a write that changes nothing answers
// with the one that was there.
func acceptedIsStored(r Record) Result {
	v := verdict{Result: Result{Says: "Each accepted write is in etcd"}}
	if r.NoAudit != "" {
		v.Unavailable, v.Found = r.NoAudit, "not available: "+r.NoAudit
		return v.Result
	}
	checked := 0
	for _, a := range r.Accepted {
		if a.Object.Name == "" || a.Revision == 0 || a.Object.Group != v1alpha1.GroupName {
			continue // a collection, or at a level of the audit log that keeps no answers
		}
		checked++
		if !isStored(r.History, a) {
			v.broken("audit "+a.AuditID, "the %s of %s was answered with revision %d, which etcd does not have", a.Verb, a.Object, a.Revision)
		}
	}
	return v.result("%d writes of the audit log", checked)
}

func isStored(h *history.History, a Accepted) bool {
	key := history.Prefix + a.Object.Group + "/" + a.Object.Resource + "/"
	if a.Object.Namespace != "" {
		key += a.Object.Namespace + "/"
	}
	for _, v := range h.Of(key + a.Object.Name) {
		if v.Revision == a.Revision {
			return true
		}
		// A delete, or a change that takes the last finalizer away, removes the key; its
		// answer has the object as it was, or the revision of the removal.
		if v.Deleted() && (a.Verb == "delete" || a.Revision <= v.Revision) && v.Revision >= a.Revision {
			return true
		}
	}
	return false
}
