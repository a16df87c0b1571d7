// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// tellStore tells step 3: the API server writes the new object.
func tellStore(tale *story.Story, _ story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "writes the pending pod to etcd", Input: "the admitted object"}
	if !tale.OfPod() {
		s.Action = "writes the object to etcd"
	}
	if tale.First == nil {
		s.Effect = prose.Sentences(storedUnseen(tale), tale.Missing(evidence.SourceEtcd, "first revision of the key"))
		s.Evidence = answerEvidence(tale, "the API server answered that the object was created")
		if tale.Last() != nil && tale.Last().Etcd != nil && tale.Last().Etcd.Etcd.CreateRevision > 0 {
			s.Evidence = append(s.Evidence, etcdEvidence(tale.Last().Etcd, "a later revision of the key still names its create revision"))
		}
		return s
	}
	at, by := tale.First.SeenAt()
	s.Effect = prose.Sentences(storedText(tale), sameRevision(tale), cmp.Or(writtenIn(tale, at), notLater(at, by)))
	if tale.First.Etcd != nil {
		s.Evidence = append(s.Evidence, etcdEvidence(tale.First.Etcd, "etcd holds the first state of the key"))
	}
	s.Evidence = append(s.Evidence, answerEvidence(tale, "the resourceVersion in the response is the revision")...)
	if tale.First.Watch != nil {
		s.Evidence = append(s.Evidence, watchEvidence(tale.First))
	}
	s.Evidence = append(s.Evidence, spanEvidence(tale, 3)...)
	return s
}

// storedUnseen says how it is known that the object was stored, where no source
// has its first revision.
func storedUnseen(tale *story.Story) string {
	if tale.Asked != nil && tale.Asked.Succeeded() {
		return "the answer to the request shows that the object was stored"
	}
	if e := tale.Last().Etcd; e != nil && e.Etcd.CreateRevision > 0 {
		return fmt.Sprintf("revision %d of the key names %d as its create revision", tale.Last().Number, e.Etcd.CreateRevision)
	}
	return "later revisions of the object show that it was stored"
}

func answerEvidence(tale *story.Story, summary string) []v1alpha1.Evidence {
	if tale.Asked == nil || !tale.Asked.Answered {
		return nil
	}
	if tale.Asked.ResponseRevision == 0 {
		summary = "the create was answered; audit level " + tale.Asked.Level + " keeps no revision"
	}
	return []v1alpha1.Evidence{auditEvidence(tale.Asked, summary)}
}

func storedText(tale *story.Story) string {
	r := tale.First
	if r.Etcd == nil {
		return fmt.Sprintf("stored as revision %d; %s", r.Number, tale.Missing(evidence.SourceEtcd, "first revision of the key"))
	}
	return fmt.Sprintf("stored as revision %d (create revision %d, %d bytes) under %s",
		r.Etcd.Etcd.ModRevision, r.Etcd.Etcd.CreateRevision, r.Etcd.Etcd.Bytes, r.Etcd.Etcd.Key)
}

// sameRevision checks etcd's revision against the resourceVersion of the response.
func sameRevision(tale *story.Story) string {
	switch {
	case tale.Asked == nil:
		return tale.Missing(evidence.SourceAudit, "answer to compare the revision with")
	case tale.Asked.ResponseRevision == 0:
		return fmt.Sprintf("the audit level %s keeps no resourceVersion to compare it with", tale.Asked.Level)
	case tale.First.Etcd == nil:
		return ""
	case tale.Asked.ResponseRevision != tale.First.Etcd.Etcd.ModRevision:
		return fmt.Sprintf("the sources disagree: the response has resourceVersion %d", tale.Asked.ResponseRevision)
	}
	return "The revision equals the resourceVersion in the response"
}

// notLater says by which clock a time is known: etcd keeps no times.
func notLater(t time.Time, by evidence.Source) string {
	if t.IsZero() {
		return "not available: the time, because etcd keeps none and no other source saw the write"
	}
	return fmt.Sprintf("etcd keeps no times; it was done by %s, by source %s", prose.Clock(t), by)
}

// tellChange tells step 3 of a request that changes or ends an object.
func tellChange(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	if tale.OfCollection() {
		return tellCollection(tale, step)
	}
	s := v1alpha1.WalkthroughStep{Action: "writes the change to etcd", Input: "the admitted change"}
	var parts []string
	for _, r := range step.Revisions {
		parts = append(parts, fmt.Sprintf("revision %d %s", r.Number, tale.Deed(r))+prose.Prefixed("; ", joinNote(r))+valueText(r))
		s.Evidence = append(s.Evidence, keptEvidence(tale, r)...)
		if r.Watch != nil && r.Etcd != nil {
			s.Evidence = append(s.Evidence, watchEvidence(r))
		}
	}
	switch last := step.Revisions[len(step.Revisions)-1]; last.Kind {
	case followed.Remove:
		s.Action = "removes the key from etcd"
	case followed.Mark:
		s.Action = "marks the object in etcd as ending"
		parts = append(parts, markText(tale, last))
	}
	at, by := step.Revisions[len(step.Revisions)-1].SeenAt()
	s.Effect = prose.Sentences(append(parts, etcdGap(tale, step.Revisions), cmp.Or(writtenIn(tale, at), notLater(at, by)))...)
	s.Evidence = append(s.Evidence, spanEvidence(tale, 3)...)
	return s
}

// markText says why a request to end an object only marked it.
func markText(tale *story.Story, r *timeline.Revision) string {
	if o := r.State.Object; o != nil && len(o.Metadata.Finalizers) > 0 {
		return "the key stays: the object has the finalizers " + strings.Join(o.Metadata.Finalizers, ", ")
	}
	if tale.Resource.Graceful {
		return "the key stays until the object has ended gracefully"
	}
	return ""
}

// valueText is the size of the value that was stored; empty for none.
func valueText(r *timeline.Revision) string {
	if r.Etcd == nil || r.Etcd.Etcd.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d bytes under %s)", r.Etcd.Etcd.Bytes, r.Etcd.Etcd.Key)
}
