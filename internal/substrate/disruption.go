// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DisruptionKind is what is done to a process of the control plane.
type DisruptionKind string

const (
	// Pause stops the process' clock (SIGSTOP): its connections stay open and
	// nobody answers on them. Healing continues it (SIGCONT).
	Pause DisruptionKind = "Pause"
	// Stop ends the process in order (SIGTERM). Healing starts it again.
	Stop DisruptionKind = "Stop"
	// Kill ends the process at once (SIGKILL), as a crash of its machine would.
	// Healing starts it again with the same data.
	Kill DisruptionKind = "Kill"
	// Full lets etcd's database reach its space quota: etcd raises the alarm NOSPACE
	// and refuses writes, while it still reads and deletes. Healing gives the quota
	// back and disarms the alarm.
	Full DisruptionKind = "Full"
	// Slow delays each flush of etcd to its disk by Disruption.Delay. Healing lets
	// the disk be as fast as it is.
	Slow DisruptionKind = "Slow"
	// Overload keeps as many requests in flight as the API server allows to users
	// and workloads, so that priority and fairness answers others with 429. Healing
	// ends them.
	Overload DisruptionKind = "Overload"
	// RefuseWrites lets the API server deny what users want to write. Healing
	// removes the admission policy that denies it.
	RefuseWrites DisruptionKind = "RefuseWrites"
)

// kindsOf says what can be done to each process.
var kindsOf = []Disruptable{
	{Target: Etcd, Kinds: []DisruptionKind{Pause, Stop, Kill, Full, Slow}},
	{Target: APIServer, Kinds: []DisruptionKind{Pause, Stop, Kill, Overload, RefuseWrites}},
	{Target: ControllerManager, Kinds: []DisruptionKind{Pause, Stop, Kill}},
}

const (
	// DefaultDelay is how slow a slow disk is unless Disruption.Delay says otherwise.
	DefaultDelay = 500 * time.Millisecond
	// MaxDelay is the largest Disruption.Delay: with more, etcd ends the requests.
	MaxDelay = 10 * time.Second
)

// Disruptable is a process and what can be done to it.
type Disruptable struct {
	// Target is the name of the process.
	Target string `json:"target"`
	// Kinds are those of the disruptions that it can have.
	Kinds []DisruptionKind `json:"kinds"`
}

// Disruption is what is done to a process of the control plane.
type Disruption struct {
	// Target is the name of the process: Etcd, APIServer or ControllerManager.
	Target string `json:"target"`
	// Kind is what is done to it.
	Kind DisruptionKind `json:"kind"`
	// Delay is how long each flush to the disk takes longer, for Slow only; 0
	// means DefaultDelay.
	Delay time.Duration `json:"delay,omitempty"`
}

// Disrupted is a disruption in force.
type Disrupted struct {
	Disruption
	// Since is when it began.
	Since time.Time `json:"since"`
}

func (d Disruption) String() string {
	if d.Delay > 0 {
		return fmt.Sprintf("%s %s (%s)", d.Target, d.Kind, d.Delay)
	}
	return fmt.Sprintf("%s %s", d.Target, d.Kind)
}

var (
	// ErrDisrupted is wrapped by the error of Disrupt where the target is
	// disrupted already.
	ErrDisrupted = errors.New("is disrupted already")
	// ErrNotDisrupted is wrapped by the error of Heal where nothing is to be healed.
	ErrNotDisrupted = errors.New("is not disrupted")
	// ErrCannotDisrupt is wrapped by the error of Disrupt where this machine or
	// this control plane has not what the disruption needs.
	ErrCannotDisrupt = errors.New("not available")
)

// Disruptables says which processes can be disrupted, and how.
func Disruptables() []Disruptable { return slices.Clone(kindsOf) }

// ParseDisruptionKind returns the kind of a name in any case, with or without
// hyphens, such as refuse-writes.
func ParseDisruptionKind(name string) (DisruptionKind, error) {
	plain := strings.ReplaceAll(name, "-", "")
	var known []string
	for _, kind := range allKinds() {
		if strings.EqualFold(plain, string(kind)) {
			return kind, nil
		}
		known = append(known, string(kind))
	}
	return "", fmt.Errorf("unknown kind of disruption %q: must be %s", name, oneOf(known))
}

// Validate says what is wrong with the disruption, by itself: a target that there
// is not, a kind that the target cannot have, a delay that means nothing.
func (d Disruption) Validate() error {
	at := slices.IndexFunc(kindsOf, func(k Disruptable) bool { return k.Target == d.Target })
	if at < 0 {
		return fmt.Errorf("unknown target %q: must be %s", d.Target, oneOf(targets()))
	}
	if _, err := ParseDisruptionKind(string(d.Kind)); err != nil {
		return err
	}
	if !slices.Contains(kindsOf[at].Kinds, d.Kind) {
		return fmt.Errorf("%s does not fit %s: it must be %s", d.Kind, d.Target, oneOf(names(kindsOf[at].Kinds)))
	}
	switch {
	case d.Kind != Slow && d.Delay != 0:
		return fmt.Errorf("delay %s: only %s has one", d.Delay, Slow)
	case d.Delay < 0 || d.Delay > MaxDelay:
		return fmt.Errorf("delay %s: must be more than 0 and at most %s", d.Delay, MaxDelay)
	}
	return nil
}

// allKinds are the kinds in the order in which they are first named.
func allKinds() []DisruptionKind {
	var all []DisruptionKind
	for _, disruptable := range kindsOf {
		for _, kind := range disruptable.Kinds {
			if !slices.Contains(all, kind) {
				all = append(all, kind)
			}
		}
	}
	return all
}

func targets() []string {
	var out []string
	for _, disruptable := range kindsOf {
		out = append(out, disruptable.Target)
	}
	return out
}

func names(kinds []DisruptionKind) []string {
	var out []string
	for _, kind := range kinds {
		out = append(out, string(kind))
	}
	return out
}

// oneOf lists what something may be: "a, b or c".
func oneOf(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
