// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// deed is what a revision did to its object.
type deed string

const (
	creates deed = "create"
	binds   deed = "bind"
	reports deed = "status"
	marks   deed = "mark"
	removes deed = "remove"
	changes deed = "change"
)

// deedOf compares a state with the one before it.
func deedOf(s *state) deed {
	switch {
	case s.removed():
		return removes
	case s.before == nil:
		return creates
	case s.marked() && !s.before.marked():
		return marks
	case s.node() != "" && s.before.node() == "":
		return binds
	case reflect.DeepEqual(besidesStatus(s.value), besidesStatus(s.before.value)):
		return reports
	}
	return changes
}

// besidesStatus is an object without its status, and without the bookkeeping
// that every write changes.
func besidesStatus(value map[string]any) map[string]any {
	value = maps.Clone(value)
	delete(value, "status")
	if metadata, ok := value["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		delete(metadata, "managedFields")
		value["metadata"] = metadata
	}
	return value
}

// maker says which request made a revision. Where the reader cannot decide,
// request is nil, and candidates are those that it cannot tell apart.
type maker struct {
	request    *request
	candidates []*request
}

// makers by revision.
type makers map[int64]maker

// made are the revisions that a request made, in order.
func (m makers) made(r *request) []int64 {
	var made []int64
	for revision, maker := range m {
		if maker.request == r {
			made = append(made, revision)
		}
	}
	slices.Sort(made)
	return made
}

// findMakers decides which request made each revision, by what the revision did,
// by the answers to the requests, and by the times between which each was handled.
func findMakers(lives []*life, log auditLog) makers {
	about, collections := map[object][]*request{}, map[object][]*request{}
	for _, r := range log.inOrder() {
		switch {
		case !r.writes() || r.dryRun() || !r.succeeded() && !r.mayHaveBegun():
		case r.Verb == "deletecollection":
			of := r.object()
			of.name = ""
			collections[of] = append(collections[of], r)
		default:
			about[r.object()] = append(about[r.object()], r)
		}
	}
	m := makers{}
	for _, l := range lives {
		collection := l.of
		collection.name = ""
		for _, s := range l.states {
			var able []*request
			for _, r := range slices.Concat(about[l.of], collections[collection]) {
				if couldMake(r, s) {
					able = append(able, r)
				}
			}
			m[s.revision] = decide(able, s)
		}
	}
	m.narrow(lives)
	return m
}

// couldMake says whether nothing that is known speaks against the request having
// made the revision.
func couldMake(r *request, s *state) bool {
	if uid := r.uid(); uid != "" && uid != s.uid() {
		return false
	}
	return !r.received().After(s.seen) && ableTo(r, s) && selects(r, s) && answers(r, s)
}

// ableTo says whether a request of this form can do what the revision did.
func ableTo(r *request, s *state) bool {
	sub := r.ObjectRef.Subresource
	update := r.Verb == "update" || r.Verb == "patch"
	remove := sub == "" && (r.Verb == "delete" || r.Verb == "deletecollection")
	evict := r.Verb == "create" && sub == "eviction"
	switch deedOf(s) {
	case creates:
		return sub == "" && (r.Verb == "create" || update && r.ResponseStatus.Code == 201)
	case binds:
		return r.Verb == "create" && sub == "binding" || update && sub == ""
	case reports:
		return update && sub == "status" || evict
	case marks:
		return remove || evict
	case removes:
		// The API server removes an object that is marked for deletion with the
		// update that takes its last finalizer away, and with nothing else.
		if s.before.marked() && len(s.before.finalizers()) > 0 {
			return update && sub == ""
		}
		return remove || evict
	}
	// A second delete with a shorter grace period changes when the object ends.
	return update && sub != "status" || remove && s.before.marked()
}

// selects says whether a deletecollection was about the object.
func selects(r *request, s *state) bool {
	if r.Verb != "deletecollection" {
		return true
	}
	if s.before == nil {
		return false
	}
	byLabel, err := labels.Parse(r.query().Get("labelSelector"))
	if err != nil {
		return false
	}
	byField, err := fields.ParseSelector(r.query().Get("fieldSelector"))
	if err != nil {
		return false
	}
	had := labels.Set{}
	stored, _ := nested(s.before.value, "metadata", "labels").(map[string]any)
	for k, v := range stored {
		had[k] = fmt.Sprint(v)
	}
	return byLabel.Matches(had) && byField.Matches(fields.Set{
		"metadata.name": s.of.name, "metadata.namespace": s.of.namespace, "spec.nodeName": s.before.node(), "status.phase": s.before.phase(),
	})
}

// answers says whether the answer to the request allows it to have made the
// revision. An answer with an object names the revision, with two exceptions: an
// update that takes the last finalizer away is answered with the object as it was
// before, and a delete that ends a Pod at once makes two revisions and names the
// last one (k8s.io/apiserver/pkg/registry/generic/registry.Store.Delete).
func answers(r *request, s *state) bool {
	answered := r.revision()
	switch {
	case answered == 0 || answered == s.revision:
		return true
	case deedOf(s) == removes && (r.Verb == "update" || r.Verb == "patch"):
		return answered < s.revision && !keepsFinalizers(r)
	case r.Verb == "delete" && s.of.resource == "pods":
		return s.after != nil && s.after.removed() && s.after.revision == answered
	}
	return false
}

// keepsFinalizers says whether a body that sets finalizers leaves some.
func keepsFinalizers(r *request) bool {
	list, _ := nested(r.body(), "metadata", "finalizers").([]any)
	return len(list) > 0
}

// decide takes the one request that can have made the revision. One whose answer
// names the revision goes before all others.
func decide(able []*request, s *state) maker {
	exact := slices.DeleteFunc(slices.Clone(able), func(r *request) bool {
		return r.revision() != s.revision && (r.Verb != "delete" || r.revision() == 0)
	})
	if len(exact) > 0 {
		able = exact
	}
	if len(exact) > 1 {
		able = slices.DeleteFunc(able, func(r *request) bool { return cameLater(r, exact) || contradicts(r, s) })
	}
	if len(able) == 1 {
		return maker{request: able[0]}
	}
	return maker{candidates: able}
}

// cameLater says whether the request arrived after another one had been answered
// with the revision already: it changed nothing, and was answered with what was there.
func cameLater(r *request, exact []*request) bool {
	return slices.ContainsFunc(exact, func(other *request) bool { return other.completed().Before(r.received()) })
}

// contradicts says whether the request asked for something else than was stored,
// or for nothing that was not there before.
func contradicts(r *request, s *state) bool {
	body := r.body()
	if body == nil || s.before == nil || r.Verb == "delete" {
		return false
	}
	return !holds(s.value, body) || holds(s.before.value, body)
}

// holds says whether an object has all that the other one says.
func holds(value, wanted any) bool {
	fields, ok := wanted.(map[string]any)
	if !ok {
		return reflect.DeepEqual(value, wanted)
	}
	have, _ := value.(map[string]any)
	for name, want := range fields {
		if slices.Contains([]string{"resourceVersion", "managedFields", "uid"}, name) {
			continue
		}
		if got := have[name]; !holds(got, want) {
			return false
		}
	}
	return true
}

// narrow decides on what is left by exclusion: a request that made one revision
// makes no other one, unless it is of a kind that can; and a revision lies between
// the ones before and after it in time, too.
func (m makers) narrow(lives []*life) {
	var states []*state
	for _, l := range lives {
		states = append(states, l.states...)
	}
	slices.SortFunc(states, func(a, b *state) int { return cmp.Compare(a.revision, b.revision) })
	for changed := true; changed; {
		changed = false
		used := map[*request]int64{}
		for revision, maker := range m {
			if maker.request != nil {
				used[maker.request] = revision
			}
		}
		after, before := m.bounds(states)
		for i, s := range states {
			if m[s.revision].request != nil || len(m[s.revision].candidates) == 0 {
				continue
			}
			left := slices.DeleteFunc(slices.Clone(m[s.revision].candidates), func(r *request) bool {
				_, taken := used[r]
				return taken && !makesSeveral(r) || r.completed().Before(after[i]) || r.received().After(before[i])
			})
			if next := decide(left, s); next.request != nil {
				m[s.revision], changed = next, true
			}
		}
	}
}

// makesSeveral says whether one request of this form can make several revisions.
func makesSeveral(r *request) bool {
	return r.Verb == "deletecollection" || r.ObjectRef.Resource == "pods" && (r.Verb == "delete" || r.ObjectRef.Subresource == "eviction")
}

// bounds are the times after and before which each revision was stored, as the
// requests tell whose revisions are known.
func (m makers) bounds(states []*state) (after, before []time.Time) {
	after, before = make([]time.Time, len(states)), make([]time.Time, len(states))
	var latest time.Time
	for i, s := range states {
		if r := m[s.revision].request; r != nil && r.received().After(latest) {
			latest = r.received()
		}
		after[i] = latest
	}
	var earliest time.Time
	for i, s := range slices.Backward(states) {
		if r := m[s.revision].request; r != nil && (earliest.IsZero() || r.completed().Before(earliest)) {
			earliest = r.completed()
		}
		if before[i] = earliest; earliest.IsZero() || s.seen.Before(earliest) {
			before[i] = s.seen
		}
	}
	return after, before
}

func (m maker) String() string {
	if m.request != nil {
		return m.request.String()
	}
	names := make([]string, 0, len(m.candidates))
	for _, r := range m.candidates {
		names = append(names, r.String())
	}
	return "one of [" + strings.Join(names, ", ") + "]"
}
