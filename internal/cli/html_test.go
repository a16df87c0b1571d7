// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	runs "github.com/glassplane/glassplane/internal/explain/run"
)

// pagedObserver serves one record in two pages.
func pagedObserver(t *testing.T, record evidence.Record) *httptest.Server {
	t.Helper()
	half := len(record.Entries) / 2
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		page := record
		if request.URL.Query().Get("continue") == "" {
			page.Entries, page.Continue = record.Entries[:half], "second"
		} else {
			page.Entries = record.Entries[half:]
		}
		if err := json.NewEncoder(w).Encode(page); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func recorded(t *testing.T, name string) evidence.Record {
	t.Helper()
	file, err := os.Open("../explain/testdata/captured/" + name + ".record.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var record evidence.Record
	if err := json.NewDecoder(plain).Decode(&record); err != nil {
		t.Fatal(err)
	}
	return record
}

// The file has the whole run, also where the observer gives its record in pages,
// and is small enough for a ticket.
func TestWalkAsFile(t *testing.T) {
	record := recorded(t, "simpod-preempted")
	var out, errOut bytes.Buffer
	io := IO{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}, Clock: clock.RealClock{}, Env: func(string) string { return "" }}
	code := Main(t.Context(), "glassplane", []string{"walk", "simpod/low-3", "-o", "html", "--hide-answers", "--observer=" + pagedObserver(t, record).URL}, io)
	if code != 0 || out.Len() > 1_000_000 {
		t.Fatalf("exit code %d, %d bytes: %s", code, out.Len(), errOut.String())
	}
	shown := runIn(t, out.String())
	if shown.Trace.Subject.Name != "low-3" || len(shown.Evidence) != len(record.Entries) || len(shown.States) != 6 {
		t.Errorf("a run of %s with %d of %d pieces of evidence and %d states", shown.Trace.Subject.Name, len(shown.Evidence), len(record.Entries), len(shown.States))
	}
	for _, question := range shown.Trace.Quiz {
		if question.Answer != "" || question.Why != "" {
			t.Errorf("the answer to %s is in the file", question.ID)
		}
	}
}

// runIn is the run in a file.
func runIn(t *testing.T, file string) runs.Run {
	t.Helper()
	document, err := html.Parse(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var shown runs.Run
	for node := range document.Descendants() {
		for _, a := range node.Attr {
			if a.Key == "id" && a.Val == "run" {
				if err := json.Unmarshal([]byte(node.FirstChild.Data), &shown); err != nil {
					t.Fatal(err)
				}
				return shown
			}
		}
	}
	t.Fatal("the file has no run")
	return shown
}

// What the client knows of its own request is part of the run.
func TestClientInTheRun(t *testing.T) {
	record := recorded(t, "simpod-from-page")
	said := evidence.Client{AuditID: record.AuditID, SentAt: record.Entries[0].Time, AnsweredAt: record.CollectedAt, Code: 201, Line: "created"}
	if said.AuditID == "" {
		said.AuditID = runs.Of(record).Trace.AuditID
	}
	with := withClient(record, said)
	shown := runs.Of(with)
	if len(with.Entries) != len(record.Entries)+1 || shown.Trace.Printed == nil || !shown.Trace.Printed.Observed || shown.Trace.Printed.Line != "created" {
		t.Errorf("printed %+v", shown.Trace.Printed)
	}
	for _, m := range shown.Messages {
		if m.ID == "request-"+said.AuditID && (m.SentAt == nil || m.Unknown != "") {
			t.Errorf("when it was sent is not known: %+v", m)
		}
	}
	for _, s := range shown.Trace.Sources {
		if s.Name == string(evidence.SourceClient) && !s.Available {
			t.Errorf("the client is said not to be available: %+v", s)
		}
	}
}
