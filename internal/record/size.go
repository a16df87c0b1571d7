// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"unsafe"

	"github.com/glassplane/glassplane/internal/evidence"
)

// indexBytes is what the journal's indexes take for one entry, roughly.
const indexBytes = 96

// Size estimates how much memory an entry takes, in bytes. It counts what grows
// with the input: objects, values, verdicts and texts.
func Size(entry *evidence.Entry) int64 {
	size := int(unsafe.Sizeof(*entry)) + indexBytes +
		len(entry.Object.Namespace) + len(entry.Object.Name) + len(entry.Object.UID) + len(entry.Controller)
	if a := entry.Audit; a != nil {
		size += auditSize(a)
	}
	if w := entry.Watch; w != nil {
		size += int(unsafe.Sizeof(*w)) + len(w.Object)
	}
	if e := entry.Etcd; e != nil {
		size += int(unsafe.Sizeof(*e)) + len(e.Key) + len(e.Value) + len(e.Unavailable)
	}
	if d := entry.Decision; d != nil {
		size += d.Size()
	}
	if t := entry.Transition; t != nil {
		size += t.Size()
	}
	if c := entry.Client; c != nil {
		size += int(unsafe.Sizeof(*c)) + len(c.AuditID) + len(c.Line)
	}
	if s := entry.Spans; s != nil {
		size += s.Size()
	}
	return int64(size)
}

func auditSize(a *evidence.Audit) int {
	size := int(unsafe.Sizeof(*a)) + len(a.AuditID) + len(a.URI) + len(a.User) + len(a.UserAgent) +
		len(a.Message) + len(a.RequestObject) + len(a.ResponseObject) + textsSize(a.Groups) + textsSize(a.SourceIPs)
	if a.Reads != nil {
		size += int(unsafe.Sizeof(*a.Reads))
	}
	for key, value := range a.Annotations {
		size += len(key) + len(value) + 2*int(unsafe.Sizeof(""))
	}
	return size
}

func textsSize(texts []string) int {
	size := len(texts) * int(unsafe.Sizeof(""))
	for _, text := range texts {
		size += len(text)
	}
	return size
}
