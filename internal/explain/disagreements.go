// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
)

// maxDisagreements bounds the list: a source that is broken disagrees each time.
const maxDisagreements = 16

// disagreements compares what independent sources say of the same fact.
func (f *facts) disagreements() []Disagreement {
	var all []Disagreement
	claim := func(about string, claims ...Claim) {
		if d, differ := disagree(about, claims); differ && len(all) < maxDisagreements {
			all = append(all, d)
		}
	}
	f.compareCreate(claim)
	for _, r := range f.revisions {
		f.compareRevision(r, claim)
	}
	f.compareDecision(claim)
	f.comparePresence(claim)
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

func (f *facts) compareCreate(claim claimer) {
	if f.first == nil || f.create == nil || f.refused {
		return
	}
	var etcd, watch string
	if f.first.etcd != nil {
		etcd = numeral(f.first.etcd.Etcd.CreateRevision)
	}
	if f.first.watch != nil && f.first.watch.Watch.Type == "ADDED" && !f.first.watch.Watch.Initial {
		watch = numeral(f.first.number)
	}
	claim("the revision that created the object",
		says(evidence.SourceAudit, numeral(f.create.ResponseRevision)), says(evidence.SourceEtcd, etcd), says(evidence.SourceWatch, watch))
}

// compareRevision compares the object at one revision as each source has it.
func (f *facts) compareRevision(r *revision, claim claimer) {
	var uids, nodes, phases []Claim
	add := func(s evidence.Source, o *object) {
		if o == nil || o.isStatus() || o.Metadata.Name == "" {
			return
		}
		uids = append(uids, says(s, string(o.Metadata.UID)))
		nodes = append(nodes, says(s, orNone(o.Spec.NodeName)))
		phases = append(phases, says(s, phaseName(o.Status.Phase)))
	}
	if r.etcd != nil {
		add(evidence.SourceEtcd, decode(r.etcd.Etcd.Value))
	}
	if r.watch != nil {
		add(evidence.SourceWatch, decode(r.watch.Watch.Object))
	}
	if r.write != nil && r.exact && !r.isRemoval() {
		add(evidence.SourceAudit, decode(r.write.ResponseObject))
	}
	if r.decision != nil {
		nodes = append(nodes, says(evidence.SourceDecision, r.decision.Decision.Node))
	}
	if r.transition != nil {
		phases = append(phases, says(evidence.SourceTransition, phaseName(r.transition.Transition.To)))
		nodes = append(nodes, says(evidence.SourceTransition, r.transition.Transition.Node))
	}
	if r.isRemoval() {
		return
	}
	claim(fmt.Sprintf("metadata.uid at revision %d", r.number), uids...)
	claim(fmt.Sprintf("spec.nodeName at revision %d", r.number), nodes...)
	claim(fmt.Sprintf("status.phase at revision %d", r.number), phases...)
}

// phaseName names the empty phase, which means Pending.
func phaseName(phase string) string {
	if phase == "" {
		return string(OutcomePending)
	}
	return phase
}

// compareDecision compares the revision of the bind as the scheduler got it
// with the one that set the node.
func (f *facts) compareDecision(claim claimer) {
	d := f.decided()
	if d == nil || d.Bind == nil || f.bind == nil {
		return
	}
	var audit string
	if f.bind.write != nil && f.bind.exact {
		audit = numeral(f.bind.write.ResponseRevision)
	}
	claim("the revision of the bind", says(evidence.SourceDecision, d.Bind.ResourceVersion), says(evidence.SourceAudit, audit),
		says(f.bind.stateSource(), numeral(f.bind.number)))
	if d.Node != "" {
		claim("the node of the bind", says(evidence.SourceDecision, d.Node), says(f.bind.stateSource(), f.bind.state.node))
	}
}

func (r *revision) stateSource() evidence.Source {
	if r.from != "" {
		return r.from
	}
	return r.otherSource()
}

// comparePresence finds revisions that etcd does not have although it has later
// ones of the same key. Where etcd cannot be read, or a value was compacted,
// that is no disagreement.
func (f *facts) comparePresence(claim claimer) {
	if f.record.Dropped > 0 || !f.available(evidence.SourceEtcd) {
		return
	}
	var newest, oldest int64
	for _, r := range f.revisions {
		if r.etcd != nil {
			newest = max(newest, r.number)
			if oldest == 0 {
				oldest = r.number
			}
		}
	}
	for _, r := range f.revisions {
		if r.etcd == nil && oldest < r.number && r.number < newest {
			_, by := r.seenAt()
			claim(fmt.Sprintf("whether the key has a revision %d", r.number), says(by, "yes"), says(evidence.SourceEtcd, "no entry of it"))
		}
	}
}

// sources counts the entries of each source.
func (f *facts) sources() []v1alpha1.EvidenceSource {
	counts := map[evidence.Source]int32{}
	for _, e := range f.record.Entries {
		counts[e.Source]++
	}
	sources := make([]v1alpha1.EvidenceSource, 0, len(f.record.Sources))
	for _, s := range f.record.Sources {
		sources = append(sources, v1alpha1.EvidenceSource{
			Name: string(s.Source), Available: s.Available, Reason: clip(s.Reason, maxLine), Entries: counts[s.Source],
		})
	}
	return sources
}
