// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	values := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	tests := map[string]struct {
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		"none":    {nil, 0.5, 0},
		"one":     {values[:1], 0.99, 1},
		"median":  {values, 0.5, 5},
		"highest": {values, 0.99, 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := percentile(test.values, test.p); got != test.want {
				t.Errorf("percentile is %d; want %d", got, test.want)
			}
		})
	}
}

func TestRate(t *testing.T) {
	start := time.Unix(100, 0)
	l := &load{pods: map[string]*moments{
		"a": {sent: start, bound: start.Add(time.Second)},
		"b": {sent: start.Add(time.Second), bound: start.Add(4 * time.Second)},
	}}
	if got := l.rate(bound); got != 0.5 {
		t.Errorf("rate is %v pods per second; want 0.5", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range [][]string{{"-nodes", "0"}, {"-o", "xml"}, {"-mode", "none"}, {"-pods", "many"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("parse(%q) accepted it", args)
		}
	}
}
