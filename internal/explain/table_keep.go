// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// tellKeep tells step 6: etcd keeps each state.
func tellKeep(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "keeps each state of the object", Input: "the writes of the API server"}
	if tale.OfCollection() {
		s.Action = "keeps each state of the objects"
	}
	if len(step.Revisions) == 0 {
		s.Effect = prose.Sentences(tale.Missing(evidence.SourceEtcd, "revision of the key"), tale.Missing(evidence.SourceWatch, "event of the object"))
		s.Evidence = append(answerEvidence(tale, "the API server answered that the object was created"), unplacedEvidence(step.Requests)...)
		return s
	}
	s.Effect = prose.Sentences(countedText(tale, step.Revisions), etcdGap(tale, step.Revisions))
	for _, r := range step.Revisions {
		s.Evidence = append(s.Evidence, keptEvidence(tale, r)...)
	}
	return s
}

// countedText counts the revisions and tells what each did.
func countedText(tale *story.Story, revisions []*timeline.Revision) string {
	text := prose.Count(len(revisions), "revision") + " of the key"
	switch {
	case tale.OfCollection():
		text = prose.Count(len(revisions), "revision") + " of " + prose.Count(len(tale.Children), "key") + ", from the first that the request made"
	case !tale.OfLife():
		text += ", from the one that the request made"
	}
	return text + ": " + keptText(tale, revisions)
}

// keptText tells what each revision did, and by whom.
func keptText(tale *story.Story, revisions []*timeline.Revision) string {
	var parts []string
	for i, r := range revisions {
		if i == 2*prose.MaxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(revisions)-2*prose.MaxTold))
			break
		}
		parts = append(parts, revisionSummary(tale, r))
	}
	return strings.Join(parts, "; ")
}

// etcdGap says what etcd itself could not show.
func etcdGap(tale *story.Story, revisions []*timeline.Revision) string {
	missing := 0
	for _, r := range revisions {
		if r.Etcd == nil {
			missing++
		}
	}
	switch {
	case missing == len(revisions):
		return tale.Missing(evidence.SourceEtcd, "revision of the key") + "; the revisions are known from the other sources"
	case missing > 0:
		return fmt.Sprintf("etcd itself has no entry for %d of them; they are known from the other sources", missing)
	}
	return ""
}

// revisionSummary says in one line who wrote a revision and what it did.
func revisionSummary(tale *story.Story, r *timeline.Revision) string {
	return fmt.Sprintf("%d: %s %s", r.Number, cmp.Or(r.Writer(), "a writer that no source names"), tale.Deed(r))
}

// changeLines are the fields that a revision changed, and who changed them.
func changeLines(r *timeline.Revision) []string {
	var lines []string
	if r.Manager != nil {
		lines = append(lines, managerText(r.Manager))
	}
	switch {
	case r.Kind == followed.Create || r.Kind == followed.Remove:
		return lines
	case !r.Compared:
		return append(lines, "not available: what changed, because one of the two states was not kept")
	}
	return append(lines, timeline.Describe(r.Changes, timeline.MaxChanges)...)
}

// keptEvidence is the state of one revision and the request that made it.
func keptEvidence(tale *story.Story, r *timeline.Revision) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	switch {
	case r.Etcd != nil:
		all = append(all, etcdEvidence(r.Etcd, revisionSummary(tale, r), changeLines(r)...))
	case r.Watch != nil:
		all = append(all, watchEvidence(r, append([]string{revisionSummary(tale, r)}, changeLines(r)...)...))
	}
	if r.Write != nil {
		all = append(all, auditEvidence(r.Write, fmt.Sprintf("the write by %s that made revision %d: it %s", r.Write.Actor(), r.Number, tale.Deed(r)), joinNote(r)))
	}
	return all
}
