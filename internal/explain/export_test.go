// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Recordings are all records that the tests of this package explain, by name.
func Recordings(t *testing.T) map[string]func() evidence.Record {
	t.Helper()
	all := map[string]func() evidence.Record{}
	for _, records := range []map[string]func() evidence.Record{scenarios, requests, setRecords} {
		maps.Copy(all, records)
	}
	paths, err := filepath.Glob(filepath.Join("testdata", "captured", "*.record.json*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captured records: %v", err)
	}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		all["captured/"+name] = func() evidence.Record { return captured(t, path) }
	}
	return all
}

// LongRecording is the life of a pod that restarts over and over.
func LongRecording(restarts int) evidence.Record {
	s := newRecording().create(alice).schedule().transition("", "Running", started, 0)
	for i := range restarts {
		s.after(time.Second).transition("Running", "Running", "back-off is over: container mypod restarted", i+1)
	}
	return s.end()
}
