// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/history"
	"github.com/glassplane/glassplane/internal/invariant"
)

const (
	// readyTimeout bounds the wait for what is set up, and settleTimeout that for all to
	// come to its end once it is healed.
	readyTimeout  = 60 * time.Second
	settleTimeout = 60 * time.Second
	// healTimeout bounds the healing of everything, also after an interruption.
	healTimeout = 2 * time.Minute
	// pollInterval is how often conditions are looked at.
	pollInterval = 50 * time.Millisecond
	// auditPatience is how long the audit log may take to have what was answered.
	auditPatience = 3 * time.Second
)

// Options of a run.
type Options struct {
	// Namespace of the experiment's objects. Default: default.
	Namespace string
	// Predict is asked before the first step, and returns the choices by question; nil
	// where nobody predicts.
	Predict func(context.Context, experiment.Listing) (map[string]string, error)
	// Tell is told what is done. Default: nobody is.
	Tell func(format string, args ...any)
}

// ErrUnmet is wrapped by the error of Run where the control plane does not offer what
// an experiment needs. Nothing was done then.
var ErrUnmet = errors.New("this control plane does not offer what the experiment needs")

// Run does an experiment to a control plane. What it breaks is healed before it
// returns, and what it makes is deleted: also when ctx ends, and when a step panics.
// The error says what went wrong beside the experiment's own outcome, which may be
// missing then.
func Run(ctx context.Context, plane Plane, e *experiment.Experiment, opts Options) (result experiment.Result, err error) {
	if unmet := e.Unmet(plane.Offer); len(unmet) > 0 {
		return result, fmt.Errorf("%w: %s", ErrUnmet, strings.Join(unmet, "; "))
	}
	r, err := newRun(ctx, plane, e, opts)
	if err != nil {
		return result, err
	}
	defer r.close()
	return r.run(ctx)
}

// run is one run of an experiment.
type run struct {
	plane  Plane
	of     *experiment.Experiment
	opts   Options
	sender *sender
	etcd   *recorder
	audit  *auditLog
	// marker is the label of what the run makes.
	marker string

	// began is when the first step did.
	began time.Time
	heals []broken
	made  []*call // that delete what was made, in the order of its making
	// background ends with the run, and pending are those that it waits for.
	background context.Context
	end        context.CancelFunc
	pending    sync.WaitGroup

	mu      sync.Mutex
	steps   []experiment.StepResult
	watches map[string]*watcher
	seen    map[string]map[string]experiment.WatchSeen
	drains  map[string]experiment.DrainSeen
}

// broken is something that is to be healed.
type broken struct {
	step string
	heal Heal
}

func newRun(ctx context.Context, plane Plane, e *experiment.Experiment, opts Options) (*run, error) {
	opts.Namespace = cmp.Or(opts.Namespace, metav1.NamespaceDefault)
	if opts.Tell == nil {
		opts.Tell = func(string, ...any) {}
	}
	r := &run{
		plane: plane, of: e, opts: opts, audit: openAudit(plane.AuditLog), marker: runLabel,
		watches: map[string]*watcher{}, seen: map[string]map[string]experiment.WatchSeen{}, drains: map[string]experiment.DrainSeen{},
	}
	var err error
	if r.sender, err = newSender(plane.Config, opts.Namespace); err == nil {
		r.etcd, err = record(ctx, *plane.Etcd)
	}
	if err != nil {
		r.audit.close()
		return nil, err
	}
	r.background, r.end = context.WithCancel(context.WithoutCancel(ctx))
	return r, nil
}

func (r *run) close() {
	r.end()
	r.pending.Wait()
	r.etcd.close()
	r.audit.close()
	r.sender.http.CloseIdleConnections()
}

// run has the phases of a run.
func (r *run) run(ctx context.Context) (result experiment.Result, err error) {
	result = experiment.Result{SchemaVersion: experiment.ResultVersion, Experiment: r.of.Listing(), Explanation: r.of.After, FromRevision: r.etcd.last()}
	var predicted map[string]string
	problem := r.guarded(func() (err error) {
		if err := r.removeLeftovers(ctx); err != nil {
			return err
		}
		if err := r.setUp(ctx); err != nil {
			return err
		}
		if r.opts.Predict != nil {
			if predicted, err = r.opts.Predict(ctx, result.Experiment); err != nil {
				return err
			}
		}
		r.began = time.Now()
		return r.doSteps(ctx, r.of.Steps)
	})
	// From here on nothing is interrupted: what was broken is healed first.
	undoing, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), healTimeout, fmt.Errorf("not all was healed within %s", healTimeout))
	defer cancel()
	healed := r.healAll(undoing)
	if problem == nil && healed == nil {
		problem = r.guarded(func() error { return r.settle(ctx) })
	}
	if r.began.IsZero() {
		r.began = time.Now()
	}
	result.StartedAt = metav1.NewMicroTime(r.began)
	if healed == nil {
		judged := r.guarded(func() error { return r.judge(undoing, &result, predicted) })
		problem = errors.Join(problem, judged)
	}
	cleaned := r.cleanUp(undoing)
	result.Invariants = append(result.Invariants, r.nothingLeft(undoing))
	result.EndedAt = metav1.NewMicroTime(time.Now())
	return r.concluded(ctx, result, problem, errors.Join(healed, cleaned))
}

// guarded turns a panic into an error, so that what was broken is healed.
func (r *run) guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the run panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// concluded says how the run ended.
func (r *run) concluded(ctx context.Context, result experiment.Result, problem, undone error) (experiment.Result, error) {
	unfulfilled, isUnfulfilled := errors.AsType[*unfulfilledError](problem)
	switch {
	case undone != nil:
		result.Outcome, result.Problem = experiment.Failed, undone.Error()
	case ctx.Err() != nil:
		result.Outcome, result.Problem = experiment.Interrupted, "it was interrupted; what was broken is healed"
		return result, context.Cause(ctx)
	case isUnfulfilled:
		result.Outcome, result.Problem = experiment.Differs, unfulfilled.Error()
		return result, nil
	case problem != nil:
		result.Outcome, result.Problem = experiment.Failed, problem.Error()
	default:
		result.Outcome = experiment.AsExpected
		if !result.AllHold() {
			result.Outcome = experiment.Differs
		}
		return result, nil
	}
	return result, errors.Join(problem, undone)
}

// unfulfilledError says that reality did not come to what the file waits for.
type unfulfilledError struct{ text string }

func (e *unfulfilledError) Error() string { return e.text }

// waitFor waits until conditions hold.
func (r *run) waitFor(ctx context.Context, conditions []experiment.Condition, within time.Duration, what string) error {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		holds, first := r.evidence().Holds(conditions)
		if holds {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.C:
			return &unfulfilledError{fmt.Sprintf("%s: waited %s for this: %s; found: %s", what, within, first.Wanted, cmp.Or(first.Unavailable, first.Found))}
		case <-ticker.C:
		}
	}
}

// evidence is what is known now.
func (r *run) evidence() *experiment.Evidence {
	h, _ := r.etcd.view()
	e := &experiment.Evidence{History: h, Namespace: r.opts.Namespace, Moments: r.of.Moments}
	e.Audit, e.NoAudit = r.audit.read()
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Steps = append(e.Steps, r.steps...)
	e.Watches = map[string]map[string]experiment.WatchSeen{}
	for name, w := range r.watches {
		e.Watches[name] = map[string]experiment.WatchSeen{"": w.seen()}
		for at, seen := range r.seen[name] {
			e.Watches[name][at] = seen
		}
	}
	e.Drains = map[string]experiment.DrainSeen{}
	for name, seen := range r.drains {
		e.Drains[name] = seen
	}
	return e
}

// settle waits until everything has come to its end.
func (r *run) settle(ctx context.Context) error {
	if len(r.of.Settled) > 0 {
		r.opts.Tell("waiting until all has come to its end")
	}
	return r.waitFor(ctx, r.of.Settled, settleTimeout, "after healing")
}

// judge compares what was predicted and expected with the evidence.
func (r *run) judge(ctx context.Context, result *experiment.Result, predicted map[string]string) error {
	revision, err := r.etcd.sync(ctx)
	if err != nil {
		return err
	}
	r.awaitAudit(ctx)
	e := r.evidence()
	result.ToRevision = revision
	if _, missing := r.etcd.view(); missing != "" {
		result.Missing = append(result.Missing, "etcd: "+missing)
	}
	if e.NoAudit != "" {
		result.Missing = append(result.Missing, "audit log: "+e.NoAudit)
	}
	result.Steps = stepsWithChanges(e)
	result.Timeline = e.Timeline(r.began)
	result.Tracker = e.Tracker(r.of.Subjects)
	for i := range r.of.Questions {
		q := &r.of.Questions[i]
		result.Questions = append(result.Questions, e.Question(q, predicted[q.ID]))
	}
	for i := range r.of.Checks {
		c := &r.of.Checks[i]
		result.Checks = append(result.Checks, experiment.CheckResult{Says: c.Says, Finding: e.Judge(&c.Condition)})
	}
	result.Invariants = invariants(e)
	r.explain(ctx, e, result)
	return nil
}

// stepsWithChanges adds to each step what etcd stored while it lasted.
func stepsWithChanges(e *experiment.Evidence) []experiment.StepResult {
	steps := append([]experiment.StepResult{}, e.Steps...)
	from := int64(0)
	for i := range steps {
		if steps[i].EndedAt == nil {
			continue
		}
		if i == 0 {
			from = e.History.RevisionAt(steps[i].BeganAt.Time)
		}
		steps[i].Changes, steps[i].ChangesOmitted = e.Changes(from, steps[i].Revision)
		from = max(from, steps[i].Revision)
	}
	return steps
}

// awaitAudit waits a little until the audit log has what was answered before: each line
// is written after the answer. So it asks for one more line, and looks for that, for those
// of the run's own requests and for those that conditions ask about.
func (r *run) awaitAudit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, auditPatience)
	defer cancel()
	asked := r.askForLine(ctx)
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !r.hasLines(asked) {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// askForLine sends a request whose only use is its line in the audit log, and returns
// its audit ID; empty where there will be none.
func (r *run) askForLine(ctx context.Context) string {
	mapping, err := r.sender.mapping("simpods")
	if err != nil {
		return ""
	}
	a := r.sender.send(ctx, r.sender.newCall(http.MethodGet, mapping, "", "what-if-marks-the-audit-log", ""), defaultTimeout, func(experiment.RequestResult) {})
	if a.AnsweredAt == nil {
		return ""
	}
	return a.AuditID
}

func (r *run) hasLines(asked string) bool {
	e := r.evidence()
	if e.NoAudit != "" {
		return true
	}
	wanted := []string{asked}
	for i := range e.Steps {
		if request := e.Steps[i].Request; request != nil && request.AnsweredAt != nil {
			wanted = append(wanted, request.AuditID)
		}
	}
	logged := map[string]bool{"": true}
	for i := range e.Audit {
		logged[e.Audit[i].AuditID] = true
	}
	return !slices.ContainsFunc(wanted, func(id string) bool { return !logged[id] }) && r.of.WritersKnown(e)
}

func invariants(e *experiment.Evidence) []experiment.CheckResult {
	record := invariant.Record{History: e.History, NoAudit: e.NoAudit}
	for i := range e.Audit {
		a := &e.Audit[i]
		late := a.Revision != 0 && a.Revision <= e.History.Base // a line of before the start
		if a.Writes() && a.Code/100 == 2 && !late {
			record.Accepted = append(record.Accepted, invariant.Accepted{
				AuditID: a.AuditID, Verb: a.Verb, UID: a.UID, Revision: a.Revision, AnsweredAt: a.AnsweredAt,
				Object: history.Object{Group: a.Group, Resource: a.Resource, Namespace: a.Namespace, Name: a.Name},
			})
		}
	}
	var out []experiment.CheckResult
	for _, each := range invariant.Check(record) {
		out = append(out, experiment.CheckResult{Says: each.Says, Finding: experiment.Finding{
			Holds: each.Holds, Wanted: each.Says, Found: each.Found, Evidence: each.Evidence, Unavailable: each.Unavailable,
		}})
	}
	return out
}

// explain adds how the observer explains the lives of the subjects.
func (r *run) explain(ctx context.Context, e *experiment.Evidence, result *experiment.Result) {
	if r.plane.Trace == nil {
		result.Missing = append(result.Missing, "walkthroughs: no observer is known")
		return
	}
	for _, ref := range r.of.Subjects {
		subject := e.Subject(ref)
		if !isFollowed(subject) {
			continue // the tracker has its states
		}
		trace, err := r.trace(ctx, subject)
		if err != nil {
			result.Missing = append(result.Missing, fmt.Sprintf("walkthrough of %s: %v", ref.Name, err))
			continue
		}
		result.Traces = append(result.Traces, trace)
	}
}

// isFollowed says whether the observer explains objects of that kind.
func isFollowed(of evidence.Object) bool {
	return slices.ContainsFunc(followed.Resources(), func(f followed.Resource) bool { return f.Group == of.Group && f.Resource == of.Resource })
}

func (r *run) trace(ctx context.Context, of evidence.Object) (explain.Trace, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	return r.plane.Trace(ctx, of)
}
