// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"math"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

func TestStrategies(t *testing.T) {
	const gpu = "example.com/gpu"
	specs := func(cpu, memory, gpus int64) []ResourceSpec {
		return []ResourceSpec{{Name: "cpu", Weight: cpu}, {Name: "memory", Weight: memory}, {Name: gpu, Weight: gpus}}
	}
	rising := []UtilizationShapePoint{{Utilization: 0, Score: 0}, {Utilization: 100, Score: 10}}
	// 4 cores, 10000 bytes and 8 gpus; pods on it request 1 core and 5000 bytes.
	node := plugintest.MakeNode("n").Allocatable("cpu", "4", "memory", "10000", gpu, "8").Obj()
	existing := plugintest.MakePod("e").On("n").Req("cpu", "1", "memory", "5000").Obj()
	for _, tc := range []struct {
		name     string
		strategy ScoringStrategy
		pod      *plugintest.Pod
		want     int64
	}{
		{
			name: "most, cpu 2/4, memory 6000/10000", strategy: ScoringStrategy{Type: MostAllocated},
			pod: plugintest.MakePod("p").Req("cpu", "1", "memory", "1000"), want: (50 + 60) / 2,
		},
		{
			name: "least, the same", strategy: ScoringStrategy{Type: LeastAllocated},
			pod: plugintest.MakePod("p").Req("cpu", "1", "memory", "1000"), want: (50 + 40) / 2,
		},
		{
			name: "most, weights, a resource that is not requested does not count", strategy: ScoringStrategy{Type: MostAllocated, Resources: specs(3, 1, 100)},
			pod: plugintest.MakePod("p").Req("cpu", "1", "memory", "1000"), want: (3*50 + 60) / 4,
		},
		{
			name: "most, extended resource", strategy: ScoringStrategy{Type: MostAllocated, Resources: specs(1, 1, 2)},
			pod: plugintest.MakePod("p").Req("cpu", "1", "memory", "1000", gpu, "2"), want: (50 + 60 + 2*25) / 4,
		},
		{
			name: "most, more than the node has", strategy: ScoringStrategy{Type: MostAllocated},
			pod: plugintest.MakePod("p").Req("cpu", "9", "memory", "1000"), want: (100 + 60) / 2,
		},
		{
			// the default request of 200 MiB is more than the node has
			name: "most, no requests", strategy: ScoringStrategy{Type: MostAllocated},
			pod: plugintest.MakePod("p"), want: (27 + 100) / 2,
		},
		{
			name: "ratio, rising", strategy: ScoringStrategy{Type: RequestedToCapacityRatio, Shape: rising},
			pod: plugintest.MakePod("p").Req("cpu", "1", "memory", "1000"), want: 55,
		},
		{
			// 50 % is half way from 40 (score 2) to 60 (score 8), 60 % is the point: 50, 80
			name:     "ratio, between points",
			strategy: ScoringStrategy{Type: RequestedToCapacityRatio, Shape: []UtilizationShapePoint{{Utilization: 40, Score: 2}, {Utilization: 60, Score: 8}, {Utilization: 90, Score: 0}}},
			pod:      plugintest.MakePod("p").Req("cpu", "1", "memory", "1000"), want: 65,
		},
		{
			// cpu scores 0 and is left out
			name:     "ratio, a resource that scores 0 does not count",
			strategy: ScoringStrategy{Type: RequestedToCapacityRatio, Shape: []UtilizationShapePoint{{Utilization: 50, Score: 0}, {Utilization: 60, Score: 10}}},
			pod:      plugintest.MakePod("p").Req("cpu", "1", "memory", "1000"), want: 100,
		},
		{
			// (50 + 2*61)/3 = 57.33
			name:     "ratio, rounds",
			strategy: ScoringStrategy{Type: RequestedToCapacityRatio, Shape: rising, Resources: []ResourceSpec{{Name: "cpu", Weight: 1}, {Name: "memory", Weight: 2}}},
			pod:      plugintest.MakePod("p").Req("cpu", "1", "memory", "1100"), want: 57,
		},
		{
			// (2*50 + 61)/3 = 53.67
			name:     "ratio, rounds up",
			strategy: ScoringStrategy{Type: RequestedToCapacityRatio, Shape: rising, Resources: []ResourceSpec{{Name: "cpu", Weight: 2}, {Name: "memory", Weight: 1}}},
			pod:      plugintest.MakePod("p").Req("cpu", "1", "memory", "1100"), want: 54,
		},
		{
			name:     "ratio, constant before the first point and more than the node has",
			strategy: ScoringStrategy{Type: RequestedToCapacityRatio, Shape: []UtilizationShapePoint{{Utilization: 99, Score: 3}, {Utilization: 100, Score: 7}}},
			pod:      plugintest.MakePod("p").Req("cpu", "99", "memory", "1000"), want: (70 + 30) / 2,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.strategy.Resources == nil {
				tc.strategy.Resources = defaultResources()
			}
			plugin, err := NewFit(FitArgs{ScoringStrategy: &tc.strategy})
			if err != nil {
				t.Fatal(err)
			}
			snapshot := plugintest.NewSnapshot([]*corev1.Node{node}, []*corev1.Pod{existing})
			got, s := plugintest.Score(plugin, snapshot, tc.pod.Obj())
			if !s.IsSuccess() || got["n"] != tc.want {
				t.Errorf("got %v, %v; want %d", got, s.Message(), tc.want)
			}
		})
	}
}

func TestStrategyArgs(t *testing.T) {
	ratio := func(points ...UtilizationShapePoint) ScoringStrategy {
		return ScoringStrategy{Type: RequestedToCapacityRatio, Shape: points}
	}
	for _, tc := range []struct {
		name     string
		strategy ScoringStrategy
		want     string
	}{
		{name: "valid", strategy: ratio(UtilizationShapePoint{Utilization: 0, Score: 0}, UtilizationShapePoint{Utilization: 100, Score: 10})},
		{name: "no shape", strategy: ratio(), want: "at least one point"},
		{name: "not rising", strategy: ratio(UtilizationShapePoint{Utilization: 50, Score: 0}, UtilizationShapePoint{Utilization: 50, Score: 1}), want: "shape[1].utilization"},
		{name: "utilization", strategy: ratio(UtilizationShapePoint{Utilization: 101, Score: 0}), want: "not from 0 to 100"},
		{name: "score", strategy: ratio(UtilizationShapePoint{Utilization: 0, Score: 11}), want: "not from 0 to 10"},
		{name: "shape of another", strategy: ScoringStrategy{Type: MostAllocated, Shape: []UtilizationShapePoint{{Utilization: 0, Score: 0}}}, want: "has no shape"},
		{name: "unknown", strategy: ScoringStrategy{Type: "Random"}, want: "not supported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.strategy.Resources = defaultResources()
			_, err := NewFit(FitArgs{ScoringStrategy: &tc.strategy})
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func FuzzStrategies(f *testing.F) {
	f.Add(int64(1), int64(4), int64(50), int64(0))
	f.Add(int64(math.MaxInt64), int64(1), int64(math.MaxInt64), int64(math.MinInt64))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(-1), int64(math.MaxInt64))
	f.Fuzz(func(_ *testing.T, requested, allocatable, requested2, allocatable2 int64) {
		var list []allocation
		for _, a := range []allocation{
			{requested: requested, allocatable: allocatable, weight: 1}, {requested: requested2, allocatable: allocatable2, weight: 100},
		} {
			if a.allocatable != 0 {
				list = append(list, a)
			}
		}
		// None may panic; numbers that overflow give any score, as in kube-scheduler.
		leastAllocated(list)
		mostAllocated(list)
		requestedToCapacityRatio([]UtilizationShapePoint{{Utilization: 0, Score: 0}, {Utilization: 10, Score: 10}, {Utilization: 100, Score: 5}})(list)
	})
}
