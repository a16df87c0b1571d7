// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"github.com/glassplane/glassplane/internal/evidence"
)

// Explain explains a record. A record that lacks sources or entries gives an
// explanation that says what is not available; it is never an error.
func Explain(record evidence.Record) Trace {
	return Trace{
		SchemaVersion: SchemaVersion,
		Subject:       record.Subject,
		AuditID:       record.AuditID,
		Outcome:       OutcomeUnknown,
		Dropped:       record.Dropped,
	}
}
