// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package redact takes secrets out of records before they leave the observer:
// values of environment variables and of HTTP headers in probes, data of Secrets,
// tokens, and all of these within annotations that keep a whole object, within
// patches and within the words of an answer. It is pure.
//
// Equal values become equal, and different ones different, so that a change can
// still be told: the first one of a record becomes "redacted", the next "redacted
// (2)" and so on.
package redact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Text is what takes the place of a secret.
const Text = "redacted"

// minEchoed is how long a value is at least that is also looked for in the words of
// messages and answers: shorter ones are part of other words.
const minEchoed = 6

// Record returns a record without its secrets. The one that is given stays as it is.
func Record(r evidence.Record) evidence.Record {
	s := &scrubber{numbers: map[string]int{}}
	r.Entries = s.entries(r.Entries)
	r.Children = slices.Clone(r.Children)
	for i := range r.Children {
		r.Children[i].Entries = s.entries(r.Children[i].Entries)
	}
	// What an entry echoes may be known from a later one only.
	if echoes := s.echoes(); echoes != nil {
		for _, entries := range append([][]evidence.Entry{r.Entries}, childEntries(r.Children)...) {
			for i := range entries {
				echoed(&entries[i], echoes)
			}
		}
	}
	return r
}

func childEntries(children []evidence.Child) [][]evidence.Entry {
	var all [][]evidence.Entry
	for _, child := range children {
		all = append(all, child.Entries)
	}
	return all
}

// Client returns what a client says of its request without its secrets.
func Client(c evidence.Client) evidence.Client {
	return *Record(evidence.Record{Entries: []evidence.Entry{{Client: &c}}}).Entries[0].Client
}

// scrubber replaces secrets. It remembers those that it has seen.
type scrubber struct {
	numbers map[string]int
}

// replace gives the text that stands for a value. An empty value is no secret.
func (s *scrubber) replace(value string) string {
	if value == "" || isRedacted(value) {
		return value
	}
	n, known := s.numbers[value]
	if !known {
		n = len(s.numbers) + 1
		s.numbers[value] = n
	}
	if n == 1 {
		return Text
	}
	return fmt.Sprintf("%s (%d)", Text, n)
}

var redactedText = regexp.MustCompile(`^` + Text + `( \(\d+\))?$`)

func isRedacted(value string) bool { return redactedText.MatchString(value) }

func (s *scrubber) entries(entries []evidence.Entry) []evidence.Entry {
	clean := slices.Clone(entries)
	for i := range clean {
		s.entry(&clean[i])
	}
	return clean
}

// entry replaces what an entry holds. What it points to is shared with the journal
// and is copied first.
func (s *scrubber) entry(e *evidence.Entry) {
	switch {
	case e.Audit != nil:
		a := *e.Audit
		a.RequestObject, a.ResponseObject = s.raw(a.RequestObject), s.raw(a.ResponseObject)
		a.URI, a.Message, a.UserAgent = s.text(a.URI), s.text(a.Message), s.text(a.UserAgent)
		if a.Annotations != nil {
			annotations := make(map[string]string, len(a.Annotations))
			for _, key := range slices.Sorted(maps.Keys(a.Annotations)) {
				annotations[key] = s.text(a.Annotations[key])
			}
			a.Annotations = annotations
		}
		e.Audit = &a
	case e.Watch != nil:
		w := *e.Watch
		w.Object = s.raw(w.Object)
		e.Watch = &w
	case e.Etcd != nil:
		v := *e.Etcd
		v.Value = s.raw(v.Value)
		e.Etcd = &v
	case e.Client != nil:
		c := *e.Client
		c.Object, c.Answer, c.Line = s.raw(c.Object), s.raw(c.Answer), s.text(c.Line)
		e.Client = &c
	}
}

// marks are in each JSON that holds something to replace: it is not read otherwise.
// Keys are what they are, but any text may hold a token or another object.
var marks = [][]byte{
	[]byte(`"env"`), []byte(`"httpHeaders"`), []byte(`Secret"`), []byte(`/env`), []byte(`\"env\"`), []byte(`\"httpHeaders\"`), []byte(`Secret\"`),
	[]byte(`httpHeaders`), []byte("eyJ"), []byte("earer "), []byte("EARER "), []byte(`"token"`), []byte(`\"token\"`),
}

// raw replaces within a JSON document; one that cannot be read is left out.
func (s *scrubber) raw(document json.RawMessage) json.RawMessage {
	if !slices.ContainsFunc(marks, func(mark []byte) bool { return bytes.Contains(document, mark) }) {
		return document
	}
	clean, changed, err := s.document(document)
	if err != nil {
		return nil
	}
	if !changed {
		return document
	}
	return clean
}

func (s *scrubber) document(document []byte) (clean []byte, changed bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber() // a number stays as it was written
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, false, err
	}
	w := walker{scrubber: s}
	value = w.value(value)
	if !w.changed {
		return document, false, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, false, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), true, nil
}

// tokens are recognized by their form: JSON Web Tokens, as those of
// ServiceAccounts, and what follows the word Bearer.
var tokens = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|(?i:\bbearer) +[A-Za-z0-9._~+/=-]{16,}`)

// text replaces within a text, which may itself be an object as JSON.
func (s *scrubber) text(text string) string {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		if clean, changed, err := s.document([]byte(trimmed)); err == nil {
			if changed {
				return string(clean) + text[len(strings.TrimRight(text, "\n")):]
			}
			return text
		}
	}
	return tokens.ReplaceAllStringFunc(text, func(token string) string {
		if word, value, ok := strings.Cut(token, " "); ok {
			return word + " " + s.replace(strings.TrimSpace(value))
		}
		return s.replace(token)
	})
}

// echoes replaces the secrets that were found, wherever they are repeated; nil
// where there are none.
func (s *scrubber) echoes() *strings.Replacer {
	values := make([]string, 0, len(s.numbers))
	for value := range s.numbers {
		if len(value) >= minEchoed {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	// The longest first: it may begin with a shorter one.
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, value := range values {
		pairs = append(pairs, value, s.replace(value))
	}
	return strings.NewReplacer(pairs...)
}

// echoed replaces in the words of an answer what a client had sent: a webhook or
// validation may repeat it.
func echoed(e *evidence.Entry, echoes *strings.Replacer) {
	switch {
	case e.Audit != nil:
		e.Audit.Message, e.Audit.URI = echoes.Replace(e.Audit.Message), echoes.Replace(e.Audit.URI)
		for key, value := range e.Audit.Annotations {
			e.Audit.Annotations[key] = echoes.Replace(value)
		}
		e.Audit.ResponseObject = echoedStatus(e.Audit.ResponseObject, echoes)
	case e.Client != nil:
		e.Client.Line = echoes.Replace(e.Client.Line)
	}
}

// echoedStatus does so in a metav1.Status, which is all words.
func echoedStatus(document json.RawMessage, echoes *strings.Replacer) json.RawMessage {
	var status struct {
		Kind string `json:"kind"`
	}
	if json.Unmarshal(document, &status) != nil || status.Kind != "Status" {
		return document
	}
	clean := []byte(echoes.Replace(string(document)))
	if !json.Valid(clean) {
		return nil
	}
	return clean
}
