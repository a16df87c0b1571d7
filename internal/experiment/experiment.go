// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package experiment answers "what would happen if …" as data: what is done to a
// real control plane, what one may predict, and by which evidence the prediction is
// judged. It is pure: package lab does what an experiment says.
//
// No answer is written down in a file. A choice holds where its conditions hold on
// what etcd stored and what the audit log has, and so does a check.
package experiment

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FileVersion is the version of the files, their field apiVersion.
const FileVersion = "glassplane.dev/what-if/v1"

// Experiment is the content of a file.
type Experiment struct {
	// APIVersion is the constant FileVersion.
	APIVersion string `json:"apiVersion"`
	// Name by which it is run: lower-case letters, digits and dashes.
	Name string `json:"name"`
	// Title names the outcome that is asked for, never its cause.
	Title string `json:"title"`
	// Before is shown before one predicts, After with the result.
	Before string `json:"before"`
	After  string `json:"after"`
	// Needs are what the control plane must offer beyond what the steps use.
	Needs Needs `json:"needs,omitzero"`
	// Setup is applied, and waited for by Ready, before anybody predicts.
	Setup []Object `json:"setup,omitempty"`
	// Ready has the conditions that must hold before the first step.
	Ready []Condition `json:"ready,omitempty"`
	// Subjects are the objects whose states are tracked and whose lives are explained.
	Subjects []Ref `json:"subjects"`
	// Steps are done one after the other.
	Steps []Step `json:"steps"`
	// Moments name revisions of etcd, for conditions and for the timeline.
	Moments []Moment `json:"moments,omitempty"`
	// Questions that can be predicted before the first step.
	Questions []Question `json:"questions"`
	// Checks are what is expected of every run.
	Checks []Check `json:"checks"`
	// Settled has the conditions that hold once everything is healed and at its end;
	// they are waited for before anything is judged.
	Settled []Condition `json:"settled,omitempty"`
}

// Needs are what the control plane must offer beyond what the steps use.
type Needs struct {
	// NodeMonitorGracePeriod is how long a node is silent before it is taken for dead.
	// Only a control plane that is started for the experiment can be told so.
	NodeMonitorGracePeriod *metav1.Duration `json:"nodeMonitorGracePeriod,omitempty"`
	// LeaderElection lets the scheduler run with a Lease, as in a cluster.
	LeaderElection bool `json:"leaderElection,omitempty"`
}

// Object is an object of the Kubernetes API as a manifest has it.
type Object map[string]any

// Ref names an object.
type Ref struct {
	// Resource in plural, such as simpods; with its group, such as
	// leases.coordination.k8s.io, where it is not one of Glassplane's.
	Resource string `json:"resource"`
	// Namespace is the one of the experiment where it is empty.
	Namespace string `json:"namespace,omitempty"`
	// Name of the object.
	Name string `json:"name"`
}

// StepKind is what a step does.
type StepKind string

// The kinds of steps are the names of the fields of a Step.
const (
	StepRequest StepKind = "request"
	StepApply   StepKind = "apply"
	StepBreak   StepKind = "break"
	StepHeal    StepKind = "heal"
	StepWait    StepKind = "wait"
	StepHold    StepKind = "hold"
	StepWatch   StepKind = "watch"
	StepDrain   StepKind = "drain"
)

// Healed is the name of the last step, which heals what the steps left broken.
const Healed = "healed"

// StepKinds are all of them.
var StepKinds = []StepKind{StepRequest, StepApply, StepBreak, StepHeal, StepWait, StepHold, StepWatch, StepDrain}

// Step is one step. Beside Name and Does exactly one field is set.
type Step struct {
	// Name is unique in the experiment, and names the moment at which the step ended.
	Name string `json:"name"`
	// Does says what is done, in one sentence.
	Does string `json:"does"`

	// Request is sent as kubectl would, and recorded by its audit ID.
	Request *Request `json:"request,omitempty"`
	// Apply applies objects whose requests are of no interest.
	Apply []Object `json:"apply,omitempty"`
	// Break breaks something until it is healed: by a step, or else at the end.
	Break *Break `json:"break,omitempty"`
	// Heal names the step whose break is undone.
	Heal string `json:"heal,omitempty"`
	// Wait waits until conditions hold.
	Wait *Wait `json:"wait,omitempty"`
	// Hold lets time pass, to see what does not happen.
	Hold *metav1.Duration `json:"hold,omitempty"`
	// Watch lists objects and then watches them, in the background, as a client's
	// informer does. Its connection can be cut by a break.
	Watch *Watch `json:"watch,omitempty"`
	// Drain empties a node, as glassplane drain does, in the background.
	Drain *Drain `json:"drain,omitempty"`
}

// Request is one request to the API server.
type Request struct {
	// Verb is create, get, list, patch or delete.
	Verb string `json:"verb"`
	// Object to create.
	Object Object `json:"object,omitempty"`
	// Target of the other verbs; without a name that of a list.
	Target *Ref `json:"target,omitempty"`
	// Subresource of the target, such as scale or status.
	Subresource string `json:"subresource,omitempty"`
	// Patch is a merge patch.
	Patch Object `json:"patch,omitempty"`
	// FromCache reads at resourceVersion 0, which the API server answers from its
	// memory.
	FromCache bool `json:"fromCache,omitempty"`
	// Timeout is how long the client waits for the answer. Default: 10s.
	Timeout *metav1.Duration `json:"timeout,omitempty"`
	// Background lets the steps go on while the answer is waited for.
	Background bool `json:"background,omitempty"`
}

// Break is what a step breaks. Exactly one field is set.
type Break struct {
	// Process is done to a process of the control plane.
	Process *Disruption `json:"process,omitempty"`
	// Component is stopped: scheduler or controller-manager.
	Component string `json:"component,omitempty"`
	// Second runs a second instance of a component beside the first: scheduler.
	Second string `json:"second,omitempty"`
	// Fault is the spec of an object of kind Fault.
	Fault Object `json:"fault,omitempty"`
	// Webhook is asked about requests and never answers.
	Webhook *Webhook `json:"webhook,omitempty"`
	// Cut names a step with a watch, whose connections are cut.
	Cut string `json:"cut,omitempty"`
}

// Disruption is what is done to a process of the control plane, see package
// substrate.
type Disruption struct {
	// Target is etcd, kube-apiserver or kube-controller-manager.
	Target string `json:"target"`
	// Kind is one of DisruptionKinds.
	Kind string `json:"kind"`
	// Delay of a slow disk.
	Delay *metav1.Duration `json:"delay,omitempty"`
}

// Webhook is a validating webhook that never answers.
type Webhook struct {
	// Resources that it is asked about, such as simpods.
	Resources []string `json:"resources"`
	// Operations that it is asked about: CREATE, UPDATE, DELETE.
	Operations []string `json:"operations"`
	// TimeoutSeconds is how long the API server waits for it, from 1 to 30.
	TimeoutSeconds int32 `json:"timeoutSeconds"`
	// FailurePolicy is Fail or Ignore.
	FailurePolicy string `json:"failurePolicy"`
}

// Wait waits until all conditions hold.
type Wait struct {
	For []Condition `json:"for"`
	// Within is how long that may take.
	Within metav1.Duration `json:"within"`
}

// Watch follows the objects of a resource in the experiment's namespace.
type Watch struct {
	Resource string `json:"resource"`
}

// Drain empties a node of the experiment.
type Drain struct {
	Node string `json:"node"`
	// Force deletes pods that no controller would replace, too.
	Force bool `json:"force,omitempty"`
	// Timeout is how long it may take. Default: 30s.
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// Moment names a revision: the first one at which a state is true, or the last one of an
// object before another moment.
type Moment struct {
	Name string `json:"name"`
	// Says what the moment is.
	Says string `json:"says"`
	// First is the state that becomes true.
	First State `json:"first,omitzero"`
	// After is a step or another moment that must have come before First.
	After string `json:"after,omitempty"`
	// Last is the object whose last revision is meant, such as a Lease that is no longer
	// renewed, and Before the step or the other moment that came after it.
	Last   *Ref   `json:"last,omitempty"`
	Before string `json:"before,omitempty"`
}

// Question asks what will happen.
type Question struct {
	ID      string   `json:"id"`
	Asks    string   `json:"asks"`
	Choices []Choice `json:"choices"`
	// Why explains the answer; it is shown after the run.
	Why string `json:"why"`
}

// Choice is an answer.
type Choice struct {
	Says string `json:"says"`
	// Component is the part of the flow that the answer means; empty for none.
	Component string `json:"component,omitempty"`
	// When has the conditions that make it right.
	When []Condition `json:"when"`
}

// Check is an expectation.
type Check struct {
	// Says is the expectation in one sentence.
	Says      string `json:"says"`
	Condition `json:",inline"`
}

// Listing is what may be shown before the experiment is run.
func (e *Experiment) Listing() Listing {
	l := Listing{Name: e.Name, Title: e.Title, Before: e.Before, Questions: []ListedQuestion{}, Needs: e.needsInWords()}
	for _, s := range e.Steps {
		l.Steps = append(l.Steps, s.listed())
	}
	for i := range e.Questions {
		l.Questions = append(l.Questions, e.Questions[i].listed())
	}
	return l
}

func (s *Step) listed() ListedStep { return ListedStep{Name: s.Name, Kind: s.Kind(), Does: s.Does} }

func (q *Question) listed() ListedQuestion {
	l := ListedQuestion{ID: q.ID, Asks: q.Asks}
	for i, c := range q.Choices {
		l.Choices = append(l.Choices, ListedChoice{ID: ChoiceID(i), Says: c.Says, Component: c.Component})
	}
	return l
}

// ChoiceID is the letter of the choice with an index.
func ChoiceID(index int) string { return string(rune('a' + index)) }

// Kind is what the step does; empty where no field or several are set.
func (s *Step) Kind() StepKind {
	if kinds := s.kinds(); len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

// kinds are those whose fields are set.
func (s *Step) kinds() []StepKind {
	var kinds []StepKind
	for kind, set := range map[StepKind]bool{
		StepRequest: s.Request != nil, StepApply: s.Apply != nil, StepBreak: s.Break != nil, StepHeal: s.Heal != "",
		StepWait: s.Wait != nil, StepHold: s.Hold != nil, StepWatch: s.Watch != nil, StepDrain: s.Drain != nil,
	} {
		if set {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Clone returns an object that shares nothing with this one.
func (o Object) Clone() Object {
	data, err := json.Marshal(o)
	if err != nil {
		return nil
	}
	var out Object
	if err := json.Unmarshal(data, &out); err != nil {
		return nil
	}
	return out
}
