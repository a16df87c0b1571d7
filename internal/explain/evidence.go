// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// receivedEvidence is the stage RequestReceived of a request. Where only a later
// stage was kept, that one still has the time of arrival.
func receivedEvidence(r *assemble.Request, summary string, details ...string) v1alpha1.Evidence {
	e := auditEvidence(r, summary, details...)
	e.Time, e.Code, e.ModRevision = prose.Micro(r.ReceivedAt), 0, 0
	if r.Received {
		e.Stage = "RequestReceived"
	}
	return e
}

// auditEvidence is the last recorded stage of a request.
func auditEvidence(r *assemble.Request, summary string, details ...string) v1alpha1.Evidence {
	if text := story.ReadsText(r); text != "" {
		details = append(details, text)
	}
	return v1alpha1.Evidence{
		Source: string(evidence.SourceAudit), Summary: prose.Clip(summary, prose.MaxLine), Time: prose.Micro(r.StageAt),
		AuditID: r.AuditID, Stage: r.Stage, User: r.User, UserAgent: r.UserAgent,
		Verb: r.Verb, URI: r.URI, Code: r.Code, ModRevision: r.ResponseRevision,
		Details: bounded(details),
	}
}

// etcdEvidence is a revision as etcd has it.
func etcdEvidence(e *evidence.Entry, summary string, details ...string) v1alpha1.Evidence {
	if e.Etcd.Unavailable != "" {
		details = append(details, "value not available: "+e.Etcd.Unavailable)
	}
	return v1alpha1.Evidence{
		Source: string(evidence.SourceEtcd), Summary: prose.Clip(summary, prose.MaxLine), Time: prose.Micro(e.Time),
		Key: e.Etcd.Key, CreateRevision: e.Etcd.CreateRevision, ModRevision: e.Etcd.ModRevision,
		Bytes: e.Etcd.Bytes, Details: bounded(details),
	}
}

// absentEvidence is a read of etcd that found nothing.
func absentEvidence(e *evidence.Entry) v1alpha1.Evidence {
	return etcdEvidence(e, fmt.Sprintf("a read of etcd at revision %d found nothing under %s", e.Etcd.ReadRevision, e.Etcd.Key))
}

// watchEvidence is a watch event, with its lag behind the API server's answer
// to the write where both are known.
func watchEvidence(r *timeline.Revision, details ...string) v1alpha1.Evidence {
	w := r.Watch.Watch
	e := v1alpha1.Evidence{
		Source: string(evidence.SourceWatch), Time: prose.Micro(w.ArrivedAt), ModRevision: r.Number,
		Summary: fmt.Sprintf("the observer's watch got %s at revision %d", w.Type, r.Number),
	}
	if w.Initial {
		e.Summary = fmt.Sprintf("the observer's list had revision %d before its watch began", r.Number)
	} else if lag, ok := lagOf(r, w.ArrivedAt); ok {
		e.Lag = lag
		details = append(details, lagText(lag, "the observer's clock"))
	}
	e.Details = bounded(details)
	return e
}

// lagOf is the time from the API server's answer to a write until a watcher saw
// the write. It is negative where the watch was faster than the answer.
func lagOf(r *timeline.Revision, seen time.Time) (*metav1.Duration, bool) {
	if r == nil || r.Write == nil || r.Write.AnsweredAt().IsZero() || seen.IsZero() {
		return nil, false
	}
	return &metav1.Duration{Duration: seen.Sub(r.Write.AnsweredAt())}, true
}

func lagText(lag *metav1.Duration, watcher string) string {
	relation := "after"
	if lag.Duration < 0 {
		relation = "before"
	}
	return fmt.Sprintf("the watch event came %s %s the answer to the write was sent (%s against the API server's clock in the audit log)",
		prose.Span(lag.Abs()), relation, watcher)
}

// bounded keeps the details that the API holds room for, each no longer than prose.MaxLine.
func bounded(details []string) []string {
	if len(details) > maxDetails {
		more := len(details) - maxDetails + 1
		details = append(slices.Clone(details[:maxDetails-1]), fmt.Sprintf("… and %d more", more))
	}
	var kept []string
	for _, d := range details {
		if d != "" {
			kept = append(kept, prose.Clip(d, prose.MaxLine))
		}
	}
	return kept
}

// boundedEvidence keeps the first and the last pieces of evidence: the middle
// of a long life repeats itself.
func boundedEvidence(all []v1alpha1.Evidence) []v1alpha1.Evidence {
	if len(all) <= maxEvidence {
		return all
	}
	half := maxEvidence / 2
	kept := slices.Concat(all[:half], all[len(all)-half:])
	note := fmt.Sprintf("%d pieces of evidence between the one before and this one are left out", len(all)-maxEvidence)
	kept[half].Details = bounded(append([]string{note}, kept[half].Details...))
	return kept
}

// annotations lists the audit annotations of a request, sorted by key.
func annotations(r *assemble.Request) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(r.Annotations)) {
		lines = append(lines, key+": "+r.Annotations[key])
	}
	return lines
}
