// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"errors"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestEndingNamespacesAreNotLogged(t *testing.T) {
	var got []string
	log := withoutEndingNamespaces(funcr.New(func(prefix, args string) { got = append(got, prefix+" "+args) }, funcr.Options{}))
	ending := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "e", errors.New("because it is being terminated"))
	ending.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	events := log.WithName("events").WithValues("k", "v")
	events.Error(ending, "Server rejected event")
	events.Error(errors.New("no route"), "Server rejected event")
	events.Info("started")
	want := []string{
		`events "msg"="Server rejected event" "error"="no route" "k"="v"`,
		`events "level"=0 "msg"="started" "k"="v"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	withoutEndingNamespaces(logr.Logger{}).Error(ending, "a logger that goes nowhere")
}
