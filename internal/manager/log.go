// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// withoutEndingNamespaces drops errors that only say that a namespace is being
// deleted. Nothing can be created in it, and nothing needs to: the event recorder
// would log a line for each of its pods.
func withoutEndingNamespaces(log logr.Logger) logr.Logger {
	if log.GetSink() == nil {
		return log
	}
	return log.WithSink(endingNamespaces{log.GetSink()})
}

type endingNamespaces struct{ logr.LogSink }

// Error implements logr.LogSink.
func (s endingNamespaces) Error(err error, message string, keysAndValues ...any) {
	if !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		s.LogSink.Error(err, message, keysAndValues...)
	}
}

// WithName implements logr.LogSink.
func (s endingNamespaces) WithName(name string) logr.LogSink {
	return endingNamespaces{s.LogSink.WithName(name)}
}

// WithValues implements logr.LogSink.
func (s endingNamespaces) WithValues(keysAndValues ...any) logr.LogSink {
	return endingNamespaces{s.LogSink.WithValues(keysAndValues...)}
}
