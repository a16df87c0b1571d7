// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const kubeHeader = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"

func TestParseKube(t *testing.T) {
	const whole = kubeHeader + `
leaderElection: {leaderElect: true}
clientConnection: {kubeconfig: /etc/kubernetes/scheduler.conf}
parallelism: 16
percentageOfNodesToScore: 50
extenders:
- urlPrefix: http://127.0.0.1:8888
  filterVerb: filter
  prioritizeVerb: prioritize
profiles:
- schedulerName: default-scheduler
  plugins:
    multiPoint:
      enabled: [{name: Coscheduling}]
    score:
      disabled: [{name: NodeResourcesFit}, {name: ImageLocality}]
      enabled: [{name: NodeResourcesFit, weight: 7}]
    filter:
      disabled: [{name: NodePorts}]
  pluginConfig:
  - name: NodeResourcesFit
    args: {apiVersion: kubescheduler.config.k8s.io/v1, kind: NodeResourcesFitArgs, scoringStrategy: {type: MostAllocated}}
  - name: Coscheduling
    args: {permitWaitingTimeSeconds: 10}
- schedulerName: batch
  percentageOfNodesToScore: 100
`
	profiles, err := ParseKube([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if len(profiles) != 2 || profiles[0].SchedulerName != "default-scheduler" || profiles[0].PercentageOfNodesToScore != 50 ||
		profiles[1].SchedulerName != "batch" || profiles[1].PercentageOfNodesToScore != 100 {
		t.Fatalf("profiles are %+v", profiles)
	}
	var missing []string
	for _, m := range profiles[0].NotBuiltIn {
		missing = append(missing, m.What)
	}
	if diff := cmp.Diff([]string{"plugin Coscheduling", "extender http://127.0.0.1:8888"}, missing); diff != "" {
		t.Errorf("not built in (-want +got):\n%s", diff)
	}
	var filters []string
	for i := range profiles[0].NumFilters() {
		filters = append(filters, profiles[0].FilterName(i))
	}
	if got := strings.Join(filters, " "); strings.Contains(got, "NodePorts") || !strings.Contains(got, "NodeResourcesFit") {
		t.Errorf("filters are %s, want all but NodePorts", got)
	}
	for _, p := range profiles[0].Plugins() {
		if p.Name() == "NodeResourcesFit" && p.Weight != 7 {
			t.Errorf("weight of NodeResourcesFit is %d, want 7", p.Weight)
		}
	}
}

func TestParseKubeRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"another kind":      {"apiVersion: v1\nkind: Pod\n", "real pods are decided about with KubeSchedulerConfiguration"},
		"an older version":  {"apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\n", "v1beta3"},
		"an unknown field":  {kubeHeader + "profiles: [{pluginz: {}}]", `unknown field "profiles[0].pluginz"`},
		"a bad weight":      {kubeHeader + "percentageOfNodesToScore: 300", "percentageOfNodesToScore"},
		"bad arguments":     {kubeHeader + "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {strategy: x}}]}]", "strategy"},
		"two of one name":   {kubeHeader + "profiles: [{schedulerName: a}, {schedulerName: a}]", "Duplicate value"},
		"no queue sort":     {kubeHeader + "profiles: [{plugins: {multiPoint: {disabled: [{name: '*'}]}}}]", "sorts the queue"},
		"several documents": {kubeHeader + "---\n" + kubeHeader, "one document"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseKube([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}

func TestDefaultKube(t *testing.T) {
	p, err := DefaultKube()
	if err != nil || p.SchedulerName != "default-scheduler" || len(p.NotBuiltIn) > 0 {
		t.Errorf("profile is %+v, error %v", p, err)
	}
}
