// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package etcd records what etcd itself says: every revision of the keys of the
// recorded resources. It can only read: all that it holds of a client is Reader.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

const (
	// requestTimeout bounds one read.
	requestTimeout = 5 * time.Second
	// progressInterval is how often etcd is asked how far a watch without events
	// has come. kube-apiserver compacts what is older than five minutes: a watch that
	// is started again within that time loses nothing, however idle it was.
	progressInterval = time.Minute
	// retryInterval is the pause before a watch that failed is started again.
	retryInterval = time.Second
)

// Reader is the part of an etcd client that the source uses. *clientv3.Client
// implements it. There is nothing in it that could write.
type Reader interface {
	// Get reads keys, as clientv3.KV does.
	Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error)
	// Watch follows keys, as clientv3.Watcher does.
	Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan
	// RequestProgress asks for an answer without events on the watches of a context,
	// as clientv3.Watcher does.
	RequestProgress(ctx context.Context) error
}

// readOnly hides the rest of a client, so that not even a type assertion gets to it.
type readOnly struct {
	client *clientv3.Client
}

func (r readOnly) Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	return r.client.Get(ctx, key, opts...)
}

func (r readOnly) Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan {
	return r.client.Watch(ctx, key, opts...)
}

func (r readOnly) RequestProgress(ctx context.Context) error { return r.client.RequestProgress(ctx) }

// Dial returns a Reader and what closes its connection. It does not wait for
// etcd to answer. The config carries endpoints and TLS.
func Dial(config clientv3.Config) (Reader, func() error, error) {
	if config.Logger == nil {
		// What goes wrong is said by the source's state.
		config.Logger = zap.NewNop()
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, nil, fmt.Errorf("make an etcd client: %w", err)
	}
	return readOnly{client: client}, client.Close, nil
}

// Options of a source.
type Options struct {
	// Reader reads etcd.
	Reader Reader
	// Prefix of all keys; DefaultPrefix by default.
	Prefix string
	// Resources whose keys are watched.
	Resources []schema.GroupResource
	// Clock sets the time of arrival, which is the only one there is: etcd keeps
	// no times.
	Clock clock.WithTicker
}

// Source watches the keys of the resources, from the moment on at which it
// starts. What was stored before is read when it is asked for.
type Source struct {
	reader  Reader
	keys    keys
	clock   clock.WithTicker
	journal record.Appender
	state   *record.State
	watches []*prefixWatch

	updating sync.Mutex
}

// prefixWatch follows the keys of one resource.
type prefixWatch struct {
	resource schema.GroupResource
	// since is the revision at which the watch began.
	since   atomic.Int64
	failure atomic.Pointer[string]
	// uids are those of the keys that exist: a deletion does not say it.
	uids map[string]types.UID
}

// New returns a source that appends to the journal once it runs.
func New(options Options, journal record.Appender) *Source {
	if options.Prefix == "" {
		options.Prefix = DefaultPrefix
	}
	s := &Source{
		reader:  options.Reader,
		keys:    keys{prefix: options.Prefix},
		clock:   options.Clock,
		journal: journal,
		state:   record.NewState(evidence.SourceEtcd),
	}
	for _, resource := range options.Resources {
		s.watches = append(s.watches, &prefixWatch{resource: resource, uids: map[string]types.UID{}})
	}
	return s
}

// Run watches until the context ends.
func (s *Source) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, watch := range s.watches {
		group.Go(func() { s.follow(ctx, watch) })
	}
	group.Wait()
	return nil
}

// follow starts the watch of a prefix again whenever it ends, from the revision
// after the last one that it delivered.
func (s *Source) follow(ctx context.Context, watch *prefixWatch) {
	next := int64(0)
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		revision, err := s.watch(ctx, watch, next)
		next = revision
		if err != nil && ctx.Err() == nil {
			s.fail(watch, err)
		}
	}, retryInterval)
}

// watch delivers the revisions from next on until the watch ends, and returns
// the one to go on with. 0 means those that are to come. What etcd says of its
// progress counts too: nothing was written to the prefix up to there.
func (s *Source) watch(ctx context.Context, watch *prefixWatch, next int64) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	prefix := s.keys.resource(watch.resource)
	if next == 0 {
		now, err := s.now(ctx, prefix)
		if err != nil {
			return 0, err
		}
		next = now + 1
		watch.since.Store(now)
	}
	ctx = clientv3.WithRequireLeader(ctx)
	responses := s.reader.Watch(ctx, prefix,
		clientv3.WithPrefix(), clientv3.WithRev(next), clientv3.WithCreatedNotify(), clientv3.WithProgressNotify())
	go s.askForProgress(ctx)
	for response := range responses {
		if compacted := response.CompactRevision; compacted > 0 {
			s.state.Gap(fmt.Sprintf("revisions %d to %d of %s were compacted before they could be read", next, compacted-1, prefix))
			return compacted, nil
		}
		if err := response.Err(); err != nil {
			return next, fmt.Errorf("watch %s in etcd: %w", prefix, err)
		}
		s.recover(watch)
		for _, event := range response.Events {
			s.journal.Append(s.entry(watch, event))
			next = event.Kv.ModRevision + 1
		}
		if response.IsProgressNotify() {
			next = max(next, response.Header.Revision+1)
		}
	}
	return next, fmt.Errorf("watch %s in etcd: %w", prefix, errWatchClosed)
}

// askForProgress asks how far the watches of a context have come until it ends.
func (s *Source) askForProgress(ctx context.Context) {
	ticker := s.clock.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			// Where etcd does not answer, the watch itself ends and says so.
			_ = s.reader.RequestProgress(ctx)
		}
	}
}

var errWatchClosed = errors.New("the watch was closed")

// now returns etcd's revision without reading any value.
func (s *Source) now(ctx context.Context, prefix string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := s.reader.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return 0, fmt.Errorf("read etcd's revision: %w", err)
	}
	return response.Header.Revision, nil
}

// entry describes one event of the watch. The watch delivers all events of one
// revision together, so going on after the last one's revision loses none.
func (s *Source) entry(watch *prefixWatch, event *clientv3.Event) evidence.Entry {
	key := string(event.Kv.Key)
	object := s.keys.parse(watch.resource, key)
	entry := newEntry(object, event.Kv, s.clock.Now())
	if event.Type == clientv3.EventTypeDelete {
		entry.Object.UID = watch.uids[key]
		entry.Etcd.Deleted = true
		entry.Etcd.Value, entry.Etcd.Unavailable = nil, ""
		delete(watch.uids, key)
		return entry
	}
	watch.uids[key] = entry.Object.UID
	return entry
}

func newEntry(object evidence.Object, kv *mvccpb.KeyValue, now time.Time) evidence.Entry {
	value, unavailable := decodeValue(kv.Value)
	metadata := metadataOf(value)
	object.UID = metadata.UID
	entry := evidence.Entry{
		Source:   evidence.SourceEtcd,
		Time:     now,
		Recorded: now,
		Object:   object,
		Revision: kv.ModRevision,
		Etcd: &evidence.Etcd{
			Key:            string(kv.Key),
			CreateRevision: kv.CreateRevision,
			ModRevision:    kv.ModRevision,
			Version:        kv.Version,
			Bytes:          int64(len(kv.Value)),
			Value:          value,
			Unavailable:    unavailable,
		},
	}
	if controller := metav1.GetControllerOfNoCopy(&metadata); controller != nil {
		entry.Controller = controller.UID
	}
	return entry
}

// isCompacted says whether a revision is gone because etcd was compacted.
func isCompacted(err error) bool { return errors.Is(err, rpctypes.ErrCompacted) }

func (s *Source) fail(watch *prefixWatch, err error) {
	watch.failure.Store(new(err.Error()))
	s.update()
}

func (s *Source) recover(watch *prefixWatch) {
	watch.failure.Store(nil)
	s.update()
}

// update derives the source's state from those of its watches.
func (s *Source) update() {
	s.updating.Lock()
	defer s.updating.Unlock()
	var problems []string
	for _, watch := range s.watches {
		if problem := watch.problem(); problem != "" {
			problems = append(problems, problem)
		}
	}
	s.state.Partly(len(s.watches)-len(problems), problems)
}

// problem says why the keys are not watched; empty where they are.
func (w *prefixWatch) problem() string {
	if failure := w.failure.Load(); failure != nil {
		return *failure
	}
	if w.since.Load() == 0 {
		return fmt.Sprintf("watch %s in etcd: not begun yet", w.resource)
	}
	return ""
}

// State says whether etcd can be read, and of which resources it cannot.
func (s *Source) State() evidence.SourceState { return s.state.Get() }

// StateOf says whether the keys of a resource can be read.
func (s *Source) StateOf(resource schema.GroupResource) evidence.SourceState {
	for _, watch := range s.watches {
		if watch.resource == resource {
			return s.state.Of(watch.problem())
		}
	}
	return s.state.Of(fmt.Sprintf("%s are not watched in etcd", resource))
}

// Since is the revision after which every revision of the resource is expected
// to arrive; 0 while it is not watched.
func (s *Source) Since(resource schema.GroupResource) int64 {
	for _, watch := range s.watches {
		if watch.resource == resource {
			return watch.since.Load()
		}
	}
	return 0
}

var gapsTotal = prometheus.NewDesc("glassplane_etcd_gaps_total",
	"Times at which etcd had compacted revisions that were not read yet.", nil, nil)

// Describe implements prometheus.Collector.
func (s *Source) Describe(descs chan<- *prometheus.Desc) { descs <- gapsTotal }

// Collect implements prometheus.Collector.
func (s *Source) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(gapsTotal, prometheus.CounterValue, float64(s.state.Gaps()))
}
