// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/experiment"
)

// watcher is a client that lists and then watches, as client-go's reflector does: it
// goes on from the revision that it had, and lists again only where that is too old.
type watcher struct {
	sender  *sender
	mapping *meta.RESTMapping
	cancel  context.CancelFunc
	listed  chan struct{} // is closed after the first list

	mu sync.Mutex
	experiment.WatchSeen
	// revision from which it goes on; empty where it has to list.
	revision string
	// isCut is true while its connections are cut, and stop ends the one there is.
	isCut bool
	stop  context.CancelFunc
}

// watchPause is how long it waits after a failure.
const watchPause = 200 * time.Millisecond

func (r *run) watch(ctx context.Context, s *experiment.Step) error {
	mapping, err := r.sender.mapping(s.Watch.Resource)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(r.background)
	w := &watcher{sender: r.sender, mapping: mapping, cancel: cancel, listed: make(chan struct{})}
	w.Known = map[string]int64{}
	r.mu.Lock()
	r.watches[s.Name] = w
	r.mu.Unlock()
	r.pending.Go(func() { w.run(running) })
	select {
	case <-w.listed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *run) cut(step string) (Heal, error) {
	r.mu.Lock()
	w := r.watches[step]
	r.mu.Unlock()
	if w == nil {
		return nil, fmt.Errorf("step %s has started no watch", step)
	}
	w.setCut(true)
	return func(context.Context) error {
		w.setCut(false)
		return nil
	}, nil
}

func (w *watcher) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = cut
	if cut && w.stop != nil {
		w.stop()
	}
}

func (w *watcher) end() { w.cancel() }

func (w *watcher) seen() experiment.WatchSeen {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.WatchSeen
	seen.Known = maps.Clone(w.Known)
	return seen
}

func (w *watcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := w.once(ctx); err != nil {
			_ = hold(ctx, watchPause)
		}
	}
}

var errCut = errors.New("the connection is cut")

// once lists where it has to, and then watches until that ends.
func (w *watcher) once(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.mu.Lock()
	if w.isCut {
		w.mu.Unlock()
		return errCut
	}
	w.stop = stop
	from := w.revision
	w.mu.Unlock()
	if from == "" {
		if err := w.list(ctx); err != nil {
			return err
		}
	}
	return w.follow(ctx)
}

func (w *watcher) call(query url.Values) *call {
	c := w.sender.newCall(http.MethodGet, w.mapping, "", "", "")
	c.target.RawQuery = query.Encode()
	return c
}

func (w *watcher) list(ctx context.Context) error {
	a := w.sender.send(ctx, w.call(nil), defaultTimeout, func(experiment.RequestResult) {})
	if a.Code != http.StatusOK {
		return errors.New(a.Says)
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(a.body, &list); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Lists++
	w.Known = map[string]int64{}
	for i := range list.Items {
		w.learn(&list.Items[i])
	}
	w.revision = list.ResourceVersion
	if w.Lists == 1 {
		close(w.listed)
	}
	return nil
}

func (w *watcher) learn(object *metav1.PartialObjectMetadata) {
	revision, _ := strconv.ParseInt(object.ResourceVersion, 10, 64)
	w.Known[object.Namespace+"/"+object.Name] = revision
}

func (w *watcher) follow(ctx context.Context) error {
	w.mu.Lock()
	from := w.revision
	w.mu.Unlock()
	response, err := w.sender.do(ctx, w.call(url.Values{"watch": {"1"}, "resourceVersion": {from}, "allowWatchBookmarks": {"true"}}), "")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusGone {
		w.expire()
		return nil
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the watch was answered %s", response.Status)
	}
	for decoder := json.NewDecoder(response.Body); ; {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := w.take(event.Type, event.Object); err != nil {
			return err
		}
	}
}

// expire notes that the revision is too old: all has to be listed again.
func (w *watcher) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Expired++
	w.revision = ""
}

func (w *watcher) take(kind string, data []byte) error {
	if kind == "ERROR" {
		var status metav1.Status
		if err := json.Unmarshal(data, &status); err != nil {
			return err
		}
		if status.Code == http.StatusGone {
			w.expire()
		}
		return errors.New(status.Message)
	}
	var object metav1.PartialObjectMetadata
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case "DELETED":
		delete(w.Known, object.Namespace+"/"+object.Name)
	case "ADDED", "MODIFIED":
		w.learn(&object)
	}
	w.revision = object.ResourceVersion
	return nil
}
