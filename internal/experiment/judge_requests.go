// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/history"
)

// answer is the audit log's last word on a request; nil where it has none.
func (e *Evidence) answer(auditID string) *AuditEvent {
	for i := range e.Audit {
		if e.Audit[i].AuditID == auditID {
			return &e.Audit[i]
		}
	}
	return nil
}

func (e *Evidence) requestOf(step string) *RequestResult {
	for i := range e.Steps {
		if e.Steps[i].Name == step {
			return e.Steps[i].Request
		}
	}
	return nil
}

func (e *Evidence) request(c *RequestCondition) Finding {
	f := Finding{Wanted: c.wanted()}
	r := e.requestOf(c.Step)
	if r == nil {
		f.Found = "the request was not sent"
		return f
	}
	code, found := r.Code, "the client had no answer"
	if r.AnsweredAt != nil {
		found = fmt.Sprintf("the client was answered %d after %s: %s", r.Code, r.AnsweredAt.Sub(r.SentAt.Time).Round(time.Millisecond), clip(r.Says))
	} else if r.Says != "" {
		found += ": " + clip(r.Says)
	}
	switch answer := e.answer(r.AuditID); {
	case answer != nil:
		code = answer.Code
		found += fmt.Sprintf("; the audit log has the answer %d", answer.Code)
		f.Evidence = append(f.Evidence, "audit "+r.AuditID)
	case e.NoAudit != "":
		found += "; the audit log is not available: " + e.NoAudit
	default:
		found += "; the audit log has no answer"
	}
	f.Found = found
	f.Holds = (c.Answered == nil || *c.Answered == (r.AnsweredAt != nil)) &&
		(c.Codes == nil || slices.Contains(c.Codes, code)) &&
		strings.Contains(r.Says, c.Says) &&
		(c.Took == nil || r.AnsweredAt != nil && c.Took.holds(r.AnsweredAt.Sub(r.SentAt.Time)))
	return f
}

func (c *RequestCondition) wanted() string {
	var parts []string
	if c.Answered != nil {
		parts = append(parts, map[bool]string{true: "is answered", false: "is not answered"}[*c.Answered])
	}
	if c.Codes != nil {
		parts = append(parts, "gets "+codes(c.Codes))
	}
	if c.Says != "" {
		parts = append(parts, fmt.Sprintf("says %q", c.Says))
	}
	if c.Took != nil {
		parts = append(parts, "takes "+c.Took.wanted())
	}
	return fmt.Sprintf("the request of step %s %s", c.Step, strings.Join(parts, " and "))
}

func codes(all []int) string {
	parts := make([]string, 0, len(all))
	for _, code := range all {
		parts = append(parts, fmt.Sprint(code))
	}
	return strings.Join(parts, " or ")
}

func (e *Evidence) audit(c *AuditCondition) Finding {
	f := Finding{Wanted: c.wanted()}
	if e.NoAudit != "" {
		f.Unavailable = e.NoAudit
		return f
	}
	var after, before time.Time
	for name, at := range map[string]*time.Time{c.After: &after, c.Before: &before} {
		if name == "" {
			continue
		}
		m, ok := e.mark(name)
		if !ok {
			return f.never(name)
		}
		*at = m.at
	}
	var found []string
	for i := range e.Audit {
		a := &e.Audit[i]
		if !c.matches(a, e.Namespace) || !after.IsZero() && !a.ReceivedAt.After(after) || !before.IsZero() && !a.ReceivedAt.Before(before) {
			continue
		}
		found = append(found, fmt.Sprintf("%s %s %d by %s", a.Verb, a.Name, a.Code, a.By()))
		if len(f.Evidence) < 10 {
			f.Evidence = append(f.Evidence, "audit "+a.AuditID)
		}
	}
	f.Holds = c.Count.holds(len(found))
	f.Found = fmt.Sprintf("%d such requests", len(found))
	if len(found) > 0 {
		f.Found += ": " + list(found)
	}
	return f
}

func (c *AuditCondition) matches(a *AuditEvent, namespace string) bool {
	resource, group, _ := strings.Cut(c.Resource, ".")
	return a.Resource == resource && (group == "" || a.Group == group) && a.Subresource == c.Subresource &&
		(c.Name == "" || a.Name == c.Name) && (a.Namespace == "" || a.Namespace == namespace) &&
		(c.Verbs == nil || slices.Contains(c.Verbs, a.Verb)) &&
		(c.Codes == nil || slices.Contains(c.Codes, a.Code)) &&
		(c.By == "" || a.By() == c.By) && (!c.Binds || a.Node != "")
}

func (c *AuditCondition) wanted() string {
	what := "requests"
	if c.Binds {
		what = "binds"
	}
	if len(c.Verbs) > 0 {
		what += " to " + strings.Join(c.Verbs, " or ")
	}
	what += " " + c.Resource
	if c.Subresource != "" {
		what += "/" + c.Subresource
	}
	if c.Name != "" {
		what += " " + c.Name
	}
	if c.By != "" {
		what += " by " + c.By
	}
	if c.Codes != nil {
		what += " with the answer " + codes(c.Codes)
	}
	return c.Count.wanted() + " " + what
}

func (e *Evidence) watch(c *WatchCondition) Finding {
	f := Finding{Wanted: c.wanted()}
	seen, ok := e.Watches[c.Step][c.At]
	if !ok {
		f.Found = "the watch did not run"
		return f
	}
	like, differs := e.likeEtcd(c.Step, c.At, seen)
	f.Found = fmt.Sprintf("it listed %d times, its revision was too old %d times, and it knows %d objects: %s", seen.Lists, seen.Expired, len(seen.Known), differs)
	f.Holds = (c.Expired == nil || c.Expired.holds(seen.Expired)) && (c.Lists == nil || c.Lists.holds(seen.Lists)) &&
		(c.LikeEtcd == nil || *c.LikeEtcd == like)
	return f
}

// likeEtcd compares what the client of a watch knows with what etcd held then.
func (e *Evidence) likeEtcd(step, at string, seen WatchSeen) (bool, string) {
	revision := e.History.Last()
	if m, ok := e.mark(at); ok && at != "" {
		revision = m.revision
	}
	stored := map[string]int64{}
	about := State{Resource: e.watched(step)}
	for _, v := range e.History.Objects(revision, func(o history.Object) bool { return e.selects(&about, o) }) {
		stored[v.Object.Namespace+"/"+v.Object.Name] = v.Revision
	}
	var differing []string
	for name, revision := range stored {
		if seen.Known[name] != revision {
			differing = append(differing, fmt.Sprintf("%s is at revision %d, and it knows %d", name, revision, seen.Known[name]))
		}
	}
	for name := range seen.Known {
		if _, ok := stored[name]; !ok {
			differing = append(differing, name+" is no longer in etcd")
		}
	}
	if len(differing) == 0 {
		return true, "as etcd has them"
	}
	slices.Sort(differing)
	return false, list(differing)
}

// watched is the resource that the watch of a step follows, as the step's line says.
func (e *Evidence) watched(step string) string {
	for i := range e.Steps {
		if e.Steps[i].Name == step {
			return e.Steps[i].Watched
		}
	}
	return ""
}

func (c *WatchCondition) wanted() string {
	var parts []string
	if c.Expired != nil {
		parts = append(parts, "is told "+c.Expired.wanted()+" times that its revision is too old")
	}
	if c.Lists != nil {
		parts = append(parts, "lists "+c.Lists.wanted()+" times")
	}
	if c.LikeEtcd != nil {
		parts = append(parts, map[bool]string{true: "knows what etcd holds", false: "does not know what etcd holds"}[*c.LikeEtcd])
	}
	what := fmt.Sprintf("the watch of step %s %s", c.Step, strings.Join(parts, " and "))
	if c.At != "" {
		what += ", at " + c.At
	}
	return what
}

func (e *Evidence) drain(c *DrainCondition) Finding {
	f := Finding{Wanted: fmt.Sprintf("the drain of step %s %s", c.Step, c.wanted())}
	seen, ok := e.Drains[c.Step]
	if !ok {
		f.Found = "the drain did not run"
		return f
	}
	said := func(line string) bool { return strings.Contains(line, c.Says) }
	f.Holds = (c.Ended == nil || *c.Ended == seen.Ended) && (c.Failed == nil || *c.Failed == (seen.Problem != "")) &&
		(c.Says == "" || slices.ContainsFunc(seen.Told, said))
	switch {
	case !seen.Ended:
		f.Found = "it still waits"
	case seen.Problem != "":
		f.Found = "it failed: " + clip(seen.Problem)
	default:
		f.Found = "it has emptied the node"
	}
	if i := slices.IndexFunc(seen.Told, said); c.Says != "" && i >= 0 {
		f.Found += "; it said: " + clip(seen.Told[i])
	}
	return f
}

func (c *DrainCondition) wanted() string {
	var parts []string
	if c.Ended != nil {
		parts = append(parts, map[bool]string{true: "has ended", false: "still waits"}[*c.Ended])
	}
	if c.Failed != nil {
		parts = append(parts, map[bool]string{true: "failed", false: "did not fail"}[*c.Failed])
	}
	if c.Says != "" {
		parts = append(parts, fmt.Sprintf("has said %q", c.Says))
	}
	return strings.Join(parts, " and ")
}
