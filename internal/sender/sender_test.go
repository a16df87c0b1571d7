// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/internal/evidence"
)

const pod = `
apiVersion: sim.glassplane.dev/v1alpha1
kind: SimPod
metadata: {name: web, namespace: team}
spec: {containers: [{name: web, image: nginx}]}
`

func TestSend(t *testing.T) {
	web := evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "team", Name: "web"}
	withUID, other := web, web
	withUID.UID = "u-1"
	other.Namespace = "default"
	tests := []struct {
		name, manifest string
		code           int
		answer         string
		want           Sent
	}{
		{"created", pod, 201, `{"metadata":{"name":"web","uid":"u-1"}}`, Sent{AuditID: "id-1", Code: 201, Message: "simpods/web created", Subject: withUID}},
		{"as JSON, in the default namespace", `{"apiVersion":"sim.glassplane.dev/v1alpha1","kind":"SimPod","metadata":{"name":"web"}}`, 422,
			`{"kind":"Status","message":"SimPod \"web\" is invalid","code":422}`, Sent{AuditID: "id-1", Code: 422, Message: `SimPod "web" is invalid`, Subject: other}},
		{"refused in its own words", pod, 403, `{"kind":"Status","message":"denied <b>by</b> policy"}`, Sent{AuditID: "id-1", Code: 403, Message: "denied <b>by</b> policy", Subject: web}},
		{"an answer that says nothing", pod, 502, `<html>`, Sent{AuditID: "id-1", Code: 502, Message: "Bad Gateway", Subject: web}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked *http.Request
			var body string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				data, _ := io.ReadAll(request.Body)
				asked, body = request, string(data)
				w.Header().Set("Audit-Id", "id-1")
				w.WriteHeader(tt.code)
				fmt.Fprint(w, tt.answer)
			}))
			defer server.Close()
			s, err := New(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Send(t.Context(), tt.manifest)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			path := "/apis/sim.glassplane.dev/v1alpha1/namespaces/" + tt.want.Subject.Namespace + "/simpods"
			if asked.Method != http.MethodPost || asked.URL.Path != path || asked.URL.Query().Get("fieldValidation") != "Strict" || asked.URL.Query().Get("fieldManager") != Name {
				t.Errorf("asked for %s %s", asked.Method, asked.URL)
			}
			if agent := asked.UserAgent(); !strings.HasPrefix(agent, Name+"/") || !strings.Contains(body, `"kind":"SimPod"`) {
				t.Errorf("sent by %q: %s", agent, body)
			}
		})
	}
}

// What is no SimPod is not sent at all, and the error says what to do.
func TestNotSent(t *testing.T) {
	s, err := New(&rest.Config{Host: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for manifest, want := range map[string]string{
		"{":                                    "not a manifest in YAML or JSON",
		"a: 1\na: 2":                           "already set",
		"[]":                                   "not a manifest in YAML or JSON",
		"kind: Pod\napiVersion: v1":            `apiVersion "v1", kind "Pod": only one object of apiVersion sim.glassplane.dev/v1alpha1, kind SimPod`,
		pod + "---" + pod:                      "it holds 2 documents, must hold one",
		"\n---\n":                              "no manifest in it",
		strings.Replace(pod, "team", "a/b", 1): "metadata.namespace",
	} {
		_, err := s.Send(t.Context(), manifest)
		if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", manifest, err, want)
		}
	}
	if _, err := s.Send(t.Context(), pod); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("without an API server: %v", err)
	}
}
