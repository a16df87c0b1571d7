// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package progress remembers which steps of which lessons somebody has passed, in a
// file per lesson.
package progress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// Version is that of the files.
const Version = "glassplane.dev/lesson-progress/v1"

// maxBytes bounds a file: one of a lesson with the most steps has 4 KiB.
const maxBytes = 64 << 10

// Progress is how far somebody is in a lesson.
type Progress struct {
	// SchemaVersion is the constant Version.
	SchemaVersion string `json:"schemaVersion"`
	// Lesson is its name.
	Lesson string `json:"lesson"`
	// Passed are the steps that were passed, in the order of the lesson's last run.
	Passed []string `json:"passed"`
	// UpdatedAt is when the last step was passed, FinishedAt when the last one of the
	// lesson was for the first time.
	UpdatedAt  metav1.Time  `json:"updatedAt"`
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
}

// Has says whether a step was passed.
func (p *Progress) Has(step string) bool { return slices.Contains(p.Passed, step) }

// Of is how many of some steps were passed, and the first that was not; empty where
// all were.
func (p *Progress) Of(steps []string) (passed int, next string) {
	for _, step := range steps {
		switch {
		case p.Has(step):
			passed++
		case next == "":
			next = step
		}
	}
	return passed, next
}

// Store keeps progress in a folder.
type Store struct{ Dir string }

// DefaultStore is in XDG_STATE_HOME, by default ~/.local/state, and on Windows in the
// user's folder of configuration.
func DefaultStore(env func(string) string) (Store, error) {
	below := []string{"glassplane", "lessons"}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) { // The specification ignores a relative one.
		return Store{filepath.Join(append([]string{dir}, below...)...)}, nil
	}
	if runtime.GOOS == "windows" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return Store{}, fmt.Errorf("finding the folder for progress: %w", err)
		}
		return Store{filepath.Join(append([]string{dir}, below...)...)}, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return Store{}, fmt.Errorf("finding the folder for progress (set XDG_STATE_HOME): %w", err)
	}
	return Store{filepath.Join(append([]string{home, ".local", "state"}, below...)...)}, nil
}

// DamagedError says that a file cannot be read as progress.
type DamagedError struct {
	Path string
	Err  error
}

// Error names the file and what becomes of it.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged: %v: it is kept beside as *.damaged once a step is passed; mend or delete it", e.Path, e.Err)
}

// Unwrap returns what is wrong with it.
func (e *DamagedError) Unwrap() error { return e.Err }

func (s Store) path(lesson string) string { return filepath.Join(s.Dir, lesson+".json") }

// Load returns the progress of a lesson; an empty one where there is none. The error
// is a *DamagedError where the file cannot be understood.
func (s Store) Load(lesson string) (Progress, error) {
	empty := Progress{SchemaVersion: Version, Lesson: lesson, Passed: []string{}}
	path := s.path(lesson)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err == nil && info.Size() > maxBytes {
		return empty, &DamagedError{path, fmt.Errorf("it has %d bytes, and at most %d are expected", info.Size(), maxBytes)}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return empty, fmt.Errorf("reading progress: %w", err)
	}
	var p Progress
	unknown, err := kjson.UnmarshalStrict(data, &p)
	switch {
	case err != nil:
		return empty, &DamagedError{path, err}
	case p.SchemaVersion != Version:
		return empty, &DamagedError{path, fmt.Errorf("schemaVersion is %q: must be %q", p.SchemaVersion, Version)}
	case p.Lesson != lesson:
		return empty, &DamagedError{path, fmt.Errorf("it is about lesson %q", p.Lesson)}
	case len(unknown) > 0:
		return empty, &DamagedError{path, errors.Join(unknown...)}
	}
	return p, nil
}

// Pass remembers that a step was passed at a time. A damaged file is kept beside.
func (s Store) Pass(lesson, step string, steps []string, at time.Time) error {
	p, err := s.Load(lesson)
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		if err := setAside(damaged.Path); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if !p.Has(step) {
		p.Passed = append(p.Passed, step)
	}
	p.Passed = slices.DeleteFunc(p.Passed, func(each string) bool { return !slices.Contains(steps, each) })
	p.UpdatedAt = metav1.NewTime(at)
	if _, next := p.Of(steps); next == "" && p.FinishedAt == nil {
		p.FinishedAt = &p.UpdatedAt
	}
	return s.save(p)
}

// setAside renames a file to the first free name *.damaged, *.damaged.2 …
func setAside(path string) error {
	for n := 1; ; n++ {
		aside := path + ".damaged"
		if n > 1 {
			aside += fmt.Sprintf(".%d", n)
		}
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(path, aside); err != nil {
			return fmt.Errorf("keeping the damaged file beside: %w", err)
		}
		return nil
	}
}

// save writes a file anew and then renames it, so that it is whole at any time.
func (s Store) save(p Progress) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("remembering progress: %w", err)
		}
	}()
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(s.Dir, "."+p.Lesson+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // It is renamed where all went well.
	_, err = file.Write(append(data, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), s.path(p.Lesson))
}

// Reset forgets the progress of a lesson. It says whether there was any.
func (s Store) Reset(lesson string) (bool, error) {
	err := os.Remove(s.path(lesson))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("forgetting progress: %w", err)
	}
	return true, nil
}
