// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
)

// Bounds of the API's lists: a trace also has to fit into a Walkthrough.
const (
	maxGroups   = 32
	maxEvidence = 32
	maxDetails  = 64
	// maxLine bounds each text that comes from a source, in bytes.
	maxLine = 400
)

// facts is what the record says, found once. All views derive from it.
type facts struct {
	record evidence.Record
	rules  followed.Resource
	uid    types.UID

	// requests to the API server about the object or its name.
	requests []*assemble.Request
	// create is the request that is explained; nil where no audit log has it.
	create *assemble.Request
	// refused is true where create was answered with an error.
	refused bool
	// dryRun is true where create asked for nothing to be stored.
	dryRun bool
	// revisions of the object; none where the request was refused.
	revisions []*revision
	// others are revisions of the key that this request did not make: of an
	// object that had the name already.
	others []*revision
	// absent are reads of etcd that found nothing under the key.
	absent      []*evidence.Entry
	decisions   []*evidence.Entry
	transitions []*evidence.Entry
	clients     []*evidence.Entry

	// Moments of the object's life; nil where they did not happen or no source
	// has them.
	first   *revision // the create
	bind    *revision // sets the node
	confirm *revision // the first that says that the pod ran
	mark    *revision // sets the deletion timestamp
	last    *revision

	outcome  Outcome
	reason   string
	complete bool
}

func factsOf(record evidence.Record) *facts {
	f := &facts{record: record, rules: followed.Of(record.Subject), uid: record.Subject.UID}
	f.record.Sources = f.rules.Speaking(record.Sources)
	entries := slices.Clone(record.Entries)
	slices.SortStableFunc(entries, inOrder)
	f.requests = assemble.Requests(entries)
	f.findCreate()
	f.refused = f.create != nil && f.create.Refused()
	f.dryRun = f.create != nil && f.create.DryRun()
	f.sort(entries)
	if f.refused || f.dryRun {
		// What is recorded of the name is about an object of another request.
		f.decisions, f.transitions = nil, nil
	} else {
		f.uid = cmp.Or(f.uid, f.createdUID())
	}
	f.split(f.revisionsOf(entries))
	f.settle()
	f.findMoments()
	f.judge()
	return f
}

// inOrder orders entries by when they happened, so that an explanation does not
// depend on the order in which they arrived.
func inOrder(a, b evidence.Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Sequence, b.Sequence))
}

// findCreate finds the request that the record is about.
func (f *facts) findCreate() {
	for _, r := range f.requests {
		switch {
		case f.record.AuditID != "":
			if r.AuditID == f.record.AuditID {
				f.create = r
				return
			}
		case !r.Creates():
		case f.uid != "" && r.ResponseUID == f.uid:
			f.create = r
			return
		case f.uid == "" || r.ResponseUID == "" && !r.Refused():
			// Without a UID the last one counts: it is the one just tried.
			f.create = r
		}
	}
}

func (f *facts) createdUID() types.UID {
	if f.create == nil {
		return ""
	}
	return cmp.Or(f.create.ResponseUID, f.create.Object.UID)
}

// sort files the entries that are not about a revision.
func (f *facts) sort(entries []evidence.Entry) {
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Client != nil:
			f.clients = append(f.clients, e)
		case e.Etcd != nil && e.Etcd.ModRevision == 0 && e.Etcd.Unavailable == "":
			f.absent = append(f.absent, e)
		case e.Decision != nil && sameUID(f.uid, e.Decision.Pod.UID):
			f.decisions = append(f.decisions, e)
		case e.Transition != nil && sameUID(f.uid, e.Transition.UID):
			f.transitions = append(f.transitions, e)
		}
	}
	slices.SortStableFunc(f.decisions, func(a, b *evidence.Entry) int {
		return cmp.Or(cmp.Compare(a.Decision.Attempt, b.Decision.Attempt), a.Decision.DecidedAt.Compare(b.Decision.DecidedAt))
	})
}

func sameUID(a, b types.UID) bool { return a == "" || b == "" || a == b }

// split parts the revisions of this object from those of others that had the
// same name.
func (f *facts) split(revisions []*revision) {
	if f.refused || f.dryRun {
		f.others = revisions
		return
	}
	if f.uid == "" && len(revisions) > 0 {
		f.uid = lastUID(revisions)
	}
	ended := false
	for _, r := range revisions {
		if ended || !f.mine(r) {
			f.others = append(f.others, r)
			continue
		}
		f.revisions = append(f.revisions, r)
		ended = r.isRemoval()
	}
}

// mine reports whether a revision is one of this object. What does not say
// whose it is belongs to the object if it is not older than its creation.
func (f *facts) mine(r *revision) bool {
	if uid := uidOf(r); uid != "" && f.uid != "" {
		return uid == f.uid
	}
	return f.create == nil || f.create.ResponseRevision == 0 || r.number >= f.create.ResponseRevision
}

func uidOf(r *revision) types.UID {
	if value, _ := r.best(); value != nil {
		if o := decode(value); !o.isStatus() && o.Metadata.UID != "" {
			return o.Metadata.UID
		}
	}
	for _, e := range []*evidence.Entry{r.etcd, r.watch} {
		if e != nil && e.Object.UID != "" {
			return e.Object.UID
		}
	}
	switch {
	case r.transition != nil:
		return r.transition.Transition.UID
	case r.decision != nil:
		return r.decision.Decision.Pod.UID
	}
	return ""
}

func lastUID(revisions []*revision) types.UID {
	for _, r := range slices.Backward(revisions) {
		if uid := uidOf(r); uid != "" {
			return uid
		}
	}
	return ""
}

// settle derives states in order. Requests that no response joins are joined
// after the kinds are known, which may make a value known in turn.
func (f *facts) settle() {
	for _, r := range f.others {
		r.settle(nil)
	}
	for range 2 {
		var before *revision
		for _, r := range f.revisions {
			r.settle(before)
			before = r
		}
		f.joinRest()
	}
}

func (f *facts) findMoments() {
	for _, r := range f.revisions {
		switch {
		case r.kind == followed.Create && f.first == nil:
			f.first = r
		case r.kind == followed.Bind && f.bind == nil:
			f.bind = r
		case r.kind == followed.Mark && f.mark == nil:
			f.mark = r
		}
		if r.state.ran() && f.confirm == nil {
			f.confirm = r
		}
		f.last = r
	}
}

// nodeName is the node that the pod was assigned to; empty where it was not.
func (f *facts) nodeName() string {
	if f.last == nil {
		return ""
	}
	return f.last.state.node
}

// namedNode reports whether the pod had its node from the beginning: no
// scheduler took part.
func (f *facts) namedNode() bool { return f.first != nil && f.first.state.node != "" }

// mirror reports whether the object only mirrors a static pod
// (k8s.io/kubernetes/pkg/kubelet/types.ConfigMirrorAnnotationKey).
func (f *facts) mirror() bool {
	o := f.firstObject()
	return o != nil && o.Metadata.Annotations["kubernetes.io/config.mirror"] != ""
}

// boundUnseen reports whether the pod got its node after its creation, in a
// revision that no source has.
func (f *facts) boundUnseen() bool {
	return f.nodeName() != "" && f.bind == nil && (f.first == nil || f.first.state.node == "")
}

// unplaced are the writes of a component where no source has any revision: what
// they changed is not known.
func (f *facts) unplaced(component string) []*assemble.Request {
	if len(f.revisions) > 0 || f.refused || f.dryRun {
		return nil
	}
	var writes []*assemble.Request
	for _, w := range f.writes() {
		if w != f.create && (component == "" || w.Component() == component) {
			writes = append(writes, w)
		}
	}
	return writes
}

// source returns the state of a source; false where the record does not name it.
func (f *facts) source(s evidence.Source) (evidence.SourceState, bool) {
	for _, state := range f.record.Sources {
		if state.Source == s {
			return state, true
		}
	}
	return evidence.SourceState{}, false
}

// missing says why there is nothing from a source.
func (f *facts) missing(s evidence.Source, what string) string {
	state, named := f.source(s)
	switch {
	case named && !state.Available:
		return "not available: source " + string(s) + ": " + cmp.Or(clip(state.Reason, maxLine), "it cannot be read")
	case f.record.Dropped > 0:
		return fmt.Sprintf("not available: source %s has no %s; the journal has dropped entries (%d of all requests)", s, what, f.record.Dropped)
	}
	return "not available: source " + string(s) + " has no " + what
}

// answerTime is when the create was answered, by the API server's clock.
func (f *facts) answerTime() time.Time {
	if f.create == nil {
		return time.Time{}
	}
	return f.create.AnsweredAt()
}
