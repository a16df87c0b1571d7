// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at is a moment of these tests, in seconds.
func at(second int) time.Time { return time.Date(2026, 1, 1, 0, 0, second, 0, time.UTC) }

// sent is a request of these tests: it arrived at a second and was answered one
// second later.
func sent(id, verb, subresource string, second int, change func(*request)) *request {
	r := &request{stages: map[string]time.Time{stageComplete: at(second + 1)}}
	r.AuditID, r.Verb, r.ObjectRef.Subresource = id, verb, subresource
	r.ObjectRef.APIGroup, r.ObjectRef.Resource, r.ObjectRef.Namespace, r.ObjectRef.Name = simGroup, "simpods", "ns", "pod"
	r.ResponseStatus.Code, r.RequestReceivedTimestamp = 200, at(second)
	if change != nil {
		change(r)
	}
	return r
}

// answeredWith is the answer with the object at a revision.
func answeredWith(revision string) func(*request) {
	return func(r *request) {
		r.ResponseObject = m{"metadata": m{"uid": "u", "name": "pod", "resourceVersion": revision}}
	}
}

// ofPods is the answer with the Pod at a revision.
func ofPods(revision string) func(*request) {
	return func(r *request) {
		answeredWith(revision)(r)
		r.ObjectRef.APIGroup, r.ObjectRef.Resource = "", "pods"
	}
}

// stored are the states of one pod from revision 1 on; nil removes it. Each is
// seen two seconds after its revision.
func stored(resource string, values ...m) *life {
	l := &life{of: object{simGroup, resource, "ns", "pod"}, uid: "u"}
	if resource == "pods" {
		l.of.group = ""
	}
	var before *state
	for i, value := range values {
		s := &state{of: l.of, revision: int64(i + 1), value: value, before: before, seen: at(i + 2)}
		if before != nil {
			before.after = s
		}
		l.states = append(l.states, s)
		before = s
	}
	return l
}

func TestFindMakers(t *testing.T) {
	pod := func(changes ...m) m {
		value := m{"metadata": m{"uid": "u", "name": "pod"}, "spec": m{}}
		for _, change := range changes {
			merge(value, change)
		}
		return value
	}
	marked := metadata(m{"deletionTimestamp": "now"})
	created := sent("create", "create", "", 0, answeredWith("1"))
	wholeCollection := func(r *request) { r.ObjectRef.Name = "" }

	for name, test := range map[string]struct {
		life     *life
		requests []*request
		// want are the audit IDs by revision; "?" where it cannot be decided.
		want map[int64]string
	}{
		"a change that changed nothing made nothing": {
			life: stored("simpods", pod(), pod(labelled("a", "1"))),
			requests: []*request{created, sent("first", "patch", "", 1, answeredWith("2")),
				sent("second", "patch", "", 3, answeredWith("2"))},
			want: map[int64]string{1: "create", 2: "first"},
		},
		"two equal changes at once cannot be told apart": {
			life:     stored("simpods", pod(), pod(labelled("a", "1"))),
			requests: []*request{created, sent("one", "patch", "", 1, answeredWith("2")), sent("two", "patch", "", 1, answeredWith("2"))},
			want:     map[int64]string{1: "create", 2: "?"},
		},
		"the change that takes the last finalizer away is answered with the revision before": {
			life: stored("simpods", pod(finalizers("f")), pod(finalizers("f"), marked), nil),
			requests: []*request{created, sent("collection", "deletecollection", "", 1, wholeCollection),
				sent("release", "patch", "", 2, answeredWith("2"))},
			want: map[int64]string{1: "create", 2: "collection", 3: "release"},
		},
		"a delete that its body makes a dry run made nothing": {
			life: stored("simpods", pod(), nil),
			requests: []*request{created, sent("really", "delete", "", 1, nil),
				sent("dry", "delete", "", 1, func(r *request) { r.RequestObject = m{"dryRun": []any{"All"}} })},
			want: map[int64]string{1: "create", 2: "really"},
		},
		"a delete with no grace marks a Pod and removes it": {
			life:     stored("pods", pod(), pod(marked), nil),
			requests: []*request{sent("create", "create", "", 0, ofPods("1")), sent("delete", "delete", "", 1, ofPods("3"))},
			want:     map[int64]string{1: "create", 2: "delete", 3: "delete"},
		},
		"the delete with which a kubelet lets a Pod go shortens its grace period and removes it": {
			life: stored("pods", pod(), pod(marked), pod(marked, metadata(m{"deletionGracePeriodSeconds": 0})), nil),
			requests: []*request{sent("create", "create", "", 0, ofPods("1")), sent("delete", "delete", "", 1, ofPods("2")),
				sent("release", "delete", "", 2, ofPods("4"))},
			want: map[int64]string{1: "create", 2: "delete", 3: "release", 4: "release"},
		},
		"a collection is only what its selector selects": {
			life: stored("simpods", pod(labelled("a", "1")), nil),
			requests: []*request{created,
				sent("others", "deletecollection", "", 1, func(r *request) { wholeCollection(r); r.RequestURI = "/x?labelSelector=a%3D2" }),
				sent("these", "deletecollection", "", 1, func(r *request) { wholeCollection(r); r.RequestURI = "/x?labelSelector=a%3D1" })},
			want: map[int64]string{1: "create", 2: "these"},
		},
		"who came after it was seen did not make it": {
			life:     stored("simpods", pod(), nil),
			requests: []*request{created, sent("late", "delete", "", 9, nil)},
			want:     map[int64]string{1: "create", 2: "?"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := auditLog{}
			for _, r := range test.requests {
				log[r.AuditID] = r
			}
			got := map[int64]string{}
			for revision, maker := range findMakers([]*life{test.life}, log) {
				got[revision] = "?"
				if maker.request != nil {
					got[revision] = maker.request.AuditID
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("makers (-want +got):\n%s", diff)
			}
		})
	}
}
