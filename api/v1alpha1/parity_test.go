// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// shared is a spec that Pods and SimPods accept and that sets every field which
// they share. Variations of it are sent as both: see TestSpecsAsPods.
const shared = `
containers:
- name: main
  image: registry.example.com/app:1
  resources: {requests: {cpu: 500m, memory: 64Mi, example.com/gpu: "1"}, limits: {cpu: "1", memory: 1Gi, example.com/gpu: "1"}}
  ports:
  - {name: http, containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1, protocol: TCP}
- name: other
  image: app:2
  ports: [{containerPort: 81}]
initContainers:
- {name: first, image: app:1, resources: {requests: {cpu: 100m}}, ports: [{containerPort: 82, hostPort: 8082}]}
- {name: sidecar, image: app:1, restartPolicy: Always}
resources: {requests: {cpu: "2", memory: 128Mi}, limits: {cpu: "4", memory: 2Gi}}
nodeSelector: {example.com/pool: blue}
restartPolicy: Always
terminationGracePeriodSeconds: 30
activeDeadlineSeconds: 100
schedulerName: glassplane-scheduler
preemptionPolicy: PreemptLowerPriority
priorityClassName: system-node-critical
schedulingGates: [{name: example.com/gate}]
tolerations:
- {key: example.com/a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 5}
- {key: c, operator: Exists}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: DoNotSchedule
  minDomains: 2
  nodeAffinityPolicy: Honor
  nodeTaintsPolicy: Ignore
  matchLabelKeys: [hash]
  labelSelector:
    matchLabels: {app: web}
    matchExpressions: [{key: tier, operator: In, values: [a, b]}]
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions: [{key: example.com/pool, operator: In, values: [blue]}]
        matchFields: [{key: metadata.name, operator: In, values: [node-1]}]
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 1
      preference:
        matchExpressions: [{key: cores, operator: Gt, values: ["4"]}]
        matchFields: [{key: metadata.name, operator: NotIn, values: [node-2]}]
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: zone
      namespaces: [default]
      matchLabelKeys: [hash]
      mismatchLabelKeys: [other]
      labelSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [a]}, {key: b, operator: Exists}]}
      namespaceSelector: {matchLabels: {team: a}, matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: zone
        namespaces: [default]
        matchLabelKeys: [hash]
        mismatchLabelKeys: [other]
        labelSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [a]}]}
        namespaceSelector: {matchLabels: {team: a}, matchExpressions: [{key: env, operator: In, values: [a]}]}
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: zone
      namespaces: [default]
      matchLabelKeys: [hash]
      mismatchLabelKeys: [other]
      labelSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [a]}]}
      namespaceSelector: {matchLabels: {team: a}, matchExpressions: [{key: env, operator: In, values: [a]}]}
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 50
      podAffinityTerm:
        topologyKey: zone
        namespaces: [default]
        matchLabelKeys: [hash]
        mismatchLabelKeys: [other]
        labelSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [a]}]}
        namespaceSelector: {matchLabels: {team: a}, matchExpressions: [{key: env, operator: In, values: [a]}]}
`

// apart are the fields of the spec that shared cannot set, and why. Specs that
// set them are among the hand-written ones.
var apart = map[string]string{
	".nodeName":   "a pod with schedulingGates may not have it",
	".priority":   "only who may bind sets it",
	".overhead":   "a Pod may have it only together with a RuntimeClass",
	".simulation": "Pods have no such field",

	".containers.restartPolicy": "only init containers may have it",
}

// difference is one that is meant to be. Field and value are patterns of the whole.
type difference struct {
	// sim is the kind that it is about.
	sim, field, value string
	// accepted is the kind that accepts what the other refuses: pod or sim.
	// Where it is empty both refuse it, each for another field.
	accepted, why string
}

// differences are all those between the validation of a Pod's spec and that of a
// SimPod's that are meant to be. docs/api.md says so, too.
var differences = []difference{
	{"SimPod|SimReplicaSet", `(initContainers|containers).\d+.restartPolicy`, `.*`, "pod", "only sidecars are simulated: Always, of init containers"},
	{"SimPod|SimReplicaSet", `restartPolicy|preemptionPolicy|schedulerName|.*\.protocol`, `""`, "pod", "an empty string is a value in a custom resource, and not the default"},
	{"SimPod|SimReplicaSet", `schedulerName`, `".{254,}"`, "pod", "a Pod's is not validated at all; no scheduler has such a name"},
	{"SimPod|SimReplicaSet", `.*\.hostIP`, `".{46,}"`, "pod", "a Pod's is not validated at all; no address is so long"},
	{"SimPod", `overhead`, `.*`, "sim", "a Pod gets it from its RuntimeClass, which SimPods do not have"},
	{"SimPod", `nodeName`, `"node-1"`, "pod", "a Pod is accepted for any node; SimPods are bound by who may create simpods/binding"},
	{"SimPod|SimReplicaSet", `.*\.preference`, `<nil>`, "pod", "the schema of core/v1's types requires it; an empty one matches all nodes"},
	{"SimPod|SimReplicaSet", `containers\.\d+\.resources\.limits\.(cpu|memory)|resources`, `"10Gi"|"less than the limit of a container"`, "", "the refusal of a Pod names a field that does not exist: spec.resources.containers"},
	{"SimPod", `preemptionPolicy`, `"Never"`, "sim", "a Pod's must be that of its PriorityClass; of a SimPod's, Never wins"},
	{"SimPod", `priorityClassName`, `".*"`, "sim", "a SimPod may come before its PriorityClass: it waits for it"},
	{"SimReplicaSet", `.*\.image`, `"with a blank"`, "pod", "the pods of such a template are refused, those of a ReplicaSet, too"},
}

// A spec gets the same verdict as that of a Pod and as that of a SimPod, and
// where both are refused, for the same field.
func TestSpecsAsPods(t *testing.T) {
	specs := append(variations(t), handwritten(t)...)
	compareAll(t, specs, "Pod", "SimPod", func(spec map[string]any, kind string) map[string]any {
		labels := map[string]any{"app": "web", "hash": "x"}
		return map[string]any{
			"apiVersion": groupVersionOf(kind), "kind": kind,
			"metadata": map[string]any{"name": "parity", "namespace": "default", "labels": labels}, "spec": spec,
		}
	})
}

// A template gets the same verdict as that of a ReplicaSet and as that of a
// SimReplicaSet. What the pods of an accepted template are refused for is only
// seen when the set creates them, in both.
func TestTemplatesAsReplicaSets(t *testing.T) {
	specs := handwritten(t)
	for i, s := range variations(t) {
		// A tenth of them: the policies and the schema are the same as for pods.
		if i%10 == 0 || s.field == "activeDeadlineSeconds" || s.field == "restartPolicy" {
			specs = append(specs, s)
		}
	}
	compareAll(t, specs, "ReplicaSet", "SimReplicaSet", func(spec map[string]any, kind string) map[string]any {
		if spec["activeDeadlineSeconds"] == int64(100) {
			delete(spec, "activeDeadlineSeconds")
		}
		labels := map[string]any{"app": "web", "hash": "x"}
		return map[string]any{
			"apiVersion": groupVersionOf(kind), "kind": kind, "metadata": map[string]any{"name": "parity", "namespace": "default"},
			"spec": map[string]any{
				"selector": map[string]any{"matchLabels": labels},
				"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": spec},
			},
		}
	})
}

// deployments are specs of a Deployment beside its template, each as what differs from
// a valid one. They get the same verdict as those of a SimDeployment.
var deployments = []string{
	`{}`, `{replicas: 0}`, `{replicas: -1}`, `{replicas: many}`, `{minReadySeconds: 5}`, `{minReadySeconds: -1}`,
	`{revisionHistoryLimit: 0}`, `{revisionHistoryLimit: -1}`, `{paused: true}`,
	`{progressDeadlineSeconds: 1}`, `{progressDeadlineSeconds: 0}`, `{progressDeadlineSeconds: -1}`, `{progressDeadlineSeconds: 2147483647}`,
	`{progressDeadlineSeconds: 5, minReadySeconds: 5}`, `{progressDeadlineSeconds: 6, minReadySeconds: 5}`, `{minReadySeconds: 600}`,
	`{strategy: {type: Recreate}}`, `{strategy: {type: RollingUpdate}}`, `{strategy: {type: Other}}`, `{strategy: {}}`,
	`{strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}}`, `{strategy: {type: Recreate, rollingUpdate: {}}}`,
	`{strategy: {rollingUpdate: {maxSurge: 1}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0%, maxUnavailable: 0}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0%, maxUnavailable: 0%}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0}}}`, `{strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 200%, maxUnavailable: 100%}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 101%}}}`, `{strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 500}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: -1}}}`, `{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: -1}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: -5%}}}`, `{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: "5"}}}`,
	`{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1.5}}}`, `{strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 2.5%}}}`,
	`{selector: {}}`, `{selector: {matchLabels: {app: other}}}`, `{selector: {matchExpressions: [{key: app, operator: Exists}]}}`,
	`{selector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}`, `{selector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}`,
	`{selector: {matchLabels: {"a b": c}}, template: {metadata: {labels: {"a b": c}}, spec: {containers: [{name: main, image: app}]}}}`,
	`{selector: {matchExpressions: [{key: app, operator: Is}]}}`, `{selector: {matchExpressions: [{key: app, operator: In}]}}`,
	`{template: {spec: {containers: [{name: main, image: app}]}}}`,
	`{template: {metadata: {labels: {app: web}}, spec: {restartPolicy: Never, containers: [{name: main, image: app}]}}}`,
	`{template: {metadata: {labels: {app: web}}, spec: {activeDeadlineSeconds: 5, containers: [{name: main, image: app}]}}}`,
	`{template: {metadata: {labels: {app: web}}, spec: {containers: []}}}`,
}

// A Deployment gets the same verdict as such and as a SimDeployment.
func TestSpecsAsDeployments(t *testing.T) {
	var specs []spec
	for _, text := range deployments {
		object := decode(t, `{selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: app}]}}}`)
		maps.Copy(object, decode(t, text))
		specs = append(specs, spec{name: text, field: text, object: object})
	}
	compareAll(t, specs, "Deployment", "SimDeployment", func(spec map[string]any, kind string) map[string]any {
		return map[string]any{
			"apiVersion": groupVersionOf(kind), "kind": kind, "metadata": map[string]any{"name": "parity", "namespace": "default"}, "spec": spec,
		}
	})
}

// shared sets every field of a SimPod's spec but those apart, so that no field
// can be added without its validation being compared.
func TestSharedSpecIsComplete(t *testing.T) {
	for _, crd := range crds(t) {
		if crd.Spec.Names.Kind != "SimPod" {
			continue
		}
		schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
		for _, missing := range unset(&schema, decode(t, shared), "") {
			t.Errorf("%s is not set", missing)
		}
	}
}

// unset returns the paths of the schema that no value has.
func unset(schema *apiextensionsv1.JSONSchemaProps, value any, path string) []string {
	if apart[path] != "" {
		return nil
	}
	switch value := value.(type) {
	case nil:
		return []string{path}
	case []any:
		var missing []string
		for i, element := range value {
			some := unset(schema.Items.Schema, element, path)
			if i == 0 {
				missing = some
			}
			missing = slices.DeleteFunc(missing, func(m string) bool { return !slices.Contains(some, m) })
		}
		return missing
	case map[string]any:
		var missing []string
		for name, property := range schema.Properties {
			missing = append(missing, unset(&property, value[name], path+"."+name)...)
		}
		return missing
	}
	return nil
}

// spec is one that is sent as both kinds: a name, the field that makes it what it
// is, and what that is set to.
type spec struct {
	name, field, value string
	object             map[string]any
}

// variations are the shared spec with one thing changed: each field removed, each
// list emptied or its last element doubled, each value and each key of a map
// replaced by values that stand at the bounds of what may be allowed.
func variations(t *testing.T) []spec {
	var out []spec
	root := decode(t, shared)
	add := func(path []string, change string, value any, edit func(map[string]any)) {
		object := runtime.DeepCopyJSON(root)
		edit(object)
		field := strings.Join(path, ".")
		out = append(out, spec{
			name: field + " " + change + fmt.Sprintf(" %.80q", fmt.Sprint(value)), field: field,
			value: fmt.Sprintf("%#v", value), object: object,
		})
	}
	var walk func(value any, path []string)
	walk = func(value any, path []string) {
		if len(path) > 0 {
			add(path, "removed", nil, func(o map[string]any) { edit(o, path, func(any) any { return nil }) })
		}
		switch value := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				walk(value[key], append(slices.Clone(path), key))
			}
			if len(path) > 0 && slices.Contains([]string{"nodeSelector", "matchLabels", "requests", "limits"}, path[len(path)-1]) {
				for _, key := range texts {
					add(path, "with key", key, func(o map[string]any) {
						edit(o, path, func(old any) any {
							old.(map[string]any)[key] = "1"
							return old
						})
					})
				}
			}
		case []any:
			add(path, "empty", "[]", func(o map[string]any) { edit(o, path, func(any) any { return []any{} }) })
			add(path, "doubled", "[...]", func(o map[string]any) {
				edit(o, path, func(old any) any {
					list := old.([]any)
					return append(list, runtime.DeepCopyJSONValue(list[len(list)-1]))
				})
			})
			for i, element := range value {
				walk(element, append(slices.Clone(path), fmt.Sprint(i)))
			}
		default:
			replacements := others(value, path)
			if len(path) > 2 && path[1] == "podAntiAffinity" || len(path) > 2 && path[1] == "podAffinity" && strings.HasPrefix(path[2], "preferred") {
				replacements = replacements[:min(4, len(replacements))] // the rules are those of the required podAffinity
			}
			for _, other := range replacements {
				add(path, "=", other, func(o map[string]any) { edit(o, path, func(any) any { return other }) })
			}
		}
	}
	walk(root, nil)
	return out
}

// texts stand at the bounds of names, labels and their values.
var texts = []string{
	"", "a b", "A", "-a", "a--b", "a_b", "a.b", "a/b", "a/b/c", "kubernetes.io/a", "requests.a/b", "pods", "9", "é",
	strings.Repeat("x", 16), strings.Repeat("x", 64), strings.Repeat("x", 254), strings.Repeat("x.", 126) + "x/y", strings.Repeat("x.", 127) + "x/y",
	"Never", "Exists", "In", "Gt", "Equal", "NoSchedule", "ScheduleAnyway", "Ignore",
}

// others are the values that take the place of one.
func others(value any, path []string) []any {
	var out []any
	switch value.(type) {
	case int64, float64:
		for _, n := range []int64{-1, 0, 1, 101, 65536} {
			out = append(out, n)
		}
	case string:
		if slices.Contains(path, "requests") || slices.Contains(path, "limits") {
			for _, quantity := range []string{"-1", "0", "1500m", "1000m", "3", "10Gi", "one"} {
				out = append(out, quantity)
			}
			return out
		}
		for _, text := range texts {
			out = append(out, text)
		}
	}
	return out
}

// edit replaces the value at a path; nil removes it.
func edit(value any, path []string, change func(any) any) any {
	if len(path) == 0 {
		return change(value)
	}
	switch value := value.(type) {
	case map[string]any:
		if changed := edit(value[path[0]], path[1:], change); changed != nil {
			value[path[0]] = changed
		} else {
			delete(value, path[0])
		}
	case []any:
		var i int
		if _, err := fmt.Sscan(path[0], &i); err != nil {
			panic(err)
		}
		if changed := edit(value[i], path[1:], change); changed != nil {
			value[i] = changed
			return value
		}
		return slices.Delete(value, i, i+1)
	}
	return value
}

// handwritten are specs of which more than one field makes what they are.
func handwritten(t *testing.T) []spec {
	many := func(n int, element string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = strings.ReplaceAll(element, "#", fmt.Sprint(i))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	const one = `containers: [{name: c, image: i}]`
	texts := map[string]string{
		"containers: many":                   `containers: ` + many(100, `{name: c#, image: i}`),
		"initContainers: many":               one + "\ninitContainers: " + many(100, `{name: i#, image: i}`),
		"initContainers: name of another":    one + "\ninitContainers: [{name: c, image: i}]",
		"tolerations: many":                  one + "\ntolerations: " + many(500, `{key: k#, operator: Exists}`),
		"tolerations: of everything":         one + "\ntolerations: [{operator: Exists}]",
		"tolerations: no key":                one + "\ntolerations: [{value: a}]",
		"tolerations: seconds":               one + "\ntolerations: [{key: a, operator: Exists, tolerationSeconds: 5}]",
		"tolerations: value":                 one + "\ntolerations: [{key: a, operator: Exists, value: b}]",
		"tolerations: less than":             one + "\ntolerations: [{key: a, operator: Lt, value: '5'}]",
		"containers.0.image: with a blank":   `containers: [{name: c, image: " i"}]`,
		"schedulingGates: many":              one + "\nschedulingGates: " + many(100, `{name: g#}`),
		"nodeSelector: many":                 one + "\nnodeSelector: {" + strings.Trim(many(200, `k#: v`), "[]") + "}",
		"containers.0.ports: many":           `containers: [{name: c, image: i, ports: ` + many(200, `{containerPort: 1#}`) + `}]`,
		"containers.0.ports: the same twice": `containers: [{name: c, image: i, ports: [{name: a, containerPort: 80}, {name: b, containerPort: 80}]}]`,
		"containers.0.ports: name twice":     `containers: [{name: c, image: i, ports: [{name: a, containerPort: 80}, {name: a, containerPort: 81}]}]`,
		"containers.0.ports: hostPort twice": `containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81, hostPort: 8080}]}]`,
		"containers.1.ports: hostPort of another": `containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}]}, ` +
			`{name: d, image: i, ports: [{containerPort: 81, hostPort: 8080}]}]`,
		"containers.1.ports: hostPort of another protocol": `containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}]}, ` +
			`{name: d, image: i, ports: [{containerPort: 81, hostPort: 8080, protocol: UDP}]}]`,
		"initContainers.0.ports: hostPort of a container": `{containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}]}], ` +
			`initContainers: [{name: d, image: i, ports: [{containerPort: 81, hostPort: 8080}]}]}`,
		"containers.0.resources: above the limit":         `containers: [{name: c, image: i, resources: {requests: {cpu: 1500m}, limits: {cpu: 1}}}]`,
		"containers.0.resources: no limit":                `containers: [{name: c, image: i, resources: {requests: {example.com/gpu: 1}}}]`,
		"containers.0.resources: below the limit":         `containers: [{name: c, image: i, resources: {requests: {example.com/gpu: 1}, limits: {example.com/gpu: 2}}}]`,
		"containers.0.resources: part of a device":        `containers: [{name: c, image: i, resources: {limits: {example.com/gpu: 500m}}}]`,
		"containers.0.resources: unknown":                 `containers: [{name: c, image: i, resources: {limits: {foo: 1}}}]`,
		"containers.0.resources: huge pages":              `containers: [{name: c, image: i, resources: {limits: {cpu: 1, hugepages-2Mi: 4Mi}}}]`,
		"containers.0.resources: part of a page":          `containers: [{name: c, image: i, resources: {limits: {cpu: 1, hugepages-2Mi: 3Mi}}}]`,
		"containers.0.resources: no page":                 `containers: [{name: c, image: i, resources: {limits: {cpu: 1, hugepages-x: 4Mi}}}]`,
		"containers.0.resources: huge pages alone":        `containers: [{name: c, image: i, resources: {limits: {hugepages-2Mi: 4Mi}}}]`,
		"containers.0.resources: storage":                 `containers: [{name: c, image: i, resources: {requests: {ephemeral-storage: 1Gi}}}]`,
		"resources: less than its containers":             `{containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}], resources: {requests: {cpu: 1}}}`,
		"resources: limit less than its containers":       `{containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}], resources: {limits: {cpu: 1}}}`,
		"resources: less than the limit of a container":   `{containers: [{name: c, image: i, resources: {limits: {cpu: 2}, requests: {cpu: 1}}}], resources: {limits: {cpu: 1}}}`,
		"resources: the sum of its containers":            `{containers: ` + many(3, `{name: c#, image: i, resources: {requests: {cpu: 100m}}}`) + `, resources: {requests: {cpu: 300m}}}`,
		"resources: a bit less than its containers":       `{containers: ` + many(3, `{name: c#, image: i, resources: {requests: {cpu: 100m}}}`) + `, resources: {requests: {cpu: 299m}}}`,
		"resources: the most of its init containers":      `{containers: [{name: c, image: i}], initContainers: ` + many(3, `{name: i#, image: i, resources: {requests: {cpu: 1}}}`) + `, resources: {requests: {cpu: 1}}}`,
		"resources: less than an init container":          `{containers: [{name: c, image: i}], initContainers: ` + many(3, `{name: i#, image: i, resources: {requests: {cpu: 1}}}`) + `, resources: {requests: {cpu: 900m}}}`,
		"resources: less than its sidecars":               `{containers: [{name: c, image: i}], initContainers: ` + many(3, `{name: i#, image: i, restartPolicy: Always, resources: {requests: {cpu: 1}}}`) + `, resources: {requests: {cpu: 2}}}`,
		"resources: the sum of its sidecars":              `{containers: [{name: c, image: i}], initContainers: ` + many(3, `{name: i#, image: i, restartPolicy: Always, resources: {requests: {cpu: 1}}}`) + `, resources: {requests: {cpu: 3}}}`,
		"resources: sidecar beside an init container":     `{containers: [{name: c, image: i}], initContainers: [{name: s, image: i, restartPolicy: Always, resources: {requests: {cpu: 1}}}, {name: x, image: i, resources: {requests: {cpu: 2}}}], resources: {requests: {cpu: 2}}}`,
		"resources: init container before a sidecar":      `{containers: [{name: c, image: i}], initContainers: [{name: x, image: i, resources: {requests: {cpu: 2}}}, {name: s, image: i, restartPolicy: Always, resources: {requests: {cpu: 1}}}], resources: {requests: {cpu: 2}}}`,
		"resources: above the limit":                      one + "\nresources: {requests: {cpu: 2}, limits: {cpu: 1}}",
		"resources: a device":                             one + "\nresources: {limits: {example.com/gpu: 1}}",
		"resources: storage":                              one + "\nresources: {limits: {ephemeral-storage: 1Gi}}",
		"resources: huge pages":                           one + "\nresources: {limits: {cpu: 1, hugepages-2Mi: 4Mi}}",
		"topologySpreadConstraints: minDomains":           one + "\ntopologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, minDomains: 1}]",
		"topologySpreadConstraints: label twice":          one + "\ntopologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, matchLabelKeys: [app], labelSelector: {matchLabels: {app: web}}}]",
		"topologySpreadConstraints: keys, no selector":    one + "\ntopologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, matchLabelKeys: [app]}]",
		"affinity.podAffinity: label twice":               one + "\naffinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, matchLabelKeys: [app], labelSelector: {matchLabels: {app: web}}}]}}",
		"affinity.podAffinity: match and mismatch":        one + "\naffinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, matchLabelKeys: [hash], mismatchLabelKeys: [hash], labelSelector: {matchLabels: {app: web}}}]}}",
		"affinity.podAffinity: keys, no selector":         one + "\naffinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, mismatchLabelKeys: [app]}]}}",
		"affinity.nodeAffinity: no terms":                 one + "\naffinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}",
		"affinity.nodeAffinity: two values":               one + "\naffinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: ['1', '2']}]}]}}}",
		"affinity.nodeAffinity: bad value, but preferred": one + "\naffinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: In, values: ['a b']}]}}]}}",
		"nodeName: node-1":                                one + "\nnodeName: node-1",
		"nodeName: not a name":                            one + "\nnodeName: Node_1",
		"nodeName: and gates":                             one + "\nnodeName: node-1\nschedulingGates: [{name: g}]",
		"priority: without a class":                       one + "\npriority: 2147483647",
		"priorityClassName: unknown":                      one + "\npriorityClassName: unknown",
		"priorityClassName: known":                        one + "\npriorityClassName: system-cluster-critical",
		"overhead: without a class":                       one + "\noverhead: {cpu: 1m}",
		"overhead: negative":                              one + "\noverhead: {cpu: -1m}",
	}
	out := make([]spec, 0, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		field, value, _ := strings.Cut(name, ": ")
		out = append(out, spec{name: name, field: field, value: fmt.Sprintf("%q", value), object: decode(t, texts[name])})
	}
	return out
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	content, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("decoding %s: %v", text, err)
	}
	var out map[string]any
	if err := utiljson.Unmarshal(content, &out); err != nil { // numbers are int64, as in unstructured objects
		t.Fatalf("decoding %s: %v", text, err)
	}
	return out
}

func groupVersionOf(kind string) string {
	switch kind {
	case "Pod":
		return "v1"
	case "ReplicaSet", "Deployment":
		return "apps/v1"
	}
	return "sim.glassplane.dev/v1alpha1"
}

// compareAll sends each spec as both kinds, in dry runs, as somebody who may
// create all of them but bind none, and compares the verdicts.
func compareAll(t *testing.T, specs []spec, real, sim string, object func(spec map[string]any, kind string) map[string]any) {
	c := ordinaryUser(t)
	var mu sync.Mutex
	used := map[int]bool{}
	counts := map[string]int{}
	var group errgroup.Group
	group.SetLimit(8)
	for _, s := range specs {
		group.Go(func() error {
			ofReal, err := verdict(t, c, object(runtime.DeepCopyJSON(s.object), real))
			if err != nil {
				return fmt.Errorf("%s as %s: %w", s.name, real, err)
			}
			ofSim, err := verdict(t, c, object(runtime.DeepCopyJSON(s.object), sim))
			if err != nil {
				return fmt.Errorf("%s as %s: %w", s.name, sim, err)
			}
			mu.Lock()
			defer mu.Unlock()
			counts[outcome(ofReal)+"/"+outcome(ofSim)]++
			if agree(ofReal, ofSim) {
				return nil
			}
			if i := slices.IndexFunc(differences, func(d difference) bool { return d.explains(s, sim, ofReal, ofSim) }); i >= 0 {
				used[i] = true
				return nil
			}
			t.Errorf("%s:\n\t%s: %.500v\n\t%s: %.500v", s.name, real, ofReal, sim, ofSim)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d specs, as %s/%s: %v", len(specs), real, sim, counts)
	for i, d := range differences {
		if !used[i] && strings.HasPrefix(d.sim, sim) {
			t.Errorf("no spec shows the difference of %s = %s: remove it", d.field, d.value)
		}
	}
}

func outcome(refusal error) string {
	if refusal == nil {
		return "accepted"
	}
	return "refused"
}

func (d difference) explains(s spec, kind string, real, sim error) bool {
	if !slices.Contains(strings.Split(d.sim, "|"), kind) {
		return false
	}
	if match := regexp.MustCompile("^(?:" + d.field + ")$"); !match.MatchString(s.field) {
		return false
	}
	if match := regexp.MustCompile("^(?s:" + d.value + ")$"); !match.MatchString(s.value) {
		return false
	}
	switch d.accepted {
	case "pod":
		return real == nil && sim != nil
	case "sim":
		return real != nil && sim == nil
	}
	return real != nil && sim != nil
}

// verdict returns the refusal of an object, nil if it is accepted, and an error
// that is neither.
func verdict(t *testing.T, c client.Client, object map[string]any) (refusal, err error) {
	err = c.Create(t.Context(), &unstructured.Unstructured{Object: object}, client.DryRunAll)
	if apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) {
		return err, nil
	}
	return nil, err
}

// agree says whether both are accepted, or both refused because of a field that
// they share, or of its parent.
func agree(real, sim error) bool {
	if real == nil || sim == nil {
		return real == nil && sim == nil
	}
	if apierrors.IsBadRequest(real) {
		return true // what cannot be decoded is refused without a field
	}
	for _, a := range fields(real) {
		for _, b := range fields(sim) {
			if strings.HasPrefix(a+".", b+".") || strings.HasPrefix(b+".", a+".") {
				return true
			}
		}
	}
	return false
}

var (
	indices = regexp.MustCompile(`\[[^\]]*\]`)
	named   = regexp.MustCompile(`(?:^|; |request: |: )(spec\.(?:[^ :;\[]|\[[^\]]*\])+)`)
)

// fields are those that a refusal names, without indices: by its causes or, where
// an admission plugin or policy refused it, at the start of its messages.
func fields(refusal error) []string {
	var out []string
	add := func(field string) {
		out = append(out, strings.ToLower(strings.TrimSuffix(indices.ReplaceAllString(field, ""), ".")))
	}
	var status apierrors.APIStatus
	if !errors.As(refusal, &status) {
		return nil
	}
	if details := status.Status().Details; details != nil {
		for _, cause := range details.Causes {
			if cause.Field != "" {
				add(cause.Field)
			}
		}
	}
	for _, match := range named.FindAllStringSubmatch(status.Status().Message, -1) {
		add(match[1])
	}
	// Admission plugins of Pods name no field.
	for text, field := range map[string]string{"priority": "spec.priority", "PriorityClass": "spec.priorityClassName", "PreemptionPolicy": "spec.preemptionPolicy", "Overhead": "spec.overhead"} {
		if strings.Contains(status.Status().Message, text) && apierrors.IsForbidden(refusal) {
			add(field)
		}
	}
	return out
}

// ordinaryUser is a client of somebody who may create pods and sets of both kinds.
var ordinaryUser = func() func(t *testing.T) client.Client {
	var once sync.Once
	var c client.Client
	return func(t *testing.T) client.Client {
		t.Helper()
		once.Do(func() {
			role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "parity"}, Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"*"}},
				{APIGroups: []string{"apps"}, Resources: []string{"replicasets", "deployments"}, Verbs: []string{"*"}},
				{APIGroups: []string{"sim.glassplane.dev"}, Resources: []string{"simpods", "simreplicasets", "simdeployments"}, Verbs: []string{"*"}},
			}}
			binding := &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "parity"},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
				Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "parity"}},
			}
			for _, o := range []client.Object{role, binding} {
				if err := environment.Client.Create(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			config, err := environment.User("parity")
			if err != nil {
				t.Fatal(err)
			}
			if c, err = client.New(config, client.Options{Scheme: environment.Scheme, Mapper: environment.Client.RESTMapper(), FieldValidation: "Strict"}); err != nil {
				t.Fatal(err)
			}
		})
		return c
	}
}()
