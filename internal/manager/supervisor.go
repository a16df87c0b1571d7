// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/fault"
	"github.com/glassplane/glassplane/internal/interference"
	"github.com/glassplane/glassplane/internal/version"
)

// SupervisorName is the user agent of a supervisor's requests, under the identity
// of its component.
const SupervisorName = "glassplane-supervisor"

const (
	// retryInterval is how long what failed waits for another try.
	retryInterval = time.Second
	// firstAnswer is how long the API server may take to show the Faults at the start:
	// a component whose configuration is wrong ends with the reason.
	firstAnswer = 30 * time.Second
)

// Broken is what Faults have broken of a component that is to be built.
type Broken struct {
	// Without are the controllers that it is to run without.
	Without []string
	// Transport breaks its requests; nil for none.
	Transport transport.WrapperFunc
}

// SupervisorOptions describe a component that runs under a Supervisor.
type SupervisorOptions struct {
	// Name of the component, such as SchedulerName.
	Name string
	// Config is the component's own identity, with which its Faults are read.
	Config *rest.Config
	// Build builds the component. It is called for each start, because a manager
	// runs only once.
	Build func(context.Context, Broken) (*Component, error)
	// Ready is called each time the component is ready; nil for nothing to do then.
	Ready func(context.Context, *Component) error
	// HealthAddress is where /healthz and /readyz are served. Default: nowhere.
	HealthAddress string
	// LeaderElection says that the component elects a leader: its Lease can be late.
	LeaderElection bool
	// Toucher is the identity under which a WriteConflict writes; nil where there is
	// none, so that no write can be made to meet a newer version.
	Toucher *rest.Config
	// Log is quiet unless something is wrong.
	Log logr.Logger
}

// Supervisor runs a component, and stops it, starts it afresh and builds it without
// one of its controllers as Faults say. It is no part of what it stops: it reads
// Faults with a client of its own, so each of them ends.
type Supervisor struct {
	opts      SupervisorOptions
	component v1alpha1.ComponentName
	faults    *faultWatch
	report    *faultReport
	// interference breaks the component's requests.
	interference *interference.Interference

	// settled is closed once the component is ready for the first time, or a Fault
	// keeps it stopped.
	settled chan struct{}
	settle  func()

	mu sync.Mutex
	// run is nil while the component is stopped.
	run *run
}

// NewSupervisor returns one that runs nothing yet.
func NewSupervisor(opts SupervisorOptions) (*Supervisor, error) {
	own := rest.CopyConfig(opts.Config)
	own.UserAgent = version.UserAgent(SupervisorName)
	c, err := newFaultClient(own)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{
		opts: opts, component: v1alpha1.ComponentName(strings.TrimPrefix(opts.Name, "glassplane-")),
		faults: newFaultWatch(c, opts.Log.WithName(SupervisorName)), settled: make(chan struct{}),
	}
	s.settle = sync.OnceFunc(func() { close(s.settled) })
	if s.interference, err = newInterference(opts); err != nil {
		return nil, err
	}
	s.report, err = newFaultReport(c, own, s.component, opts)
	return s, err
}

func newInterference(opts SupervisorOptions) (*interference.Interference, error) {
	broken := &interference.Interference{}
	if opts.LeaderElection {
		broken.Lease = "/namespaces/" + v1alpha1.SystemNamespace + "/leases/" + opts.Name
	}
	if opts.Toucher == nil {
		return broken, nil
	}
	config := rest.CopyConfig(opts.Toucher)
	config.UserAgent = version.UserAgent(v1alpha1.FaultAccount)
	var err error
	broken.Touch, err = interference.NewToucher(config)
	return broken, err
}

// Start runs the component until ctx ends, or returns an error when the component
// has ended by itself.
func (s *Supervisor) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	if s.opts.HealthAddress != "" {
		listener, err := listen(ctx, s.opts.HealthAddress)
		if err != nil {
			return err
		}
		beside.Go(func() { s.serveHealth(ctx, listener) })
	}
	beside.Go(func() { s.faults.run(ctx) })
	beside.Go(func() { s.report.run(ctx) })
	return s.supervise(ctx)
}

// WaitForReady returns once the component is ready for the first time or a Fault
// keeps it stopped; or an error when ctx ends before.
func (s *Supervisor) WaitForReady(ctx context.Context) error {
	select {
	case <-s.settled:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s is not ready: %w", s.opts.Name, context.Cause(ctx))
	}
}

// supervise brings the component to where Faults want it, again and again.
func (s *Supervisor) supervise(ctx context.Context) error {
	defer s.stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	late := time.NewTimer(firstAnswer)
	defer late.Stop()
	for {
		var ended <-chan error
		if s.run != nil {
			ended = s.run.ended
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			if !s.mayStartAgain() {
				return errors.Join(err, s.endedByItself(ctx, err))
			}
			s.opts.Log.WithName(s.opts.Name).Error(err, "Ended before it was ready again: trying again")
			s.stop()
			timer.Reset(retryInterval)
			continue
		case <-late.C:
			if err := s.faults.unknown(); err != nil {
				return fmt.Errorf("starting %s: no Faults were shown within %s: %w", s.opts.Name, firstAnswer, err)
			}
		case <-s.faults.changed:
		case <-timer.C:
		}
		wake, err := s.pass(ctx)
		if err != nil {
			return err
		}
		if !wake.IsZero() {
			timer.Reset(max(time.Until(wake), 0))
		}
	}
}

// mayStartAgain reports whether the component ended before it was ready again, as it
// does where the API server goes away meanwhile: that is tried again.
func (s *Supervisor) mayStartAgain() bool {
	select {
	case <-s.run.ready:
		return false
	default:
		return s.hasSettled()
	}
}

func (s *Supervisor) endedByItself(ctx context.Context, err error) error {
	if err == nil && ctx.Err() == nil {
		return fmt.Errorf("%s ended unexpectedly", s.opts.Name)
	}
	return nil
}

// pass stops, starts or rebuilds the component as the Faults of now want it, and
// reports on them. It returns when there is something to do again if nothing
// changes before; zero for never.
func (s *Supervisor) pass(ctx context.Context) (time.Time, error) {
	faults, known := s.faults.all()
	if !known { // what is to be stopped must not run for an instant
		return time.Time{}, nil
	}
	effect := fault.OnComponent(faults, s.component, time.Now())
	wake := effect.Until
	if s.run != nil && (effect.Stopped || !slices.Equal(effect.Without, s.run.broken.Without)) {
		s.report.stopping(ctx, faults)
		s.stop()
	}
	s.interference.Set(effect)
	if effect.Stopped {
		s.settle()
	} else if s.run == nil {
		if err := s.startAfresh(ctx, Broken{Without: effect.Without, Transport: s.interference.Wrap}); err != nil {
			if !s.hasSettled() {
				return time.Time{}, err
			}
			s.opts.Log.WithName(s.opts.Name).Error(err, "Cannot start again: trying again")
			wake = earliest(wake, time.Now().Add(retryInterval))
		}
	}
	return earliest(wake, s.report.all(ctx, faults, s.run)), nil
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (s *Supervisor) hasSettled() bool {
	select {
	case <-s.settled:
		return true
	default:
		return false
	}
}

// run is a component from its start to its end.
type run struct {
	*Component
	broken Broken
	cancel context.CancelFunc
	// ended gets what the component returned.
	ended chan error
	// ready is closed once it is ready.
	ready  chan struct{}
	beside sync.WaitGroup
}

// startAfresh starts the component. Again, it does so only while the API server
// answers: a component that cannot read anything ends by itself.
func (s *Supervisor) startAfresh(ctx context.Context, broken Broken) error {
	if s.hasSettled() {
		if err := s.faults.ask(ctx); err != nil {
			return err
		}
	}
	return s.start(ctx, broken)
}

func (s *Supervisor) start(ctx context.Context, broken Broken) error {
	built, err := s.opts.Build(ctx, broken)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(ctx)
	r := &run{Component: built, broken: broken, cancel: cancel, ended: make(chan error, 1), ready: make(chan struct{})}
	r.beside.Go(func() { r.ended <- built.Start(running) })
	r.beside.Go(func() { s.waitUntilReady(running, r) })
	s.setRun(r)
	return nil
}

// stop ends the component and returns when nothing of it is left.
func (s *Supervisor) stop() {
	if s.run == nil {
		return
	}
	s.run.cancel()
	s.run.beside.Wait()
	s.setRun(nil)
}

func (s *Supervisor) setRun(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run = r
}

// waitUntilReady does what is to be done once the component is ready. What fails
// is tried again: the API server may be down.
func (s *Supervisor) waitUntilReady(ctx context.Context, r *run) {
	built := r.Component
	err := wait.PollUntilContextCancel(ctx, retryInterval, true, func(ctx context.Context) (bool, error) {
		err := built.WaitForReady(ctx)
		if err == nil && s.opts.Ready != nil {
			err = s.opts.Ready(ctx, built)
		}
		if err != nil && ctx.Err() == nil {
			s.opts.Log.WithName(s.opts.Name).Error(err, "Not ready: trying again")
		}
		return err == nil, nil
	})
	if err == nil {
		close(r.ready)
		s.settle()
	}
}
