// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/decide"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/test/wrappers"
)

const header = "apiVersion: config.glassplane.dev/v1alpha1\nkind: SchedulerConfiguration\n"

// describe shows a profile: its name, percentage, and plugins with weights.
func describe(p *framework.Profile) string {
	var list []string
	for _, plugin := range p.Plugins() {
		list = append(list, fmt.Sprintf("%s*%d", plugin.Name(), plugin.Weight))
	}
	return fmt.Sprintf("%s %d%% %s", p.SchedulerName, p.PercentageOfNodesToScore, strings.Join(list, " "))
}

const defaultPlugins = "SchedulingGates*1 PrioritySort*1 NodeName*1 NodeUnschedulable*1 TaintToleration*3 NodeAffinity*2 NodePorts*1 " +
	"NodeResourcesFit*1 PodTopologySpread*2 InterPodAffinity*2 DefaultPreemption*1 NodeResourcesBalancedAllocation*1 ImageLocality*1"

func TestParse(t *testing.T) {
	tests := map[string]struct {
		file string
		want []string
	}{
		"nothing said": {
			file: "",
			want: []string{"glassplane-scheduler 0% " + defaultPlugins},
		},
		"JSON is YAML": {
			file: `{"percentageOfNodesToScore": 30}`,
			want: []string{"glassplane-scheduler 30% " + defaultPlugins},
		},
		"several profiles": {
			file: `
percentageOfNodesToScore: 70
profiles:
- schedulerName: a
- schedulerName: b
  percentageOfNodesToScore: 0
`,
			want: []string{"a 70% " + defaultPlugins, "b 0% " + defaultPlugins},
		},
		"weights, in place": {
			file: `
profiles:
- plugins:
    multiPoint:
      enabled:
      - {name: ImageLocality, weight: 9}
      - {name: TaintToleration}
`,
			want: []string{"glassplane-scheduler 0% " + strings.NewReplacer("ImageLocality*1", "ImageLocality*9", "TaintToleration*3", "TaintToleration*1").Replace(defaultPlugins)},
		},
		"without a plugin": {
			file: `
profiles:
- plugins: {multiPoint: {disabled: [{name: DefaultPreemption}]}}
`,
			want: []string{"glassplane-scheduler 0% " + strings.Replace(defaultPlugins, "DefaultPreemption*1 ", "", 1)},
		},
		"only some plugins, in their own order": {
			file: `
profiles:
- plugins:
    multiPoint:
      disabled: [{name: "*"}]
      enabled: [{name: NodeResourcesFit, weight: 5}, {name: PrioritySort}, {name: NodeAffinity}]
`,
			want: []string{"glassplane-scheduler 0% NodeResourcesFit*5 PrioritySort*1 NodeAffinity*1"},
		},
		"arguments as a kube-scheduler has them": {
			file: `
profiles:
- pluginConfig:
  - name: InterPodAffinity
    args: {apiVersion: kubescheduler.config.k8s.io/v1, kind: InterPodAffinityArgs, hardPodAffinityWeight: 7}
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
  - name: DefaultPreemption
    args: {minCandidateNodesPercentage: 5}
  - name: NodeResourcesBalancedAllocation
    args: {resources: [{name: cpu}, {name: nvidia.com/gpu}]}
`,
			want: []string{"glassplane-scheduler 0% " + defaultPlugins},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := header + test.file
			if strings.HasPrefix(test.file, "{") {
				file = `{"apiVersion":"config.glassplane.dev/v1alpha1","kind":"SchedulerConfiguration",` + test.file[1:]
			}
			profiles, err := Parse([]byte(file))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range profiles {
				got = append(got, describe(p))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	profile := func(lines string) string { return header + "profiles:\n- " + strings.ReplaceAll(lines, "\n", "\n  ") }
	args := func(plugin, args string) string {
		return profile("pluginConfig:\n- name: " + plugin + "\n  args: " + args)
	}
	tests := map[string]struct {
		file string
		// want are parts of the message, each of which names its field.
		want []string
	}{
		"empty":                   {"", []string{"the configuration is empty"}},
		"comments":                {"# nothing\n", []string{"the configuration is empty"}},
		"not YAML":                {"a: [", []string{"did not find expected node content"}},
		"a list":                  {"- a", []string{"cannot unmarshal array"}},
		"two documents":           {header + "---\n" + header, []string{"one document, not several"}},
		"kube-scheduler's":        {"apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n", []string{`apiVersion: Unsupported value: "kubescheduler.config.k8s.io/v1": supported values: "config.glassplane.dev/v1alpha1"`, "kind: Unsupported value"}},
		"unknown field":           {header + "profile: []", []string{`unknown field "profile"`}},
		"unknown deep down":       {profile("plugins: {score: {}}"), []string{`unknown field "profiles[0].plugins.score"`}},
		"wrong case":              {profile("SchedulerName: a"), []string{`unknown field "profiles[0].SchedulerName"`}},
		"said twice":              {header + "kind: x", []string{`key "kind" already set`}},
		"wrong type":              {profile("schedulerName: [a]"), []string{"profiles.schedulerName of type string"}},
		"percentage":              {header + "percentageOfNodesToScore: 101", []string{"percentageOfNodesToScore: Invalid value: 101: not in valid range [0, 100]"}},
		"percentage of a profile": {profile("percentageOfNodesToScore: -1"), []string{"profiles[0].percentageOfNodesToScore: Invalid value: -1"}},
		"profiles without names":  {header + "profiles: [{schedulerName: a}, {}]", []string{"profiles[1].schedulerName: Required value"}},
		"profiles of one name":    {header + "profiles: [{schedulerName: a}, {schedulerName: a}]", []string{`profiles[1].schedulerName: Duplicate value: "a"`}},
		"unknown plugins": {
			profile("plugins: {multiPoint: {enabled: [{name: VolumeBinding}], disabled: [{name: Foo}]}}"),
			[]string{`profiles[0].plugins.multiPoint.enabled[0].name: Unsupported value: "VolumeBinding"`, `profiles[0].plugins.multiPoint.disabled[0].name: Unsupported value: "Foo"`, `"NodeAffinity"`},
		},
		"enabled twice":             {profile("plugins: {multiPoint: {enabled: [{name: NodeName}, {name: NodeName}]}}"), []string{"multiPoint.enabled[1].name: Duplicate value"}},
		"weight":                    {profile("plugins: {multiPoint: {enabled: [{name: NodeAffinity, weight: 0}]}}"), []string{"multiPoint.enabled[0].weight: Invalid value: 0: not in valid range [1, 100]"}},
		"weight of a filter":        {profile("plugins: {multiPoint: {enabled: [{name: NodeName, weight: 1}]}}"), []string{"multiPoint.enabled[0].weight: Forbidden: the plugin does not score"}},
		"weight of a disabled one":  {profile("plugins: {multiPoint: {disabled: [{name: NodeName, weight: 1}]}}"), []string{"multiPoint.disabled[0].weight: Forbidden"}},
		"nothing sorts the queue":   {profile("plugins: {multiPoint: {disabled: [{name: PrioritySort}]}}"), []string{"profiles[0].plugins.multiPoint", "no plugin sorts the queue"}},
		"config of unknown plugin":  {profile("pluginConfig: [{name: Foo}]"), []string{`profiles[0].pluginConfig[0].name: Unsupported value: "Foo"`}},
		"config twice":              {profile("pluginConfig: [{name: NodeAffinity}, {name: NodeAffinity}]"), []string{"profiles[0].pluginConfig[1].name: Duplicate value"}},
		"plugin without arguments":  {args("NodeName", "{}"), []string{"profiles[0].pluginConfig[0].args: Forbidden: the plugin NodeName has no arguments"}},
		"arguments of another kind": {args("NodeAffinity", "{kind: InterPodAffinityArgs, apiVersion: v1}"), []string{`args.kind: Unsupported value: "InterPodAffinityArgs": supported values: "NodeAffinityArgs"`, `args.apiVersion: Unsupported value: "v1"`}},
		"unknown argument":          {args("InterPodAffinity", "{weight: 1}"), []string{`profiles[0].pluginConfig[0].args: unknown field "weight"`}},
		"hardPodAffinityWeight":     {args("InterPodAffinity", "{hardPodAffinityWeight: 101}"), []string{"profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101"}},
		"default constraints":       {args("PodTopologySpread", "{defaultConstraints: [{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: Never}], defaultingType: List}"), []string{"args.defaultConstraints[0].maxSkew: Invalid value: 0", `args.defaultConstraints[0].whenUnsatisfiable: Unsupported value: "Never"`}},
		"candidates":                {args("DefaultPreemption", "{minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}"), []string{"args.minCandidateNodesPercentage: Invalid value: 0"}},
		"added affinity":            {args("NodeAffinity", "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Near}]}]}}}"), []string{"profiles[0].pluginConfig[0].args", "addedAffinity.requiredDuringSchedulingIgnoredDuringExecution", `"Near"`}},
		"strategy":                  {args("NodeResourcesFit", "{scoringStrategy: {type: Best}}"), []string{`args.scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"`}},
		"shape is missing":          {args("NodeResourcesFit", "{scoringStrategy: {type: RequestedToCapacityRatio}}"), []string{"args.scoringStrategy.requestedToCapacityRatio: Required value"}},
		"shape of another strategy": {args("NodeResourcesFit", "{scoringStrategy: {type: MostAllocated, requestedToCapacityRatio: {}}}"), []string{"args.scoringStrategy.requestedToCapacityRatio: Forbidden"}},
		"shape falls back":          {args("NodeResourcesFit", "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 50, score: 1}, {utilization: 50, score: 2}]}}}"), []string{"profiles[0].pluginConfig[0].args", "shape[1].utilization"}},
		"weight of a resource":      {args("NodeResourcesFit", "{scoringStrategy: {type: LeastAllocated, resources: [{name: cpu, weight: 101}]}}"), []string{"args.scoringStrategy.resources[0].weight: Invalid value: 101"}},
		"ignored resources":         {args("NodeResourcesFit", "{ignoredResources: [a b], ignoredResourceGroups: [a/b]}"), []string{`args.ignoredResources[0]: Invalid value: "a b"`, "args.ignoredResourceGroups[0]: Invalid value"}},
		"balanced with weights":     {args("NodeResourcesBalancedAllocation", "{resources: [{name: cpu, weight: 2}, {name: cpu}]}"), []string{"args.resources[0].weight: Invalid value: 2: must be 1", "args.resources[1].name: Duplicate value"}},
		"several things at once":    {header + "percentageOfNodesToScore: 200\nprofiles: [{pluginConfig: [{name: Foo}]}, {schedulerName: a}]", []string{"percentageOfNodesToScore", "profiles[0].schedulerName", "profiles[0].pluginConfig[0].name"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			profiles, err := Parse([]byte(test.file))
			if err == nil {
				t.Fatalf("no error, but %d profiles", len(profiles))
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

// TestArgumentsTakeEffect decides with two profiles that differ in one argument.
func TestArgumentsTakeEffect(t *testing.T) {
	c := cache.New()
	for _, name := range []string{"empty", "used"} {
		c.SetNode(wrappers.MakeNode().Name(name).Capacity("cpu", "4", "memory", "8Gi").Label("name", name).Obj())
	}
	c.SetPod(framework.NewPodInfo(wrappers.MakePod().Name("p").Node("used").Req("cpu", "1", "memory", "2Gi").Obj()))
	snapshot := cache.NewSnapshot()
	c.UpdateSnapshot(snapshot)
	profiles, err := Parse([]byte(header + `
profiles:
- schedulerName: spread
- schedulerName: pack
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
- schedulerName: added
  pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: name, operator: In, values: [used]}]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"spread": "empty", "pack": "used", "added": "used"}
	for _, p := range profiles {
		pod := framework.NewPodInfo(wrappers.MakePod().Name("new").Req("cpu", "1", "memory", "2Gi").Obj())
		if got := decide.Decide(decide.Input{Snapshot: snapshot, Pod: pod, Profile: p}).Node; got != want[p.SchedulerName] {
			t.Errorf("profile %s: node %q, want %q", p.SchedulerName, got, want[p.SchedulerName])
		}
	}
}

// TestDocumentedExample parses the files that docs/scheduler.md shows.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/scheduler.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, block := range strings.Split(string(doc), "```yaml\n")[1:] {
		file, _, _ := strings.Cut(block, "```")
		if !strings.Contains(file, Kind) {
			continue
		}
		examples++
		if _, err := Parse([]byte(file)); err != nil {
			t.Errorf("%v in\n%s", err, file)
		}
	}
	if examples == 0 {
		t.Error("docs/scheduler.md has no example of the file")
	}
}

// FuzzParse looks for panics, and for profiles that cannot work.
func FuzzParse(f *testing.F) {
	f.Add([]byte(header))
	f.Add([]byte(header + "profiles: [{schedulerName: a, plugins: {multiPoint: {disabled: [{name: '*'}], enabled: [{name: PrioritySort}]}}}]"))
	f.Add([]byte(header + "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 0, score: 10}]}}}}]}]"))
	f.Add([]byte(header + "profiles: [{pluginConfig: [{name: PodTopologySpread, args: null}, {name: NodeAffinity, args: 3}]}]"))
	f.Add([]byte("{\"apiVersion\":\"config.glassplane.dev/v1alpha1\",\"kind\":\"SchedulerConfiguration\",\"profiles\":[null]}"))
	f.Add([]byte("a: &a [*a]"))
	known, err := plugins.Default()
	if err != nil {
		f.Fatal(err)
	}
	node := wrappers.MakeNode().Name("n").Capacity("cpu", "4", "memory", "8Gi", "pods", "10").Obj()
	c := cache.New()
	c.SetNode(node)
	c.SetNode(wrappers.MakeNode().Name("m").Taint("k", "v", corev1.TaintEffectPreferNoSchedule).Capacity("cpu", "4").Obj())
	snapshot := cache.NewSnapshot()
	c.UpdateSnapshot(snapshot)
	f.Fuzz(func(t *testing.T, data []byte) {
		profiles, err := Parse(data)
		if (err == nil) == (len(profiles) == 0) {
			t.Fatalf("%d profiles with error %v", len(profiles), err)
		}
		for _, p := range profiles {
			if p.SchedulerName == "" || p.QueueSort() == nil {
				t.Errorf("profile %q cannot sort", p.SchedulerName)
			}
			if slices.ContainsFunc(p.Plugins(), func(x framework.WeightedPlugin) bool { return find(known, x.Name()) < 0 }) {
				t.Errorf("unknown plugin in %s", describe(p))
			}
			pod := framework.NewPodInfo(wrappers.MakePod().Name("p").Req("cpu", "1").Obj())
			if s := decide.Decide(decide.Input{Snapshot: snapshot, Pod: pod, Profile: p}).Status; s.Code() == framework.Error {
				t.Errorf("decision with %s: %v", describe(p), s.AsError())
			}
		}
	})
}
