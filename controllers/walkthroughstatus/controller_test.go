// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package walkthroughstatus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/walkthroughstatus"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
)

// tracer answers with one trace and remembers the object that it was asked for.
type tracer struct {
	trace explain.Trace
	err   error
	asked evidence.Object
}

func (f *tracer) Trace(_ context.Context, object evidence.Object) (explain.Trace, error) {
	f.asked = object
	return f.trace, f.err
}

func traceOf(outcome explain.Outcome, uid types.UID) explain.Trace {
	return explain.Trace{
		Outcome: outcome, Reason: "because", Subject: evidence.Object{Name: "tour", UID: uid},
		Steps: []v1alpha1.WalkthroughStep{{
			Step: 1, Component: "User", Action: "sends",
			Time: new(metav1.NewMicroTime(time.Unix(100, 123456789))),
		}},
	}
}

var now = time.Unix(1000, 0)

func newWalkthrough(change ...func(*v1alpha1.Walkthrough)) *v1alpha1.Walkthrough {
	w := &v1alpha1.Walkthrough{
		ObjectMeta: metav1.ObjectMeta{
			Name: "tour", Namespace: "default", UID: "w-1", Generation: 1, CreationTimestamp: metav1.NewTime(now.Add(-20 * time.Second)),
		},
		Spec: v1alpha1.WalkthroughSpec{Template: &v1alpha1.SimPodTemplateSpec{}},
	}
	for _, f := range change {
		f(w)
	}
	return w
}

func reference(uid string) func(*v1alpha1.Walkthrough) {
	return func(w *v1alpha1.Walkthrough) {
		w.Spec = v1alpha1.WalkthroughSpec{SubjectRef: &v1alpha1.SubjectReference{Name: "other", UID: uid}}
	}
}

type harness struct {
	client  client.Client
	patches int
	tracer  *tracer
}

func newHarness(t *testing.T, tracer *tracer, objects ...client.Object) *harness {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	h := &harness{tracer: tracer}
	h.client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.Walkthrough{}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: func(
			ctx context.Context, c client.Client, name string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption,
		) error {
			h.patches++
			return c.SubResource(name).Patch(ctx, object, patch, options...)
		}}).Build()
	return h
}

func (h *harness) reconcile(t *testing.T) (*v1alpha1.Walkthrough, time.Duration, error) {
	t.Helper()
	w := &v1alpha1.Walkthrough{}
	key := client.ObjectKey{Namespace: "default", Name: "tour"}
	if err := h.client.Get(t.Context(), key, w); err != nil {
		t.Fatal(err)
	}
	r := walkthroughstatus.New(h.client, h.tracer, clocktesting.NewFakePassiveClock(now))
	result, reconcileErr := r.Reconcile(t.Context(), w)
	if err := h.client.Get(t.Context(), key, w); err != nil {
		t.Fatal(err)
	}
	return w, result.RequeueAfter, reconcileErr
}

func TestReconcile(t *testing.T) {
	owned := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Name: "tour", Namespace: "default", UID: "p-1", OwnerReferences: []metav1.OwnerReference{
		{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Walkthrough", Name: "tour", UID: "w-1", Controller: new(true)},
	}}}
	foreign := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Name: "tour", Namespace: "default", UID: "p-2"}}
	notFound := apierrors.NewNotFound(v1alpha1.Resource("simpods"), "tour")
	tests := map[string]struct {
		walkthrough *v1alpha1.Walkthrough
		pod         *v1alpha1.SimPod
		trace       explain.Trace
		traceErr    error
		wantUID     types.UID
		wantStatus  metav1.ConditionStatus
		wantReason  string
		wantSteps   int
		wantRequeue time.Duration
	}{
		"running": {
			walkthrough: newWalkthrough(), pod: owned, trace: traceOf(explain.OutcomeRunning, "p-1"),
			wantUID: "p-1", wantStatus: metav1.ConditionTrue, wantReason: v1alpha1.ReasonRequestFinished, wantSteps: 1,
		},
		"pending": {
			walkthrough: newWalkthrough(), pod: owned, trace: traceOf(explain.OutcomePending, "p-1"),
			wantUID: "p-1", wantStatus: metav1.ConditionFalse, wantReason: v1alpha1.ReasonRequestInProgress, wantSteps: 1, wantRequeue: 2 * time.Second,
		},
		"unschedulable goes on": {
			walkthrough: newWalkthrough(), pod: owned, trace: traceOf(explain.OutcomeUnschedulable, "p-1"),
			wantUID: "p-1", wantStatus: metav1.ConditionFalse, wantReason: v1alpha1.ReasonRequestInProgress, wantSteps: 1, wantRequeue: 2 * time.Second,
		},
		"a young one is looked at often": {
			walkthrough: newWalkthrough(func(w *v1alpha1.Walkthrough) { w.CreationTimestamp = metav1.NewTime(now) }),
			trace:       traceOf(explain.OutcomePending, "p-1"),
			wantStatus:  metav1.ConditionFalse, wantReason: v1alpha1.ReasonRequestInProgress, wantSteps: 1, wantRequeue: 500 * time.Millisecond,
		},
		"an old one seldom": {
			walkthrough: newWalkthrough(func(w *v1alpha1.Walkthrough) { w.CreationTimestamp = metav1.NewTime(now.Add(-time.Hour)) }),
			trace:       traceOf(explain.OutcomePending, "p-1"),
			wantStatus:  metav1.ConditionFalse, wantReason: v1alpha1.ReasonRequestInProgress, wantSteps: 1, wantRequeue: 30 * time.Second,
		},
		"name taken": {
			walkthrough: newWalkthrough(), pod: foreign, trace: traceOf(explain.OutcomeRunning, "p-2"),
			wantStatus: metav1.ConditionFalse, wantReason: v1alpha1.ReasonSubjectConflict, wantRequeue: 2 * time.Second,
		},
		"template rejected": {
			walkthrough: newWalkthrough(), trace: traceOf(explain.OutcomeRejected, ""),
			wantStatus: metav1.ConditionFalse, wantReason: v1alpha1.ReasonSubjectRejected, wantSteps: 1, wantRequeue: 2 * time.Second,
		},
		"request of somebody else rejected": {
			walkthrough: newWalkthrough(reference("")), trace: traceOf(explain.OutcomeRejected, ""),
			wantStatus: metav1.ConditionTrue, wantReason: v1alpha1.ReasonRequestFinished, wantSteps: 1,
		},
		"nothing recorded": {
			walkthrough: newWalkthrough(reference("u-9")), traceErr: fmt.Errorf("record: %w", notFound),
			wantUID: "u-9", wantStatus: metav1.ConditionFalse, wantReason: v1alpha1.ReasonSubjectNotFound, wantRequeue: 2 * time.Second,
		},
		"follows the same object although the name is used again": {
			walkthrough: newWalkthrough(func(w *v1alpha1.Walkthrough) {
				w.Status.Subject = &v1alpha1.SubjectReference{Name: "tour", UID: "p-1"}
			}),
			pod: foreign, trace: traceOf(explain.OutcomeDeleted, "p-1"),
			wantUID: "p-1", wantStatus: metav1.ConditionTrue, wantReason: v1alpha1.ReasonRequestFinished, wantSteps: 1,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			objects := []client.Object{tc.walkthrough}
			if tc.pod != nil {
				objects = append(objects, tc.pod)
			}
			tracer := &tracer{trace: tc.trace, err: tc.traceErr}
			w, requeue, err := newHarness(t, tracer, objects...).reconcile(t)
			if err != nil {
				t.Fatal(err)
			}
			condition := meta.FindStatusCondition(w.Status.Conditions, v1alpha1.WalkthroughComplete)
			if condition == nil || condition.Status != tc.wantStatus || condition.Reason != tc.wantReason || condition.ObservedGeneration != 1 {
				t.Errorf("condition %+v, want %s %s", condition, tc.wantStatus, tc.wantReason)
			}
			if tracer.asked.UID != tc.wantUID {
				t.Errorf("asked for UID %q, want %q", tracer.asked.UID, tc.wantUID)
			}
			if len(w.Status.Steps) != tc.wantSteps {
				t.Errorf("%d steps, want %d", len(w.Status.Steps), tc.wantSteps)
			}
			if requeue != tc.wantRequeue {
				t.Errorf("RequeueAfter %v, want %v", requeue, tc.wantRequeue)
			}
		})
	}
}

func TestWritesOnlyChanges(t *testing.T) {
	tracer := &tracer{trace: traceOf(explain.OutcomePending, "p-1")}
	h := newHarness(t, tracer, newWalkthrough(reference("")))
	for range 3 {
		if _, _, err := h.reconcile(t); err != nil {
			t.Fatal(err)
		}
	}
	if h.patches != 1 {
		t.Errorf("%d patches for one status, want 1", h.patches)
	}
	tracer.trace.Outcome = explain.OutcomeRunning
	for range 2 {
		if _, _, err := h.reconcile(t); err != nil {
			t.Fatal(err)
		}
	}
	if h.patches != 2 {
		t.Errorf("%d patches for two statuses, want 2", h.patches)
	}
}

func TestReturnsErrors(t *testing.T) {
	h := newHarness(t, &tracer{err: errors.New("no journal")}, newWalkthrough(reference("")))
	if _, _, err := h.reconcile(t); err == nil {
		t.Error("no error")
	}
	if h.patches != 0 {
		t.Errorf("%d patches, want none", h.patches)
	}
}

func TestStatusIsBounded(t *testing.T) {
	trace := traceOf(explain.OutcomeRunning, "p-1")
	for i := range 40 {
		details := make([]string, 100)
		for k := range details {
			details[k] = fmt.Sprintf("fact %d", k)
		}
		trace.Steps[0].Evidence = append(trace.Steps[0].Evidence, v1alpha1.Evidence{
			Source: "audit", Summary: fmt.Sprintf("trace %d", i), Details: details,
		})
	}
	agent := strings.Repeat("é", 2000)
	trace.Steps[0].Evidence[0].UserAgent = agent
	w, _, err := newHarness(t, &tracer{trace: trace}, newWalkthrough(reference(""))).reconcile(t)
	if err != nil {
		t.Fatal(err)
	}
	list := w.Status.Steps[0].Evidence
	if len(list) != 32 {
		t.Fatalf("%d traces, want 32", len(list))
	}
	if details := list[0].Details; len(details) != 64 || details[63] != "… and 37 more" {
		t.Errorf("%d details, the last %q", len(details), details[len(details)-1])
	}
	if details := list[31].Details; len(details) != 64 || details[63] != "8 more traces of this step are left out; the observer has them" {
		t.Errorf("%d details, the last %q", len(details), details[len(details)-1])
	}
	if got, want := list[0].UserAgent, strings.Repeat("é", 1023)+"…"; got != want {
		t.Errorf("the user agent is %d characters: %s", len([]rune(got)), got)
	}
	if trace.Steps[0].Evidence[0].UserAgent != agent || len(trace.Steps[0].Evidence) != 40 || len(trace.Steps[0].Evidence[31].Details) != 100 {
		t.Error("the trace itself was changed")
	}
}
