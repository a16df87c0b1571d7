// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/internal/experiment"
)

// maxAuditEvents bounds what is kept of the audit log.
const maxAuditEvents = 100_000

// auditLog reads the audit log as it grows, from where it ended at the start.
type auditLog struct {
	path string

	mu     sync.Mutex
	file   *os.File
	rest   []byte
	events map[string]*experiment.AuditEvent
	// problem says why it cannot be read; nil where it can.
	problem error
}

// openAudit opens the audit log at its end.
func openAudit(path string) *auditLog {
	a := &auditLog{path: path, events: map[string]*experiment.AuditEvent{}}
	if path == "" {
		a.problem = errors.New("the API server writes no audit log that can be read here")
		return a
	}
	if a.file, a.problem = os.Open(path); a.problem == nil {
		_, a.problem = a.file.Seek(0, io.SeekEnd)
	}
	return a
}

func (a *auditLog) close() {
	if a.file != nil {
		_ = a.file.Close()
	}
}

// read reads what is new, and returns all requests that were answered since the
// start, in the order of their arrival; or why they are not available.
func (a *auditLog) read() (events []experiment.AuditEvent, unavailable string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.problem == nil {
		a.problem = a.readNew()
	}
	if a.problem != nil {
		return nil, a.problem.Error()
	}
	for _, event := range a.events {
		events = append(events, *event)
	}
	slices.SortFunc(events, func(x, y experiment.AuditEvent) int {
		return cmp.Or(x.ReceivedAt.Compare(y.ReceivedAt), cmp.Compare(x.AuditID, y.AuditID))
	})
	return events, ""
}

// readNew reads the open file to its end, and the next one where it was rotated.
func (a *auditLog) readNew() error {
	if err := a.readOpen(); err != nil {
		return err
	}
	now, err := os.Stat(a.path)
	if err != nil {
		return fmt.Errorf("finding the audit log: %w", err)
	}
	opened, err := a.file.Stat()
	if err != nil || os.SameFile(opened, now) {
		return err
	}
	if err := a.readOpen(); err != nil { // what was written between the read and the rotation
		return err
	}
	_ = a.file.Close()
	if a.file, err = os.Open(a.path); err != nil {
		return fmt.Errorf("opening the audit log: %w", err)
	}
	return a.readOpen()
}

func (a *auditLog) readOpen() error {
	reader := bufio.NewReader(a.file)
	for {
		line, err := reader.ReadBytes('\n')
		a.rest = append(a.rest, line...)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the audit log: %w", err)
		}
		whole := a.rest
		a.rest = nil
		if err := a.add(whole); err != nil {
			return err
		}
	}
}

func (a *auditLog) add(line []byte) error {
	if !bytes.Contains(line, []byte(`"stage":"ResponseComplete"`)) || bytes.Contains(line, []byte(`"resource":"leases"`)) {
		return nil
	}
	var event auditv1.Event
	if err := json.Unmarshal(line, &event); err != nil {
		return fmt.Errorf("reading a line of the audit log: %w", err)
	}
	if event.ObjectRef == nil || event.ResponseStatus == nil {
		return nil
	}
	if len(a.events) >= maxAuditEvents {
		return fmt.Errorf("the audit log has more than %d requests since the start", maxAuditEvents)
	}
	a.events[string(event.AuditID)] = fromAudit(&event)
	return nil
}

func fromAudit(event *auditv1.Event) *experiment.AuditEvent {
	ref, user := event.ObjectRef, event.User
	if event.ImpersonatedUser != nil {
		user = *event.ImpersonatedUser
	}
	out := &experiment.AuditEvent{
		AuditID: string(event.AuditID), Verb: event.Verb, User: user.Username, Agent: event.UserAgent,
		Group: ref.APIGroup, Resource: ref.Resource, Subresource: ref.Subresource, Namespace: ref.Namespace, Name: ref.Name, UID: string(ref.UID),
		Code: int(event.ResponseStatus.Code), ReceivedAt: event.RequestReceivedTimestamp.Time, AnsweredAt: event.StageTimestamp.Time,
		DryRun: strings.Contains(event.RequestURI, "dryRun=All"),
	}
	var answer, asked struct {
		Metadata struct {
			Name            string `json:"name"`
			UID             string `json:"uid"`
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Spec struct {
			NodeName string `json:"nodeName"`
		} `json:"spec"`
	}
	decodeUnknown(event.ResponseObject, &answer)
	decodeUnknown(event.RequestObject, &asked)
	if answer.Metadata.UID != "" {
		out.Name, out.UID = cmp.Or(out.Name, answer.Metadata.Name), answer.Metadata.UID
		out.Revision, _ = strconv.ParseInt(answer.Metadata.ResourceVersion, 10, 64)
	}
	if event.Verb == "patch" && ref.Subresource == "" {
		out.Node = asked.Spec.NodeName
	}
	return out
}

// decodeUnknown decodes what the log has of an object; nothing where it has none.
func decodeUnknown(object *runtime.Unknown, into any) {
	if object != nil {
		_ = json.Unmarshal(object.Raw, into) // a JSON patch is a list, and names no object
	}
}
