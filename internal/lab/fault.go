// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/fault"
)

const (
	// faultTimeout bounds the wait until a Fault breaks what it is meant for: a component
	// that it stops may take ten seconds to end.
	faultTimeout = 20 * time.Second
	// maxFault is when a Fault ends by itself that has no duration of its own, so that a run
	// that is killed leaves none for longer.
	maxFault = 15 * time.Minute
	// missPatience is how long a Fault may say that it hits nothing: whoever acts on it
	// may not have seen yet what was made just before.
	missPatience = 2 * time.Second
)

// errMissed says that a Fault hits nothing, and will not.
var errMissed = errors.New("the Fault hits nothing")

// fault makes an object of kind Fault and waits until it breaks what it is meant for;
// found is what it says of that. It is healed by deleting it.
func (r *run) fault(ctx context.Context, step string, spec experiment.Object) (found string, heal Heal, err error) {
	object := experiment.FaultObject("what-if-"+step, bounded(spec)).Unstructured()
	r.label(object)
	c, err := r.sender.create(object)
	if err != nil {
		return "", nil, err
	}
	mapping, err := r.sender.mappingOf(object)
	if err != nil {
		return "", nil, err
	}
	remove := r.sender.newCall(http.MethodDelete, mapping, "", object.GetName(), "")
	remove.line = "kubectl delete fault " + object.GetName()
	heal = func(ctx context.Context) error { return r.deleteAndWait(ctx, remove) }
	if _, err := r.sender.must(ctx, c); err != nil {
		return "", heal, err
	}
	get := *remove
	get.method, get.line = http.MethodGet, "kubectl get fault "+object.GetName()
	found, err = r.awaitFault(ctx, &get)
	return found, heal, err
}

// bounded is the spec of a Fault that ends by itself.
func bounded(spec experiment.Object) experiment.Object {
	bounded := spec.Clone()
	if bounded["duration"] == nil {
		bounded["duration"] = maxFault.String()
	}
	return bounded
}

// stopOf is the spec of a Fault that stops a component.
func stopOf(component string) experiment.Object {
	return experiment.Object{"type": string(v1alpha1.FaultStop), "target": map[string]any{"component": component}}
}

// awaitFault returns once a Fault is in effect, with what its status says.
func (r *run) awaitFault(ctx context.Context, get *call) (string, error) {
	began := time.Now()
	for {
		f, err := r.readFault(ctx, get)
		if err != nil {
			return "", err
		}
		verdict, says := judgeFault(f)
		waited := time.Since(began)
		switch {
		case verdict == faultActs:
			return says, nil
		case verdict == faultMisses && waited > missPatience:
			return "", fmt.Errorf("%w: %s", errMissed, says)
		case waited > faultTimeout:
			return "", fmt.Errorf("the Fault does nothing after %s: %s", faultTimeout, says)
		}
		if err := hold(ctx, pollInterval); err != nil {
			return "", err
		}
	}
}

func (r *run) readFault(ctx context.Context, get *call) (*v1alpha1.Fault, error) {
	a, err := r.sender.must(ctx, get)
	if err != nil {
		return nil, err
	}
	f := &v1alpha1.Fault{}
	if err := json.Unmarshal(a.body, f); err != nil {
		return nil, fmt.Errorf("%s: reading the answer: %w", get.line, err)
	}
	return f, nil
}

// faultVerdict is how far a Fault has come.
type faultVerdict int

const (
	faultWaits faultVerdict = iota
	faultActs
	faultMisses
)

// judgeFault says how far a Fault has come, and what its status says of it. One of pods
// that fail to start hits those that start later, so it acts as soon as it is known.
func judgeFault(f *v1alpha1.Fault) (faultVerdict, string) {
	active := meta.FindStatusCondition(f.Status.Conditions, v1alpha1.FaultActive)
	if active == nil {
		return faultWaits, "nobody who could act on it has reported; is the component that it is meant for stopped, or the controller manager?"
	}
	says := cmp.Or(active.Message, active.Reason)
	switch {
	case fault.Active(&f.Status):
		return faultActs, says
	case f.Status.Summary == fault.SummaryNoTarget && f.Spec.Type == v1alpha1.FaultStartFailure && active.Reason == v1alpha1.ReasonNoTarget:
		return faultActs, strings.TrimPrefix(says, "no SimPod of spec.target.pods fails to start; ")
	case f.Status.Summary == fault.SummaryPending:
		return faultWaits, says
	}
	return faultMisses, says
}
