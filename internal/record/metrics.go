// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"github.com/prometheus/client_golang/prometheus"
)

var (
	entriesTotal = prometheus.NewDesc("glassplane_journal_entries_total",
		"Entries that a source has delivered to the journal.", []string{"source"}, nil)
	droppedTotal = prometheus.NewDesc("glassplane_journal_dropped_total",
		"Entries that the journal has dropped, oldest first, because it was full.", nil, nil)
	foldedTotal = prometheus.NewDesc("glassplane_journal_folded_total",
		"Reads that were folded into equal ones, so that polling does not fill the journal.", nil, nil)
	entriesKept = prometheus.NewDesc("glassplane_journal_entries",
		"Entries that the journal keeps now.", nil, nil)
	bytesKept = prometheus.NewDesc("glassplane_journal_bytes",
		"Estimated size of the entries that the journal keeps now.", nil, nil)
)

var _ prometheus.Collector = (*Journal)(nil)

// Describe implements prometheus.Collector.
func (j *Journal) Describe(descs chan<- *prometheus.Desc) {
	descs <- entriesTotal
	descs <- droppedTotal
	descs <- foldedTotal
	descs <- entriesKept
	descs <- bytesKept
}

// Collect implements prometheus.Collector.
func (j *Journal) Collect(metrics chan<- prometheus.Metric) {
	stats := j.Stats()
	for source, n := range stats.Appended {
		metrics <- prometheus.MustNewConstMetric(entriesTotal, prometheus.CounterValue, float64(n), string(source))
	}
	metrics <- prometheus.MustNewConstMetric(droppedTotal, prometheus.CounterValue, float64(stats.Dropped))
	metrics <- prometheus.MustNewConstMetric(foldedTotal, prometheus.CounterValue, float64(stats.Folded))
	metrics <- prometheus.MustNewConstMetric(entriesKept, prometheus.GaugeValue, float64(stats.Entries))
	metrics <- prometheus.MustNewConstMetric(bytesKept, prometheus.GaugeValue, float64(stats.Bytes))
}
