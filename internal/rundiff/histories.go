// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package rundiff

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/history"
)

// Histories compares what etcd held of objects at the end of two snapshots. The names
// are those of the files.
func Histories(firstName string, first *history.History, secondName string, second *history.History) Result {
	r := Result{SchemaVersion: SchemaVersion, Kind: Snapshots, Objects: []Object{}, SharedTo: sharedTo(first, second)}
	r.First, r.Second = snapshotRun(firstName, first), snapshotRun(secondName, second)
	keys := append(first.Keys(), second.Keys()...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		o, differs := object(first.At(key, first.Last()), second.At(key, second.Last()))
		switch {
		case !differs:
		case len(r.Objects) == maxObjects:
			r.ObjectsOmitted++
		default:
			r.Objects = append(r.Objects, o)
		}
	}
	r.Missing = []string{
		"timings: etcd keeps no times; compare walkthroughs for them (glassplane walk -o json)",
		"decisions: a snapshot has none; compare walkthroughs for them",
	}
	r.Same = len(r.Objects) == 0
	return r
}

func snapshotRun(name string, h *history.History) Run {
	count := len(h.Objects(h.Last(), func(history.Object) bool { return true }))
	return Run{Name: name, Says: fmt.Sprintf("%d objects at revision %d", count, h.Last()), Revision: h.Last()}
}

// sharedTo is the newest revision up to which both have stored the same.
func sharedTo(first, second *history.History) int64 {
	a, b := first.Changes(), second.Changes()
	shared := int64(0)
	for i := range min(len(a), len(b)) {
		if a[i].Revision != b[i].Revision || a[i].Key != b[i].Key || !reflect.DeepEqual(a[i].Value, b[i].Value) {
			break
		}
		shared = a[i].Revision
	}
	return shared
}

// object compares one object at the end of both.
func object(first, second *history.Version) (o Object, differs bool) {
	switch {
	case first == nil && second == nil:
		return o, false
	case first == nil:
		o.Name = keyName(second.Object)
	default:
		o.Name = keyName(first.Object)
	}
	o.First, o.Second = experiment.Words(first), experiment.Words(second)
	if first == nil || second == nil {
		return o, true
	}
	o.Replaced = first.UID() != second.UID()
	o.Changes = changes(first.Value, second.Value)
	differs = o.Replaced || len(o.Changes) > 0
	if len(o.Changes) > maxChanges {
		o.Changes, o.ChangesOmitted = o.Changes[:maxChanges], len(o.Changes)-maxChanges
	}
	return o, differs
}

func keyName(o history.Object) string {
	if o.Namespace != "" {
		return o.Namespace + "/" + o.String()
	}
	return o.String()
}

// changes are the fields that differ, but times, and what only says that it is another
// object.
func changes(first, second map[string]any) []string {
	a, errA := json.Marshal(first)
	b, errB := json.Marshal(second)
	if errA != nil || errB != nil {
		return []string{"it cannot be written as JSON"}
	}
	all, ok := timeline.Diff(a, b)
	if !ok {
		return []string{"it cannot be read as JSON"}
	}
	var out []string
	for _, c := range all {
		if c.Path != "metadata.uid" && !isTime(c.From, c.To) {
			out = append(out, c.String())
		}
	}
	return out
}

// isTime says whether all values that there are are times.
func isTime(values ...string) bool {
	for _, value := range values {
		if value == "" {
			continue
		}
		if _, err := time.Parse(time.RFC3339, strings.Trim(value, `"`)); err != nil {
			return false
		}
	}
	return true
}
