// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"errors"
	"strings"
)

// Code says what a plugin decided. Codes and names are kube-scheduler's
// (k8s.io/kube-scheduler/framework.Code).
type Code int

const (
	// Success means that the plugin has no objection. A nil Status is a Success.
	Success Code = iota
	// Error is an internal failure, not a verdict on the pod: it ends the cycle,
	// and the pod is tried again after a backoff, whatever happens meanwhile.
	Error
	// Unschedulable means that the pod does not fit as things are, but could if
	// other pods went away.
	Unschedulable
	// UnschedulableAndUnresolvable means that the pod would not fit even if other
	// pods went away.
	UnschedulableAndUnresolvable
	// Wait is kept for the numbering of kube-scheduler; no plugin returns it.
	Wait
	// Skip is returned by PreFilter or PreScore when the plugin has nothing to do
	// in this cycle: its Filter or Score is not called.
	Skip
	// Pending means that the pod waits for something outside of the scheduler. It
	// is tried again without a backoff.
	Pending
)

var codeNames = [...]string{"Success", "Error", "Unschedulable", "UnschedulableAndUnresolvable", "Wait", "Skip", "Pending"}

// String returns the name that kube-scheduler gives the code.
func (c Code) String() string {
	if c < 0 || int(c) >= len(codeNames) {
		return "Unknown"
	}
	return codeNames[c]
}

// Status is what a plugin says. It is immutable, so that plugins can return
// the same value for many nodes without allocating. A nil *Status is a Success.
type Status struct {
	code    Code
	reasons []string
	err     error
}

// NewStatus returns a status with reasons in kube-scheduler's words.
func NewStatus(code Code, reasons ...string) *Status {
	return &Status{code: code, reasons: reasons}
}

// AsStatus returns a status of code Error that wraps err; nil where err is nil.
func AsStatus(err error) *Status {
	if err == nil {
		return nil
	}
	return &Status{code: Error, err: err}
}

// Code returns the code; Success for nil.
func (s *Status) Code() Code {
	if s == nil {
		return Success
	}
	return s.code
}

// Reasons returns why; nil for a Success. The result must not be changed.
func (s *Status) Reasons() []string {
	if s == nil {
		return nil
	}
	if s.err != nil {
		return append([]string{s.err.Error()}, s.reasons...)
	}
	return s.reasons
}

// Message returns the reasons in one line.
func (s *Status) Message() string { return strings.Join(s.Reasons(), ", ") }

// IsSuccess is true for nil and for code Success.
func (s *Status) IsSuccess() bool { return s == nil || s.code == Success }

// IsSkip is true for code Skip.
func (s *Status) IsSkip() bool { return s.Code() == Skip }

// IsRejected is true where the pod was turned away: Unschedulable,
// UnschedulableAndUnresolvable or Pending.
func (s *Status) IsRejected() bool {
	c := s.Code()
	return c == Unschedulable || c == UnschedulableAndUnresolvable || c == Pending
}

// AsError returns the status as an error; nil for Success, Wait and Skip.
func (s *Status) AsError() error {
	if c := s.Code(); c == Success || c == Wait || c == Skip {
		return nil
	}
	if s.err != nil {
		return s.err
	}
	return errors.New(s.Message())
}
