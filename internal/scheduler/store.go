// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// StoreLimits bound the decisions that are kept.
type StoreLimits struct {
	// Decisions is the number of decisions in all.
	Decisions int
	// Bytes is the memory that they take, about.
	Bytes int
	// PerPod is the number of decisions for one pod.
	PerPod int
}

// DefaultStoreLimits keep the last 20,000 decisions, or 64 MiB of them, and the
// last 20 for each pod.
var DefaultStoreLimits = StoreLimits{Decisions: 20_000, Bytes: 64 << 20, PerPod: 20}

// DecisionStore keeps the last decisions. It is safe for use by several goroutines.
type DecisionStore struct {
	limits StoreLimits

	mu sync.RWMutex
	// decisions in the order of their sequence numbers; nil where one was dropped
	// because its pod has newer ones. The first one has number first.
	decisions []*framework.Decision
	first     uint64
	count     int
	bytes     int
	byPod     map[types.UID][]uint64
	dropped   uint64
}

// NewDecisionStore returns an empty store.
func NewDecisionStore(limits StoreLimits) *DecisionStore {
	return &DecisionStore{limits: limits, byPod: make(map[types.UID][]uint64)}
}

// Add keeps a complete decision, gives it the next sequence number, and drops
// the oldest ones beyond the limits. It must not be changed afterwards.
func (s *DecisionStore) Add(d *framework.Decision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Sequence = s.first + uint64(len(s.decisions))
	s.decisions = append(s.decisions, d)
	s.count++
	s.bytes += size(d)
	uid := d.Pod.UID
	s.byPod[uid] = append(s.byPod[uid], d.Sequence)
	for len(s.byPod[uid]) > s.limits.PerPod {
		s.drop(s.byPod[uid][0])
	}
	for s.count > 1 && s.full() {
		s.drop(s.oldest())
	}
	s.trim()
}

// full is true beyond a limit. Decisions that were dropped between others leave
// holes, which must not grow without bound either.
func (s *DecisionStore) full() bool {
	return s.count > s.limits.Decisions || s.bytes > s.limits.Bytes || len(s.decisions) > 4*s.limits.Decisions
}

// Len returns how many decisions are kept.
func (s *DecisionStore) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.count
}

// Dropped counts the decisions that were dropped.
func (s *DecisionStore) Dropped() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.dropped
}

func (s *DecisionStore) at(sequence uint64) *framework.Decision { return s.decisions[sequence-s.first] }

// drop forgets one decision. Those of one pod are dropped in their order.
func (s *DecisionStore) drop(sequence uint64) {
	d := s.at(sequence)
	s.decisions[sequence-s.first] = nil
	s.count--
	s.bytes -= size(d)
	s.dropped++
	if left := s.byPod[d.Pod.UID][1:]; len(left) > 0 {
		s.byPod[d.Pod.UID] = left
	} else {
		delete(s.byPod, d.Pod.UID)
	}
}

func (s *DecisionStore) oldest() uint64 {
	s.trim()
	return s.first
}

// trim takes dropped decisions off the front.
func (s *DecisionStore) trim() {
	n := 0
	for n < len(s.decisions) && s.decisions[n] == nil {
		n++
	}
	s.decisions, s.first = s.decisions[n:], s.first+uint64(n)
}

// ByPod returns the decisions for a pod, oldest first.
func (s *DecisionStore) ByPod(match func(framework.PodReference) bool) []*framework.Decision {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []*framework.Decision{}
	for _, d := range s.decisions {
		if d != nil && match(d.Pod) {
			out = append(out, d)
		}
	}
	return out
}

// Page is a part of the store, as the endpoint serves it.
type Page struct {
	// Next is the since of the request that goes on after this page.
	Next uint64 `json:"next"`
	// Dropped counts the decisions that were dropped since the scheduler started.
	Dropped uint64 `json:"dropped"`
	// Items are decisions, oldest first.
	Items []*framework.Decision `json:"items"`
}

// Since returns at most limit decisions whose sequence number is at least since.
func (s *DecisionStore) Since(since uint64, limit int) Page {
	s.mu.RLock()
	defer s.mu.RUnlock()
	end := s.first + uint64(len(s.decisions))
	page := Page{Next: end, Dropped: s.dropped, Items: []*framework.Decision{}}
	for i := max(since, s.first); i < end; i++ {
		if len(page.Items) == limit {
			page.Next = i
			return page
		}
		if d := s.at(i); d != nil {
			page.Items = append(page.Items, d)
		}
	}
	return page
}

// size is about the memory that a decision takes, in bytes. Verdicts that nodes
// share are counted once for each node: the estimate errs on the safe side.
func size(d *framework.Decision) int {
	total := 600 + len(d.Message)
	for i := range d.Nodes {
		total += 120 + 80*len(d.Nodes[i].Filters) + 56*len(d.Nodes[i].Scores)
		for _, v := range d.Nodes[i].Filters {
			total += 80 * len(v.Pods)
		}
	}
	return total + 80*len(d.Victims) + 16*len(d.RejectedBy)
}

// Limits of one response.
const (
	defaultPageLimit = 500
	maxPageLimit     = 5000
)

// ServeHTTP answers GET with JSON:
//
//	?uid=…             the decisions for a pod
//	?namespace=&name=  those for all pods that have had that name
//	?since=&limit=     those from a sequence number on, for pollers
func (s *DecisionStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET is served", http.StatusMethodNotAllowed)
		return
	}
	page, err := s.query(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := json.Marshal(page)
	if err != nil {
		http.Error(w, fmt.Sprintf("encoding decisions: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// A failed write means that the client has gone; nobody is left to tell.
	_, _ = w.Write(body)
}

func (s *DecisionStore) query(values url.Values) (Page, error) {
	if uid := types.UID(values.Get("uid")); uid != "" {
		return s.pageOf(func(p framework.PodReference) bool { return p.UID == uid }), nil
	}
	if name := values.Get("name"); name != "" {
		namespace := values.Get("namespace")
		return s.pageOf(func(p framework.PodReference) bool { return p.Namespace == namespace && p.Name == name }), nil
	}
	if values.Has("namespace") {
		return Page{}, errors.New("namespace needs a name")
	}
	since, err := number(values, "since", 0)
	if err != nil {
		return Page{}, err
	}
	limit, err := number(values, "limit", defaultPageLimit)
	if err != nil {
		return Page{}, err
	}
	return s.Since(since, int(min(max(limit, 1), maxPageLimit))), nil
}

func (s *DecisionStore) pageOf(match func(framework.PodReference) bool) Page {
	items := s.ByPod(match)
	page := s.Since(^uint64(0), 1)
	page.Items = items
	return page
}

func number(values url.Values, key string, missing uint64) (uint64, error) {
	text := values.Get(key)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s must be a number from 0, not %q", key, text)
	}
	return n, nil
}
