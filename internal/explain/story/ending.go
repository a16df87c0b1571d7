// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/ending"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// goneReason says by whom and why the object was removed.
func (s *Story) goneReason() string {
	const gone = "the key is gone from etcd"
	parts := []string{gone}
	last := s.Last()
	if end := s.endedBy(); end != "" {
		parts = append(parts, end)
	}
	if cause := s.cause(); cause != "" {
		parts = append(parts, cause)
	}
	if s.Mark != nil && last != s.Mark {
		parts = append(parts, s.removalText(last))
	}
	return strings.Join(parts, "; ")
}

// removalText says what removed the key of an object that had been marked.
func (s *Story) removalText(last *timeline.Revision) string {
	by := last.Writer()
	if by == "" {
		return "not available: who removed it then, because no source names them"
	}
	before := s.Before(last)
	if before != nil && before.State.Object != nil && len(before.State.Object.Metadata.Finalizers) > 0 &&
		(last.Write == nil || !s.Resource.Ends(&last.Write.Audit)) {
		return fmt.Sprintf("%s took the last finalizer off (%s)", by, strings.Join(before.State.Object.Metadata.Finalizers, ", "))
	}
	return by + " removed it then"
}

// leavingReason says by whom and why the object was marked, and what keeps it.
func (s *Story) leavingReason() string {
	parts := []string{"the " + s.Noun() + " is marked for deletion"}
	if end := s.endedBy(); end != "" {
		parts = append(parts, end)
	}
	if cause := s.cause(); cause != "" {
		parts = append(parts, cause)
	}
	return strings.Join(append(parts, s.kept()), "; ")
}

// Noun is what the object is called in a sentence.
func (s *Story) Noun() string {
	if s.Resource.Role == followed.Set {
		return "set"
	}
	return "pod"
}

// endedBy says who asked for the end of the object: the mark or, without one, the
// removal.
func (s *Story) endedBy() string {
	r := s.Mark
	if r == nil {
		if r = s.Last(); r == nil || !r.State.Removed {
			return ""
		}
	}
	by := r.Writer()
	if by == "" {
		return "not available: who deleted it, because no source names them"
	}
	if r.Write == nil {
		return "deleted by " + by
	}
	at, _ := r.SeenAt()
	text := fmt.Sprintf("%s by %s%s at %s (audit ID %s)", endedWord(r), by, s.account(r), prose.Clock(at), r.Write.AuditID)
	if why := whyEnded(r); why != "" {
		text += ", " + why
	}
	return text
}

func endedWord(r *timeline.Revision) string {
	switch {
	case r.Write.Subresource == "eviction":
		return "evicted"
	case r.Write.Verb == "deletecollection":
		return "deleted with all others of its namespace"
	}
	return "deleted"
}

// account is the user behind a component that has several, such as one for each
// controller.
func (s *Story) account(r *timeline.Revision) string {
	if r.Write.Component() == "" || r.Write.User == "" {
		return ""
	}
	name := r.Write.User[strings.LastIndex(r.Write.User, ":")+1:]
	if strings.Contains(r.Write.UserAgent, name+"/") {
		return ""
	}
	return " (" + name + ")"
}

// Accounts of controllers of Kubernetes whose name says why they delete
// (k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy).
const (
	accountNamespaces = "system:serviceaccount:kube-system:namespace-controller"
	accountGarbage    = "system:serviceaccount:kube-system:generic-garbage-collector"
)

// whyEnded says why a controller deletes, where its account tells.
func whyEnded(r *timeline.Revision) string {
	switch r.Write.User {
	case accountNamespaces:
		return "because the namespace is being deleted"
	case accountGarbage:
		return "because its owner is gone or being deleted"
	}
	return ""
}

// cause is what the last condition DisruptionTarget says of why a pod goes.
func (s *Story) cause() string {
	if o := s.lastObject(); o != nil && s.Resource.Role != followed.Set {
		return factsOf(o).Cause()
	}
	return ""
}

// kept says what keeps an object that is marked for deletion.
func (s *Story) kept() string { return s.keeps(s.lastObject()) }

// keeps says the same of an object as it was last seen; nil where it was not kept.
func (s *Story) keeps(o *timeline.Object) string {
	switch {
	case o == nil:
		return "not available: what keeps it, because its state was not kept"
	case len(o.Metadata.Finalizers) > 0:
		return factsOf(o).Kept()
	case s.Resource.Graceful:
		return "it is kept while the " + strings.ToLower(s.Resource.Runner) + " stops its containers"
	}
	return "no finalizer keeps it"
}

// lastObject is the object as it was last seen.
func (s *Story) lastObject() *timeline.Object {
	for _, r := range slices.Backward(s.Revisions) {
		if r.State.Object != nil {
			return r.State.Object
		}
	}
	return nil
}

func factsOf(o *timeline.Object) ending.Facts {
	f := ending.Facts{
		Node: o.Spec.NodeName, Finalizers: o.Metadata.Finalizers,
		Ended: o.Status.Phase == "Succeeded" || o.Status.Phase == "Failed",
	}
	status := func(kind string) string {
		if c := o.Condition(kind); c != nil {
			return c.Status
		}
		return ""
	}
	f.NodeSilent = ending.Silent(status("Ready"), status("ContainersReady"))
	if c := o.Condition("DisruptionTarget"); c != nil && c.Status == "True" {
		f.Reason, f.Message = c.Reason, c.Message
	}
	return f
}
