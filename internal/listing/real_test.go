// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// apiServer answers as an API server does, as far as a listing asks.
type apiServer struct {
	// forbidden are resources that may not be listed of all namespaces, and
	// forbiddenEverywhere those that may not be listed at all.
	forbidden, forbiddenEverywhere []string
	// bodies are the answers by the path of the list and its continue; others are
	// empty lists.
	bodies map[string][]byte

	mu      sync.Mutex
	queries []string
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "selfsubjectaccessreviews") {
		var review authorizationv1.SelfSubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a := review.Spec.ResourceAttributes
		review.Status.Allowed = !slices.Contains(s.forbiddenEverywhere, a.Resource) && (a.Namespace != "" || !slices.Contains(s.forbidden, a.Resource))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
		return
	}
	s.mu.Lock()
	s.queries = append(s.queries, r.URL.RequestURI())
	s.mu.Unlock()
	body, ok := s.bodies[r.URL.Path+r.URL.Query().Get("continue")]
	if !ok {
		body = []byte(`{"metadata":{"resourceVersion":"7"},"items":[]}`)
	}
	_, _ = w.Write(body)
}

func readFrom(t testing.TB, server *apiServer) (whatif.Listing, error) {
	t.Helper()
	return clusterOf(t, server).Read(t.Context(), "default")
}

func clusterOf(t testing.TB, server *apiServer) *Cluster {
	t.Helper()
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: listener.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return NewCluster(client, clock.RealClock{}, nil)
}

func nodes(t testing.TB, n int) []byte {
	list := &corev1.NodeList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"}, ListMeta: metav1.ListMeta{ResourceVersion: "9"}}
	for i := range n {
		list.Items = append(list.Items, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("n-", i)}})
	}
	return asProtobuf(t, list)
}

func pods(t testing.TB, first, n int, next string) []byte {
	list := &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: next}}
	for i := range n {
		name := fmt.Sprint("pod-", first+i)
		pod := corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name), Labels: map[string]string{"app": "web", "pod-template-hash": "7d4b"}},
			Spec:       corev1.PodSpec{NodeName: fmt.Sprint("n-", i%5000), ServiceAccountName: "default", Volumes: []corev1.Volume{{Name: "kube-api-access"}}},
		}
		pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "1", "example.com/token": "secret"}
		pod.Spec.NodeSelector, pod.Spec.Tolerations = map[string]string{"disk": "ssd"}, []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone"}}
		pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}
		container := corev1.Container{Name: "main", Image: "registry.example.com/web:1.2.3", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
		}}
		for e := range 20 {
			container.Env = append(container.Env, corev1.EnvVar{Name: fmt.Sprint("VARIABLE_", e), Value: strings.Repeat("secret", 10)})
		}
		pod.Spec.Containers = []corev1.Container{container}
		pod.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsV1: metav1.NewFieldsV1(strings.Repeat("f", 1500))}}
		list.Items = append(list.Items, pod)
	}
	return asProtobuf(t, list)
}

func TestRead(t *testing.T) {
	server := &apiServer{
		forbidden: []string{"services"}, forbiddenEverywhere: []string{"poddisruptionbudgets"},
		bodies: map[string][]byte{"/api/v1/nodes": nodes(t, 2), "/api/v1/pods": pods(t, 0, 2, "page-2"), "/api/v1/podspage-2": pods(t, 2, 1, "")},
	}
	got, err := readFrom(t, server)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Objects.Nodes) != 2 || len(got.Objects.Pods) != 3 {
		t.Errorf("%d nodes and %d pods, want 2 and 3", len(got.Objects.Nodes), len(got.Objects.Pods))
	}
	for _, list := range got.Lists {
		switch list.Resource {
		case "services":
			if list.Namespace != "default" || list.Effect == "" {
				t.Errorf("services: %+v, want those of one namespace, and what that changes", list)
			}
		case "poddisruptionbudgets":
			if list.Error == "" || list.Effect == "" {
				t.Errorf("budgets: %+v, want that they are missing, and what that changes", list)
			}
		case "pods":
			if list.Items != 3 || list.ResourceVersion != "9" || list.Bytes == 0 {
				t.Errorf("pods: %+v", list)
			}
		default:
			if list.Error != "" || list.Namespace != "" {
				t.Errorf("%+v is not read in full", list)
			}
		}
	}
	if spec := got.Objects.Pods[0].Spec; spec.Containers[0].Env != nil || got.Objects.Pods[0].ManagedFields != nil {
		t.Errorf("more is kept than a decision reads: %+v", spec)
	}
	if spec := got.Objects.Pods[0].Spec; spec.NodeSelector == nil || spec.Tolerations == nil || spec.TopologySpreadConstraints == nil || spec.Affinity == nil {
		t.Errorf("a pod on a node could not be decided about anew: %+v", spec)
	}
	if _, static := got.Objects.Pods[0].Annotations[corev1.MirrorPodAnnotationKey]; !static || len(got.Objects.Pods[0].Annotations) != 1 {
		t.Errorf("annotations are %v, want only the one of a static pod", got.Objects.Pods[0].Annotations)
	}
	asked := strings.Join(server.queries, "\n")
	for _, want := range []string{"/api/v1/nodes?limit=500&resourceVersion=0", "/api/v1/namespaces/default/services?", "/api/v1/pods?continue=page-2&fieldSelector="} {
		if !strings.Contains(asked, want) {
			t.Errorf("no request for %s:\n%s", want, asked)
		}
	}
	if strings.Contains(asked, "poddisruptionbudgets") {
		t.Error("a list is asked for that may not be read")
	}
}

// TestSnapshot: what is read of a cluster goes through a file, with its times and
// with the lists that could not be read.
func TestSnapshot(t *testing.T) {
	server := &apiServer{
		forbidden: []string{"services"}, forbiddenEverywhere: []string{"poddisruptionbudgets"},
		bodies: map[string][]byte{"/api/v1/nodes": nodes(t, 2), "/api/v1/pods": pods(t, 0, 3, "")},
	}
	taken, err := clusterOf(t, server).Snapshot(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := taken.Write(&file); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(file.String(), "VARIABLE") {
		t.Error("the environment of containers is in the file")
	}
	got, err := ReadFile("-", &file)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Objects.Nodes) != 2 || len(got.Objects.Pods) != 3 || !got.ReadAt.Equal(taken.Header.ReadAt) || got.ReadUntil.IsZero() {
		t.Errorf("%d nodes, %d pods, read at %s until %s", len(got.Objects.Nodes), len(got.Objects.Pods), got.ReadAt, got.ReadUntil)
	}
	for i, list := range got.Lists {
		list.Affects = taken.Header.Lists[i].Affects
		if diff := cmp.Diff(taken.Header.Lists[i], list); diff != "" {
			t.Errorf("(-read +from the file):\n%s", diff)
		}
	}
}

func TestReadFails(t *testing.T) {
	whole := map[string][]byte{"/api/v1/nodes": nodes(t, 2), "/api/v1/pods": pods(t, 0, 2, "")}
	tests := map[string]struct {
		server *apiServer
		want   string
	}{
		"no nodes may be listed": {&apiServer{forbiddenEverywhere: []string{"nodes"}, bodies: whole}, "listing nodes: you may not list them, and there is nothing to decide about"},
		"no pods may be listed":  {&apiServer{forbiddenEverywhere: []string{"pods"}, bodies: whole}, "listing pods: you may not list them"},
		"the cluster goes away in the middle": {&apiServer{bodies: map[string][]byte{
			"/api/v1/nodes": nodes(t, 2), "/api/v1/pods": pods(t, 0, 2, "")[:900],
		}}, "listing pods: reading a list: it was cut off"},
		"not an API server": {&apiServer{bodies: map[string][]byte{"/api/v1/nodes": []byte("<html>")}}, "listing nodes: reading a list: it is neither protobuf nor JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := readFrom(t, test.server); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}

// BenchmarkRead reads 5,000 nodes and 50,000 pods of some 4 KiB, as the watch cache
// sends them.
func BenchmarkRead(b *testing.B) {
	server := &apiServer{bodies: map[string][]byte{"/api/v1/nodes": nodes(b, 5000), "/api/v1/pods": pods(b, 0, 50000, "")}}
	b.SetBytes(int64(len(server.bodies["/api/v1/pods"])))
	b.ReportAllocs()
	for b.Loop() {
		if got, err := readFrom(b, server); err != nil || len(got.Objects.Pods) != 50000 {
			b.Fatal(err)
		}
	}
}
