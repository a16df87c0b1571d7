// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package walkthroughstatus

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// A status that says something new at each look, as one does while the journal
// drops entries, must not be written in a loop: what is written causes no look.
func TestOwnWritesTriggerNothing(t *testing.T) {
	before := &v1alpha1.Walkthrough{ObjectMeta: metav1.ObjectMeta{Generation: 1, ResourceVersion: "1"}}
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Walkthrough)
		want   bool
	}{
		"its own status": {func(w *v1alpha1.Walkthrough) {
			w.Status.Conditions = []metav1.Condition{{Type: v1alpha1.WalkthroughComplete, Message: "9619 older traces were dropped"}}
		}, false},
		"a new spec": {func(w *v1alpha1.Walkthrough) { w.Generation++ }, true},
	} {
		after := before.DeepCopy()
		after.ResourceVersion = "2"
		tc.change(after)
		if got := triggers().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != tc.want {
			t.Errorf("%s triggers a look: %v, want %v", name, got, tc.want)
		}
	}
	if !triggers().Create(event.CreateEvent{Object: before}) {
		t.Error("a new Walkthrough is not looked at")
	}
}
