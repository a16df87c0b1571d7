// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watch records what a watch on the API server delivers, and when.
package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

// Options of a source.
type Options struct {
	// Client that watches, with the observer's identity.
	Client dynamic.Interface
	// Resources that are watched, in all namespaces.
	Resources []schema.GroupVersionResource
	// Unrecorded resources are watched for the follower alone: what happens to them
	// is too much for a journal, such as the heartbeats of nodes.
	Unrecorded []schema.GroupVersionResource
	// Follower is told of all objects; nil for nobody.
	Follower Follower
	// Clock sets the time of arrival.
	Clock clock.PassiveClock
}

// Follower keeps in mind what there is. Its methods must return soon, and may be
// called for several resources at once, but for one in the order of the events.
type Follower interface {
	// Observed takes an object that was added or changed; listed is true where it
	// came with a list, not with an event. The object must be neither changed nor kept.
	Observed(resource schema.GroupResource, object *unstructured.Unstructured, listed bool)
	// Gone is told that an object is no more.
	Gone(resource schema.GroupResource, uid types.UID)
}

// nobody is a follower that does not listen.
type nobody struct{}

func (nobody) Observed(schema.GroupResource, *unstructured.Unstructured, bool) {}
func (nobody) Gone(schema.GroupResource, types.UID)                            {}

// Source watches resources with one reflector each, records what it delivers, and
// tells the follower. It keeps no objects, but
// the last version of each that exists, so that a list after a lost watch does
// not record again what was seen before.
type Source struct {
	options Options
	journal record.Appender
	state   *record.State
	stores  []*store
	// updating is held while the state is derived, so that the latest one stays.
	updating sync.Mutex
}

// New returns a source that appends to the journal once it runs.
func New(options Options, journal record.Appender) *Source {
	s := &Source{options: options, journal: journal, state: record.NewState(evidence.SourceWatch)}
	if s.options.Follower == nil {
		s.options.Follower = nobody{}
	}
	for _, resource := range options.Resources {
		s.add(resource, true)
	}
	for _, resource := range options.Unrecorded {
		s.add(resource, false)
	}
	return s
}

func (s *Source) add(resource schema.GroupVersionResource, recorded bool) {
	s.stores = append(s.stores, &store{
		resource: resource, recorded: recorded, clock: s.options.Clock, journal: s.journal, follower: s.options.Follower,
		state: s.state, synced: s.update, versions: map[types.UID]int64{},
	})
}

// Run watches until the context ends.
func (s *Source) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, store := range s.stores {
		group.Go(func() { s.reflector(store).RunWithContext(ctx) })
	}
	group.Wait()
	return nil
}

func (s *Source) reflector(store *store) *cache.Reflector {
	client := s.options.Client.Resource(store.resource)
	lister := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := client.List(ctx, options)
			if err != nil {
				s.failed(store, err)
				return nil, err
			}
			return list, nil
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			watcher, err := client.Watch(ctx, options)
			if err != nil {
				s.failed(store, err)
				return nil, err
			}
			if store.failure.Swap(nil) != nil {
				s.update()
			}
			return watcher, nil
		},
	}
	return cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(lister, s.options.Client),
		&unstructured.Unstructured{}, store, cache.ReflectorOptions{
			Name: "observer", TypeDescription: store.resource.GroupResource().String(),
		})
}

// failed says that a resource cannot be watched. A version that is too old is
// no failure of the API server: the list that follows heals it, but for a gap.
func (s *Source) failed(store *store, err error) {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return
	}
	store.failure.Store(new(fmt.Sprintf("watch %s: %v", store.resource.GroupResource(), err)))
	s.update()
}

// update derives the source's state from those of its resources.
func (s *Source) update() {
	s.updating.Lock()
	defer s.updating.Unlock()
	var problems []string
	readable := 0
	for _, store := range s.stores {
		problem := store.problem()
		switch {
		case !store.recorded: // It is no evidence.
		case problem != "":
			problems = append(problems, problem)
		default:
			readable++
		}
	}
	s.state.Partly(readable, problems)
}

// problem says why the resource is not watched; empty where it is.
func (s *store) problem() string {
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	if s.since.Load() == 0 {
		return fmt.Sprintf("watch %s: not listed yet", s.resource.GroupResource())
	}
	return ""
}

// State says whether any resource is watched, and which ones are not.
func (s *Source) State() evidence.SourceState { return s.state.Get() }

// StateOf says whether a resource is watched.
func (s *Source) StateOf(resource schema.GroupResource) evidence.SourceState {
	for _, store := range s.stores {
		if store.resource.GroupResource() == resource {
			return s.state.Of(store.problem())
		}
	}
	return s.state.Of(fmt.Sprintf("%s are not watched", resource))
}

// Since is the revision after which every change of the resource is expected to
// arrive; 0 while it is not watched.
func (s *Source) Since(resource schema.GroupResource) int64 {
	for _, store := range s.stores {
		if store.resource.GroupResource() == resource {
			return store.since.Load()
		}
	}
	return 0
}

var gapsTotal = prometheus.NewDesc("glassplane_watch_gaps_total",
	"Watches that had to be started anew from a list, so that changes may be missing.", nil, nil)

// Describe implements prometheus.Collector.
func (s *Source) Describe(descs chan<- *prometheus.Desc) { descs <- gapsTotal }

// Collect implements prometheus.Collector.
func (s *Source) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(gapsTotal, prometheus.CounterValue, float64(s.state.Gaps()))
}

// store receives what one reflector delivers. The reflector calls it from one
// goroutine at a time.
type store struct {
	resource schema.GroupVersionResource
	// recorded is false where only the follower is told.
	recorded bool
	clock    clock.PassiveClock
	journal  record.Appender
	follower Follower
	state    *record.State
	synced   func()

	versions map[types.UID]int64
	// since is the revision of the last list.
	since   atomic.Int64
	failure atomic.Pointer[string]
}

var _ cache.ReflectorStore = (*store)(nil)

// Add implements cache.ReflectorStore.
func (s *store) Add(obj any) error { return s.event(watch.Added, obj) }

// Update implements cache.ReflectorStore.
func (s *store) Update(obj any) error { return s.event(watch.Modified, obj) }

// Delete implements cache.ReflectorStore.
func (s *store) Delete(obj any) error { return s.event(watch.Deleted, obj) }

// Resync implements cache.ReflectorStore; there is nothing to repeat.
func (s *store) Resync() error { return nil }

// Replace records the objects of a list that were not seen in this version
// before. After the first list it means that the watch was lost for so long that
// changes may be missing, deletions among them.
func (s *store) Replace(list []any, resourceVersion string) error {
	revision, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil {
		return fmt.Errorf("list of %s has resourceVersion %q: %w", s.resource.GroupResource(), resourceVersion, err)
	}
	if previous := s.since.Load(); previous != 0 && s.recorded {
		s.state.Gap(fmt.Sprintf("the watch of %s was lost and started anew at revision %d; changes since revision %d may be missing",
			s.resource.GroupResource(), revision, max(previous, s.latest())))
	}
	listed := make(map[types.UID]int64, len(list))
	for _, item := range list {
		object, version, err := s.check(item)
		if err != nil {
			return err
		}
		listed[object.GetUID()] = version
		if s.versions[object.GetUID()] == version {
			continue
		}
		if err := s.append(watch.Added, object, version, true); err != nil {
			return err
		}
	}
	for uid := range s.versions {
		if _, exists := listed[uid]; !exists {
			s.follower.Gone(s.resource.GroupResource(), uid)
		}
	}
	s.versions = listed
	s.since.Store(revision)
	s.failure.Store(nil)
	s.synced()
	return nil
}

func (s *store) latest() int64 {
	latest := int64(0)
	for _, version := range s.versions {
		latest = max(latest, version)
	}
	return latest
}

func (s *store) event(kind watch.EventType, obj any) error {
	object, version, err := s.check(obj)
	if err != nil {
		return err
	}
	if kind == watch.Deleted {
		delete(s.versions, object.GetUID())
		s.follower.Gone(s.resource.GroupResource(), object.GetUID())
	} else {
		s.versions[object.GetUID()] = version
	}
	return s.append(kind, object, version, false)
}

func (s *store) check(obj any) (*unstructured.Unstructured, int64, error) {
	object, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil, 0, fmt.Errorf("watch of %s delivered a %T", s.resource.GroupResource(), obj)
	}
	version, err := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("%s %s has resourceVersion %q: %w", s.resource.GroupResource(), object.GetName(), object.GetResourceVersion(), err)
	}
	return object, version, nil
}

// append tells of an object, and records it. The deleted object carries the
// revision of its deletion, as the API server's watch cache sets it.
func (s *store) append(kind watch.EventType, object *unstructured.Unstructured, version int64, initial bool) error {
	if kind != watch.Deleted {
		s.follower.Observed(s.resource.GroupResource(), object, initial)
	}
	if !s.recorded {
		return nil
	}
	now := s.clock.Now()
	raw, err := json.Marshal(object.Object)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", s.resource.GroupResource(), object.GetName(), err)
	}
	var controller types.UID
	if owner := metav1.GetControllerOfNoCopy(object); owner != nil {
		controller = owner.UID
	}
	s.journal.Append(evidence.Entry{
		Source:   evidence.SourceWatch,
		Time:     now,
		Recorded: now,
		Object: evidence.Object{
			Group: s.resource.Group, Resource: s.resource.Resource,
			Namespace: object.GetNamespace(), Name: object.GetName(), UID: object.GetUID(),
		},
		Revision:   version,
		Controller: controller,
		Watch:      &evidence.Watch{Type: string(kind), ArrivedAt: now, Initial: initial, Object: raw},
	})
	return nil
}
