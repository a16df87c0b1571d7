// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package invariant

import (
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/history"
)

// stored makes the revisions of one key; a nil value removes it.
func stored(h *history.History, revision int64, resource, name string, value map[string]any) {
	o := history.Object{Group: "sim.glassplane.dev", Resource: resource, Name: name}
	key := "/registry/sim.glassplane.dev/" + resource + "/" + name
	if resource == "simpods" {
		o.Namespace, key = "default", "/registry/sim.glassplane.dev/simpods/default/"+name
	}
	h.Add(history.Version{Object: o, Key: key, Revision: revision, Created: 1, Value: value})
}

func node(cpu string) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"name": "n", "labels": map[string]any{"zone": "a"}},
		"spec":     map[string]any{"capacity": map[string]any{"cpu": cpu}},
		"status":   map[string]any{"allocatable": map[string]any{"cpu": cpu, "pods": "110"}},
	}
}

type m = map[string]any

// pod has what is given beside a container that requests one CPU.
func pod(node, phase string, change ...func(pod m)) m {
	spec := m{"containers": []any{m{"name": "main", "image": "i", "resources": m{"requests": m{"cpu": "1"}}}}, "schedulerName": "glassplane-scheduler"}
	if node != "" {
		spec["nodeName"] = node
	}
	out := m{"metadata": m{"name": "p", "namespace": "default"}, "spec": spec, "status": m{"phase": phase}}
	for _, each := range change {
		each(out)
	}
	return out
}

func with(section, field string, value any) func(m) {
	return func(pod m) { pod[section].(m)[field] = value }
}

func TestCheck(t *testing.T) {
	unschedulable := with("status", "conditions", []any{m{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": nil, "message": ""}})
	tests := []struct {
		name  string
		store func(h *history.History)
		// broken is a part of what is found of the only invariant that does not hold;
		// empty where all do.
		broken   string
		accepted []Accepted
	}{
		{name: "a pod that runs", store: func(h *history.History) {
			stored(h, 2, "simpods", "p", pod("", "Pending"))
			stored(h, 3, "simpods", "p", pod("n", "Pending"))
			stored(h, 4, "simpods", "p", pod("n", "Running"))
		}},
		{name: "a pod that is moved", broken: "simpod/p was bound to n, and at revision 4 to other", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running"))
			stored(h, 4, "simpods", "p", pod("other", "Running"))
			stored(h, 5, "simnodes", "other", node("2"))
		}},
		{name: "a name that is used again", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running"))
			stored(h, 4, "simpods", "p", nil)
			stored(h, 5, "simpods", "p", pod("n", "Running"))
		}},
		{name: "more than the node has", broken: "the pods of n request 3 of cpu, and it has 2", store: func(h *history.History) {
			for i, name := range []string{"p", "q", "r"} {
				stored(h, int64(3+i), "simpods", name, pod("n", "Running"))
			}
		}},
		{name: "one after the other", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running"))
			stored(h, 4, "simpods", "q", pod("n", "Running"))
			stored(h, 5, "simpods", "p", nil)
			stored(h, 6, "simpods", "r", pod("n", "Running"))
		}},
		{name: "a pod that has ended takes nothing", store: func(h *history.History) {
			ends := with("spec", "activeDeadlineSeconds", int64(5))
			stored(h, 3, "simpods", "p", pod("n", "Succeeded", ends))
			stored(h, 4, "simpods", "q", pod("n", "Running"))
			stored(h, 5, "simpods", "r", pod("n", "Running"))
		}},
		{name: "a pod that nobody runs", broken: "no kubelet has said that it runs", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Pending"))
		}},
		{name: "a pod that nobody schedules", broken: "no scheduler has said why", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("", "Pending"))
		}},
		{name: "a pod that fits nowhere", store: func(h *history.History) { stored(h, 3, "simpods", "p", pod("", "Pending", unschedulable)) }},
		{name: "a pod of another scheduler", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("", "Pending", with("spec", "schedulerName", "other")))
		}},
		{name: "a pod on a node that its selector forbids", broken: "does not allow", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running", with("spec", "nodeSelector", m{"zone": "b"})))
		}},
		{name: "a pod on no node", broken: "which does not exist", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("gone", "Running"))
		}},
		{name: "a pod that failed by itself", broken: "nothing in its spec ends it", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Failed"))
		}},
		{name: "a pod that does not go", broken: "still there", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running", with("metadata", "deletionTimestamp", "2026-01-02T03:04:05Z"), with("metadata", "finalizers", []any{"sim.glassplane.dev/kubelet"})))
		}},
		{name: "a pod that somebody holds", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running", with("metadata", "deletionTimestamp", "2026-01-02T03:04:05Z"), with("metadata", "finalizers", []any{"example.com/held"})))
		}},
		{name: "an accepted write that is there", store: func(h *history.History) { stored(h, 3, "simpods", "p", pod("n", "Running")) },
			accepted: []Accepted{{AuditID: "a", Verb: "create", Revision: 3}}},
		{name: "an accepted write that is lost", broken: "answered with revision 7, which etcd does not have",
			store: func(h *history.History) { stored(h, 3, "simpods", "p", pod("n", "Running")) }, accepted: []Accepted{{AuditID: "a", Verb: "patch", Revision: 7}}},
		{name: "an accepted delete", store: func(h *history.History) {
			stored(h, 3, "simpods", "p", pod("n", "Running"))
			stored(h, 5, "simpods", "p", nil)
		}, accepted: []Accepted{{AuditID: "a", Verb: "delete", Revision: 5}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &history.History{Base: 1}
			stored(h, 1, "simnodes", "n", node("2"))
			tt.store(h)
			for i := range tt.accepted {
				tt.accepted[i].Object = history.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "default", Name: "p"}
			}
			var broken []string
			for _, result := range Check(Record{History: h, Accepted: tt.accepted}) {
				if !result.Holds {
					broken = append(broken, result.Found)
					if len(result.Evidence) == 0 {
						t.Errorf("%q has no evidence", result.Says)
					}
				}
			}
			if got := strings.Join(broken, "\n"); tt.broken == "" && got != "" || !strings.Contains(got, tt.broken) {
				t.Errorf("what does not hold is %q, want %q", got, tt.broken)
			}
		})
	}
}

func TestCheckWithoutAuditLog(t *testing.T) {
	results := Check(Record{History: &history.History{}, NoAudit: "it is off"})
	last := results[len(results)-1]
	if last.Holds || last.Unavailable != "it is off" {
		t.Errorf("without an audit log: %+v", last)
	}
}
