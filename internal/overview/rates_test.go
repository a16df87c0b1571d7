// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

func second(n int) time.Time { return time.Unix(1000+int64(n), 500) }

func TestRates(t *testing.T) {
	request := func(user, verb, stage string, code int32) *evidence.Audit {
		return &evidence.Audit{User: user, Verb: verb, Stage: stage, Code: code}
	}
	const scheduler = "system:serviceaccount:glassplane-system:glassplane-scheduler"
	tests := map[string]struct {
		count func(*Counter)
		now   time.Time
		want  []Rate
	}{
		"nothing": {func(*Counter) {}, second(0), []Rate{}},
		"writes, reads and refusals, by component": {func(c *Counter) {
			c.Request(request(scheduler, "patch", "ResponseComplete", 200), second(0))
			c.Request(request(scheduler, "patch", "ResponseComplete", 409), second(1))
			c.Request(request("jane", "get", "ResponseComplete", 404), second(1))
			c.Request(request("jane", "create", "ResponseComplete", 201), second(1))
			c.Request(request("system:serviceaccount:shop:ci", "delete", "ResponseComplete", 200), second(1))
			c.Request(request("system:apiserver", "get", "ResponseComplete", 200), second(1))
		}, second(2), []Rate{
			{Component: component.Client, Writes: 0.1, Reads: 0.1, Refused: 0.1},
			{Component: component.Scheduler, Writes: 0.2, Refused: 0.1},
			{Component: component.APIServer, Reads: 0.1},
			{Component: OtherProgram, Writes: 0.1},
		}},
		"a request once": {func(c *Counter) {
			c.Request(request("jane", "create", "RequestReceived", 0), second(0))
			c.Request(request("jane", "create", "ResponseComplete", 201), second(0))
			c.Request(request("jane", "watch", "RequestReceived", 0), second(0))
			c.Request(request("jane", "watch", "ResponseStarted", 200), second(0))
			c.Request(request("jane", "watch", "ResponseComplete", 200), second(1))
			c.Request(request("jane", "create", "Panic", 500), second(1))
		}, second(2), []Rate{{Component: component.Client, Writes: 0.2, Reads: 0.1, Refused: 0.1}}},
		"the second that is not over": {func(c *Counter) {
			c.Request(request("jane", "create", "ResponseComplete", 201), second(5))
		}, second(5), []Rate{}},
		"the first second of the window": {func(c *Counter) {
			c.Request(request("jane", "create", "ResponseComplete", 201), second(0))
		}, second(10), []Rate{{Component: component.Client, Writes: 0.1}}},
		"before the window": {func(c *Counter) {
			c.Request(request("jane", "create", "ResponseComplete", 201), second(0))
		}, second(11), []Rate{}},
		"late, and too late": {func(c *Counter) {
			c.Request(request("jane", "create", "ResponseComplete", 201), second(20))
			c.Request(request("jane", "create", "ResponseComplete", 201), second(12))
			c.Request(request("jane", "create", "ResponseComplete", 201), second(4))
		}, second(21), []Rate{{Component: component.Client, Writes: 0.2}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Counter{}
			tc.count(c)
			got := c.Rates(tc.now)
			if diff := cmp.Diff(tc.want, got.Components); diff != "" || !got.Available || got.Window.Duration != RateWindow {
				t.Errorf("%+v; components (-want +got):\n%s", got, diff)
			}
		})
	}
}

func TestWatchEventsAreCounted(t *testing.T) {
	c := &Counter{}
	for n := range 30 {
		for range n {
			c.WatchEvent(second(n))
		}
	}
	if got, want := c.Rates(second(30)).WatchEvents, 24.5; got != want { // 20 to 29
		t.Errorf("%v per second, want %v", got, want)
	}
}
