// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Offer is what a control plane lets experiments do to it. What it does not offer
// has the reason.
type Offer struct {
	// Etcd says why etcd cannot be read; empty where it can. Without it no experiment
	// can be judged.
	Etcd string
	// Processes says why nothing can be done to processes; empty where it can.
	Processes string
	// Disruptions are those that can be done, as target/kind.
	Disruptions []string
	// Components are those that can be stopped, NoComponents why others cannot.
	Components   []string
	NoComponents string
	// Seconds are those of which a second instance can be run.
	Seconds []string
	// Faults says why there can be no Fault; empty where there can.
	Faults string
	// Webhooks says why a webhook cannot be asked; empty where it can.
	Webhooks string
	// Audit says why there is no audit log; empty where there is one.
	Audit string
	// GracePeriod is how long a node is silent before it is taken for dead; 0 where it
	// is not known.
	GracePeriod time.Duration
	// LeaderElection is true where the scheduler runs with a Lease.
	LeaderElection bool
}

// Unmet says what an experiment needs and is not offered, each with what to do.
func (e *Experiment) Unmet(o Offer) []string {
	var unmet []string
	need := func(what, missing string) {
		if line := fmt.Sprintf("it needs %s: %s", what, missing); missing != "" && !slices.Contains(unmet, line) {
			unmet = append(unmet, line)
		}
	}
	need("to read etcd", o.Etcd)
	for i := range e.Steps {
		if b := e.Steps[i].Break; b != nil {
			need(b.needs(), b.missing(o))
		}
	}
	if e.readsAudit() {
		need("the API server's audit log", o.Audit)
	}
	if d := e.Needs.NodeMonitorGracePeriod; d != nil && o.GracePeriod != d.Duration {
		need("a node monitor grace period of "+d.Duration.String(), "only a control plane that is started for it has that; leave --context out")
	}
	if e.Needs.LeaderElection && !o.LeaderElection {
		need("a scheduler with a Lease", "only a control plane that is started for it, or a cluster, has that; leave --context out")
	}
	return unmet
}

// needs is what a break needs, in words.
func (b *Break) needs() string {
	switch {
	case b.Process != nil:
		return fmt.Sprintf("%s to be disrupted (%s)", b.Process.Target, b.Process.Kind)
	case b.Component != "":
		return b.Component + " to be stopped"
	case b.Second != "":
		return "a second " + b.Second
	case b.Fault != nil:
		return fmt.Sprintf("a Fault (%s)", text(b.Fault["type"]))
	case b.Webhook != nil:
		return "a webhook that the API server can reach"
	}
	return ""
}

// missing says why a break cannot be done; empty where it can.
func (b *Break) missing(o Offer) string {
	switch {
	case b.Process != nil && o.Processes != "":
		return o.Processes
	case b.Process != nil && !slices.Contains(o.Disruptions, b.Process.Target+"/"+b.Process.Kind):
		return "this control plane offers " + strings.Join(o.Disruptions, ", ")
	case b.Component != "" && !slices.Contains(o.Components, b.Component):
		return o.NoComponents
	case b.Second != "" && !slices.Contains(o.Seconds, b.Second):
		return "only a control plane that is started for it has one; leave --context out"
	case b.Fault != nil:
		return o.Faults
	case b.Webhook != nil:
		return o.Webhooks
	}
	return ""
}

// needsInWords are what the steps need of a control plane.
func (e *Experiment) needsInWords() []string {
	var needs []string
	for i := range e.Steps {
		if b := e.Steps[i].Break; b != nil {
			if what := b.needs(); what != "" && !slices.Contains(needs, what) {
				needs = append(needs, what)
			}
		}
	}
	if e.Needs.NodeMonitorGracePeriod != nil {
		needs = append(needs, "a node monitor grace period of "+e.Needs.NodeMonitorGracePeriod.Duration.String())
	}
	if e.Needs.LeaderElection {
		needs = append(needs, "a scheduler with a Lease")
	}
	return needs
}

// readsAudit says whether a condition cannot be judged without the audit log.
func (e *Experiment) readsAudit() bool {
	reads := false
	e.eachCondition(func(c *Condition) { reads = reads || c.Audit != nil || c.Writer != nil })
	return reads
}

// WritersKnown says whether the audit log names who wrote the revisions that conditions
// ask about: its lines are written after the answers.
func (e *Experiment) WritersKnown(by *Evidence) bool {
	known := true
	e.eachCondition(func(c *Condition) { known = known && (c.Writer == nil || by.writer(c.Writer).Unavailable == "") })
	return known
}

// eachCondition calls a function with every condition of the file.
func (e *Experiment) eachCondition(f func(*Condition)) {
	all := [][]Condition{e.Ready, e.Settled}
	for i := range e.Steps {
		if w := e.Steps[i].Wait; w != nil {
			all = append(all, w.For)
		}
	}
	for i := range e.Questions {
		for n := range e.Questions[i].Choices {
			all = append(all, e.Questions[i].Choices[n].When)
		}
	}
	for _, conditions := range all {
		for i := range conditions {
			f(&conditions[i])
		}
	}
	for i := range e.Checks {
		f(&e.Checks[i].Condition)
	}
}
