// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Local is a running local control plane. Its methods may be called from any
// goroutine.
type Local struct {
	opts  Options
	dir   string
	data  *dataDir
	ports ports
	ca    *authority
	plane *envtest.ControlPlane
	admin *rest.Config

	// background ends when Stop is called, and with it what Start left running.
	background       context.Context
	cancelBackground context.CancelFunc
	running          sync.WaitGroup
	done             chan struct{}

	stopOnce sync.Once
	stopErr  error

	refuseOnce sync.Once
	// stopRefusing ends what RefuseSpans began.
	stopRefusing func()

	// restored is the revision that etcd began with; 0 for none.
	restored int64

	// noTracing says why API server and etcd send no spans; empty where they do.
	noTracing string

	disruptions disruptions

	// recordMu serializes the writing of the lists of processes and disruptions.
	recordMu sync.Mutex

	mu         sync.Mutex
	components []*component // in the order of their start
	missing    []Missing
	exitErr    error
	// spans is where spans are sent to, until somebody takes it.
	spans    net.Listener
	finished bool // done is closed
}

// Missing is a part of the control plane that does not run.
type Missing struct {
	// Name is the name of the binary.
	Name string
	// Reason says why it does not run.
	Reason string
	// Cost says what does not work without it.
	Cost string
}

// Start starts a local control plane and returns when its API server is ready;
// kube-controller-manager may still be starting then. If it fails or ctx ends
// before that, nothing is left behind. ctx has no effect after Start returned:
// the caller must call Stop.
func Start(ctx context.Context, opts Options) (*Local, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	data, err := claimDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	l := &Local{opts: opts, dir: data.path, data: data, plane: &envtest.ControlPlane{}, done: make(chan struct{}), stopRefusing: func() {}}
	l.background, l.cancelBackground = context.WithCancel(context.Background())
	l.disruptions.until, l.disruptions.end = context.WithCancelCause(context.Background())
	for _, step := range []func(context.Context) error{
		l.cleanUp,
		l.prepare,
		l.readSnapshot,
		l.prepareTracing,
		l.startEtcd,
		l.restore,
		l.startAPIServer,
		l.bootstrap,
		l.startControllerManager,
	} {
		if err := step(ctx); err != nil {
			if stopErr := l.Stop(); stopErr != nil {
				err = errors.Join(err, stopErr)
			}
			return nil, err
		}
	}
	return l, nil
}

// cleanUp removes what killed instances left on this data folder and, if it is
// a temporary one, on all other temporary ones: nobody comes back to those.
func (l *Local) cleanUp(ctx context.Context) error {
	if l.opts.Dir == "" {
		sweepTemporary(ctx, l.logger())
	}
	return l.data.cleanUp(ctx, l.logger())
}

// prepare makes what the processes need before they start.
func (l *Local) prepare(context.Context) (err error) {
	if l.ports, err = findPorts(l.opts.APIServerPort, l.opts.EtcdPort); err != nil {
		return err
	}
	for _, name := range subfolders {
		if err := os.Mkdir(l.data.file(name), 0o700); err != nil {
			return dirError(l.dir, err)
		}
	}
	if l.ca, err = newAuthority(); err != nil {
		return err
	}
	return l.writeKeys()
}

// Stop stops all processes in the reverse order of their start, and removes
// all files and, if Start made it, the data folder. Further calls do nothing
// and return the same error.
func (l *Local) Stop() error {
	l.stopOnce.Do(func() {
		l.cancelBackground()
		l.finish(nil)
		l.EndDisruptions()
		l.running.Wait()
		l.RefuseSpans()
		var errs []error
		for _, c := range slices.Backward(l.snapshot()) {
			errs = append(errs, c.Stop(), c.log.Close())
		}
		l.stopRefusing()
		l.stopErr = errors.Join(errs...)
		if l.stopErr == nil {
			// With a process that would not end, its record must stay.
			l.stopErr = l.data.release()
		}
	})
	return l.stopErr
}

// Done is closed when a process has ended unexpectedly, see Err, and by Stop.
func (l *Local) Done() <-chan struct{} { return l.done }

// Err says which process ended unexpectedly first, with the end of its log. It
// is nil as long as none has.
func (l *Local) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.exitErr
}

func (l *Local) finish(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.finished {
		return
	}
	l.finished, l.exitErr = true, err
	close(l.done)
}

// Dir returns the data folder.
func (l *Local) Dir() string { return l.dir }

// ComponentsDir returns a folder in the data folder for what components need
// that run beside the control plane, such as their keys. Stop removes it.
func (l *Local) ComponentsDir() string { return ComponentsDirOf(l.dir) }

// Processes describes the processes in the order of their start.
func (l *Local) Processes() []Process {
	var out []Process
	for _, c := range l.snapshot() {
		out = append(out, c.describe())
	}
	return out
}

// Missing says which parts of the control plane do not run, and what that
// costs. A part may be added as long as it is StateStarting.
func (l *Local) Missing() []Missing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.missing)
}

// Unit is a part of a running control plane that is started and stopped on its
// own. The others keep running, as they would if it had failed.
type Unit interface {
	// Start starts what does not run, as it ran before, and returns when it is
	// ready, has failed, or ctx ends. It does nothing to what runs.
	Start(ctx context.Context) error
	// Stop returns when it no longer runs. It does nothing to what does not run.
	Stop() error
}

// Unit returns the process with the name of its binary. It is started with the
// same data, ports and identities, and is ready when it is healthy.
func (l *Local) Unit(name string) (Unit, error) {
	c, err := l.component(name)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *Local) component(name string) (*component, error) {
	for _, c := range l.snapshot() {
		if c.name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("the control plane has no process %q", name)
}

func (l *Local) snapshot() []*component {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.components)
}

// recordProcesses writes down what runs, so that the next instance on this data
// folder can clean up if this one is killed.
func (l *Local) recordProcesses() {
	l.recordMu.Lock()
	defer l.recordMu.Unlock()
	records := []processRecord{}
	for _, c := range l.snapshot() {
		if record := c.processRecord(); record.PID != 0 {
			records = append(records, record)
		}
	}
	if err := writeList(l.dir, processesFile, records); err != nil {
		l.opts.Log.Error(err, "the list of processes could not be written")
	}
}

// recordDisruptions writes down what is disrupted, for whoever comes after this
// process if it is killed.
func (l *Local) recordDisruptions() error {
	l.recordMu.Lock()
	defer l.recordMu.Unlock()
	return writeList(l.dir, disruptionsFile, l.Disrupted())
}

// startLogged starts a component and logs how long that took.
func (l *Local) startLogged(ctx context.Context, c *component) error {
	began := time.Now()
	if err := c.Start(ctx); err != nil {
		return err
	}
	l.logger().Info("ready", "process", c.name, "pid", c.processRecord().PID, "after", time.Since(began).Round(time.Millisecond).String())
	return nil
}

func (l *Local) logger() logr.Logger { return l.opts.Log }
