// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Stages of a request in the audit log.
const (
	stageReceived = "RequestReceived"
	stageStarted  = "ResponseStarted"
	stageComplete = "ResponseComplete"
)

// auditEvent is one line of the audit log, as audit.k8s.io/v1 has it.
type auditEvent struct {
	AuditID    string  `json:"auditID"`
	Stage      string  `json:"stage"`
	Level      string  `json:"level"`
	RequestURI string  `json:"requestURI"`
	Verb       string  `json:"verb"`
	User       account `json:"user"`
	// ImpersonatedUser is whom the user acted as.
	ImpersonatedUser *account `json:"impersonatedUser"`
	UserAgent        string   `json:"userAgent"`
	ObjectRef        struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		UID         string `json:"uid"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code    int32  `json:"code"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"responseStatus"`
	RequestObject            any               `json:"requestObject"`
	ResponseObject           any               `json:"responseObject"`
	RequestReceivedTimestamp time.Time         `json:"requestReceivedTimestamp"`
	StageTimestamp           time.Time         `json:"stageTimestamp"`
	Annotations              map[string]string `json:"annotations"`
}

type account struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// request is what the audit log has of one request: its last event, and when
// each stage was reached.
type request struct {
	auditEvent
	stages map[string]time.Time
	// codes of the stages that have an answer.
	codes map[string]int32
}

func (r *request) String() string {
	what := r.ObjectRef.Resource
	if r.ObjectRef.Subresource != "" {
		what += "/" + r.ObjectRef.Subresource
	}
	return fmt.Sprintf("%s %s %s by %s (%d, %.8s)", r.Verb, what, r.ObjectRef.Name, r.User.Username, r.ResponseStatus.Code, r.AuditID)
}

// answer is the object that the request was answered with; nil where it is none,
// or a Status.
func (r *request) answer() map[string]any {
	answer, _ := r.ResponseObject.(map[string]any)
	if answer["kind"] == "Status" {
		return nil
	}
	return answer
}

// body is the object that was sent; nil where it is none, such as a JSON patch.
func (r *request) body() map[string]any {
	body, _ := r.RequestObject.(map[string]any)
	return body
}

// revision is the resourceVersion of the answer; 0 where it is not that of an
// object: a list has one, too.
func (r *request) revision() int64 {
	if text(r.answer(), "metadata", "uid") == "" {
		return 0
	}
	n, _ := strconv.ParseInt(text(r.answer(), "metadata", "resourceVersion"), 10, 64)
	return n
}

// uid of the object that the request was about; empty where no side names it.
func (r *request) uid() string {
	return cmp.Or(text(r.answer(), "metadata", "uid"), r.ObjectRef.UID, text(r.body(), "preconditions", "uid"))
}

// name of the object: a create does not have it in its URI.
func (r *request) name() string {
	return cmp.Or(r.ObjectRef.Name, text(r.answer(), "metadata", "name"), text(r.body(), "metadata", "name"))
}

func (r *request) object() object {
	return object{r.ObjectRef.APIGroup, r.ObjectRef.Resource, r.ObjectRef.Namespace, r.name()}
}

func (r *request) succeeded() bool { return r.ResponseStatus.Code/100 == 2 }

// mayHaveBegun says whether a request that was refused can have written before: a
// deletecollection ends one object after the other.
func (r *request) mayHaveBegun() bool {
	return r.Verb == "deletecollection" && r.Annotations["authorization.k8s.io/decision"] == "allow"
}

func (r *request) writes() bool {
	return slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

// dryRun is in the URI or, of a delete and an eviction, in the options in the body.
func (r *request) dryRun() bool {
	if r.query().Get("dryRun") != "" {
		return true
	}
	for _, options := range []any{r.body()["dryRun"], nested(r.body(), "deleteOptions", "dryRun")} {
		if list, _ := options.([]any); len(list) > 0 {
			return r.Verb == "delete" || r.Verb == "deletecollection" || r.ObjectRef.Subresource == "eviction"
		}
	}
	return false
}

func (r *request) query() url.Values {
	uri, err := url.Parse(r.RequestURI)
	if err != nil {
		return nil
	}
	return uri.Query()
}

func (r *request) received() time.Time  { return r.RequestReceivedTimestamp }
func (r *request) completed() time.Time { return r.stages[stageComplete] }

func nested(value map[string]any, path ...string) any {
	for i, field := range path {
		if i == len(path)-1 {
			return value[field]
		}
		value, _ = value[field].(map[string]any)
	}
	return nil
}

// auditLog is the API server's audit log by audit ID.
type auditLog map[string]*request

// auditReader reads the audit log as it grows. It keeps the file open, so that it
// reads to the end what is rotated meanwhile.
type auditReader struct {
	path string

	mu   sync.Mutex
	log  auditLog
	file *os.File
	// rest is the beginning of a line that is not whole yet.
	rest []byte
}

func newAuditReader(path string) *auditReader {
	return &auditReader{path: path, log: auditLog{}}
}

// read reads what is new, and returns all that was read so far.
func (a *auditReader) read() (auditLog, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		if err := a.readOpen(); err != nil {
			return nil, fmt.Errorf("reading %s: %w", a.path, err)
		}
		now, err := os.Stat(a.path)
		if err != nil {
			return nil, err
		}
		if a.file != nil {
			if opened, err := a.file.Stat(); err != nil || os.SameFile(opened, now) {
				return a.log, err
			}
			// What was written between the last read and the rotation.
			if err := a.readOpen(); err != nil {
				return nil, err
			}
			_ = a.file.Close()
		}
		if a.file, err = os.Open(a.path); err != nil {
			return nil, err
		}
	}
}

// readOpen reads the open file to its end.
func (a *auditReader) readOpen() error {
	if a.file == nil {
		return nil
	}
	data, err := io.ReadAll(a.file)
	if err != nil {
		return err
	}
	data = append(a.rest, data...)
	whole := bytes.LastIndexByte(data, '\n') + 1
	a.rest = slices.Clone(data[whole:])
	for line := range bytes.Lines(data[:whole]) {
		if err := a.log.add(line); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditReader) close() {
	if a.file != nil {
		_ = a.file.Close()
	}
}

func (l auditLog) add(line []byte) error {
	var event auditEvent
	if err := json.Unmarshal(line, &event); err != nil {
		return err
	}
	// Who is impersonated is who the request is by, for authorization and admission.
	if event.ImpersonatedUser != nil {
		event.User = *event.ImpersonatedUser
	}
	r := l[event.AuditID]
	if r == nil {
		r = &request{stages: map[string]time.Time{}, codes: map[string]int32{}}
		l[event.AuditID] = r
	}
	r.stages[event.Stage] = event.StageTimestamp
	if event.Stage != stageReceived {
		r.codes[event.Stage] = event.ResponseStatus.Code
	}
	if rank(event.Stage) >= rank(r.Stage) {
		if event.RequestObject == nil {
			event.RequestObject = r.RequestObject
		}
		r.auditEvent = event
	}
	return nil
}

func rank(stage string) int {
	return slices.Index([]string{stageReceived, stageStarted, stageComplete}, stage)
}

// inOrder are the requests in the order of their arrival.
func (l auditLog) inOrder() []*request {
	requests := make([]*request, 0, len(l))
	for _, r := range l {
		requests = append(requests, r)
	}
	slices.SortFunc(requests, func(a, b *request) int {
		return cmp.Or(a.received().Compare(b.received()), cmp.Compare(a.AuditID, b.AuditID))
	})
	return requests
}
