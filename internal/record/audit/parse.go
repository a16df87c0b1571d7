// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
)

// AnnotationImpersonatedBy is added to the annotations of a request that was
// made as somebody else: the user who authenticated. Audit.User is the user
// whom the request was authorized as.
const AnnotationImpersonatedBy = "impersonated-by"

// Parse reads one line of an audit log: an Event of audit.k8s.io/v1 as JSON. An
// event that is not about an object of the API gives an entry without a resource.
//
// A create names its object only once the body is decoded, so the name is empty
// in stage RequestReceived and in a refusal by authorization. With generateName
// only the response has it.
func Parse(line []byte) (evidence.Entry, error) {
	var event auditv1.Event
	if err := json.Unmarshal(line, &event); err != nil {
		return evidence.Entry{}, fmt.Errorf("parse audit event: %w", err)
	}
	if event.AuditID == "" || event.Stage == "" {
		return evidence.Entry{}, errors.New("parse audit event: it has no auditID or no stage")
	}
	response := decodeResponse(event.Verb, event.ResponseObject)
	audit := auditOf(&event, response)
	if assemble.IsDryRun(audit) && (event.Verb == "create" || audit.Code == http.StatusCreated) {
		// The answer has a UID, but no object has ever had it.
		response.Metadata.UID, audit.ResponseUID = "", ""
	}
	return evidence.Entry{
		Source:     evidence.SourceAudit,
		Time:       event.StageTimestamp.Time,
		Object:     object(&event, response),
		Revision:   response.revision(),
		Controller: response.controller(),
		Audit:      audit,
	}, nil
}

func auditOf(event *auditv1.Event, response response) *evidence.Audit {
	audit := &evidence.Audit{
		AuditID:          string(event.AuditID),
		Stage:            string(event.Stage),
		Level:            string(event.Level),
		Verb:             event.Verb,
		URI:              event.RequestURI,
		User:             event.User.Username,
		Groups:           event.User.Groups,
		UserAgent:        event.UserAgent,
		SourceIPs:        event.SourceIPs,
		ReceivedAt:       event.RequestReceivedTimestamp.Time,
		StageAt:          event.StageTimestamp.Time,
		Annotations:      event.Annotations,
		RequestObject:    raw(event.RequestObject),
		ResponseObject:   raw(event.ResponseObject),
		ResponseUID:      response.uid(),
		ResponseRevision: response.revision(),
	}
	if event.ObjectRef != nil {
		audit.Subresource = subresource(event.ObjectRef)
	}
	if status := event.ResponseStatus; status != nil {
		audit.Code, audit.Reason, audit.Message = status.Code, string(status.Reason), status.Message
	}
	if user := event.ImpersonatedUser; user != nil {
		audit.User, audit.Groups = user.Username, user.Groups
		audit.Annotations = maps.Clone(event.Annotations)
		if audit.Annotations == nil {
			audit.Annotations = map[string]string{}
		}
		audit.Annotations[AnnotationImpersonatedBy] = event.User.Username
	}
	return audit
}

// object identifies what the event is about. The URI has the last word; what it
// lacks is taken from the response and then from the request. The legacy
// resource bindings is the subresource pods/binding under another path.
func object(event *auditv1.Event, response response) evidence.Object {
	ref := event.ObjectRef
	if ref == nil {
		return evidence.Object{}
	}
	object := evidence.Object{
		Group: ref.APIGroup, Resource: ref.Resource, Namespace: ref.Namespace, Name: ref.Name, UID: response.uid(),
	}
	if isBinding(ref) {
		object.Resource = "pods"
	}
	if object.Name == "" && event.Verb != "deletecollection" {
		object.Name = response.name()
	}
	if object.Name == "" && event.RequestObject != nil && event.Verb == "create" {
		object.Name = decode(event.RequestObject).Metadata.Name
	}
	// A UID that the client only claims proves nothing unless the API server
	// accepted the request. That of an object to be created is always a claim.
	succeeded := event.ResponseStatus != nil && event.ResponseStatus.Code < 300
	if object.UID == "" && succeeded && (event.Verb != "create" || subresource(ref) != "") {
		object.UID = ref.UID
	}
	return object
}

// isBinding is true for the legacy resource bindings.
func isBinding(ref *auditv1.ObjectReference) bool {
	return ref.APIGroup == "" && ref.Resource == "bindings"
}

func subresource(ref *auditv1.ObjectReference) string {
	if isBinding(ref) {
		return "binding"
	}
	return ref.Subresource
}

func raw(object *runtime.Unknown) json.RawMessage {
	if object == nil {
		return nil
	}
	return object.Raw
}

// partialObject is what is read from a request's or a response's object.
type partialObject struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name            string    `json:"name"`
		UID             types.UID `json:"uid"`
		ResourceVersion string    `json:"resourceVersion"`

		OwnerReferences []metav1.OwnerReference `json:"ownerReferences"`
	} `json:"metadata"`
	// Details and Status are those of a metav1.Status; other kinds have a status
	// of another type.
	Details *metav1.StatusDetails `json:"details"`
	Status  json.RawMessage       `json:"status"`
}

// decode reads what it can: an object that is not JSON is shown, not understood.
func decode(object *runtime.Unknown) partialObject {
	var partial partialObject
	if object == nil || json.Unmarshal(object.Raw, &partial) != nil {
		return partialObject{}
	}
	return partial
}

// response is the object that the API server answered with: the subject itself,
// a Status, or a list.
type response struct {
	partialObject
	isObject, isStatus bool
}

func decodeResponse(verb string, object *runtime.Unknown) response {
	r := response{partialObject: decode(object)}
	r.isStatus = r.Kind == "Status"
	r.isObject = r.Kind != "" && !r.isStatus && verb != "list" && verb != "watch" && verb != "deletecollection"
	return r
}

func (r response) name() string {
	switch {
	case r.isObject:
		return r.Metadata.Name
	case r.isStatus && r.Details != nil:
		return r.Details.Name
	}
	return ""
}

// uid is that of the object, or of the one that a successful delete removed.
func (r response) uid() types.UID {
	switch {
	case r.isObject:
		return r.Metadata.UID
	case r.isStatus && r.Details != nil && string(r.Status) == `"`+metav1.StatusSuccess+`"`:
		return r.Details.UID
	}
	return ""
}

// controller is the UID of the owner that controls the object.
func (r response) controller() types.UID {
	if !r.isObject {
		return ""
	}
	if owner := metav1.GetControllerOfNoCopy(&metav1.ObjectMeta{OwnerReferences: r.Metadata.OwnerReferences}); owner != nil {
		return owner.UID
	}
	return ""
}

func (r response) revision() int64 {
	if !r.isObject {
		return 0
	}
	// A resourceVersion of another server need not be a number.
	revision, err := strconv.ParseInt(r.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return revision
}
