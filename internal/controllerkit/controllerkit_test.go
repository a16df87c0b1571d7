// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllerkit

import (
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

var pods = schema.GroupResource{Group: "sim.glassplane.dev", Resource: "simpods"}

func TestOutcome(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	conflict, gone := apierrors.NewConflict(pods, "p", errors.New("stale")), apierrors.NewNotFound(pods, "p")
	tests := []struct {
		name    string
		wake    []time.Time
		errs    []error
		want    time.Duration
		wantErr string
	}{
		{name: "nothing to do"},
		{name: "the earliest time counts", wake: []time.Time{now.Add(time.Hour), now.Add(time.Minute), {}}, want: time.Minute},
		{name: "a time that is past", wake: []time.Time{now.Add(-time.Hour)}, want: 1},
		{name: "a stale write comes back soon and quietly", wake: []time.Time{now.Add(time.Hour)}, errs: []error{conflict}, want: StaleRetry},
		{name: "but not later than something else", wake: []time.Time{now.Add(time.Millisecond)}, errs: []error{conflict}, want: time.Millisecond},
		{name: "an object that is gone", errs: []error{gone, nil}},
		{name: "an error comes without a time", wake: []time.Time{now.Add(time.Hour)}, errs: []error{conflict, errors.New("no"), errors.New("nor that")},
			wantErr: "writing: no\nwriting: nor that"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Outcome
			for _, at := range tt.wake {
				o.WakeAt(at)
			}
			for _, err := range tt.errs {
				o.Add("writing", err)
			}
			got, err := o.Result(now)
			if got.RequeueAfter != tt.want {
				t.Errorf("comes back after %s, want %s", got.RequeueAfter, tt.want)
			}
			if message := messageOf(err); message != tt.wantErr {
				t.Errorf("error %q, want %q", message, tt.wantErr)
			}
		})
	}
}

func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestRetriesAreNeverFurtherApartThanAMinute(t *testing.T) {
	limiter := Options(1).RateLimiter
	var pause time.Duration
	for range 100 {
		pause = limiter.When(reconcile.Request{})
	}
	if pause != MaxRetry {
		t.Errorf("after 100 failures the pause is %s, want %s", pause, MaxRetry)
	}
}

func TestNotices(t *testing.T) {
	key := types.NamespacedName{Name: "n"}
	var n Notices
	for i, step := range []struct {
		wrong string
		want  bool
	}{{"a", true}, {"a", false}, {"b", true}, {"a", true}} {
		if got := n.Changed(key, step.wrong); got != step.want {
			t.Errorf("step %d: %q is news: %v", i, step.wrong, got)
		}
	}
	if !n.Forget(key) || n.Forget(key) || !n.Changed(key, "a") {
		t.Error("what is forgotten is still known")
	}
}

func TestRefusalHasNoGeneratedName(t *testing.T) {
	err := apierrors.NewForbidden(pods, "web-x7k2p", errors.New("spec.nodeName may not be set"))
	if got, want := Refusal(err), `simpods.sim.glassplane.dev "…" is forbidden: spec.nodeName may not be set`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Refusal(errors.New("no route")); got != "no route" {
		t.Errorf("got %s", got)
	}
}
