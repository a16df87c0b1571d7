// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"github.com/glassplane/glassplane/internal/evidence"
)

// topic is what is waited for: entries about a name, or about a request.
type topic struct {
	name    evidence.Object
	auditID string
}

// Notify returns a channel that has a value once entries about one of the names
// or of the request have arrived since it was read; one value stands for any
// number of them. An object without a name stands for the deletecollection
// requests of its namespace. Who waits for one object is not woken by all others.
// stop must be called once nobody reads any more.
func (j *Journal) Notify(auditID string, names ...evidence.Object) (changed <-chan struct{}, stop func()) {
	var topics []topic
	if auditID != "" {
		topics = append(topics, topic{auditID: auditID})
	}
	for _, name := range names {
		topics = append(topics, topic{name: nameOf(name)})
	}
	channel := make(chan struct{}, 1)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, t := range topics {
		if j.waiting[t] == nil {
			j.waiting[t] = map[chan<- struct{}]struct{}{}
		}
		j.waiting[t][channel] = struct{}{}
	}
	return channel, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		for _, t := range topics {
			if delete(j.waiting[t], channel); len(j.waiting[t]) == 0 {
				delete(j.waiting, t)
			}
		}
	}
}

// notify wakes those who wait for the entry.
func (j *Journal) notify(entry *kept) {
	if len(j.waiting) == 0 {
		return
	}
	if isNamed(&entry.Entry) {
		j.wake(topic{name: nameOf(entry.Object)})
	}
	if id := entry.AuditID(); id != "" {
		j.wake(topic{auditID: id})
	}
}

func (j *Journal) wake(t topic) {
	for channel := range j.waiting[t] {
		select {
		case channel <- struct{}{}:
		default: // It has a value that was not read yet.
		}
	}
}
