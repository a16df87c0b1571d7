// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package observer runs the sources of evidence and puts together the record of
// one request from what they delivered.
package observer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/record/audit"
	"github.com/glassplane/glassplane/internal/record/components"
	"github.com/glassplane/glassplane/internal/record/etcd"
	"github.com/glassplane/glassplane/internal/record/spans"
	"github.com/glassplane/glassplane/internal/record/watch"
)

// DefaultResources are recorded unless told otherwise: all that are followed, of
// which each keeps its share of the journal, however busy the others are. One
// that the observer may not watch is said to be missing. Nodes are not among
// them: nobody asks for their heartbeats.
func DefaultResources() []schema.GroupVersionResource {
	var resources []schema.GroupVersionResource
	for _, r := range followed.Resources() {
		resources = append(resources, r.GroupVersionResource)
	}
	return resources
}

// Options of an observer. A source that is not configured is named as missing in
// every record; the others still work.
type Options struct {
	// Clock is the real clock by default.
	Clock clock.WithTicker
	// Journal bounds what is kept; its Clock is set to the one above.
	Journal record.JournalOptions
	// Resources that are recorded; DefaultResources by default.
	Resources []schema.GroupVersionResource
	// AuditLog is the path of the API server's audit log; empty where there is
	// no access to it.
	AuditLog string
	// AuditFromStart reads what the audit log holds already; else only what is added.
	AuditFromStart bool
	// Etcd says how to reach etcd; nil where there is no access to it.
	Etcd *clientv3.Config
	// EtcdPrefix is the API server's --etcd-prefix; etcd.DefaultPrefix by default.
	EtcdPrefix string
	// Spans opens where API server and etcd send their spans to; nil where they send none.
	Spans func(ctx context.Context) (net.Listener, error)
	// TraceSampling is the part of all requests that they trace; 0 where it is not known.
	TraceSampling float64
	// RESTConfig reaches the API server with the observer's identity; nil for no watch.
	RESTConfig *rest.Config
	// Registerer takes the metrics while the observer runs; nil for none.
	Registerer prometheus.Registerer
	// Decisions say how to read those of the scheduler; nil for not at all.
	Decisions *feed.Options
	// Transitions say how to read those of the controller manager; nil for not at all.
	Transitions *feed.Options
	// Queue says how to read the state of the scheduler's queue; nil for not at all.
	Queue *feed.Options
	// Sources are further ones, each made with what it delivers to. One takes the
	// place of a source that is not configured, and may also say which resources it
	// watches and what waits in the scheduler's queue.
	Sources []func(record.Appender, watch.Follower) Source
}

// Source delivers entries to the journal.
type Source interface {
	Run(ctx context.Context) error
	State() evidence.SourceState
}

// syncer reads now what there is to read.
type syncer interface {
	Sync(ctx context.Context) error
}

// follower says from which revision on it delivers every change of a resource;
// 0 while it does not.
type follower interface {
	Since(resource schema.GroupResource) int64
}

// partial is a source that can be read for some resources and not for others.
type partial interface {
	StateOf(resource schema.GroupResource) evidence.SourceState
}

// keyReader reads etcd on demand.
type keyReader interface {
	ReadKey(ctx context.Context, object evidence.Object, revision int64) (evidence.Entry, error)
	History(ctx context.Context, object evidence.Object, from, before int64) ([]evidence.Entry, error)
}

// Observer owns the journal and the sources. It is a Runnable of a manager.
type Observer struct {
	clock    clock.WithTicker
	journal  *record.Journal
	overview *Overview
	// settleTimeout is how long a record waits for its sources to agree.
	settleTimeout time.Duration

	sources []Source
	// audit is read before a record is put together, pollers after.
	audit   syncer
	pollers []syncer
	// watch and etcd deliver each revision once; reader is nil without etcd.
	watch, etcd follower
	// spans of a request are waited for; nil where there are none.
	spans      Source
	reader     keyReader
	close      func() error
	registerer prometheus.Registerer
}

var (
	_ manager.Runnable               = (*Observer)(nil)
	_ manager.LeaderElectionRunnable = (*Observer)(nil)
)

// New returns an observer that records once it is started. The error is about
// the configuration: nothing is connected to yet.
func New(options Options) (*Observer, error) {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if len(options.Resources) == 0 {
		options.Resources = DefaultResources()
	}
	options.Journal.Clock = options.Clock
	o := newObserver(options.Clock, record.NewJournal(options.Journal))
	o.registerer = options.Registerer
	o.addAudit(options)
	if err := o.addWatch(options); err != nil {
		return nil, err
	}
	if err := o.addEtcd(options); err != nil {
		return nil, err
	}
	o.addPollers(options)
	o.addSpans(options)
	if options.Queue != nil {
		o.overview.queue = newQueueReader(feed.NewDocument[evidence.Queue](*options.Queue, options.Clock), options.Clock)
	}
	for _, build := range options.Sources {
		o.addSource(build(o.appender(), o.overview))
	}
	return o, nil
}

func newObserver(clock clock.WithTicker, journal *record.Journal) *Observer {
	o := &Observer{
		clock: clock, journal: journal, overview: newOverview(clock), settleTimeout: defaultSettleTimeout,
		close: func() error { return nil },
	}
	o.overview.sources = o.Sources
	return o
}

// Overview returns what is known of all objects together.
func (o *Observer) Overview() *Overview { return o.overview }

// appender takes what the sources deliver.
func (o *Observer) appender() listening {
	return listening{Journal: o.journal, overview: o.overview}
}

func (o *Observer) addSource(source Source) {
	name := source.State().Source
	o.sources = slices.DeleteFunc(o.sources, func(known Source) bool {
		missing, ok := known.(absent)
		return ok && missing.State().Source == name
	})
	o.sources = append(o.sources, source)
	if watching, ok := source.(partial); ok {
		o.overview.partOf = watching.StateOf
	}
	if queue, ok := source.(document); ok {
		o.overview.queue = newQueueReader(queue, o.clock)
	}
}

func (o *Observer) addAudit(options Options) {
	if options.AuditLog == "" {
		o.missing(evidence.SourceAudit, "the API server's audit log is not configured")
		return
	}
	source := audit.New(audit.Options{
		Path: options.AuditLog, FromStart: options.AuditFromStart, Clock: options.Clock,
		Resources: groupResources(options.Resources),
	}, o.appender())
	o.sources = append(o.sources, source)
	o.audit = source
}

func (o *Observer) addWatch(options Options) error {
	if options.RESTConfig == nil {
		o.missing(evidence.SourceWatch, "the API server's address is not configured")
		return nil
	}
	client, err := dynamic.NewForConfig(options.RESTConfig)
	if err != nil {
		return fmt.Errorf("make a client for the observer's watches: %w", err)
	}
	source := watch.New(watch.Options{
		Client: client, Resources: options.Resources, Unrecorded: nodeResources, Follower: o.overview, Clock: options.Clock,
	}, o.appender())
	o.sources = append(o.sources, source)
	o.overview.partOf = source.StateOf
	o.watch = source
	return nil
}

func (o *Observer) addEtcd(options Options) error {
	if options.Etcd == nil {
		o.missing(evidence.SourceEtcd, "access to etcd is not configured")
		return nil
	}
	reader, closeReader, err := etcd.Dial(*options.Etcd)
	if err != nil {
		return err
	}
	source := etcd.New(etcd.Options{
		Reader: reader, Prefix: options.EtcdPrefix, Clock: options.Clock,
		Resources: groupResources(options.Resources),
	}, o.appender())
	o.sources = append(o.sources, source)
	o.etcd, o.reader, o.close = source, source, closeReader
	return nil
}

func (o *Observer) addPollers(options Options) {
	if options.Decisions == nil {
		o.missing(evidence.SourceDecision, "the scheduler's endpoint is not configured")
	} else {
		source := components.NewDecisions(*options.Decisions, options.Clock, o.appender())
		o.sources, o.pollers = append(o.sources, source), append(o.pollers, source)
	}
	if options.Transitions == nil {
		o.missing(evidence.SourceTransition, "the controller manager's endpoint is not configured")
	} else {
		source := components.NewTransitions(*options.Transitions, options.Clock, o.appender())
		o.sources, o.pollers = append(o.sources, source), append(o.pollers, source)
	}
}

func (o *Observer) addSpans(options Options) {
	if options.Spans == nil {
		o.missing(evidence.SourceSpan, "where API server and etcd send their spans to is not configured")
		return
	}
	o.spans = spans.New(spans.Options{Listen: options.Spans, Sampling: options.TraceSampling, Clock: options.Clock}, o.journal)
	o.sources = append(o.sources, o.spans)
}

// absent is a source that there is no access to.
type absent struct{ state *record.State }

func (absent) Run(context.Context) error     { return nil }
func (a absent) State() evidence.SourceState { return a.state.Get() }

func (o *Observer) missing(name evidence.Source, why string) {
	o.sources = append(o.sources, absent{record.Missing(name, why)})
}

func groupResources(resources []schema.GroupVersionResource) []schema.GroupResource {
	result := make([]schema.GroupResource, len(resources))
	for i, resource := range resources {
		result[i] = resource.GroupResource()
	}
	return result
}

// Start runs the sources until the context ends. A source that fails says so in
// its state and tries again.
func (o *Observer) Start(ctx context.Context) error {
	unregister, err := o.register()
	if err != nil {
		return errors.Join(err, o.close())
	}
	defer unregister()
	var group sync.WaitGroup
	errs := make([]error, len(o.sources))
	for i, source := range o.sources {
		group.Go(func() { errs[i] = source.Run(ctx) })
	}
	group.Wait()
	return errors.Join(append(errs, o.close())...)
}

// NeedLeaderElection is false: each observer keeps a journal of its own.
func (*Observer) NeedLeaderElection() bool { return false }

// Sources says which sources can be read and why others cannot.
func (o *Observer) Sources() []evidence.SourceState {
	states := make([]evidence.SourceState, len(o.sources))
	for i, source := range o.sources {
		states[i] = source.State()
	}
	return states
}

// sourcesOf says the same for what one resource needs of them.
func (o *Observer) sourcesOf(resource schema.GroupResource) []evidence.SourceState {
	states := o.Sources()
	for i, source := range o.sources {
		if partial, ok := source.(partial); ok {
			states[i] = partial.StateOf(resource)
		}
	}
	return states
}

// register registers the metrics of the journal and of the sources, and returns
// how to undo it: an observer may be started again in the same process.
func (o *Observer) register() (undo func(), err error) {
	var registered []prometheus.Collector
	undo = func() {
		for _, collector := range registered {
			o.registerer.Unregister(collector)
		}
	}
	if o.registerer == nil {
		return undo, nil
	}
	collectors := []prometheus.Collector{o.journal}
	for _, source := range o.sources {
		if collector, ok := source.(prometheus.Collector); ok {
			collectors = append(collectors, collector)
		}
	}
	for _, collector := range collectors {
		if err := o.registerer.Register(collector); err != nil {
			undo()
			return nil, fmt.Errorf("registering the observer's metrics: %w", err)
		}
		registered = append(registered, collector)
	}
	return undo, nil
}

// Subjects lists up to limit objects that something is recorded of, the most
// recently seen first. before is the Sequence of the last one of the page before
// this one; 0 begins.
func (o *Observer) Subjects(before uint64, limit int) []record.Subject {
	return o.journal.Subjects(isListed, before, limit)
}

// SubjectsSince lists up to limit objects of which something was recorded after
// the entry with a sequence number, the most recently seen first.
func (o *Observer) SubjectsSince(after uint64, limit int) []record.Subject {
	return o.journal.SubjectsSince(isListed, after, limit)
}

// isListed leaves out what Glassplane's own namespace holds, such as the probe of
// its policies: it can be asked for, but nobody looks for it.
func isListed(object evidence.Object) bool {
	_, ok := followed.ByResource(resourceOf(object))
	return ok && object.Namespace != v1alpha1.SystemNamespace
}

// Last is the sequence number of the latest entry of the journal.
func (o *Observer) Last() uint64 { return o.journal.Last() }

// Follow returns a channel that has a value once something may have been added to
// the record of a query; stop must be called once nobody reads any more.
func (o *Observer) Follow(query Query) (changed <-chan struct{}, stop func()) {
	collection := query.Object
	collection.Name = ""
	return o.journal.Notify(record.Interest{
		AuditID: query.AuditID, Names: []evidence.Object{query.Object, collection}, Controller: query.Object.UID,
	})
}

// FollowAll is the same for whatever is recorded.
func (o *Observer) FollowAll() (changed <-chan struct{}, stop func()) {
	return o.journal.Notify(record.Interest{All: true})
}
