// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
)

// namespace of all that the specs create.
const namespace = "web"

// hostile is a text that tries to be more than text: markup, scripts in each
// place where one could run, an end of the element that holds the run in a saved
// file, characters that turn the direction of writing, and escapes of a terminal.
const hostile = `<script>window.pwned=1</script></script><img src=x onerror="window.pwned=2"><svg/onload=window.pwned=3>` +
	`"'><a href="javascript:window.pwned=4">` + "`${window.pwned=5}`" + ` &lt;b&gt; {{7*7}} ` +
	"\u202Egnp.exe\u202C \u2066x\u2069 \u200B \x1b[31mred\x1b]8;;http://example.com\x07 "

// recorded is a run that the control plane really had.
type recorded struct {
	// name says what is of interest in it.
	name string
	// manifest is what a client sends.
	manifest string
	// as is the client that sends it; the administrator if nil.
	as func() client.Client
	// refused is true where the API server must refuse it.
	refused bool
	// then is what else happens, once it is created.
	then func(ctx context.Context, object *unstructured.Unstructured) error
	// outcome that the observer tells in the end, and of which object; that of the
	// manifest if of is empty.
	outcome explain.Outcome
	of      string

	resource, object, uid string
}

// runs are those that every view must be able to show.
var runs = []*recorded{
	{name: "fits", outcome: explain.OutcomeRunning, manifest: simPod("fits", `{resources: {requests: {cpu: 100m, memory: 64Mi}}}`, ``)},
	{name: "unschedulable", outcome: explain.OutcomeUnschedulable, manifest: simPod("unschedulable", `{resources: {requests: {cpu: "64"}}}`, ``)},
	{name: "preempted", outcome: explain.OutcomeDeleted, of: "preempted", then: preempt,
		manifest: simPod("preempted", `{resources: {requests: {cpu: 800m}}}`, `{nodeSelector: {for: preemption}}`)},
	{name: "preempting", outcome: explain.OutcomeRunning, of: "preempting"},
	{name: "rejected", outcome: explain.OutcomeRejected, refused: true, manifest: simPod("rejected", `{resources: {requests: {cpu: 2}, limits: {cpu: 1}}}`, ``)},
	{name: "restarted", outcome: explain.OutcomeDeleted, then: restartAndDelete,
		manifest: simPod("restarted", `{}`, `{simulation: {runDuration: {duration: 1ms}, exitCode: 3}}`)},
	{name: "deleted", outcome: explain.OutcomeDeleted, then: runAndDelete, manifest: simPod("deleted", `{}`, ``)},
	{name: "gated", outcome: explain.OutcomeSchedulingGated, manifest: simPod("gated", `{}`, `{schedulingGates: [{name: example.com/quota}]}`)},
	{name: "replica set", outcome: explain.OutcomeStored, then: awaitReplicas, manifest: replicaSet("replicas")},
	{name: "real Pod", outcome: explain.OutcomeRunning, then: bindAndRun, manifest: realPod("pod")},
	{name: "hostile texts", outcome: explain.OutcomeRunning, as: func() client.Client { return hostileUser },
		manifest: simPod("hostile", fmt.Sprintf(`{image: %s}`, quoted("x"+hostile+"x")), ``)},
	{name: "hostile texts of a real Pod", outcome: explain.OutcomeFailed, then: failWithHostileMessage, manifest: realPod("hostile-pod")},
	{name: "hostile texts in a refusal", outcome: explain.OutcomeRejected, refused: true,
		manifest: simPod("hostile-refused", `{}`, fmt.Sprintf(`{nodeSelector: {for: %s}, schedulingGates: [{name: %s}]}`, quoted(hostile), quoted(hostile)))},
}

// recordedRun returns the one with the name.
func recordedRun(name string) *recorded {
	GinkgoHelper()
	for _, r := range runs {
		if r.name == name {
			return r
		}
	}
	Fail("no run is named " + name)
	return nil
}

// quoted makes a scalar of YAML: JSON's strings are such.
func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func simPod(name, container, spec string) string {
	return merged(fmt.Sprintf(`
apiVersion: sim.glassplane.dev/v1alpha1
kind: SimPod
metadata: {name: %s, namespace: %s, labels: {app: web}, annotations: {example.com/note: %s}}
spec: {containers: [{name: main, image: "registry.example/app:1"}]}`, name, namespace, quoted(hostile)), container, spec)
}

// merged adds fields to the container and to the spec of a manifest.
func merged(manifest, container, spec string) string {
	object := map[string]any{}
	must(yaml.Unmarshal([]byte(manifest), &object))
	template, ok := object["spec"].(map[string]any)
	if !ok {
		panic("a manifest has no spec")
	}
	must(yaml.Unmarshal([]byte(spec), &template))
	first, ok := template["containers"].([]any)[0].(map[string]any)
	if !ok {
		panic("a manifest has no container")
	}
	must(yaml.Unmarshal([]byte(container), &first))
	text, err := yaml.Marshal(object)
	must(err)
	return string(text)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func replicaSet(name string) string {
	return fmt.Sprintf(`
apiVersion: sim.glassplane.dev/v1alpha1
kind: SimReplicaSet
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: 3
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: main, image: "registry.example/app:1"}]}`, name, namespace)
}

func realPod(name string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s, annotations: {example.com/note: %s}}
spec:
  automountServiceAccountToken: false
  containers: [{name: main, image: nginx, env: [{name: PASSWORD, value: %q}], args: [%s]}]`, name, namespace, quoted(hostile), secret, quoted(hostile))
}

// secret is the value of an environment variable: it must never leave the observer.
const secret = "correct-horse-battery-staple"

// makeRuns makes all runs at once and waits until the observer knows their ends.
func makeRuns(ctx context.Context) error {
	errs := make([]error, len(runs))
	var making sync.WaitGroup
	for i, r := range runs {
		making.Go(func() {
			if err := r.make(ctx); err != nil {
				errs[i] = fmt.Errorf("making the run %q: %w", r.name, err)
			}
		})
	}
	making.Wait()
	return errors.Join(errs...)
}

func (r *recorded) make(ctx context.Context) error {
	r.resource = "simpods"
	r.object = r.of
	if r.manifest != "" {
		object, err := r.create(ctx)
		if err != nil {
			return err
		}
		r.object, r.uid, r.resource = object.GetName(), string(object.GetUID()), strings.ToLower(object.GetKind())+"s"
		if r.then != nil {
			if err := r.then(ctx, object); err != nil {
				return err
			}
		}
	}
	return r.awaitOutcome(ctx)
}

func (r *recorded) create(ctx context.Context) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(r.manifest), &object.Object); err != nil {
		return nil, err
	}
	as := admin
	if r.as != nil {
		as = r.as()
	}
	err := as.Create(ctx, object)
	switch {
	case r.refused && err == nil:
		return nil, fmt.Errorf("the API server did not refuse it")
	case r.refused:
		return object, nil
	}
	return object, err
}

// awaitOutcome waits until the observer tells of the run what became of it.
func (r *recorded) awaitOutcome(ctx context.Context) error {
	var last string
	err := poll(ctx, func() (bool, error) {
		got, err := r.read(ctx)
		if err != nil {
			last = err.Error()
			return false, nil
		}
		r.uid = string(got.Trace.Subject.UID)
		last = fmt.Sprintf("%s: %s", got.Trace.Outcome, got.Trace.Reason)
		return got.Trace.Outcome == r.outcome, nil
	})
	if err != nil {
		return fmt.Errorf("the observer does not say %s but %q: %w", r.outcome, last, err)
	}
	return nil
}

// read returns the run as the observer serves it, apart from the page.
func (r *recorded) read(ctx context.Context) (run.Run, error) {
	address := cluster.ObserverURL().JoinPath("observer/v1/runs", r.resource, namespace, r.object)
	if r.uid != "" {
		address.RawQuery = url.Values{"uid": {r.uid}}.Encode()
	}
	var got run.Run
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return got, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return got, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return got, fmt.Errorf("%s answered %s", address, response.Status)
	}
	return got, json.NewDecoder(response.Body).Decode(&got)
}

// address is what the page's address says after #.
func (r *recorded) address(view string) string {
	query := url.Values{}
	if r.uid != "" {
		query.Set("uid", r.uid)
	}
	if view != "" {
		query.Set("view", view)
	}
	return fmt.Sprintf("/run/%s/%s/%s?%s", r.resource, namespace, r.object, query.Encode())
}

// What happens to the objects once they are created.

// restartAndDelete ends the run, which would go on while it is looked at.
func restartAndDelete(ctx context.Context, object *unstructured.Unstructured) error {
	err := await(ctx, object, func() bool {
		statuses, _, _ := unstructured.NestedSlice(object.Object, "status", "containerStatuses")
		for _, status := range statuses {
			if count, _, _ := unstructured.NestedInt64(status.(map[string]any), "restartCount"); count > 0 {
				return true
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	return admin.Delete(ctx, object)
}

func awaitReplicas(ctx context.Context, object *unstructured.Unstructured) error {
	return await(ctx, object, func() bool {
		ready, _, _ := unstructured.NestedInt64(object.Object, "status", "readyReplicas")
		return ready == 3
	})
}

func awaitPhase(ctx context.Context, object *unstructured.Unstructured, phase string) error {
	return await(ctx, object, func() bool {
		got, _, _ := unstructured.NestedString(object.Object, "status", "phase")
		return got == phase
	})
}

func runAndDelete(ctx context.Context, object *unstructured.Unstructured) error {
	if err := awaitPhase(ctx, object, "Running"); err != nil {
		return err
	}
	return admin.Delete(ctx, object)
}

// preempt creates a more important pod where only one of the two has room.
func preempt(ctx context.Context, object *unstructured.Unstructured) error {
	if err := awaitPhase(ctx, object, "Running"); err != nil {
		return err
	}
	important := &unstructured.Unstructured{}
	manifest := simPod("preempting", `{resources: {requests: {cpu: 800m}}}`, `{nodeSelector: {for: preemption}, priorityClassName: important}`)
	if err := yaml.Unmarshal([]byte(manifest), &important.Object); err != nil {
		return err
	}
	return admin.Create(ctx, important)
}

// bindAndRun does what kube-scheduler and a kubelet do with a Pod.
func bindAndRun(ctx context.Context, object *unstructured.Unstructured) error {
	binding := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Binding", "target": map[string]any{"apiVersion": "v1", "kind": "Node", "name": "worker-1"},
	}}
	if err := scheduler.SubResource("binding").Create(ctx, object, binding); err != nil {
		return err
	}
	return reportStatus(ctx, object, `{phase: Running, conditions: [{type: Ready, status: "True"}],
		containerStatuses: [{name: main, image: nginx, imageID: "sha256:0", ready: true, restartCount: 0, state: {running: {}}}]}`)
}

func failWithHostileMessage(ctx context.Context, object *unstructured.Unstructured) error {
	return reportStatus(ctx, object, fmt.Sprintf(`{phase: Failed, reason: %[1]s, message: %[1]s,
		conditions: [{type: Ready, status: "False", message: %[1]s}]}`, quoted(hostile)))
}

func reportStatus(ctx context.Context, object *unstructured.Unstructured, status string) error {
	patch, err := yaml.YAMLToJSON([]byte("status: " + status))
	if err != nil {
		return err
	}
	return kubelet.Status().Patch(ctx, object, client.RawPatch("application/strategic-merge-patch+json", patch))
}

// stored returns what etcd has of the run's object at a revision, read by our own
// client; nil where it has nothing.
func (r *recorded) stored(ctx context.Context, revision int64) map[string]any {
	GinkgoHelper()
	response, err := etcd.Get(ctx, r.key(), etcdAt(revision))
	Expect(err).NotTo(HaveOccurred())
	if len(response.Kvs) == 0 {
		return nil
	}
	return decode(response.Kvs[0].Value)
}

// key is where etcd has the run's object.
func (r *recorded) key() string {
	if r.resource == "pods" {
		return "/registry/pods/" + namespace + "/" + r.object
	}
	return "/registry/sim.glassplane.dev/" + r.resource + "/" + namespace + "/" + r.object
}

// decode reads JSON, as custom resources are stored, and protobuf, as Pods are.
func decode(value []byte) map[string]any {
	GinkgoHelper()
	object := map[string]any{}
	if json.Unmarshal(value, &object) == nil {
		return object
	}
	typed, kind, err := scheme.Codecs.UniversalDeserializer().Decode(value, nil, nil)
	Expect(err).NotTo(HaveOccurred())
	object, err = runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	Expect(err).NotTo(HaveOccurred())
	object["apiVersion"], object["kind"] = kind.ToAPIVersionAndKind()
	return object
}
