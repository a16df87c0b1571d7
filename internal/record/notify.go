// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Interest is what somebody waits for.
type Interest struct {
	// AuditID of a request; empty for none.
	AuditID string
	// Names are objects, whatever their UID. One without a name stands for the
	// deletecollection requests of its namespace.
	Names []evidence.Object
	// Controller is the UID of an object whose children are waited for; empty for
	// none.
	Controller types.UID
	// All is true for whatever arrives.
	All bool
}

// topic is one thing that is waited for; the zero value is everything.
type topic struct {
	name       evidence.Object
	auditID    string
	controller types.UID
}

func (i Interest) topics() []topic {
	var topics []topic
	if i.AuditID != "" {
		topics = append(topics, topic{auditID: i.AuditID})
	}
	for _, name := range i.Names {
		topics = append(topics, topic{name: nameOf(name)})
	}
	if i.Controller != "" {
		topics = append(topics, topic{controller: i.Controller})
	}
	if i.All {
		topics = append(topics, topic{})
	}
	return topics
}

// Notify returns a channel that has a value once entries that somebody waits for
// have arrived since it was read; one value stands for any number of them. Who
// waits for one object is not woken by all others. stop must be called once nobody
// reads any more.
func (j *Journal) Notify(interest Interest) (changed <-chan struct{}, stop func()) {
	topics := interest.topics()
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
	if uid := entry.Controller; uid != "" {
		j.wake(topic{controller: uid})
	}
	j.wake(topic{})
}

func (j *Journal) wake(t topic) {
	for channel := range j.waiting[t] {
		select {
		case channel <- struct{}{}:
		default: // It has a value that was not read yet.
		}
	}
}
