// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podgc

import (
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/test/wrappers"
)

func TestStaleCacheIsTriedAgainWithoutAnError(t *testing.T) {
	pod := wrappers.MakeSimPod().Namespace("default").Name("web").Node("gone").Obj()
	api := fake.NewClientBuilder().WithScheme(scheme.New()).WithObjects(pod).WithStatusSubresource(pod).Build()
	stale := &v1alpha1.SimPod{}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(pod), stale); err != nil {
		t.Fatal(err)
	}
	current := stale.DeepCopy()
	current.Labels = map[string]string{"changed": "meanwhile"}
	if err := api.Update(t.Context(), current); err != nil {
		t.Fatal(err)
	}

	r := &Reconciler{client: api, live: api, clock: clocktesting.NewFakePassiveClock(time.Unix(1000, 0))}
	result, err := r.Reconcile(t.Context(), stale)
	if want := (ctrl.Result{RequeueAfter: controllerkit.StaleRetry}); err != nil || result != want {
		t.Errorf("Reconcile of a stale pod: %+v, %v; want %+v", result, err, want)
	}
	if result, err = r.Reconcile(t.Context(), current); err != nil || result != (ctrl.Result{}) {
		t.Errorf("Reconcile of the current pod: %+v, %v", result, err)
	}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(pod), current); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("the pod is still there: %v", err)
	}
}
