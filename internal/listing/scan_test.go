// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
)

func testList() *corev1.PodList {
	return &corev1.PodList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"},
		ListMeta: metav1.ListMeta{ResourceVersion: "42", Continue: "next"},
		Items: []corev1.Pod{
			{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"app": "web"}}},
			{ObjectMeta: metav1.ObjectMeta{Name: "b"}, Spec: corev1.PodSpec{NodeName: strings.Repeat("n", 70000)}},
		},
	}
}

// asProtobuf encodes a list as the API server does.
func asProtobuf(t testing.TB, list runtime.Object) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := protobuf.NewSerializer(clientgoscheme.Scheme, clientgoscheme.Scheme).Encode(list, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func scanned(body []byte) (metav1.ListMeta, []corev1.Pod, error) {
	var pods []corev1.Pod
	meta, err := scan(bytes.NewReader(body), func(decode func(any) error) error {
		var pod corev1.Pod
		if err := decode(&pod); err != nil {
			return err
		}
		pods = append(pods, pod)
		return nil
	})
	return meta, pods, err
}

func TestScan(t *testing.T) {
	list := testList()
	asJSON, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"protobuf": asProtobuf(t, list), "JSON": asJSON} {
		t.Run(name, func(t *testing.T) {
			meta, pods, err := scanned(body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(list.ListMeta, meta); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(list.Items, pods); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
		})
		t.Run(name+" that is cut off", func(t *testing.T) {
			for _, size := range []int{0, 3, 5, len(body) / 2, len(body) - 1} {
				if _, _, err := scanned(body[:size]); err == nil || !strings.Contains(err.Error(), "reading a list") {
					t.Errorf("of %d bytes the first %d are taken for a list: %v", len(body), size, err)
				}
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	f.Add(asProtobuf(f, testList()))
	f.Add([]byte("k8s\x00\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(_ *testing.T, body []byte) { _, _, _ = scanned(body) })
}
