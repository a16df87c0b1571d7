// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// quiz asks about this run. Each maker gives a question, or false where the run
// does not answer it. No question's text may hold the answer to another one.
func (f *facts) quiz() []Question {
	var questions []Question
	for _, ask := range []func() (Question, bool){
		f.askStep, f.askStateAfterStep6, f.askWithoutWrite, f.askBindRevision, f.askSecondNode, f.askFirstPlace,
		f.askCode, f.askRevisions, f.askRejections, f.askStatusWriter, f.askAuthorization, f.askUser, f.askLevel,
	} {
		if q, ok := ask(); ok {
			questions = append(questions, q)
		}
	}
	return questions
}

const (
	answerNever      = "It was never assigned to one"
	answerNotReached = "None: it did not get that far"
)

func (f *facts) askStep() (Question, bool) {
	q := Question{
		ID: "assigned-step", Question: "At which step was the pod assigned to a node?",
		Choices: []string{"Step 1", "Step 2", "Step 4", "Step 5", answerNever},
	}
	switch {
	case f.bind != nil:
		q.Answer = "Step 4"
		q.Why = sentence(f.bindText())
	case f.namedNode():
		q.Answer = "Step 1"
		q.Why = sentence("the request itself named the node " + f.nodeName())
	case f.refused || f.dryRun || len(f.revisions) > 0:
		q.Answer = answerNever
		q.Why = sentence("the outcome is " + string(f.outcome) + ": " + f.reason)
	default:
		return q, false
	}
	return q, true
}

func (f *facts) askStateAfterStep6() (Question, bool) {
	q := Question{
		ID: "state-after-step-6", Question: "What was the request's state after step 6?",
		Choices: []string{
			string(OutcomePending), string(OutcomeUnschedulable), string(OutcomeSchedulingGated), string(OutcomeScheduled),
			string(OutcomeRunning), string(OutcomeSucceeded), string(OutcomeFailed), string(OutcomeDeleted), answerNotReached,
		},
	}
	if f.refused || f.dryRun {
		q.Answer, q.Why = answerNotReached, sentence("the outcome is "+string(f.outcome)+", so etcd kept no state of the request")
		return q, true
	}
	if f.kept() == nil {
		return q, false
	}
	q.Answer = f.stateAfterStep6()
	q.Why = sentence(f.kept().stateText())
	return q, slices.Contains(q.Choices, q.Answer)
}

func (f *facts) askWithoutWrite() (Question, bool) {
	const (
		refused   = "The client would have got an error, and no other component would have heard of the pod"
		cached    = "The scheduler would have taken the pod from the API server's memory"
		retried   = "The client would have got a success, and the API server would have written it later"
		unchanged = "Nothing: this request stored nothing anyway"
	)
	q := Question{
		ID: "no-write", Question: "What would have changed if the API server had not been able to write to etcd?",
		Choices: []string{retried, cached, unchanged, refused}, Answer: refused,
	}
	switch {
	case f.outcome == OutcomeError:
		return q, false
	case f.refused || f.dryRun:
		q.Answer = unchanged
		q.Why = sentence("the outcome is " + string(f.outcome) + ", so there was no object of it to write")
	case !f.stored():
		return q, false
	case f.first == nil:
		q.Why = sentences("the API server answers a create only after etcd has stored the object, and watches deliver only what is stored",
			f.missing(evidence.SourceEtcd, "first revision of the key"))
	default:
		q.Why = sentence(fmt.Sprintf("the API server answers a create only after etcd has stored it, here as revision %d, and watches deliver only what is stored", f.first.number))
	}
	return q, true
}

func (f *facts) askBindRevision() (Question, bool) {
	if f.bind == nil || f.bind.number == 0 {
		return Question{}, false
	}
	q := Question{ID: "bind-revision", Question: "Which revision of etcd made the bind?", Answer: revisionName(f.bind.number)}
	if len(f.revisions) > 1 {
		for _, r := range f.revisions[:min(len(f.revisions), maxTold)] {
			q.Choices = append(q.Choices, revisionName(r.number))
		}
	}
	q.Why = sentence(f.bindText())
	return q, true
}

func revisionName(n int64) string { return "Revision " + strconv.FormatInt(n, 10) }

// askSecondNode asks only where one node came second alone.
func (f *facts) askSecondNode() (Question, bool) {
	d := f.decided()
	if d == nil || d.Node == "" {
		return Question{}, false
	}
	ranked := slices.DeleteFunc(slices.Clone(d.Nodes), func(n framework.NodeVerdict) bool { return !n.Feasible || len(n.Scores) == 0 })
	slices.SortStableFunc(ranked, func(a, b framework.NodeVerdict) int { return cmp.Compare(b.Total, a.Total) })
	if len(ranked) < 2 || ranked[0].Total == ranked[1].Total || len(ranked) > 2 && ranked[1].Total == ranked[2].Total {
		return Question{}, false
	}
	first, second := ranked[0], ranked[1]
	q := Question{ID: "second-node", Question: "Which node came second when the scheduler scored them, and why?", Answer: second.Name}
	for _, n := range ranked[:min(len(ranked), maxTold)] {
		q.Choices = append(q.Choices, n.Name)
	}
	slices.Sort(q.Choices)
	q.Why = sentences(fmt.Sprintf("%s got %d points, %s got %d", second.Name, second.Total, first.Name, first.Total), pointsLost(first, second))
	return q, true
}

// pointsLost names the plugins that made the difference.
func pointsLost(first, second framework.NodeVerdict) string {
	text := ""
	for _, a := range first.Scores {
		for _, b := range second.Scores {
			if a.Plugin != b.Plugin || a.Weighted == b.Weighted {
				continue
			}
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s gave %d against %d", a.Plugin, b.Weighted, a.Weighted)
		}
	}
	return text
}

func (f *facts) askFirstPlace() (Question, bool) {
	if f.first == nil {
		return Question{}, false
	}
	return Question{
		ID: "first-place", Question: "Where was the pod first, before any other component could know of it?",
		Choices: []string{"In the queue of the scheduler", "On its node", "In etcd, as a stored object", "In the work queue of a controller"},
		Answer:  "In etcd, as a stored object",
		Why:     sentence(f.first.stateText() + "; watches deliver what is stored there"),
	}, true
}

func (f *facts) askCode() (Question, bool) {
	if f.create == nil || !f.create.Answered || f.create.Code == 0 {
		return Question{}, false
	}
	codes := []int{200, 201, 400, 401, 403, 409, 422, 500}
	if !slices.Contains(codes, int(f.create.Code)) {
		codes = append(codes, int(f.create.Code))
		slices.Sort(codes)
	}
	q := Question{
		ID: "answer-code", Question: "With which HTTP status code did the API server answer the client's first request?",
		Answer: "HTTP " + strconv.Itoa(int(f.create.Code)), Why: sentence(bodyText(f.create) + ", audit ID " + f.create.AuditID),
	}
	for _, c := range codes {
		q.Choices = append(q.Choices, "HTTP "+strconv.Itoa(c))
	}
	return q, true
}

func (f *facts) askRevisions() (Question, bool) {
	q := Question{ID: "revision-count", Question: "How many states of the object did etcd keep for this request?"}
	switch {
	case f.outcome == OutcomeError && f.lastAbsent() == nil:
		return q, false
	case f.refused || f.dryRun:
		q.Answer, q.Why = "0 states", sentence("nothing was written for it"+f.proof())
		if f.outcome == OutcomeAlreadyExists {
			q.Why = sentence(f.existing())
		}
	case len(f.revisions) == 0 || f.record.Dropped > 0 || !f.available(evidence.SourceEtcd) || f.etcdGap() != "":
		return q, false
	default:
		q.Answer, q.Why = count(len(f.revisions), "state"), sentence(f.keptText())
	}
	return q, true
}

func (f *facts) askRejections() (Question, bool) {
	if f.bind != nil {
		return Question{}, false
	}
	d := f.decided()
	if d == nil {
		return Question{}, false
	}
	groups := rejections(*d)
	if len(groups) == 0 || groups[0].Nodes == 0 || len(groups) > 1 && groups[0].Nodes == groups[1].Nodes {
		return Question{}, false
	}
	return Question{
		ID: "most-rejections", Question: "Which plugin of the scheduler turned down the most nodes, and for which reason?",
		Answer: groups[0].Plugin + ": " + groups[0].Reason, Why: sentence(RejectionLine(groups[0])),
	}, true
}

func (f *facts) askStatusWriter() (Question, bool) {
	writes := f.runWrites()
	if len(writes) == 0 || writes[0].write == nil {
		return Question{}, false
	}
	first := writes[0]
	q := Question{
		ID: "status-writer", Question: "Which component wrote the first status after the bind?",
		Choices: []string{component.APIServer, component.Manager, component.Scheduler, component.Etcd},
		Answer:  first.write.Actor(),
		Why:     sentence(fmt.Sprintf("user %s wrote revision %d, audit ID %s", first.write.User, first.number, first.write.AuditID)),
	}
	if !slices.Contains(q.Choices, q.Answer) {
		q.Choices = append(q.Choices, q.Answer)
		slices.Sort(q.Choices)
	}
	return q, true
}

func (f *facts) askUser() (Question, bool) {
	if f.create == nil || f.create.User == "" {
		return Question{}, false
	}
	return Question{
		ID: "request-user", Question: "Which user sent the first request, as the API server saw it?", Answer: f.create.User,
		Why: sentence("the audit event " + f.create.AuditID + " has it, with user agent " + cmp.Or(f.create.UserAgent, "(none)")),
	}, true
}

// askLevel asks where the level limits what is known.
func (f *facts) askLevel() (Question, bool) {
	if f.create == nil || f.create.Level == "" || f.create.Level == "RequestResponse" {
		return Question{}, false
	}
	return Question{
		ID: "audit-level", Question: "At which level did the audit log keep the first request?",
		Choices: []string{"Metadata", "Request", "RequestResponse"}, Answer: f.create.Level,
		Why: "That level keeps no response, so the log alone does not say which revision a write made.",
	}, true
}

func (f *facts) askAuthorization() (Question, bool) {
	if f.create == nil || f.create.Annotations[annotationReason] == "" {
		return Question{}, false
	}
	return Question{
		ID: "authorization-reason", Question: "Which reason did authorization give for its decision on the request?",
		Answer: clip(f.create.Annotations[annotationReason], maxLine),
		Why:    sentence("the audit event " + f.create.AuditID + " has it as the annotation " + annotationReason),
	}, true
}
