// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/history"
)

// sessionLabel marks what a session makes, and the namespaces that are its own.
const sessionLabel = "glassplane.dev/lesson"

// SessionOptions of a session.
type SessionOptions struct {
	// Name of the session, for labels.
	Name string
	// Namespace of the session, which is made for it and deleted with all that is in it.
	Namespace string
	// Moments that conditions may name.
	Moments []experiment.Moment
	// Others are objects that somebody may make during the session, so that those
	// without a namespace are deleted with it.
	Others []experiment.Object
	// Tell is told what is done. Default: nobody is.
	Tell func(format string, args ...any)
}

// Session is a stay at a control plane, in a namespace of its own: what somebody does
// there is judged by what etcd stores. Close deletes what was made.
type Session struct {
	r      *run
	others map[string]bool
}

// OpenSession begins a session. What one that was killed has left is deleted first.
func OpenSession(ctx context.Context, plane Plane, opts SessionOptions) (*Session, error) {
	if plane.Offer.Etcd != "" {
		return nil, fmt.Errorf("%w: etcd cannot be read: %s", ErrUnmet, plane.Offer.Etcd)
	}
	of := &experiment.Experiment{Name: opts.Name, Moments: opts.Moments}
	r, err := newRun(ctx, plane, of, Options{Namespace: opts.Namespace, Tell: opts.Tell})
	if err != nil {
		return nil, err
	}
	r.marker, r.began = sessionLabel, time.Now()
	s := &Session{r: r, others: map[string]bool{}}
	for _, o := range opts.Others {
		u := o.Unstructured()
		s.others[strings.ToLower(u.GetKind())+"/"+u.GetName()] = true
	}
	err = r.guarded(func() error {
		if len(s.left(false)) > 0 {
			r.opts.Tell("deleting what a lesson that was killed has left")
			if err := s.clean(ctx, false); err != nil {
				return err
			}
		}
		return s.makeNamespace(ctx)
	})
	if err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *Session) makeNamespace(ctx context.Context) error {
	object := experiment.Object{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": s.r.opts.Namespace}}.Unstructured()
	s.r.label(object)
	c, err := s.r.sender.create(object)
	if err != nil {
		return err
	}
	if _, err = s.r.sender.must(ctx, c); err != nil {
		return fmt.Errorf("making the namespace: %w", err)
	}
	return nil
}

// Mark gives the state of now a name, which conditions may use.
func (s *Session) Mark(ctx context.Context, name, says string) {
	s.r.begin(experiment.ListedStep{Name: name, Kind: experiment.StepWait, Does: says}, nil)
	s.r.ended(ctx, name, "", nil)
}

// Do does steps one after the other.
func (s *Session) Do(ctx context.Context, steps []experiment.Step) error {
	return s.r.guarded(func() error { return s.r.doSteps(ctx, steps) })
}

// Request is what came of the request of a step; nil where there is none.
func (s *Session) Request(step string) *experiment.RequestResult {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	for i := len(s.r.steps) - 1; i >= 0; i-- {
		if s.r.steps[i].Name == step {
			return s.r.steps[i].Request
		}
	}
	return nil
}

// Evidence is what is known now, at the newest revision of etcd.
func (s *Session) Evidence(ctx context.Context) (*experiment.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	if _, err := s.r.etcd.sync(ctx); err != nil {
		return nil, err
	}
	if _, missing := s.r.etcd.view(); missing != "" {
		return nil, errors.New(missing)
	}
	return s.r.evidence(), nil
}

// AwaitAudit waits a little until the audit log has what was answered before, and who
// wrote what conditions ask about.
func (s *Session) AwaitAudit(ctx context.Context, conditions []experiment.Condition) {
	s.r.of.Settled = conditions
	s.r.awaitAudit(ctx)
}

// ErrNoObserver is the error of Trace where nobody explains objects.
var ErrNoObserver = errors.New("no observer is known")

// Trace explains the life of an object.
func (s *Session) Trace(ctx context.Context, of evidence.Object) (explain.Trace, error) {
	if s.r.plane.Trace == nil {
		return explain.Trace{}, ErrNoObserver
	}
	return s.r.trace(ctx, of)
}

// Close heals what is broken, deletes what was made, and ends the session: also where
// ctx has ended.
func (s *Session) Close(ctx context.Context) error {
	defer s.r.close()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), healTimeout, fmt.Errorf("not all was deleted within %s", healTimeout))
	defer cancel()
	return errors.Join(s.r.healAll(ctx), s.clean(ctx, true))
}

// left are the objects that belong to a session. Of those that others make, without a
// namespace, only those of this session are known: they were made since it began.
func (s *Session) left(ofThisToo bool) []*history.Version {
	h, _ := s.r.etcd.view()
	namespaces := map[string]bool{}
	for _, v := range h.Objects(h.Last(), func(o history.Object) bool { return o.Resource == "namespaces" }) {
		namespaces[v.Object.Name] = labelOf(v) != ""
	}
	left := h.Objects(h.Last(), func(o history.Object) bool {
		return slices.Contains(leftoverResources, o.Resource) || o.Resource == "namespaces"
	})
	return slices.DeleteFunc(left, func(v *history.Version) bool {
		u := unstructured.Unstructured{Object: v.Value}
		made := ofThisToo && v.Created > h.Base && v.Object.Namespace == "" && s.others[strings.ToLower(u.GetKind())+"/"+u.GetName()]
		return !made && labelOf(v) == "" && !namespaces[v.Object.Namespace]
	})
}

func labelOf(v *history.Version) string {
	labels, _, _ := unstructured.NestedStringMap(v.Value, "metadata", "labels")
	return labels[sessionLabel]
}

// leftoverResources are leftoverKinds without their groups.
var leftoverResources = func() []string {
	var resources []string
	for _, kind := range leftoverKinds {
		resource, _, _ := strings.Cut(kind, ".")
		resources = append(resources, resource)
	}
	return resources
}()

// clean deletes what is left, first what breaks and what makes others, last the
// namespaces, and waits until it is gone.
func (s *Session) clean(ctx context.Context, ofThisToo bool) error {
	for _, kind := range append(slices.Clone(leftoverKinds), "namespaces") {
		if err := s.cleanAll(ctx, kind, ofThisToo); err != nil {
			return fmt.Errorf("deleting what the lesson made: %w", err)
		}
	}
	return nil
}

// cleanAll deletes the objects of a resource, and those that are made meanwhile, until
// there are none.
func (s *Session) cleanAll(ctx context.Context, kind string, ofThisToo bool) error {
	resource, _, _ := strings.Cut(kind, ".")
	ctx, cancel := context.WithTimeoutCause(ctx, goneTimeout, fmt.Errorf("not all %s were gone after %s", resource, goneTimeout))
	defer cancel()
	for {
		if _, err := s.r.etcd.sync(ctx); err != nil {
			return err
		}
		left := slices.DeleteFunc(s.left(ofThisToo), func(v *history.Version) bool { return v.Object.Resource != resource })
		if len(left) == 0 {
			return nil
		}
		for _, v := range left {
			if err := s.remove(ctx, kind, v); err != nil {
				return err
			}
		}
		if err := hold(ctx, pollInterval); err != nil {
			return fmt.Errorf("%w: %s", err, keysOf(left))
		}
	}
}

// remove asks for the deletion of an object, and where it is marked for it takes off
// the finalizers that nobody else would.
func (s *Session) remove(ctx context.Context, kind string, v *history.Version) error {
	u := unstructured.Unstructured{Object: v.Value}
	if u.GetDeletionTimestamp() != nil {
		return s.r.releaseOwn(ctx, v)
	}
	mapping, err := s.r.sender.mapping(kind)
	if err != nil {
		return err
	}
	c := s.r.sender.newCall(http.MethodDelete, mapping, v.Object.Namespace, v.Object.Name, "")
	c.target.RawQuery = "propagationPolicy=" + string(metav1.DeletePropagationBackground)
	c.line = "kubectl delete " + kindName(mapping) + " " + v.Object.Name
	return s.r.insist(ctx, c)
}
