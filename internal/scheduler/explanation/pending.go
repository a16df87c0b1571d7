// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// KindPending is the kind of a Pending in JSON, of APIVersion.
const KindPending = "Pending"

// Pending is what is said of the pods of a real cluster that wait for a node.
type Pending struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// About says which pods: those of a namespace, of all, or of an owner.
	About string `json:"about"`
	// Pods is how many wait, and OnNodes how many others are on nodes.
	Pods    int `json:"pods"`
	OnNodes int `json:"onNodes"`
	// Causes group those that wait, the largest group first.
	Causes []Cause `json:"causes"`
	// Changes free pods, the one that frees the most first. Each was checked by
	// placing the pods one after the other, the most important first.
	Changes []Freeing `json:"changes"`
	// NotDecided are pods about which nothing was decided, by the reason.
	NotDecided   []Undecided    `json:"notDecided,omitempty"`
	NotEvaluated []NotEvaluated `json:"notEvaluated,omitempty"`
	// ReadAt, ReadUntil, Source and Lists are as in a Prediction.
	ReadAt    time.Time     `json:"readAt"`
	ReadUntil time.Time     `json:"readUntil"`
	Source    string        `json:"source,omitempty"`
	Lists     []whatif.List `json:"lists"`
}

// Cause is why pods wait.
type Cause struct {
	// Message is the one that kube-scheduler would give; empty for pods that would
	// fit now.
	Message string `json:"message,omitempty"`
	// Nodes are those that one of the pods would get, where they would fit.
	Nodes      []string    `json:"nodes,omitempty"`
	Rejections []Rejection `json:"rejections,omitempty"`
	// Pods as namespace/name.
	Pods []string `json:"pods"`
}

// Freeing is a change and how many pods it frees.
type Freeing struct {
	whatif.Change
	// Frees is how many more pods get a node with it, and Pods names them.
	Frees int      `json:"frees"`
	Pods  []string `json:"pods"`
}

// Undecided counts pods about which nothing was decided.
type Undecided struct {
	Why  string   `json:"why"`
	Pods []string `json:"pods"`
}

const (
	// maxDistinct bounds the pods that differ from each other and are decided about.
	maxDistinct = 300
	// maxTried bounds the changes that are tried on all pods, and maxPlaced the pods
	// on which they are.
	maxTried, maxPlaced = 12, 300
)

// CaseOf returns what to ask about a pod; the error says why nothing can be.
type CaseOf func(pod *corev1.Pod) (whatif.Case, []NotEvaluated, error)

// NewPending decides about the pods that wait and groups them. suggestions is how
// many changes are looked for in each group.
func NewPending(pods []*corev1.Pod, caseOf CaseOf, suggestions int) Pending {
	g := &grouping{caseOf: caseOf, byClass: map[string]*class{}}
	for _, pod := range pods {
		g.add(pod)
	}
	out := Pending{APIVersion: APIVersion, Kind: KindPending, Pods: len(pods), Causes: g.causes(), NotDecided: g.undecided, NotEvaluated: g.missing}
	if suggestions > 0 {
		out.Changes = g.changes(suggestions)
	}
	return out
}

// grouping decides once about pods that are alike.
type grouping struct {
	caseOf    CaseOf
	classes   []*class
	byClass   map[string]*class
	undecided []Undecided
	missing   []NotEvaluated
}

// class are pods that ask for the same.
type class struct {
	what     whatif.Case
	decision Decision
	best     []string
	pods     []*corev1.Pod
}

func (g *grouping) add(pod *corev1.Pod) {
	key := classKey(pod)
	if c := g.byClass[key]; c != nil {
		c.pods = append(c.pods, pod)
		return
	}
	if len(g.classes) == maxDistinct {
		g.leave(pod, fmt.Sprintf("only the first %d pods that differ are decided about", maxDistinct))
		return
	}
	what, missing, err := g.caseOf(pod)
	if err != nil {
		g.leave(pod, err.Error())
		return
	}
	for _, m := range missing {
		if !slices.Contains(g.missing, m) {
			g.missing = append(g.missing, m)
		}
	}
	d := what.Predict(time.Time{}, 0)
	c := &class{what: what, decision: NewDecision(d), best: BestNodes(d), pods: []*corev1.Pod{pod}}
	g.classes, g.byClass[key] = append(g.classes, c), c
}

func (g *grouping) leave(pod *corev1.Pod, why string) {
	i := slices.IndexFunc(g.undecided, func(u Undecided) bool { return u.Why == why })
	if i < 0 {
		g.undecided = append(g.undecided, Undecided{Why: why})
		i = len(g.undecided) - 1
	}
	g.undecided[i].Pods = append(g.undecided[i].Pods, nameOf(pod))
}

// classKey is equal for pods about which the decision is the same.
func classKey(pod *corev1.Pod) string {
	key, err := json.Marshal([]any{pod.Namespace, pod.Labels, pod.Spec, pod.Status.NominatedNodeName, pod.OwnerReferences})
	if err != nil { // quantities beyond JSON; such a pod is like no other
		return nameOf(pod)
	}
	return string(key)
}

func nameOf(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// causes group the pods by the message, the most pods first.
func (g *grouping) causes() []Cause {
	out := []Cause{}
	for _, c := range g.classes {
		i := slices.IndexFunc(out, func(o Cause) bool { return o.Message == c.decision.Message && slices.Equal(o.Nodes, c.best) })
		if i < 0 {
			out = append(out, Cause{Message: c.decision.Message, Nodes: c.best, Rejections: c.decision.Rejections})
			i = len(out) - 1
		}
		for _, pod := range c.pods {
			out[i].Pods = append(out[i].Pods, nameOf(pod))
		}
	}
	slices.SortStableFunc(out, func(a, b Cause) int { return cmp.Compare(len(b.Pods), len(a.Pods)) })
	return out
}

// changes are those that let a pod of any class fit, tried on all pods.
func (g *grouping) changes(suggestions int) []Freeing {
	waiting, classes := g.inOrder()
	before, _ := whatif.Place(waiting)
	out := []Freeing{}
	tried := map[string]bool{}
	for _, c := range slices.SortedStableFunc(slices.Values(g.classes), func(a, b *class) int { return cmp.Compare(len(b.pods), len(a.pods)) }) {
		if c.decision.Node != "" {
			continue
		}
		for _, change := range whatif.Suggest(c.what, suggestions).Changes {
			if tried[change.Description] && change.Object != "pod" || len(tried) == maxTried {
				continue
			}
			tried[change.Description] = true
			f := Freeing{Change: change}
			if f.Object == "pod" && len(c.pods) > 1 && f.Command == "" {
				f.Description += fmt.Sprintf(", of %s and those like it", nameOf(c.pods[0]))
			} else if f.Object == "pod" {
				f.Description += ", of " + nameOf(c.pods[0])
			}
			after := whatif.Free(waiting, change, func(i int) bool { return classes[i] == c })
			for i := range waiting {
				if after[i] != "" && before[i] == "" {
					f.Pods = append(f.Pods, nameOf(waiting[i].Pod))
				}
			}
			if f.Frees = len(f.Pods); f.Frees > 0 {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Freeing) int {
		return cmp.Or(cmp.Compare(b.Frees, a.Frees), cmp.Compare(a.Size, b.Size))
	})
	return out
}

// inOrder are the pods as the scheduler would take them: by priority, then by age.
func (g *grouping) inOrder() (waiting []whatif.Case, of []*class) {
	type one struct {
		what whatif.Case
		of   *class
	}
	var all []one
	for _, c := range g.classes {
		for _, pod := range c.pods {
			what := c.what
			asked := *what.Pod
			asked.ObjectMeta = pod.ObjectMeta
			what.Pod = &asked
			all = append(all, one{what, c})
		}
	}
	slices.SortStableFunc(all, func(a, b one) int {
		return cmp.Or(cmp.Compare(*b.what.Pod.Spec.Priority, *a.what.Pod.Spec.Priority),
			a.what.Pod.CreationTimestamp.Compare(b.what.Pod.CreationTimestamp.Time), cmp.Compare(nameOf(a.what.Pod), nameOf(b.what.Pod)))
	})
	for _, o := range all[:min(len(all), maxPlaced)] {
		waiting, of = append(waiting, o.what), append(of, o.of)
	}
	return waiting, of
}
