// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// breakage is a disruption in force.
type breakage interface {
	// heal undoes the disruption, and may be called again where it failed.
	heal(ctx context.Context) error
	// release ends what would keep processes from ending in order. It is for
	// when all of them are about to be stopped.
	release()
}

// disruptions are those in force: one of each process at most, so that healing
// one never undoes another.
type disruptions struct {
	// changing serializes what breaks and heals. It is held for as long as that takes.
	changing sync.Mutex
	// until has ended when no more can begin; end ends it.
	until context.Context
	end   context.CancelCauseFunc

	mu      sync.Mutex
	inForce []*inForce // in the order in which they began
	lastEnd time.Time  // when the last one ended
}

type inForce struct {
	Disrupted
	breakage
}

// injections say how each kind begins. What one returns together with an error
// is healed.
var injections = map[DisruptionKind]func(*Local, context.Context, *component, Disruption) (breakage, error){
	Pause:        (*Local).injectPause,
	Stop:         (*Local).injectStop,
	Kill:         (*Local).injectKill,
	Full:         (*Local).injectFull,
	Slow:         (*Local).injectSlow,
	Overload:     (*Local).injectOverload,
	RefuseWrites: (*Local).injectRefuseWrites,
}

// Disrupt breaks a process for real, and returns once it is broken, with what
// heals it. heal may be called more than once; where it fails, it can be called
// again. Whatever is broken is healed by Stop, and after a crash of this process by the
// next Start on the data folder.
//
// A process can have one disruption at a time: the error of a second one wraps
// ErrDisrupted. It wraps ErrCannotDisrupt where this machine does not offer what
// the disruption needs.
func (l *Local) Disrupt(ctx context.Context, d Disruption) (heal func(context.Context) error, err error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if d.Kind == Slow {
		d.Delay = cmp.Or(d.Delay, DefaultDelay)
	}
	ctx, cancel := l.untilStop(ctx)
	defer cancel()
	l.disruptions.changing.Lock()
	defer l.disruptions.changing.Unlock()
	c, err := l.disruptable(ctx, d)
	if err != nil {
		return nil, err
	}
	f := &inForce{Disrupted: Disrupted{Disruption: d, Since: time.Now()}}
	if err := l.enforce(f); err != nil {
		return nil, err
	}
	f.breakage, err = injections[d.Kind](l, ctx, c, d)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("disrupt %s: %w", d, err), l.abandon(f))
	}
	l.logger().Info("disrupted", "target", d.Target, "kind", d.Kind)
	return func(ctx context.Context) error { return l.heal(ctx, f) }, nil
}

// disruptable returns the process, or says why it cannot be disrupted now.
func (l *Local) disruptable(ctx context.Context, d Disruption) (*component, error) {
	for _, over := range []context.Context{l.disruptions.until, ctx} {
		if over.Err() != nil {
			return nil, fmt.Errorf("disrupt %s: %w", d, context.Cause(over))
		}
	}
	if other := l.disruptionOf(d.Target); other != nil {
		return nil, fmt.Errorf("%s %w (%s since %s): heal it first", d.Target, ErrDisrupted, other.Kind, other.Since.Format(time.TimeOnly))
	}
	c, err := l.component(d.Target)
	if err != nil {
		return nil, err
	}
	if state := c.current(); state != StateRunning {
		return nil, fmt.Errorf("disrupt %s: it does not run: it is %s", d, state)
	}
	return c, nil
}

// errStopping is the error of a disruption that comes too late.
var errStopping = errors.New("the control plane is being stopped")

// untilStop returns a context that ends when the control plane is stopped, too.
func (l *Local) untilStop(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.disruptions.until, func() { cancel(errStopping) })
	return ctx, func() { stop(); cancel(nil) }
}

// enforce notes that the disruption begins, before it does: what this process
// leaves when it is killed is known to the next.
func (l *Local) enforce(f *inForce) error {
	l.disruptions.mu.Lock()
	l.disruptions.inForce = append(l.disruptions.inForce, f)
	l.disruptions.mu.Unlock()
	if err := l.recordDisruptions(); err != nil {
		return errors.Join(fmt.Errorf("note that %s is disrupted: %w", f.Target, err), l.forget(f))
	}
	return nil
}

func (l *Local) forget(f *inForce) error {
	l.disruptions.mu.Lock()
	l.disruptions.inForce = slices.DeleteFunc(l.disruptions.inForce, func(other *inForce) bool { return other == f })
	l.disruptions.lastEnd = time.Now()
	l.disruptions.mu.Unlock()
	return l.recordDisruptions()
}

// abandonTimeout is how long a disruption that did not come about may take to be undone.
const abandonTimeout = 30 * time.Second

// abandon undoes what has begun of a disruption that failed. What cannot be
// undone stays in force, so that it can be healed later.
func (l *Local) abandon(f *inForce) error {
	if f.breakage != nil {
		ctx, cancel := context.WithTimeout(l.disruptions.until, abandonTimeout)
		defer cancel()
		if err := f.heal(ctx); err != nil {
			return fmt.Errorf("undo what was done: %w", err)
		}
	}
	return l.forget(f)
}

// heal undoes a disruption; one that is not in force any more is healed.
func (l *Local) heal(ctx context.Context, f *inForce) error {
	ctx, cancel := l.untilStop(ctx)
	defer cancel()
	l.disruptions.changing.Lock()
	defer l.disruptions.changing.Unlock()
	return l.healLocked(ctx, f)
}

func (l *Local) healLocked(ctx context.Context, f *inForce) error {
	if l.disruptionOf(f.Target) != f {
		return nil
	}
	if need := l.needed(f.Target); need != nil {
		return fmt.Errorf("heal %s: it needs %s, which is disrupted (%s): heal that first", f.Target, need.Target, need.Kind)
	}
	if err := f.heal(ctx); err != nil {
		return fmt.Errorf("heal %s (%s): %w", f.Target, f.Kind, err)
	}
	l.logger().Info("healed", "target", f.Target, "kind", f.Kind)
	if err := l.forget(f); err != nil || len(l.Disrupted()) > 0 {
		return err
	}
	return l.reviveAll(ctx)
}

// needed returns the disruption that keeps a process from being started and a
// server from being asked: each needs those that were started before it. A pause
// is healed whatever else is broken.
func (l *Local) needed(target string) *inForce {
	if f := l.disruptionOf(target); f.Kind == Pause {
		return nil
	}
	for _, before := range targets() {
		if before == target {
			return nil
		}
		if f := l.disruptionOf(before); f != nil && (f.Kind == Pause || f.Kind == Stop || f.Kind == Kill) {
			return f
		}
	}
	return nil
}

// Heal heals the processes with the names or, where none is given, all that are
// disrupted. The error wraps ErrNotDisrupted where one has nothing to be healed.
func (l *Local) Heal(ctx context.Context, names ...string) error {
	for _, name := range names {
		if !slices.Contains(targets(), name) {
			return fmt.Errorf("unknown target %q: must be %s", name, oneOf(targets()))
		}
	}
	ctx, cancel := l.untilStop(ctx)
	defer cancel()
	l.disruptions.changing.Lock()
	defer l.disruptions.changing.Unlock()
	var errs []error
	for _, target := range targets() { // what others need comes first
		f := l.disruptionOf(target)
		switch named := slices.Contains(names, target); {
		case f != nil && (named || len(names) == 0):
			errs = append(errs, l.healLocked(ctx, f))
		case named:
			errs = append(errs, fmt.Errorf("%s %w", target, ErrNotDisrupted))
		}
	}
	return errors.Join(errs...)
}

// Disrupted returns the disruptions in force, in the order in which they began.
func (l *Local) Disrupted() []Disrupted {
	l.disruptions.mu.Lock()
	defer l.disruptions.mu.Unlock()
	out := []Disrupted{}
	for _, f := range l.disruptions.inForce {
		out = append(out, f.Disrupted)
	}
	return out
}

func (l *Local) disruptionOf(target string) *inForce {
	l.disruptions.mu.Lock()
	defer l.disruptions.mu.Unlock()
	for _, f := range l.disruptions.inForce {
		if f.Target == target {
			return f
		}
	}
	return nil
}

// EndDisruptions lets all processes end in order, and no more disruptions begin.
// What was stopped stays stopped. It is for before Stop, where others must be
// stopped first that talk to the processes.
func (l *Local) EndDisruptions() {
	l.disruptions.end(errStopping)
	l.disruptions.changing.Lock()
	defer l.disruptions.changing.Unlock()
	l.disruptions.mu.Lock()
	left := l.disruptions.inForce
	l.disruptions.inForce = nil
	l.disruptions.mu.Unlock()
	for _, f := range left {
		if f.breakage != nil {
			f.release()
		}
	}
}
