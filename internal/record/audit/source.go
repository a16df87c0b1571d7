// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package audit records the API server's audit log, a file of JSON lines that
// kube-apiserver writes with --audit-log-path.
package audit

import (
	"bytes"
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

const (
	// pollInterval is how often the file is looked at where the file system does
	// not tell of changes, or has lost one.
	pollInterval = 250 * time.Millisecond
	// quietTime is how long lines are left to gather after a change, so that a
	// busy API server does not cost one read per line.
	quietTime = 10 * time.Millisecond
	// maxLineBytes is the length of the longest line that is read: an object of
	// etcd's limit of 1.5 MiB as request and as response, and room for the rest.
	maxLineBytes = 4 << 20
)

// Options of a source.
type Options struct {
	// Path of the audit log. It need not exist yet.
	Path string
	// FromStart reads what is in the file already; else only what is added.
	FromStart bool
	// Resources whose events are recorded, with all their subresources.
	Resources []schema.GroupResource
	// Clock sets when an entry was recorded.
	Clock clock.WithTicker
}

// Source tails the audit log. Events about other resources, and those of lists
// and watches that name no single object, are counted but not recorded: they
// say nothing about one object, and an informer would fill the journal with them.
//
// A file that is renamed is read to its end before the one that takes its place
// is. Only if the log is rotated twice between two reads, some 10 ms apart, the
// file in between is lost.
type Source struct {
	resources sets.Set[schema.GroupResource]
	// quoted are the names of the resources as they stand in a line.
	quoted  [][]byte
	path    string
	clock   clock.WithTicker
	journal record.Appender
	state   *record.State
	lines   *prometheus.CounterVec

	// reading holds one token, which a read takes: unlike a mutex it can be waited
	// for until a context ends. It guards the tail.
	reading chan struct{}
	tail    *tail
}

// New returns a source that appends to the journal once it runs.
func New(options Options, journal record.Appender) *Source {
	s := &Source{
		resources: sets.New(options.Resources...),
		path:      options.Path,
		clock:     options.Clock,
		journal:   journal,
		reading:   make(chan struct{}, 1),
		state:     record.NewState(evidence.SourceAudit),
		lines: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "glassplane_audit_lines_total",
			Help: "Lines of the audit log by result: recorded, ignored (of other resources) or malformed.",
		}, []string{"result"}),
	}
	for _, resource := range options.Resources {
		s.quoted = append(s.quoted, []byte(`"`+resource.Resource+`"`))
		if resource.Group == "" && resource.Resource == "pods" {
			s.quoted = append(s.quoted, []byte(`"bindings"`))
		}
	}
	s.tail = &tail{
		path: options.Path, fromStart: options.FromStart, maxLine: maxLineBytes, line: s.record, lost: s.lost,
	}
	return s
}

// Run reads the log until the context ends.
func (s *Source) Run(ctx context.Context) error {
	changes, failures, stop := s.watch()
	defer stop()
	ticker := s.clock.NewTicker(pollInterval)
	defer ticker.Stop()
	defer s.close()
	for {
		// A context that has ended is seen below.
		_ = s.Sync(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		case <-failures: //nolint:errcheck // Changes may have been lost; the read that follows finds them.
		case <-changes:
			s.gather(ctx, changes)
		}
	}
}

// gather waits for a moment, so that the changes of that moment cost one read.
func (s *Source) gather(ctx context.Context, changes <-chan fsnotify.Event) {
	timer := s.clock.NewTimer(quietTime)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
			return
		case <-changes:
		}
	}
}

// watch tells of changes in the folder of the log. Where that does not work the
// channels are nil, and the poll has to do.
func (s *Source) watch() (changes <-chan fsnotify.Event, failures <-chan error, stop func()) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, func() {}
	}
	stop = func() { _ = watcher.Close() } // Nothing depends on it any more.
	if err := watcher.Add(filepath.Dir(s.path)); err != nil {
		stop()
		return nil, nil, func() {}
	}
	return watcher.Events, watcher.Errors, stop
}

func (s *Source) read() {
	if err := s.tail.read(); err != nil {
		s.state.Unavailable(err.Error())
		return
	}
	s.state.Available()
}

func (s *Source) close() {
	s.reading <- struct{}{}
	defer func() { <-s.reading }()
	s.tail.close()
}

// Sync reads every line that is complete by now. The API server writes the line
// of a request before it ends the response, unless its log is written in batches.
// It returns the context's error where that ends while another read is under way.
func (s *Source) Sync(ctx context.Context) error {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.read()
	return nil
}

// State says whether the log can be read.
func (s *Source) State() evidence.SourceState { return s.state.Get() }

// Describe implements prometheus.Collector.
func (s *Source) Describe(descs chan<- *prometheus.Desc) { s.lines.Describe(descs) }

// Collect implements prometheus.Collector.
func (s *Source) Collect(metrics chan<- prometheus.Metric) { s.lines.Collect(metrics) }

func (s *Source) lost(why string) {
	s.lines.WithLabelValues("malformed").Inc()
	s.state.Gap(why)
}

// record appends the entry of one line, if it is one that is wanted.
func (s *Source) record(line []byte) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return
	}
	if line[0] != '{' || line[len(line)-1] != '}' {
		s.lines.WithLabelValues("malformed").Inc()
		return
	}
	if !s.mayWant(line) {
		s.lines.WithLabelValues("ignored").Inc()
		return
	}
	entry, err := Parse(line)
	if err != nil {
		s.lines.WithLabelValues("malformed").Inc()
		return
	}
	result := s.resultOf(&entry)
	s.lines.WithLabelValues(result).Inc()
	if result == "recorded" {
		s.journal.Append(entry)
	}
}

// mayWant is false for a line that cannot name a wanted resource. It saves the
// cost of parsing those of all others.
func (s *Source) mayWant(line []byte) bool {
	for _, quoted := range s.quoted {
		if bytes.Contains(line, quoted) {
			return true
		}
	}
	return false
}

func (s *Source) resultOf(entry *evidence.Entry) string {
	if !s.resources.Has(schema.GroupResource{Group: entry.Object.Group, Resource: entry.Object.Resource}) {
		return "ignored"
	}
	return "recorded"
}
