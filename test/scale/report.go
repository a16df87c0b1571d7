// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/glassplane/glassplane/internal/substrate"
)

// result is what one mode measured.
type result struct {
	Mode       string `json:"mode"`
	Nodes      int    `json:"nodes"`
	Pods       int    `json:"pods"`
	Workers    int    `json:"workers"`
	AuditLevel string `json:"auditLevel"`
	// CreatedPerSecond, BoundPerSecond and RunningPerSecond are the number of
	// pods by the time from the first request to the last pod in that state.
	CreatedPerSecond float64 `json:"createdPerSecond"`
	BoundPerSecond   float64 `json:"boundPerSecond"`
	RunningPerSecond float64 `json:"runningPerSecond"`
	// P50 and P99 are from the create request to Running, in seconds.
	P50 float64 `json:"p50Seconds"`
	P99 float64 `json:"p99Seconds"`
	// Processes is what each process used from the first request on.
	Processes []processResult `json:"processes"`
}

type processResult struct {
	Name string `json:"name"`
	// CPU is user and system time, in seconds.
	CPU float64 `json:"cpuSeconds"`
	// PeakBytes is the largest resident set since the process' start; absent
	// where the system does not tell.
	PeakBytes uint64 `json:"peakResidentBytes,omitempty"`
}

// self is this process, which in mode glassplane holds the three components.
const self = "glassplane and load"

// usageOf reads what the processes, and this one, have used so far.
func usageOf(processes []substrate.Process) map[string]processResult {
	usage := map[string]processResult{}
	pids := map[string]int{self: os.Getpid()}
	for _, p := range processes {
		pids[p.Name] = p.PID
	}
	for name, pid := range pids {
		p, err := process.NewProcess(int32(pid))
		if err != nil {
			continue // it has ended: a row without figures would be made up
		}
		times, err := p.Times()
		if err != nil {
			continue
		}
		usage[name] = processResult{Name: name, CPU: times.User + times.System, PeakBytes: peakBytes(pid)}
	}
	return usage
}

// peakBytes reads the largest resident set of a process from /proc; 0 where
// there is none, which the table shows as not available.
func peakBytes(pid int) uint64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib uint64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}

func (l *load) result(mode string, before, after map[string]processResult) result {
	r := result{Mode: mode, Nodes: l.opts.nodes, Pods: l.opts.pods, Workers: l.opts.workers, AuditLevel: l.opts.auditLevel}
	r.CreatedPerSecond, r.BoundPerSecond, r.RunningPerSecond = l.rate(created), l.rate(bound), l.rate(running)
	latencies := make([]time.Duration, 0, len(l.pods))
	for _, m := range l.pods {
		latencies = append(latencies, m.running.Sub(m.sent))
	}
	slices.Sort(latencies)
	r.P50, r.P99 = percentile(latencies, 0.5).Seconds(), percentile(latencies, 0.99).Seconds()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		used := after[name]
		used.CPU -= before[name].CPU
		r.Processes = append(r.Processes, used)
	}
	return r
}

// rate is pods per second from the first request to the last pod's moment.
func (l *load) rate(of func(*moments) *time.Time) float64 {
	var first, last time.Time
	for _, m := range l.pods {
		if first.IsZero() || m.sent.Before(first) {
			first = m.sent
		}
		if at := *of(m); at.After(last) {
			last = at
		}
	}
	return float64(len(l.pods)) / last.Sub(first).Seconds()
}

// percentile returns the nearest-rank percentile of sorted values.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

func printTable(out io.Writer, results []result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODE\tNODES\tPODS\tCREATED/S\tBOUND/S\tRUNNING/S\tP50\tP99")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%.0f\t%.0f\t%.2fs\t%.2fs\n",
			r.Mode, r.Nodes, r.Pods, r.CreatedPerSecond, r.BoundPerSecond, r.RunningPerSecond, r.P50, r.P99)
	}
	fmt.Fprintln(w, "\nMODE\tPROCESS\tCPU\tPEAK MEMORY")
	for _, r := range results {
		for _, p := range r.Processes {
			memory := "not available"
			if p.PeakBytes > 0 {
				memory = fmt.Sprintf("%d MiB", p.PeakBytes>>20)
			}
			fmt.Fprintf(w, "%s\t%s\t%.1fs\t%s\n", r.Mode, p.Name, p.CPU, memory)
		}
	}
	if len(results) == 2 {
		fmt.Fprintf(w, "\nratio\trunning/s %s : %s = %.2f\n", results[1].Mode, results[0].Mode, results[1].RunningPerSecond/results[0].RunningPerSecond)
	}
	return w.Flush()
}
