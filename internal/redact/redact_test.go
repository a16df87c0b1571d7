// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/evidence"
)

const (
	password = "s3cr3t-passw0rd"
	jwt      = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"
)

// TestDocuments replaces within each form in which an object can be recorded.
func TestDocuments(t *testing.T) {
	tests := []struct{ name, document, want string }{
		{
			"containers of every kind",
			`{"spec":{"containers":[{"name":"a","env":[{"name":"P","value":"` + password + `"},{"name":"Q","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}],` +
				`"initContainers":[{"env":[{"name":"P","value":"other-secret"}]}],"ephemeralContainers":[{"env":[{"name":"P","value":"` + password + `"}]}]}}`,
			`{"spec":{"containers":[{"env":[{"name":"P","value":"redacted"},{"name":"Q","valueFrom":{"secretKeyRef":{"key":"k","name":"s"}}}],"name":"a"}],` +
				`"ephemeralContainers":[{"env":[{"name":"P","value":"redacted"}]}],"initContainers":[{"env":[{"name":"P","value":"redacted (2)"}]}]}}`,
		},
		{"an empty value is none", `{"env":[{"name":"P","value":""}]}`, `{"env":[{"name":"P","value":""}]}`},
		{
			"headers of probes",
			`{"livenessProbe":{"httpGet":{"path":"/","httpHeaders":[{"name":"Authorization","value":"Basic ` + password + `"}]}}}`,
			`{"livenessProbe":{"httpGet":{"httpHeaders":[{"name":"Authorization","value":"redacted"}],"path":"/"}}}`,
		},
		{
			"a Secret, also in a list", `{"kind":"List","items":[{"kind":"Secret","data":{"p":"` + password + `"},"stringData":{"q":"plain-text"},"type":"Opaque"}]}`,
			`{"items":[{"data":{"p":"redacted"},"kind":"Secret","stringData":{"q":"redacted (2)"},"type":"Opaque"}],"kind":"List"}`,
		},
		{
			"an object within an annotation",
			`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"P\",\"value\":\"` + password + `\"}]}]}}\n","plain":"kept"}}}`,
			`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"P\",\"value\":\"redacted\"}]}]}}\n","plain":"kept"}}}`,
		},
		{
			"a strategic merge patch", `{"spec":{"containers":[{"name":"a","env":[{"name":"P","value":"` + password + `","$patch":"merge"}]}]}}`,
			`{"spec":{"containers":[{"env":[{"$patch":"merge","name":"P","value":"redacted"}],"name":"a"}]}}`,
		},
		{
			"JSON patches, whatever they name",
			`[{"op":"replace","path":"/spec/containers/0/env/0/value","value":"` + password + `"},` +
				`{"op":"add","path":"/spec/containers/0/env/-","value":{"name":"P","value":"` + password + `"}},` +
				`{"op":"add","path":"/spec/containers/0/env","value":[{"name":"P","value":"` + password + `"}]},` +
				`{"op":"add","path":"/spec/containers/-","value":{"name":"b","env":[{"name":"P","value":"` + password + `"}]}},` +
				`{"op":"replace","path":"/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration","value":"{\"env\":[{\"name\":\"P\",\"value\":\"` + password + `\"}]}"},` +
				`{"op":"remove","path":"/spec/containers/0/env/0"},{"op":"replace","path":"/spec/environment","value":"kept"}]`,
			`[{"op":"replace","path":"/spec/containers/0/env/0/value","value":"redacted"},` +
				`{"op":"add","path":"/spec/containers/0/env/-","value":{"name":"P","value":"redacted"}},` +
				`{"op":"add","path":"/spec/containers/0/env","value":[{"name":"P","value":"redacted"}]},` +
				`{"op":"add","path":"/spec/containers/-","value":{"env":[{"name":"P","value":"redacted"}],"name":"b"}},` +
				`{"op":"replace","path":"/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration","value":"{\"env\":[{\"name\":\"P\",\"value\":\"redacted\"}]}"},` +
				`{"op":"remove","path":"/spec/containers/0/env/0"},{"op":"replace","path":"/spec/environment","value":"kept"}]`,
		},
		{"a token anywhere", `{"metadata":{"annotations":{"x":"token ` + jwt + ` end"}}}`, `{"metadata":{"annotations":{"x":"token redacted end"}}}`},
		{"a bearer token", `{"args":["--header=Authorization: Bearer abcdefghijklmnopqrst"]}`, `{"args":["--header=Authorization: Bearer redacted"]}`},
		{"the answer to a TokenRequest", `{"kind":"TokenRequest","status":{"token":"opaque-token-value"}}`, `{"kind":"TokenRequest","status":{"token":"redacted"}}`},
		{"nothing to replace: as it was, key for key", `{"spec": {"b":1.50,"a":"environment"}}`, `{"spec": {"b":1.50,"a":"environment"}}`},
		{"numbers stay", `{"env":[{"name":"P","value":"` + password + `"}],"n":12345678901234567890,"f":1.50}`, `{"env":[{"name":"P","value":"redacted"}],"f":1.50,"n":12345678901234567890}`},
		{"no JSON: left out", `{"env":`, ``},
		{"an env that is none", `{"env":"` + "production" + `","e2":{"env":{"value":"kept"}}}`, `{"env":"production","e2":{"env":{"value":"kept"}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for what, entry := range map[string]evidence.Entry{
				"request":  {Audit: &evidence.Audit{RequestObject: json.RawMessage(tt.document)}},
				"response": {Audit: &evidence.Audit{ResponseObject: json.RawMessage(tt.document)}},
				"watch":    {Watch: &evidence.Watch{Object: json.RawMessage(tt.document)}},
				"etcd":     {Etcd: &evidence.Etcd{Value: json.RawMessage(tt.document)}},
				"sent":     {Client: &evidence.Client{Object: json.RawMessage(tt.document)}},
				"answer":   {Client: &evidence.Client{Answer: json.RawMessage(tt.document)}},
			} {
				if d := cmp.Diff(tt.want, documentOf(Record(evidence.Record{Entries: []evidence.Entry{entry}}).Entries[0])); d != "" {
					t.Errorf("%s (-want +got):\n%s", what, d)
				}
				if got := documentOf(entry); got != tt.document {
					t.Errorf("%s: what was given is changed to %s", what, got)
				}
			}
		})
	}
}

func documentOf(e evidence.Entry) string {
	switch {
	case e.Audit != nil:
		return string(e.Audit.RequestObject) + string(e.Audit.ResponseObject)
	case e.Watch != nil:
		return string(e.Watch.Object)
	case e.Etcd != nil:
		return string(e.Etcd.Value)
	}
	return string(e.Client.Object) + string(e.Client.Answer)
}

func variable(value string) json.RawMessage {
	return json.RawMessage(`{"spec":{"containers":[{"env":[{"name":"P","value":"` + value + `"}]}]}}`)
}

// TestChangesStayVisible checks that equal values stay equal in all entries of a
// record, and different ones different.
func TestChangesStayVisible(t *testing.T) {
	clean := Record(evidence.Record{
		Entries: []evidence.Entry{
			{Etcd: &evidence.Etcd{Value: variable("one")}}, {Watch: &evidence.Watch{Object: variable("one")}},
			{Etcd: &evidence.Etcd{Value: variable("two")}},
		},
		Children: []evidence.Child{{Entries: []evidence.Entry{{Etcd: &evidence.Etcd{Value: variable("two")}}}}},
	})
	got := []string{
		string(clean.Entries[0].Etcd.Value), string(clean.Entries[1].Watch.Object), string(clean.Entries[2].Etcd.Value),
		string(clean.Children[0].Entries[0].Etcd.Value),
	}
	want := []string{string(variable("redacted")), string(variable("redacted")), string(variable("redacted (2)")), string(variable("redacted (2)"))}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestWords replaces what an answer repeats, also where it came before what was
// sent, and tokens in addresses.
func TestWords(t *testing.T) {
	r := evidence.Record{Entries: []evidence.Entry{
		{Audit: &evidence.Audit{
			Message: "denied: the value " + password + " is not allowed", URI: "/api/v1/pods?token=" + jwt,
			Annotations:    map[string]string{"policy": `[{"message":"` + password + ` is not allowed"}]`},
			ResponseObject: json.RawMessage(`{"kind":"Status","message":"` + password + ` is not allowed"}`),
		}},
		{Client: &evidence.Client{Line: "Error: " + password}},
		{Audit: &evidence.Audit{RequestObject: variable(password)}},
	}}
	data, err := json.Marshal(Record(r))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{password, jwt} {
		if strings.Contains(string(data), secret) {
			t.Errorf("%s is still there: %s", secret, data)
		}
	}
	if before, err := json.Marshal(r); err != nil || strings.Count(string(before), password) != 5 {
		t.Errorf("what was given is changed: %s, %v", before, err)
	}
}

// TestTwice checks that what is redacted stays as it is.
func TestTwice(t *testing.T) {
	once := Record(evidence.Record{Entries: []evidence.Entry{{Etcd: &evidence.Etcd{Value: variable("one")}}, {Etcd: &evidence.Etcd{Value: variable("two")}}}})
	if d := cmp.Diff(once, Record(once)); d != "" {
		t.Errorf("the second time (-want +got):\n%s", d)
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"env":[{"name":"P","value":"x"}]}`))
	f.Add([]byte(`[{"op":"add","path":"/env/-","value":{"value":"x"}}]`))
	f.Fuzz(func(t *testing.T, document []byte) {
		clean := Record(evidence.Record{Entries: []evidence.Entry{{Etcd: &evidence.Etcd{Value: document}}}}).Entries[0].Etcd.Value
		if json.Valid(document) && len(document) > 0 && !json.Valid(clean) {
			t.Errorf("%s becomes %s", document, clean)
		}
	})
}

// The same record always reads the same: several lists of one object do not change
// which value is the first.
func TestOrderIsStable(t *testing.T) {
	object := json.RawMessage(`{"spec":{"initContainers":[{"env":[{"name":"A","value":"init"}]}],"containers":[{"env":[{"name":"B","value":"main"}]}],` +
		`"ephemeralContainers":[{"env":[{"name":"C","value":"debug"}]}]}}`)
	read := func() string {
		r := Record(evidence.Record{Entries: []evidence.Entry{{Watch: &evidence.Watch{Object: object}}}})
		return string(r.Entries[0].Watch.Object)
	}
	first := read()
	for range 50 {
		if again := read(); again != first {
			t.Fatalf("read again:\n%s\nand before:\n%s", again, first)
		}
	}
}
