// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/sender"
)

// fakeSender remembers what it was to send.
type fakeSender struct {
	sent []string
	err  error
}

func (f *fakeSender) Send(_ context.Context, manifest string) (sender.Sent, error) {
	f.sent = append(f.sent, manifest)
	return sender.Sent{AuditID: "id-1", Code: 422, Message: "is invalid"}, f.err
}

func writing(s Sender) *handler {
	return newHandler(Options{Observer: &fakeObserver{}, Sender: s, Log: logr.Discard()})
}

func post(body string, header map[string]string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/observer/v1/send", strings.NewReader(body))
	request.Host = "127.0.0.1:8080"
	for key, value := range header {
		request.Header.Set(key, value)
	}
	return request
}

// infoOf is what the page is told.
func infoOf(t *testing.T, h *handler) Info {
	t.Helper()
	response := httptest.NewRecorder()
	h.loopback(nil).ServeHTTP(response, get("/observer/v1/info"))
	var info Info
	decode(t, response, &info)
	return info
}

func TestSend(t *testing.T) {
	const body = `{"manifest":"kind: SimPod"}`
	fake := &fakeSender{}
	h := writing(fake)
	token := infoOf(t, h).CSRF
	if !infoOf(t, h).AllowWrites || len(token) < 20 || infoOf(t, writing(fake)).CSRF == token {
		t.Fatalf("the token %q is no secret of this process", token)
	}
	good := map[string]string{"Content-Type": "application/json; charset=utf-8", CSRFHeader: token, "Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
	but := func(key, value string) map[string]string {
		changed := map[string]string{key: value}
		for k, v := range good {
			if k != key {
				changed[k] = v
			}
		}
		return changed
	}
	tests := []struct {
		name, body string
		header     map[string]string
		host       string
		code       int
	}{
		{"of the page", body, good, "", 200},
		{"of a program with the token", body, map[string]string{"Content-Type": "application/json", CSRFHeader: token}, "", 200},
		{"without the token", body, but(CSRFHeader, ""), "", 403},
		{"with another token", body, but(CSRFHeader, strings.Repeat("A", len(token))), "", 403},
		{"of another site", body, but("Sec-Fetch-Site", "cross-site"), "", 403},
		{"of another port of this site", body, but("Sec-Fetch-Site", "same-site"), "", 403},
		{"of another origin", body, but("Origin", "http://attacker.example"), "", 403},
		{"of another port", body, but("Origin", "http://127.0.0.1:8081"), "", 403},
		{"of a file", body, but("Origin", "null"), "", 403},
		{"of a form", body, but("Content-Type", "text/plain"), "", 415},
		{"of a form that is multipart", body, but("Content-Type", "multipart/form-data; boundary=x"), "", 415},
		{"by another name", body, good, "attacker.example:8080", 403},
		{"too large", `{"manifest":"` + strings.Repeat("x", maxManifestBytes) + `"}`, good, "", 413},
		{"no JSON", "kind: SimPod", good, "", 400},
		{"nothing", `{}`, good, "", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake.sent = nil
			request := post(tt.body, tt.header)
			if tt.host != "" {
				request.Host = tt.host
			}
			response := httptest.NewRecorder()
			h.loopback(nil).ServeHTTP(response, request)
			if response.Code != tt.code || (len(fake.sent) > 0) != (tt.code == 200) {
				t.Fatalf("got %d: %s; sent %q", response.Code, response.Body, fake.sent)
			}
			if tt.code != 200 {
				var status metav1.Status
				if decode(t, response, &status); int(status.Code) != tt.code || status.Message == "" {
					t.Errorf("%+v", status)
				}
				return
			}
			var sent sender.Sent
			if err := json.Unmarshal(response.Body.Bytes(), &sent); err != nil || sent.Code != 422 || sent.AuditID != "id-1" || fake.sent[0] != "kind: SimPod" {
				t.Errorf("%+v, %v, sent %q", sent, err, fake.sent)
			}
		})
	}
}

// What cannot be sent is an error of the observer; where nothing may be sent there
// is no such address.
func TestSendIsRefused(t *testing.T) {
	h := writing(&fakeSender{err: apierrors.NewBadRequest("no SimPod")})
	good := map[string]string{"Content-Type": "application/json", CSRFHeader: infoOf(t, h).CSRF}
	for name, tt := range map[string]struct {
		handler *handler
		code    int
	}{
		"a manifest that is not sent": {h, 400},
		"without --allow-writes":      {newHandler(Options{Observer: &fakeObserver{}, Log: logr.Discard()}), 405},
	} {
		response := httptest.NewRecorder()
		tt.handler.loopback(nil).ServeHTTP(response, post(`{"manifest":"x"}`, good))
		if response.Code != tt.code {
			t.Errorf("%s: got %d: %s", name, response.Code, response.Body)
		}
	}
	if info := infoOf(t, newHandler(Options{Observer: &fakeObserver{}})); info.AllowWrites || info.CSRF != "" {
		t.Errorf("without --allow-writes the page is told %+v", info)
	}
}

// TestHeaders checks what every answer tells browsers, whatever it is.
func TestHeaders(t *testing.T) {
	h := newHandler(Options{Observer: &fakeObserver{}, Page: http.NotFoundHandler(), Log: logr.Discard()})
	rebound := get("/")
	rebound.Host = "attacker.example"
	for name, request := range map[string]*http.Request{
		"page": get("/"), "API": get("/observer/v1/traces"), "nothing": get("/observer/v1/x"), "probe": get("/healthz"), "rebound": rebound,
		"write": post("{}", nil),
	} {
		response := httptest.NewRecorder()
		h.loopback(nil).ServeHTTP(response, request)
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cache-Control": "no-store",
		} {
			if got := response.Header().Get(key); got != want {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
		if policy := response.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", name, policy)
		}
		if got := response.Header().Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: other origins may read it: %q", name, got)
		}
	}
}

func exporting(w io.Writer, r run.Run) error {
	_, err := io.WriteString(w, r.Trace.Subject.Name)
	return err
}

func TestExportIsAFileToSave(t *testing.T) {
	h := newHandler(Options{Observer: &fakeObserver{}, Log: logr.Discard(), Export: exporting})
	response := httptest.NewRecorder()
	h.loopback(nil).ServeHTTP(response, get("/observer/v1/runs/simpods/default/web/export"))
	if got := response.Header().Get("Content-Disposition"); got != "attachment; filename=glassplane-simpods-default-web.html" {
		t.Errorf("Content-Disposition %q", got)
	}
	if got := response.Header().Get("Content-Type"); got != "text/html; charset=utf-8" || response.Body.String() != "web" {
		t.Errorf("%s: %s", got, response.Body)
	}
	response = httptest.NewRecorder()
	h.loopback(nil).ServeHTTP(response, get("/observer/v1/runs/simpods/default/other/export"))
	if response.Code != http.StatusNotFound {
		t.Errorf("of what is not recorded: %d", response.Code)
	}
}
