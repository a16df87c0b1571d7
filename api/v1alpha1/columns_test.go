// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/golden"
)

const (
	ended = `template: {` + pod + `, restartPolicy: Never}}`
	shape = `template: {spec: {capacity: {cpu: 4}}}`
)

// shown are objects with a status, as their components write it. No component
// runs, so it stays as it is.
var shown = []struct{ kind, plural, name, spec, status string }{
	{
		kind: "SimPod", plural: "simpods", name: "web-1", spec: pod + `, nodeName: node-1, priority: 100}`,
		status: `status: {phase: Running, summary: Running, ready: 1/1, restarts: 2, podIP: 10.0.0.7}`,
	},
	{
		kind: "SimPod", plural: "simpods", name: "web-2", spec: pod + `}`,
		status: `status: {phase: Pending, summary: Pending, ready: 0/1, restarts: 0, nominatedNodeName: node-2}`,
	},
	// Nobody has reported on the fresh ones.
	{kind: "SimPod", plural: "simpods", name: "web-3", spec: pod + `}`},
	{kind: "SimNode", plural: "simnodes", name: "node-2", spec: `spec: {capacity: {cpu: 4}}`},
	{kind: "SimReplicaSet", plural: "simreplicasets", name: "fresh", spec: `spec: {` + set + `}`},
	{
		kind: "SimNode", plural: "simnodes", name: "node-1", spec: `{metadata: {labels: {topology.kubernetes.io/zone: zone-a}}, spec: {capacity: {cpu: 4, memory: 16Gi}}}`,
		status: `status: {summary: Ready, podCount: 3, allocatable: {cpu: 3900m, memory: 15Gi}, allocated: {cpu: 1500m, memory: 2Gi},
			addresses: [{type: InternalIP, address: 10.1.0.1}, {type: Hostname, address: node-1}], nodeInfo: {kubeletVersion: glassplane-kubelet/v1.2.3}}`,
	},
	{
		kind: "SimReplicaSet", plural: "simreplicasets", name: "web", spec: `spec: {replicas: 3, ` + set + `}`,
		status: `status: {replicas: 3, readyReplicas: 2, selector: a=b}`,
	},
	{kind: "SimDeployment", plural: "simdeployments", name: "fresh", spec: `spec: {` + set + `}`},
	{
		kind: "SimDeployment", plural: "simdeployments", name: "web", spec: `spec: {replicas: 3, ` + set + `}`,
		status: `status: {replicas: 4, readyReplicas: 3, updatedReplicas: 2, availableReplicas: 2, selector: a=b}`,
	},
	{kind: "SimStatefulSet", plural: "simstatefulsets", name: "fresh", spec: `spec: {` + set + `}`},
	{
		kind: "SimStatefulSet", plural: "simstatefulsets", name: "db", spec: `spec: {replicas: 3, ` + set + `}`,
		status: `status: {replicas: 3, readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2, selector: a=b}`,
	},
	{kind: "SimDaemonSet", plural: "simdaemonsets", name: "fresh", spec: `spec: {` + set + `}`},
	{
		kind: "SimDaemonSet", plural: "simdaemonsets", name: "agents", spec: `spec: {` + set + `}`,
		status: `status: {desiredNumberScheduled: 3, currentNumberScheduled: 3, numberReady: 2, updatedNumberScheduled: 1, numberAvailable: 2}`,
	},
	{kind: "SimJob", plural: "simjobs", name: "fresh", spec: `spec: {` + ended + `}`},
	{
		kind: "SimJob", plural: "simjobs", name: "batch", spec: `spec: {completions: 3, ` + ended + `}`,
		status: `status: {summary: Running, progress: 1/3, active: 1, succeeded: 1, failed: 2}`,
	},
	{kind: "SimNodePool", plural: "simnodepools", name: "fresh", spec: `spec: {` + shape + `}`},
	{
		kind: "SimNodePool", plural: "simnodepools", name: "blue", spec: `spec: {replicas: 3, zones: [zone-a, zone-b], ` + shape + `}`,
		status: `status: {replicas: 3, readyReplicas: 2, selector: a=b}`,
	},
	{
		kind: "Fault", plural: "faults", name: "crash", spec: `spec: {type: NodeCrash, target: {nodes: {selector: {}}}, duration: 1m30s}`,
		status: `status: {summary: Active, targetCount: 2, targets: [node-1, node-2], startedAt: "2026-01-02T03:04:05Z", endsAt: "2026-01-02T03:05:35Z"}`,
	},
	{kind: "Fault", plural: "faults", name: "stop", spec: `spec: {type: Stop, target: {component: scheduler}}`},
	{
		kind: "Walkthrough", plural: "walkthroughs", name: "web-1", spec: `spec: {subjectRef: {name: web-1}}`,
		status: `status: {subject: {kind: SimPod, name: web-1}, outcome: Running, conditions: [` + condition("Complete") + `]}`,
	},
}

// The tables are those of kubectl get and kubectl get -o wide: the API server
// makes them from the printer columns, kubectl prints them.
func TestColumns(t *testing.T) {
	var got bytes.Buffer
	plurals := map[string]bool{}
	for _, o := range shown {
		create(t, o.kind, o.name, o.spec, o.status)
	}
	for _, o := range shown {
		if plurals[o.plural] {
			continue
		}
		plurals[o.plural] = true
		for _, options := range []printers.PrintOptions{{}, {Wide: true}} {
			fmt.Fprintf(&got, "$ kubectl get %s%s\n", o.plural, map[bool]string{true: " -o wide"}[options.Wide])
			if err := printers.NewTablePrinter(options).PrintObj(table(t, o.kind, o.plural), &got); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
		}
	}
	golden.Check(t, filepath.Join("testdata", "columns.txt"), got.String())
}

// create creates an object of the test and writes its status.
func create(t *testing.T, kind, name, spec, status string) {
	t.Helper()
	u := object(t, kind, name, spec)
	labels := map[string]string{"shown": "true"}
	maps.Copy(labels, u.GetLabels())
	u.SetLabels(labels)
	if err := environment.Client.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if status == "" {
		return
	}
	if err := environment.Client.Status().Patch(t.Context(), u, mergePatch(t, status), client.FieldOwner("test")); err != nil {
		t.Fatal(err)
	}
}

// table is what kubectl asks the API server for. How old the objects are is left out.
func table(t *testing.T, kind, plural string) *metav1.Table {
	t.Helper()
	config := rest.CopyConfig(environment.Config)
	config.GroupVersion = &v1alpha1.GroupVersion
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(environment.Scheme).WithoutConversion()
	c, err := rest.RESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := environment.Client.RESTMapper().RESTMapping(v1alpha1.GroupVersion.WithKind(kind).GroupKind())
	if err != nil {
		t.Fatal(err)
	}
	out := &metav1.Table{}
	err = c.Get().SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").
		NamespaceIfScoped("default", mapping.Scope.Name() == meta.RESTScopeNameNamespace).
		Resource(plural).Param("labelSelector", "shown=true").Do(t.Context()).Into(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, column := range out.ColumnDefinitions {
		for _, row := range out.Rows {
			if column.Name == "Age" || (column.Name == "Since" && row.Cells[i] != nil) {
				row.Cells[i] = "0s"
			}
		}
	}
	return out
}
