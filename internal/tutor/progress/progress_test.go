// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var steps = []string{"one", "two", "three"}

func TestPass(t *testing.T) {
	s := Store{filepath.Join(t.TempDir(), "not", "there")}
	at := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	for i, step := range []string{"one", "one", "three", "two", "two"} {
		if err := s.Pass("lesson", step, steps, at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.Load("lesson")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "three", "two"}, p.Passed); diff != "" {
		t.Error(diff)
	}
	if passed, next := p.Of(steps); passed != 3 || next != "" {
		t.Errorf("Of = %d, %q", passed, next)
	}
	if want := at.Add(3 * time.Hour); p.FinishedAt == nil || !p.FinishedAt.Equal(&p.UpdatedAt) && !p.FinishedAt.Time.Equal(want) {
		t.Errorf("FinishedAt = %v, want %s: the first time that all were passed", p.FinishedAt, want)
	}
	left, err := os.ReadDir(s.Dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v: want the one file", left, err)
	}
	// A step that the lesson does not have any more is forgotten.
	if err := s.Pass("lesson", "two", []string{"two", "four"}, at); err != nil {
		t.Fatal(err)
	}
	p, _ = s.Load("lesson")
	if passed, next := p.Of([]string{"two", "four"}); passed != 1 || next != "four" || p.Has("one") {
		t.Errorf("Of = %d, %q with %v", passed, next, p.Passed)
	}
}

func TestDamaged(t *testing.T) {
	for name, content := range map[string]string{
		"cut":           `{"schemaVersion": "glassplane.dev/les`,
		"empty":         ``,
		"other version": `{"schemaVersion":"v9","lesson":"lesson","passed":["one"],"updatedAt":null}`,
		"other lesson":  `{"schemaVersion":"` + Version + `","lesson":"else","passed":["one"],"updatedAt":null}`,
		"unknown field": `{"schemaVersion":"` + Version + `","lesson":"lesson","passed":["one"],"updatedAt":null,"points":3}`,
		"too large":     string(make([]byte, maxBytes+1)),
	} {
		t.Run(name, func(t *testing.T) {
			s := Store{t.TempDir()}
			path := s.path("lesson")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := s.Load("lesson")
			if damaged := (*DamagedError)(nil); !errors.As(err, &damaged) || damaged.Path != path || len(p.Passed) > 0 {
				t.Fatalf("Load = %v, %v", p, err)
			}
			for range 2 { // the second time nothing is damaged any more
				if err := s.Pass("lesson", "one", steps, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(path + ".damaged")
			if err != nil || string(kept) != content {
				t.Errorf("the damaged file was not kept: %v", err)
			}
			if p, err := s.Load("lesson"); err != nil || !p.Has("one") {
				t.Errorf("Load = %v, %v", p, err)
			}
		})
	}
}

func TestReset(t *testing.T) {
	s := Store{t.TempDir()}
	if there, err := s.Reset("lesson"); there || err != nil {
		t.Errorf("Reset = %t, %v", there, err)
	}
	if err := s.Pass("lesson", "one", steps, time.Now()); err != nil {
		t.Fatal(err)
	}
	if there, err := s.Reset("lesson"); !there || err != nil {
		t.Errorf("Reset = %t, %v", there, err)
	}
	if p, err := s.Load("lesson"); err != nil || p.Has("one") {
		t.Errorf("Load = %v, %v", p, err)
	}
}

func TestDefaultStore(t *testing.T) {
	t.Setenv("HOME", "/home/somebody")
	for state, want := range map[string]string{
		"/state":   "/state/glassplane/lessons",
		"relative": "/home/somebody/.local/state/glassplane/lessons",
		"":         "/home/somebody/.local/state/glassplane/lessons",
	} {
		s, err := DefaultStore(func(string) string { return state })
		if err != nil || s.Dir != want {
			t.Errorf("XDG_STATE_HOME=%q: %q, %v", state, s.Dir, err)
		}
	}
}
