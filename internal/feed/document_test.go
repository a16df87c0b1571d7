// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	clocktesting "k8s.io/utils/clock/testing"
)

func TestDocument(t *testing.T) {
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, request *http.Request) {
			if request.URL.Path != "/notes" || request.Header.Get("Authorization") != "Bearer secret" {
				code, body = http.StatusTeapot, request.URL.Path
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		err     error
		want    string
		wantErr string
	}{
		"read":         {handler: answer(200, `{"text":"now"}`), want: "now"},
		"not allowed":  {handler: answer(403, "not allowed\nat all"), wantErr: "403 Forbidden: not allowed"},
		"no document":  {handler: answer(200, "<html>"), wantErr: "parse the answer of https://"},
		"nobody leads": {err: errors.New("nobody leads"), wantErr: "nobody leads"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &leader{err: tc.err}
			if tc.handler != nil {
				l.endpoint = serve(t, tc.handler)
			}
			token := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(token, []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			document := NewDocument[note](Options{Resolver: l, Path: "/notes", TokenFile: token}, clocktesting.NewFakeClock(now))
			got, err := document.Read(t.Context())
			if tc.wantErr == "" && err != nil || tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Fatalf("error %v, want %q", err, tc.wantErr)
			}
			if got.Text != tc.want {
				t.Errorf("got %q", got.Text)
			}
		})
	}
}
