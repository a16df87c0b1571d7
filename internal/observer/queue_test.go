// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
)

// fakeDocument counts how often it is read.
type fakeDocument struct {
	reads int
	takes time.Duration
	err   error
}

func (f *fakeDocument) Read(ctx context.Context) (evidence.Queue, error) {
	f.reads++
	reads := f.reads
	select {
	case <-time.After(f.takes):
	case <-ctx.Done():
		return evidence.Queue{}, context.Cause(ctx)
	}
	return evidence.Queue{Active: reads}, f.err
}

func TestQueueIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		document := &fakeDocument{takes: 10 * time.Millisecond}
		q := newQueueReader(document, clock.RealClock{})
		<-time.After(time.Minute)
		if document.reads != 0 {
			t.Errorf("%d reads though nobody asks", document.reads)
		}
		for range 40 { // ten seconds of four readers
			for range 4 {
				if got := q.get(t.Context()); !got.Available || got.Active != document.reads {
					t.Errorf("got %+v after read %d", got, document.reads)
				}
			}
			<-time.After(250 * time.Millisecond)
		}
		if document.reads < 9 || document.reads > 11 {
			t.Errorf("%d reads in ten seconds", document.reads)
		}
	})
}

func TestQueueThatIsSlowOrFails(t *testing.T) {
	for name, tc := range map[string]struct {
		document fakeDocument
		// gone is true where who asks does not wait.
		gone bool
		// after is when it is asked again.
		after                 time.Duration
		wantFirst, wantSecond string
	}{
		"slow":                     {fakeDocument{takes: 2 * time.Second}, false, 3 * time.Second, "has not answered for 300ms", "1 active"},
		"never":                    {fakeDocument{takes: time.Hour}, false, 10 * time.Second, "has not answered for 300ms", "no answer in time"},
		"who asks does not wait":   {fakeDocument{takes: time.Millisecond}, true, time.Second, "has not answered", "1 active"},
		"refused":                  {fakeDocument{err: errors.New("403 Forbidden")}, false, 10 * time.Millisecond, "403 Forbidden", "403 Forbidden"},
		"refused, and asked again": {fakeDocument{err: errors.New("403 Forbidden")}, false, 2 * time.Second, "403 Forbidden", "403 Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if tc.gone {
					cancel()
				}
				defer cancel()
				q := newQueueReader(&tc.document, clock.RealClock{})
				check := func(want string) {
					t.Helper()
					got := q.get(ctx)
					if want == "1 active" {
						if !got.Available || got.Active != 1 {
							t.Errorf("got %+v", got)
						}
					} else if got.Available || !strings.Contains(got.Reason, want) {
						t.Errorf("got %+v, want %q", got, want)
					}
				}
				check(tc.wantFirst)
				<-time.After(tc.after)
				check(tc.wantSecond)
				<-time.After(time.Minute) // all questions end
			})
		})
	}
}
