// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"slices"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// maxDisagreements bounds the list: a source that is broken disagrees each time.
const maxDisagreements = 16

// disagreements compares what independent sources say of the same fact.
func disagreements(tale *story.Story) []Disagreement {
	var all []Disagreement
	claim := func(about string, claims ...Claim) {
		if d, differ := disagree(about, claims); differ && len(all) < maxDisagreements {
			all = append(all, d)
		}
	}
	if !tale.OfLife() {
		// What the sources say of the rest of the object's life is not about the request.
		for _, r := range slices.Concat(tale.Made, tale.Followed) {
			compareRevision(r, claim)
		}
		return all
	}
	compareCreate(tale, claim)
	for _, r := range tale.Revisions {
		compareRevision(r, claim)
	}
	compareDecision(tale, claim)
	comparePresence(tale, claim)
	return all
}

type claimer func(about string, claims ...Claim)

// disagree keeps the claims that were made; they differ where two are not equal.
func disagree(about string, claims []Claim) (Disagreement, bool) {
	d := Disagreement{About: about}
	differ := false
	for _, c := range claims {
		if c.Says == "" {
			continue
		}
		d.Claims = append(d.Claims, c)
		differ = differ || c.Says != d.Claims[0].Says
	}
	return d, differ
}

func says(s evidence.Source, value string) Claim { return Claim{Source: string(s), Says: value} }

func numeral(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func compareCreate(tale *story.Story, claim claimer) {
	if tale.First == nil || tale.Asked == nil || tale.Refused {
		return
	}
	var etcd, watch string
	if tale.First.Etcd != nil {
		etcd = numeral(tale.First.Etcd.Etcd.CreateRevision)
	}
	if tale.First.Watch != nil && tale.First.Watch.Watch.Type == "ADDED" && !tale.First.Watch.Watch.Initial {
		watch = numeral(tale.First.Number)
	}
	claim("the revision that created the object",
		says(evidence.SourceAudit, numeral(tale.Asked.ResponseRevision)), says(evidence.SourceEtcd, etcd), says(evidence.SourceWatch, watch))
}

// compareRevision compares the object at one revision as each source has it.
func compareRevision(r *timeline.Revision, claim claimer) {
	var uids, nodes, phases []Claim
	add := func(s evidence.Source, o *timeline.Object) {
		if o == nil || o.IsStatus() || o.Metadata.Name == "" {
			return
		}
		uids = append(uids, says(s, string(o.Metadata.UID)))
		nodes = append(nodes, says(s, prose.OrNone(o.Spec.NodeName)))
		phases = append(phases, says(s, phaseName(o.Status.Phase)))
	}
	if r.Etcd != nil {
		add(evidence.SourceEtcd, timeline.Decode(r.Etcd.Etcd.Value))
	}
	if r.Watch != nil {
		add(evidence.SourceWatch, timeline.Decode(r.Watch.Watch.Object))
	}
	if r.Write != nil && r.Exact && !r.IsRemoval() {
		add(evidence.SourceAudit, timeline.Decode(r.Write.ResponseObject))
	}
	if r.Decision != nil {
		nodes = append(nodes, says(evidence.SourceDecision, r.Decision.Decision.Node))
	}
	if r.Transition != nil {
		phases = append(phases, says(evidence.SourceTransition, phaseName(r.Transition.Transition.To)))
		nodes = append(nodes, says(evidence.SourceTransition, r.Transition.Transition.Node))
	}
	if r.IsRemoval() {
		return
	}
	claim(fmt.Sprintf("metadata.uid at revision %d", r.Number), uids...)
	claim(fmt.Sprintf("spec.nodeName at revision %d", r.Number), nodes...)
	claim(fmt.Sprintf("status.phase at revision %d", r.Number), phases...)
}

// phaseName names the empty phase, which means Pending.
func phaseName(phase string) string {
	if phase == "" {
		return string(story.Pending)
	}
	return phase
}

// compareDecision compares the revision of the bind as the scheduler got it
// with the one that set the node.
func compareDecision(tale *story.Story, claim claimer) {
	d := tale.Decided()
	if d == nil || d.Bind == nil || tale.Bind == nil {
		return
	}
	var audit string
	if tale.Bind.Write != nil && tale.Bind.Exact {
		audit = numeral(tale.Bind.Write.ResponseRevision)
	}
	claim("the revision of the bind", says(evidence.SourceDecision, d.Bind.ResourceVersion), says(evidence.SourceAudit, audit),
		says(stateSource(tale.Bind), numeral(tale.Bind.Number)))
	if d.Node != "" {
		claim("the node of the bind", says(evidence.SourceDecision, d.Node), says(stateSource(tale.Bind), tale.Bind.State.Node))
	}
}

func stateSource(r *timeline.Revision) evidence.Source {
	if r.From != "" {
		return r.From
	}
	return otherSource(r)
}

// comparePresence finds revisions that etcd does not have although it has later
// ones of the same key. Where etcd cannot be read, or a value was compacted,
// that is no disagreement.
func comparePresence(tale *story.Story, claim claimer) {
	if tale.Record.Dropped > 0 || !tale.Available(evidence.SourceEtcd) {
		return
	}
	var newest, oldest int64
	for _, r := range tale.Revisions {
		if r.Etcd != nil {
			newest = max(newest, r.Number)
			if oldest == 0 {
				oldest = r.Number
			}
		}
	}
	for _, r := range tale.Revisions {
		if r.Etcd == nil && oldest < r.Number && r.Number < newest {
			_, by := r.SeenAt()
			claim(fmt.Sprintf("whether the key has a revision %d", r.Number), says(by, "yes"), says(evidence.SourceEtcd, "no entry of it"))
		}
	}
}

// sources counts the entries of each source.
func sources(tale *story.Story) []v1alpha1.EvidenceSource {
	counts := map[evidence.Source]int32{}
	for _, e := range tale.Record.Entries {
		counts[e.Source]++
	}
	sources := make([]v1alpha1.EvidenceSource, 0, len(tale.Record.Sources))
	for _, s := range tale.Record.Sources {
		sources = append(sources, v1alpha1.EvidenceSource{
			Name: string(s.Source), Available: s.Available, Reason: prose.Clip(s.Reason, prose.MaxLine), Entries: counts[s.Source],
		})
	}
	return sources
}
