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
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// asker makes a question, or none where the run does not answer it. No question's
// text may hold the answer to another one.
type asker func(*story.Story) (Question, bool)

var (
	podQuestions = []asker{
		askStep, askStateAfterStep6, askWithoutWrite, askBindRevision, askSecondNode, askFirstPlace,
		askCode, askRevisions, askRejections, askStatusWriter, askAuthorization, askUser, askLevel,
	}
	requestQuestions = []asker{askMade, askBefore, askNext, askCode, askAuthorization, askUser, askLevel}
)

// quiz asks about this run.
func quiz(tale *story.Story) []Question {
	askers := requestQuestions
	if tale.OfPod() {
		askers = podQuestions
	}
	var questions []Question
	for _, ask := range askers {
		if q, ok := ask(tale); ok {
			questions = append(questions, q)
		}
	}
	return questions
}

const (
	answerNever      = "It was never assigned to one"
	answerNotReached = "None: it did not get that far"
)

func askStep(tale *story.Story) (Question, bool) {
	q := Question{
		ID: "assigned-step", Question: "At which step was the pod assigned to a node?",
		Choices: []string{"Step 1", "Step 2", "Step 4", "Step 5", answerNever},
	}
	switch {
	case tale.Bind != nil:
		q.Answer = "Step 4"
		q.Why = prose.Sentence(bindText(tale))
	case tale.NamedNode():
		q.Answer = "Step 1"
		q.Why = prose.Sentence("the request itself named the node " + tale.NodeName())
	case tale.Refused || tale.DryRun || len(tale.Revisions) > 0:
		q.Answer = answerNever
		q.Why = prose.Sentence("the outcome is " + string(tale.Outcome) + ": " + tale.Reason)
	default:
		return q, false
	}
	return q, true
}

func askStateAfterStep6(tale *story.Story) (Question, bool) {
	q := Question{
		ID: "state-after-step-6", Question: "What was the request's state after step 6?",
		Choices: []string{
			string(story.Pending), string(story.Unschedulable), string(story.SchedulingGated), string(story.Scheduled),
			string(story.Running), string(story.Succeeded), string(story.Failed), string(story.Deleted), answerNotReached,
		},
	}
	if tale.Refused || tale.DryRun {
		q.Answer, q.Why = answerNotReached, prose.Sentence("the outcome is "+string(tale.Outcome)+", so etcd kept no state of the request")
		return q, true
	}
	if tale.Kept() == nil {
		return q, false
	}
	q.Answer = stateAfterStep6(tale)
	q.Why = prose.Sentence(stateText(tale, tale.Kept()))
	return q, slices.Contains(q.Choices, q.Answer)
}

func askWithoutWrite(tale *story.Story) (Question, bool) {
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
	case tale.Outcome == story.Error:
		return q, false
	case tale.Refused || tale.DryRun:
		q.Answer = unchanged
		q.Why = prose.Sentence("the outcome is " + string(tale.Outcome) + ", so there was no object of it to write")
	case !tale.Stored():
		return q, false
	case tale.First == nil:
		q.Why = prose.Sentences("the API server answers a create only after etcd has stored the object, and watches deliver only what is stored",
			tale.Missing(evidence.SourceEtcd, "first revision of the key"))
	default:
		q.Why = prose.Sentence(fmt.Sprintf("the API server answers a create only after etcd has stored it, here as revision %d, and watches deliver only what is stored", tale.First.Number))
	}
	return q, true
}

func askBindRevision(tale *story.Story) (Question, bool) {
	if tale.Bind == nil || tale.Bind.Number == 0 {
		return Question{}, false
	}
	q := Question{ID: "bind-revision", Question: "Which revision of etcd made the bind?", Answer: revisionName(tale.Bind.Number)}
	if len(tale.Revisions) > 1 {
		for _, r := range tale.Revisions[:min(len(tale.Revisions), prose.MaxTold)] {
			q.Choices = append(q.Choices, revisionName(r.Number))
		}
	}
	q.Why = prose.Sentence(bindText(tale))
	return q, true
}

func revisionName(n int64) string { return "Revision " + strconv.FormatInt(n, 10) }

// askSecondNode asks only where one node came second alone.
func askSecondNode(tale *story.Story) (Question, bool) {
	d := tale.Decided()
	if d == nil || d.Node == "" {
		return Question{}, false
	}
	ranked := slices.DeleteFunc(slices.Clone(d.Nodes), func(n evidence.NodeVerdict) bool { return !n.Feasible || len(n.Scores) == 0 })
	slices.SortStableFunc(ranked, func(a, b evidence.NodeVerdict) int { return cmp.Compare(b.Total, a.Total) })
	if len(ranked) < 2 || ranked[0].Total == ranked[1].Total || len(ranked) > 2 && ranked[1].Total == ranked[2].Total {
		return Question{}, false
	}
	first, second := ranked[0], ranked[1]
	q := Question{ID: "second-node", Question: "Which node came second when the scheduler scored them, and why?", Answer: second.Name}
	for _, n := range ranked[:min(len(ranked), prose.MaxTold)] {
		q.Choices = append(q.Choices, n.Name)
	}
	slices.Sort(q.Choices)
	q.Why = prose.Sentences(fmt.Sprintf("%s got %d points, %s got %d", second.Name, second.Total, first.Name, first.Total), pointsLost(first, second))
	return q, true
}

// pointsLost names the plugins that made the difference.
func pointsLost(first, second evidence.NodeVerdict) string {
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

func askFirstPlace(tale *story.Story) (Question, bool) {
	if tale.First == nil {
		return Question{}, false
	}
	return Question{
		ID: "first-place", Question: "Where was the pod first, before any other component could know of it?",
		Choices: []string{"In the queue of the scheduler", "On its node", "In etcd, as a stored object", "In the work queue of a controller"},
		Answer:  "In etcd, as a stored object",
		Why:     prose.Sentence(stateText(tale, tale.First) + "; watches deliver what is stored there"),
	}, true
}

func askCode(tale *story.Story) (Question, bool) {
	if tale.Asked == nil || !tale.Asked.Answered || tale.Asked.Code == 0 {
		return Question{}, false
	}
	codes := []int{200, 201, 400, 401, 403, 409, 422, 500}
	if !slices.Contains(codes, int(tale.Asked.Code)) {
		codes = append(codes, int(tale.Asked.Code))
		slices.Sort(codes)
	}
	q := Question{
		ID: "answer-code", Question: "With which HTTP status code did the API server answer the client's first request?",
		Answer: "HTTP " + strconv.Itoa(int(tale.Asked.Code)), Why: prose.Sentence(bodyText(tale.Asked) + ", audit ID " + tale.Asked.AuditID),
	}
	for _, c := range codes {
		q.Choices = append(q.Choices, "HTTP "+strconv.Itoa(c))
	}
	return q, true
}

func askRevisions(tale *story.Story) (Question, bool) {
	q := Question{ID: "revision-count", Question: "How many states of the object did etcd keep for this request?"}
	switch {
	case tale.Outcome == story.Error && tale.LastAbsent() == nil:
		return q, false
	case tale.Refused || tale.DryRun:
		q.Answer, q.Why = "0 states", prose.Sentence("nothing was written for it"+proof(tale))
		if tale.Outcome == story.AlreadyExists {
			q.Why = prose.Sentence(existing(tale))
		}
	case len(tale.Revisions) == 0 || tale.Record.Dropped > 0 || !tale.Available(evidence.SourceEtcd) || etcdGap(tale, tale.Revisions) != "":
		return q, false
	default:
		q.Answer, q.Why = prose.Count(len(tale.Revisions), "state"), prose.Sentence(countedText(tale, tale.Revisions))
	}
	return q, true
}

func askRejections(tale *story.Story) (Question, bool) {
	if tale.Bind != nil {
		return Question{}, false
	}
	d := tale.Decided()
	if d == nil {
		return Question{}, false
	}
	groups := rejections(*d)
	if len(groups) == 0 || groups[0].Nodes == 0 || len(groups) > 1 && groups[0].Nodes == groups[1].Nodes {
		return Question{}, false
	}
	return Question{
		ID: "most-rejections", Question: "Which plugin of the scheduler turned down the most nodes, and for which reason?",
		Answer: groups[0].Plugin + ": " + groups[0].Reason, Why: prose.Sentence(RejectionLine(groups[0])),
	}, true
}

func askStatusWriter(tale *story.Story) (Question, bool) {
	writes := tale.RunWrites()
	if len(writes) == 0 || writes[0].Write == nil {
		return Question{}, false
	}
	first := writes[0]
	q := Question{
		ID: "status-writer", Question: "Which component wrote the first status after the bind?",
		Choices: []string{component.APIServer, component.Manager, component.Scheduler, component.Etcd},
		Answer:  first.Write.Actor(),
		Why:     prose.Sentence(fmt.Sprintf("user %s wrote revision %d, audit ID %s", first.Write.User, first.Number, first.Write.AuditID)),
	}
	if !slices.Contains(q.Choices, q.Answer) {
		q.Choices = append(q.Choices, q.Answer)
		slices.Sort(q.Choices)
	}
	return q, true
}

func askUser(tale *story.Story) (Question, bool) {
	if tale.Asked == nil || tale.Asked.User == "" {
		return Question{}, false
	}
	return Question{
		ID: "request-user", Question: "Which user sent the first request, as the API server saw it?", Answer: tale.Asked.User,
		Why: prose.Sentence("the audit event " + tale.Asked.AuditID + " has it, with user agent " + cmp.Or(tale.Asked.UserAgent, "(none)")),
	}, true
}

// askLevel asks where the level limits what is known.
func askLevel(tale *story.Story) (Question, bool) {
	if tale.Asked == nil || tale.Asked.Level == "" || tale.Asked.Level == "RequestResponse" {
		return Question{}, false
	}
	return Question{
		ID: "audit-level", Question: "At which level did the audit log keep the first request?",
		Choices: []string{"Metadata", "Request", "RequestResponse"}, Answer: tale.Asked.Level,
		Why: "That level keeps no response, so the log alone does not say which revision a write made.",
	}, true
}

func askAuthorization(tale *story.Story) (Question, bool) {
	if tale.Asked == nil || tale.Asked.Annotations[story.AnnotationReason] == "" {
		return Question{}, false
	}
	return Question{
		ID: "authorization-reason", Question: "Which reason did authorization give for its decision on the request?",
		Answer: prose.Clip(tale.Asked.Annotations[story.AnnotationReason], prose.MaxLine),
		Why:    prose.Sentence("the audit event " + tale.Asked.AuditID + " has it as the annotation " + story.AnnotationReason),
	}, true
}
