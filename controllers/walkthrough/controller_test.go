// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package walkthrough_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/walkthrough"
)

func newWalkthrough(change ...func(*v1alpha1.Walkthrough)) *v1alpha1.Walkthrough {
	w := &v1alpha1.Walkthrough{
		ObjectMeta: metav1.ObjectMeta{Name: "tour", Namespace: "default", UID: "w-1"},
		Spec: v1alpha1.WalkthroughSpec{Template: &v1alpha1.SimPodTemplateSpec{
			Metadata: v1alpha1.TemplateMeta{Labels: map[string]v1alpha1.LabelValue{"app": "web"}, Annotations: map[string]string{"note": "first"}},
			Spec:     v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "web", Image: "nginx"}}},
		}},
	}
	for _, f := range change {
		f(w)
	}
	return w
}

func podNamed(name string) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: "p-1"}}
}

func TestReconcile(t *testing.T) {
	owned := podNamed("tour")
	owned.OwnerReferences = []metav1.OwnerReference{{Kind: "Walkthrough", Name: "tour", UID: "w-1", Controller: new(true)}}
	gr := v1alpha1.Resource("simpods")
	tests := map[string]struct {
		walkthrough *v1alpha1.Walkthrough
		existing    *v1alpha1.SimPod
		createErr   error
		wantPods    []string
		wantEvent   string
		wantRequeue time.Duration
		wantErr     bool
	}{
		"creates the pod": {
			walkthrough: newWalkthrough(), wantPods: []string{"tour"}, wantEvent: "Normal SuccessfulCreate",
		},
		"leaves its own pod": {
			walkthrough: newWalkthrough(), existing: owned, wantPods: []string{"tour"},
		},
		"reports a pod of somebody else": {
			walkthrough: newWalkthrough(), existing: podNamed("tour"), wantPods: []string{"tour"}, wantEvent: "Warning SubjectConflict",
		},
		"creates nothing for a reference": {
			walkthrough: newWalkthrough(func(w *v1alpha1.Walkthrough) {
				w.Spec = v1alpha1.WalkthroughSpec{SubjectRef: &v1alpha1.SubjectReference{Name: "x"}}
			}),
		},
		"does not create a followed pod again": {
			walkthrough: newWalkthrough(func(w *v1alpha1.Walkthrough) {
				w.Status.Subject = &v1alpha1.SubjectReference{Name: "tour", UID: "gone"}
			}),
		},
		"does not create once complete": {
			walkthrough: newWalkthrough(func(w *v1alpha1.Walkthrough) {
				w.Status.Conditions = []metav1.Condition{{Type: v1alpha1.WalkthroughComplete, Status: metav1.ConditionTrue}}
			}),
		},
		"tries a refused create again later": {
			walkthrough: newWalkthrough(), createErr: apierrors.NewForbidden(gr, "tour", errors.New("quota")),
			wantEvent: "Warning SubjectRejected", wantRequeue: time.Minute,
		},
		"looks again when the name was taken": {
			walkthrough: newWalkthrough(), createErr: apierrors.NewAlreadyExists(gr, "tour"), wantRequeue: time.Second,
		},
		"returns what may pass": {
			walkthrough: newWalkthrough(), createErr: apierrors.NewServiceUnavailable("etcd is down"), wantErr: true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := v1alpha1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(tc.walkthrough).WithInterceptorFuncs(interceptor.Funcs{
				Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
					if tc.createErr != nil {
						return tc.createErr
					}
					return c.Create(ctx, object, options...)
				},
			})
			if tc.existing != nil {
				builder.WithObjects(tc.existing)
			}
			c := builder.Build()
			recorder := events.NewFakeRecorder(10)
			result, err := walkthrough.New(c, recorder).Reconcile(t.Context(), tc.walkthrough)
			if (err != nil) != tc.wantErr {
				t.Fatalf("error %v, want one: %v", err, tc.wantErr)
			}
			if result.RequeueAfter != tc.wantRequeue {
				t.Errorf("RequeueAfter %v, want %v", result.RequeueAfter, tc.wantRequeue)
			}
			var pods v1alpha1.SimPodList
			if err := c.List(t.Context(), &pods); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, pod := range pods.Items {
				names = append(names, pod.Name)
			}
			if diff := cmp.Diff(tc.wantPods, names); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
			checkEvent(t, recorder, tc.wantEvent)
		})
	}
}

func checkEvent(t *testing.T, recorder *events.FakeRecorder, want string) {
	t.Helper()
	select {
	case got := <-recorder.Events:
		if want == "" || !strings.HasPrefix(got, want) {
			t.Errorf("event %q, want %q", got, want)
		}
	default:
		if want != "" {
			t.Errorf("no event, want %q", want)
		}
	}
}

func TestPodIsThatOfTheTemplate(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := newWalkthrough()
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(w).Build()
	if _, err := walkthrough.New(c, events.NewFakeRecorder(1)).Reconcile(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	pod := &v1alpha1.SimPod{}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(w), pod); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.Spec.Template.Spec, pod.Spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
	if pod.Labels["app"] != "web" || pod.Annotations["note"] != "first" || !metav1.IsControlledBy(pod, w) {
		t.Errorf("metadata %+v", pod.ObjectMeta)
	}
}
