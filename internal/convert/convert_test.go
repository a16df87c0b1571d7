// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/golden"
)

// objects reads a stream of YAML documents.
func objects(t testing.TB, text string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for document := range strings.SplitSeq(text, "\n---\n") {
		data, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := json.Unmarshal(data, &object.Object); err != nil {
			t.Fatal(err)
		}
		out = append(out, object)
	}
	return out
}

// describe writes results as text.
func describe(t testing.TB, results []Result) string {
	t.Helper()
	var out bytes.Buffer
	for _, r := range results {
		fmt.Fprintf(&out, "# %s\n", Name(r.Original))
		switch {
		case r.Err != nil:
			fmt.Fprintf(&out, "# error: %v\n", r.Err)
		case r.Skipped != "":
			fmt.Fprintf(&out, "# skipped: %s\n", r.Skipped)
		}
		for _, d := range r.Differences {
			kept := "kept    "
			if d.LeftOut {
				kept = "left out"
			}
			fmt.Fprintf(&out, "#   %-9s %s %s: %s\n", d.Effect, kept, d.Field, d.Why)
		}
		for _, o := range r.Objects {
			data, err := yaml.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s---\n", data)
		}
	}
	return out.String()
}

// Each testdata/NAME.yaml becomes what is in NAME.golden.
func TestConvertGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			input, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(t, Convert(objects(t, string(input)), Options{}))
			golden.Check(t, strings.TrimSuffix(file, ".yaml")+".golden", got)
		})
	}
}

// withoutRule lists the fields that a type has, the simulated one has not, and
// no rule knows, and the rules of which the simulated type has the field.
func withoutRule(path string, own, simulated reflect.Type, known rules) (missing, needless []string) {
	for own.Kind() == reflect.Pointer || own.Kind() == reflect.Slice {
		own = own.Elem()
	}
	for simulated.Kind() == reflect.Pointer || simulated.Kind() == reflect.Slice {
		simulated = simulated.Elem()
	}
	if own == simulated || own.Kind() != reflect.Struct || simulated.Kind() != reflect.Struct || decodesItself(own) {
		return nil, nil
	}
	for i := range own.NumField() {
		name, _, _ := strings.Cut(own.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		field := strings.TrimPrefix(path+"."+name, ".")
		_, exact := known[field]
		inner := fieldOf(simulated, name)
		switch {
		case inner == nil:
			if _, ok := known.find(field); !ok {
				missing = append(missing, field)
			}
		case exact && inner.Kind() != reflect.Struct: // that of a struct is for what is below it
			needless = append(needless, field)
		default:
			more, others := withoutRule(field, own.Field(i).Type, inner, known)
			missing, needless = append(missing, more...), append(needless, others...)
		}
	}
	return missing, needless
}

// A new version of Kubernetes brings new fields: somebody has to say what it
// changes that they are left out.
func TestRulesAreComplete(t *testing.T) {
	tests := map[string]struct {
		own, simulated reflect.Type
		known          rules
		// beside are fields that are converted in a way of their own.
		beside []string
	}{
		"pod":         {reflect.TypeFor[corev1.PodSpec](), reflect.TypeFor[v1alpha1.SimPodSpec](), podRules, []string{"initContainers", "containers"}},
		"container":   {reflect.TypeFor[corev1.Container](), reflect.TypeFor[v1alpha1.Container](), containerRules, nil},
		"template":    {reflect.TypeFor[corev1.PodTemplateSpec](), reflect.TypeFor[v1alpha1.SimPodTemplateSpec](), templateRules, []string{"spec"}},
		"deployment":  {reflect.TypeFor[appsv1.DeploymentSpec](), reflect.TypeFor[v1alpha1.SimDeploymentSpec](), nil, []string{"template"}},
		"replicaset":  {reflect.TypeFor[appsv1.ReplicaSetSpec](), reflect.TypeFor[v1alpha1.SimReplicaSetSpec](), nil, []string{"template"}},
		"statefulset": {reflect.TypeFor[appsv1.StatefulSetSpec](), reflect.TypeFor[v1alpha1.SimStatefulSetSpec](), statefulSetRules, []string{"template"}},
		"daemonset":   {reflect.TypeFor[appsv1.DaemonSetSpec](), reflect.TypeFor[v1alpha1.SimDaemonSetSpec](), nil, []string{"template"}},
		"job":         {reflect.TypeFor[batchv1.JobSpec](), reflect.TypeFor[v1alpha1.SimJobSpec](), jobRules, []string{"template"}},
		"cronjob":     {reflect.TypeFor[batchv1.CronJobSpec](), reflect.TypeFor[onlyJobTemplate](), cronJobRules, []string{"jobTemplate"}},
		"node":        {reflect.TypeFor[corev1.NodeSpec](), reflect.TypeFor[v1alpha1.SimNodeSpec](), nodeRules, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			missing, needless := withoutRule("", tt.own, tt.simulated, tt.known)
			isBeside := func(field string) bool {
				for _, b := range tt.beside {
					if field == b || strings.HasPrefix(field, b+".") {
						return true
					}
				}
				return false
			}
			for _, field := range missing {
				if !isBeside(field) {
					t.Errorf("no rule for %s", field)
				}
			}
			for _, field := range needless {
				t.Errorf("a rule for %s, which the simulated type has", field)
			}
			for field := range tt.known {
				first, _, _ := strings.Cut(field, ".")
				if fieldOf(tt.own, first) == nil {
					t.Errorf("a rule for %s, which is no field", field)
				}
			}
		})
	}
}

// A SimPod stands for a Pod: the Pod that it stands for becomes the same SimPod.
func TestPodRoundTrip(t *testing.T) {
	text, err := os.ReadFile("testdata/pod.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sim, _, err := ReadPod(objects(t, string(text))[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	real := sim.ToPod()
	real.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	data, err := json.Marshal(real)
	if err != nil {
		t.Fatal(err)
	}
	again, differences, err := ReadPod(objects(t, string(data))[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	// What ToPod adds as the API server does.
	again.Spec.Tolerations = sim.Spec.Tolerations
	for i := range again.Spec.Containers {
		again.Spec.Containers[i].Resources.Requests = sim.Spec.Containers[i].Resources.Requests
	}
	if diff := cmp.Diff(sim, again); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	for _, d := range differences {
		if d.LeftOut {
			t.Errorf("left out: %+v", d)
		}
	}
}

func TestConvertDoesNotChangeItsInput(t *testing.T) {
	text, err := os.ReadFile("testdata/cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in, want := objects(t, string(text)), objects(t, string(text))
	Convert(in, Options{})
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

func TestConvertRefuses(t *testing.T) {
	const template = "template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}"
	tests := map[string]struct{ manifest, err, skipped string }{
		"no kind":             {manifest: "metadata: {name: a}", err: `apiVersion "" and kind "": both must be set`},
		"old version":         {manifest: "apiVersion: extensions/v1beta1\nkind: Deployment", err: "must be apps/v1"},
		"service":             {manifest: "apiVersion: v1\nkind: Service\nmetadata: {name: a}", skipped: "default spreading"},
		"custom resource":     {manifest: "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: a}", skipped: "there is no simulated Foo"},
		"ended pod":           {manifest: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nstatus: {phase: Failed}", skipped: "it has ended (status.phase Failed)"},
		"quantity":            {manifest: "apiVersion: v1\nkind: Pod\nspec: {overhead: {cpu: lots}}", err: `spec.overhead.cpu is "lots": must be a quantity`},
		"negative quantity":   {manifest: "apiVersion: v1\nkind: Pod\nspec: {containers: [{resources: {limits: {cpu: -1}}}]}", err: "spec.containers[0].resources.limits.cpu is -1"},
		"wrong type":          {manifest: "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: a}\nspec: {replicas: many}", err: "replicas"},
		"nameless set":        {manifest: "apiVersion: apps/v1\nkind: ReplicaSet\nspec: {" + template + "}", err: "metadata.name is missing"},
		"node without status": {manifest: "apiVersion: v1\nkind: Node\nmetadata: {name: a}", err: "status.capacity is missing"},
		"suspended cron job":  {manifest: "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {suspend: true, jobTemplate: {spec: {" + template + "}}}", skipped: "it is suspended"},
		"nameless job":        {manifest: "apiVersion: batch/v1\nkind: Job\nspec: {" + template + "}", err: "metadata.name is missing"},
		"nameless cron job":   {manifest: "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {" + template + "}}}", err: "metadata.name is missing"},
		"ended job": {
			manifest: "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {" + template + "}\nstatus: {conditions: [{type: Complete, status: 'True'}]}",
			skipped:  "it has ended (Complete)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := Convert(objects(t, tt.manifest), Options{})[0]
			var message string
			if r.Err != nil {
				message = r.Err.Error()
			}
			if !strings.Contains(message, tt.err) || (tt.err == "") != (r.Err == nil) || !strings.Contains(r.Skipped, tt.skipped) || (tt.skipped == "") != (r.Skipped == "") {
				t.Errorf("error %q, skipped %q; want %q, %q", message, r.Skipped, tt.err, tt.skipped)
			}
			if len(r.Objects)+len(r.Differences) > 0 {
				t.Errorf("made %v", r.Objects)
			}
		})
	}
}

func TestKeepNodes(t *testing.T) {
	in := objects(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: n1, containers: [{name: a, image: b}]}")
	for keep, want := range map[bool]string{true: "n1", false: ""} {
		r := Convert(in, Options{KeepNodes: keep})[0]
		if got := r.Objects[0].(*v1alpha1.SimPod).Spec.NodeName; got != want || (len(r.Differences) == 0) != keep {
			t.Errorf("keep %v: node %q, differences %v", keep, got, r.Differences)
		}
	}
}

func FuzzConvert(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, object := range objects(f, string(text)) {
			data, err := json.Marshal(object.Object)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":7,"overhead":[1],"initContainers":[null,{"resources":1}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		object := map[string]any{}
		if json.Unmarshal(data, &object) != nil {
			t.Skip("not an object")
		}
		node := objects(t, "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {capacity: {cpu: 1}}")[0]
		for _, r := range Convert([]*unstructured.Unstructured{{Object: object}, node}, Options{}) {
			if r.Err == nil && r.Skipped == "" && len(r.Objects) == 0 {
				t.Errorf("nothing was made of %s and nothing says why", Name(r.Original))
			}
		}
	})
}

// What a controller gives to pods because of a field that SimPods do not have, the
// template of the simulated workload has.
func TestDaemonsOnTheNetworkOfTheirNodes(t *testing.T) {
	manifest := "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec: {template: {spec: {hostNetwork: true, containers: [{name: a, image: b}]}}}"
	r := Convert(objects(t, manifest), Options{})[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	want := []corev1.Toleration{{Key: "node.kubernetes.io/network-unavailable", Operator: "Exists", Effect: "NoSchedule"}}
	if d := cmp.Diff(want, r.Objects[0].(*v1alpha1.SimDaemonSet).Spec.Template.Spec.Tolerations); d != "" {
		t.Errorf("tolerations (-want +got):\n%s", d)
	}
}

// A history has a bound here, and upstream need not have one.
func TestUnboundHistory(t *testing.T) {
	manifest := "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {revisionHistoryLimit: -1, template: {spec: {containers: [{name: a, image: b}]}}}"
	r := Convert(objects(t, manifest), Options{})[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if limit := r.Objects[0].(*v1alpha1.SimStatefulSet).Spec.RevisionHistoryLimit; limit != nil {
		t.Errorf("limit %d: want the default", *limit)
	}
	want := []Difference{{"spec.revisionHistoryLimit", EffectLifecycle, "the last 10 revisions are kept, not all", false}}
	if d := cmp.Diff(want, r.Differences); d != "" {
		t.Errorf("differences (-want +got):\n%s", d)
	}
}
